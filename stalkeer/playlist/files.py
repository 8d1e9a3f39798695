"""Opens a playlist on disk."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from stalkeer.playlist.errors import PlaylistNotFoundError, PlaylistUnreachableError
from stalkeer.playlist.stream import MAX_CHUNK, Meter, decoded, judged
from stalkeer.playlist.terms import NotModified, OpenSource, SourceInfo


@contextmanager
def open_file(path: Path, *, etag: str | None, meter: Meter) -> Iterator[OpenSource | NotModified]:
    """Open a file; `etag` is the mark of the one that was read last."""
    with _opened(path) as (stream, info):
        if etag is not None and etag == info.etag:
            yield NotModified(info)
            return
        chunks = judged(decoded(_read(stream, info.name), meter), name=info.name)
        yield OpenSource(info, chunks, lambda: meter.raw_bytes)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, SourceInfo]]:
    try:
        status = path.stat()
        # Opening a pipe would wait for its writer.
        if not stat.S_ISREG(status.st_mode):
            raise PlaylistNotFoundError(
                f"The playlist {path} is no file: see STALKEER_M3U_FILE_PATH."
            )
        stream = path.open("rb")
    except (OSError, ValueError) as error:
        # A ValueError is a path with a NUL in it.
        raise PlaylistNotFoundError(
            f"The playlist {path} cannot be opened: {getattr(error, 'strerror', error)}. "
            "Mount its folder, or correct STALKEER_M3U_FILE_PATH."
        ) from error
    with stream:
        mark = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        yield stream, SourceInfo(path.name, mark, None, status.st_size)


def _read(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while chunk := stream.read(MAX_CHUNK):
            yield chunk
    except OSError as error:
        raise PlaylistUnreachableError(
            f"The playlist {name} cannot be read: {error.strerror}."
        ) from error

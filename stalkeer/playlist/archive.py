"""Copies of playlists for people: the newest as it came, and dated ones, packed, of which so many
are kept.

A copy holds the credentials that the list holds, so only its owner may read it. Nothing in the
folder is touched whose name is not one of ours.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, ClassVar

from stalkeer.errors import StalkeerError

_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)
_DATED = re.compile(r"(?P<name>[\w.-]+)-(?P<at>\d{8}-\d{6})\.m3u\.gz", re.ASCII)
_AT = "%Y%m%d-%H%M%S"
_GZIP = zlib.MAX_WBITS | 16
# Twice as fast as the default, and a list packs to a tenth all the same.
_LEVEL = 3
_NAME_LENGTH = 80


class ArchiveError(StalkeerError):
    """The folder of the copies cannot be used."""

    code: ClassVar[str] = "archive_folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A dated copy. `made_at` is to the second, in UTC."""

    path: Path
    playlist: str
    made_at: datetime
    size_bytes: int


def file_name(playlist: str) -> str:
    """Give the beginning of the names of a playlist's copies.

    What is no safe name is made one, with a digest behind it: two playlists never share copies.
    """
    safe = _UNSAFE.sub("_", playlist).lstrip(".")[:_NAME_LENGTH]
    if safe and safe == playlist:
        return safe
    return f"{safe}_{blake2b(playlist.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


def save(
    folder: Path, playlist: str, chunks: Iterable[bytes], *, dated: datetime | None
) -> tuple[Path, Path | None]:
    """Write the newest copy, and one with the date unless that is None; return both paths.

    They get their names when the list came to its end; until then those of before stay. Raises
    what the chunks raise, and `ArchiveError`.
    """
    name = file_name(playlist)
    newest = folder / f"{name}.m3u"
    copy = None if dated is None else _free_path(folder, name, dated.astimezone(UTC))
    with _faults(folder), ExitStack() as stack:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        plain = stack.enter_context(_unfinished(newest))
        packed = None if copy is None else stack.enter_context(_unfinished(copy))
        _write(chunks, plain, packed)
    return newest, copy


def copies(folder: Path) -> list[Copy]:
    """List the dated copies, those of one playlist together, the newest of them first."""
    if not folder.is_dir():
        return []
    with _faults(folder):
        found = [copy for path in folder.iterdir() if (copy := _copy(path)) is not None]
    found.sort(key=lambda each: each.made_at, reverse=True)
    return sorted(found, key=lambda each: each.playlist)


def rotate(folder: Path, *, keep: int) -> list[Copy]:
    """Remove all but the newest `keep` dated copies of each playlist; return the removed ones."""
    removed = [
        copy
        for _, of_one in groupby(copies(folder), key=lambda each: each.playlist)
        for copy in list(of_one)[keep:]
    ]
    with _faults(folder):
        for copy in removed:
            copy.path.unlink(missing_ok=True)
    return removed


def _copy(path: Path) -> Copy | None:
    found = _DATED.fullmatch(path.name)
    if found is None or path.is_symlink() or not path.is_file():
        return None
    try:
        made_at = datetime.strptime(found["at"], _AT).replace(tzinfo=UTC)
    except ValueError:
        return None
    size_bytes = path.stat().st_size
    return Copy(path=path, playlist=found["name"], made_at=made_at, size_bytes=size_bytes)


def _free_path(folder: Path, name: str, at: datetime) -> Path:
    path = folder / f"{name}-{at:{_AT}}.m3u.gz"
    return _free_path(folder, name, at + timedelta(seconds=1)) if path.exists() else path


@contextmanager
def _unfinished(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name at the end, or goes when the block does not end well."""
    hidden = path.with_name(f".{path.name}.{os.getpid()}")
    hidden.unlink(missing_ok=True)
    descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        hidden.replace(path)
    except BaseException:
        hidden.unlink(missing_ok=True)
        raise


def _write(chunks: Iterable[bytes], plain: BinaryIO, packed: BinaryIO | None) -> None:
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for chunk in chunks:
        plain.write(chunk)
        if packed is not None:
            packed.write(packer.compress(chunk))
    if packed is not None:
        packed.write(packer.flush())


@contextmanager
def _faults(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"The copies in {folder} cannot be read or written: {error.strerror}. Give the user "
            "of stalkeer the right to write there, or set STALKEER_M3U_ARCHIVE_DIR."
        ) from error

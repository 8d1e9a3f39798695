"""Sends one file as fast as the kernel can: the server of the download benches.

    with sending(path) as url: ...

A process of its own on loopback that answers every GET, with a range or without, by `sendfile`;
over TLS, and under a rate, from a mapping of the file. It takes next to no CPU time from the
client that is measured beside it.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from tests.standins.media import Film, server_context

_RANGE = re.compile(rb"range: bytes=(\d+)-", re.IGNORECASE)
_STEPS_PER_S = 20


@contextmanager
def sending(path: Path, *, tls: bool = False, bytes_s: int = 0) -> Iterator[str]:
    """Serve the file while the block lasts; each connection gets so many bytes a second, 0: all."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(path, tls, bytes_s, theirs))
    process.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{ours.recv()}/film.mkv"
    finally:
        process.terminate()
        process.join()


def write_film(path: Path, size: int) -> None:
    """Put a film of that size on disk."""
    with path.open("wb") as file:
        for piece in Film(size).pieces(0, size):
            file.write(piece)


def _serve(path: Path, tls: bool, bytes_s: int, answer: Connection) -> None:
    context = server_context() if tls else None
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        answer.send(listener.getsockname()[1])
        while True:
            connection, _ = listener.accept()
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            Thread(target=_send, args=(connection, path, bytes_s), daemon=True).start()


def _send(connection: socket.socket, path: Path, bytes_s: int) -> None:
    with connection, path.open("rb") as file, suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        size = os.fstat(file.fileno()).st_size
        asked = _RANGE.search(head)
        start = int(asked[1]) if asked else 0
        connection.sendall(_head(start, size, is_part=asked is not None))
        if type(connection) is socket.socket and not bytes_s:
            while start < size:
                start += os.sendfile(connection.fileno(), file.fileno(), start, size - start)
            return
        with mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ) as mapped:
            _send_slowly(connection, memoryview(mapped)[start:], bytes_s)


def _send_slowly(connection: socket.socket, view: memoryview, bytes_s: int) -> None:
    step = bytes_s // _STEPS_PER_S or 1024 * 1024
    due = time.monotonic()
    for at in range(0, len(view), step):
        connection.sendall(view[at : at + step])
        if bytes_s:
            due += 1 / _STEPS_PER_S
            time.sleep(max(due - time.monotonic(), 0))


def _head(start: int, size: int, *, is_part: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {'206 Partial Content' if is_part else '200 OK'}",
        "Content-Type: video/x-matroska",
        f"Content-Length: {size - start}",
        'ETag: "film"',
        "Connection: close",
    ]
    if is_part:
        lines.append(f"Content-Range: bytes {start}-{size - 1}/{size}")
    return "\r\n".join([*lines, "", ""]).encode()

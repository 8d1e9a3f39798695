"""A wire between stalkeer and PostgreSQL that loses the answers to commits.

The server has done what it was asked, and who asked never hears of it: the connection is cut.
"""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from urllib.parse import urlsplit

_ENCRYPTION = (80877103, 80877104)
"""What a client asks for before it says who it is: TLS, or GSSAPI."""
_COPY_DATA = b"d"
_COPY_IN, _READY = b"G", b"Z"
_SIGN_IN = b"R"
_SIGN_IN_ENDS = (0, 12)
"""The two messages of a sign-in that the client does not answer."""
_IDLE = b"I"
_WRITES = (b"COMMIT", b"INSERT", b"UPDATE", b"DELETE", b"WITH")


@dataclass(slots=True)
class Wire:
    """The wire, with the address that stalkeer is given.

    Of the commits, `share` lose their answers; `lost` counts those. A statement outside of a
    transaction is a commit too.
    """

    url: str
    chance: random.Random
    share: float = 0.0
    lost: int = 0

    def loses(self, asked: bytes, answer: bytes) -> bool:
        """Decide about an answer, and remember it if it is lost."""
        if not _is_commit(asked, answer) or self.chance.random() >= self.share:
            return False
        self.lost += 1
        return True


@contextmanager
def wire_to(url: str, chance: random.Random) -> Iterator[Wire]:
    """Lay a wire to the server at this address; it loses nothing until it is told to."""
    parts = urlsplit(url)
    port = parts.port or 5432

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError, EOFError),
                socket.create_connection(("127.0.0.1", port)) as server,
            ):
                _pass_on(self.request, server, wire)

    with _Server(("127.0.0.1", 0), Handler) as listener:
        here = f"{parts.username}:{parts.password}@127.0.0.1:{listener.server_address[1]}"
        wire = Wire(parts._replace(netloc=here).geturl(), chance)
        Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield wire
        finally:
            listener.shutdown()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    # Its clients are killed only after the wire has ended.
    block_on_close = False
    request_queue_size = 128


def _pass_on(client: socket.socket, server: socket.socket, wire: Wire) -> None:
    """Let the two talk in turn, as libpq does, until an answer is lost or one of them goes."""
    asked = _first_words(client)
    while True:
        server.sendall(asked)
        if not asked.startswith(_COPY_DATA):
            answer = _answer(server)
            if wire.loses(asked, answer):
                return
            client.sendall(answer)
        asked = _message(client)


def _first_words(client: socket.socket) -> bytes:
    """Read who the client is. No encryption: we want to read along."""
    while True:
        length = _exactly(client, 4)
        said = length + _exactly(client, struct.unpack("!I", length)[0] - 4)
        if struct.unpack_from("!I", said, 4)[0] not in _ENCRYPTION:
            return said
        client.sendall(b"N")


def _answer(server: socket.socket) -> bytes:
    """Read until it is the client's turn again, or until the server has hung up."""
    said = b""
    with suppress(EOFError):
        while True:
            message = _message(server)
            said += message
            if _is_last(message):
                break
    return said


def _is_last(message: bytes) -> bool:
    kind = message[:1]
    if kind == _SIGN_IN:
        return struct.unpack_from("!I", message, 5)[0] not in _SIGN_IN_ENDS
    return kind in (_READY, _COPY_IN)


def _is_commit(asked: bytes, answer: bytes) -> bool:
    # The last byte says whether the session is inside a transaction now.
    has_ended = answer[-6:-5] == _READY and answer.endswith(_IDLE) and answer[:1] != b"E"
    return has_ended and asked[5:].lstrip().upper().startswith(_WRITES)


def _message(peer: socket.socket) -> bytes:
    """Read one message: its kind, its length, its content."""
    head = _exactly(peer, 5)
    return head + _exactly(peer, struct.unpack_from("!I", head, 1)[0] - 4)


def _exactly(peer: socket.socket, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        part = peer.recv(count - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts

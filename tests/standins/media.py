"""A real HTTP server of films on loopback, which misbehaves on order.

    with MediaServer() as server:
        film = Film(5_000_000)
        url = server.put("/movie/joe/secret/1.mkv", film, Reply(cut_after=2_000_000), Reply())

The first request of that path is cut, every later one is served well. Bytes are made from a seed
while they are sent, so a film may have any size. The journal knows each request and how many bytes
of a body each path was sent.
"""

from __future__ import annotations

import random
import re
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Self

import trustme

_BLOCK = 1024 * 1024
_EBML_HEAD = bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282886d6174726f736b61")


@lru_cache(maxsize=32)
def _noise(seed: int) -> memoryview:
    return memoryview(random.Random(seed).randbytes(_BLOCK) * 2)


@dataclass(frozen=True, slots=True)
class Film:
    """A file of `size` bytes that its seed decides; starts with `head`, by default a Matroska's.

    `etag` is sent as it stands; None sends no validator at all.
    """

    size: int
    seed: int = 1
    head: bytes = _EBML_HEAD
    etag: str | None = '"v1"'
    last_modified: str | None = "Tue, 01 Jan 2019 00:00:00 GMT"

    def pieces(self, start: int, end: int) -> Iterator[memoryview]:
        """Yield the bytes from `start` to `end` (exclusive) without making copies."""
        if start < min(end, len(self.head)):
            yield memoryview(self.head)[start:end]
            start = len(self.head)
        while start < end:
            block, at = divmod(start, _BLOCK)
            count = min(_BLOCK - at, end - start)
            # Each block is the same noise, begun elsewhere: no two of them are alike.
            turned = (block * 7919 + at) % _BLOCK
            yield _noise(self.seed)[turned : turned + count]
            start += count

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes from `start` to `end`; all of them by default."""
        return b"".join(self.pieces(start, self.size if end is None else min(end, self.size)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How one request is answered; without arguments as a good server does.

    `status` with `body` replaces the film; `film` sends another one. `cut_after` body bytes the
    connection ends, with `reset` by RST; `stall_after` it falls silent until the client goes.
    `shift` sends bytes from that much later than the headers say, `honest_shift` says so;
    `at_most` sends shorter ranges. `total` lies about the size in Content-Range, `length` in
    Content-Length. `framing` is `length`, `chunked` or `close`. A header None is left out.
    `raw` is sent in place of everything; `bytes_s` slows the body down; `hold` is waited for
    before anything is sent.
    """

    status: int | None = None
    body: bytes | None = None
    film: Film | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    ignore_range: bool = False
    ignore_if_range: bool = False
    from_zero: bool = False
    shift: int = 0
    honest_shift: int = 0
    at_most: int | None = None
    total: str | None = None
    length: int | None = None
    framing: str = "length"
    cut_after: int | None = None
    reset: bool = False
    stall_after: int | None = None
    bytes_s: int | None = None
    raw: bytes | None = None
    hold: Event | None = None


def redirect(location: str, status: int = 302) -> Reply:
    """Answer with a redirect."""
    return Reply(status=status, body=b"", headers={"Location": location})


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.headers.get("range")


@dataclass(slots=True)
class _Shelf:
    film: Film
    replies: list[Reply]

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class MediaServer:
    """See the module. `tls=True` serves https; `trusting` clients believe it."""

    def __init__(self, *, tls: bool = False) -> None:
        self._shelves: dict[str, _Shelf] = {}
        self._seen: list[Seen] = []
        self._served: dict[str, int] = {}
        self._lock = Condition()
        self._now: dict[str, int] = {}
        self._most: dict[str, int] = {}
        self._sockets: set[socket.socket] = set()
        self.watcher: Callable[[str, int], None] | None = None
        self.stopping = Event()
        self.tls = server_context() if tls else None
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        with self._lock:
            for each in self._sockets:
                _hang_up(each)
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        """The host and port."""
        return f"127.0.0.1:{self._server.server_port}"

    def url(self, path: str) -> str:
        """Make the address of a path."""
        return f"{'https' if self.tls else 'http'}://{self.host}{path}"

    def put(self, path: str, film: Film, *replies: Reply) -> str:
        """Serve a film, answering with the replies in turn and for ever with the last."""
        with self._lock:
            self._shelves[path] = _Shelf(film, list(replies) or [Reply()])
        return self.url(path)

    def requests(self, path: str | None = None) -> list[Seen]:
        """List the requests of a path, or all, in the order they came."""
        with self._lock:
            return [seen for seen in self._seen if path in (None, seen.path)]

    def bytes_served(self, path: str) -> int:
        """Count the body bytes that were handed to the network for a path.

        What is being answered is waited for a moment: a client may hold the last bytes before
        they are counted here.
        """
        with self._lock:
            self._lock.wait_for(lambda: not self._now.get(path), timeout=1)
            return self._served.get(path, 0)

    def most_at_once(self, path: str) -> int:
        """Say how many requests of a path were being answered at one time, at most."""
        with self._lock:
            return self._most.get(path, 0)

    # What the handlers call.

    def open(self, seen: Seen, connection: socket.socket) -> _Shelf | None:
        """Note that a request is being answered."""
        with self._lock:
            self._seen.append(seen)
            self._sockets.add(connection)
            self._now[seen.path] = self._now.get(seen.path, 0) + 1
            self._most[seen.path] = max(self._most.get(seen.path, 0), self._now[seen.path])
            return self._shelves.get(seen.path)

    def take_reply(self, shelf: _Shelf) -> Reply:
        """Find how to answer this request."""
        with self._lock:
            return shelf.next_reply()

    def count(self, path: str, count: int) -> None:
        """Note body bytes that were sent; a watcher hears of the path and how many by now."""
        with self._lock:
            served = self._served[path] = self._served.get(path, 0) + count
        if self.watcher is not None:
            self.watcher(path, served)

    def close(self, path: str, connection: socket.socket) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._now[path] -= 1
            self._sockets.discard(connection)
            self._lock.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True
    request_queue_size = 128

    def __init__(self, media: MediaServer) -> None:
        self.media = media
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that leave are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        if self.server.media.tls is not None:
            self.request = self.server.media.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        # The server closes only the socket it accepted, which is not the encrypted one.
        self.connection.close()

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        media = self.server.media
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = self.path.partition("?")[0]
        self.close_connection = True
        shelf = media.open(Seen(self.command, path, headers), self.connection)
        try:
            if shelf is None:
                self._send(_Plan(404, {"Content-Length": "0"}), Reply(), path)
            else:
                reply = media.take_reply(shelf)
                self._send(_plan(reply.film or shelf.film, reply, headers), reply, path)
        finally:
            media.close(path, self.connection)

    def do_HEAD(self) -> None:
        # Nobody should ask: some servers refuse HEAD. The journal then shows it.
        self.do_GET()

    def _send(self, plan: _Plan, reply: Reply, path: str) -> None:
        if reply.hold is not None:
            self._wait(reply.hold)
        if reply.raw is not None:
            self.connection.sendall(reply.raw)
            return
        self.connection.sendall(plan.head())
        left = len(plan.body) if plan.body is not None else plan.end - plan.start
        stops = [stop for stop in (reply.cut_after, reply.stall_after) if stop is not None]
        left = min([left, *stops])
        for piece in plan.pieces(left):
            self._send_piece(piece, reply, path)
        if reply.stall_after is not None:
            self._wait(Event())
        elif reply.reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        elif reply.framing == "chunked" and reply.cut_after is None:
            self.connection.sendall(b"0\r\n\r\n")

    def _send_piece(self, piece: memoryview, reply: Reply, path: str) -> None:
        step = len(piece) if reply.bytes_s is None else max(reply.bytes_s // 20, 1)
        for at in range(0, len(piece), step):
            part = piece[at : at + step]
            if reply.framing == "chunked":
                self.connection.sendall(b"%x\r\n" % len(part))
            self.connection.sendall(part)
            if reply.framing == "chunked":
                self.connection.sendall(b"\r\n")
            self.server.media.count(path, len(part))
            if reply.bytes_s is not None:
                self.server.media.stopping.wait(0.05)

    def _wait(self, until: Event) -> None:
        """Keep silent until the event, the end of the server, or until the client has gone."""
        self.connection.settimeout(0.02)
        while not until.is_set() and not self.server.media.stopping.is_set():
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue
        self.connection.settimeout(None)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What goes over the wire: status, headers, and a body or a piece of a film."""

    status: int
    headers: dict[str, str]
    film: Film | None = None
    start: int = 0
    end: int = 0
    body: bytes | None = None

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Whatever"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def pieces(self, count: int) -> Iterator[memoryview]:
        if self.body is not None:
            yield memoryview(self.body)[:count]
        elif self.film is not None:
            yield from self.film.pieces(self.start, self.start + count)


def _plan(film: Film, reply: Reply, asked: dict[str, str]) -> _Plan:
    if reply.body is not None:
        status = reply.status or 200
        headers = {"Content-Type": "text/html", "Content-Length": str(len(reply.body))}
        return _Plan(status, _overlay(headers, reply), body=reply.body)
    start = _range_start(film, reply, asked)
    headers = {
        "Content-Type": "video/x-matroska",
        "Date": "Wed, 02 Jan 2019 00:00:00 GMT",
        "Connection": "close",
    }
    if film.etag is not None:
        headers["ETag"] = film.etag
    if film.last_modified is not None:
        headers["Last-Modified"] = film.last_modified
    if start is None:
        return _whole(film, reply, headers)
    if start >= film.size:
        headers |= {"Content-Range": f"bytes */{film.size}", "Content-Length": "0"}
        return _Plan(reply.status or 416, _overlay(headers, reply), body=b"")
    return _part(film, reply, headers, start)


def _range_start(film: Film, reply: Reply, asked: dict[str, str]) -> int | None:
    match = re.fullmatch(r"bytes=(\d+)-", asked.get("range", ""))
    if match is None or reply.ignore_range:
        return None
    validator = asked.get("if-range")
    if validator is not None and validator not in (film.etag, film.last_modified):
        return int(match[1]) if reply.ignore_if_range else None
    return int(match[1])


def _whole(film: Film, reply: Reply, headers: dict[str, str]) -> _Plan:
    length = film.size if reply.length is None else reply.length
    headers |= _framing(reply, length)
    if reply.framing == "length":
        headers["Accept-Ranges"] = "bytes"
    return _Plan(reply.status or 200, _overlay(headers, reply), film, 0, min(length, film.size))


def _part(film: Film, reply: Reply, headers: dict[str, str], start: int) -> _Plan:
    said = max(start + reply.honest_shift, 0)
    end = film.size if reply.at_most is None else min(said + reply.at_most, film.size)
    real = 0 if reply.from_zero else said + reply.shift
    total = reply.total or str(film.size)
    headers["Content-Range"] = f"bytes {said}-{end - 1}/{total}"
    length = end - said if reply.length is None else reply.length
    headers |= _framing(reply, length)
    return _Plan(reply.status or 206, _overlay(headers, reply), film, real, real + end - said)


def _framing(reply: Reply, length: int) -> dict[str, str]:
    if reply.framing == "chunked":
        return {"Transfer-Encoding": "chunked"}
    return {} if reply.framing == "close" else {"Content-Length": str(length)}


def _overlay(headers: dict[str, str], reply: Reply) -> dict[str, str]:
    merged = {**headers, **reply.headers}
    return {name: value for name, value in merged.items() if value is not None}


@lru_cache(maxsize=1)
def authority() -> trustme.CA:
    """The authority that signs the certificates of this process's servers."""
    return trustme.CA()


def trusting() -> ssl.SSLContext:
    """Make the TLS settings of a client that believes the servers here, and checks as ever."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


def server_context() -> ssl.SSLContext:
    """Make the TLS settings of a server whose certificate the authority signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("127.0.0.1", "localhost", "film.example.invalid").configure_cert(context)
    return context


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return

"""Who keeps a connection open and sends nothing does not keep Radarr out."""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from stalkeer.web.connections import GuardedProtocol, guarded, raise_descriptor_limit

DEADLINE_S = 0.3


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


@contextmanager
def serving(protocol: type[GuardedProtocol]) -> Iterator[socket.socket]:
    """Serve an echo on loopback; the yielded listener knows the address."""
    app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, log_config=None, lifespan="off"))
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            httpx.get(address(listener), timeout=10)
            yield listener
        finally:
            server.should_exit = True
            thread.join()


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def connect(listener: socket.socket) -> socket.socket:
    return socket.create_connection(listener.getsockname(), timeout=5)


def is_hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    class Quick(GuardedProtocol):
        head_deadline_s = DEADLINE_S

    with serving(Quick) as listener:
        yield listener


def test_a_head_without_an_end_is_refused_and_a_long_one_is_not(listener: socket.socket) -> None:
    with closing(connect(listener)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n")
        long = connection.recv(12)
    with closing(connect(listener)) as connection:
        sent = 0
        with suppress(OSError):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            while sent < 64 * 1024 * 1024:
                connection.sendall(b"X-More: " + b"y" * 8000 + b"\r\n")
                sent += 8010

    assert long == b"HTTP/1.1 200"
    assert sent < 16 * 1024 * 1024


@pytest.mark.parametrize(
    "begun", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Never: end"], ids=["silent", "half-a-head"]
)
def test_a_head_that_does_not_come_ends_the_connection(
    listener: socket.socket, begun: bytes
) -> None:
    with closing(connect(listener)) as connection:
        connection.sendall(begun)

        assert is_hung_up(connection)


def test_a_second_head_that_does_not_come_ends_the_connection(listener: socket.socket) -> None:
    with closing(connect(listener)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = connection.recv(65536)
        connection.sendall(b"GET / HTT")

        assert is_hung_up(connection)

    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_body_and_a_rest_between_two_requests_may_take_longer_than_a_head(
    listener: socket.socket,
) -> None:
    with closing(connect(listener)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1")
        time.sleep(2 * DEADLINE_S)
        connection.sendall(b"2")
        first = connection.recv(65536)
        time.sleep(2 * DEADLINE_S)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        second = connection.recv(65536)

    assert first.endswith(b"\r\n\r\n12")
    assert second.startswith(b"HTTP/1.1 200 ")


def test_who_waited_longest_makes_room_for_who_comes() -> None:
    class Crowded(guarded(4)):  # type: ignore[misc] # made by a function
        spared_s = 0.05

    with serving(Crowded) as listener, ExitStack() as stack:
        first, *_, last = [stack.enter_context(closing(connect(listener))) for _ in range(4)]

        assert is_hung_up(first)
        last.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert last.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_connection_of_this_moment_is_spared() -> None:
    with serving(guarded(2)) as listener, ExitStack() as stack:
        first, *_ = [stack.enter_context(closing(connect(listener))) for _ in range(4)]

        first.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        assert first.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_process_may_open_as_many_files_as_the_system_lets_it() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 900), hard))

        limit = raise_descriptor_limit()

        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == limit == min(hard, 65536)
        assert raise_descriptor_limit() == limit
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

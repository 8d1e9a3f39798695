"""What only a real connection shows: refused, silent, cut off, redirected, through a proxy."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from stalkeer.arr.errors import ArrAnswerError, ArrUnreachableError
from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr
from tests.arr.replay import CONTRACT, KEY

STATUS = (CONTRACT / "api/radarr/system-status.json").read_bytes()

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def _server(behaviour: Behaviour) -> Iterator[str]:
    """Serve every GET with this behaviour, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            behaviour(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _client(url: str, *, timeout_s: float = 5.0) -> Iterator[Radarr]:
    http = ArrHttp("radarr", url, KEY, wait=lambda _: None, timeout_s=timeout_s)
    try:
        yield Radarr(http)
    finally:
        http.close()


def _answer(handler: BaseHTTPRequestHandler, body: bytes, *, status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _status(handler: BaseHTTPRequestHandler) -> None:
    is_ours = handler.headers["X-Api-Key"] == KEY and handler.path == "/api/v3/system/status"
    _answer(handler, STATUS if is_ours else b"", status=200 if is_ours else 401)


def test_a_real_server_is_asked_with_path_and_key() -> None:
    with _server(_status) as url, _client(url) as radarr:
        assert radarr.check_product().version == "6.0.4.10291"


def test_a_port_where_nobody_listens_is_said_to_refuse() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with _client(url) as radarr, pytest.raises(ArrUnreachableError, match="refused"):
            radarr.status()


def test_a_server_that_accepts_and_stays_silent_is_given_up() -> None:
    stop = Event()

    def stay_silent(handler: BaseHTTPRequestHandler) -> None:
        stop.wait(5)
        handler.close_connection = True

    with _server(stay_silent) as url, _client(url, timeout_s=0.05) as radarr:
        with pytest.raises(ArrUnreachableError, match="did not answer in time"):
            radarr.status()
        stop.set()


def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(STATUS)))
        handler.end_headers()
        handler.wfile.write(STATUS[:40])
        handler.close_connection = True

    with (
        _server(cut) as url,
        _client(url) as radarr,
        pytest.raises(ArrUnreachableError, match="RemoteProtocolError"),
    ):
        radarr.status()


def test_a_missing_url_base_is_found_by_following_the_redirect() -> None:
    def behind_url_base(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/radarr/"):
            handler.path = handler.path.removeprefix("/radarr")
            _status(handler)
            return
        handler.send_response(307)
        handler.send_header("Location", f"/radarr{handler.path}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with _server(behind_url_base) as url, _client(url) as radarr:
        assert radarr.status().app_name == "Radarr"


def test_our_key_is_not_carried_to_another_server() -> None:
    keys: list[str | None] = []

    def thief(handler: BaseHTTPRequestHandler) -> None:
        keys.append(handler.headers["X-Api-Key"])
        _answer(handler, STATUS)

    with _server(thief) as elsewhere:

        def redirect(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(308)
            handler.send_header("Location", f"{elsewhere}{handler.path}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with (
            _server(redirect) as url,
            _client(url) as radarr,
            pytest.raises(ArrAnswerError, match="redirects to"),
        ):
            radarr.status()

    assert keys == []


def test_the_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    with _server(_status) as url, _client(url) as radarr:
        assert radarr.status().app_name == "Radarr"


def test_one_client_serves_many_threads() -> None:
    with (
        _server(_status) as url,
        _client(url) as radarr,
        ThreadPoolExecutor(8) as threads,
    ):
        answers = list(threads.map(lambda _: radarr.status().app_name, range(40)))

    assert answers == ["Radarr"] * 40

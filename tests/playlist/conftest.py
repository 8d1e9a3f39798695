"""A loopback server that answers as a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """One server: what it answers by path, and what it was asked."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def gives(self, path: str, body: bytes, *, status: int = 200, **headers: str) -> str:
        """Answer the path with a body; an underscore in a header's name stands for a dash."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            sent = {"Content-Length": str(len(body))}
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            for name, value in sent.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)

        self.answers[path] = answer
        return self.url + path


@pytest.fixture
def make_site() -> Iterator[Callable[[], Site]]:
    """Start as many servers as a test asks for; each has its own port."""
    servers: list[ThreadingHTTPServer] = []

    def make() -> Site:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                made.asked.append((self.path, dict(self.headers.items())))
                made.answers[self.path](self)

            def log_message(self, *words: object) -> None:
                """Say nothing on the terminal."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        made = Site(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return made

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site(make_site: Callable[[], Site]) -> Site:
    """One server."""
    return make_site()

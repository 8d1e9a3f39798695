"""A webhook receiver on loopback that keeps what it gets and answers what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Received:
    """One delivery; `port` is the sender's, so it tells connections apart."""

    method: str
    path: str
    headers: dict[str, str]
    event: str
    body: dict[str, Any]
    port: int


@dataclass
class Receiver:
    """A webhook receiver: `answers` are its next statuses, then 200; `ask` runs before each."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    ask: Callable[[Received], None] = lambda _: None

    def events(self) -> list[str]:
        """Name what came, in its order."""
        return [received.event for received in self.received]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen while the block lasts."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            port = self.client_address[1]
            got = Received(self.command, self.path, headers, body["eventType"], body, port)
            state.ask(got)
            state.received.append(got)
            self.send_response(state.answers.pop(0) if state.answers else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_POST  # noqa: N815 - the name http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        server.shutdown()
        thread.join()

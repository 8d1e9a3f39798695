"""The connections of the web server: none may wait for ever, and those who only wait make room.

uvicorn closes a connection that is idle after an answer; one that never sends a whole head it
keeps for ever, until no descriptor is left for anybody. Radarr's next webhook would be lost.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_DEADLINE_S = 10.0
MAX_HEAD_BYTES = 64 * 1024
"""So much of a request may come that is no body: its head, and as much again around its chunks."""
SPARED_S = 1.0
"""A connection is not closed to make room before this time: its head may be on its way."""
MOST_DESCRIPTORS = 65536


class RestingServer(uvicorn.Server):
    """uvicorn's own server, which looks twice a second whether it is to end, instead of ten times.

    That looking was half of what the service costs when there is nothing to do.
    """

    def __init__(self, config: uvicorn.Config, *, end: Callable[[], None]) -> None:
        """Serve; `end` has the answers end that would go on for long."""
        super().__init__(config)
        self._end = end

    async def main_loop(self) -> None:
        """Wait for the end. Each tenth tick of uvicorn's, once a second, renews the date."""
        for tick in cycle((0, 5)):
            if await self.on_tick(tick):
                return
            await asyncio.sleep(0.5)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop. What uvicorn has to cancel in the middle of an answer leaves a traceback."""
        self._end()
        await super().shutdown(sockets)


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, with an end to waiting for a head and a limit on who waits.

    `most` is how many connections may stay; of more, those that waited longest are closed.
    """

    head_deadline_s = HEAD_DEADLINE_S
    spared_s = SPARED_S
    most = 512

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin without a deadline."""
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._waits_since: float | None = None
        self._bare_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Give the first head its deadline."""
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > self.most:
            self.loop.call_later(self.spared_s, self._make_room)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Give each further head its deadline from its first byte on, and an end to its length."""
        if self._bare_bytes > MAX_HEAD_BYTES:
            self.send_400_response("The head of the request is too long, or what ends its body.")
            return
        self._bare_bytes += len(data)
        super().data_received(data)
        # Afterwards, because most heads come whole: a timer for each costs more than it is worth.
        # Before its first request a connection has no cycle, whatever uvicorn's types say.
        if self._deadline is None and getattr(self.cycle, "response_complete", True):
            self._await_head()

    def on_message_begin(self) -> None:
        """Begin to count a head: by what comes after the bytes that began it, 256 KiB at most."""
        self._bare_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Let the request take its time: a body has its own deadline."""
        self._bare_bytes = 0
        self._head_came()
        # The request has its list; what is called a header from here on is a trailer, and read by
        # nobody. Without headers uvicorn sees no wish for a web socket either: there are none here.
        self.headers = []
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Begin again to count what is no body: extensions of chunks, and trailers."""
        self._bare_bytes = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Count as waiting again."""
        self._waits_since = time.monotonic()
        super().on_response_complete()

    def _await_head(self) -> None:
        # Not the loop's time, which is the same for all that are accepted in one turn.
        self._waits_since = time.monotonic()
        self._deadline = self.loop.call_later(self.head_deadline_s, self.transport.abort)

    def _head_came(self) -> None:
        self._waits_since = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _make_room(self) -> None:
        waiting = [
            (each._waits_since, id(each), each)
            for each in self.connections
            if isinstance(each, GuardedProtocol) and each._waits_since is not None
        ]
        for _, _, each in sorted(waiting)[: max(len(self.connections) - self.most, 0)]:
            each.transport.abort()


def guarded(descriptors: int) -> type[GuardedProtocol]:
    """Return the protocol for a process that may open so many files and connections.

    Half of them stay for the database, the downloads and the calls to the arrs.
    """
    return type("Protocol", (GuardedProtocol,), {"most": max(descriptors // 2, 1)})


def raise_descriptor_limit() -> int:
    """Let this process open as many files as it may, and say how many those are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft

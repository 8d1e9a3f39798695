"""Downloads as they move, to whoever listens: server-sent events with ids to go on from.

Each event is a whole download as `GET /api/v1/downloads` shows it, so hearing one twice, or only
the last of several, is harmless. The id is the second it was written in: who comes back with
`Last-Event-ID` hears of everything that changed since. However many listen, the database is read
once a second, and for nobody not at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from stalkeer.db.connect import StoreError
from stalkeer.db.downloads import Download
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import Services
from stalkeer.web.downloads import download_answer
from stalkeer.web.operations import get
from stalkeer.web.shapes import Query

MOST_LISTENERS = 100
_EVERY_S = 1.0
_QUIET_S = 15.0
"""After this long without news something is sent, so that a listener who left is noticed."""
_HELLO = b"retry: 2000\n\n"
_STILL_HERE = b": still here\n\n"
_LATE = timedelta(seconds=2)
"""So late may a row become visible after the second it was written in."""
_LONGEST_AGO = timedelta(days=1)
_ID = re.compile(r"[0-9]{1,18}")


class TooManyListenersError(StalkeerError):
    """So many listen already that one more is refused."""

    code: ClassVar[str] = "too_many"


class EventQuery(Query):
    """Where to go on, for who cannot send the header `Last-Event-ID`."""

    last_event_id: Annotated[int | None, Field(ge=0, le=10**11)] = None


class _Listener:
    """What one listener has not heard yet: of each download no more than its last state."""

    def __init__(self, since: datetime | None) -> None:
        self.since = since
        self.news: dict[int, Download] = {}
        self.rung = asyncio.Event()

    def tell(self, download: Download) -> None:
        self.news[download.id] = download
        self.rung.set()


class Feed:
    """Reads what changed once a second while anybody listens, and tells everybody."""

    def __init__(
        self,
        read: Callable[[datetime], Sequence[Download]],
        clock: Callable[[], datetime],
        *,
        every_s: float = _EVERY_S,
        quiet_s: float = _QUIET_S,
    ) -> None:
        """Read the downloads changed since a time with `read`; `clock` is the database's."""
        self._read = read
        self._clock = clock
        self._every_s = every_s
        self._quiet_s = quiet_s
        self._listeners: set[_Listener] = set()
        self._known: dict[int, Download] = {}
        self._until: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    @property
    def is_full(self) -> bool:
        """Whether nobody more may listen."""
        return len(self._listeners) >= MOST_LISTENERS

    async def follow(self, since: datetime | None, *, for_s: float) -> AsyncIterator[bytes]:
        """Give what changes from now on, or has changed since a time, for so long."""
        listener, loop = _Listener(since), asyncio.get_running_loop()
        self._listeners.add(listener)
        self._start()
        ends_at = loop.time() + for_s
        try:
            yield _HELLO
            while not self._is_over and (left_s := ends_at - loop.time()) > 0:
                news = await self._news(listener, min(left_s, self._quiet_s))
                for download in news:
                    yield _event(download)
                if not news:
                    yield _STILL_HERE
        finally:
            self._listeners.discard(listener)

    def end(self) -> None:
        """Have every stream end."""
        self._is_over = True
        for listener in self._listeners:
            listener.rung.set()

    async def _news(self, listener: _Listener, wait_s: float) -> Sequence[Download]:
        """Wait for news; none after so long."""
        try:
            async with asyncio.timeout(wait_s):
                await listener.rung.wait()
        except TimeoutError:
            return ()
        listener.rung.clear()
        news, listener.news = listener.news, {}
        return tuple(news.values())

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._until = None
            self._task = asyncio.get_running_loop().create_task(self._poll())

    async def _poll(self) -> None:
        while self._listeners:
            # The next look finds what this one missed.
            with suppress(StoreError):
                await self._look()
            await asyncio.sleep(self._every_s)

    async def _look(self) -> None:
        if self._until is None:
            self._until = await run_in_threadpool(self._clock)
            self._known = {}
        listeners = list(self._listeners)
        wishes = [each.since for each in listeners if each.since is not None]
        # Read again from a little before, because rows show up after their second is over.
        start = min([self._until - _LATE, *wishes])
        rows = await run_in_threadpool(self._read, start)
        for listener in listeners:
            self._tell(listener, rows)
        self._known = {row.id: row for row in rows}
        self._until = max([self._until, *(row.updated_at for row in rows)])

    def _tell(self, listener: _Listener, rows: Sequence[Download]) -> None:
        since, listener.since = listener.since, None
        for row in rows:
            is_missed = since is not None and row.updated_at >= since
            if is_missed or row != self._known.get(row.id):
                listener.tell(row)


def _event(download: Download) -> bytes:
    moment = int(download.updated_at.timestamp())
    data = download_answer(download).model_dump_json()
    return f"id: {moment}\nevent: download\ndata: {data}\n\n".encode()


class DownloadEvents:
    """The stream of what happens to downloads."""

    def __init__(self, services: Services, *, for_s: float) -> None:
        """Tell of the downloads of this store; a stream ends after `for_s`."""
        self._services = services
        self._for_s = for_s
        self._feed = Feed(services.store.downloads.changed_since, services.store.clock)

    def end(self) -> None:
        """Have the streams end, and those that still come."""
        self._feed.end()

    @get(
        "/api/v1/downloads/events",
        tag="downloads",
        produces="text/event-stream",
        errors=("too_many",),
        headers={"Last-Event-ID": "The id of the last event that was heard."},
    )
    async def events(self, request: Request, query: EventQuery) -> StreamingResponse:
        """Tell of every change of a download, as server-sent events.

        Each is a `download` event with the whole download. `Last-Event-ID` (or `?last_event_id=`)
        goes on where a connection broke, up to a day ago. A stream ends after an hour; every
        EventSource then comes back by itself.
        """
        if self._feed.is_full:
            raise TooManyListenersError(
                f"{MOST_LISTENERS} listen already: close one, or poll /api/v1/downloads."
            )
        since = _since(request.headers.get("last-event-id", ""), query, self._services.now())
        return StreamingResponse(
            self._feed.follow(since, for_s=self._for_s),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )


def _since(header: str, query: EventQuery, now: datetime) -> datetime | None:
    """Read where a listener was; who never listened hears only what comes."""
    said = int(header) if _ID.fullmatch(header) else query.last_event_id
    if said is None:
        return None
    oldest = now - _LONGEST_AGO
    return max(datetime.fromtimestamp(min(said, int(now.timestamp())), UTC), oldest)

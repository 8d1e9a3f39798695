"""A dry run over HTTP: what is in a list that is sent, or in a playlist, without writing anything.

Never a path or an address that the caller names: what this machine may read is not his business.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, ClassVar

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from stalkeer.errors import StalkeerError
from stalkeer.jobs.child import CountOrder, run_count
from stalkeer.jobs.dryrun import DryRun as Task
from stalkeer.jobs.dryrun import dry_run
from stalkeer.jobs.logged import logged
from stalkeer.jobs.services import Services, StoppedError
from stalkeer.jobs.sources import source_of
from stalkeer.playlist.errors import PlaylistTooLargeError
from stalkeer.playlist.stream import GZIP_MAGIC
from stalkeer.playlist.terms import Source
from stalkeer.web.faults import FROM_PLAYLIST, WITH_BODY
from stalkeer.web.operations import post
from stalkeer.web.reading import (
    BODY_DEADLINE_S,
    BodyError,
    BodyTooLargeError,
    BodyTooSlowError,
    read_body,
)
from stalkeer.web.shapes import Answer, Body, RowId

MAX_LIST_BYTES = 64 * 1024 * 1024
LIST_DEADLINE_S = 300.0
COUNT_DEADLINE_S = 300.0
MEMORY_BYTES = 512 * 1024 * 1024
SMALL_BYTES = 512 * 1024

_TAG = "catalog"
_OWN = ("not_found", "dryrun_busy", "import_crashed", "stopped")
_LIST = "#EXTM3U\n#EXTINF:-1,Heat (1995)\nhttp://tv.example.invalid/1.mkv\n"
_LISTS = (
    "audio/",
    "text/",
    "application/octet-stream",
    "application/gzip",
    "application/mpegurl",
    "application/x-mpegurl",
    "application/vnd.apple",
)
"""How the types begin under which people send lists, in small letters."""


class DryRunBody(Body):
    """Which playlist to read, and how much of it (0: all)."""

    example: ClassVar[Mapping[str, Any]] = {"playlist_id": 1, "limit": 1000}

    playlist_id: RowId
    limit: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class DryRunAnswer(Answer):
    """What is in a list. The kinds count what filters keep out, too."""

    example: ClassVar[Mapping[str, Any]] = {
        "lines": 201,
        "entries": 100,
        "filtered": 3,
        "errors": 0,
        "movies": 60,
        "tvshows": 30,
        "channels": 9,
        "uncategorized": 1,
        "seconds": 0.01,
    }

    lines: int
    entries: int
    filtered: int
    errors: int
    movies: int
    tvshows: int
    channels: int
    uncategorized: int
    seconds: float


class DryRunBusyError(StalkeerError):
    """Another dry run is on its way: two at a time would keep everybody else waiting."""

    code: ClassVar[str] = "dryrun_busy"


@dataclass(frozen=True, slots=True)
class DryRun:
    """The operation that reads a list."""

    services: Services
    _alone: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def end(self) -> None:
        """Have the dry run end that is under way."""
        self._ended.set()

    @post(
        "/api/v1/dryrun",
        tag=_TAG,
        errors=(*WITH_BODY, *FROM_PLAYLIST, *_OWN),
        accepts=DryRunBody.model_json_schema() | {"example": DryRunBody.example},
        takes_files=dict.fromkeys(("text/plain", "application/octet-stream"), _LIST),
    )
    async def run(self, request: Request) -> DryRunAnswer:
        """Report what is in a list, and write nothing.

        With JSON, of a configured playlist. With the Content-Type of a list (`audio/x-mpegurl` and
        every other of `audio` and `text`, `application/x-mpegurl`, `application/mpegurl`,
        `application/vnd.apple.mpegurl`, `application/gzip`, `application/octet-stream`) the body is
        the list itself, at most 64 MiB.
        """
        with self._only_one():
            if not request.headers.get("content-type", "").strip().lower().startswith(_LISTS):
                said = await read_body(request, DryRunBody, deadline_s=BODY_DEADLINE_S)
                return await _while_heard(request, partial(self._stored, said))
            with TemporaryDirectory(prefix="stalkeer-dryrun-") as folder:
                path = Path(folder) / "list"
                await _receive(request, path)
                return await _while_heard(request, partial(self._sent, path))

    def _stored(self, body: DryRunBody, gone: threading.Event) -> DryRunAnswer:
        row = self.services.store.sources.get(body.playlist_id)
        return self._report(source_of(row), gone, playlist_id=row.id, limit=body.limit)

    def _sent(self, path: Path, gone: threading.Event) -> DryRunAnswer:
        source = Source(name="the list that was sent", location=str(path))
        return self._report(source, gone, is_small=_is_small(path))

    def _report(
        self,
        source: Source,
        gone: threading.Event,
        *,
        playlist_id: int = 0,
        limit: int = 0,
        is_small: bool = False,
    ) -> DryRunAnswer:
        store, rules = self.services.store, self.services.playlists
        task = Task(
            source=source, filters=store.filters.rules(), playlist_id=playlist_id, limit=limit
        )
        with logged(store, "dryrun", source.name) as log:
            if is_small:
                summary = dry_run(task, rules)
            else:
                order = CountOrder(task=task, rules=rules, memory_bytes=MEMORY_BYTES)
                summary = run_count(order, look=self._look(gone))
            log.item_count, log.counts = summary.entries, summary.counts()
        counts = summary.counts()
        return DryRunAnswer(**{name: counts[name] for name in DryRunAnswer.model_fields})

    def _look(self, gone: threading.Event) -> Callable[[], None]:
        """Return what raises when nobody waits for the report any more, or it takes too long."""
        ends_at = time.monotonic() + COUNT_DEADLINE_S

        def look() -> None:
            if gone.is_set() or self._ended.is_set():
                raise StoppedError(
                    "The dry run was stopped: nobody waits for it any more, or the service ends."
                )
            if time.monotonic() >= ends_at:
                raise PlaylistTooLargeError(
                    f"The list was not read to its end within {COUNT_DEADLINE_S:g} seconds: "
                    f"give a limit, or run `stalkeer dryrun`."
                )

        return look

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        if not self._alone.acquire(blocking=False):
            raise DryRunBusyError("Another dry run is on its way: wait for it, and try again.")
        try:
            yield
        finally:
            self._alone.release()


async def _while_heard(
    request: Request, work: Callable[[threading.Event], DryRunAnswer]
) -> DryRunAnswer:
    """Work in a thread, and tell it by the event when the client has gone."""
    gone = threading.Event()

    async def listen() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    listener = asyncio.create_task(listen())
    try:
        return await run_in_threadpool(work, gone)
    finally:
        listener.cancel()


def _is_small(path: Path) -> bool:
    """Say whether a list is counted before a process for it would have started."""
    with path.open("rb") as file:
        # A packed one may be of any size.
        is_packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return not is_packed and path.stat().st_size <= SMALL_BYTES


async def _receive(request: Request, path: Path) -> None:
    """Write a body to a file as it comes; one that is too long or too slow is refused."""
    size = 0
    try:
        with path.open("wb") as file:
            async with asyncio.timeout(LIST_DEADLINE_S):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > MAX_LIST_BYTES:
                        raise BodyTooLargeError(
                            f"The list is larger than {MAX_LIST_BYTES // 2**20} MiB: add it as a "
                            f"playlist, and name that."
                        )
                    await run_in_threadpool(file.write, chunk)
    except TimeoutError:
        raise BodyTooSlowError(
            f"The list did not arrive within {LIST_DEADLINE_S:g} seconds."
        ) from None
    except ClientDisconnect:
        raise BodyError("The sender went away in the middle of the list.") from None

"""A dry run over HTTP: what is in a list that is sent, or in a playlist, without writing anything.

Never a path or an address that the caller names: what this machine may read is not his business.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, ClassVar

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from stalkeer.errors import StalkeerError
from stalkeer.jobs.dryrun import DryRun as Task
from stalkeer.jobs.dryrun import dry_run
from stalkeer.jobs.logged import logged
from stalkeer.jobs.services import Services
from stalkeer.jobs.sources import source_of
from stalkeer.playlist.terms import Source
from stalkeer.web.faults import FROM_PLAYLIST, WITH_BODY
from stalkeer.web.operations import post
from stalkeer.web.reading import (
    BODY_DEADLINE_S,
    MAX_BODY_BYTES,
    BodyError,
    BodyTooLargeError,
    BodyTooSlowError,
    parse_body,
    read_bytes,
)
from stalkeer.web.shapes import Answer, Body, RowId

MAX_LIST_BYTES = 64 * 1024 * 1024
LIST_DEADLINE_S = 300.0

_TAG = "catalog"
_LISTS = (
    "audio/",
    "text/",
    "application/octet-stream",
    "application/gzip",
    "application/vnd.apple",
)
"""How the types begin under which people send lists."""


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

    @post(
        "/api/v1/dryrun",
        tag=_TAG,
        errors=(*WITH_BODY, *FROM_PLAYLIST, "not_found", "dryrun_busy"),
        accepts=DryRunBody.model_json_schema() | {"example": DryRunBody.example},
    )
    async def run(self, request: Request) -> DryRunAnswer:
        """Report what is in a list, and write nothing.

        With JSON, of a configured playlist. With any other Content-Type (`audio/x-mpegurl`,
        `text/plain`, `application/octet-stream`) the body is the list itself, at most 64 MiB.
        """
        with self._only_one():
            if not request.headers.get("content-type", "").startswith(_LISTS):
                body = await read_bytes(request, limit=MAX_BODY_BYTES, deadline_s=BODY_DEADLINE_S)
                return await run_in_threadpool(self._stored, parse_body(body or b"{}", DryRunBody))
            with TemporaryDirectory(prefix="stalkeer-dryrun-") as folder:
                path = Path(folder) / "list"
                await _receive(request, path)
                return await run_in_threadpool(self._sent, path)

    def _stored(self, body: DryRunBody) -> DryRunAnswer:
        row = self.services.store.sources.get(body.playlist_id)
        return self._report(source_of(row), playlist_id=row.id, limit=body.limit)

    def _sent(self, path: Path) -> DryRunAnswer:
        return self._report(Source(name="the list that was sent", location=str(path)))

    def _report(self, source: Source, *, playlist_id: int = 0, limit: int = 0) -> DryRunAnswer:
        store = self.services.store
        task = Task(
            source=source, filters=store.filters.rules(), playlist_id=playlist_id, limit=limit
        )
        with logged(store, "dryrun", source.name) as log:
            summary = dry_run(task, self.services.playlists)
            log.item_count, log.counts = summary.entries, summary.counts()
        counts = summary.counts()
        return DryRunAnswer(**{name: counts[name] for name in DryRunAnswer.model_fields})

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        if not self._alone.acquire(blocking=False):
            raise DryRunBusyError("Another dry run is on its way: wait for it, and try again.")
        try:
            yield
        finally:
            self._alone.release()


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

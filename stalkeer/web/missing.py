"""What the arrs miss, over HTTP: where each item stands and why, scan, search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from stalkeer.core.items import ItemKind
from stalkeer.core.reasons import WhyNot
from stalkeer.core.states import WHY_NOT, ItemState
from stalkeer.db.items import Item
from stalkeer.jobs import by_hand
from stalkeer.jobs.services import Services
from stalkeer.jobs.status import Status
from stalkeer.web.faults import FROM_ARR
from stalkeer.web.operations import get, post
from stalkeer.web.shapes import (
    Answer,
    JobsStarted,
    JobStarted,
    Listing,
    Name,
    Paged,
    PathId,
    RowId,
    Stamp,
    Word,
)

_TAG = "missing"


class MissingQuery(Paged):
    """Which missing items to list."""

    sort: Literal["id", "instance", "state", "title", "year", "added_at", "updated_at"] = "id"
    id: RowId | None = None
    instance: Word | None = None
    state: ItemState | None = None
    reason_code: WhyNot | None = None
    title: Word | None = None
    year: int | None = None


class MissingAnswer(Answer):
    """A missing item, where it stands, and one reason, in words and as a code.

    `as_of` is when its arr was last asked.
    """

    example: ClassVar[Mapping[str, Any]] = {
        "id": 7,
        "instance": "sonarr",
        "kind": "episode",
        "arr_id": 31,
        "title": "The Wire",
        "year": 2002,
        "series_id": 7,
        "season": 1,
        "episode": 1,
        "episode_title": "The Target",
        "state": "no_match",
        "reason": "it is in none of the playlists",
        "reason_code": "not_in_lists",
        "added_at": "2026-01-31T12:00:00Z",
        "updated_at": "2026-01-31T12:00:00Z",
        "as_of": "2026-01-31T12:00:00Z",
    }

    id: int
    instance: str
    kind: ItemKind
    arr_id: int
    title: str
    year: int | None
    series_id: int | None
    season: int | None
    episode: int | None
    episode_title: str | None
    state: ItemState
    reason: str
    reason_code: WhyNot
    added_at: Stamp | None
    updated_at: Stamp
    as_of: Stamp | None


@dataclass(frozen=True, slots=True)
class Missing:
    """The operations on what is missing."""

    services: Services
    status: Status

    @get("/api/v1/missing/movies", tag=_TAG)
    def movies(self, query: MissingQuery) -> Listing[MissingAnswer]:
        """List the missing movies, as of the last sync."""
        return self._page(ItemKind.MOVIE, query)

    @get("/api/v1/missing/tvshows", tag=_TAG)
    def tvshows(self, query: MissingQuery) -> Listing[MissingAnswer]:
        """List the missing episodes, as of the last sync."""
        return self._page(ItemKind.EPISODE, query)

    @post("/api/v1/missing/scan", tag=_TAG, status=202)
    def scan(self) -> JobsStarted:
        """Reconcile every instance."""
        return JobsStarted(job_ids=tuple(by_hand.sync(self.services, self.services.instances)))

    @post(
        "/api/v1/missing/{instance}/{arr_id}/search",
        tag=_TAG,
        status=202,
        errors=(*FROM_ARR, "not_wanted"),
    )
    def search(self, instance: Name, arr_id: PathId) -> JobStarted:
        """Search for one item now."""
        return JobStarted(job_id=by_hand.search(self.services, instance, arr_id))

    def _page(self, kind: ItemKind, query: MissingQuery) -> Listing[MissingAnswer]:
        as_of = self.status.synced_at()
        found = self.services.store.items.missing(kind, query.request())
        return Listing.of(found, query, lambda item: missing_answer(item, as_of))


def missing_answer(item: Item, as_of: Mapping[str, datetime | None]) -> MissingAnswer:
    """Show a missing item; `as_of` is when each instance was last asked."""
    wanted = item.wanted
    return MissingAnswer(
        id=item.id,
        instance=item.instance,
        kind=wanted.kind,
        arr_id=wanted.arr_id,
        title=wanted.title,
        year=wanted.year or None,
        series_id=wanted.series_id,
        season=wanted.season,
        episode=wanted.episode,
        episode_title=wanted.episode_title or None,
        state=item.state,
        reason=item.reason or WHY_NOT[item.state],
        reason_code=item.reason_code,
        added_at=item.added_at,
        updated_at=item.updated_at,
        as_of=as_of.get(item.instance),
    )

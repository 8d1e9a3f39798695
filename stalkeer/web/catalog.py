"""What the lists hold as a whole, over HTTP: figures, the log of runs, what nobody has yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from stalkeer.core.items import ContentType
from stalkeer.db.records import RunRow
from stalkeer.db.titles import Title
from stalkeer.jobs.services import Services
from stalkeer.web.operations import get
from stalkeer.web.shapes import Answer, Listing, Moment, Paged, Stamp, Word

_TAG = "catalog"
TOP_GROUPS = 50
_KINDS = {"movie": ContentType.MOVIE, "series": ContentType.TVSHOW}


class GroupCount(Answer):
    """A group, over all lists, and how many entries stay of it."""

    group_title: str
    entries: int


class PlaylistCount(Answer):
    """A playlist and how many of its entries stay."""

    playlist_id: int
    entries: int


class StatsAnswer(Answer):
    """What the playlists in use hold. What filters keep out is in `filtered` only.

    `by_group` are the 50 largest groups; entries that say no resolution are counted as `none`.
    """

    example: ClassVar[Mapping[str, Any]] = {
        "total_items": 93012,
        "filtered": 7000,
        "by_content_type": {"movie": 52000, "tvshow": 41000, "uncategorized": 12},
        "by_state": {"processed": 93000, "downloaded": 12},
        "by_resolution": {"1080p": 60000, "none": 33012},
        "by_group": [{"group_title": "VOD | EN", "entries": 5200}],
        "by_playlist": [{"playlist_id": 1, "entries": 93012}],
    }

    total_items: int
    filtered: int
    by_content_type: dict[str, int]
    by_state: dict[str, int]
    by_resolution: dict[str, int]
    by_group: tuple[GroupCount, ...]
    by_playlist: tuple[PlaylistCount, ...]


class RunQuery(Paged):
    """Which runs to list."""

    sort: Literal["id", "started_at"] = "id"
    action: Word | None = None
    status: Literal["running", "completed", "failed"] | None = None
    since: Annotated[Moment, Field(description="Only runs that began then or later.")] | None = None


class RunAnswer(Answer):
    """One run of an import, a sync, a filter or whatever else goes over many items."""

    example: ClassVar[Mapping[str, Any]] = {
        "id": 7,
        "action": "refresh_playlist",
        "subject": "films",
        "status": "completed",
        "item_count": 100,
        "counts": {"entries": 100, "new": 3},
        "started_at": "2026-01-31T12:00:00Z",
        "completed_at": "2026-01-31T12:00:02Z",
        "error_message": "",
    }

    id: int
    action: str
    subject: str
    status: str
    item_count: int
    counts: dict[str, Any]
    started_at: Stamp
    completed_at: Stamp | None
    error_message: str


class UncollectedQuery(Paged):
    """What of the lists nobody has: films or series."""

    sort: Literal["title"] = "title"
    order: Literal["asc", "desc"] = "asc"
    type: Annotated[Literal["movie", "series"], Field(description="Films, or series.")]


class UncollectedAnswer(Answer):
    """A title of the lists that is in no library of a Radarr or a Sonarr.

    `item_id` is one of its entries, `confidence` says from 0 to 100 how surely its name was read.
    """

    example: ClassVar[Mapping[str, Any]] = {
        "type": "movie",
        "title": "Heat",
        "year": 1995,
        "confidence": 100,
        "entries": 3,
        "item_id": 7,
    }

    type: Literal["movie", "series"]
    title: str
    year: int | None
    confidence: int
    entries: int
    item_id: int


@dataclass(frozen=True, slots=True)
class Catalog:
    """The operations on the lists as a whole."""

    services: Services

    @get("/api/v1/stats", tag=_TAG)
    def stats(self) -> StatsAnswer:
        """Count what the playlists in use hold."""
        tallies = self.services.store.tallies
        kinds = tallies.by("content_type")
        groups = sorted(tallies.by("group_title").items(), key=lambda pair: (-pair[1], pair[0]))
        return StatsAnswer(
            total_items=sum(kinds.values()),
            filtered=sum(tallies.by("content_type", is_filtered=True).values()),
            by_content_type=kinds,
            by_state=self.services.store.entries.states(),
            by_resolution={name or "none": n for name, n in tallies.by("resolution").items()},
            by_group=tuple(
                GroupCount(group_title=group, entries=entries)
                for group, entries in groups[:TOP_GROUPS]
            ),
            by_playlist=tuple(
                PlaylistCount(playlist_id=playlist_id, entries=entries)
                for playlist_id, entries in tallies.by("playlist_id").items()
            ),
        )

    @get("/api/v1/runs", tag=_TAG)
    def runs(self, query: RunQuery) -> Listing[RunAnswer]:
        """List what was done over many items: imports, syncs, filters, and how each ended."""
        found = self.services.store.runs.page(query.request("since"), since=query.since)
        return Listing.of(found, query, _run)

    @get("/api/v1/missing-content", tag=_TAG)
    def missing_content(self, query: UncollectedQuery) -> Listing[UncollectedAnswer]:
        """List what the playlists have and no library: films or series, by title.

        As of the last survey, which follows every change of a list and every sync.
        """
        request = replace(query.request("type"), sort="title")
        found = self.services.store.titles.uncollected(_KINDS[query.type], request)
        return Listing.of(found, query, _title)


def _run(row: RunRow) -> RunAnswer:
    return RunAnswer(**{name: getattr(row, name) for name in RunRow.__slots__})


def _title(title: Title) -> UncollectedAnswer:
    return UncollectedAnswer(
        type="movie" if title.content_type is ContentType.MOVIE else "series",
        title=title.title,
        year=title.year or None,
        confidence=title.confidence,
        entries=title.entries,
        item_id=title.item_id,
    )

"""Playlists over HTTP: where entries come from.

Where a list is and how one logs in there can be written and never be read again: an answer shows
the host, and whether there is a password.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.core.items import ContentType
from stalkeer.db.playlists import PlaylistRow
from stalkeer.db.sources import PINNED, PlaylistSpec
from stalkeer.db.tallies import GroupRow
from stalkeer.jobs import playlists
from stalkeer.jobs.refresh import How
from stalkeer.jobs.services import Services
from stalkeer.jobs.timetable import refresh_key
from stalkeer.playlist.terms import SourceKind
from stalkeer.web.filters import FilterAnswer, FilterName, Patterns, filter_answer
from stalkeer.web.operations import Reply, delete, get, post, put
from stalkeer.web.shapes import Answer, Body, Fault, JobStarted, Listing, Paged, PathId, Stamp

_TAG = "playlists"
_ERRORS = ("invalid_location", "invalid_filter", "conflict")
_PLAYLIST: dict[str, Any] = {
    "id": 1,
    "name": "films",
    "kind": "m3u",
    "host": "tv.example.invalid",
    "has_username": True,
    "has_password": True,
    "user_agent": "",
    "refresh_s": 3600,
    "connection_limit": 1,
    "bandwidth_limit": None,
    "is_enabled": True,
    "is_configured": False,
    "pinned": [],
    "filters": [],
    "counts": {
        "movie": 52000, "tvshow": 41000, "channel": 7000, "uncategorized": 12, "filtered": 300,
    },
    "version": 3,
    "refreshed_at": "2026-01-31T12:00:00Z",
    "last_error": None,
    "max_connections": 1,
    "expires_at": None,
    "refresh_job_id": None,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z",
}  # fmt: skip

PlaylistName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"\S")]
Location = Annotated[
    str,
    Field(min_length=1, max_length=2000, description="An http(s) address, or a file of this host."),
]
Login = Annotated[str, Field(max_length=500)]
Agent = Annotated[str, Field(max_length=200, pattern=r"^[\x20-\x7e]*$")]
Seconds = Annotated[int, Field(ge=60, le=31 * 86400)]
Connections = Annotated[int, Field(ge=1, le=1000)]
Rate = Annotated[int, Field(ge=0, le=2**53, description="Bytes a second; 0: no limit.")]


class PlaylistQuery(Paged):
    """Which playlists to list."""

    sort: Literal["id", "name", "kind", "refreshed_at", "updated_at"] = "id"
    kind: SourceKind | None = None


class OwnFilter(Body):
    """A filter for one playlist only."""

    name: FilterName
    attribute: Attribute = Field(strict=False)
    include: Patterns = ()
    exclude: Patterns = ()

    def rule(self) -> FilterRule:
        """Give it as a rule."""
        return FilterRule(**self.model_dump())


OwnFilters = Annotated[tuple[OwnFilter, ...], Field(max_length=20)]


class PlaylistBody(Body):
    """A playlist; what is left out or null is as the settings for all lists say."""

    example: ClassVar[Mapping[str, Any]] = {
        "name": "films",
        "location": "https://tv.example.invalid/get.php?type=m3u_plus",
        "refresh_s": 3600,
    }

    name: PlaylistName
    kind: SourceKind = Field(default=SourceKind.M3U, strict=False)
    location: Location
    username: Login = ""
    password: Login = ""
    user_agent: Agent = ""
    refresh_s: Seconds | None = None
    connection_limit: Connections | None = None
    bandwidth_limit: Rate | None = None
    is_enabled: bool = True
    filters: OwnFilters | None = None
    or_existing: Annotated[
        bool, Field(description="Answer the one that has this location already, if one has.")
    ] = False


class PlaylistChange(Body):
    """What is new of a playlist; what is not sent stays as it is."""

    example: ClassVar[Mapping[str, Any]] = {"refresh_s": 7200, "connection_limit": 2}

    name: PlaylistName = ""
    kind: SourceKind = Field(default=SourceKind.M3U, strict=False)
    location: Location = ""
    username: Login = ""
    password: Login = ""
    user_agent: Agent = ""
    refresh_s: Seconds | None = None
    connection_limit: Connections | None = None
    bandwidth_limit: Rate | None = None
    is_enabled: bool = True
    filters: OwnFilters | None = None


class RefreshBody(Body):
    """How to read a playlist."""

    example: ClassVar[Mapping[str, Any]] = {"force": False}

    force: Annotated[
        bool, Field(description="Read an unchanged list, take one that has shrunk.")
    ] = False
    limit: Annotated[int, Field(ge=0, le=2**31 - 1, description="Only so many; 0: all.")] = 0
    batch_size: Annotated[
        int, Field(ge=0, le=10_000, description="Entries a write; 0: by time.")
    ] = 0


class Counts(Answer):
    """How many entries a list has of each kind, and how many more are kept out by filters."""

    movie: int = 0
    tvshow: int = 0
    channel: int = 0
    uncategorized: int = 0
    filtered: int = 0


class PlaylistAnswer(Answer):
    """A playlist. `pinned` are the fields that only the settings can change."""

    example: ClassVar[Mapping[str, Any]] = _PLAYLIST

    id: int
    name: str
    kind: SourceKind
    host: str | None
    has_username: bool
    has_password: bool
    user_agent: str
    refresh_s: int | None
    connection_limit: int | None
    bandwidth_limit: int | None
    is_enabled: bool
    is_configured: bool
    pinned: tuple[str, ...]
    filters: tuple[FilterAnswer, ...]
    counts: Counts
    version: int
    refreshed_at: Stamp | None
    last_error: Fault | None
    max_connections: int | None
    expires_at: Stamp | None
    refresh_job_id: int | None
    created_at: Stamp
    updated_at: Stamp


class GroupAnswer(Answer):
    """A group of a list: how many entries stay, by kind, and how many are kept out."""

    example: ClassVar[Mapping[str, Any]] = {
        "group_title": "VOD | EN",
        "counts": {"movie": 5200, "tvshow": 0, "channel": 0, "uncategorized": 1, "filtered": 0},
        "is_filtered": False,
    }

    group_title: str
    counts: Counts
    is_filtered: bool


class GroupsAnswer(Answer):
    """The groups of a list, by name."""

    example: ClassVar[Mapping[str, Any]] = {"data": [GroupAnswer.example], "total": 1}

    data: tuple[GroupAnswer, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Playlists:
    """The operations on playlists."""

    services: Services

    @get("/api/v1/playlists", tag=_TAG)
    def page(self, query: PlaylistQuery) -> Listing[PlaylistAnswer]:
        """List playlists, those too that are switched off."""
        found = self.services.store.sources.page(query.request())
        counts = self.services.store.tallies.of_playlists()
        return Listing.of(found, query, lambda row: self._shown(row, counts))

    @post("/api/v1/playlists", tag=_TAG, status=201, also={200: PlaylistAnswer}, errors=_ERRORS)
    def add(self, body: PlaylistBody) -> Reply[PlaylistAnswer]:
        """Add a playlist; it is read at once."""
        known = playlists.find(self.services, body.location) if body.or_existing else None
        if known is not None:
            return Reply(self._one(known))
        said = body.model_dump(exclude={"filters", "or_existing"})
        row = playlists.add(self.services, PlaylistSpec(**said), _rules(body.filters))
        return Reply(self._one(row), 201)

    @get("/api/v1/playlists/{playlist_id}", tag=_TAG)
    def one(self, playlist_id: PathId) -> PlaylistAnswer:
        """Show one playlist."""
        return self._one(self.services.store.sources.get(playlist_id))

    @put("/api/v1/playlists/{playlist_id}", tag=_TAG, errors=_ERRORS)
    def change(self, playlist_id: PathId, body: PlaylistChange) -> PlaylistAnswer:
        """Change a playlist; one whose place changed is read at once."""
        said = {name: getattr(body, name) for name in body.model_fields_set - {"filters"}}
        row = playlists.change(self.services, playlist_id, said, _rules(body.filters))
        return self._one(row)

    @delete("/api/v1/playlists/{playlist_id}", tag=_TAG, status=202, errors=("conflict",))
    def remove(self, playlist_id: PathId) -> JobStarted:
        """Remove a playlist with its entries; what was downloaded stays in the history."""
        return JobStarted(job_id=playlists.remove(self.services, playlist_id))

    @post("/api/v1/playlists/{playlist_id}/refresh", tag=_TAG, status=202)
    def refresh(self, playlist_id: PathId, body: RefreshBody) -> JobStarted:
        """Read a playlist now."""
        how = How(**body.model_dump())
        return JobStarted(job_id=playlists.refresh(self.services, playlist_id, how))

    @get("/api/v1/playlists/{playlist_id}/groups", tag=_TAG)
    def groups(self, playlist_id: PathId) -> GroupsAnswer:
        """List the groups of a playlist with their counts, to choose filters from."""
        self.services.store.sources.get(playlist_id)
        groups = self.services.store.tallies.groups(playlist_id)
        return GroupsAnswer(data=tuple(map(_group, groups)), total=len(groups))

    def _one(self, row: PlaylistRow) -> PlaylistAnswer:
        return self._shown(row, self.services.store.tallies.of_playlists())

    def _shown(self, row: PlaylistRow, counts: Mapping[int, Mapping[str, int]]) -> PlaylistAnswer:
        store = self.services.store
        job = store.jobs.active(refresh_key(row.id))
        return PlaylistAnswer(
            id=row.id,
            name=row.name,
            kind=SourceKind(row.kind),
            host=_host(row.location),
            has_username=bool(row.username),
            has_password=bool(row.password),
            user_agent=row.user_agent,
            refresh_s=row.refresh_s,
            connection_limit=row.connection_limit,
            bandwidth_limit=row.bandwidth_limit,
            is_enabled=row.is_enabled,
            is_configured=row.is_configured,
            pinned=PINNED if row.is_configured else (),
            filters=tuple(map(filter_answer, store.filters.of_playlist(row.id))),
            counts=Counts(**counts.get(row.id, {})),
            version=row.version,
            refreshed_at=row.refreshed_at,
            last_error=_fault(row),
            max_connections=row.max_connections,
            expires_at=row.expires_at,
            refresh_job_id=job.id if job else None,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def _host(location: str) -> str | None:
    try:
        return urlsplit(location).hostname
    except ValueError:
        # Versions before this one kept what is no address.
        return None


def _fault(row: PlaylistRow) -> Fault | None:
    if not row.last_error:
        return None
    return Fault(code=row.last_error_code or "playlist_error", message=row.last_error)


def _rules(filters: Sequence[OwnFilter] | None) -> list[FilterRule] | None:
    return None if filters is None else [each.rule() for each in filters]


def _group(row: GroupRow) -> GroupAnswer:
    kept = {kind.value: row.by_content_type.get(kind.value, 0) for kind in ContentType}
    return GroupAnswer(
        group_title=row.group_title,
        counts=Counts(**kept, filtered=row.filtered),
        is_filtered=not row.by_content_type,
    )

"""Playlist entries over HTTP: lists, one, what a person says of one, search.

Their addresses never leave the house: an entry shows the host of its provider and its number in
the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from stalkeer.core.items import ContentType
from stalkeer.core.keys import title_key
from stalkeer.core.states import EntryState
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.entries import EntryRow
from stalkeer.db.listing import EntryFilter
from stalkeer.db.pages import LONGEST, Page
from stalkeer.jobs import overriding
from stalkeer.jobs.services import Services
from stalkeer.web.operations import get, post, put
from stalkeer.web.shapes import Answer, Body, Listing, Paged, PathId, RowId, Stamp

_TAG = "items"
_BY = "api"
_ENTRY: dict[str, Any] = {
    "id": 7,
    "playlist_id": 1,
    "playlist": "films.m3u",
    "provider": "tv.example.invalid",
    "number": 0,
    "name": "EN - Heat (1995) 1080p",
    "group_title": "VOD | EN",
    "tvg_name": "",
    "tvg_id": "",
    "tmdb_id": 949,
    "imdb_id": "",
    "duration_s": 10200,
    "content_type": "movie",
    "title": "Heat",
    "year": 1995,
    "season": None,
    "episode": None,
    "resolution": "1080p",
    "state": "processed",
    "filtered_by": None,
    "override": None,
    "override_by": None,
    "override_at": None,
    "is_current": True,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z",
}

Group = Annotated[str, Field(max_length=200)]
Year = Annotated[int, Field(ge=1800, le=2200)]
Number = Annotated[int, Field(ge=0, le=100_000)]
Resolution = Literal["2160p", "1080p", "720p", "480p"]


class ShownQuery(Paged):
    """Which films or episodes to list. What a filter keeps out is shown when `filtered` asks."""

    sort: Literal["id", "title", "year", "created_at", "updated_at"] = "id"
    playlist_id: RowId | None = None
    group_title: Group | None = None
    resolution: Resolution | None = None
    year: Year | None = None
    state: EntryState | None = None
    filtered: Annotated[
        Literal["false", "true", "any"], Field(description="Whether a filter keeps them out.")
    ] = "false"
    overridden: bool | None = None

    def wanted(self, content_type: ContentType | None) -> EntryFilter:
        """Say which entries are meant."""
        return EntryFilter(
            playlist_id=self.playlist_id,
            content_type=content_type,
            group_title=self.group_title,
            resolution=self.resolution,
            year=self.year,
            state=self.state,
            is_filtered={"false": False, "true": True}.get(self.filtered),
            is_overridden=self.overridden,
        )


class EntryQuery(ShownQuery):
    """Which entries to list."""

    content_type: ContentType | None = None


class Said(Answer):
    """What a person said of an entry; None where its name counts."""

    content_type: ContentType | None
    title: str | None
    year: int | None
    season: int | None
    episode: int | None
    resolution: str | None


class EntryAnswer(Answer):
    """A playlist entry: what the list says, what it was read as, and what a person says."""

    example: ClassVar[Mapping[str, Any]] = _ENTRY

    id: int
    playlist_id: int
    playlist: str
    provider: str
    number: int
    name: str
    group_title: str
    tvg_name: str
    tvg_id: str
    tmdb_id: int | None
    imdb_id: str
    duration_s: int | None
    content_type: ContentType
    title: str
    year: int | None
    season: int | None
    episode: int | None
    resolution: str | None
    state: EntryState
    filtered_by: str | None
    override: Said | None
    override_by: str | None
    override_at: Stamp | None
    is_current: bool
    created_at: Stamp
    updated_at: Stamp


class OverrideBody(Body):
    """What a person says of an entry. null takes it back; what is not sent stays as it is."""

    example: ClassVar[Mapping[str, Any]] = {"content_type": "movie", "year": 1995}

    content_type: ContentType | None = Field(default=None, strict=False)
    title: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    year: Year | None = None
    season: Number | None = None
    episode: Number | None = None
    resolution: Resolution | None = None


class SearchBody(Body):
    """What to search for: words of a title, in any spelling."""

    example: ClassVar[Mapping[str, Any]] = {"q": "heat", "content_type": "movie"}

    q: Annotated[str, Field(min_length=1, max_length=200)]
    content_type: ContentType | None = Field(default=None, strict=False)
    limit: Annotated[int, Field(ge=1, le=LONGEST)] = 50
    offset: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


@dataclass(frozen=True, slots=True)
class Entries:
    """The operations on playlist entries."""

    services: Services

    @get("/api/v1/items", tag=_TAG)
    def page(self, query: EntryQuery) -> Listing[EntryAnswer]:
        """List the entries of the playlists in use."""
        return self._page(query, query.content_type)

    @get("/api/v1/items/{item_id}", tag=_TAG)
    def one(self, item_id: PathId) -> EntryAnswer:
        """Show one entry."""
        return entry_answer(self._one(item_id))

    @put("/api/v1/items/{item_id}", tag=_TAG)
    def override(self, item_id: PathId, body: OverrideBody) -> EntryAnswer:
        """Say what an entry is.

        It counts at once, and items that it may be are searched for. It survives every refresh.
        """
        said = {name: getattr(body, name) for name in body.model_fields_set}
        return entry_answer(overriding.override(self.services, item_id, said, by=_BY))

    @post("/api/v1/items/search", tag=_TAG)
    def search(self, body: SearchBody) -> Listing[EntryAnswer]:
        """Search entries by title.

        Titles that are what was asked for come first, then those that begin with it, then those
        that hold it; at most 500 titles are looked through.
        """
        titles = self.services.store.titles
        kinds = list(ContentType) if body.content_type is None else [body.content_type]
        key = title_key(body.q)
        found = titles.search(key, kinds) if key else ()
        ids = titles.entries_of(found, offset=body.offset, limit=body.limit)
        rows = self.services.store.entries.many(ids)
        return Listing(
            data=tuple(entry_answer(row) for row in rows),
            total=sum(title.entries for title in found),
            limit=body.limit,
            offset=body.offset,
        )

    @get("/api/v1/movies", tag=_TAG)
    def movies(self, query: ShownQuery) -> Listing[EntryAnswer]:
        """List the entries that are films."""
        return self._page(query, ContentType.MOVIE)

    @get("/api/v1/movies/{item_id}", tag=_TAG)
    def movie(self, item_id: PathId) -> EntryAnswer:
        """Show one entry that is a film."""
        return self._of_kind(item_id, ContentType.MOVIE)

    @get("/api/v1/tvshows", tag=_TAG)
    def tvshows(self, query: ShownQuery) -> Listing[EntryAnswer]:
        """List the entries that are episodes."""
        return self._page(query, ContentType.TVSHOW)

    @get("/api/v1/tvshows/{item_id}", tag=_TAG)
    def tvshow(self, item_id: PathId) -> EntryAnswer:
        """Show one entry that is an episode."""
        return self._of_kind(item_id, ContentType.TVSHOW)

    def _page(self, query: ShownQuery, content_type: ContentType | None) -> Listing[EntryAnswer]:
        request = replace(query.request(), where={})
        found: Page[EntryRow] = self.services.store.entries.page(
            query.wanted(content_type), request
        )
        return Listing.of(found, query, entry_answer)

    def _one(self, item_id: int) -> EntryRow:
        found = self.services.store.entries.get(item_id)
        if found is None:
            raise NoSuchRowError(f"There is no playlist entry {item_id}.")
        return found

    def _of_kind(self, item_id: int, content_type: ContentType) -> EntryAnswer:
        found = self._one(item_id)
        if found.content_type is not content_type:
            raise NoSuchRowError(
                f"Playlist entry {item_id} is {found.content_type}, not {content_type}."
            )
        return entry_answer(found)


def entry_answer(row: EntryRow) -> EntryAnswer:
    """Show an entry."""
    shown = {name: getattr(row, name) for name in EntryRow.__slots__}
    shown["number"] = shown.pop("ordinal")
    said = Said(**{name: getattr(row.override, name) for name in overriding.FIELDS})
    shown["override"] = said if row.override.to_json() else None
    return EntryAnswer(**shown)

"""The titles of the lists, each once: to search in, and to compare with what somebody has.

They follow the entries a little later: `jobs.survey` brings them up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import peewee as pw

from stalkeer.core.items import ContentType
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import EntryTitle, Playlist, PlaylistItem
from stalkeer.db.pages import Page, PageError, PageRequest

STRETCH = 5000
"""So many entries are looked at in one go."""
MOST_FOUND = 500
"""A search looks no further than so many titles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A title: `year` is 0 when unknown, `item_id` one of its `entries`.

    `is_collected` says whether a Radarr or a Sonarr has it; None means that this is not known, or
    that it is neither a film nor a series.
    """

    content_type: ContentType
    title: str
    year: int
    key: str
    entries: int
    item_id: int
    confidence: int
    is_collected: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A title as the entries have it now, with the name of one of them."""

    title: str
    year: int
    entries: int
    item_id: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the titles of a content type: those behind `after`, up to `upto` (None: all)."""

    content_type: ContentType
    after: str
    upto: str | None


class Titles:
    """Reads and writes titles."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def stretch(self, content_type: ContentType, after: str) -> Stretch:
        """Return the part of the titles that comes next."""
        query: Any = (
            PlaylistItem.select(PlaylistItem.title)
            .where((PlaylistItem.content_type == content_type) & (PlaylistItem.title > after))
            .order_by(PlaylistItem.title)
            .limit(1)
            .offset(STRETCH)
        )
        row = next(iter(query.tuples()), None)
        return Stretch(content_type, after, None if row is None else row[0])

    @reads
    def counted(self, stretch: Stretch) -> tuple[Sample, ...]:
        """Count the entries of a stretch by title and year; entries without a title are left out.

        Only what is current and what no filter keeps out.
        """
        year = pw.fn.COALESCE(PlaylistItem.year, 0)
        query: Any = (
            PlaylistItem.select(
                PlaylistItem.title,
                year,
                pw.fn.COUNT(PlaylistItem.id),
                pw.fn.MIN(PlaylistItem.id),
            )
            .join(Playlist)
            .where(_in_stretch(PlaylistItem, stretch) & _STAYS)
            .group_by(PlaylistItem.title, year)
        )
        return tuple(
            Sample(title=title, year=int(dated), entries=int(entries), item_id=int(item_id))
            for title, dated, entries, item_id in query.tuples()
        )

    @reads
    def known(self, stretch: Stretch) -> dict[int, Title]:
        """Return what stands there of a stretch, by the ids of the rows."""
        rows = EntryTitle.select().where(_in_stretch(EntryTitle, stretch))
        return {row.id: _title(row) for row in rows}

    @reads
    def names(self, item_ids: Sequence[int]) -> dict[int, tuple[str, str, str | None, str]]:
        """Return of each entry its name, group, kind of address and tvg-type."""
        query: Any = PlaylistItem.select(
            PlaylistItem.id,
            PlaylistItem.name,
            PlaylistItem.group_title,
            PlaylistItem.url_kind,
            PlaylistItem.tvg_type,
        ).where(PlaylistItem.id.in_(item_ids))
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in query.tuples()}

    @writes
    def change(self, stale: Iterable[int], fresh: Iterable[Title]) -> None:
        """Replace rows."""
        EntryTitle.delete().where(EntryTitle.id.in_(list(stale))).execute()
        rows = [
            {
                "content_type": title.content_type.value,
                "title": title.title,
                "year": title.year,
                "key": title.key,
                "entries": title.entries,
                "item": title.item_id,
                "confidence": title.confidence,
                "is_collected": title.is_collected,
            }
            for title in fresh
        ]
        if rows:
            EntryTitle.insert_many(rows).execute()

    @reads
    def uncollected(self, content_type: ContentType, request: PageRequest) -> Page[Title]:
        """Return one page of what is in nobody's library, by title. Raises `PageError`."""
        if request.sort != "title":
            raise PageError(f"This list is sorted by title, not by {request.sort!r}.")
        query: Any = EntryTitle.select().where(
            (EntryTitle.content_type == content_type) & (EntryTitle.is_collected == False)  # noqa: E712 # SQL
        )
        order = EntryTitle.title.desc() if request.descending else EntryTitle.title.asc()
        rows = query.order_by(order, EntryTitle.id).limit(request.limit).offset(request.offset)
        return Page(tuple(_title(row) for row in rows), query.count())

    @reads
    def search(self, key: str, content_types: Sequence[ContentType]) -> tuple[Title, ...]:
        """Return the titles whose key holds a key, at most `MOST_FOUND`.

        Those that are it come first, then those that begin with it, then the others.
        """
        # Every title is looked at: this takes a third of the time of LIKE, which knows no case.
        find = pw.fn.INSTR if self.db.is_sqlite else pw.fn.STRPOS
        holds = find(EntryTitle.key, key)
        place = pw.Case(None, [(EntryTitle.key == key, 0), (EntryTitle.key.startswith(key), 1)], 2)
        rows = (
            EntryTitle.select()
            .where((holds > 0) & EntryTitle.content_type.in_(content_types))
            .order_by(place, EntryTitle.entries.desc(), EntryTitle.id)
            .limit(MOST_FOUND)
        )
        return tuple(_title(row) for row in rows)

    @reads
    def entries_of(self, titles: Sequence[Title], *, offset: int, limit: int) -> tuple[int, ...]:
        """Return the ids of a page of the entries of titles, title by title."""
        ids: list[int] = []
        for title in titles:
            if offset >= title.entries:
                offset -= title.entries
                continue
            ids += self._of(title, offset, limit - len(ids))
            offset = 0
            if len(ids) >= limit:
                break
        return tuple(ids)

    def _of(self, title: Title, offset: int, limit: int) -> list[int]:
        query: Any = (
            PlaylistItem.select(PlaylistItem.id)
            .join(Playlist)
            .where(
                (PlaylistItem.content_type == title.content_type)
                & (PlaylistItem.title == title.title)
                & (pw.fn.COALESCE(PlaylistItem.year, 0) == title.year)
                & _STAYS
            )
            .order_by(PlaylistItem.season, PlaylistItem.episode, PlaylistItem.id)
            .limit(limit)
            .offset(offset)
        )
        return [row[0] for row in query.tuples()]


_STAYS = (
    Playlist.is_enabled
    & (PlaylistItem.first_version <= Playlist.version)
    & (PlaylistItem.gone_version.is_null() | (PlaylistItem.gone_version > Playlist.version))
    & PlaylistItem.filtered_by.is_null()
)


def _in_stretch(model: Any, stretch: Stretch) -> Any:
    where = (model.content_type == stretch.content_type) & (model.title > stretch.after)
    return where if stretch.upto is None else where & (model.title <= stretch.upto)


def _title(row: EntryTitle) -> Title:
    return Title(
        content_type=ContentType(row.content_type),
        title=row.title,
        year=row.year,
        key=row.key,
        entries=row.entries,
        item_id=row.item_id,
        confidence=row.confidence,
        is_collected=row.is_collected,
    )

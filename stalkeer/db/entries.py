"""Playlist entries as people see them: one, a page of them, and what a person says of one.

A page of a million entries is fast because `db.tallies` knows beforehand how many rows each
filter leaves: so the total costs nothing, and whether to walk an order or to pick the rows of a
filter is known and not guessed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee as pw

from stalkeer.core.entries import Address, NewEntry
from stalkeer.core.ids import ids_of
from stalkeer.core.items import ContentType
from stalkeer.core.m3u import RawEntry
from stalkeer.core.overrides import Override, overridden
from stalkeer.core.states import EntryState
from stalkeer.core.titles import EntryKey as TitleKey
from stalkeer.core.titles import entry_keys, parse_name
from stalkeer.db.columns import item_columns, key_columns
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.listing import EntryFilter, Listing
from stalkeer.db.models import EntryKey, Playlist, PlaylistAddress, PlaylistItem
from stalkeer.db.pages import Page, PageRequest
from stalkeer.db.tallies import Tallies, cell_of

_READ = ("content_type", "title", "year", "season", "episode", "resolution")
"""The columns that hold what an entry was read as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """A playlist entry without its address: only the host of its provider and its place.

    `ordinal` is its place in the list. One that is not `is_current` has left its list and is kept
    for a while. `override` is what a person said, and when; the other fields hold what counts.
    """

    id: int
    playlist_id: int
    playlist: str
    provider: str
    ordinal: int
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
    override: Override
    override_by: str | None
    override_at: datetime | None
    is_current: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """What a filter looks at of an entry, and which one keeps it out now."""

    id: int
    playlist_id: int
    group_title: str
    tvg_name: str
    filtered_by: str | None


class Entries:
    """Reads and writes playlist entries."""

    def __init__(self, db: Database, tallies: Tallies) -> None:
        """Work on this database, with these counts."""
        self.db = db
        self._tallies = tallies
        self._listing = Listing(db)

    @reads
    def get(self, entry_id: int) -> EntryRow | None:
        """Return one entry, or None."""
        found = self._rows([entry_id])
        return found[0] if found else None

    @reads
    def many(self, entry_ids: Sequence[int]) -> tuple[EntryRow, ...]:
        """Return these entries, in this order; what is gone is left out."""
        return self._rows(entry_ids)

    @reads
    def page(self, wanted: EntryFilter, request: PageRequest) -> Page[EntryRow]:
        """Return one page of the current entries. Raises `PageError` for an unknown sort."""
        ids, total = self._listing.page(wanted, request)
        return Page(self._rows(ids), total)

    @reads
    def states(self) -> dict[str, int]:
        """Count the current entries by state."""
        return self._listing.states()

    @writes
    def override(self, entry_id: int, said: Override, *, by: str) -> tuple[TitleKey, ...]:
        """Write what a person says of an entry, whole: None in it lets the name count again.

        Its columns and its keys follow at once; the keys are returned. Raises `NoSuchRowError`.
        """
        row = PlaylistItem.get_or_none(PlaylistItem.id == entry_id)
        if row is None:
            raise NoSuchRowError(f"There is no playlist entry {entry_id}.")
        before, entry = cell_of(row), _read_again(row, said)
        columns = item_columns(entry)._asdict()
        now, is_said = self.db.now(), said != Override()
        PlaylistItem.update(
            **{name: columns[name] for name in _READ},
            keys=json.loads(columns["keys"]),
            override=said.to_json() if is_said else None,
            override_by=by if is_said else None,
            override_at=now if is_said else None,
            updated_at=now,
        ).where(PlaylistItem.id == entry_id).execute()
        EntryKey.delete().where((EntryKey.item == entry_id) & EntryKey.key.in_(row.keys)).execute()
        for key in key_columns(entry, entry_id):
            EntryKey.insert(**key._asdict()).execute()
        after = cell_of(PlaylistItem.get_by_id(entry_id))
        if before != after and self._listing.is_current(row):
            self._tallies.shift(row.playlist_id, before, after)
        return entry.keys

    @reads
    def to_judge(self, after_id: int, limit: int) -> tuple[Judged, ...]:
        """Return the next entries for filters, by id."""
        query: Any = (
            PlaylistItem.select(
                PlaylistItem.id,
                PlaylistItem.playlist,
                PlaylistItem.group_title,
                PlaylistItem.tvg_name,
                PlaylistItem.name,
                PlaylistItem.filtered_by,
            )
            .where(PlaylistItem.id > after_id)
            .order_by(PlaylistItem.id)
            .limit(limit)
        )
        return tuple(
            Judged(entry_id, playlist_id, group, tvg_name or name, filtered_by)
            for entry_id, playlist_id, group, tvg_name, name, filtered_by in query.tuples()
        )

    @writes
    def keep_out(self, by_filter: str | None, entry_ids: Sequence[int]) -> None:
        """Write which filter keeps entries out; None lets them in."""
        PlaylistItem.update(filtered_by=by_filter, updated_at=self.db.now()).where(
            PlaylistItem.id.in_(entry_ids)
        ).execute()

    def _rows(self, entry_ids: Sequence[int]) -> tuple[EntryRow, ...]:
        # Plain rows: five hundred entries as models take three times as long.
        query: Any = (
            PlaylistItem.select(*_COLUMNS)
            .join_from(PlaylistItem, Playlist)
            .join_from(PlaylistItem, PlaylistAddress, pw.JOIN.LEFT_OUTER)
            .where(PlaylistItem.id.in_(entry_ids))
        )
        found = {row["id"]: _entry(row) for row in query.dicts()}
        return tuple(found[entry_id] for entry_id in entry_ids if entry_id in found)


def _read_again(row: PlaylistItem, said: Override) -> NewEntry:
    """Read an entry from its row, without its address, of which only the kind counts here."""
    raw = RawEntry(
        index=row.ordinal,
        name=row.name,
        url="",
        group=row.group_title,
        tvg_name=row.tvg_name,
        tvg_id=row.tvg_id,
        tvg_type=row.tvg_type,
        logo=row.tvg_logo,
        tmdb_id=row.tmdb_id,
        imdb_id=row.imdb_id,
    )
    parsed = parse_name(
        row.name, group=row.group_title, url_kind=row.url_kind, tvg_type=row.tvg_type
    )
    parsed = overridden(parsed, said)
    ids = ids_of(tvg_id=row.tvg_id, tmdb_id=row.tmdb_id, imdb_id=row.imdb_id)
    keys = entry_keys(parsed, logo=row.tvg_logo, ids=ids)
    address = Address("", row.path)
    return NewEntry(row.identity, raw, address, row.url_kind, parsed, keys, row.content)


def _entry(row: dict[str, Any]) -> EntryRow:
    version, gone = row.pop("version"), row.pop("gone_version")
    is_there = row.pop("first_version") <= version and (gone is None or gone > version)
    row["is_current"] = row.pop("is_enabled") and is_there
    row["provider"] = row["provider"] or ""
    row["content_type"] = ContentType(row["content_type"])
    row["state"] = EntryState(row["state"])
    row["override"] = Override.from_json(row["override"])
    return EntryRow(**row)


_ELSEWHERE = ("playlist", "playlist_id", "provider", "is_current")
_COLUMNS = (
    *(getattr(PlaylistItem, name) for name in EntryRow.__slots__ if name not in _ELSEWHERE),
    PlaylistItem.playlist.alias("playlist_id"),
    PlaylistItem.first_version,
    PlaylistItem.gone_version,
    Playlist.name.alias("playlist"),
    Playlist.version,
    Playlist.is_enabled,
    PlaylistAddress.provider,
)

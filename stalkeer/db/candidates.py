"""Entries looked up: by the keys of wanted items, and one by one for a download."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, TypeVar

import peewee as pw

from stalkeer.core.entries import Address, key_digest
from stalkeer.core.items import ContentType, Wanted
from stalkeer.core.matching import Alias, Candidate, fits, lookup_keys
from stalkeer.core.overrides import Override
from stalkeer.core.titles import EntryKey as TitleKey
from stalkeer.db.connect import Database, reads
from stalkeer.db.models import EntryKey, Playlist, PlaylistAddress, PlaylistItem
from stalkeer.db.vault import Vault

T = TypeVar("T")

NO_ALIASES: Mapping[int, Iterable[Alias]] = {}
_KEYS_AT_ONCE = 500
IS_CURRENT = (
    Playlist.is_enabled
    & (PlaylistItem.first_version <= Playlist.version)
    & (PlaylistItem.gone_version.is_null() | (PlaylistItem.gone_version > Playlist.version))
)
"""What makes an entry one of its list as it is now, where both tables are joined."""
IS_CANDIDATE = IS_CURRENT & PlaylistItem.filtered_by.is_null()
"""The same, and no filter keeps it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a download needs of an entry. `url` is secret."""

    id: int
    playlist_id: int
    name: str
    url: str = field(repr=False)
    user_agent: str
    referrer: str
    resolution: str | None


class Lookups:
    """Finds entries."""

    def __init__(self, db: Database, vault: Vault) -> None:
        """Work on this database; the vault opens addresses."""
        self.db = db
        self.vault = vault

    @reads
    def entry(self, entry_id: int) -> Entry | None:
        """Return one entry, or None when its playlist no longer has it.

        Raises `VaultError` when its address cannot be opened.
        """
        row = (
            PlaylistItem.select(PlaylistItem, PlaylistAddress.secret)
            .join(PlaylistAddress)
            .where(PlaylistItem.id == entry_id)
            .first()
        )
        if row is None:
            return None
        prefix, suffix = json.loads(self.vault.open(row.address.secret))
        return Entry(
            id=row.id,
            playlist_id=row.playlist_id,
            name=row.name,
            url=Address(prefix, row.path, suffix).url,
            user_agent=row.user_agent,
            referrer=row.referrer,
            resolution=row.resolution,
        )

    @reads
    def candidate(self, entry_id: int) -> Candidate | None:
        """Return one entry as a candidate, current or not; None when its row is gone."""
        row = PlaylistItem.select(*_CANDIDATE).where(PlaylistItem.id == entry_id).first()
        return None if row is None else _candidate(row)

    @reads
    def candidates(self, wanted: Wanted, aliases: Iterable[Alias] = ()) -> tuple[Candidate, ...]:
        """Return the current entries that are listed under a key of a wanted item and may be it.

        `aliases` are the names that were taught for it.
        """
        rows = self._listed(wanted, aliases, PlaylistItem.filtered_by.is_null())
        return tuple(_candidate(row) for row in rows)

    @reads
    def kept_out(
        self, wanted: Wanted, aliases: Iterable[Alias] = ()
    ) -> tuple[tuple[Candidate, str], ...]:
        """Return those that would be candidates, each with the filter that keeps it out."""
        rows = self._listed(wanted, aliases, PlaylistItem.filtered_by.is_null(False))
        return tuple((_candidate(row), row.filtered_by or "") for row in rows)

    @reads
    def new_for(
        self,
        playlist_id: int,
        wanted: Mapping[int, Wanted],
        *,
        since_version: int,
        aliases: Mapping[int, Iterable[Alias]] = NO_ALIASES,
    ) -> tuple[int, ...]:
        """Return which wanted items an entry may be that came or changed after a version.

        `wanted` are items by any number, `aliases` the names that were taught for them, by the same
        numbers. A thousand of them cost a handful of statements.
        """
        asking: defaultdict[int, set[int]] = defaultdict(set)
        for number, item in wanted.items():
            for key in lookup_keys(item, aliases.get(number, ())):
                asking[key_digest(key)].add(number)
        found: dict[int, None] = {}
        for keys in _parts(list(asking), _KEYS_AT_ONCE):
            for row in self._new_keys(playlist_id, keys, since_version):
                listed = _title_key(row)
                for number in asking[row.key]:
                    if number not in found and fits(wanted[number], listed):
                        found[number] = None
        return tuple(number for number in wanted if number in found)

    def _listed(
        self, wanted: Wanted, aliases: Iterable[Alias], where: Any
    ) -> Iterable[PlaylistItem]:
        keys = [key_digest(key) for key in lookup_keys(wanted, aliases)]
        listed = EntryKey.select(EntryKey.item).where(EntryKey.key.in_(keys) & _may_fit(wanted))
        rows: Iterable[PlaylistItem] = (
            PlaylistItem.select(*_CANDIDATE)
            .join(Playlist)
            .where(PlaylistItem.id.in_(listed) & IS_CURRENT & where)
            .order_by(PlaylistItem.id)
        )
        return rows

    def _new_keys(self, playlist_id: int, keys: Sequence[int], version: int) -> Iterable[EntryKey]:
        # The sums keep SQLite from walking through all new entries for each of the keys: it is to
        # find the few entries of a key by their ids.
        is_new = (
            (PlaylistItem.playlist + 0 == playlist_id)
            & (PlaylistItem.first_version + 0 > version)
            & IS_CANDIDATE
        )
        found = (
            PlaylistItem.select(pw.SQL("1"))
            .join(Playlist)
            .where((PlaylistItem.id == EntryKey.item) & is_new)
        )
        rows: Iterable[EntryKey] = EntryKey.select().where(
            EntryKey.key.in_(keys) & pw.fn.EXISTS(found)
        )
        return rows


_CANDIDATE = (
    PlaylistItem.id,
    PlaylistItem.name,
    PlaylistItem.group_title,
    PlaylistItem.url_kind,
    PlaylistItem.tvg_type,
    PlaylistItem.tvg_id,
    PlaylistItem.tvg_logo,
    PlaylistItem.override,
    PlaylistItem.tmdb_id,
    PlaylistItem.imdb_id,
    PlaylistItem.duration_s,
    PlaylistItem.filtered_by,
)


def _may_fit(wanted: Wanted) -> Any:
    """Say in SQL what `core.matching.fits` says of a row: a show has thousands under its key."""
    if wanted.season is None or wanted.episode is None:
        return EntryKey.content_type == ContentType.MOVIE
    absolute = [wanted.episode, wanted.absolute_episode, wanted.scene_absolute]
    numbers = [
        (wanted.season, wanted.episode),
        (wanted.scene_season, wanted.scene_episode),
        (1, wanted.absolute_episode),
    ]
    by_number = [
        (EntryKey.season == season)
        & (pw.fn.COALESCE(EntryKey.episode_from, 0) <= number)
        & (pw.fn.COALESCE(EntryKey.episode_to, 0) >= number)
        for season, number in numbers
        if season is not None and number is not None
    ]
    by_absolute = EntryKey.absolute.in_([number for number in absolute if number is not None])
    fitting = EntryKey.air_date.is_null() & (
        by_absolute | (EntryKey.absolute.is_null() & reduce(or_, by_number))
    )
    if wanted.air_date is not None:
        fitting |= EntryKey.air_date == wanted.air_date
    return (EntryKey.content_type == ContentType.TVSHOW) & fitting


def _title_key(row: EntryKey) -> TitleKey:
    """Read a row of the index; the text of its key is not kept."""
    return TitleKey(
        key="",
        content_type=ContentType(row.content_type),
        year=row.year,
        season=row.season,
        episode_from=row.episode_from,
        episode_to=row.episode_to,
        absolute=row.absolute,
        air_date=row.air_date,
    )


def _candidate(row: PlaylistItem) -> Candidate:
    return Candidate(
        entry_id=row.id,
        name=row.name,
        group=row.group_title,
        url_kind=row.url_kind,
        tvg_type=row.tvg_type,
        tvg_id=row.tvg_id,
        logo=row.tvg_logo,
        order=row.id,
        override=None if row.override is None else Override.from_json(row.override),
        tmdb_id=row.tmdb_id,
        imdb_id=row.imdb_id,
        duration_s=row.duration_s,
    )


def _parts(many: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(many), size):
        yield many[start : start + size]

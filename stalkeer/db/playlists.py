"""Playlists and their entries: written in batches, found by key.

An import writes under the next version number; it becomes current when `Playlists.publish`
changes the one number in the playlist's row. Until then nobody sees it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stalkeer.core.entries import NewEntry
from stalkeer.core.items import ContentType, Wanted
from stalkeer.core.matching import Candidate, fits, lookup_keys
from stalkeer.core.titles import EntryKey as TitleKey
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import EntryKey, Playlist, PlaylistItem


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistRow:
    """A playlist. `version` 0 means that no import was ever finished. `location` is secret."""

    id: int
    name: str
    location: str
    version: int
    searched_version: int
    entry_count: int
    etag: str
    last_modified: str
    refreshed_at: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a download needs of an entry. `url` is secret."""

    id: int
    playlist_id: int
    name: str
    url: str
    user_agent: str
    referrer: str
    resolution: str | None


@dataclass(slots=True)
class BatchCounts:
    """How many entries of an import were new, changed and unchanged."""

    new: int = 0
    changed: int = 0
    same: int = 0


class Playlists:
    """Reads and writes playlists and entries."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @writes
    def configure(self, sources: Iterable[tuple[str, str]]) -> None:
        """Make the (name, location) pairs the playlists of the settings.

        One that stood there before and no longer does keeps its rows, unused.
        """
        Playlist.update(is_enabled=False).where(Playlist.is_configured).execute()
        for name, location in sources:
            self._keep(name, location, is_configured=True)

    @writes
    def add(self, name: str, location: str) -> int:
        """Make sure a playlist that a person gave exists and is in use, and return its id.

        A name that stands for another list gets a number behind it.
        """
        row = Playlist.get_or_none(Playlist.location == location)
        if row is None:
            name = self._free_name(name)
            self._keep(name, location, is_configured=False)
            row = Playlist.get(Playlist.name == name)
        elif not row.is_enabled:
            self._keep(row.name, location, is_configured=False)
        return int(row.id)

    @writes
    def drop_unread(self, playlist_id: int) -> None:
        """Remove a playlist that a person gave and that was never read: most often a typo."""
        Playlist.delete().where(
            (Playlist.id == playlist_id) & (Playlist.version == 0) & ~Playlist.is_configured
        ).execute()

    @reads
    def all(self) -> tuple[PlaylistRow, ...]:
        """Return the playlists in use."""
        rows = Playlist.select().where(Playlist.is_enabled).order_by(Playlist.id)
        return tuple(_playlist(row) for row in rows)

    @reads
    def get(self, playlist_id: int) -> PlaylistRow | None:
        """Return one playlist, or None."""
        row = Playlist.get_or_none(Playlist.id == playlist_id)
        return None if row is None else _playlist(row)

    @reads
    def entry(self, entry_id: int) -> Entry | None:
        """Return one entry, or None when its playlist no longer has it."""
        row = PlaylistItem.get_or_none(PlaylistItem.id == entry_id)
        if row is None:
            return None
        return Entry(
            id=row.id,
            playlist_id=row.playlist_id,
            name=row.name,
            url=row.url,
            user_agent=row.user_agent,
            referrer=row.referrer,
            resolution=row.resolution,
        )

    @reads
    def candidates(self, wanted: Wanted) -> tuple[Candidate, ...]:
        """Return the current entries that are listed under a key of a wanted item and may be it."""
        keys = EntryKey.select().where(EntryKey.key.in_(lookup_keys(wanted)))
        ids = {row.item_id for row in keys if fits(wanted, _key(row))}
        rows = (
            PlaylistItem.select()
            .join(Playlist)
            .where(PlaylistItem.id.in_(ids) & _IS_CURRENT)
            .order_by(PlaylistItem.id)
        )
        return tuple(_candidate(row) for row in rows)

    @writes
    def begin(self, playlist_id: int) -> int:
        """Start an import and return its version; what an interrupted one left is removed."""
        version = Playlist.get_by_id(playlist_id).version
        of_playlist = PlaylistItem.playlist == playlist_id
        PlaylistItem.delete().where(of_playlist & (PlaylistItem.first_version > version)).execute()
        # The next import gets the same number again: what only the last one saw is not in it.
        PlaylistItem.update(last_version=version).where(
            of_playlist & (PlaylistItem.last_version > version)
        ).execute()
        return int(version) + 1

    @writes
    def write(
        self, playlist_id: int, version: int, entries: Sequence[NewEntry], counts: BatchCounts
    ) -> None:
        """Write one batch of an import, changing only what differs."""
        known = self._known(playlist_id, {entry.identity for entry in entries})
        unchanged: list[int] = []
        # The last of two entries with one identity wins; both are the same link.
        for identity, entry in {entry.identity: entry for entry in entries}.items():
            values = _columns(entry)
            row = known.get(identity)
            if row is None:
                self._insert(playlist_id, version, entry, values)
                counts.new += 1
            elif row.last_version < version - 1:
                # It was gone, and comes back: new for whoever looked for it meanwhile.
                self._update(row.id, version, entry, values | {"first_version": version})
                counts.new += 1
            elif any(getattr(row, name) != value for name, value in values.items()):
                self._update(row.id, version, entry, values)
                counts.changed += 1
            else:
                unchanged.append(row.id)
        counts.same += len(unchanged)
        PlaylistItem.update(last_version=version).where(PlaylistItem.id.in_(unchanged)).execute()

    @writes
    def publish(
        self,
        playlist_id: int,
        version: int,
        *,
        entry_count: int,
        etag: str,
        last_modified: str,
        is_changed: bool = True,
    ) -> int:
        """Make an import the current one; return how many entries are gone with it.

        When nothing in it `is_changed` there is nothing to search for again either.
        """
        now = self.db.now()
        if not is_changed:
            Playlist.update(searched_version=version).where(
                (Playlist.id == playlist_id) & (Playlist.searched_version == version - 1)
            ).execute()
        Playlist.update(
            version=version,
            entry_count=entry_count,
            etag=etag,
            last_modified=last_modified,
            refreshed_at=now,
            last_error="",
            updated_at=now,
        ).where(Playlist.id == playlist_id).execute()
        return int(
            PlaylistItem.select()
            .where(
                (PlaylistItem.playlist == playlist_id) & (PlaylistItem.last_version == version - 1)
            )
            .count()
        )

    @writes
    def mark_searched(self, playlist_id: int, version: int) -> None:
        """Note that everything missing was searched for after this import."""
        Playlist.update(searched_version=version).where(Playlist.id == playlist_id).execute()

    @writes
    def note(self, playlist_id: int, *, error: str = "") -> None:
        """Note that a refresh changed nothing, or why it failed; the current version stays."""
        values: dict[str, Any] = {"last_error": error, "updated_at": self.db.now()}
        if not error:
            values["refreshed_at"] = self.db.now()
        Playlist.update(**values).where(Playlist.id == playlist_id).execute()

    def _keep(self, name: str, location: str, *, is_configured: bool) -> None:
        now = self.db.now()
        values = {
            "location": location,
            "is_configured": is_configured,
            "is_enabled": True,
            "updated_at": now,
        }
        # What was noted of the list at the old address says nothing about the one at the new.
        Playlist.update(etag="", last_modified="", entry_count=0).where(
            (Playlist.name == name) & (Playlist.location != location)
        ).execute()
        Playlist.insert(name=name, created_at=now, **values).on_conflict(
            conflict_target=(Playlist.name,), update=values
        ).execute()

    def _free_name(self, name: str) -> str:
        names = {row.name for row in Playlist.select(Playlist.name)}
        numbered = (f"{name}-{number}" for number in range(2, len(names) + 2))
        return name if name not in names else next(each for each in numbered if each not in names)

    def _known(self, playlist_id: int, identities: Collection[str]) -> dict[str, PlaylistItem]:
        rows = PlaylistItem.select().where(
            (PlaylistItem.playlist == playlist_id) & PlaylistItem.identity.in_(identities)
        )
        return {row.identity: row for row in rows}

    def _insert(
        self, playlist_id: int, version: int, entry: NewEntry, values: dict[str, Any]
    ) -> None:
        now = self.db.now()
        entry_id = PlaylistItem.insert(
            playlist=playlist_id,
            identity=entry.identity,
            first_version=version,
            last_version=version,
            created_at=now,
            updated_at=now,
            **values,
        ).execute()
        self._write_keys(int(entry_id), entry)

    def _update(self, entry_id: int, version: int, entry: NewEntry, values: dict[str, Any]) -> None:
        PlaylistItem.update(last_version=version, updated_at=self.db.now(), **values).where(
            PlaylistItem.id == entry_id
        ).execute()
        EntryKey.delete().where(EntryKey.item == entry_id).execute()
        self._write_keys(entry_id, entry)

    def _write_keys(self, entry_id: int, entry: NewEntry) -> None:
        rows = [
            {
                "item": entry_id,
                "key": key.key,
                "content_type": key.content_type,
                "year": key.year,
                "season": key.season,
                "episode_from": key.episode_from,
                "episode_to": key.episode_to,
                "absolute": key.absolute,
                "air_date": key.air_date,
            }
            for key in entry.keys
        ]
        if rows:
            EntryKey.insert_many(rows).execute()


_IS_CURRENT = (
    Playlist.is_enabled
    & (PlaylistItem.first_version <= Playlist.version)
    & (PlaylistItem.last_version >= Playlist.version)
)


def _columns(entry: NewEntry) -> dict[str, Any]:
    return {
        "ordinal": entry.raw.index,
        "name": entry.raw.name,
        "group_title": entry.raw.group,
        "tvg_name": entry.raw.tvg_name,
        "tvg_id": entry.raw.tvg_id,
        "tvg_logo": entry.raw.logo,
        "tvg_type": entry.raw.tvg_type,
        "url": entry.raw.url,
        "url_kind": entry.url_kind,
        "user_agent": entry.raw.user_agent or "",
        "referrer": entry.raw.referrer or "",
        "content_type": entry.parsed.content_type.value,
        "title": entry.parsed.title,
        "year": entry.parsed.year,
        "season": entry.parsed.season,
        "episode": entry.parsed.episodes[0] if entry.parsed.episodes else None,
        "resolution": entry.parsed.resolution,
    }


def _playlist(row: Playlist) -> PlaylistRow:
    return PlaylistRow(
        id=row.id,
        name=row.name,
        location=row.location,
        version=row.version,
        searched_version=row.searched_version,
        entry_count=row.entry_count,
        etag=row.etag,
        last_modified=row.last_modified,
        refreshed_at=row.refreshed_at,
        last_error=row.last_error,
    )


def _key(row: EntryKey) -> TitleKey:
    return TitleKey(
        key=row.key,
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
        content_type=None,
    )

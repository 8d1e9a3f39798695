"""Playlists as a person sets them up: added, changed, removed with all their entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import peewee as pw

from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.control import ConflictError, NoSuchRowError
from stalkeer.db.models import EntryKey, Playlist, PlaylistItem
from stalkeer.db.pages import Page, PageRequest, fetch_page
from stalkeer.db.playlists import PlaylistRow, Playlists

PINNED = ("name", "kind", "location", "username", "password", "is_enabled")
"""What of a playlist in the settings only the settings can change."""
_SEALED = ("location", "username", "password")
_FIELDS: dict[str, pw.Field[Any]] = {
    "id": Playlist.id,
    "name": Playlist.name,
    "kind": Playlist.kind,
    "is_enabled": Playlist.is_enabled,
    "is_configured": Playlist.is_configured,
    "refreshed_at": Playlist.refreshed_at,
    "updated_at": Playlist.updated_at,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistSpec:
    """What a person says of a playlist; None and "" are as the settings for all lists say."""

    name: str
    kind: str
    location: str = field(repr=False)
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    user_agent: str = ""
    refresh_s: int | None = None
    connection_limit: int | None = None
    bandwidth_limit: int | None = None
    is_enabled: bool = True


class Sources:
    """Writes what a person says of playlists."""

    def __init__(self, db: Database, playlists: Playlists) -> None:
        """Work on this database; `playlists` reads the rows and holds the vault."""
        self.db = db
        self._playlists = playlists

    @reads
    def page(self, request: PageRequest) -> Page[PlaylistRow]:
        """Return one page of the playlists, those too that are not in use."""
        query = Playlist.select().where(~_IS_LEAVING)
        return fetch_page(query, request, _FIELDS, self._playlists.read)

    @reads
    def get(self, playlist_id: int) -> PlaylistRow:
        """Return one playlist; raises `NoSuchRowError`, also for one that is being removed."""
        row = Playlist.get_or_none((Playlist.id == playlist_id) & ~_IS_LEAVING)
        if row is None:
            raise NoSuchRowError(f"There is no playlist {playlist_id}.")
        return self._playlists.read(row)

    @reads
    def find(self, location: str) -> PlaylistRow | None:
        """Return the playlist that has a location, or None."""
        mark = self._playlists.vault.mark(location)
        row = Playlist.get_or_none((Playlist.location_mark == mark) & ~_IS_LEAVING)
        return None if row is None else self._playlists.read(row)

    @writes
    def add(self, spec: PlaylistSpec) -> int:
        """Write a new playlist; raises `ConflictError` when its name or its list is there."""
        mark = self._playlists.vault.mark(spec.location)
        self._check_free(Playlist.name == spec.name, f"named {spec.name!r}")
        if not spec.username:
            self._check_free(Playlist.location_mark == mark, "of this location")
        now = self.db.now()
        values = self._sealed(asdict(spec)) | {"location_mark": mark}
        return int(Playlist.insert(**values, created_at=now, updated_at=now).execute())

    @writes
    def change(self, playlist_id: int, said: Mapping[str, Any]) -> None:
        """Write what is new of a playlist.

        Raises `NoSuchRowError`, and `ConflictError` when the settings hold it or its name is taken.
        """
        row = self.get(playlist_id)
        new = {name: value for name, value in said.items() if value != getattr(row, name)}
        pinned = [name for name in PINNED if name in new]
        if row.is_configured and pinned:
            raise ConflictError(
                f"{row.name} stands in the settings: {', '.join(pinned)} can only be changed there."
            )
        if "name" in new:
            self._check_free(Playlist.name == new["name"], f"named {new['name']!r}")
        values = self._sealed(new) | {"updated_at": self.db.now()}
        if {"location", "kind", "username"} & new.keys():
            # What was noted of the old list says nothing about the new one.
            values |= {"etag": "", "last_modified": "", "entry_count": 0}
        if "location" in new:
            values["location_mark"] = self._playlists.vault.mark(new["location"])
        Playlist.update(**values).where(Playlist.id == playlist_id).execute()

    @writes
    def leave(self, playlist_id: int) -> None:
        """Take a playlist out of use for good: nobody sees it any more, an import of it ends.

        Raises `NoSuchRowError`, and `ConflictError` when it stands in the settings.
        """
        row = self.get(playlist_id)
        if row.is_configured:
            raise ConflictError(
                f"{row.name} stands in the settings: take it out of STALKEER_M3U_URL, "
                f"STALKEER_M3U_FILE_PATH or STALKEER_XTREAM_URL instead."
            )
        Playlist.update(
            # Its name and its location are free for another one at once.
            name=f"{_LEAVING}{playlist_id}",
            location_mark="",
            is_enabled=False,
            import_token=None,
            updated_at=self.db.now(),
        ).where(Playlist.id == playlist_id).execute()

    @writes
    def remove_some(self, playlist_id: int, limit: int) -> int:
        """Remove so many entries of a playlist that leaves; return how many there were.

        What was downloaded from them stays in the history. With the last ones the playlist goes.
        """
        rows = list(
            PlaylistItem.select(PlaylistItem.id, PlaylistItem.keys)
            .where(PlaylistItem.playlist == playlist_id)
            .limit(limit)
        )
        for row in rows:
            EntryKey.delete().where(
                EntryKey.key.in_(row.keys) & (EntryKey.item == row.id)
            ).execute()
        PlaylistItem.delete().where(PlaylistItem.id.in_([row.id for row in rows])).execute()
        if not rows:
            Playlist.delete().where((Playlist.id == playlist_id) & _IS_LEAVING).execute()
        return len(rows)

    def _sealed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        sealed = {
            name: self._playlists.vault.seal(values[name]) for name in _SEALED if name in values
        }
        return dict(values) | sealed

    def _check_free(self, where: Any, what: str) -> None:
        row = Playlist.get_or_none(where & ~_IS_LEAVING)
        if row is not None:
            raise ConflictError(f"There is a playlist {what} already: {row.id}, {row.name}.")


# No list of a person can have this name: control characters are cleaned out of what is sent.
_LEAVING = "\x1fleaving "
_IS_LEAVING = Playlist.name.startswith(_LEAVING)

"""Playlists: where entries come from, and how far each list has been read.

What an import writes is in `importing`, what is looked up in `candidates`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stalkeer.db.candidates import Entry, Lookups
from stalkeer.db.connect import reads, writes
from stalkeer.db.models import Playlist, PlaylistAddress
from stalkeer.db.vault import SEALED, Vault

__all__ = ["Entry", "PlaylistRow", "Playlists", "address_mark"]

_SEALED_COLUMNS = ("location", "username", "password")
_SEALED_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistRow:
    """A playlist. `version` 0 means that no import was ever finished.

    `kind` is `m3u` or `xtream`. What is None or empty is as the settings for all lists say.
    `max_connections` and `expires_at` are what an account says of itself.
    """

    id: int
    name: str
    kind: str
    location: str = field(repr=False)
    username: str = field(repr=False)
    password: str = field(repr=False)
    user_agent: str
    refresh_s: int | None
    connection_limit: int | None
    bandwidth_limit: int | None
    max_connections: int | None
    expires_at: datetime | None
    is_configured: bool
    is_enabled: bool
    version: int
    searched_version: int
    entry_count: int
    etag: str
    last_modified: str
    refreshed_at: datetime | None
    last_error: str
    last_error_code: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAccount:
    """An account on an Xtream panel that the settings name."""

    name: str
    location: str
    username: str = field(repr=False)
    password: str = field(repr=False)


class Playlists(Lookups):
    """Reads and writes playlists, and looks up their entries."""

    @writes
    def configure(
        self, sources: Iterable[tuple[str, str]], accounts: Iterable[PanelAccount] = ()
    ) -> None:
        """Make the (name, location) pairs and the accounts the playlists of the settings.

        One that stood there before and no longer does keeps its rows, unused.
        """
        Playlist.update(is_enabled=False).where(Playlist.is_configured).execute()
        for name, location in sources:
            self._keep(name, location, is_configured=True)
        for account in accounts:
            self._keep(
                account.name,
                account.location,
                is_configured=True,
                kind="xtream",
                username=self.vault.seal(account.username),
                password=self.vault.seal(account.password),
            )

    @writes
    def add(self, name: str, location: str) -> int:
        """Make sure a playlist that a person gave exists and is in use, and return its id.

        A name that stands for another list gets a number behind it.
        """
        row = Playlist.get_or_none(Playlist.location_mark == self.vault.mark(location))
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
        return tuple(self.read(row) for row in rows)

    @reads
    def get(self, playlist_id: int) -> PlaylistRow | None:
        """Return one playlist, or None."""
        row = Playlist.get_or_none(Playlist.id == playlist_id)
        return None if row is None else self.read(row)

    @writes
    def mark_searched(self, playlist_id: int, version: int) -> None:
        """Note that everything missing was searched for after this import."""
        Playlist.update(searched_version=version).where(Playlist.id == playlist_id).execute()

    @writes
    def note(self, playlist_id: int, *, error: str = "", code: str = "") -> None:
        """Note that a refresh changed nothing, or why it failed; the current version stays."""
        now = self.db.now()
        values: dict[str, Any] = {"last_error": error, "last_error_code": code, "updated_at": now}
        if not error:
            values["refreshed_at"] = now
        Playlist.update(**values).where(Playlist.id == playlist_id).execute()

    @writes
    def note_account(
        self, playlist_id: int, *, max_connections: int | None, expires_at: datetime | None
    ) -> None:
        """Note what a panel says of its account."""
        Playlist.update(max_connections=max_connections, expires_at=expires_at).where(
            Playlist.id == playlist_id
        ).execute()

    def seal(self, *, anew: bool = False) -> int:
        """Seal what stands in the database in plain text; return how many rows that were.

        With `anew` what an older key sealed is sealed again too. SQLite keeps what was overwritten
        in free parts of its file, so the file is written anew. Raises `VaultError` when something
        cannot be opened.
        """
        sealed = sum(self._seal_playlist(row.id, anew=anew) for row in self._ids())
        last = 0
        while rows := self._addresses(after=last, anew=anew):
            self._seal_addresses(rows)
            sealed, last = sealed + len(rows), rows[-1].id
        if sealed and not anew:
            self.db.compact()
        return sealed

    def read(self, row: Playlist) -> PlaylistRow:
        """Read a row; raises `VaultError` when its secrets cannot be opened."""
        columns = {name: getattr(row, name) for name in PlaylistRow.__slots__}
        opened = {name: self.vault.open(columns[name]) for name in _SEALED_COLUMNS}
        return PlaylistRow(**columns | opened)

    @reads
    def _ids(self) -> list[Playlist]:
        return list(Playlist.select(Playlist.id))

    @writes
    def _seal_playlist(self, playlist_id: int, *, anew: bool) -> bool:
        row = Playlist.get_by_id(playlist_id)
        stored = {name: getattr(row, name) for name in _SEALED_COLUMNS}
        plain = {name: self.vault.open(text) for name, text in stored.items()}
        is_plain = any(text and text == stored[name] for name, text in plain.items())
        mark = self.vault.mark(plain["location"])
        if not (anew or (is_plain and self.vault.can_seal) or mark != row.location_mark):
            return False
        values = {name: self.vault.seal(text) for name, text in plain.items()}
        Playlist.update(**values, location_mark=mark).where(Playlist.id == row.id).execute()
        return True

    @reads
    def _addresses(self, *, after: int, anew: bool) -> list[PlaylistAddress]:
        if not self.vault.can_seal:
            return []
        rows = PlaylistAddress.select().where(PlaylistAddress.id > after)
        if not anew:
            rows = rows.where(~PlaylistAddress.secret.startswith(SEALED))
        return list(rows.order_by(PlaylistAddress.id).limit(_SEALED_AT_ONCE))

    @writes
    def _seal_addresses(self, rows: Iterable[PlaylistAddress]) -> None:
        for row in rows:
            plain = self.vault.open(row.secret)
            PlaylistAddress.update(
                secret=self.vault.seal(plain), mark=address_mark(self.vault, row.provider, plain)
            ).where(
                (PlaylistAddress.id == row.id) & (PlaylistAddress.secret == row.secret)
            ).execute()

    def _keep(
        self,
        name: str,
        location: str,
        *,
        is_configured: bool,
        kind: str = "m3u",
        **credentials: str,
    ) -> None:
        now, mark = self.db.now(), self.vault.mark(location)
        values = {
            "kind": kind,
            "location": self.vault.seal(location),
            "location_mark": mark,
            "is_configured": is_configured,
            "is_enabled": True,
            "updated_at": now,
            **credentials,
        }
        # What was noted of the list at the old address says nothing about the one at the new.
        Playlist.update(etag="", last_modified="", entry_count=0).where(
            (Playlist.name == name) & (Playlist.location_mark != mark)
        ).execute()
        Playlist.insert(name=name, created_at=now, **values).on_conflict(
            conflict_target=(Playlist.name,), update=values
        ).execute()

    def _free_name(self, name: str) -> str:
        names = {row.name for row in Playlist.select(Playlist.name)}
        numbered = (f"{name}-{number}" for number in range(2, len(names) + 2))
        return name if name not in names else next(each for each in numbered if each not in names)


def address_mark(vault: Vault, provider: str, secret: str) -> int:
    """Give the number by which an address is found again: a signed one of 64 bits."""
    value = int(vault.mark(f"{provider}\0{secret}")[:16], 16)
    return value - (1 << 64) if value >> 63 else value

"""What an import writes: new entries under the next version, then the one number that shows them.

Every write is one short transaction that first makes sure that the import still is the one its
playlist knows of: a process that was stopped, and wakes when another has taken over, writes
nothing. Nobody sees new entries, and nobody misses the ones that left, until `publish`.
"""

# ruff: noqa: S608 # no part of these statements comes from outside
from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeVar

import peewee as pw

from stalkeer.core.states import ACTIVE_DOWNLOAD_STATUSES, EntryState, MatchState
from stalkeer.db.bulk import Bulk
from stalkeer.db.columns import ItemColumns, KeyColumns, NewAddress
from stalkeer.db.connect import Database, UnfitStateError, reads
from stalkeer.db.models import (
    DownloadInfo,
    Match,
    Playlist,
    PlaylistAddress,
)
from stalkeer.db.playlists import address_mark
from stalkeer.db.vault import Vault

T = TypeVar("T")

_KNOWN_AT_ONCE = 20_000
_KEPT_MATCHES = (MatchState.CONFIRMED, MatchState.REJECTED)


class ImportLostError(UnfitStateError):
    """Another import of the same playlist has begun: this one must write nothing more."""

    code: ClassVar[str] = "import_lost"


@dataclass(frozen=True, slots=True)
class Importing:
    """An import on its way; `version` is the one it makes."""

    playlist_id: int
    version: int
    token: str


class KnownItem(NamedTuple):
    """What a refresh has to know of an entry that is there."""

    id: int
    identity: int
    content: int
    address_id: int
    first_version: int
    gone_version: int | None
    content_type: str
    filtered_by: str | None


class Stored(NamedTuple):
    """What is written of an entry, with the JSON text of what a person said of it."""

    id: int
    override: str | None
    columns: ItemColumns


class Changed(NamedTuple):
    """A known entry that is to be written anew, with the override it was read with."""

    id: int
    columns: ItemColumns
    keys: Sequence[KeyColumns]
    override: str | None


_ITEM = ("id", "created_at", "updated_at", "playlist_id", "first_version", "state")
_ITEM_COLUMNS = (*_ITEM, *ItemColumns._fields)
_ADDRESS_COLUMNS = ("id", "playlist_id", "provider", "secret", "mark")


class Imports:
    """Writes what an import found. `held_s` is how long the last write kept others from writing."""

    def __init__(
        self, db: Database, vault: Vault, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Work on this database; the vault seals addresses."""
        self.db = db
        self.vault = vault
        self.held_s = 0.0
        self._bulk = Bulk(db)
        self._clock = clock

    def begin(self, playlist_id: int, token: str) -> Importing:
        """Start an import; one of the same playlist that still runs can write no more."""

        def start() -> int:
            Playlist.update(import_token=token).where(Playlist.id == playlist_id).execute()
            return int(Playlist.get_by_id(playlist_id).version)

        return Importing(playlist_id, self.db.write(start) + 1, token)

    def known(self, playlist_id: int) -> Iterator[KnownItem]:
        """Yield all entries of a playlist, those too that are gone or not yet to be seen."""
        last: tuple[int, int] = (-1, 0)
        while rows := self._known(playlist_id, last):
            yield from rows
            last = (rows[-1].first_version, rows[-1].id)

    @reads
    def _known(self, playlist_id: int, after: tuple[int, int]) -> list[KnownItem]:
        cursor = self.db.execute(
            self._bulk.sql(
                "SELECT id, identity, content, address_id, first_version, gone_version, "
                "content_type, filtered_by FROM playlist_item "
                "WHERE playlist_id = ? AND (first_version, id) > (?, ?) "
                "ORDER BY playlist_id, first_version, id LIMIT ?"
            ),
            (playlist_id, *after, _KNOWN_AT_ONCE),
        )
        return list(map(KnownItem._make, cursor.fetchall()))

    @reads
    def addresses(self, playlist_id: int) -> list[tuple[int, int]]:
        """Return the (id, mark) pairs of a playlist's addresses, in the order of their ids."""
        rows = (
            PlaylistAddress.select(PlaylistAddress.id, PlaylistAddress.mark)
            .where(PlaylistAddress.playlist == playlist_id)
            .order_by(PlaylistAddress.id)
        )
        return [(row.id, row.mark) for row in rows]

    def mark(self, address: NewAddress) -> int:
        """Give the number under which an address is found again."""
        return address_mark(self.vault, *address)

    def add_addresses(self, task: Importing, addresses: Sequence[NewAddress]) -> list[int]:
        """Write addresses and return their ids."""
        # Sealed before the transaction begins: nobody has to wait for that.
        rows = [
            (
                task.playlist_id,
                address.provider[:255],
                self.vault.seal(address.secret),
                self.mark(address),
            )
            for address in addresses
        ]
        return self._write(
            task,
            lambda: self._insert_addresses(rows),
            lambda ids: self._holds("playlist_address", task, ids),
        )

    def _insert_addresses(self, rows: Sequence[tuple[int, str, str, int]]) -> list[int]:
        ids = self._bulk.new_ids("playlist_address", len(rows))
        values = [(row_id, *row) for row_id, row in zip(ids, rows, strict=True)]
        self._bulk.put("playlist_address", _ADDRESS_COLUMNS, values)
        return ids

    def rewrite_addresses(self, task: Importing, new: Mapping[int, NewAddress]) -> None:
        """Give addresses, by id, another secret: all their entries have moved there."""
        self._write(task, lambda: self._rewrite(new))

    def _rewrite(self, new: Mapping[int, NewAddress]) -> None:
        for address_id, address in new.items():
            PlaylistAddress.update(
                provider=address.provider[:255],
                secret=self.vault.seal(address.secret),
                mark=self.mark(address),
            ).where(PlaylistAddress.id == address_id).execute()

    def drop_addresses(self, task: Importing, ids: Collection[int]) -> None:
        """Remove addresses that no entry has."""
        self._write(task, lambda: self._bulk.on("DELETE FROM playlist_address", ids))

    def insert(self, task: Importing, rows: Sequence[ItemColumns]) -> list[int]:
        """Write new entries, invisible until `publish`, and return their ids."""
        return self._write(
            task,
            lambda: self._insert(task, rows),
            lambda ids: self._holds("playlist_item", task, ids),
        )

    def _insert(self, task: Importing, rows: Sequence[ItemColumns]) -> list[int]:
        ids, now = self._bulk.new_ids("playlist_item", len(rows)), self._bulk.now()
        same = (now, now, task.playlist_id, task.version, EntryState.PROCESSED.value)
        values = [(item_id, *same, *row) for item_id, row in zip(ids, rows, strict=True)]
        self._bulk.put("playlist_item", _ITEM_COLUMNS, values)
        return ids

    def insert_keys(self, task: Importing, rows: Sequence[KeyColumns]) -> None:
        """Write keys of new entries. Cheapest in the order of the keys."""
        self._write(task, lambda: self._put_keys(rows))

    def _put_keys(self, rows: Sequence[KeyColumns]) -> None:
        # A key that is there already was left by an import that was interrupted.
        self._bulk.put("entry_key", KeyColumns._fields, rows, over=KeyColumns._fields[:2])

    def mark_gone(self, task: Importing, ids: Collection[int]) -> None:
        """Mark entries that the next version does not have."""
        self._write(
            task,
            lambda: self._bulk.on("UPDATE playlist_item SET gone_version = ?", ids, task.version),
        )

    def unmark_gone(self, task: Importing, ids: Collection[int]) -> None:
        """Take back the marks that an interrupted import set."""
        self._write(
            task, lambda: self._bulk.on("UPDATE playlist_item SET gone_version = NULL", ids)
        )

    def publish(
        self,
        task: Importing,
        *,
        entry_count: int,
        is_changed: bool,
        moved: Mapping[int, NewAddress],
    ) -> None:
        """Make the import the current one, with the addresses that moved as a whole.

        When nothing in it `is_changed` there is nothing to search for again either.
        """

        def show() -> None:
            now = self.db.now()
            values: dict[str, Any] = {"version": task.version, "entry_count": entry_count}
            values |= {"refreshed_at": now, "last_error": "", "last_error_code": ""}
            # What the server says of this list is noted when all of it is written.
            values |= {"etag": "", "last_modified": "", "updated_at": now}
            if not is_changed:
                was_searched = Playlist.searched_version == task.version - 1
                searched = pw.Case(None, [(was_searched, task.version)], Playlist.searched_version)
                values["searched_version"] = searched
            Playlist.update(**values).where(Playlist.id == task.playlist_id).execute()
            self._rewrite(moved)

        self._write(task, show)

    def revive(self, task: Importing, ids: Collection[int]) -> None:
        """Bring back entries that were gone: new for whoever looked meanwhile."""
        set_version = "UPDATE playlist_item SET gone_version = NULL, first_version = ?"
        self._write(task, lambda: self._bulk.on(set_version, ids, task.version))

    def move(self, task: Importing, ids: Collection[int], address_id: int) -> None:
        """Give entries another address."""
        set_address = "UPDATE playlist_item SET address_id = ?"
        self._write(task, lambda: self._bulk.on(set_address, ids, address_id))

    @reads
    def stored(self, ids: Collection[int]) -> list[Stored]:
        """Return what is written of these entries."""
        names = ", ".join(ItemColumns._fields)
        statement = f"SELECT id, override, {names} FROM playlist_item"
        rows = self._bulk.on(statement, ids).fetchall()
        return [Stored(row[0], row[1], ItemColumns._make(row[2:])) for row in rows]

    def note_contents(self, task: Importing, rows: Sequence[tuple[int, int]]) -> None:
        """Note by which bytes entries are known that are otherwise as they were.

        A row is a digest and the id of an entry.
        """
        statement = "UPDATE playlist_item SET content = ? WHERE id = ?"
        self._write(task, lambda: self._bulk.many(statement, rows))

    def change(self, task: Importing, rows: Sequence[Changed]) -> None:
        """Write known entries anew, new for whoever looked meanwhile.

        One whose override has changed since it was read stays as it is until the next refresh.
        """
        self._write(task, lambda: self._change(task, rows))

    def _change(self, task: Importing, rows: Sequence[Changed]) -> None:
        now = self._bulk.now()
        ids = [row.id for row in rows]
        said = dict(self._bulk.on("SELECT id, override FROM playlist_item", ids).fetchall())
        same = [row for row in rows if row.id in said and said[row.id] == row.override]
        self._drop_keys([row.id for row in same])
        values = [(*row.columns, task.version, now, row.id) for row in same]
        names = (*ItemColumns._fields, "first_version", "updated_at")
        sets = ", ".join(f"{name} = ?" for name in names)
        self._bulk.many(
            f"UPDATE playlist_item SET {sets}, gone_version = NULL WHERE id = ?", values
        )
        self._put_keys([key for row in same for key in row.keys])

    def remove(self, task: Importing, ids: Collection[int]) -> None:
        """Remove entries with their keys.

        One that a person said something of stays, and so does one that a download is for.
        """
        self._write(task, lambda: self._remove(ids))

    def _remove(self, ids: Collection[int]) -> None:
        said = self._bulk.on("SELECT id FROM playlist_item", ids, also="AND override IS NOT NULL")
        spared = {row[0] for row in said.fetchall()} | self._in_use(ids)
        doomed = [item_id for item_id in ids if item_id not in spared]
        self._drop_keys(doomed)
        self._bulk.on("DELETE FROM playlist_item", doomed)

    def _in_use(self, ids: Collection[int]) -> set[int | None]:
        judged = Match.select(Match.entry).where(
            Match.entry.in_(list(ids)) & Match.state.in_(_KEPT_MATCHES)
        )
        fetched = DownloadInfo.select(DownloadInfo.playlist_item).where(
            DownloadInfo.playlist_item.in_(list(ids))
            & DownloadInfo.status.in_(ACTIVE_DOWNLOAD_STATUSES)
        )
        return {row.playlist_item_id for query in (judged, fetched) for row in query}

    def finish(self, task: Importing, *, etag: str, last_modified: str) -> None:
        """Note what the server says of a list that is stored whole, and let go of the playlist."""

        def note() -> None:
            Playlist.update(etag=etag, last_modified=last_modified, import_token=None).where(
                Playlist.id == task.playlist_id
            ).execute()

        self._write(task, note)

    @reads
    def analyze(self) -> None:
        """Tell PostgreSQL what is in the tables now: it would find out minutes later.

        Until then it would look for an entry as if the tables were as small as they were.
        """
        if not self.db.is_sqlite:
            self.db.execute("ANALYZE playlist_item, entry_key")

    @reads
    def checkpoint(self) -> None:
        """Carry what was written over into SQLite's file, as far as no reader needs the old."""
        if self.db.is_sqlite:
            self.db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _holds(self, table: str, task: Importing, ids: Collection[int]) -> bool:
        """Say whether these rows of an import are there."""
        of_list = f"AND playlist_id = {task.playlist_id}"
        found = self._bulk.on(f"SELECT COUNT(*) FROM {table}", ids, also=of_list)
        return bool(found.fetchone()[0] == len(ids))

    def _write(
        self, task: Importing, work: Callable[[], T], is_done: Callable[[T], bool] | None = None
    ) -> T:
        """Run one transaction of an import; raises `ImportLostError` when it is no longer ours."""
        started_at = 0.0

        def unit() -> T:
            nonlocal started_at
            started_at = self._clock()
            self._check(task)
            return work()

        result = self.db.write(unit, is_done)
        self.held_s = self._clock() - started_at
        return result

    def _check(self, task: Importing) -> None:
        statement = "SELECT import_token FROM playlist WHERE id = ?"
        if not self.db.is_sqlite:
            # Shared, so that nobody can begin another import until this transaction has ended. What
            # a power cut takes of an import the next one makes good: no commit waits for the disk.
            unhurried = "set_config('synchronous_commit', 'off', true)"
            statement = f"SELECT import_token, {unhurried} FROM playlist WHERE id = %s FOR SHARE"
        row = self.db.execute(statement, (task.playlist_id,)).fetchone()
        if row is None or row[0] != task.token:
            raise ImportLostError(
                f"Another import of playlist {task.playlist_id} has begun, or it is gone: this "
                f"one ends here."
            )

    def _drop_keys(self, ids: Collection[int]) -> None:
        """Remove the keys of entries, which are found by what the entry says of them."""
        rows = self._bulk.on("SELECT id, keys FROM playlist_item", ids).fetchall()
        pairs = [(key, item_id) for item_id, keys in rows for key in json.loads(keys)]
        self._bulk.many("DELETE FROM entry_key WHERE key = ? AND item_id = ?", pairs)

"""Takes a list into the database: what is new is written, what is as it was costs nothing.

It runs in a process of its own, see `jobs.child`. Until the new version is published nobody sees
anything of it; what changed on known entries is written after that, and at last what the server
said of the list, so that the next refresh makes good what a kill left undone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from stalkeer.core.filters import FilterRule
from stalkeer.core.m3u import read_lines
from stalkeer.db.columns import item_columns
from stalkeer.db.importing import Imports, KnownItem
from stalkeer.db.pace import Pace
from stalkeer.errors import StalkeerError
from stalkeer.jobs.addresses import Addresses
from stalkeer.jobs.reading import Phase, Summary
from stalkeer.jobs.settling import Desk, settle
from stalkeer.jobs.sieve import EXPIRED, GONE, MARKED, NEW, Fresh, Sieve
from stalkeer.jobs.spool import KeySpool
from stalkeer.playlist.errors import PlaylistEmptyError, PlaylistTooLargeError

MOST_ENTRIES = 5_000_000
"""More than twice the longest list anybody has seen."""
KEPT_VERSIONS = 3
"""An entry that left the list is removed when so many more refreshes went without it."""
_LOOK_EVERY = 200


class PlaylistShrunkError(StalkeerError):
    """The list has less than half of its entries of last time: probably it is broken."""

    code: ClassVar[str] = "playlist_shrunk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What is to be taken in, and how.

    `entry_count` is that of the last good import. `limit` takes only so many entries (0: all);
    `force` parses what did not change too, and takes a list that has shrunk. `base` is the
    address of the list, if it has one. A transaction has at most `batch_size` rows (0: as many as
    it has time for).
    """

    name: str
    playlist_id: int
    token: str
    entry_count: int = 0
    base: str = ""
    filters: tuple[FilterRule, ...] = ()
    limit: int = 0
    force: bool = False
    batch_size: int = 0


def take_in(
    imports: Imports,
    order: Intake,
    chunks: Iterable[bytes],
    *,
    tell: Callable[[Summary], None],
    wait: Callable[[float], object],
    etag: str = "",
    last_modified: str = "",
    total_bytes: int | None = None,
    read_bytes: Callable[[], int] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Import a list and make it the current version of its playlist.

    `tell` is called now and then with the figures so far and may raise to stop. `wait` is called
    with the seconds of the pauses between writes. `total_bytes` counts as sent, and so does
    `read_bytes`, which is asked how many came; without it the chunks are counted. Raises a
    `PlaylistError`, `PlaylistShrunkError` or `ImportLostError`; what was written by then is taken
    back.
    """
    summary, started_at = Summary(total_bytes=total_bytes), clock()

    def told() -> None:
        summary.seconds = clock() - started_at
        summary.kinds = sieve.counted()
        tell(summary)

    with ExitStack() as files:
        task = imports.begin(order.playlist_id, order.token)
        addresses = Addresses(imports, order.playlist_id, files)
        sieve = _sieve(order, addresses, summary, files)
        pace = Pace(imports, wait, most=order.batch_size or None)
        keys = KeySpool(files)
        desk = Desk(imports, task, summary, told, pace, addresses, sieve, keys)
        _Reading(desk, order, read_bytes).run(chunks)
        told()
        # Of a list that was not read to its end the server must not say that it has not changed.
        said = ("", "") if order.limit else (etag, last_modified)
        imports.finish(task, etag=said[0], last_modified=said[1])
    summary.seconds = clock() - started_at
    return summary


def _sieve(order: Intake, addresses: Addresses, summary: Summary, files: ExitStack) -> Sieve:
    return Sieve(
        addresses,
        summary,
        order.filters,
        playlist_id=order.playlist_id,
        force=order.force,
        files=files,
    )


class _Reading:
    """One import on its way, as far as its list is read; the rest is `settle`."""

    def __init__(
        self, desk: Desk, order: Intake, read_bytes: Callable[[], int] | None = None
    ) -> None:
        self._desk = desk
        self._order = order
        self._read_bytes = read_bytes

    def run(self, chunks: Iterable[bytes]) -> None:
        """Read the list and write what is new; then show it, and all that follows."""
        self._load()
        try:
            self._read(chunks)
            self._check()
        except StalkeerError:
            self._desk.write("remove", self._desk.ids(NEW, NEW), self._desk.imports.remove)
            raise
        self._desk.summary.phase = Phase.WRITING
        settle(self._desk)

    def _load(self) -> None:
        desk, unfinished = self._desk, []
        for row in desk.imports.known(desk.task.playlist_id):
            if row.first_version >= desk.task.version:
                unfinished.append(row.id)
            else:
                desk.sieve.learn(row, _flags(row, desk.task.version))
        desk.write("remove", unfinished, desk.imports.remove)

    def _read(self, chunks: Iterable[bytes]) -> None:
        summary, take = self._desk.summary, self._desk.sieve.take
        entries = read_lines(self._counted(chunks), counts=summary.read, base=self._order.base)
        for lines in islice(entries, self._order.limit or None):
            take(lines)
            summary.entries += 1
            if summary.entries % _LOOK_EVERY == 0:
                self._look_around()
        self._flush()
        self._desk.told()

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        summary = self._desk.summary
        for chunk in chunks:
            summary.done_bytes += len(chunk)
            if self._read_bytes is not None:
                # What is unpacked has nothing to do with how much is still to come.
                summary.done_bytes = self._read_bytes()
            yield chunk

    def _look_around(self) -> None:
        desk = self._desk
        if desk.summary.entries > MOST_ENTRIES:
            raise PlaylistTooLargeError(
                f"{self._order.name} has more than {MOST_ENTRIES} entries: that is no list."
            )
        if len(desk.sieve.fresh) >= desk.pace.size("insert"):
            self._flush()
        desk.told()

    def _check(self) -> None:
        order, entries = self._order, self._desk.summary.entries
        if order.force:
            return
        if not entries:
            raise PlaylistEmptyError(
                f"{order.name} has no entries. The list we have stays; run "
                f"`stalkeer process --force` if that is right."
            )
        if not order.limit and entries < order.entry_count / 2:
            raise PlaylistShrunkError(
                f"{order.name} has {entries} entries, last time it had {order.entry_count}. The "
                f"old list stays; run `stalkeer process --force` if the new one is right."
            )

    def _flush(self) -> None:
        """Write the new entries that were read so far."""
        sieve = self._desk.sieve
        fresh, sieve.fresh = sieve.fresh, []
        self._desk.add_addresses(one.address for one in fresh)
        self._desk.write_batches("insert", fresh, self._insert)

    def _insert(self, fresh: Sequence[Fresh]) -> None:
        desk = self._desk
        rows = [
            item_columns(
                one.entry,
                address_id=desk.addresses.id(one.address),
                filtered_by=one.filtered_by,
                digests=one.keys,
            )
            for one in fresh
        ]
        ids = desk.imports.insert(desk.task, rows)
        for one, entry_id in zip(fresh, ids, strict=True):
            desk.sieve.known.ids[one.place] = entry_id
            desk.keys.add(entry_id, one.keys)


def _flags(row: KnownItem, version: int) -> int:
    """Say what the version that is being made has to know of an entry."""
    if row.gone_version is None:
        return 0
    if row.gone_version >= version:
        return MARKED
    return GONE | (EXPIRED if version - row.gone_version >= KEPT_VERSIONS else 0)

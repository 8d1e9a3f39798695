"""What follows when a list was read to its end: it is shown, and what changed in it is written."""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from stalkeer.core.entries import read_entry
from stalkeer.core.known import NONE, Known, majorities
from stalkeer.core.m3u import Lines, entry_of
from stalkeer.core.overrides import Override
from stalkeer.db.columns import ItemColumns, NewAddress, item_columns, key_columns
from stalkeer.db.importing import Changed, Importing, Imports, Stored
from stalkeer.db.pace import Pace
from stalkeer.jobs.addresses import Addresses
from stalkeer.jobs.reading import Summary
from stalkeer.jobs.sieve import EXPIRED, FILTERED, GONE, KIND, KIND_NUMBERS, MARKED, SEEN, Sieve
from stalkeer.jobs.spool import KeySpool

T = TypeVar("T")

_READ_AT_ONCE = 200
_MOVED_AT_ONCE = 10_000
_MANY = 1000
"""So many rows change what a database has to know of its tables."""
_WITH_PUBLISH = 20
"""So many addresses change with the version; a list with one for each entry has too many."""


@dataclass(frozen=True, slots=True)
class Desk:
    """All that one import works with."""

    imports: Imports
    task: Importing
    summary: Summary
    told: Callable[[], None]
    pace: Pace
    addresses: Addresses
    sieve: Sieve
    keys: KeySpool

    def write_batches(
        self, kind: str, rows: Sequence[T], write: Callable[[Sequence[T]], object]
    ) -> None:
        """Write rows in batches, telling of each."""
        for _ in self.pace.write(kind, rows, write):
            self.summary.longest_write_s = self.pace.longest_s
            self.told()

    def write(
        self, kind: str, rows: Sequence[T], verb: Callable[[Importing, Sequence[T]], object]
    ) -> None:
        """Let a verb of the import write rows in batches."""
        self.write_batches(kind, rows, partial(verb, self.task))

    def ids(self, mask: int, flags: int) -> array[int]:
        """Give the ids of the entries with these flags, as far as the mask goes."""
        known = self.sieve.known
        return array("q", (known.ids[place] for place in known.places(mask, flags)))

    def add_addresses(self, numbers: Iterable[int]) -> None:
        """Write those addresses that are not in the database."""
        missing = [each for each in dict.fromkeys(numbers) if self.addresses.id(each) == NONE]
        self.write_batches("address", missing, self._insert_addresses)

    def _insert_addresses(self, numbers: Sequence[int]) -> None:
        new = [self.addresses.address(number) for number in numbers]
        for number, row_id in zip(numbers, self.imports.add_addresses(self.task, new), strict=True):
            self.addresses.written(number, row_id)


def settle(desk: Desk) -> None:
    """Make what was read the current version, and write all that differs from the last one."""
    for rows in desk.keys.parts():
        desk.write("key", rows, desk.imports.insert_keys)
    _mark_gone(desk)
    if desk.summary.new + desk.summary.gone > _MANY:
        desk.imports.analyze()
    leading = _leading(desk)
    _publish(desk, leading)
    desk.write("revive", desk.ids(GONE | SEEN, GONE | SEEN), desk.imports.revive)
    _write_changes(desk)
    _move_entries(desk, leading)
    desk.write("remove", desk.ids(EXPIRED | SEEN, EXPIRED), desk.imports.remove)
    desk.write("drop", desk.addresses.unused(), desk.imports.drop_addresses)


def _mark_gone(desk: Desk) -> None:
    """Mark what the list no longer has; take back what an interrupted import marked."""
    desk.summary.gone = sum(1 for _ in desk.sieve.known.places(GONE | SEEN, 0))
    desk.write("mark", desk.ids(GONE | SEEN | MARKED, 0), desk.imports.mark_gone)
    desk.write("mark", desk.ids(SEEN | MARKED, SEEN | MARKED), desk.imports.unmark_gone)


def _leading(desk: Desk) -> Sequence[int]:
    """Say for each address where most of its entries are now.

    A new token is a new address for every entry of the list; in the one row of the address it
    costs one write, and only entries that went elsewhere are written themselves.
    """
    known = desk.sieve.known
    return majorities(
        (known.addresses[place] for place in _placed(known)),
        (_address_now(known, place) for place in _placed(known)),
        count=len(desk.addresses),
    )


def _placed(known: Known) -> Iterator[int]:
    return (place for place in known.places(SEEN, SEEN) if known.addresses[place] != NONE)


def _address_now(known: Known, place: int) -> int:
    moved = known.moved[place]
    return known.addresses[place] if moved == NONE else moved


def _publish(desk: Desk, leading: Sequence[int]) -> None:
    rows = [
        (row_id, leading[number])
        for row_id, number in desk.addresses.rows()
        if leading[number] != number
    ]
    desk.addresses.rewritten(rows)
    together = rows if len(rows) <= _WITH_PUBLISH else []
    desk.imports.publish(
        desk.task,
        entry_count=desk.summary.entries,
        is_changed=bool(desk.summary.new or desk.sieve.changed),
        moved=_secrets(desk, together),
    )
    if not together:
        desk.write_batches("rewrite", rows, partial(_rewrite, desk))


def _rewrite(desk: Desk, rows: Sequence[tuple[int, int]]) -> None:
    desk.imports.rewrite_addresses(desk.task, _secrets(desk, rows))


def _secrets(desk: Desk, rows: Iterable[tuple[int, int]]) -> dict[int, NewAddress]:
    return {row_id: desk.addresses.address(number) for row_id, number in rows}


def _move_entries(desk: Desk, leading: Sequence[int]) -> None:
    """Give the entries that did not go where most went their own address."""
    known = desk.sieve.known
    places = (
        place
        for place in known.places(SEEN, SEEN)
        if known.addresses[place] == NONE
        or leading[known.addresses[place]] != _address_now(known, place)
    )
    while some := list(islice(places, _MOVED_AT_ONCE)):
        by_number: defaultdict[int, list[int]] = defaultdict(list)
        for place in some:
            by_number[_address_now(known, place)].append(known.ids[place])
        desk.add_addresses(by_number)
        for number, ids in by_number.items():
            move = partial(desk.imports.move, address_id=desk.addresses.id(number))
            desk.write("move", ids, move)


def _write_changes(desk: Desk) -> None:
    """Write what is new of known entries; what is the same after all is left alone."""
    changed = iter(desk.sieve.changed)
    while batch := list(islice(changed, _READ_AT_ONCE)):
        by_id = {desk.sieve.known.ids[place]: (place, lines) for place, lines in batch}
        contents: list[tuple[int, int]] = []
        different: list[Changed] = []
        for stored in desk.imports.stored(list(by_id)):
            place, lines = by_id[stored.id]
            news = _news(desk, stored, lines)
            _count(desk, place, news.columns)
            if news.columns._replace(content=stored.columns.content) != stored.columns:
                desk.summary.changed += not desk.sieve.known.flags[place] & GONE
                different.append(news)
            elif news.columns.content != stored.columns.content:
                contents.append((news.columns.content, stored.id))
        desk.write("content", contents, desk.imports.note_contents)
        desk.write("change", different, desk.imports.change)


def _news(desk: Desk, stored: Stored, lines: Lines) -> Changed:
    """Read a known entry anew; what a person said of it still counts."""
    said = None if stored.override is None else Override.from_json(json.loads(stored.override))
    raw = entry_of(lines)
    entry = read_entry(raw, content=desk.sieve.content_of(lines), override=said)
    columns = item_columns(
        entry, address_id=stored.columns.address_id, filtered_by=desk.sieve.keeps_out(raw)
    )
    # The place of an entry is where the list had it first: otherwise one new entry at its top
    # would change all others.
    columns = columns._replace(ordinal=stored.columns.ordinal)
    return Changed(stored.id, columns, key_columns(entry, stored.id), stored.override)


def _count(desk: Desk, place: int, columns: ItemColumns) -> None:
    """Correct the figures, which went by what the entry was."""
    flags, summary = desk.sieve.known.flags[place], desk.summary
    desk.sieve.kinds[flags & KIND] -= 1
    desk.sieve.kinds[KIND_NUMBERS[columns.content_type]] += 1
    summary.filtered += (columns.filtered_by is not None) - bool(flags & FILTERED)

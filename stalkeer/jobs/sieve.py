"""Tells the entries of a list that are new from those that are known, changed, or as they were.

An entry is known by the bytes the list has for it, else by its identity: most of a list is as it
was, and that much is not even parsed.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass

from stalkeer.core.entries import NewEntry, content_of, identity, read_entry
from stalkeer.core.filters import FilterRule, FilterSet
from stalkeer.core.items import ContentType
from stalkeer.core.known import NONE, Known
from stalkeer.core.m3u import Lines, RawEntry, entry_of
from stalkeer.core.titles import EntryKey
from stalkeer.db.columns import by_digest
from stalkeer.db.importing import KnownItem
from stalkeer.jobs.addresses import Addresses
from stalkeer.jobs.reading import Summary
from stalkeer.jobs.spool import Spool

KIND = 0b11
FILTERED, GONE, MARKED, SEEN, EXPIRED, NEW = 4, 8, 16, 32, 64, 128
KINDS = tuple(ContentType)
KIND_NUMBERS = {kind.value: number for number, kind in enumerate(KINDS)}


@dataclass(slots=True)
class Fresh:
    """An entry to be written: its place among the known ones, and the number of its address."""

    entry: NewEntry
    keys: dict[int, EntryKey]
    place: int
    address: int
    filtered_by: str | None


class Sieve:
    """Holds what is known of a list and puts each of its lines to the entry it is of.

    With `force` what did not change counts as changed as well.
    """

    def __init__(
        self,
        addresses: Addresses,
        summary: Summary,
        rules: tuple[FilterRule, ...],
        *,
        playlist_id: int,
        force: bool,
        files: ExitStack,
    ) -> None:
        """Start with nothing known."""
        self.known = Known()
        # Counted a million times, and looked at a few hundred.
        self.kinds = [0] * len(KINDS)
        self.fresh: list[Fresh] = []
        self.changed: Spool[tuple[int, Lines]] = Spool(files)
        self._addresses = addresses
        self._summary = summary
        self._filters = FilterSet.compile(rules)
        self._playlist_id = playlist_id
        self._force = force
        self._expected = 0

    def learn(self, row: KnownItem, flags: int) -> None:
        """Remember an entry of the database."""
        kind = KIND_NUMBERS[row.content_type]
        self.known.add(
            entry_id=row.id,
            identity=row.identity,
            content=row.content,
            address=self._addresses.of_row(row.address_id),
            flags=flags | kind | (FILTERED if row.filtered_by else 0),
        )

    def take(self, lines: Lines) -> None:
        """Put what the list says of one address where it belongs."""
        number, path = self._addresses.split(lines.address.strip())
        content = content_of(lines, path)
        place = NONE if self._force else self._place(content)
        if place == NONE:
            self._look_closer(lines, number, path, content)
        elif self._see(place, number):
            self._expected = place + 1

    def counted(self) -> Counter[ContentType]:
        """Say how many entries of each kind there are."""
        return Counter(
            {kind: count for kind, count in zip(KINDS, self.kinds, strict=True) if count}
        )

    def content_of(self, lines: Lines) -> int:
        """Give the digest by which an entry that did not change is known."""
        return content_of(lines, self._addresses.split(lines.address.strip())[1])

    def keeps_out(self, raw: RawEntry) -> str | None:
        """Name the filter that keeps an entry out."""
        if not self._filters:
            return None
        return self._filters.keeps_out(
            group=raw.group, tvg_name=raw.tvg_name or raw.name, playlist_id=self._playlist_id
        )

    def _place(self, content: int) -> int:
        contents = self.known.contents
        # Most lists keep their order, and then this is it.
        if self._expected < len(contents) and contents[self._expected] == content:
            return self._expected
        return contents.find(content)

    def _see(self, place: int, number: int) -> bool:
        """Note that the list still has an entry; False when it has it twice."""
        known, flags = self.known, self.known.flags[place]
        self.kinds[flags & KIND] += 1
        if flags & SEEN:
            return False
        known.flags[place] = flags | SEEN
        if known.addresses[place] != number:
            known.moved[place] = number
        if flags & FILTERED:
            self._summary.filtered += 1
        if flags & GONE:
            self._summary.new += 1
        return True

    def _look_closer(self, lines: Lines, number: int, path: str, content: int) -> None:
        raw = entry_of(lines)
        who = identity(raw.name, path)
        place = self.known.identities.find(who)
        if place == NONE:
            self._add(raw, number, content)
        elif self._see(place, number):
            self.changed.append((place, lines))

    def _add(self, raw: RawEntry, number: int, content: int) -> None:
        entry = read_entry(raw, content=content)
        filtered_by = self.keeps_out(raw)
        kind = KIND_NUMBERS[entry.parsed.content_type.value]
        place = self.known.add(
            entry_id=0,
            identity=entry.identity,
            content=content,
            address=number,
            flags=NEW | kind,
        )
        self._see(place, number)
        if filtered_by is not None:
            self.known.flags[place] |= FILTERED
            self._summary.filtered += 1
        self._summary.new += 1
        self.fresh.append(Fresh(entry, by_digest(entry), place, number, filtered_by))

"""What an import remembers of the entries it knows: a few bytes for each, however many there are.

A list has two million entries, and the objects Python would make of them fill a small machine.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

NONE = -1
UNKNOWN = 0
"""A digest that stands for none and is found nowhere."""
_SMALLEST = 16


class Digests:
    """Numbers of 64 bits, each at its place, and found by value in constant time."""

    def __init__(self) -> None:
        """Start with none."""
        self._values = array("q")
        self._table = array("i", [NONE]) * _SMALLEST
        self._mask = _SMALLEST - 1

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, place: int) -> int:
        return self._values[place]

    def find(self, value: int) -> int:
        """Give the place of a value, or `NONE`."""
        table, values, mask = self._table, self._values, self._mask
        at = value & mask
        while (place := table[at]) != NONE:
            if values[place] == value:
                return place
            at = (at + 1) & mask
        return NONE

    def add(self, value: int) -> int:
        """Put a value at the next place and return that; of two equal ones the first is found."""
        place = len(self._values)
        self._values.append(value)
        # A third of it stays empty, so that whoever looks is soon done.
        if 3 * place >= 2 * self._mask:
            self._grow()
        elif value != UNKNOWN:
            self._enter(value, place)
        return place

    def _grow(self) -> None:
        self._mask = 2 * (self._mask + 1) - 1
        self._table = array("i", [NONE]) * (self._mask + 1)
        for place, value in enumerate(self._values):
            if value != UNKNOWN:
                self._enter(value, place)

    def _enter(self, value: int, place: int) -> None:
        table, mask = self._table, self._mask
        at = value & mask
        while table[at] != NONE:
            at = (at + 1) & mask
        table[at] = place


class Known:
    """Entries by place: those a list had, and those that came. `flags` are of the caller.

    `addresses` are numbers of addresses; `moved` holds the new one of an entry that has another.
    """

    def __init__(self) -> None:
        """Start with none."""
        self.ids = array("q")
        self.identities = Digests()
        self.contents = Digests()
        self.addresses = array("i")
        self.moved = array("i")
        self.flags = bytearray()

    def add(self, *, entry_id: int, identity: int, content: int, address: int, flags: int) -> int:
        """Remember an entry and return its place."""
        self.ids.append(entry_id)
        self.addresses.append(address)
        self.moved.append(NONE)
        self.flags.append(flags)
        self.contents.add(content)
        return self.identities.add(identity)

    def places(self, mask: int, flags: int) -> Iterator[int]:
        """Give the places of the entries whose flags, as far as the mask goes, are these."""
        return (place for place, each in enumerate(self.flags) if each & mask == flags)


def majorities(before: Iterable[int], after: Iterable[int], *, count: int) -> array[int]:
    """Say for each of `count` numbers which number most of it became.

    `before` and `after` are pairs of an entry's old and new number. A number that came to be
    nothing in particular has any of them (Boyer and Moore's vote), one that nobody had itself.
    """
    leading, votes = array("i", range(count)), array("i", [0]) * count
    for old, new in zip(before, after, strict=True):
        if votes[old] == 0:
            leading[old], votes[old] = new, 1
        elif leading[old] == new:
            votes[old] += 1
        else:
            votes[old] -= 1
    return leading

"""The addresses of a list while it is imported: each by a number, whatever secrets are in it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import ExitStack

from stalkeer.core.entries import split_address
from stalkeer.core.known import NONE, Digests
from stalkeer.db.columns import NewAddress, new_address
from stalkeer.db.importing import Imports
from stalkeer.jobs.spool import Spool

_REMEMBERED = 10_000


class Addresses:
    """Numbers addresses; two that lead to the same place have one number.

    A list has a handful, or one for each entry where its provider wants it so.
    """

    def __init__(self, imports: Imports, playlist_id: int, files: ExitStack) -> None:
        """Start with those of the database."""
        self._imports = imports
        self._marks = Digests()
        self._row_ids = array("q")
        self._numbers_of_rows = array("i")
        self._ids = array("q")
        self._places = array("q")
        self._met: Spool[NewAddress] = Spool(files)
        self._heads: dict[tuple[bytes, bool], tuple[int, str]] = {}
        self._pairs: dict[tuple[str, str], int] = {}
        for row_id, mark in imports.addresses(playlist_id):
            self._row_ids.append(row_id)
            self._numbers_of_rows.append(self._number(mark, row_id))
        self._used = bytearray(len(self._row_ids))

    def __len__(self) -> int:
        return len(self._marks)

    def of_row(self, row_id: int) -> int:
        """Give the number of the address of an entry; `NONE` when it is not there."""
        at = bisect_left(self._row_ids, row_id)
        is_there = at < len(self._row_ids) and self._row_ids[at] == row_id
        if not is_there:
            return NONE
        self._used[at] = 1
        return self._numbers_of_rows[at]

    def rows(self) -> Iterable[tuple[int, int]]:
        """Give the (id, number) pairs of the addresses that were in the database."""
        return zip(self._row_ids, self._numbers_of_rows, strict=True)

    def split(self, address: bytes) -> tuple[int, str]:
        """Give the number of an address as it stands in the list, and the path behind it."""
        head, _, tail = address.rpartition(b"/")
        key = (head, tail.partition(b".")[0].isdigit())
        known = self._heads.get(key)
        # A query, or options, may hold a slash or be a part of the address: not for the short way.
        is_plain = b"?" not in address and b"#" not in address and b"|" not in address
        if known is not None and is_plain:
            try:
                return known[0], known[1] + tail.decode()
            except UnicodeDecodeError:
                return self._split(address)
        number, path = self._split(address)
        name = tail.decode(errors="replace")
        if is_plain and path.endswith(name):
            self._remember(key, (number, path.removesuffix(name)))
        return number, path

    def address(self, number: int) -> NewAddress:
        """Give an address that stands in the list."""
        return self._met.at(self._places[number])

    def id(self, number: int) -> int:
        """Give the id of an address in the database; `NONE` when it is still to be written."""
        return self._ids[number]

    def written(self, number: int, row_id: int) -> None:
        """Note the row in which an address now is."""
        self._ids[number] = row_id

    def rewritten(self, rows: Iterable[tuple[int, int]]) -> None:
        """Note the (id, number) pairs of rows that will hold another address."""
        new = dict(rows)
        for row_id, number in self.rows():
            if row_id in new and self._ids[number] == row_id:
                self._ids[number] = NONE
        for row_id, number in new.items():
            self._ids[number] = row_id

    def unused(self) -> list[int]:
        """Give the rows that no entry had, and that none has now."""
        return [
            row_id
            for at, (row_id, number) in enumerate(self.rows())
            if not self._used[at] and self._places[number] == NONE
        ]

    def _split(self, address: bytes) -> tuple[int, str]:
        url = _text(address).partition("|")[0].strip()
        parts = split_address(url)
        pair = (parts.prefix, parts.suffix)
        number = self._pairs.get(pair, NONE)
        if number == NONE:
            new = new_address(parts, url)
            number = self._number(self._imports.mark(new), NONE)
            if self._places[number] == NONE:
                self._places[number] = self._met.append(new)
            if len(self._pairs) >= _REMEMBERED:
                self._pairs.clear()
            self._pairs[pair] = number
        return number, parts.path

    def _remember(self, key: tuple[bytes, bool], value: tuple[int, str]) -> None:
        if len(self._heads) >= _REMEMBERED:
            self._heads.clear()
        self._heads[key] = value

    def _number(self, mark: int, row_id: int) -> int:
        number = self._marks.find(mark)
        if number == NONE:
            number = self._marks.add(mark)
            self._ids.append(row_id)
            self._places.append(NONE)
        return number


def _text(address: bytes) -> str:
    try:
        return address.decode()
    except UnicodeDecodeError:
        return address.decode("cp1252", "replace")

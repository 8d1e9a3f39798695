"""What an import has to keep until its list is read, in files without a name: memory has an end."""

from __future__ import annotations

import pickle
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from typing import IO, Generic, TypeVar

from stalkeer.core.items import ContentType
from stalkeer.core.titles import EntryKey
from stalkeer.db.columns import KeyColumns

T = TypeVar("T")

_PARTS = 64
_PART_SHIFT = 58  # above it, a signed number of 64 bits has as many values as there are parts
_KEY = struct.Struct("<qqb6i")
_NONE = -1
_KINDS = tuple(kind.value for kind in ContentType)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_BUFFER_BYTES = 1 << 16


class Spool(Generic[T]):
    """Values in the order in which they came."""

    def __init__(self, files: ExitStack) -> None:
        """Keep them in a file that is gone when `files` are closed."""
        self._file = _new_file(files)
        self._end = 0

    def append(self, value: T) -> int:
        """Keep a value; return where it is."""
        at = self._end
        self._file.seek(at)
        self._end += self._file.write(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
        return at

    def __bool__(self) -> bool:
        return self._end > 0

    def at(self, place: int) -> T:
        """Give the value that was kept there."""
        self._file.seek(place)
        value: T = pickle.load(self._file)  # noqa: S301 # nobody else has the file
        return value

    def __iter__(self) -> Iterator[T]:
        at = 0
        while at < self._end:
            yield self.at(at)
            at = self._file.tell()


class KeySpool:
    """Rows of the index, given back in the order of their keys."""

    def __init__(self, files: ExitStack) -> None:
        """Keep them in files that are gone when `files` are closed."""
        self._parts = [_new_file(files) for _ in range(_PARTS)]

    def add(self, item_id: int, keys: Mapping[int, EntryKey]) -> None:
        """Keep the keys of an entry, by their digests."""
        for digest, key in keys.items():
            day = key.air_date and key.air_date.toordinal()
            numbers = (key.year, key.season, key.episode_from, key.episode_to, key.absolute, day)
            packed = _KEY.pack(
                digest,
                item_id,
                _NUMBERS[key.content_type.value],
                *[_NONE if number is None else number for number in numbers],
            )
            self._parts[(digest >> _PART_SHIFT) + _PARTS // 2].write(packed)

    def parts(self) -> Iterator[list[KeyColumns]]:
        """Give all rows, sorted, a part at a time."""
        for part in self._parts:
            part.seek(0)
            rows = sorted(_KEY.iter_unpack(part.read()))
            if rows:
                yield [_key(*row) for row in rows]


def _key(key: int, item_id: int, kind: int, *numbers: int) -> KeyColumns:
    known = (None if number == _NONE else number for number in numbers)
    year, season, first, last, absolute, day = known
    air_date = None if day is None else date.fromordinal(day).isoformat()
    return KeyColumns(key, item_id, _KINDS[kind], year, season, first, last, absolute, air_date)


def _new_file(files: ExitStack) -> IO[bytes]:
    return files.enter_context(tempfile.TemporaryFile(prefix="stalkeer-", buffering=_BUFFER_BYTES))

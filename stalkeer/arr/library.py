"""A whole library, kept in memory for hours: reading it takes an arr many seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_AGE_S = 6 * 3600.0
# With more new items than this, one reading of the library is cheaper than asking for each.
MANY_UNKNOWN = 20


class LibraryCache(Generic[T]):
    """What `load` answered, by id, until it is old or forgotten. Safe to share between threads.

    Two threads that find it empty make one request. What was forgotten while it was being read is
    read again for whoever asks next.
    """

    def __init__(
        self, load: Callable[[], Mapping[int, T]], *, monotonic: Callable[[], float]
    ) -> None:
        self._load = load
        self._monotonic = monotonic
        self._lock = Lock()
        self._items: Mapping[int, T] | None = None
        self._read_at = 0.0
        self._is_forgotten = False

    def items(self) -> Mapping[int, T]:
        """Give the library, reading it only when needed."""
        with self._lock:
            is_old = self._monotonic() - self._read_at >= MAX_AGE_S
            if self._items is None or self._is_forgotten or is_old:
                # Taken back before the reading: a change during it must not be lost.
                self._is_forgotten = False
                self._items = None
                self._read_at = self._monotonic()
                self._items = self._load()
            return self._items

    def known(self, ids: AbstractSet[int], read_one: Callable[[int], T | None]) -> dict[int, T]:
        """Look these up, asking for what came after the library was read; the gone are left out."""
        library = self.items()
        if len(ids - library.keys()) > MANY_UNKNOWN:
            self.forget()
            library = self.items()
        found = {item_id: library[item_id] for item_id in ids & library.keys()}
        for item_id in sorted(ids - library.keys()):
            item = read_one(item_id)
            if item is not None:
                found[item_id] = item
        return found

    def age_s(self) -> float | None:
        """Say how old it is; None when there is nothing to be old."""
        if self._items is None or self._is_forgotten:
            return None
        return self._monotonic() - self._read_at

    def forget(self) -> None:
        """Have it read again for whoever asks next; never waits for a reading under way."""
        self._is_forgotten = True

"""Writes much in small transactions, so that whoever has little to write gets his turn.

SQLite has one writer at a time: a transaction that lasts makes a webhook wait. Each lasts a few
milliseconds, and is followed by a pause as long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from stalkeer.db.importing import Imports

T = TypeVar("T")
R = TypeVar("R")

TARGET_S = 0.010
"""What a transaction is meant to take: twice as much is the limit, and machines are shared."""
_FIRST, _LEAST, _MOST = 20, 5, 5_000
_REMEMBERED = 4
"""The dearest of so many batches says how long the next one may take, not a lucky one."""
_WRITES_A_CHECKPOINT = 8


class Pace:
    """Cuts work into batches whose size follows the time they take, by kind of work."""

    def __init__(
        self, imports: Imports, wait: Callable[[float], object], *, most: int | None = None
    ) -> None:
        """`wait` is called with the seconds of each pause; `most` rows go into a transaction."""
        self._most = most or _MOST
        self.longest_s = 0.0
        self._imports = imports
        self._wait = wait
        self._sizes: dict[str, int] = {}
        self._costs: dict[str, deque[float]] = {}
        self._writes = 0

    def size(self, kind: str) -> int:
        """Say how many rows of this kind the next batch should have."""
        return min(self._most, self._sizes.get(kind, _FIRST))

    def write(self, kind: str, rows: Sequence[T], write: Callable[[Sequence[T]], R]) -> list[R]:
        """Write rows in batches; return what each call answered."""
        answers = []
        at = 0
        while at < len(rows):
            part = rows[at : at + self.size(kind)]
            answers.append(write(part))
            self._after(kind, len(part))
            at += len(part)
        return answers

    def _after(self, kind: str, count: int) -> None:
        held_s = self._imports.held_s
        self.longest_s = max(self.longest_s, held_s)
        self._adapt(kind, count, held_s)
        self._writes += 1
        if self._imports.db.is_sqlite:
            self._wait(held_s)
            if self._writes % _WRITES_A_CHECKPOINT == 0:
                self._imports.checkpoint()

    def _adapt(self, kind: str, count: int, held_s: float) -> None:
        size = self.size(kind)
        costs = self._costs.setdefault(kind, deque(maxlen=_REMEMBERED))
        costs.append(max(held_s, 1e-6) / count)
        fitting = int(TARGET_S / max(costs))
        if fitting < size:
            # What is written once and never so dearly again may not make all others tiny.
            self._sizes[kind] = max(_LEAST, fitting, size // 2)
        elif count >= size:
            self._sizes[kind] = min(self._most, fitting, 2 * size)

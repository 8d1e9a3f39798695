"""Reads a playlist into entries and counts what is in it. Knows no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from stalkeer.core.entries import NewEntry, read_entry
from stalkeer.core.items import ContentType
from stalkeer.core.m3u import ReadCounts, read_entries


class Phase(StrEnum):
    """What an import is at."""

    READING = "reading"
    """The list is read, and its new entries are written."""
    WRITING = "writing"
    """The list was read to its end, and what follows from it is written."""


@dataclass(slots=True)
class Summary:
    """What one reading of a playlist met; `new`, `changed`, `gone` and so on when it was stored.

    `done_bytes` of `total_bytes` were read, as far as the source says how many there are; both
    count as they were sent. `doing` says in words what is done while no entries come.
    `longest_write_s` is how long others had to wait for the database.
    """

    read: ReadCounts = field(default_factory=ReadCounts)
    kinds: Counter[ContentType] = field(default_factory=Counter)
    entries: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    filtered: int = 0
    seconds: float = 0.0
    phase: Phase = Phase.READING
    doing: str = ""
    done_bytes: int = 0
    total_bytes: int | None = None
    longest_write_s: float = 0.0

    @property
    def is_changed(self) -> bool:
        """Whether the list holds anything else than before."""
        return bool(self.new or self.changed or self.gone)

    @property
    def rate_bytes_s(self) -> float | None:
        """How many bytes came in a second; None before it can be told."""
        return self.done_bytes / self.seconds if self.seconds > 1 else None

    @property
    def left_s(self) -> float | None:
        """How many seconds the rest of the list will take; None when nobody knows."""
        rate = self.rate_bytes_s
        if not rate or self.total_bytes is None or self.phase is not Phase.READING:
            return None
        return max(0, self.total_bytes - self.done_bytes) / rate

    def words(self) -> str:
        """Say how far it is, in a sentence for people."""
        if self.doing and not self.entries:
            return self.doing
        kinds = ", ".join(f"{count} {kind.value}s" for kind, count in self.kinds.items() if count)
        said = [f"{self.phase}: {self.entries} entries ({kinds})", f"{self.new} new"]
        if self.rate_bytes_s is not None:
            said.append(f"{self.rate_bytes_s / 1e6:.1f} MB/s")
        if self.left_s is not None:
            said.append(f"about {self.left_s:.0f} s left")
        return ", ".join(said)

    def skipped(self) -> dict[str, int]:
        """Say how many entries there are, and of each reason for one less how often it was met."""
        read = self.read
        return {
            "entries": self.entries,
            "filtered": self.filtered,
            "lines_too_long": read.too_long,
            "without_address": read.without_address,
            "unusable_address": read.relative,
        }

    def counts(self) -> dict[str, Any]:
        """Give all figures by the names the user sees."""
        return {
            "lines": self.read.lines,
            "entries": self.entries,
            "new": self.new,
            "changed": self.changed,
            "gone": self.gone,
            "filtered": self.filtered,
            "errors": self.read.too_long + self.read.without_address + self.read.relative,
            "movies": self.kinds[ContentType.MOVIE],
            "tvshows": self.kinds[ContentType.TVSHOW],
            "channels": self.kinds[ContentType.CHANNEL],
            "uncategorized": self.kinds[ContentType.UNCATEGORIZED],
            "seconds": round(self.seconds, 2),
        }


def classified(chunks: Iterable[bytes], summary: Summary, *, limit: int = 0) -> Iterator[NewEntry]:
    """Yield the entries of a list, at most `limit` (0: all), counting them as they go."""
    for raw in islice(read_entries(chunks, counts=summary.read), limit or None):
        entry = read_entry(raw)
        summary.entries += 1
        summary.kinds[entry.parsed.content_type] += 1
        yield entry

"""Reads a playlist into entries and counts what is in it. Knows no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from stalkeer.core.entries import NewEntry, read_entry
from stalkeer.core.items import ContentType
from stalkeer.core.m3u import ReadCounts, read_entries


@dataclass(slots=True)
class Summary:
    """What one reading of a playlist met; `new`, `changed` and `gone` only when it was stored."""

    read: ReadCounts = field(default_factory=ReadCounts)
    kinds: Counter[ContentType] = field(default_factory=Counter)
    new: int = 0
    changed: int = 0
    gone: int = 0
    seconds: float = 0.0

    @property
    def entries(self) -> int:
        """How many entries were taken."""
        return self.kinds.total()

    def counts(self) -> dict[str, Any]:
        """Give all figures by the names the user sees."""
        return {
            "lines": self.read.lines,
            "entries": self.entries,
            "new": self.new,
            "changed": self.changed,
            "gone": self.gone,
            "filtered": 0,
            "errors": self.read.too_long + self.read.without_address,
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
        summary.kinds[entry.parsed.content_type] += 1
        yield entry

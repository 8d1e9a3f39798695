"""Reads a list and reports what is in it, without writing anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stalkeer.core.filters import FilterRule, FilterSet
from stalkeer.jobs.reading import Summary, classified
from stalkeer.jobs.sources import open_playlist
from stalkeer.playlist.terms import OpenSource, Source, SourceRules

TELL_EVERY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What to read. `playlist_id` 0 is a list nobody has stored: only filters for all concern it.

    `limit` takes only so many entries (0: all).
    """

    source: Source
    filters: Iterable[FilterRule] = ()
    playlist_id: int = 0
    limit: int = 0


def dry_run(
    task: DryRun,
    rules: SourceRules,
    *,
    tell: Callable[[Summary], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Count what is in a list; `tell` is called now and then and may raise to stop.

    Raises a `PlaylistError`, or `AddressRefusedError`.
    """
    filters, summary, started_at = FilterSet.compile(task.filters), Summary(), clock()
    with open_playlist(task.source, rules) as opened:
        # Nothing was asked for on condition, so it is never "not modified".
        assert isinstance(opened, OpenSource)  # noqa: S101
        for entry in classified(opened, summary, limit=task.limit):
            raw = entry.raw
            summary.filtered += bool(filters) and bool(
                filters.keeps_out(
                    group=raw.group,
                    tvg_name=raw.tvg_name or raw.name,
                    playlist_id=task.playlist_id,
                )
            )
            if summary.entries % TELL_EVERY == 0:
                summary.seconds = clock() - started_at
                tell(summary)
    summary.seconds = clock() - started_at
    return summary

"""Asks a panel for the episodes of its series, one request each: politely, in limited time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from stalkeer.core.keys import title_key
from stalkeer.core.titles import parse_name
from stalkeer.log import get_logger
from stalkeer.playlist.details import Details
from stalkeer.playlist.errors import PlaylistBusyError, PlaylistError
from stalkeer.playlist.panel import Series, read_episodes
from stalkeer.playlist.terms import Watch

log = get_logger(__name__)

MAX_FAILURES = 10
"""After so many failed answers in a row the panel is left alone until the next opening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a panel is asked, and for how long.

    `first_budget_s` counts while nothing is known of any series: the films shall not wait long.
    The rest is what differs in tests: `now` is in seconds since 1970.
    """

    requests_s: float = 4.0
    budget_s: float = 600.0
    first_budget_s: float = 60.0
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    wait: Callable[[float], object] = field(default_factory=lambda: Event().wait)


def in_order(series: Iterable[Series], wanted: frozenset[str]) -> list[Series]:
    """Put those first whose title has one of the wanted keys."""
    if not wanted:
        return list(series)
    return sorted(series, key=lambda each: wanted.isdisjoint(_keys(each)))


def read_details(
    series: list[Series],
    details: Details,
    ask: Callable[[Series], Any],
    *,
    pace: Pace,
    watch: Watch,
) -> int:
    """Ask for series one after another and keep the answers; return how many are left.

    One that cannot be read costs itself only; a panel that is asked too much is left alone at
    once. `watch` is told how far it is, and may raise.
    """
    budget_s = pace.first_budget_s if details.is_empty() else pace.budget_s
    end = pace.clock() + budget_s
    failures = 0
    for place, each in enumerate(series):
        asked_at = pace.clock()
        if asked_at >= end or failures >= MAX_FAILURES:
            return _left(len(series) - place)
        watch(f"series {place + 1} of {len(series)}")
        try:
            failures = 0 if _read_one(each, details, ask, now=pace.now()) else failures + 1
        except PlaylistBusyError:
            return _left(len(series) - place)
        pace.wait(max(1 / pace.requests_s - (pace.clock() - asked_at), 0.0))
    return 0


def _left(count: int) -> int:
    log.info("series are left for the next refresh", series=count)
    return count


def _read_one(
    series: Series, details: Details, ask: Callable[[Series], Any], *, now: float
) -> bool:
    """Ask for one series; say whether the panel answered."""
    try:
        episodes = read_episodes(ask(series))
    except PlaylistBusyError:
        raise
    except PlaylistError as error:
        log.debug("a series cannot be read", series=series.id, error=str(error))
        details.note_failure(series, now=now)
        return False
    if episodes:
        details.keep(series, episodes, now=now)
    else:
        # A panel in trouble answers like one that has none: what was known stays for now.
        details.note_failure(series, now=now)
    return True


def _keys(series: Series) -> set[str]:
    readings = parse_name(series.name, url_kind="series").readings
    return {reading.key for reading in readings} | {title_key(series.name)}

"""Weigh what one playlist entry shows against one wanted item, into a confidence with reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from stalkeer.core.gates import (
    ListedYears,
    Number,
    Target,
    Verdict,
    judge_country,
    judge_number,
    judge_year,
)
from stalkeer.core.items import ContentType
from stalkeer.core.library import KnownName
from stalkeer.core.posters import poster_of
from stalkeer.core.titles import ParsedName, Reading

_IMDB_ID = re.compile(r"tt\d{7,9}")
# What the same poster or id is worth: 60 when the year says otherwise, because providers put
# wrong posters on right films too.
_WITNESSED, _CONTRADICTED = 92, 60
_ALTERNATE_COSTS = 3
_WHAT = {
    ContentType.MOVIE: "it is a movie, not an episode",
    ContentType.TVSHOW: "it is an episode, not a movie",
    ContentType.CHANNEL: "it is a channel",
    ContentType.UNCATEGORIZED: "it is neither movie nor episode",
}


@dataclass(frozen=True, slots=True)
class Scored:
    """An entry with its confidence and why.

    `method` names the strongest evidence: `title_year`, `alternate_title`, `title`, `poster`,
    `id`, `season_episode`, `absolute`, `air_date`, `scene`, or `none`. `episodes` are the
    (season, episode) pairs the entry covers, in the numbers of the arr; empty for a movie.
    """

    entry_id: int
    score: int
    method: str
    reasons: tuple[str, ...]
    parsed: ParsedName
    episodes: tuple[tuple[int, int], ...] = ()

    def capped(self, score: int, reason: str) -> Scored:
        """Give the same entry with at most this score, and why."""
        return replace(self, score=min(self.score, score), reasons=(*self.reasons, reason))


@dataclass(frozen=True, slots=True)
class Listed:
    """A candidate whose name was read; `content_type` is what it is taken to be."""

    entry_id: int
    parsed: ParsedName
    content_type: ContentType
    logo: str = ""
    tvg_id: str = ""


def listed_years(target: Target, entries: Iterable[Listed]) -> ListedYears:
    """Gather which years the entries of the right kind and title show."""
    years = {
        reading.year
        for entry in entries
        if entry.content_type is _kind(target)
        for reading in entry.parsed.readings[:1]
        if reading.key in target.names and reading.year is not None
    }
    air_date = target.wanted.air_date
    if air_date is not None:
        years.discard(air_date.year)
    distances = {target.distance(year) for year in years}
    return ListedYears(has_ours=0 in distances, has_others=any(off > 1 for off in distances))


def judge(target: Target, entry: Listed, years: ListedYears) -> Scored:
    """Say how surely an entry is the wanted item."""
    if entry.content_type is not _kind(target):
        return _rejected(entry, _WHAT[entry.content_type])
    number = judge_number(target.wanted, entry.parsed)
    if number.verdict.ceiling == 0:
        return _rejected(entry, number.verdict.reason)
    fits = [
        _scored(target, entry, number, place, name, years)
        for place, reading in enumerate(entry.parsed.readings)
        for name in target.names.get(reading.key, ())
    ]
    best = max(fits, key=lambda fit: fit.score, default=_rejected(entry, "its title is another"))
    return _witnessed(target, entry, best, number)


def _kind(target: Target) -> ContentType:
    return ContentType.MOVIE if target.is_movie else ContentType.TVSHOW


def _rejected(entry: Listed, reason: str) -> Scored:
    return Scored(entry.entry_id, 0, "none", (reason,), entry.parsed)


def _scored(
    target: Target, entry: Listed, number: Number, place: int, name: KnownName, years: ListedYears
) -> Scored:
    """Score one reading under one name; each reading further down costs a point."""
    reading = entry.parsed.readings[place]
    year = judge_year(target, reading, name, years)
    verdicts = (number.verdict, year, judge_country(target, reading, name))
    score = min(reading.ceiling, *(verdict.ceiling for verdict in verdicts))
    cost = place + (_ALTERNATE_COSTS if name.is_alternate else 0)
    return Scored(
        entry.entry_id,
        max(score - cost, 0),
        number.method or _method(reading, name),
        (_equal_title(entry.parsed, name), *_reasons(verdicts)),
        entry.parsed,
        number.episodes,
    )


def _method(reading: Reading, name: KnownName) -> str:
    if name.is_alternate:
        return "alternate_title"
    return "title_year" if reading.year is not None else "title"


def _equal_title(parsed: ParsedName, name: KnownName) -> str:
    title = "alternate title" if name.is_alternate else "title"
    removed = " and ".join(repr(layer) for layer in parsed.removed)
    after = f" after removing {removed}" if removed else ""
    return f"{title} {name.title!r} equal{after}"


def _reasons(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    return tuple(verdict.reason for verdict in verdicts if verdict.reason)


def _witnessed(target: Target, entry: Listed, best: Scored, number: Number) -> Scored:
    """Let the poster and the id speak: the same one is the same film whatever its name says."""
    imdb, poster = _IMDB_ID.fullmatch(entry.tvg_id), poster_of(entry.logo)
    if imdb and target.wanted.imdb_id:
        if imdb[0] == target.wanted.imdb_id:
            return _raised(target, best, number, "id", "IMDb id equal")
        return best.capped(0, "its IMDb id is another")
    if poster is None:
        return best
    if poster in target.posters:
        return _raised(target, best, number, "poster", "poster equal")
    owner = target.library.posters.get(poster, target.item_id)
    if owner != target.item_id:
        return best.capped(_CONTRADICTED, "its poster is that of another title of the library")
    return best


def _raised(target: Target, best: Scored, number: Number, method: str, reason: str) -> Scored:
    year = best.parsed.year
    is_contradicted = year is not None and target.distance(year) > 1
    ceiling = min(_CONTRADICTED if is_contradicted else _WITNESSED, number.verdict.ceiling)
    if best.score >= ceiling:
        return replace(best, reasons=(*best.reasons, reason))
    said = (reason, *_reasons([number.verdict]))
    contradiction = (f"but year {year} differs",) if is_contradicted else ()
    return replace(
        best,
        score=ceiling,
        method=method,
        reasons=(*said, *contradiction),
        episodes=number.episodes,
    )

"""The titles somebody has already, and how surely the title of an entry was read.

Looser than matching: here a doubtful title counts as one that is there, because the question is
what a person might want to add.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stalkeer.core.items import ContentType, Movie, Series
from stalkeer.core.keys import key_forms
from stalkeer.core.library import known_names, other_titles
from stalkeer.core.titles import ParsedName

_WITHOUT_YEAR = 70
_YEAR_MAY_BE_TITLE = 85
_SEVERAL_READINGS = 90


@dataclass(frozen=True, slots=True)
class Collection:
    """Every title of all Radarrs or all Sonarrs: key to the years it is from, 0 when unknown."""

    years: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def holds(self, title: str, year: int | None) -> bool:
        """Say whether a title is there; a year may be off by one, and an unknown one fits all."""
        found = [self.years[key] for key in key_forms(title) if key in self.years]
        return any(_fits(year, years) for years in found)


def collection_of_movies(movies: Iterable[Movie]) -> Collection:
    """Collect the titles of movies, missing or not."""
    return _collection((movie.title, other_titles(movie), movie.year) for movie in movies)


def collection_of_series(series: Iterable[Series]) -> Collection:
    """Collect the titles of series."""
    return _collection((each.title, each.alternate_titles, each.year) for each in series)


def reading_confidence(parsed: ParsedName) -> int:
    """Say from 0 to 100 how surely the name of an entry says which film or series it is."""
    if not parsed.readings:
        return 0
    best = parsed.readings[0]
    limits = [best.ceiling]
    if parsed.content_type is ContentType.MOVIE and best.year is None:
        limits.append(_WITHOUT_YEAR)
    if best.year_is_bare:
        limits.append(_YEAR_MAY_BE_TITLE)
    if len(parsed.readings) > 1:
        limits.append(_SEVERAL_READINGS)
    return min(limits)


def _collection(items: Iterable[tuple[str, Iterable[str], int]]) -> Collection:
    years: defaultdict[str, set[int]] = defaultdict(set)
    for title, others, year in items:
        for name in known_names(title, others):
            years[name.key].add(year)
    return Collection({key: frozenset(found) for key, found in years.items()})


def _fits(year: int | None, years: frozenset[int]) -> bool:
    return year is None or 0 in years or not years.isdisjoint((year - 1, year, year + 1))

"""The titles an arr knows, as keys: the universe in which a wanted title must be told apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stalkeer.core.items import Movie, Series
from stalkeer.core.keys import full_key, key_forms, title_key
from stalkeer.core.posters import poster_of
from stalkeer.core.tags import COUNTRIES

# TheTVDB puts what tells namesakes apart behind the title: "Battlestar Galactica (2003)",
# "The Office (US)".
_QUALIFIER = re.compile(r"(.*\S)\s*\((\d{4}|[A-Z]{2,3})\)")


@dataclass(frozen=True, slots=True)
class KnownName:
    """One name of an item, without the year or country that its arr added to tell it apart."""

    title: str
    key: str
    full: str
    year: int | None = None
    country: str | None = None
    is_alternate: bool = False


@dataclass(frozen=True, slots=True)
class Namesake:
    """Another item of the library with the same name; `year` is 0 when unknown."""

    item_id: int
    year: int


@dataclass(frozen=True, slots=True)
class Library:
    """Every title of a Radarr or Sonarr library: full key to items, and poster to item.

    The ids are those of movies or of series, never of episodes. An empty library knows no
    namesakes, and everything else still works.
    """

    titles: Mapping[str, tuple[Namesake, ...]] = field(default_factory=dict)
    posters: Mapping[str, int] = field(default_factory=dict)

    def namesakes(self, full: str, item_id: int) -> tuple[Namesake, ...]:
        """Give the other items that have a title with this full key."""
        return tuple(item for item in self.titles.get(full, ()) if item.item_id != item_id)


def library_of_movies(movies: Iterable[Movie]) -> Library:
    """Build the library of a Radarr instance from all its movies, missing or not."""
    return _library(
        (movie, movie_titles(movie.original_title, movie.alternate_titles)) for movie in movies
    )


def library_of_series(series: Iterable[Series]) -> Library:
    """Build the library of a Sonarr instance from all its series."""
    return _library((item, item.alternate_titles) for item in series)


def movie_titles(original: str | None, alternates: tuple[str, ...]) -> tuple[str, ...]:
    """Give the names of a movie beside its title."""
    return (original, *alternates) if original else alternates


def known_names(title: str, others: Iterable[str]) -> tuple[KnownName, ...]:
    """Give every name of an item, its title first, each key once for the title it is from."""
    names: dict[tuple[str, str | None], KnownName] = {}
    for place, text in enumerate((title, *others)):
        for name in _forms(text, is_alternate=place > 0):
            if name.key:
                names.setdefault((name.key, name.full), name)
    return tuple(names.values())


def _library(items: Iterable[tuple[Movie | Series, tuple[str, ...]]]) -> Library:
    titles: defaultdict[str, dict[int, Namesake]] = defaultdict(dict)
    posters: dict[str, int] = {}
    for item, others in items:
        for name in known_names(item.title, others):
            titles[name.full][item.id] = Namesake(item.id, item.year)
        for url in item.poster_urls:
            if poster := poster_of(url):
                posters[poster] = item.id
    return Library({key: tuple(found.values()) for key, found in titles.items()}, posters)


def _forms(text: str, *, is_alternate: bool) -> Iterable[KnownName]:
    base, year, country = _unqualified(text)
    for key in key_forms(base):
        yield KnownName(base, key, full_key(base), year, country, is_alternate)
    if country is not None:
        # "The Office US S01E01": the country without its brackets.
        bare = f"{base} {country}"
        yield KnownName(bare, title_key(bare), full_key(bare), year, None, is_alternate)


def _unqualified(text: str) -> tuple[str, int | None, str | None]:
    base, year, country = text.strip(), None, None
    while match := _QUALIFIER.fullmatch(base):
        if match[2].isdecimal():
            year = int(match[2])
        elif match[2] in COUNTRIES:
            country = COUNTRIES[match[2]]
        else:
            break
        base = match[1]
    return base, year, country

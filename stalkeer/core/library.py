"""The titles an arr knows, as keys: the universe in which a wanted title must be told apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stalkeer.core.ids import ids_of
from stalkeer.core.items import Movie, Series
from stalkeer.core.keys import full_key, key_forms, title_key
from stalkeer.core.posters import poster_of
from stalkeer.core.tags import COUNTRIES

# TheTVDB puts what tells namesakes apart behind the title: "Battlestar Galactica (2003)",
# "The Office (US)".
_QUALIFIER = re.compile(r"(.*\S)\s*\((\d{4}|[A-Z]{2,3})\)")


@dataclass(frozen=True, slots=True)
class KnownName:
    """One name of an item, without the year or country that its arr added to tell it apart.

    `full` is the key with its article. `holds_country` marks the form that has the country as a
    plain word ("The Office US").
    """

    title: str
    key: str
    full: str
    year: int | None = None
    country: str | None = None
    holds_country: bool = False
    is_alternate: bool = False


@dataclass(frozen=True, slots=True)
class Namesake:
    """Another item of the library with the same name; `year` is 0 when unknown."""

    item_id: int
    year: int


@dataclass(frozen=True, slots=True)
class Library:
    """Every title of a Radarr or Sonarr library: full key to items, poster and id to item.

    The ids are those of movies or of series, never of episodes. An empty library knows no
    namesakes, and everything else still works.
    """

    titles: Mapping[str, tuple[Namesake, ...]] = field(default_factory=dict)
    posters: Mapping[str, int] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)

    def namesakes(self, full: str, item_id: int) -> tuple[Namesake, ...]:
        """Give the other items that have a title with this full key."""
        return tuple(item for item in self.titles.get(full, ()) if item.item_id != item_id)


def library_of_movies(movies: Iterable[Movie]) -> Library:
    """Build the library of a Radarr instance from all its movies, missing or not."""
    return _library((movie, other_titles(movie)) for movie in movies)


def library_of_series(series: Iterable[Series]) -> Library:
    """Build the library of a Sonarr instance from all its series."""
    return _library((item, item.alternate_titles) for item in series)


def other_titles(movie: Movie) -> tuple[str, ...]:
    """Give the names of a movie beside its title."""
    original = (movie.original_title,) if movie.original_title else ()
    return (*original, *movie.alternate_titles)


def known_names(title: str, others: Iterable[str]) -> tuple[KnownName, ...]:
    """Give every name of an item, its title first, each spelling once."""
    names: dict[str, KnownName] = {}
    for place, text in enumerate((title, *others)):
        for name in _forms(text, is_alternate=place > 0):
            if name.key:
                names.setdefault(name.full, name)
    return tuple(names.values())


def _library(items: Iterable[tuple[Movie | Series, tuple[str, ...]]]) -> Library:
    titles: defaultdict[str, dict[int, Namesake]] = defaultdict(dict)
    posters: dict[str, int] = {}
    ids: dict[str, int] = {}
    for item, others in items:
        for name in known_names(item.title, others):
            titles[name.full][item.id] = Namesake(item.id, item.year)
        posters.update((poster, item.id) for poster in map(poster_of, item.poster_urls) if poster)
        known = ids_of(tmdb_id=item.tmdb_id, imdb_id=item.imdb_id or "")
        ids.update(dict.fromkeys(known, item.id))
    return Library({key: tuple(found.values()) for key, found in titles.items()}, posters, ids)


def _forms(text: str, *, is_alternate: bool) -> Iterator[KnownName]:
    base, year, country = _unqualified(text)
    full = full_key(base)
    article = full.removesuffix(title_key(base))
    for key in key_forms(base):
        yield KnownName(base, key, article + key, year, country, is_alternate=is_alternate)
    if country is not None:
        bare = f"{base} {country}"
        yield KnownName(
            bare,
            title_key(bare),
            full_key(bare),
            year,
            country,
            holds_country=True,
            is_alternate=is_alternate,
        )


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

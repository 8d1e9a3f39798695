"""Read the name of a playlist entry: what it is, of which title, year, season and episode.

A name is often ambiguous (`Wonder Woman 1984`), so it gets up to four readings, best first; which
one is meant is decided when a wanted title is at hand (`matching`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from stalkeer.core.endings import take_tail
from stalkeer.core.items import ContentType
from stalkeer.core.keys import key_forms, title_key
from stalkeer.core.kinds import declared_kind, kind_with_title, kind_without_title, url_kind
from stalkeer.core.layers import Peeled
from stalkeer.core.markers import Marker, find_marker
from stalkeer.core.peeling import aliases, peel
from stalkeer.core.posters import poster_of
from stalkeer.core.spelling import clean
from stalkeer.core.tags import Tags

__all__ = ["EntryKey", "ParsedName", "Reading", "entry_keys", "parse_name", "title_key", "url_kind"]

_MAX_READINGS = 4
_NO_MARKER = Marker(0, 0)
_DOUBTFUL_TAIL, _IDLE_TAIL = 70, 84
# What makes another work of what it follows: a number, a part, something about the film.
_OTHER_WORK = re.compile(
    r"\d|(?<!\w)(?:[ivx]+|parts?|teil|partie|parte|część|часть|vol(?:ume)?|chapter|kapitel|"
    r"chapitre|cap[íi]tulo|making|behind|bonus|extras?|deleted|interviews?|reviews?|reaction|recap|"
    r"soundtrack|ost|commentary|trailer|teaser|featurette|documentary|series|sequel|prequel|"
    r"special|live|concert|reunion)(?!\w)",
    re.IGNORECASE,
)
_WITHOUT_WORD = 88
_LED_BY_YEAR = re.compile(r"[(\[]?((?:19|20)\d\d)(?:[)\]]\s*(?:-\s*)?|\s+-\s+)(?=\S*[^\W\d])")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a name.

    `key` is `title_key(title)`. `year_is_bare` says that the year is a plain last word, which may
    be a part of the title. `country` is the country in brackets (`US`, `UK`), which may or
    may not tell two titles apart. A reading that `needs_year` is a guess (a part of the name
    only) and counts only with the exact year of the wanted title, and then up to `ceiling`.
    """

    key: str
    title: str
    year: int | None = None
    country: str | None = None
    year_is_bare: bool = False
    needs_year: bool = False
    ceiling: int = 100


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What a name says. `readings` is empty only for a name without a title.

    `season` and `episodes` are the numbers written; an absolute number (`Ep 1233`) and the air
    date of a daily show stand in their own fields. `languages` are ISO 639-1 codes, `multi`, and
    `sub` alone or behind a code (`fr-sub`). `removed` are the pieces that are not title.
    """

    content_type: ContentType
    readings: tuple[Reading, ...] = ()
    season: int | None = None
    episodes: tuple[int, ...] = ()
    absolute: int | None = None
    air_date: date | None = None
    resolution: str | None = None
    languages: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The title of the best reading."""
        return self.readings[0].title if self.readings else ""

    @property
    def year(self) -> int | None:
        """The year of the best reading."""
        return self.readings[0].year if self.readings else None


class EntryKey(NamedTuple):
    """One row under which an entry is found again: a key and what narrows it down."""

    key: str
    content_type: ContentType
    year: int | None = None
    season: int | None = None
    episode_from: int | None = None
    episode_to: int | None = None
    absolute: int | None = None
    air_date: date | None = None


def parse_name(
    name: str, *, group: str = "", url_kind: str | None = None, tvg_type: str = ""
) -> ParsedName:
    """Read the name of an entry; `url_kind` is what `url_kind()` said of its address.

    Never raises: a name that says nothing is an uncategorized entry without readings.
    """
    kind = url_kind or declared_kind(tvg_type)
    text = clean(name)
    untitled = kind_without_title(text, name=name, group=group, kind=kind)
    if untitled is ContentType.CHANNEL:
        # A channel is never searched for: its name is kept as it is.
        return ParsedName(untitled, (Reading(title_key(text), text),))
    if untitled is not None:
        return ParsedName(untitled)
    marker = find_marker(text, group=group, is_series=kind == "series")
    content_type = kind_with_title(text, marker, kind)
    return _read(text, marker if content_type is ContentType.TVSHOW else None, content_type)


def entry_keys(
    parsed: ParsedName, *, logo: str = "", ids: Iterable[str] = ()
) -> tuple[EntryKey, ...]:
    """Give the rows that the index holds for an entry; none for what is never searched for.

    `logo` is the entry's tvg-logo: a known poster gets a row of its own (`poster:abc`), and so does
    each of the `ids` (`tmdb:603`). Under these a film is found whatever its name.
    """
    if parsed.content_type not in (ContentType.MOVIE, ContentType.TVSHOW):
        return ()
    keys = [
        (key, reading.year)
        for reading in parsed.readings
        for key in ((reading.key,) if reading.title.isascii() else key_forms(reading.title))
    ]
    if poster := poster_of(logo):
        keys.append((f"poster:{poster}", parsed.year))
    keys += [(each, parsed.year) for each in ids]
    first, last = (min(parsed.episodes), max(parsed.episodes)) if parsed.episodes else (None, None)
    number = (parsed.season, first, last, parsed.absolute, parsed.air_date)
    return tuple(
        EntryKey(key, parsed.content_type, year, *number) for key, year in dict.fromkeys(keys)
    )


class _Understood(NamedTuple):
    """What a name says beside its episode: the last fields of a `ParsedName`."""

    readings: tuple[Reading, ...]
    resolution: str | None
    languages: tuple[str, ...]
    removed: tuple[str, ...]


def _read(text: str, marker: Marker | None, content_type: ContentType) -> ParsedName:
    if marker is None:
        said, marker = _understood(peel(text)), _NO_MARKER
    else:
        said = _around(text[: marker.start], text[marker.end :])
    return ParsedName(
        content_type,
        said.readings,
        marker.season,
        marker.episodes,
        marker.absolute,
        marker.air_date,
        said.resolution,
        said.languages,
        said.removed,
    )


def _understood(peeled: Peeled) -> _Understood:
    return _Understood(
        _readings(peeled), peeled.resolution, peeled.languages, tuple(peeled.removed)
    )


# The episodes of a series stand together in a list, and only their numbers differ.
@lru_cache(maxsize=1024)
def _around(before: str, after: str) -> _Understood:
    """Read the title before the marker, and what the episode's part behind it still says."""
    return _understood(_peeled_around(before, after))


def _peeled_around(before: str, after: str) -> Peeled:
    peeled = peel(before)
    if not title_key(peeled.title):
        return peel(after)
    behind = Peeled("", year=peeled.year)
    take_tail(behind, after)
    peeled.say(Tags(behind.resolution, behind.languages))
    if not behind.year_is_bare:
        peeled.year = peeled.year or behind.year
    return peeled


def _readings(peeled: Peeled) -> tuple[Reading, ...]:
    readings: dict[tuple[str, int | None], Reading] = {}
    for reading in _ways(peeled):
        if reading.key:
            readings.setdefault((reading.key, reading.year), reading)
    return tuple(readings.values())[:_MAX_READINGS]


def _ways(peeled: Peeled) -> Iterator[Reading]:
    """Give every reading, the likeliest first."""
    title, year, country = peeled.title, peeled.year, peeled.country
    if peeled.tail:
        yield _reading(f"{title} {peeled.tail}", year, country)
        # What follows the year may be nothing ("Coco (2017) Drama") or another film ("… Part 2").
        is_other = _OTHER_WORK.search(peeled.tail) is not None
        yield _guess(title, year, country, ceiling=_DOUBTFUL_TAIL if is_other else _IDLE_TAIL)
    elif peeled.kept_words:
        yield _reading(title, year, country, ceiling=_WITHOUT_WORD)
        yield _reading(f"{title} {peeled.kept_words}", year, country)
    else:
        yield _reading(title, year, country, year_is_bare=peeled.year_is_bare)
    if peeled.year_is_bare:
        yield _reading(f"{title} {year}", None, country)
    if led := _LED_BY_YEAR.match(title):
        yield _guess(title[led.end() :], year or int(led[1]), country, ceiling=_WITHOUT_WORD)
    if peeled.kept_prefix:
        yield _reading(peeled.kept_prefix + title, year, country)
    if title.startswith(peeled.loose_prefix) and peeled.loose_prefix:
        yield _guess(title.removeprefix(peeled.loose_prefix), year, country)
    for alias in aliases(title):
        yield _guess(alias, year, country)


def _reading(
    title: str,
    year: int | None,
    country: str | None,
    *,
    year_is_bare: bool = False,
    ceiling: int = 100,
) -> Reading:
    return Reading(
        title_key(title), title, year, country, year_is_bare=year_is_bare, ceiling=ceiling
    )


def _guess(title: str, year: int | None, country: str | None, *, ceiling: int = 94) -> Reading:
    return Reading(title_key(title), title, year, country, needs_year=True, ceiling=ceiling)

"""Read the name of a playlist entry: what it is, of which title, year, season and episode.

A name is often ambiguous (`Wonder Woman 1984`), so it gets up to four readings, best first; which
one is meant is decided when a wanted title is at hand (`matching`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

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
_WITHOUT_TAIL = 70
_WITHOUT_WORD = 88


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


@dataclass(frozen=True, slots=True)
class EntryKey:
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


def entry_keys(parsed: ParsedName, *, logo: str = "") -> tuple[EntryKey, ...]:
    """Give the rows that the index holds for an entry; none for what is never searched for.

    `logo` is the entry's tvg-logo: a TMDB poster gets a row of its own (`poster:abc`), under
    which a film is found whatever its name.
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
    first, last = min(parsed.episodes, default=None), max(parsed.episodes, default=None)
    number = (parsed.season, first, last, parsed.absolute, parsed.air_date)
    return tuple(
        EntryKey(key, parsed.content_type, year, *number) for key, year in dict.fromkeys(keys)
    )


def _read(text: str, marker: Marker | None, content_type: ContentType) -> ParsedName:
    peeled = peel(text) if marker is None else _around(text, marker)
    said = marker or Marker(0, 0)
    return ParsedName(
        content_type,
        _readings(peeled),
        said.season,
        said.episodes,
        said.absolute,
        said.air_date,
        peeled.resolution,
        peeled.languages,
        tuple(peeled.removed),
    )


def _around(text: str, marker: Marker) -> Peeled:
    """Read the title before the marker, and what the episode's part behind it still says."""
    before, after = text[: marker.start], text[marker.end :]
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
        yield _guess(title, year, country, ceiling=_WITHOUT_TAIL)
    elif peeled.kept_words:
        yield replace(_reading(title, year, country), ceiling=_WITHOUT_WORD)
        yield _reading(f"{title} {peeled.kept_words}", year, country)
    else:
        yield replace(_reading(title, year, country), year_is_bare=peeled.year_is_bare)
    if peeled.year_is_bare:
        yield _reading(f"{title} {year}", None, country)
    if peeled.kept_prefix:
        yield _reading(peeled.kept_prefix + title, year, country)
    if title.startswith(peeled.loose_prefix) and peeled.loose_prefix:
        yield _guess(title.removeprefix(peeled.loose_prefix), year, country)
    for alias in aliases(title):
        yield _guess(alias, year, country)


def _reading(title: str, year: int | None, country: str | None) -> Reading:
    return Reading(title_key(title), title, year, country)


def _guess(title: str, year: int | None, country: str | None, *, ceiling: int = 94) -> Reading:
    return Reading(title_key(title), title, year, country, needs_year=True, ceiling=ceiling)

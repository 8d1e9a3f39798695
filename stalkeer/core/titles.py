"""Read the name of a playlist entry: what it is, of which title, year, season and episode.

A name is often ambiguous (`Wonder Woman 1984`), so it gets up to four readings, best first; which
one is meant is decided when a wanted title is at hand (`matching`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from stalkeer.core.items import ContentType
from stalkeer.core.keys import key_forms, title_key
from stalkeer.core.markers import Marker, find_marker
from stalkeer.core.peeling import Peeled, aliases, clean, has_bracket_year, peel, read_tail
from stalkeer.core.posters import poster_of

__all__ = ["EntryKey", "ParsedName", "Reading", "entry_keys", "parse_name", "title_key", "url_kind"]

_MAX_READINGS = 4
_WITHOUT_TAIL = 70
_WITHOUT_WORD = 88
_VIDEO_EXTENSIONS = frozenset(
    ["mkv", "mp4", "avi", "m4v", "mov", "wmv", "webm", "mpg", "mpeg", "flv", "m2ts", "vob", "ogm", "divx", "3gp", "iso"]
)
_QUERY_TYPE = re.compile(r"[?&]type=(movie|series|vod|live)", re.IGNORECASE)
_PATH_KINDS = {
    "movie": "movie", "movies": "movie", "series": "series", "serie": "series", "live": "live",
    "hls": "live",
}  # fmt: skip
_HEADING = re.compile(r"[#=*~✺◉─-]{2,}.*|✺.*✺")
_LOOP = re.compile(
    r"(?<!\d)24\s?/\s?7(?!\d)|^24H?\s?[•|:-]|(?<!\w)24H(?:RS)?(?!\w)|^PPV\b", re.IGNORECASE
)
_EXTRA = re.compile(
    r"(?:(?:official\s+)?(?:trailer|teaser)\s?[:|-]|(?:the\s+)?making[ -]of\b)"
    r"|.*\W(?:(?:official\s+)?(?:trailer|teaser|bande[ -]annonce|featurette)|making[ -]of)\W*$",
    re.IGNORECASE,
)
_SERIES_WORD = re.compile(
    r"(?<!\w)(?:series?|s[ée]ries|serien|serials?|srs|seriale|tv ?shows?|shows|anime|сериал|"
    r"مسلسل)",
    re.IGNORECASE,
)
_LIVE_WORD = re.compile(r"(?<!\w)(?:24/7|ppv|live|radio)(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a name.

    `year_is_bare` says that the year is a plain last word, which may be a part of the title.
    `key` is `title_key(title)`. `country` is the country in brackets (`US`, `UK`), which may or
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


def url_kind(url: str) -> str | None:
    """Say what an address is by its look: `movie`, `series`, `live`, `file`, or None.

    `file` is a video without a telling path (`/files/x.mkv`, `/vod/9001`). The paths are those
    of Xtream panels: `/movie/USER/PASSWORD/ID.mkv`, live channels also as `/USER/PASSWORD/ID`.
    """
    address, _, query = url.partition("?")
    parts = address.split("://", 1)[-1].split("/")[1:]
    for part in parts[:-1]:
        if part in _PATH_KINDS:
            return _PATH_KINDS[part]
    typed = _QUERY_TYPE.search("?" + query)
    if typed:
        return "file" if typed[1].lower() == "vod" else typed[1].lower()
    return _kind_of_file(parts)


def _kind_of_file(parts: list[str]) -> str | None:
    name, _, extension = (parts[-1] if parts else "").rpartition(".")
    if name and extension.lower() in _VIDEO_EXTENSIONS:
        return "file"
    if extension.lower() in ("m3u8", "ts", "mpd"):
        return "live"
    if parts[:1] == ["vod"]:
        return "file"
    is_numbered = len(parts) == 3 and parts[2].isdecimal()
    return "live" if is_numbered or parts[:1] == ["play"] else None


def parse_name(
    name: str, *, group: str = "", url_kind: str | None = None, tvg_type: str = ""
) -> ParsedName:
    """Read the name of an entry; `url_kind` is what `url_kind()` said of its address.

    Never raises: a name that says nothing is an uncategorized entry without readings.
    """
    kind = url_kind or _declared_kind(tvg_type)
    text = clean(name)
    # A channel is never searched for: what is left of its name does not matter.
    if kind == "live" or _is_no_title(name, text, group, kind):
        return _not_wanted(text, name, kind)
    marker = find_marker(text, group=group, is_series=kind == "series")
    content_type = _content_type(text, marker, group, kind)
    if content_type is not ContentType.TVSHOW:
        marker = None
    return _read(text, marker, content_type)


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
        for key in (reading.key, *key_forms(reading.title))
    ]
    if poster := poster_of(logo):
        keys.append((f"poster:{poster}", parsed.year))
    first = min(parsed.episodes, default=None)
    last = max(parsed.episodes, default=None)
    return tuple(
        EntryKey(
            key,
            parsed.content_type,
            year,
            parsed.season,
            first,
            last,
            parsed.absolute,
            parsed.air_date,
        )  # fmt: skip
        for key, year in dict.fromkeys(keys)
    )


def _declared_kind(tvg_type: str) -> str | None:
    word = tvg_type.strip().lower().rstrip("s")
    return {"movie": "movie", "serie": "series", "live": "live"}.get(word)


def _is_no_title(name: str, text: str, group: str, kind: str | None) -> bool:
    return (
        not text
        or _HEADING.fullmatch(name.strip()) is not None
        or _EXTRA.match(text) is not None
        or (kind not in ("movie", "series") and _is_loop(text, group))
    )


def _is_loop(text: str, group: str) -> bool:
    return _LOOP.search(text) is not None or _LIVE_WORD.search(group) is not None


def _not_wanted(text: str, name: str, kind: str | None) -> ParsedName:
    if not text or _HEADING.fullmatch(name.strip()) or (kind != "live" and _EXTRA.match(text)):
        return ParsedName(ContentType.UNCATEGORIZED)
    return ParsedName(ContentType.CHANNEL, (Reading(title_key(text), text),))


def _content_type(text: str, marker: Marker | None, group: str, kind: str | None) -> ContentType:
    if marker is not None and marker.is_strong:
        return ContentType.TVSHOW
    # "Star Wars: Episode 4 - A New Hope (1977)": the year of a series stands before the number.
    if kind == "movie" or (marker and kind != "series" and has_bracket_year(text[marker.end :])):
        return ContentType.MOVIE
    if marker is not None:
        return ContentType.TVSHOW
    return ContentType.UNCATEGORIZED if kind == "series" else ContentType.MOVIE


def _read(text: str, marker: Marker | None, content_type: ContentType) -> ParsedName:
    if marker is None:
        peeled = peel(text)
        return ParsedName(
            content_type,
            _readings(peeled),
            resolution=peeled.tags.resolution,
            languages=peeled.tags.languages,
            removed=tuple(peeled.removed),
        )
    peeled = _around(text, marker)
    return ParsedName(
        content_type,
        _readings(peeled),
        marker.season,
        marker.episodes,
        marker.absolute,
        marker.air_date,
        peeled.tags.resolution,
        peeled.tags.languages,
        tuple(peeled.removed),
    )


def _around(text: str, marker: Marker) -> Peeled:
    """Read the title before the marker, and what the episode's part behind it still says."""
    before, after = text[: marker.start], text[marker.end :]
    peeled = peel(before)
    if not title_key(peeled.title):
        return peel(after)
    behind = Peeled("", year=peeled.year)
    read_tail(behind, after)
    peeled.tags.add(behind.tags)
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

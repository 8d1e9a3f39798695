"""Judge one playlist entry against one wanted item: every gate gives a ceiling and its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from stalkeer.core.items import ContentType, ItemKind, Wanted
from stalkeer.core.keys import full_key
from stalkeer.core.library import KnownName, Library, Namesake, known_names, movie_titles
from stalkeer.core.posters import poster_of
from stalkeer.core.titles import ParsedName, Reading

_IMDB_ID = re.compile(r"tt\d{7,9}")
_SAME_POSTER = 92


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

    def rejected(self, reason: str) -> Scored:
        """Give the same entry as one that is not taken for this reason."""
        return replace(self, score=0, reasons=(*self.reasons, reason))


@dataclass(frozen=True, slots=True)
class Listed:
    """A candidate whose name was read; `content_type` is what it is taken to be."""

    entry_id: int
    parsed: ParsedName
    content_type: ContentType
    logo: str = ""
    tvg_id: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A wanted item with its names by key, and the library it must be told apart in."""

    wanted: Wanted
    library: Library
    item_id: int
    names: Mapping[str, tuple[KnownName, ...]]
    title_year: int | None
    title_country: str | None
    posters: frozenset[str]

    @classmethod
    def of(cls, wanted: Wanted, library: Library) -> Target:
        """Gather what is known of a wanted item."""
        others = movie_titles(wanted.original_title, wanted.alternate_titles)
        names: dict[str, tuple[KnownName, ...]] = {}
        known = known_names(wanted.title, others)
        for name in known:
            names[name.key] = (*names.get(name.key, ()), name)
        posters = frozenset(filter(None, map(poster_of, wanted.poster_urls)))
        is_movie = wanted.kind is ItemKind.MOVIE
        item_id = wanted.arr_id if is_movie or wanted.series_id is None else wanted.series_id
        first = known[0] if known else None
        return cls(
            wanted,
            library,
            item_id,
            names,
            first.year if first else None,
            first.country if first else None,
            posters,
        )

    @property
    def is_movie(self) -> bool:
        """Say whether a movie is wanted, and not an episode."""
        return self.wanted.kind is ItemKind.MOVIE

    @property
    def years(self) -> tuple[int, ...]:
        """Give the years the item may be listed under."""
        years = (self.wanted.year, self.wanted.secondary_year, self.title_year)
        return tuple(year for year in years if year)

    def namesakes(self, name: KnownName) -> tuple[Namesake, ...]:
        """Give the other items of the library that have this name."""
        return self.library.namesakes(name.full, self.item_id)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """How far the evidence so far reaches: at most `ceiling`, 0 when it rules the entry out."""

    ceiling: int
    reason: str


@dataclass(frozen=True, slots=True)
class ListedYears:
    """Which years the candidates show beside the title: `ours`, and those of namesakes."""

    has_ours: bool
    has_others: bool


def listed_years(target: Target, entries: Iterable[Listed]) -> ListedYears:
    """Gather the years that entries of the right kind and title show."""
    years = {
        reading.year
        for entry in entries
        if entry.content_type is _content_type(target)
        for reading in entry.parsed.readings[:1]
        if reading.key in target.names and reading.year is not None
    }
    ours = {year for year in years if _distance(target, year) == 0}
    others = {year for year in years if _distance(target, year) > 1}
    if target.wanted.air_date is not None:
        others.discard(target.wanted.air_date.year)
    return ListedYears(bool(ours), bool(others))


def judge(target: Target, entry: Listed, years: ListedYears) -> Scored:
    """Say how surely an entry is the wanted item."""
    if entry.content_type is not _content_type(target):
        return _out(entry, f"it is {_WHAT[entry.content_type]}")
    number, method, episodes = _number(target, entry.parsed)
    if number.ceiling == 0:
        return _out(entry, number.reason)
    best = _out(entry, "its title is another one")
    for place, reading in enumerate(entry.parsed.readings):
        for name in target.names.get(reading.key, ()):
            verdicts = (
                number,
                _year(target, reading, name, years),
                _country(target, reading, name),
            )
            score = min(reading.ceiling, *(verdict.ceiling for verdict in verdicts))
            if score:
                score -= place + (3 if name.is_alternate else 0)
            if score > best.score or best.method == "none":
                best = _scored(entry, score, name, reading, method, verdicts, episodes)
    return _with_witness(target, entry, best, number, method, episodes)


def _content_type(target: Target) -> ContentType:
    return ContentType.MOVIE if target.is_movie else ContentType.TVSHOW


_WHAT = {
    ContentType.MOVIE: "a movie, not an episode",
    ContentType.TVSHOW: "an episode, not a movie",
    ContentType.CHANNEL: "a channel",
    ContentType.UNCATEGORIZED: "neither movie nor episode",
}


def _out(entry: Listed, reason: str) -> Scored:
    return Scored(entry.entry_id, 0, "none", (reason,), entry.parsed)


def _scored(
    entry: Listed,
    score: int,
    name: KnownName,
    reading: Reading,
    method: str,
    verdicts: tuple[_Verdict, ...],
    episodes: tuple[tuple[int, int], ...],
) -> Scored:
    title = "alternate title" if name.is_alternate else "title"
    removed = " and ".join(repr(layer) for layer in entry.parsed.removed)
    after = f" after removing {removed}" if removed else ""
    reasons = (f"{title} {name.title!r} equal{after}", *(v.reason for v in verdicts if v.reason))
    if not method:
        method = (
            "alternate_title" if name.is_alternate else "title_year" if reading.year else "title"
        )
    return Scored(entry.entry_id, score, method, reasons, entry.parsed, episodes)


# --- the number of the episode -------------------------------------------------------------------


def _number(
    target: Target, parsed: ParsedName
) -> tuple[_Verdict, str, tuple[tuple[int, int], ...]]:
    """Judge season and episode; for a movie there is nothing to judge."""
    wanted = target.wanted
    if wanted.season is None or wanted.episode is None:
        return _Verdict(100, ""), "", ()
    season, episode = wanted.season, wanted.episode
    here = ((season, episode),)
    if parsed.air_date is not None:
        return _by_date(wanted, parsed), "air_date", here
    if parsed.absolute is not None:
        return _by_absolute(wanted, parsed.absolute), "absolute", here
    if parsed.season == season and episode in parsed.episodes:
        covered = tuple((season, number) for number in parsed.episodes)
        return _Verdict(98, f"season {season} episode {episode} equal"), "season_episode", covered
    if wanted.scene_season == parsed.season and wanted.scene_episode in parsed.episodes:
        return _Verdict(75, "season and episode equal in scene numbering"), "scene", here
    if _is_absolute_in_season_one(wanted, parsed):
        return _Verdict(86, f"absolute episode {wanted.absolute_episode} equal"), "absolute", here
    shown = " ".join(f"S{parsed.season or 0:02}E{number:02}" for number in parsed.episodes[:3])
    return _Verdict(0, f"it is {shown or 'no numbered episode'}"), "none", ()


def _by_date(wanted: Wanted, parsed: ParsedName) -> _Verdict:
    if parsed.air_date == wanted.air_date:
        return _Verdict(94, f"air date {wanted.air_date} equal")
    return _Verdict(0, f"it aired on {parsed.air_date}, not on {wanted.air_date}")


def _by_absolute(wanted: Wanted, number: int) -> _Verdict:
    seasons = [count for season, count in wanted.seasons if season > 0]
    if wanted.series_type == "anime" and number == wanted.absolute_episode:
        return _Verdict(90, f"absolute episode {number} equal")
    if wanted.season == 1 and number == wanted.episode and len(seasons) == 1:
        return _Verdict(86, f"episode {number} of the only season")
    return _Verdict(0, f"it is episode {number} without a season")


def _is_absolute_in_season_one(wanted: Wanted, parsed: ParsedName) -> bool:
    """Say whether an anime's absolute number was put into season 1, past its real end."""
    number = wanted.absolute_episode
    if wanted.series_type != "anime" or parsed.season != 1 or number not in parsed.episodes:
        return False
    first = dict(wanted.seasons).get(1, 0)
    return number is not None and 0 < first < number


# --- the year ------------------------------------------------------------------------------------


def _distance(target: Target, year: int) -> int:
    return min((abs(year - known) for known in target.years), default=0)


def _year(target: Target, reading: Reading, name: KnownName, years: ListedYears) -> _Verdict:
    has_other_article = full_key(reading.title) != name.full
    if has_other_article and reading.key.isdecimal():
        return _Verdict(0, "a number with another article is another title")
    is_guess = reading.needs_year or has_other_article
    if reading.year is None:
        if is_guess:
            return _Verdict(0, "only a part of the name is equal, and it shows no year")
        return _no_year(target, reading, name, years)
    distance = _distance(target, reading.year)
    if not target.years:
        return _Verdict(70, "the year of the wanted title is unknown")
    if distance == 0:
        return _Verdict(97 if target.is_movie else 98, f"year {reading.year} equal")
    if is_guess:
        return _Verdict(0, f"year {reading.year} differs and only a part of the name is equal")
    if distance == 1:
        return _near_year(target, name, reading, years)
    return _season_year(target, reading.year)


def _near_year(target: Target, name: KnownName, reading: Reading, years: ListedYears) -> _Verdict:
    year = reading.year
    if any(namesake.year == year for namesake in target.namesakes(name)):
        return _Verdict(0, f"another title of the library is from {year}")
    if years.has_ours:
        return _Verdict(55, f"year {year} is one off, and the list has one of the right year")
    return _Verdict(70 if reading.year_is_bare else 88, f"year {year} is one off")


def _season_year(target: Target, year: int) -> _Verdict:
    air_date = target.wanted.air_date
    if not target.is_movie and air_date is not None and air_date.year == year:
        return _Verdict(82, f"year {year} is that of the season")
    return _Verdict(0, f"year {year} differs from {target.wanted.year}")


def _no_year(target: Target, reading: Reading, name: KnownName, years: ListedYears) -> _Verdict:
    if reading.country is not None and reading.country == name.country:
        return _Verdict(94, "shows no year, but the country")
    if years.has_others and not years.has_ours:
        ceiling = 55 if target.is_movie else 64
        return _Verdict(ceiling, "shows no year, and the list has the title of other years only")
    if target.namesakes(name):
        return _Verdict(66, "shows no year, and the library has another title of this name")
    if target.title_year is not None:
        return _Verdict(66, f"shows no year, and only the one of {target.title_year} is wanted")
    if target.is_movie and years.has_others:
        return _Verdict(70, "shows no year, and the list has the title of several years")
    return _Verdict(85 if target.is_movie else 97, "shows no year")


# --- the country ---------------------------------------------------------------------------------


def _country(target: Target, reading: Reading, name: KnownName) -> _Verdict:
    if target.is_movie:
        return _Verdict(100, "")
    shown, wanted = reading.country, name.country or target.title_country
    if shown == wanted:
        return _Verdict(100, f"country {shown} equal" if shown else "")
    if shown is None:
        has_year = reading.year is not None and _distance(target, reading.year) == 0
        return _Verdict(90 if has_year else 66, f"does not show the country {wanted}")
    # Providers write (US) behind anything; other countries only where they matter.
    if shown == "US" and wanted is None and (reading.year or not target.namesakes(name)):
        return _Verdict(100, "")
    return _Verdict(0, f"country {shown} differs from {wanted or 'the wanted title'}")


# --- what does not depend on the title -----------------------------------------------------------


def _with_witness(
    target: Target,
    entry: Listed,
    best: Scored,
    number: _Verdict,
    method: str,
    episodes: tuple[tuple[int, int], ...],
) -> Scored:
    """Let the poster or an id speak: the same one is the same film whatever the name says."""
    poster = poster_of(entry.logo)
    imdb = _IMDB_ID.fullmatch(entry.tvg_id)
    if imdb and target.wanted.imdb_id and imdb[0] != target.wanted.imdb_id and target.is_movie:
        return best.rejected("its IMDb id is another one")
    if imdb and imdb[0] == target.wanted.imdb_id:
        return _raised(target, entry, best, number, "id", "IMDb id equal", episodes)
    if poster is not None and poster in target.posters:
        return _raised(target, entry, best, number, "poster", "poster equal", episodes)
    if target.library.posters.get(poster or "", target.item_id) != target.item_id:
        return replace(
            best, score=min(best.score, 60), reasons=(*best.reasons, "poster of another title")
        )
    return best


def _raised(
    target: Target,
    entry: Listed,
    best: Scored,
    number: _Verdict,
    method: str,
    reason: str,
    episodes: tuple[tuple[int, int], ...],
) -> Scored:
    years = [reading.year for reading in entry.parsed.readings if reading.year is not None]
    distance = min((_distance(target, year) for year in years), default=0)
    ceiling = _SAME_POSTER if distance <= 1 else 60
    score = min(ceiling, number.ceiling)
    if best.score >= score:
        return replace(best, reasons=(*best.reasons, reason))
    reasons = tuple(filter(None, (reason, number.reason)))
    return Scored(entry.entry_id, score, method, reasons, entry.parsed, episodes)

"""The gates a playlist entry must pass to be a wanted item: its number, its year, its country.

Each gives a verdict: how far the confidence may reach, and why. The figures are measured; a film
whose year is right reaches 97, one that shows none 85, and from 80 an entry is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stalkeer.core.ids import by_source, ids_of
from stalkeer.core.items import ItemKind, Wanted
from stalkeer.core.keys import full_key
from stalkeer.core.learned import Alias
from stalkeer.core.library import KnownName, Library, Namesake, known_names
from stalkeer.core.posters import poster_of
from stalkeer.core.titles import ParsedName, Reading

_NUMBER = re.compile(r"\d+")
# A file this much shorter or longer than the item is refused once its own header is read: the
# limits are those of the downloads' settings.
_TOO_SHORT, _TOO_LONG = 0.5, 1.75
_SAME_LENGTH = 0.05
# Panels write a few seconds where they do not know.
_SHORTEST_S = 120


@dataclass(frozen=True, slots=True)
class Verdict:
    """The most the confidence can be after one gate, 0 when the entry is another item."""

    ceiling: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """What the season and episode of an entry prove.

    `method` names the kind of proof; `episodes` are the (season, episode) pairs it covers.
    """

    verdict: Verdict
    method: str = ""
    episodes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ListedYears:
    """Whether entries of the same title show the year of the wanted item, or those of others."""

    has_ours: bool = False
    has_others: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A wanted item with its names by key, and the library it must be told apart in."""

    wanted: Wanted
    library: Library
    names: Mapping[str, tuple[KnownName, ...]]
    posters: frozenset[str]
    ids: Mapping[str, str]
    aliases: tuple[Alias, ...] = ()

    @classmethod
    def of(cls, wanted: Wanted, library: Library, aliases: Iterable[Alias] = ()) -> Target:
        """Gather what is known of a wanted item."""
        names: dict[str, tuple[KnownName, ...]] = {}
        for name in known_names(wanted.title, _others(wanted)):
            names[name.key] = (*names.get(name.key, ()), name)
        posters = frozenset(poster for poster in map(poster_of, wanted.poster_urls) if poster)
        return cls(wanted, library, names, posters, by_source(_ids(wanted)), tuple(aliases))

    @property
    def is_movie(self) -> bool:
        """Say whether a movie is wanted, and not an episode."""
        return self.wanted.kind is ItemKind.MOVIE

    @property
    def item_id(self) -> int:
        """Give the id under which the library knows the item: the movie's or the series'."""
        wanted = self.wanted
        return wanted.arr_id if wanted.series_id is None else wanted.series_id

    @property
    def qualifier(self) -> KnownName | None:
        """Give the title itself, which may hold a year or a country to tell namesakes apart."""
        return next((name for names in self.names.values() for name in names), None)

    @property
    def years(self) -> tuple[int, ...]:
        """Give the years the item may be listed under."""
        title_year = self.qualifier.year if self.qualifier else None
        years = (self.wanted.year, self.wanted.secondary_year, title_year)
        return tuple(year for year in years if year)

    def distance(self, year: int) -> int:
        """Say how many years this is off; 0 when the year of the item is unknown."""
        return min((abs(year - known) for known in self.years), default=0)

    def namesakes(self, name: KnownName) -> tuple[Namesake, ...]:
        """Give the other items of the library that have this name."""
        return self.library.namesakes(name.full, self.item_id)

    def is_of_another(self, title: str) -> bool:
        """Say whether another item of the library has this title."""
        return bool(self.library.namesakes(full_key(title), self.item_id))

    def differs_in_number(self, key: str) -> bool:
        """Say whether a key that is none of ours is that of the title but for its numbers."""
        letters = _NUMBER.sub("", key)
        return bool(letters) and any(_NUMBER.sub("", known) == letters for known in self.names)


def judge_number(wanted: Wanted, parsed: ParsedName) -> Number:
    """Judge season and episode; for a movie there is nothing to judge."""
    if wanted.season is None or wanted.episode is None:
        return Number(Verdict(100))
    here = ((wanted.season, wanted.episode),)
    if parsed.air_date is not None:
        return Number(_by_date(wanted, parsed), "air_date", here)
    if parsed.absolute is not None:
        return Number(_by_absolute(wanted, parsed.absolute), "absolute", here)
    if parsed.season == wanted.season and wanted.episode in parsed.episodes:
        covered = tuple((wanted.season, number) for number in parsed.episodes)
        return Number(Verdict(98, "season and episode equal"), "season_episode", covered)
    if parsed.season == wanted.scene_season and wanted.scene_episode in parsed.episodes:
        return Number(_by_scene(wanted), "scene", here)
    if _is_absolute_in_season_one(wanted, parsed):
        return Number(Verdict(86, "absolute number equal"), "absolute", here)
    shown = " ".join(f"S{parsed.season or 0:02}E{number:02}" for number in parsed.episodes[:3])
    return Number(Verdict(0, f"it is {shown or 'no numbered episode'}"))


def judge_year(target: Target, reading: Reading, name: KnownName, listed: ListedYears) -> Verdict:
    """Judge the year a reading shows, or what it means that it shows none."""
    has_other_article = full_key(reading.title) not in (name.full, full_key(name.title))
    if has_other_article and reading.key.isdecimal():
        return Verdict(0, "a number with another article is another title")
    is_guess = reading.needs_year or has_other_article
    if reading.year is None:
        if is_guess:
            return Verdict(0, "only a part of the name is equal, and it shows no year")
        return _no_year(target, reading, name, listed)
    if not target.years:
        return Verdict(70, "the year of the wanted title is unknown")
    distance = target.distance(reading.year)
    if distance == 0:
        return Verdict(97 if target.is_movie else 98, f"year {reading.year} equal")
    if is_guess:
        return Verdict(0, f"year {reading.year} differs and only a part of the name is equal")
    if distance == 1:
        return _near_year(target, reading, name, listed)
    return _season_year(target.wanted, reading.year)


def judge_country(target: Target, reading: Reading, name: KnownName) -> Verdict:
    """Judge a country in brackets: it tells series apart, and says nothing about films."""
    title = target.qualifier
    shown, wanted = reading.country, name.country or (title.country if title else None)
    if target.is_movie or shown == wanted or name.holds_country:
        return Verdict(100, f"country {shown} equal" if shown == wanted and shown else "")
    if shown is None:
        is_dated = reading.year is not None and target.distance(reading.year) == 0
        return Verdict(90 if is_dated else 66, f"does not show the country {wanted}")
    # Providers write (US) behind anything; other countries only where they matter.
    if shown == "US" and wanted is None and (reading.year or not target.namesakes(name)):
        return Verdict(100)
    return Verdict(0, f"country {shown} differs from {wanted or 'the wanted title'}")


def judge_duration(wanted: Wanted, duration_s: int | None, *, episodes: int) -> Verdict:
    """Judge the running time that the source of an entry tells, if both are known."""
    expected_s = wanted.runtime_minutes * 60 * max(episodes, 1)
    if not expected_s or duration_s is None or duration_s < _SHORTEST_S:
        return Verdict(100)
    minutes, ratio = round(duration_s / 60), duration_s / expected_s
    if not _TOO_SHORT <= ratio <= _TOO_LONG:
        return Verdict(60, f"it runs {minutes} min, not {expected_s // 60}")
    is_same = abs(ratio - 1) <= _SAME_LENGTH
    return Verdict(100, f"running time {minutes} min equal" if is_same else "")


def _ids(wanted: Wanted) -> tuple[str, ...]:
    tvdb = (f"tvdb:{wanted.tvdb_id}",) if wanted.tvdb_id else ()
    return (*ids_of(tmdb_id=wanted.tmdb_id, imdb_id=wanted.imdb_id or ""), *tvdb)


def _others(wanted: Wanted) -> tuple[str, ...]:
    original = (wanted.original_title,) if wanted.original_title else ()
    return (*original, *wanted.alternate_titles)


def _by_date(wanted: Wanted, parsed: ParsedName) -> Verdict:
    if parsed.air_date == wanted.air_date:
        return Verdict(94, f"air date {wanted.air_date} equal")
    return Verdict(0, f"it aired on {parsed.air_date}, not on {wanted.air_date}")


def _by_scene(wanted: Wanted) -> Verdict:
    """Judge a number of the scene: sure only where the series itself has no episode of it."""
    season, episode = wanted.scene_season, wanted.scene_episode
    is_taken = (episode or 0) <= dict(wanted.seasons).get(season or 0, 0)
    return Verdict(75 if is_taken else 88, "season and episode equal in scene numbering")


def _by_absolute(wanted: Wanted, number: int) -> Verdict:
    numbered = [season for season, _ in wanted.seasons if season > 0]
    if wanted.series_type == "anime" and number == wanted.absolute_episode:
        return Verdict(90, f"absolute number {number} equal")
    if wanted.series_type == "anime" and number == wanted.scene_absolute:
        return Verdict(75, f"absolute number {number} equal in scene numbering")
    if wanted.season == 1 and number == wanted.episode and numbered == [1]:
        return Verdict(86, f"episode {number} of the only season")
    return Verdict(0, f"it is episode {number} without a season")


def _is_absolute_in_season_one(wanted: Wanted, parsed: ParsedName) -> bool:
    """Say whether an anime's absolute number was put into season 1, past its real end."""
    number, end = wanted.absolute_episode or 0, dict(wanted.seasons).get(1, 0)
    is_past_end = 0 < end < number
    return (
        is_past_end
        and wanted.series_type == "anime"
        and parsed.season == 1
        and number in parsed.episodes
    )


def _near_year(target: Target, reading: Reading, name: KnownName, listed: ListedYears) -> Verdict:
    year = reading.year
    if any(namesake.year == year for namesake in target.namesakes(name)):
        return Verdict(0, f"another title of the library is from {year}")
    if listed.has_ours:
        return Verdict(55, f"year {year} is one off, and the list has one of the right year")
    return Verdict(70 if reading.year_is_bare else 88, f"year {year} is one off")


def _season_year(wanted: Wanted, year: int) -> Verdict:
    if wanted.air_date is not None and wanted.air_date.year == year:
        return Verdict(82, f"year {year} is that of the season")
    return Verdict(0, f"year {year} differs from {wanted.year}")


def _no_year(target: Target, reading: Reading, name: KnownName, listed: ListedYears) -> Verdict:
    if name.holds_country or (reading.country and reading.country == name.country):
        return Verdict(94, "shows no year, but the country")
    if listed.has_others and not listed.has_ours:
        ceiling = 55 if target.is_movie else 64
        return Verdict(ceiling, "shows no year, and the list has the title of other years only")
    if target.namesakes(name):
        return Verdict(66, "shows no year, and the library has another title of this name")
    title = target.qualifier
    if title and title.year is not None:
        return Verdict(66, f"shows no year, and only the one of {title.year} is wanted")
    if listed.has_others:
        return Verdict(70, "shows no year, and the list has the title of several years")
    # Where the list shows the year of some, those are surer than the one that shows none.
    is_sure = not target.is_movie and not listed.has_ours
    return Verdict(97 if is_sure else 85, "shows no year")

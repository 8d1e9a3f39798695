"""Find which episode a name means: `S01 E02`, `1x05`, `Staffel 1 Folge 5`, `Ep 1233`, a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_SEASON = (
    r"(?:season|saison|staffel|temporada|temp|stagione|sezon(?:ul|a)?|seizoen|s[äa]song|sesong|"
    r"s[æa]son|(?:tuotanto)?kausi|sez[óo]na|sezoni|évad|s[ée]rie|musim|phần|σεζ[όο]ν|κύκλος|сезон|"
    r"الموسم|موسم|فصل|עונה|시즌|シーズン)"
)
_EPISODE_WORD = (
    r"(?:[ée]pisod(?:e|io|ul)?|epis[óo]dio|eps?|folge|cap(?:[íi]tulo)?|aflevering|afl|b[öo]l[üu]m|"
    r"puntata|avsnitt|afsnit|jakso|odcinek|odc|epiz[óo]da|επεισόδιο|сери[яи]|выпуск|"
    r"الحلقة|حلقة|قسمت|פרק|tập)"
)
# Beside a season they are episodes; alone they are parts of films too ("Harry Potter 7. rész 2").
_PART_WORD = r"(?:rész|d[ií]l|del|část|화|회|話|集)"
_EPISODE = rf"(?:{_EPISODE_WORD}|{_PART_WORD}|e)"
_GAP = r"[\s.,:|-]{0,4}"

_SXE = re.compile(
    r"(?<![^\W_])[ST](?P<season>\d{1,4})\s?[-._:]?\s?E(?:P|PISODE)?\.?\s?(?P<episode>\d{1,4})"
    r"(?P<more>(?:\s?[-+&~]?\s?EP?\d{1,4})*(?:-\d{1,4}(?![\dpi]))?)(?![^\W_])",
    re.IGNORECASE,
)
_CROSS = re.compile(
    r"(?<![\w.])(?P<season>\d{1,2})x(?P<episode>\d{2,4})(?P<more>(?:-(?:\d{1,2}x)?\d{2,4})?)(?!\w)",
    re.IGNORECASE,
)
_WORDS = re.compile(
    rf"(?<!\w){_SEASON}{_GAP}(?P<season>\d{{1,4}}){_GAP}{_EPISODE}{_GAP}(?P<episode>\d{{1,4}})"
    r"(?P<more>)(?!\w)",
    re.IGNORECASE,
)
_WORDS_BACK = re.compile(
    rf"(?<!\w)(?P<season>\d{{1,2}})\s?(?:a|o|e|st|nd|rd|th|\.)?\s?{_SEASON}{_GAP}"
    rf"(?:{_EPISODE}{_GAP}(?P<episode>\d{{1,4}})|(?P<episode_back>\d{{1,4}})\.?\s?{_EPISODE})"
    r"(?P<more>)(?!\w)",
    re.IGNORECASE,
)
# 第1季 第2集, 시즌 1 2화, シーズン1 第2話.
_EASTERN = re.compile(
    r"(?:第\s?(?P<season>\d{1,2})\s?[季期]|(?:시즌|シーズン)\s?(?P<season_back>\d{1,2}))\s?[-,]?\s?"
    r"第?\s?(?P<episode>\d{1,4})\s?[集话話回화회](?P<more>)"
)
_SEASON_IN_GROUP = re.compile(rf"(?<!\w)(?:{_SEASON}\s?|S)(\d{{1,2}})(?!\w)", re.IGNORECASE)
_ABSOLUTE = re.compile(
    rf"(?:(?<!\w){_EPISODE_WORD}[\s.:#]?\s?|(?<!\w)E(?=\d{{2}})|#)(?P<number>\d{{1,4}})(?!\w|\.\d)",
    re.IGNORECASE,
)
_BEFORE_WORD = re.compile(
    r"(?<!\w)(?P<number>\d{1,4})\s?\.?\s?(?:b[öo]l[üu]m|серия|выпуск|epizoda|odcinek)(?!\w)",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"\s(?:-\s)?(?:\((?P<inside>\d{1,3})\)|(?P<number>\d{1,4}))"
    r"(?:\s+[(\[]?(?:VOSTFR|VF|VO|MULTI|SUB|DUB|4K|FHD|HD|SD|\d{3,4}p)[)\]]?)*$",
    re.IGNORECASE,
)
# 20240115, where nothing else can be meant.
_DATE_GLUED = re.compile(r"(?<!\d)(20\d{2})()(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_DATE = re.compile(r"(?<!\d)(\d{4})([-./ ])(\d{2})\2(\d{2})(?!\d)")
_DATE_BACK = re.compile(r"(?<!\d)(\d{2})([-./ ])(\d{2})\2(\d{4})(?!\d)")
_NUMBERS = re.compile(r"(?P<range>-\s?)?(?:EP?|\d{1,2}x)?(?P<number>\d{1,4})", re.IGNORECASE)
# No digits but a year in brackets and numbers of lines: most films, and no episode.
_NO_NUMBER = re.compile(
    r"\D*+(?:(?:(?<=[(\[])\d{4}[)\]]|(?:4K|2160p|1080p|720p|480p)(?!\w))\D*+)*+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Marker:
    """Where in a name the episode is said (`start`, `end`) and what it says.

    `is_strong` is True when season and episode are both said: such a marker makes an episode of
    an entry whatever its group. A weak one may be part of a film's title (`Episode 4`).
    """

    start: int
    end: int
    season: int | None = None
    episodes: tuple[int, ...] = ()
    absolute: int | None = None
    air_date: date | None = None
    is_strong: bool = False


def find_marker(text: str, *, group: str = "", is_series: bool = False) -> Marker | None:
    """Find the episode marker of a cleaned name, or None.

    With `is_series` (the address says so) a bare number at the end (` - 103`) is one too. A
    number without a season takes the season its group names (`Show | Season 2`).
    """
    if _NO_NUMBER.fullmatch(text):
        return None
    match = _SXE.search(text)
    if match:
        return _numbered(match)
    match = _cross(text) or _WORDS.search(text) or _WORDS_BACK.search(text)
    match = match or (None if text.isascii() else _EASTERN.search(text))
    if match:
        return _numbered(match)
    return _dated(text, is_series=is_series) or _absolute(text, group, is_series=is_series)


def _cross(text: str) -> re.Match[str] | None:
    match = _CROSS.search(text)
    # At the very start it is the title: "10x10 (2019)".
    return match if match and match.start() > 0 else None


def _numbered(match: re.Match[str]) -> Marker:
    groups = match.groupdict()
    first = int(groups["episode"] or groups["episode_back"])
    episodes = _with_more(first, match["more"])
    season = int(groups["season"] or groups["season_back"])
    return Marker(match.start(), match.end(), season=season, episodes=episodes, is_strong=True)


def _with_more(first: int, more: str) -> tuple[int, ...]:
    """Add the further episodes: `E03` is one more, `-E05` is all up to it."""
    if not more:
        return (first,)
    episodes = [first]
    for match in _NUMBERS.finditer(more):
        number = int(match["number"])
        is_range = match["range"] is not None and 0 < number - episodes[-1] <= 100
        episodes.extend(range(episodes[-1] + 1, number + 1) if is_range else (number,))
    return tuple(dict.fromkeys(episodes))


def _dated(text: str, *, is_series: bool) -> Marker | None:
    match = _DATE.search(text) or (_DATE_GLUED.search(text) if is_series else None)
    if match:
        return _on_day(match, match[1], match[3], match[4])
    match = _DATE_BACK.search(text)
    return _on_day(match, match[4], match[3], match[1]) if match else None


def _on_day(match: re.Match[str], year: str, month: str, day: str) -> Marker | None:
    try:
        air_date = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return Marker(match.start(), match.end(), air_date=air_date)


def _absolute(text: str, group: str, *, is_series: bool) -> Marker | None:
    match = _last(_ABSOLUTE, text) or _BEFORE_WORD.search(text)
    match = match or (_trailing(text) if is_series else None)
    if match is None:
        return None
    number = int(match.group(match.lastgroup or 0))
    season = _SEASON_IN_GROUP.search(group)
    if season:
        return Marker(match.start(), match.end(), season=int(season[1]), episodes=(number,))
    return Marker(match.start(), match.end(), absolute=number)


def _trailing(text: str) -> re.Match[str] | None:
    match = _TRAILING.search(text)
    # "Show 2019" ends with a year.
    is_year = (
        match is not None and match["number"] is not None and 1900 < int(match["number"]) < 2100
    )
    return None if is_year else match


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(reversed(list(pattern.finditer(text))), None)

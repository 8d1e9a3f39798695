"""Decide which playlist entries are a wanted movie or episode, how surely, and which to take.

Kind, year, season and episode are gates: an entry that fails one is no candidate, however alike
its title. What passes gets a confidence from 0 to 100 with its reasons in words. Wrong is worse
than missing: what cannot be known from the text is asked, not taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from stalkeer.core.evidence import Listed, Scored, judge, listed_years
from stalkeer.core.gates import Target
from stalkeer.core.ids import by_source, ids_of
from stalkeer.core.items import ContentType, Wanted
from stalkeer.core.learned import Alias
from stalkeer.core.library import Library, library_of_movies, library_of_series
from stalkeer.core.overrides import Override, overridden
from stalkeer.core.quality import ANY_QUALITY, Quality
from stalkeer.core.reasons import WhyNot
from stalkeer.core.titles import EntryKey, ParsedName, parse_name

__all__ = [
    "Alias", "Candidate", "Library", "MatchRules", "Quality", "Ranking", "Scored", "fits",
    "library_of_movies", "library_of_series", "lookup_keys", "rank", "read",
]  # fmt: skip

_CERTAIN = 90


@dataclass(frozen=True, slots=True)
class Candidate:
    """A playlist entry that may be the wanted item.

    `order` is greater for newer entries. `override` is what a person said the entry is. The ids
    and the running time are those that the source itself gives, as Xtream panels do.
    """

    entry_id: int
    name: str
    group: str
    url_kind: str | None
    tvg_type: str = ""
    tvg_id: str = ""
    logo: str = ""
    order: int = 0
    override: Override | None = None
    tmdb_id: int | None = None
    imdb_id: str = ""
    duration_s: int | None = None


@dataclass(frozen=True, slots=True)
class MatchRules:
    """What the user set: from which confidence to take or to ask, and what to prefer.

    `languages` empty allows every language; else only these are taken, in this order. An entry
    that says no language is allowed and comes after them. `resolutions` works the same way, but
    an entry that says none counts as the second choice: most are FHD or HD. With `upgrade` a file
    that falls short of its quality profile is replaced by a better one.
    """

    auto: int = 80
    ask: int = 50
    languages: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ("1080p", "720p", "2160p", "480p")
    upgrade: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates in three bands, the best of each first."""

    taken: tuple[Scored, ...] = ()
    to_confirm: tuple[Scored, ...] = ()
    rejected: tuple[Scored, ...] = ()


def lookup_keys(wanted: Wanted, aliases: Iterable[Alias] = ()) -> tuple[str, ...]:
    """Give the keys under which the index is asked for candidates.

    They are those of all titles in all spellings, of what a person taught, of posters and of ids.
    """
    target = Target.of(wanted, Library())
    taught = (alias.key for alias in aliases)
    posters = (f"poster:{file}" for file in target.posters)
    return tuple(dict.fromkeys((*target.names, *taught, *posters, *target.ids.values())))


def fits(wanted: Wanted, row: EntryKey) -> bool:
    """Say whether an index row is worth a look; `rank` would refuse what this leaves out.

    It is the filter a store asks in SQL, so that an episode does not fetch its whole series.
    """
    if wanted.season is None or wanted.episode is None:
        return row.content_type is ContentType.MOVIE
    if row.content_type is not ContentType.TVSHOW:
        return False
    if row.air_date is not None:
        return row.air_date == wanted.air_date
    if row.absolute is not None:
        return row.absolute in (wanted.episode, wanted.absolute_episode, wanted.scene_absolute)
    numbers = (
        (wanted.season, wanted.episode),
        (wanted.scene_season, wanted.scene_episode),
        (1, wanted.absolute_episode),
    )
    first, last = row.episode_from or 0, row.episode_to or 0
    return any(
        row.season == season and number is not None and first <= number <= last
        for season, number in numbers
    )


def rank(
    wanted: Wanted,
    candidates: Sequence[Candidate],
    *,
    library: Library,
    rules: MatchRules,
    aliases: Iterable[Alias] = (),
    quality: Quality = ANY_QUALITY,
) -> Ranking:
    """Sort the candidates into bands: identity first, then the user's preference, then the newest.

    The candidates are evidence for each other: dated namesakes in the list cast doubt on an entry
    that shows no year.
    """
    target = Target.of(wanted, library, aliases)
    listed = [_listed(candidate) for candidate in candidates]
    years = listed_years(target, listed)
    scored = [
        (_allowed(judge(target, entry, years), rules, quality), candidate)
        for entry, candidate in zip(listed, candidates, strict=True)
    ]
    scored.sort(key=lambda pair: _place(pair[0], pair[1], rules))
    return Ranking(
        tuple(entry for entry, _ in scored if entry.score >= rules.auto),
        tuple(entry for entry, _ in scored if rules.ask <= entry.score < rules.auto),
        tuple(entry for entry, _ in scored if entry.score < min(rules.ask, rules.auto)),
    )


def _listed(candidate: Candidate) -> Listed:
    ids = ids_of(tvg_id=candidate.tvg_id, tmdb_id=candidate.tmdb_id, imdb_id=candidate.imdb_id)
    return Listed(
        candidate.entry_id,
        read(candidate),
        candidate.group,
        candidate.logo,
        by_source(ids),
        candidate.duration_s,
    )


def read(candidate: Candidate) -> ParsedName:
    """Read the name of a candidate, with what a person said of it."""
    parsed = _parsed(candidate.name, candidate.group, candidate.url_kind, candidate.tvg_type)
    return parsed if candidate.override is None else overridden(parsed, candidate.override)


@lru_cache(maxsize=8192)
def _parsed(name: str, group: str, url_kind: str | None, tvg_type: str) -> ParsedName:
    """Read a name once for all the items that an entry may be."""
    return parse_name(name, group=group, url_kind=url_kind, tvg_type=tvg_type)


def _allowed(scored: Scored, rules: MatchRules, quality: Quality) -> Scored:
    """Refuse what the user does not want at all."""
    languages, resolution = scored.parsed.languages, scored.parsed.resolution
    if rules.languages and languages and not {*languages} & {*rules.languages, "multi"}:
        reason = f"its language {', '.join(languages)} is not wanted"
        return scored.refused(WhyNot.WRONG_LANGUAGE, reason)
    refusal = quality.refusal(resolution)
    if resolution is not None and resolution not in rules.resolutions:
        refusal = f"its resolution {resolution} is not wanted"
    return scored.refused(WhyNot.WRONG_RESOLUTION, refusal) if refusal else scored


def _place(scored: Scored, candidate: Candidate, rules: MatchRules) -> tuple[int, ...]:
    """Order certain entries before likely ones, and equals by preference."""
    band = 0 if scored.score >= _CERTAIN else 1 if scored.score >= rules.auto else 2
    if band == 2:
        return (band, -scored.score, -candidate.order)
    return (
        band,
        _language_place(scored.parsed.languages, rules.languages),
        _resolution_place(scored.parsed.resolution, rules.resolutions),
        -scored.score,
        -candidate.order,
    )


def _language_place(shown: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    places = [wanted.index(code) for code in shown if code in wanted]
    return min(places, default=len(wanted))


def _resolution_place(shown: str | None, wanted: tuple[str, ...]) -> int:
    return 1 if shown is None else wanted.index(shown)

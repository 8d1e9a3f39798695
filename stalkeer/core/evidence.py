"""Weigh what one playlist entry shows against one wanted item, into a confidence with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from stalkeer.core.gates import (
    ListedYears,
    Number,
    Target,
    Verdict,
    judge_country,
    judge_duration,
    judge_number,
    judge_year,
)
from stalkeer.core.items import ContentType
from stalkeer.core.library import KnownName
from stalkeer.core.posters import poster_of
from stalkeer.core.reasons import WhyNot
from stalkeer.core.titles import ParsedName, Reading

# What the same poster or id is worth: 60 when year or title say otherwise, because providers put
# wrong posters on right films too.
_WITNESSED, _CONTRADICTED = 92, 60
_TAUGHT = 95
_ALTERNATE_COSTS = 3
_CALLED = {"tmdb": "TMDB", "imdb": "IMDb", "tvdb": "TVDB"}
_WHAT = {
    ContentType.MOVIE: "it is a movie, not an episode",
    ContentType.TVSHOW: "it is an episode, not a movie",
    ContentType.CHANNEL: "it is a channel",
    ContentType.UNCATEGORIZED: "it is neither movie nor episode",
}


@dataclass(frozen=True, slots=True)
class Scored:
    """An entry with its confidence and why.

    `method` names the strongest evidence: `title_year`, `alternate_title`, `title`, `poster`,
    `id`, `taught`, `season_episode`, `absolute`, `air_date`, `scene`, `by_hand`, or `none`.
    `episodes` are the (season, episode) pairs the entry covers, in the numbers of the arr; empty
    for a movie. `unwanted` is set when the user does not want it although it may be the item: then
    `score` is 0 and `identity` keeps how surely it is.
    """

    entry_id: int
    score: int
    method: str
    reasons: tuple[str, ...]
    parsed: ParsedName
    episodes: tuple[tuple[int, int], ...] = ()
    unwanted: WhyNot | None = None
    identity: int = 0

    def refused(self, code: WhyNot, reason: str) -> Scored:
        """Give the same entry as one that the user does not want, and why."""
        return replace(
            self,
            score=0,
            identity=self.score,
            unwanted=code,
            reasons=(*self.reasons, reason),
        )

    def capped(self, score: int, reason: str) -> Scored:
        """Give the same entry with at most this score, and why."""
        return replace(self, score=min(self.score, score), reasons=(*self.reasons, reason))


@dataclass(frozen=True, slots=True)
class Listed:
    """A candidate whose name was read, with the ids its source gives, by what they are ids of."""

    entry_id: int
    parsed: ParsedName
    group: str = ""
    logo: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    duration_s: int | None = None


def listed_years(target: Target, entries: Iterable[Listed]) -> ListedYears:
    """Gather which years the entries of the right kind and title show."""
    years = {
        reading.year
        for entry in entries
        if entry.parsed.content_type is _kind(target)
        for reading in entry.parsed.readings[:1]
        if reading.key in target.names and reading.year is not None
    }
    air_date = target.wanted.air_date
    others = years - {air_date.year} if air_date else years
    return ListedYears(
        has_ours=any(target.distance(year) == 0 for year in years),
        has_others=any(target.distance(year) > 1 for year in others),
    )


def judge(target: Target, entry: Listed, years: ListedYears) -> Scored:
    """Say how surely an entry is the wanted item."""
    if entry.parsed.content_type is not _kind(target):
        return _rejected(entry, _WHAT[entry.parsed.content_type])
    number = judge_number(target.wanted, entry.parsed)
    if number.verdict.ceiling == 0:
        return _rejected(entry, number.verdict.reason)
    fits = [
        _scored(target, entry, number, place, name, years)
        for place, reading in enumerate(entry.parsed.readings)
        for name in target.names.get(reading.key, ())
    ]
    fits += _taught(target, entry, number)
    best = max(fits, key=lambda fit: fit.score, default=_rejected(entry, "its title is another"))
    best = _by_poster(target, entry, _by_id(target, entry, best, number), number)
    length = judge_duration(target.wanted, entry.duration_s, episodes=len(number.episodes))
    return best.capped(length.ceiling, length.reason) if length.reason else best


def _kind(target: Target) -> ContentType:
    return ContentType.MOVIE if target.is_movie else ContentType.TVSHOW


def _rejected(entry: Listed, reason: str) -> Scored:
    return Scored(entry.entry_id, 0, "none", (reason,), entry.parsed)


def _scored(
    target: Target, entry: Listed, number: Number, place: int, name: KnownName, years: ListedYears
) -> Scored:
    """Score one reading under one name; each reading further down costs a point."""
    reading = entry.parsed.readings[place]
    year = judge_year(target, reading, name, years)
    verdicts = (number.verdict, year, judge_country(target, reading, name))
    score = min(reading.ceiling, *(verdict.ceiling for verdict in verdicts))
    cost = place + (_ALTERNATE_COSTS if name.is_alternate else 0)
    return Scored(
        entry.entry_id,
        max(score - cost, 0),
        number.method or _method(reading, name),
        (_equal_title(entry.parsed, name), *_reasons(verdicts)),
        entry.parsed,
        number.episodes,
    )


def _method(reading: Reading, name: KnownName) -> str:
    if name.is_alternate:
        return "alternate_title"
    return "title_year" if reading.year is not None else "title"


def _equal_title(parsed: ParsedName, name: KnownName) -> str:
    title = "alternate title" if name.is_alternate else "title"
    removed = " and ".join(repr(layer) for layer in parsed.removed)
    after = f" after removing {removed}" if removed else ""
    return f"{title} {name.title!r} equal{after}"


def _reasons(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    return tuple(verdict.reason for verdict in verdicts if verdict.reason)


def _taught(target: Target, entry: Listed, number: Number) -> list[Scored]:
    """Score a name that a person confirmed for the item before: it needs no other proof."""
    alias = next(
        (alias for alias in target.aliases if alias.names(entry.parsed, entry.group)), None
    )
    if alias is None:
        return []
    reasons = (f"a person said that {alias.title!r} is it", *_reasons([number.verdict]))
    score = min(_TAUGHT, number.verdict.ceiling)
    return [Scored(entry.entry_id, score, "taught", reasons, entry.parsed, number.episodes)]


def _by_id(target: Target, entry: Listed, best: Scored, number: Number) -> Scored:
    """Let the ids speak: the same one is the same film whatever its name says."""
    shared = [source for source in entry.ids if source in target.ids]
    equal = [source for source in shared if entry.ids[source] == target.ids[source]]
    if equal and equal == shared:
        return _raised(target, best, number, "id", f"{_CALLED[equal[0]]} id equal")
    other = next((source for source in shared if source not in equal), None)
    if other is None:
        return best
    return _of_other_id(target, entry.ids[other], best, f"its {_CALLED[other]} id is another")


def _of_other_id(target: Target, other: str, best: Scored, reason: str) -> Scored:
    """Doubt an entry that has the id of something else; panels guess ids, and guess wrong too."""
    is_known = target.library.ids.get(other, target.item_id) != target.item_id
    if not target.is_movie:
        # Behind an episode often stands the id of that episode, which no arr tells.
        return best.capped(_CONTRADICTED, reason) if is_known else best
    is_equal = best.method in ("title_year", "alternate_title") and best.parsed.year is not None
    return best.capped(_CONTRADICTED if is_equal and not is_known else 0, reason)


def _by_poster(target: Target, entry: Listed, best: Scored, number: Number) -> Scored:
    """Let the poster speak; one that nobody knows says nothing."""
    poster = poster_of(entry.logo)
    if poster is None:
        return best
    if poster in target.posters:
        return _raised(target, best, number, "poster", "poster equal")
    owner = target.library.posters.get(poster, target.item_id)
    if owner != target.item_id:
        return best.capped(_CONTRADICTED, "its poster is that of another title of the library")
    return best


def _raised(target: Target, best: Scored, number: Number, method: str, reason: str) -> Scored:
    doubt = _doubt(target, best)
    ceiling = min(_CONTRADICTED if doubt else _WITNESSED, number.verdict.ceiling)
    if best.score >= ceiling:
        return replace(best, reasons=(*best.reasons, reason))
    return replace(
        best,
        score=ceiling,
        method=method,
        reasons=(reason, *_reasons([number.verdict]), *doubt),
        episodes=number.episodes,
    )


def _doubt(target: Target, best: Scored) -> tuple[str, ...]:
    """Say what in a name contradicts its own poster or id; empty when nothing does."""
    parsed = best.parsed
    if parsed.year is not None and target.distance(parsed.year) > 1:
        return (f"but year {parsed.year} differs",)
    if any(reading.key in target.names for reading in parsed.readings):
        return ()
    if any(target.differs_in_number(reading.key) for reading in parsed.readings):
        return ("but the number in its title differs",)
    if any(target.is_of_another(reading.title) for reading in parsed.readings):
        return ("but its title is that of another title of the library",)
    return ()

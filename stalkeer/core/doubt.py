"""When more must be known of an item to match it, and what TMDB's facts add to what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stalkeer.core.items import Wanted
from stalkeer.core.matching import Ranking

_POSTER = "https://image.tmdb.org/t/p/original"


@dataclass(frozen=True, slots=True, kw_only=True)
class TmdbFacts:
    """What TMDB knows of a film or a series.

    `pictures` are paths as TMDB writes them (`/abc.jpg`): posters, those of the season, stills of
    the episode. `year` is that of the first release or the first episode.
    """

    tmdb_id: int
    titles: tuple[str, ...] = ()
    year: int | None = None
    imdb_id: str | None = None
    tvdb_id: int | None = None
    pictures: tuple[str, ...] = ()


def is_in_doubt(ranking: Ranking) -> bool:
    """Say whether more facts may settle it: nothing is sure, and something has the title."""
    if ranking.taken:
        return False
    has_title = (one.method != "none" and one.unwanted is None for one in ranking.rejected)
    return bool(ranking.to_confirm) or any(has_title)


def with_facts(wanted: Wanted, facts: TmdbFacts) -> Wanted:
    """Add what TMDB knows to what the arr says; where both speak the arr is right."""
    titles = (*wanted.alternate_titles, *facts.titles)
    pictures = (*wanted.poster_urls, *(f"{_POSTER}{path}" for path in facts.pictures))
    is_other_year = facts.year is not None and abs(facts.year - wanted.year) == 1
    return replace(
        wanted,
        alternate_titles=tuple(dict.fromkeys(titles)),
        poster_urls=tuple(dict.fromkeys(pictures)),
        year=wanted.year or facts.year or 0,
        secondary_year=wanted.secondary_year or (facts.year if is_other_year else None),
        tmdb_id=wanted.tmdb_id or facts.tmdb_id,
        imdb_id=wanted.imdb_id or facts.imdb_id,
        tvdb_id=wanted.tvdb_id or facts.tvdb_id,
    )

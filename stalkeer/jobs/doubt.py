"""Asks TMDB about an item that cannot be settled without it; what it said is kept for a month.

Nothing depends on it: without a key, while it is down, or with an odd answer the search goes on
with what the arr says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter

from stalkeer.arr.tmdb import Tmdb, TmdbError
from stalkeer.core.doubt import TmdbFacts, with_facts
from stalkeer.core.items import Wanted
from stalkeer.jobs.meters import CACHE_READS
from stalkeer.jobs.services import Services
from stalkeer.log import get_logger

log = get_logger(__name__)

MAX_AGE_S = 30 * 86400.0

_FACTS = TypeAdapter(TmdbFacts)


def with_tmdb(services: Services, wanted: Wanted) -> Wanted:
    """Add what TMDB knows of an item; the same item when it knows nothing or is not asked."""
    if services.tmdb is None:
        return wanted
    try:
        facts = _facts(services, services.tmdb, wanted)
    except TmdbError as exc:
        log.info("searched without TMDB", title=wanted.label, reason=str(exc))
        return wanted
    return wanted if facts is None else with_facts(wanted, facts)


def _facts(services: Services, tmdb: Tmdb, wanted: Wanted) -> TmdbFacts | None:
    if wanted.season is None or wanted.episode is None:
        return _of_movie(services, tmdb, wanted.tmdb_id)
    tmdb_id = wanted.tmdb_id or _series_id(services, tmdb, wanted.tvdb_id)
    if not tmdb_id:
        return None
    return _of_episode(services, tmdb, tmdb_id, wanted.season, wanted.episode)


def _of_movie(services: Services, tmdb: Tmdb, tmdb_id: int | None) -> TmdbFacts | None:
    if not tmdb_id:
        return None
    return _read(services, f"movie/{tmdb_id}", lambda: tmdb.movie(tmdb_id))


def _of_episode(
    services: Services, tmdb: Tmdb, tmdb_id: int, season: int, episode: int
) -> TmdbFacts | None:
    facts = _read(services, f"tv/{tmdb_id}", lambda: tmdb.series(tmdb_id))
    if facts is None:
        return None
    pictures = _kept(
        services,
        f"tv/{tmdb_id}/season/{season}/episode/{episode}/images",
        lambda: tmdb.episode_pictures(tmdb_id, season, episode),
    )
    return replace(facts, pictures=(*facts.pictures, *pictures))


def _series_id(services: Services, tmdb: Tmdb, tvdb_id: int | None) -> int | None:
    if not tvdb_id:
        return None
    found: int | None = _kept(services, f"find/tvdb/{tvdb_id}", lambda: tmdb.series_id(tvdb_id))
    return found


def _read(services: Services, key: str, ask: Callable[[], TmdbFacts | None]) -> TmdbFacts | None:
    said = _kept(services, key, lambda: _shown(ask()))
    return None if said is None else _FACTS.validate_python(said)


def _shown(facts: TmdbFacts | None) -> dict[str, Any] | None:
    return None if facts is None else asdict(facts)


def _kept(services: Services, key: str, ask: Callable[[], Any]) -> Any:
    """Give an answer that was kept, and ask only when there is none or it is old."""
    kept = services.store.tmdb.get(key)
    if kept is not None and (services.now() - kept.fetched_at).total_seconds() < MAX_AGE_S:
        services.meters.count(CACHE_READS, cache="tmdb", result="hit")
        return kept.answer
    services.meters.count(CACHE_READS, cache="tmdb", result="miss")
    answer = ask()
    services.store.tmdb.keep(key, answer)
    return answer

"""Shows what a reconcile would do, and writes nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.items import Wanted, wanted_episode, wanted_movie
from stalkeer.core.matching import Scored, rank
from stalkeer.core.wants import Want, judge_episode, judge_movie
from stalkeer.jobs.services import Services
from stalkeer.jobs.wanted import scope_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be done about one missing item: `take`, `ask` or `nothing`, and why."""

    title: str
    decision: str
    entry: str
    score: int
    reasons: tuple[str, ...]


def preview(
    services: Services,
    instance: str,
    *,
    limit: int = 0,
    concerns: Callable[[Wanted], bool] = lambda _: True,
) -> Iterator[Preview]:
    """Judge what an instance misses, newest first: at most `limit` of the items it `concerns`."""
    arr, _ = services.instance(instance)
    library = services.libraries.of(arr)
    missing = filter(concerns, _missing(services, arr, instance))
    for wanted in islice(missing, limit or None):
        candidates = services.store.playlists.candidates(wanted)
        ranking = rank(wanted, candidates, library=library, rules=services.matching)
        if ranking.taken:
            yield _shown(services, wanted, "take", ranking.taken[0])
        elif ranking.to_confirm:
            yield _shown(services, wanted, "ask", ranking.to_confirm[0])
        else:
            reason = "it is in none of the playlists"
            yield Preview(
                title=wanted.label, decision="nothing", entry="", score=0, reasons=(reason,)
            )


def _missing(services: Services, arr: Radarr | Sonarr, instance: str) -> Iterator[Wanted]:
    _, rules = services.instance(instance)
    scope = scope_of(arr, rules)
    if isinstance(arr, Radarr):
        movies = sorted(arr.missing(), key=lambda movie: movie.id, reverse=True)
        for movie in movies:
            if judge_movie(movie, scope).want is Want.YES:
                yield wanted_movie(movie)
        return
    for series, episode in arr.missing():
        if judge_episode(series, episode, scope, services.now()).want is Want.YES:
            yield wanted_episode(series, episode)


def _shown(services: Services, wanted: Wanted, decision: str, scored: Scored) -> Preview:
    entry = services.store.playlists.entry(scored.entry_id)
    return Preview(
        title=wanted.label,
        decision=decision,
        entry="" if entry is None else entry.name,
        score=scored.score,
        reasons=scored.reasons,
    )

"""Shows what a reconcile would do, and writes nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.items import Wanted, wanted_episode, wanted_movie
from stalkeer.core.matching import Scored
from stalkeer.core.wants import Want, judge_episode, judge_movie
from stalkeer.jobs.judging import judged, why_nothing
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
    missing = filter(concerns, _missing(services, arr, instance))
    for wanted in islice(missing, limit or None):
        yield _preview(services, instance, wanted)


def _preview(services: Services, instance: str, wanted: Wanted) -> Preview:
    store = services.store
    known = [item.id for item in store.items.of_arr(instance, [wanted.arr_id])]
    if any(store.downloads.held_for(item_id) for item_id in known):
        return _nothing(wanted, "its file is here or on its way")
    out = frozenset().union(*(store.matches.rejected(item_id) for item_id in known))
    found = judged(services, instance, wanted)
    bands = (("take", found.ranking.taken), ("ask", found.ranking.to_confirm))
    for decision, scored in bands:
        best = next((one for one in scored if one.entry_id not in out), None)
        if best is not None:
            return _shown(wanted, decision, best, found.names[best.entry_id])
    return _nothing(wanted, why_nothing(services, instance, wanted, found, out).reason)


def _nothing(wanted: Wanted, reason: str) -> Preview:
    return Preview(title=wanted.label, decision="nothing", entry="", score=0, reasons=(reason,))


def _missing(services: Services, arr: Radarr | Sonarr, instance: str) -> Iterator[Wanted]:
    _, rules = services.instance(instance)
    upgrade = services.matching.upgrade
    scope = scope_of(arr, rules, upgrade=upgrade)
    if isinstance(arr, Radarr):
        movies = sorted(arr.missing(), key=lambda movie: movie.id, reverse=True)
        for movie in (*movies, *(arr.cutoff_unmet() if upgrade else ())):
            if judge_movie(movie, scope).want is Want.YES:
                yield wanted_movie(movie)
        return
    for series, episode in (*arr.missing(), *(arr.cutoff_unmet() if upgrade else ())):
        if judge_episode(series, episode, scope, services.now()).want is Want.YES:
            yield wanted_episode(series, episode)


def _shown(wanted: Wanted, decision: str, scored: Scored, name: str) -> Preview:
    return Preview(
        title=wanted.label,
        decision=decision,
        entry=name,
        score=scored.score,
        reasons=scored.reasons,
    )

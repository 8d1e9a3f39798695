"""Asks one instance what it misses, and starts searches for what nobody works on.

This is what makes the promise true: a webhook that was lost is found here. It makes the same jobs
as a webhook, under the same keys, so running twice makes no doubles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.items import Movie
from stalkeer.core.jobs import ROUTINE, Ended, done
from stalkeer.core.states import ItemState
from stalkeer.core.wants import Verdict, Want
from stalkeer.db.items import Item
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import InstanceRules, Run, Services
from stalkeer.jobs.wanted import (
    SCAN_PATIENCE_S,
    scope_of,
    search_job,
    want_episodes,
    want_movie,
)
from stalkeer.log import get_logger

log = get_logger(__name__)


def handle(run: Run, services: Services) -> Ended:
    """Reconcile one instance."""
    arr, rules = services.instance(run.job.instance)
    run_id = services.store.runs.start("sync", rules.name)
    try:
        items = _read(services, arr, rules)
        services.store.instances.note_sync(rules.name, counts=_counts(items))
    except StalkeerError as exc:
        services.store.instances.note_error(rules.name, str(exc))
        services.store.runs.finish(run_id, item_count=0, counts={}, error=str(exc))
        raise
    services.store.runs.finish(run_id, item_count=len(items), counts=_counts(items))
    new = [item for item in items if item.state is ItemState.SEARCHING and not item.searched_at]
    jobs = tuple(search_job(item, priority=ROUTINE) for item in new[: rules.search_limit])
    log.info("reconciled", instance=rules.name, **_counts(items))
    return done("reconciled", f"{len(items)} missing, {len(jobs)} to search for", then=jobs)


def _read(services: Services, arr: Radarr | Sonarr, rules: InstanceRules) -> list[Item]:
    """Write down everything the instance misses, newest first."""
    arr.check_product()
    scope = scope_of(arr, rules)
    judged: list[tuple[Verdict, Item | None]] = []
    if isinstance(arr, Radarr):
        judged = [
            want_movie(services, rules.name, movie, scope)
            for movie in arr.missing()
            if movie.is_scanned or not _is_new(movie, services)
        ]
    else:
        for series, episode in arr.missing():
            judged += want_episodes(services, rules.name, series, [episode], scope)
    return _newest_first(item for verdict, item in judged if item and verdict.want is Want.YES)


def _is_new(movie: Movie, services: Services) -> bool:
    """Say whether Radarr may still have to look at its disk for a movie, as the webhook waits for.

    Without this a reconcile in the middle of a library import would download the library.
    """
    if movie.added is None:
        return False
    return (services.now() - movie.added).total_seconds() < SCAN_PATIENCE_S


def _newest_first(items: Iterable[Item]) -> list[Item]:
    # Two stable sorts: items without a date come last.
    by_id = sorted(items, key=lambda item: item.id, reverse=True)
    return sorted(
        by_id, key=lambda item: item.added_at.timestamp() if item.added_at else 0.0, reverse=True
    )


def _counts(items: Iterable[Item]) -> dict[str, int]:
    states = Counter(item.state.value for item in items)
    return {"missing": states.total(), **states}

"""Reads one delivery of Radarr or Sonarr and starts or cancels what it announces.

A delivery is only a hint: the item is read again from the arr before anything is done. Running
twice is harmless, because what follows is unique per item while it is active.
"""

from __future__ import annotations

from collections.abc import Iterable

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.arr.webhook import WebhookEvent, WebhookType, parse_webhook
from stalkeer.core.jobs import URGENT, Ended, ItemMove, Job, done, later, skipped
from stalkeer.core.states import ItemState
from stalkeer.core.wants import Verdict, Want
from stalkeer.db.items import Item
from stalkeer.jobs.services import InstanceRules, Run, Services
from stalkeer.jobs.wanted import (
    SCAN_PATIENCE_S,
    scope_of,
    search_job,
    want_episodes,
    want_movie,
)

SCAN_LOOK_AGAIN_S = 3.0

NEEDS_NOTHING = {
    WebhookType.TEST: "a test: the connection works",
    WebhookType.RENAME: "a rename changes nothing for us",
    WebhookType.HEALTH: "health is for people",
    WebhookType.HEALTH_RESTORED: "health is for people",
    WebhookType.APPLICATION_UPDATE: "an update changes nothing for us",
    WebhookType.MANUAL_INTERACTION_REQUIRED: "it is about a download of another program",
}
"""Events that are answered at once and make no job, with the reason."""


def handle(run: Run, services: Services) -> Ended:
    """Do what one delivery asks for."""
    event = parse_webhook(run.job.payload.encode())
    arr, rules = services.instance(run.job.instance)
    if isinstance(arr, Radarr) and event.movie_id is not None:
        return _handle_movie(run, services, arr, rules, event, event.movie_id)
    if isinstance(arr, Sonarr) and event.series_id is not None:
        return _handle_series(run, services, arr, rules, event, event.series_id)
    return skipped(f"{event.event_text} names no item that {rules.name} can have")


def _handle_movie(
    run: Run,
    services: Services,
    radarr: Radarr,
    rules: InstanceRules,
    event: WebhookEvent,
    movie_id: int,
) -> Ended:
    match event.event_type:
        case WebhookType.MOVIE_ADDED:
            return _movie_added(run, services, radarr, rules, movie_id)
        case WebhookType.MOVIE_DELETE:
            items = services.store.items.of_arr(rules.name, [movie_id])
            return _gone(services, items, f"{event.title} was deleted in {rules.name}")
        case WebhookType.DOWNLOAD:
            movie = radarr.movie(movie_id)
            present = [movie_id] if movie is not None and movie.has_file else []
            return _present(services, rules, present)
        case _:
            return _left_to_reconcile(event)


def _handle_series(
    run: Run,
    services: Services,
    sonarr: Sonarr,
    rules: InstanceRules,
    event: WebhookEvent,
    series_id: int,
) -> Ended:
    match event.event_type:
        case WebhookType.SERIES_ADD:
            return _series_added(run, services, sonarr, rules, series_id)
        case WebhookType.SERIES_DELETE:
            items = services.store.items.of_series(rules.name, series_id)
            return _gone(services, items, f"{event.title} was deleted in {rules.name}")
        case WebhookType.DOWNLOAD:
            episodes = sonarr.episodes_by_ids(event.episode_ids)
            return _present(services, rules, [each.id for each in episodes if each.has_file])
        case _:
            return _left_to_reconcile(event)


def _movie_added(
    run: Run, services: Services, radarr: Radarr, rules: InstanceRules, movie_id: int
) -> Ended:
    movie = radarr.movie(movie_id)
    if movie is None:
        return skipped(f"{rules.name} no longer has the movie {movie_id}")
    # Radarr announces a movie before it looks at the disk: an imported library would be
    # downloaded whole.
    if not movie.is_scanned and _is_young(run.job, services):
        return later(
            f"{rules.name} has not looked at its disk for {movie.title} yet",
            run_in_s=SCAN_LOOK_AGAIN_S,
        )
    verdict, item = want_movie(services, rules.name, movie, scope_of(radarr, rules))
    return _searches(movie.title, [(verdict, item)])


def _series_added(
    run: Run, services: Services, sonarr: Sonarr, rules: InstanceRules, series_id: int
) -> Ended:
    series = sonarr.one_series(series_id)
    if series is None:
        return skipped(f"{rules.name} no longer has the series {series_id}")
    episodes = sonarr.episodes(series_id)
    # A refresh that failed announces the series without episodes; they come with the next one.
    if not episodes and _is_young(run.job, services):
        return later(
            f"{rules.name} knows no episodes of {series.title} yet", run_in_s=SCAN_LOOK_AGAIN_S * 10
        )
    judged = want_episodes(services, rules.name, series, episodes, scope_of(sonarr, rules))
    return _searches(series.title, judged)


def _searches(title: str, judged: Iterable[tuple[Verdict, Item | None]]) -> Ended:
    judged = list(judged)
    wanted = [item for verdict, item in judged if item and verdict.want is Want.YES]
    if not wanted:
        reasons = sorted({verdict.reason for verdict, _ in judged})
        return skipped(f"nothing to fetch for {title}: {'; '.join(reasons) or 'no episodes'}")
    jobs = tuple(search_job(item, priority=URGENT) for item in wanted)
    return done("searching", f"{len(jobs)} of {title} to search for", then=jobs)


def _gone(services: Services, items: Iterable[Item], reason: str) -> Ended:
    """Mark items as no longer wanted and cancel what is not finished."""
    return _finish(services, [item.id for item in items], ItemState.GONE, reason)


def _present(services: Services, rules: InstanceRules, arr_ids: list[int]) -> Ended:
    """Mark items as in the library, and cancel what still fetches them.

    The echo of our own import ends here too: its download is complete, so nothing is cancelled.
    """
    items = services.store.items.of_arr(rules.name, arr_ids)
    reason = f"{rules.name} has the file"
    return _finish(services, [item.id for item in items], ItemState.IMPORTED, reason)


def _finish(services: Services, item_ids: list[int], state: ItemState, reason: str) -> Ended:
    if not item_ids:
        return skipped("we were not looking for it")
    services.store.items.move(
        ItemMove(item_id=item_id, state=state, reason=reason) for item_id in item_ids
    )
    cancelled = services.store.jobs.cancel_for_items(item_ids, reason)
    return done("noted", f"{reason}; {cancelled} cancelled")


def _left_to_reconcile(event: WebhookEvent) -> Ended:
    return skipped(f"{event.event_text} starts nothing; the next reconcile looks at the item")


def _is_young(job: Job, services: Services) -> bool:
    return (services.now() - job.created_at).total_seconds() < SCAN_PATIENCE_S

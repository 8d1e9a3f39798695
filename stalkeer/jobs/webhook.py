"""Reads one delivery of Radarr or Sonarr and starts or cancels what it announces.

A delivery is only a hint: the item is read again from the arr before anything is done. Running
twice is harmless, because what follows is unique per item while it is active.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.arr.webhook import WebhookEvent, WebhookType, parse_webhook
from stalkeer.core.jobs import ROUTINE, URGENT, Ended, ItemMove, Job, done, later, skipped
from stalkeer.core.reasons import WhyNot
from stalkeer.core.states import ItemState
from stalkeer.core.wants import Verdict, Want
from stalkeer.db.items import Item
from stalkeer.jobs.services import InstanceRules, Run, Services
from stalkeer.jobs.targets import import_target
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
    names_item = event.movie_id if isinstance(arr, Radarr) else event.series_id
    if names_item is None:
        return skipped(f"{event.event_text} names no item that {rules.name} can have")
    return _act(_Delivery(run, services, arr, rules, event))


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One delivery, with all that is needed to act on it."""

    run: Run
    services: Services
    arr: Radarr | Sonarr
    rules: InstanceRules
    event: WebhookEvent

    def known(self) -> tuple[Item, ...]:
        """Return what we know of the items it names; a series alone names all its episodes."""
        items, event, name = self.services.store.items, self.event, self.rules.name
        if event.movie_id is not None:
            return items.of_arr(name, [event.movie_id])
        if event.episode_ids:
            return items.of_arr(name, event.episode_ids)
        return items.of_series(name, event.series_id or 0)


def _act(delivery: _Delivery) -> Ended:
    name, title = delivery.rules.name, delivery.event.title
    match delivery.event.event_type:
        case WebhookType.MOVIE_ADDED | WebhookType.SERIES_ADD:
            return _added(delivery)
        case WebhookType.MOVIE_DELETE | WebhookType.SERIES_DELETE:
            reason = f"{title} was deleted in {name}"
            return _close(delivery, delivery.known(), ItemState.GONE, reason)
        case WebhookType.DOWNLOAD:
            # The echo of our own import ends here too: its download is complete, so nothing is
            # cancelled.
            present = [item for item in delivery.known() if _has_file(delivery, item)]
            return _close(delivery, present, ItemState.IMPORTED, f"{name} has the file")
        case WebhookType.GRAB:
            missing = [item for item in delivery.known() if item.is_missing]
            return _close(delivery, missing, ItemState.WAITING, f"{name} downloads it itself")
        case WebhookType.MOVIE_FILE_DELETE | WebhookType.EPISODE_FILE_DELETE:
            return _file_deleted(delivery)
        case _:
            return skipped(f"{delivery.event.event_text} is not known: nothing is done about it")


def _added(delivery: _Delivery) -> Ended:
    run, services, arr, rules = delivery.run, delivery.services, delivery.arr, delivery.rules
    if isinstance(arr, Radarr):
        return _movie_added(run, services, arr, rules, delivery.event.movie_id or 0)
    return _series_added(run, services, arr, rules, delivery.event.series_id or 0)


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


def _has_file(delivery: _Delivery, item: Item) -> bool:
    return delivery.arr.imported_file(import_target([item])) is not None


def _close(delivery: _Delivery, items: Sequence[Item], state: ItemState, reason: str) -> Ended:
    """Let items stand in a state, and cancel what still searches for or fetches them."""
    if not items:
        return skipped("we were not looking for it")
    # Who stood still may come too late: another worker did this, and new work has begun since.
    delivery.run.require_lease()
    store, item_ids = delivery.services.store, [item.id for item in items]
    code = WhyNot.WAITING_ARR if state is ItemState.WAITING else ""
    store.items.move(
        ItemMove(item_id=item_id, state=state, reason=reason, code=code) for item_id in item_ids
    )
    cancelled = store.control.cancel_for_items(item_ids, reason, show=state)
    return done("noted", f"{reason}; {cancelled} cancelled")


def _file_deleted(delivery: _Delivery) -> Ended:
    """Search again for what lost its file; who deleted it by hand does not want that entry."""
    event, services, rules = delivery.event, delivery.services, delivery.rules
    if event.delete_reason == "upgrade":
        return skipped("a better file took its place")
    if event.delete_reason == "manual":
        delivery.run.require_lease()
        for item in delivery.known():
            services.store.matches.reject_imported(item.id)
    judged = _judged_now(delivery)
    wanted = [item for verdict, item in judged if item and verdict.want is Want.YES]
    jobs = tuple(search_job(item, priority=ROUTINE) for item in wanted)
    return done("noted", f"{event.title} lost a file in {rules.name}", then=jobs)


def _judged_now(delivery: _Delivery) -> list[tuple[Verdict, Item | None]]:
    """Read again what the delivery names, and write down what is missing of it."""
    services, arr, rules, event = (
        delivery.services, delivery.arr, delivery.rules, delivery.event,
    )  # fmt: skip
    scope = scope_of(arr, rules)
    if isinstance(arr, Radarr):
        movie = arr.movie(event.movie_id or 0)
        return [] if movie is None else [want_movie(services, rules.name, movie, scope)]
    series = arr.one_series(event.series_id or 0)
    episodes = arr.episodes_by_ids(event.episode_ids)
    return [] if series is None else want_episodes(services, rules.name, series, episodes, scope)


def _is_young(job: Job, services: Services) -> bool:
    return (services.now() - job.created_at).total_seconds() < SCAN_PATIENCE_S

"""Asks one instance what it misses, and takes the next step for everything nobody works on.

This is what makes the promise true: a webhook that was lost is found here. It makes the same jobs
as a webhook, under the same keys, so running twice makes no doubles.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.items import Movie
from stalkeer.core.jobs import ROUTINE, Ended, ItemMove, NewJob, done
from stalkeer.core.outcomes import NextStep, Past, Step, next_step
from stalkeer.core.states import ImportStatus, ItemState, JobKind
from stalkeer.core.wants import Verdict, Want
from stalkeer.db.downloads import Download
from stalkeer.db.items import Item
from stalkeer.errors import StalkeerError
from stalkeer.jobs.importing import ImportNotVisibleError
from stalkeer.jobs.orders import Order
from stalkeer.jobs.services import InstanceRules, Run, Services
from stalkeer.jobs.survey import survey_job
from stalkeer.jobs.wanted import (
    SCAN_PATIENCE_S,
    import_job,
    scope_of,
    search_job,
    want_episodes,
    want_movie,
)
from stalkeer.log import get_logger

log = get_logger(__name__)

_SHOWN = {
    ItemState.SEARCHING: "searching",
    ItemState.DOWNLOADING: "downloading",
    ItemState.WAITING: "waiting",
    ItemState.OBTAINED: "to import",
    ItemState.TO_CONFIRM: "to confirm",
    ItemState.NO_MATCH: "in no list",
    ItemState.FAILED: "failed",
    ItemState.IMPORT_FAILED: "not imported",
    "upgrades": "to replace by a better file",
}
"""The states that the line of a run names, in its order."""


@dataclass(frozen=True, slots=True)
class _Task:
    """One reconcile."""

    services: Services
    arr: Radarr | Sonarr
    rules: InstanceRules
    order: Order


def handle(run: Run, services: Services) -> Ended:
    """Reconcile one instance. With `fresh` in its payload its library is read anew."""
    arr, rules = services.instance(run.job.instance)
    order = Order(**json.loads(run.job.payload))
    if order.fresh:
        arr.forget_library()
    run_id = services.store.runs.start("sync", rules.name)
    try:
        jobs, counts = _reconcile(_Task(services, arr, rules, order))
    except StalkeerError as exc:
        services.store.instances.note_error(rules.name, str(exc))
        services.store.runs.finish(run_id, item_count=0, counts={}, error=str(exc))
        raise
    services.store.instances.note_sync(rules.name, counts=counts)
    services.store.runs.finish(run_id, item_count=counts["missing"], counts=counts)
    line = f"{counts['missing']} missing{_line(counts)}"
    log.info("%s: %s", rules.name, line)
    # What is in neither collection is told by what the instance has now.
    return done("reconciled", line, then=(*jobs, survey_job()))


def _reconcile(task: _Task) -> tuple[tuple[NewJob, ...], dict[str, int]]:
    """Return the jobs of the next steps, and the counts by state as they are then."""
    started_at = task.services.store.clock()
    items = _read(task)
    # Read after the arr: an item that a webhook brought meanwhile has its job by now.
    busy = task.arr.busy_items()
    active = task.services.store.jobs.active_items(task.rules.name)
    _close_gone(task, {item.id for item in items} | active, started_at)
    searches: list[Item] = []
    jobs: list[NewJob] = []
    for item in items:
        if not task.order.concerns(item.wanted):
            continue
        held = task.services.store.downloads.held_for(item.id)
        step = _next_step(task, item, held, is_active=item.id in active, busy=busy)
        if step.step is Step.IMPORT and held is not None:
            jobs.append(_import_again(task, item, held))
        elif step.step in (Step.SEARCH, Step.SEARCH_ANEW) and (
            len(searches) < (task.order.limit or task.rules.search_limit)
        ):
            searches.append(item)
            if step.step is Step.SEARCH_ANEW:
                task.services.store.items.start_anew(item.id, failures=item.failures)
    if task.order.force:
        # What we hold would keep its item from being searched.
        task.services.store.downloads.give_up([item.id for item in searches], "fetched again")
    jobs += [search_job(item, priority=ROUTINE) for item in searches]
    return tuple(jobs), _counts(items)


def _next_step(
    task: _Task, item: Item, held: Download | None, *, is_active: bool, busy: frozenset[int]
) -> NextStep:
    # Of the file, not of the item: a grab that came to nothing leaves the item in another state.
    is_refused = held is not None and held.import_status is ImportStatus.FAILED
    past = Past(
        item.state,
        item.moved_at or item.updated_at,
        item.failures,
        is_active=is_active,
        is_busy=item.wanted.arr_id in busy,
        is_held=held is not None and not is_refused,
        became_visible=item.state is ItemState.IMPORT_FAILED and _is_visible_now(task, held),
    )
    if task.order.overrides(past, is_held=held is not None):
        return NextStep(Step.SEARCH_ANEW, "a person asked for it")
    return next_step(past, task.services.now())


def _is_visible_now(task: _Task, held: Download | None) -> bool:
    """Ask again whether the arr sees a file that it did not see when it should import it."""
    if held is None or held.download_path is None:
        return False
    refused = task.services.store.jobs.last_of(held.id, JobKind.IMPORT)
    if refused is None or refused.error_code != ImportNotVisibleError.code:
        return False
    return task.arr.sees_file(task.rules.path_map.theirs(held.download_path)) is True


def _import_again(task: _Task, item: Item, held: Download) -> NewJob:
    return import_job(item, held, priority=ROUTINE, max_attempts=task.services.downloads.attempts)


def _close_gone(task: _Task, known: set[int], started_at: datetime) -> None:
    """Mark what was missing before and is no longer: it has a file, or is not wanted any more."""
    reason = f"{task.rules.name} no longer misses it"
    task.services.store.items.move(
        ItemMove(item_id=item.id, state=ItemState.GONE, reason=reason)
        for item in task.services.store.items.missing_of(task.rules.name)
        if item.id not in known and item.updated_at < started_at and _can_be_gone(task, item)
    )


def _can_be_gone(task: _Task, item: Item) -> bool:
    """Say whether being absent from the list of missing items means anything.

    Radarr leaves out movies without a year, Sonarr episodes that have not aired.
    """
    if isinstance(task.arr, Radarr):
        return item.wanted.year > 0
    if item.state is not ItemState.UNRELEASED:
        return True
    return item.wanted.series_id not in {series.id for series in task.arr.series()}


def _read(task: _Task) -> list[Item]:
    """Write down everything the instance misses, newest first; what is unreleased is left out."""
    task.arr.check_product()
    judged = _judged(task)
    return _newest_first(item for verdict, item in judged if item and verdict.want is Want.YES)


def _judged(task: _Task) -> Iterator[tuple[Verdict, Item | None]]:
    services, arr, name = task.services, task.arr, task.rules.name
    upgrade = services.matching.upgrade
    scope = scope_of(arr, task.rules, upgrade=upgrade)
    if isinstance(arr, Radarr):
        for movie in (*arr.missing(), *(arr.cutoff_unmet() if upgrade else ())):
            if movie.is_scanned or not _is_new(movie, services):
                yield want_movie(services, name, movie, scope)
        return
    for series, episode in (*arr.missing(), *(arr.cutoff_unmet() if upgrade else ())):
        yield from want_episodes(services, name, series, [episode], scope)


def _is_new(movie: Movie, services: Services) -> bool:
    """Say whether Radarr may still have to look at its disk for a movie, as the webhook waits for.

    Without this a reconcile in the middle of a library import would download the library.
    """
    if movie.added is None:
        return False
    return (services.now() - movie.added).total_seconds() < SCAN_PATIENCE_S


def _newest_first(items: Iterable[Item]) -> list[Item]:
    # Stable sorts: items without a date come last, and what is there already after all others.
    by_id = sorted(items, key=lambda item: item.id, reverse=True)
    by_date = sorted(
        by_id, key=lambda item: item.added_at.timestamp() if item.added_at else 0.0, reverse=True
    )
    return sorted(by_date, key=lambda item: item.wanted.file_id is not None)


def _counts(items: Sequence[Item]) -> dict[str, int]:
    missing = [item for item in items if item.wanted.file_id is None]
    states = Counter(item.state.value for item in missing)
    upgrades = {"upgrades": len(items) - len(missing)} if len(items) > len(missing) else {}
    return {"missing": len(missing), **states, **upgrades}


def _line(counts: dict[str, int]) -> str:
    """Name the states there are any of: `, 3 downloading, 8 in no list`."""
    return "".join(
        f", {counts[state]} {words}" for state, words in _SHOWN.items() if counts.get(state)
    )

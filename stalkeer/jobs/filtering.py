"""Filters: changed by a person, and then put to every entry that is stored.

No list is read again for it. A second run judges the same and changes nothing; one that began
before the filters changed again ends when it sees that, because their change has a job of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stalkeer.core.filters import FilterRule, FilterSet, fingerprint
from stalkeer.core.jobs import ROUTINE, URGENT, Ended, NewJob, done, skipped
from stalkeer.core.states import JobKind, JobStatus
from stalkeer.db.entries import Judged
from stalkeer.db.filters import FilterRow
from stalkeer.db.pages import PageRequest
from stalkeer.db.store import Store
from stalkeer.jobs.logged import logged
from stalkeer.jobs.services import Run, Services
from stalkeer.jobs.survey import survey_job
from stalkeer.jobs.wanted import STILL_MISSING, search_job

LOOK = 2000
WRITE = 250
AGAIN_S = 60.0
"""An import that runs judges by the filters it began with: what it wrote is judged once more."""


def add(services: Services, rule: FilterRule) -> tuple[FilterRow, int]:
    """Write a new filter and have it put to the entries; return it and the job's id.

    Raises `FilterError` and `ConflictError`.
    """
    FilterSet.compile([rule])
    return services.store.filters.add(rule), apply(services)


def change(services: Services, filter_id: int, rule: FilterRule) -> tuple[FilterRow, int]:
    """Write what a filter is now, as `add` does; raises `NoSuchRowError` too."""
    FilterSet.compile([rule])
    return services.store.filters.change(filter_id, rule), apply(services)


def remove(services: Services, filter_id: int) -> int:
    """Remove a filter and let in what it kept out; return the job's id."""
    services.store.filters.remove(filter_id)
    return apply(services)


def remove_runtime(services: Services) -> int:
    """Remove every filter that does not stand in the settings; return the job's id."""
    services.store.filters.remove_runtime()
    return apply(services)


def replace_of(services: Services, playlist_id: int, rules: Iterable[FilterRule]) -> int | None:
    """Make these the filters of one list; return the job's id, None when nothing changed.

    Raises `FilterError` and `ConflictError`.
    """
    mine = [replace(rule, playlist_id=playlist_id, is_runtime=True) for rule in rules]
    FilterSet.compile(mine)
    changed = services.store.filters.replace_of(playlist_id, mine)
    return apply(services) if changed else None


def configure(store: Store, rules: Iterable[FilterRule]) -> None:
    """Make these the filters of the settings, and have them put to the entries when they are new.

    Raises `FilterError`.
    """
    given = tuple(rules)
    FilterSet.compile(given)
    if store.filters.configure(given):
        store.jobs.add_or_find(filter_job(store))


def apply(services: Services) -> int:
    """Have the filters of this moment put to the entries; return the job's id."""
    job_id = services.store.jobs.add_or_find(filter_job(services.store))
    services.ring()
    return job_id


def filter_job(store: Store, *, run_in_s: float = 0.0) -> NewJob:
    """Describe the job that puts the filters of this moment to the entries."""
    mark = fingerprint(store.filters.rules())
    # One that waits for an import must not stand in the way of one that is wanted now.
    suffix = ":again" if run_in_s else ""
    return NewJob(
        kind=JobKind.FILTER,
        payload={"rules": mark},
        dedup_key=f"filter:{mark}{suffix}",
        priority=URGENT,
        title="filters",
        run_in_s=run_in_s,
    )


def handle(run: Run, services: Services) -> Ended:
    """Put the filters to every entry."""
    store = services.store
    rules = store.filters.rules()
    if fingerprint(rules) != json.loads(run.job.payload)["rules"]:
        return skipped("the filters changed again")
    with logged(store, "filter", "all playlists") as log:
        judging = _Judging(run, store, rules)
        judging.judge_all(log.counts)
        for playlist_id in judging.changed:
            store.tallies.recount(playlist_id)
        log.item_count = log.counts["entries"]
    if log.counts["let_in"]:
        for item in store.items.in_state(STILL_MISSING):
            store.jobs.add(search_job(item, priority=ROUTINE))
    line = f"{log.counts['kept_out']} entries kept out, {log.counts['let_in']} let in"
    return done("filtered", line, then=_then(store, is_changed=bool(judging.changed)))


@dataclass(slots=True)
class _Judging:
    """One judgement of all entries; `changed` are the lists it changed something in."""

    run: Run
    store: Store
    rules: tuple[FilterRule, ...]
    changed: set[int] = field(default_factory=set)

    def judge_all(self, counts: dict[str, Any]) -> None:
        """Judge every entry, as long as the filters stay as they are."""
        counts |= {"entries": 0, "kept_out": 0, "let_in": 0}
        filters, last_id = FilterSet.compile(self.rules), 0
        while batch := self.store.entries.to_judge(last_id, LOOK):
            self.run.go_on_or_stop()
            if self.store.filters.rules() != self.rules:
                return
            last_id = batch[-1].id
            counts["entries"] += len(batch)
            self._write(filters, batch, counts)

    def _write(self, filters: FilterSet, batch: Sequence[Judged], counts: dict[str, Any]) -> None:
        wrong: dict[str | None, list[int]] = {}
        for entry in batch:
            name = filters.keeps_out(
                group=entry.group_title, tvg_name=entry.tvg_name, playlist_id=entry.playlist_id
            )
            if name != entry.filtered_by:
                wrong.setdefault(name, []).append(entry.id)
                self.changed.add(entry.playlist_id)
                counts["kept_out"] += entry.filtered_by is None
                counts["let_in"] += name is None
        for name, ids in wrong.items():
            for start in range(0, len(ids), WRITE):
                self.store.entries.keep_out(name, ids[start : start + WRITE])


def _then(store: Store, *, is_changed: bool) -> tuple[NewJob, ...]:
    running = PageRequest(
        limit=1, where={"kind": JobKind.REFRESH_PLAYLIST, "status": JobStatus.RUNNING}
    )
    again = (filter_job(store, run_in_s=AGAIN_S),) if store.jobs.page(running).total else ()
    return (*again, survey_job()) if is_changed else again

"""Job rows as a queue: written, rung for when due, cancelled, listed.

The row is the truth. A message to a worker is only a doorbell with the job's id, so losing,
doubling or reordering messages is harmless. What happens to a job under a lease is in
`db.leases`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import peewee as pw

from stalkeer.core.jobs import Attempt, ItemMove, Job, NewJob
from stalkeer.core.states import (
    ACTIVE_JOB_STATUSES,
    KNOWN_KINDS,
    PAYLOAD_SCHEMA,
    QUEUES,
    ItemState,
    JobKind,
    JobStatus,
    queue_of,
)
from stalkeer.db import models
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.downloads import Downloads
from stalkeer.db.items import Items
from stalkeer.db.pages import Page, PageRequest, count_by, fetch_page
from stalkeer.db.providers import SlotLimits
from stalkeer.db.slots import Slots

RING_AGAIN_S = 10.0
"""A doorbell that nobody heard is rung again after this time."""
AT_ONCE = 200
_FIELDS: dict[str, pw.Field[Any]] = {
    "id": models.Job.id,
    "kind": models.Job.kind,
    "status": models.Job.status,
    "queue": models.Job.queue,
    "instance": models.Job.instance,
    "priority": models.Job.priority,
    "run_at": models.Job.run_at,
    "created_at": models.Job.created_at,
    "finished_at": models.Job.finished_at,
}
_FETCHING = (JobKind.DOWNLOAD,)
_OTHER = tuple(kind for kind in KNOWN_KINDS if kind not in _FETCHING)
# What `Jobs._due` says, of all kinds.
_ANY_DUE = (
    f"SELECT 1 FROM job WHERE status = 'ready' "  # noqa: S608 # of our own words
    f"AND kind IN ({', '.join(repr(kind.value) for kind in KNOWN_KINDS)}) "
    f"AND payload_schema <= {PAYLOAD_SCHEMA} AND NOT is_held AND run_at <= {{now}} "
    f"AND (enqueued_at IS NULL OR enqueued_at <= {{rung}}) LIMIT 1"
)
_THEIR_QUEUES = (
    (_OTHER, models.Job.queue == "control"),
    (_OTHER, models.Job.queue == "default"),
    # From the disk of another machine.
    ((JobKind.IMPORT,), models.Job.queue.not_in(QUEUES)),
)


@dataclass(frozen=True, slots=True)
class Doorbell:
    """A job that is due: what a message to a worker says."""

    job_id: int
    kind: JobKind
    queue: str


class Jobs:
    """Reads, writes and rings for jobs."""

    def __init__(
        self,
        db: Database,
        downloads: Downloads,
        items: Items,
        slots: Slots,
        *,
        volumes: Mapping[str, str],
    ) -> None:
        """Work on this database, telling downloads and items what became of their jobs."""
        self.db = db
        self.volumes = volumes
        self._downloads = downloads
        self._items = items
        self._slots = slots

    @reads
    def get(self, job_id: int) -> Job | None:
        """Return one job, or None."""
        row = models.Job.get_or_none(models.Job.id == job_id)
        return None if row is None else read_job(row)

    @reads
    def page(self, request: PageRequest) -> Page[Job]:
        """Return one page of the jobs."""
        return fetch_page(models.Job.select(), request, _FIELDS, read_job)

    @reads
    def attempts(self, job_id: int) -> tuple[Attempt, ...]:
        """Return every run of a job, oldest first."""
        rows = (
            models.JobAttempt.select()
            .where(models.JobAttempt.job == job_id)
            .order_by(models.JobAttempt.id)
        )
        return tuple(_attempt(row) for row in rows)

    @reads
    def active(self, dedup_key: str) -> Job | None:
        """Return the ready or running job with a key, or None."""
        row = models.Job.get_or_none((models.Job.dedup_key == dedup_key) & _ACTIVE)
        return None if row is None else read_job(row)

    @reads
    def has_active(self, kind: JobKind, *, unfailed: bool = False) -> bool:
        """Say whether a job of this kind is ready or running; `unfailed`: and never failed."""
        query = models.Job.select().where((models.Job.kind == kind) & _ACTIVE)
        if unfailed:
            query = query.where(models.Job.last_error == "")
        return bool(query.exists())

    @reads
    def last_of(self, download_id: int, kind: JobKind) -> Job | None:
        """Return the newest job of a kind for a download, or None."""
        row = (
            models.Job.select()
            .where((models.Job.download == download_id) & (models.Job.kind == kind))
            .order_by(models.Job.id.desc())
            .get_or_none()
        )
        return None if row is None else read_job(row)

    @reads
    def active_items(self, instance: str) -> set[int]:
        """Return the items that a ready or running job of an instance is for."""
        active = models.Job.select().where((models.Job.instance == instance) & _ACTIVE)
        items = {row.item_id for row in active if row.item_id is not None}
        downloads = [row.download_id for row in active if row.download_id is not None]
        return items.union(*(self._downloads.item_ids(each) for each in downloads))

    @reads
    def held_up(self, kind: JobKind, codes: Collection[str]) -> dict[str, str]:
        """Say of each instance why its jobs of this kind wait, where their last run ended so."""
        last = models.JobAttempt.select(pw.fn.MAX(models.JobAttempt.id)).where(
            models.JobAttempt.job == models.Job.id
        )
        rows: Any = (
            models.JobAttempt.select(models.Job.instance, models.JobAttempt.error)
            .join(models.Job)
            .where(
                (models.Job.status == JobStatus.READY)
                & (models.Job.kind == kind)
                & (models.JobAttempt.id == last)
                & models.JobAttempt.error_code.in_(codes)
            )
            .distinct()
            .tuples()
        )
        return {instance or "": error for instance, error in rows}

    @reads
    def has_any_of(self, instance: str, kind: JobKind) -> bool:
        """Say whether a job of this kind is known of an instance, however it ended."""
        return bool(
            models.Job.select()
            .where((models.Job.instance == instance) & (models.Job.kind == kind))
            .exists()
        )

    @reads
    def counts(self) -> dict[str, int]:
        """Count the jobs by status."""
        return count_by(models.Job.status)

    @writes
    def add(self, new: NewJob) -> int | None:
        """Write a job; return its id, or None when an active job has the same key.

        A search shows its item as searched for, unless its file is here or on its way; an import
        shows that a refused file is offered again.
        """
        now = self.db.now()
        rows = (
            models.Job.insert(
                kind=new.kind,
                queue=queue_of(new.kind, self.volumes.get(new.instance or "", "")),
                status=JobStatus.READY,
                priority=new.priority,
                dedup_key=new.dedup_key,
                payload=json.dumps(dict(new.payload)),
                instance=new.instance,
                item=new.item_id,
                download=new.download_id,
                provider=new.provider,
                title=new.title,
                max_attempts=new.max_attempts,
                run_at=self.db.now(new.run_in_s),
                created_at=now,
                updated_at=now,
            )
            .on_conflict_ignore()
            .returning(models.Job.id)
            .execute()
        )
        added = [row.id for row in rows]
        if added and new.kind is JobKind.SEARCH and new.item_id is not None:
            self._show_searching(new.item_id)
        if added and new.kind is JobKind.IMPORT and new.download_id is not None:
            self._downloads.offer_again(new.download_id)
        return added[0] if added else None

    @writes
    def add_or_find(self, new: NewJob) -> int:
        """Write a job and return its id, or that of the active job with the same key.

        An active one that waits is made as urgent as the new one.
        """
        added = self.add(new)
        if added is not None:
            return added
        row = models.Job.get((models.Job.dedup_key == new.dedup_key) & _ACTIVE)
        models.Job.update(priority=new.priority).where(
            (models.Job.id == row.id) & (models.Job.priority > new.priority)
        ).execute()
        return int(row.id)

    def ring(self, limits: SlotLimits, *, at_once: int = AT_ONCE) -> list[Doorbell]:
        """Mark up to `at_once` due jobs as rung for, and return them, most urgent first.

        Of downloads there are no more than connections free, so that the messages of a long
        backlog do not stand in the way of the one that is added now.
        """
        return self._ring_due(limits, at_once) if self._is_any_due() else []

    @writes
    def hurry(self) -> int:
        """Make due what waits for something outside; return how many jobs that are.

        A job that failed, or took its worker down, keeps its wait.
        """
        now = self.db.now()
        return int(
            models.Job.update(run_at=now, updated_at=now)
            .where(
                (models.Job.status == JobStatus.READY)
                & (models.Job.run_at > now)
                & (models.Job.last_error == "")
                & (models.Job.crashes == 0)
            )
            .execute()
        )

    @writes
    def hasten(self, job_id: int) -> None:
        """Make a job due that waits, whatever it waits for; one that a person paused stays."""
        now = self.db.now()
        models.Job.update(run_at=now, updated_at=now).where(
            (models.Job.id == job_id)
            & (models.Job.status == JobStatus.READY)
            & (models.Job.run_at > now)
            & ~models.Job.is_held
        ).execute()

    @writes
    def forget_bells(self) -> None:
        """Ring again at once for what waits: the bells of a dead process died with its broker."""
        models.Job.update(enqueued_at=None).where(models.Job.status == JobStatus.READY).execute()

    @writes
    def settle_queues(self) -> None:
        """Let what waits travel on the queues of today's settings."""
        elsewhere = models.Job.instance.is_null() | models.Job.instance.not_in(list(self.volumes))
        for kind in KNOWN_KINDS:
            self._settle_queue(elsewhere, kind, "")
            for instance, volume in self.volumes.items():
                self._settle_queue(models.Job.instance == instance, kind, volume)

    @writes
    def prune(self, *, older_than_s: float) -> int:
        """Delete jobs that ended that long ago, with their attempts; return how many.

        Failed ones stay as long as the others: until then they can be replayed.
        """
        return int(models.Job.delete().where(self._has_ended(older_than_s)).execute())

    @reads
    def count_ended(self, *, older_than_s: float) -> int:
        """Count the jobs that ended that long ago."""
        return int(models.Job.select().where(self._has_ended(older_than_s)).count())

    @reads
    def _is_any_due(self) -> bool:
        # Asked each second by every process: a read takes no lock that somebody may wait for, and
        # to have Peewee write it out takes longer than to look.
        now, rung = self.db.now(), self.db.now(-RING_AGAIN_S)
        sql = _ANY_DUE.format(now=now.sql, rung=rung.sql)
        params = (*(now.params or ()), *(rung.params or ()))
        return self.db.execute(sql, params).fetchone() is not None

    @writes
    def _ring_due(self, limits: SlotLimits, at_once: int) -> list[Doorbell]:
        ids = [*self._due_others(at_once), *self._due_downloads(limits)]
        rows = (
            models.Job.update(enqueued_at=self.db.now())
            .where(models.Job.id.in_(ids) & (models.Job.status == JobStatus.READY))
            .returning(models.Job.id, models.Job.kind, models.Job.queue)
            .execute()
        )
        order = {job_id: place for place, job_id in enumerate(ids)}
        bells = [Doorbell(row.id, JobKind(row.kind), row.queue) for row in rows]
        return sorted(bells, key=lambda bell: order[bell.job_id])

    def _settle_queue(self, whose: Any, kind: JobKind, volume: str) -> None:
        queue = queue_of(kind, volume)
        models.Job.update(queue=queue, enqueued_at=None).where(
            models.READY & (models.Job.kind == kind) & whose & (models.Job.queue != queue)
        ).execute()

    def _has_ended(self, seconds_ago: float) -> Any:
        return models.Job.status.not_in(ACTIVE_JOB_STATUSES) & (
            models.Job.finished_at < self.db.now(-seconds_ago)
        )

    def _due_others(self, limit: int) -> list[int]:
        """Find what else is due, queue by queue: in each the index has them in their order.

        All at once they would be sorted each second, and a long backlog is what must not cost.
        """
        first = [
            row for kinds, queue in _THEIR_QUEUES for row in self._first_due(kinds, limit, queue)
        ]
        first.sort(key=lambda row: (row.priority, row.run_at, row.id))
        return [row.id for row in first[:limit]]

    def _due_downloads(self, limits: SlotLimits) -> list[int]:
        room = self._slots.room(limits)
        providers = models.Job.select(models.Job.provider).where(self._due(_FETCHING)).distinct()
        ids: list[int] = []
        for row in providers:
            free = min(self._slots.free(row.provider or "", limits), room)
            of_provider = models.Job.provider == row.provider
            if free > 0:
                ids += [job.id for job in self._first_due(_FETCHING, free, of_provider)]
            waiting = self._first_due(_FETCHING, AT_ONCE, of_provider, models.Job.id.not_in(ids))
            why = self._slots.why_none(row.provider or "", limits)
            self._downloads.wait([job.download_id or 0 for job in waiting], why)
        # Each provider alone may fill the connections that there are in all.
        most_urgent = self._first_due(_FETCHING, max(room, 0), models.Job.id.in_(ids))
        return [job.id for job in most_urgent]

    def _first_due(self, kinds: Collection[JobKind], limit: int, *where: Any) -> list[models.Job]:
        query = (
            models.Job.select(
                models.Job.id, models.Job.download, models.Job.priority, models.Job.run_at
            )
            .where(self._due(kinds), *where)
            .order_by(models.Job.priority, models.Job.run_at, models.Job.id)
            .limit(limit)
        )
        return list(self.db.skip_locked(query))

    def _due(self, kinds: Collection[JobKind]) -> Any:
        return (
            # As in the index, word for word: SQLite uses it only for what it can read beforehand.
            models.READY
            & models.Job.kind.in_(kinds)
            & (models.Job.payload_schema <= PAYLOAD_SCHEMA)
            & (models.Job.is_held == False)  # noqa: E712 # SQL has no `is`
            & (models.Job.run_at <= self.db.now())
            & (
                models.Job.enqueued_at.is_null()
                | (models.Job.enqueued_at <= self.db.now(-RING_AGAIN_S))
            )
        )

    def _show_searching(self, item_id: int) -> None:
        if self._downloads.held_for(item_id) is None:
            self._items.move([ItemMove(item_id=item_id, state=ItemState.SEARCHING)])


_ACTIVE = models.Job.status.in_(ACTIVE_JOB_STATUSES)


def read_job(row: models.Job) -> Job:
    """Turn a row into a value."""
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        queue=row.queue,
        status=JobStatus(row.status),
        payload=row.payload,
        dedup_key=row.dedup_key,
        priority=row.priority,
        instance=row.instance,
        item_id=row.item_id,
        download_id=row.download_id,
        provider=row.provider,
        title=row.title,
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        crashes=row.crashes,
        replays=row.replays,
        run_at=row.run_at,
        error_code=row.error_code,
        last_error=row.last_error,
        result=row.result,
        cancelled_state=None if row.cancelled_state is None else ItemState(row.cancelled_state),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _attempt(row: models.JobAttempt) -> Attempt:
    return Attempt(
        number=row.number,
        worker=row.worker,
        started_at=row.started_at,
        finished_at=row.finished_at,
        outcome=row.outcome,
        error_code=row.error_code,
        error=row.error,
    )

"""The small tables: instances, schedules, saved settings, the processing log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee as pw

from stalkeer.core.items import Service
from stalkeer.core.jobs import NewJob
from stalkeer.core.states import KNOWN_KINDS, JobKind
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.jobs import Jobs
from stalkeer.db.models import Instance, ProcessingLog, Schedule, Setting
from stalkeer.db.pages import Page, PageRequest, fetch_page
from stalkeer.db.vault import Vault

_RUN_FIELDS: dict[str, pw.Field[Any]] = {
    "id": ProcessingLog.id,
    "action": ProcessingLog.action,
    "status": ProcessingLog.status,
    "started_at": ProcessingLog.started_at,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRow:
    """What the last look at a Radarr or Sonarr said. `last_sync` holds the counts of that sync.

    `webhook` is how our last registration there ended: `registered`, `failed`, or empty for never.
    """

    name: str
    service: Service
    version: str
    last_sync_at: datetime | None
    last_sync: Mapping[str, Any] | None
    last_error: str
    webhook: str


class Instances:
    """Keeps what we know of the instances, and how those are reached that no setting names."""

    def __init__(self, db: Database, vault: Vault) -> None:
        """Work on this database; what is kept of further instances holds their keys."""
        self.db = db
        self._vault = vault

    @writes
    def configure(self, name: str, service: Service) -> None:
        """Make sure an instance has its row."""
        now = self.db.now()
        Instance.insert(
            name=name, service=service, created_at=now, updated_at=now
        ).on_conflict_ignore().execute()

    @reads
    def sealed(self) -> dict[str, str]:
        """Return what is kept of each further instance as it stands in its row."""
        rows = Instance.select(Instance.name, Instance.config).where(Instance.config.is_null(False))
        return {row.name: str(row.config) for row in rows.order_by(Instance.name)}

    def configs(self) -> dict[str, str]:
        """Return what is kept of each further instance, by name."""
        return {name: self._vault.open(config) for name, config in self.sealed().items()}

    @writes
    def save(self, name: str, service: Service, config: str) -> None:
        """Keep how an instance is reached, in place of what was kept before."""
        now, sealed = self.db.now(), self._vault.seal(config)
        Instance.insert(
            name=name, service=service, config=sealed, created_at=now, updated_at=now
        ).on_conflict(
            conflict_target=(Instance.name,),
            update={"service": service, "config": sealed, "updated_at": now},
        ).execute()

    @writes
    def forget(self, name: str) -> bool:
        """Forget how an instance is reached; False when nothing was kept of it."""
        kept = (Instance.name == name) & Instance.config.is_null(False)
        return bool(Instance.delete().where(kept).execute())

    @writes
    def note_sync(self, name: str, *, counts: Mapping[str, int]) -> None:
        """Write the result of a sync that went through."""
        now = self.db.now()
        Instance.update(
            last_sync_at=now, last_sync=dict(counts), last_error="", updated_at=now
        ).where(Instance.name == name).execute()

    @writes
    def note_error(self, name: str, error: str) -> None:
        """Write why the last call of an instance failed."""
        Instance.update(last_error=error, updated_at=self.db.now()).where(
            Instance.name == name
        ).execute()

    @writes
    def note_webhook(self, name: str, state: str) -> None:
        """Write how the registration of our webhook ended."""
        Instance.update(webhook=state, updated_at=self.db.now()).where(
            Instance.name == name
        ).execute()

    @reads
    def all(self) -> tuple[InstanceRow, ...]:
        """Return every instance."""
        return tuple(
            InstanceRow(
                name=row.name,
                service=Service(row.service),
                version=row.version,
                last_sync_at=row.last_sync_at,
                last_sync=row.last_sync,
                last_error=row.last_error,
                webhook=row.webhook,
            )
            for row in Instance.select().order_by(Instance.name)
        )


class Schedules:
    """Makes jobs come again. Any number of processes may ask; each tick makes one job."""

    def __init__(self, db: Database, jobs: Jobs) -> None:
        """Work on this database."""
        self.db = db
        self._jobs = jobs

    @writes
    def configure(
        self,
        name: str,
        kind: JobKind,
        *,
        every_s: float,
        payload: Mapping[str, Any] | None = None,
        instance: str | None = None,
    ) -> None:
        """Make sure a schedule exists with this interval. A new one is due at once.

        A known one keeps its next tick, unless a shorter interval brings it forward.
        """
        values: dict[str, Any] = {
            "kind": kind,
            "payload": dict(payload or {}),
            "instance": instance,
            "every_seconds": max(int(every_s), 1),
        }
        Schedule.insert(name=name, next_run_at=self.db.now(), **values).on_conflict(
            conflict_target=(Schedule.name,), update=values
        ).execute()
        soonest = self.db.now(values["every_seconds"])
        Schedule.update(next_run_at=soonest).where(
            (Schedule.name == name) & (Schedule.next_run_at > soonest)
        ).execute()

    @writes
    def keep_only(self, names: set[str]) -> None:
        """Drop the schedules of what is no longer configured, but none of a newer version."""
        Schedule.delete().where(
            Schedule.name.not_in(names) & Schedule.kind.in_(KNOWN_KINDS)
        ).execute()

    @reads
    def intervals(self, kind: JobKind) -> dict[str, int]:
        """Return after how many seconds each schedule of a kind comes again, by name."""
        rows = Schedule.select().where(Schedule.kind == kind)
        return {row.name: row.every_seconds for row in rows}

    @writes
    def drop(self, name: str) -> None:
        """Drop one schedule."""
        Schedule.delete().where(Schedule.name == name).execute()

    @writes
    def bring_forward(self, name: str, *, within_s: float) -> None:
        """Let a schedule come no later than then, this once."""
        soonest = self.db.now(within_s)
        Schedule.update(next_run_at=soonest).where(
            (Schedule.name == name) & (Schedule.next_run_at > soonest)
        ).execute()

    def tick(self) -> list[int]:
        """Write the jobs of all schedules that are due; return their ids.

        Ticks that were missed collapse into one, because the next is counted from now. What a newer
        version has to do stays due until a process of that version looks.
        """
        fired = [self._fire(*due) for due in self._due()]
        return [job_id for job_id in fired if job_id is not None]

    @reads
    def _due(self) -> list[tuple[int, datetime]]:
        rows = Schedule.select(Schedule.id, Schedule.next_run_at).where(
            (Schedule.next_run_at <= self.db.now()) & Schedule.kind.in_(KNOWN_KINDS)
        )
        return [(row.id, row.next_run_at) for row in rows]

    @writes
    def _fire(self, schedule_id: int, due_at: datetime) -> int | None:
        row = Schedule.get_or_none(Schedule.id == schedule_id)
        if row is None:
            # Another process has just dropped it.
            return None
        won = (
            Schedule.update(last_run_at=self.db.now(), next_run_at=self.db.now(row.every_seconds))
            .where((Schedule.id == schedule_id) & (Schedule.next_run_at == due_at))
            .execute()
        )
        if not won:
            return None
        return self._jobs.add(
            NewJob(
                kind=JobKind(row.kind),
                payload=row.payload,
                dedup_key=row.name,
                instance=row.instance,
                title=row.name,
            )
        )


class SavedSettings:
    """Settings saved through the API, by the environment variable each stands for."""

    def __init__(self, db: Database, vault: Vault) -> None:
        """Work on this database; what is a secret is sealed."""
        self.db = db
        self._vault = vault

    @reads
    def sealed(self) -> dict[str, str]:
        """Return every saved setting as it stands in its row."""
        rows = Setting.select(Setting.name, Setting.value).order_by(Setting.name)
        return {row.name: row.value for row in rows}

    def all(self) -> dict[str, str]:
        """Return every saved setting."""
        return {name: self._vault.open(value) for name, value in self.sealed().items()}

    @writes
    def save(self, values: Mapping[str, str | None], *, secret: Collection[str] = ()) -> None:
        """Save settings; None takes one back. The names in `secret` are sealed."""
        for name, value in values.items():
            Setting.delete().where(Setting.name == name).execute()
            if value is not None:
                kept = self._vault.seal(value) if name in secret else value
                Setting.insert(name=name, value=kept, updated_at=self.db.now()).execute()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run of an import or a sync. `status` is `running`, `completed` or `failed`."""

    id: int
    action: str
    subject: str
    status: str
    item_count: int
    counts: Mapping[str, Any]
    started_at: datetime
    completed_at: datetime | None
    error_message: str


class Runs:
    """The processing log: every import and sync, with what it handled."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    def start(self, action: str, subject: str) -> int:
        """Note that a run began and return its id."""
        return self.db.write(lambda: self._start(action, subject), self._is_running)

    def _start(self, action: str, subject: str) -> int:
        return int(
            ProcessingLog.insert(
                action=action, subject=subject, status="running", started_at=self.db.now()
            ).execute()
        )

    def _is_running(self, run_id: int) -> bool:
        row = (ProcessingLog.id == run_id) & (ProcessingLog.status == "running")
        return bool(ProcessingLog.select().where(row).exists())

    @writes
    def finish(
        self, run_id: int, *, item_count: int, counts: Mapping[str, int], error: str = ""
    ) -> None:
        """Note how a run ended."""
        ProcessingLog.update(
            status="failed" if error else "completed",
            item_count=item_count,
            counts=dict(counts),
            completed_at=self.db.now(),
            error_message=error,
        ).where(ProcessingLog.id == run_id).execute()

    @reads
    def last(self, count: int) -> tuple[RunRow, ...]:
        """Return the newest runs, newest first."""
        rows = ProcessingLog.select().order_by(ProcessingLog.id.desc()).limit(count)
        return tuple(_run(row) for row in rows)

    @reads
    def page(self, request: PageRequest, *, since: datetime | None = None) -> Page[RunRow]:
        """Return one page of the runs, of those only that began at a time or after it."""
        query = ProcessingLog.select()
        if since is not None:
            query = query.where(ProcessingLog.started_at >= since)
        return fetch_page(query, request, _RUN_FIELDS, _run)

    @writes
    def close_open(self) -> int:
        """Note of every run that is still open that its process died; return how many."""
        return int(
            ProcessingLog.update(
                status="failed", completed_at=self.db.now(), error_message="stalkeer was stopped"
            )
            .where(ProcessingLog.status == "running")
            .execute()
        )


def _run(row: ProcessingLog) -> RunRow:
    return RunRow(
        id=row.id,
        action=row.action,
        subject=row.subject,
        status=row.status,
        item_count=row.item_count,
        counts=row.counts or {},
        started_at=row.started_at,
        completed_at=row.completed_at,
        error_message=row.error_message,
    )

"""What the tables say about the queue as a whole, in figures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import peewee as pw

from stalkeer.core.states import JobStatus
from stalkeer.db.connect import Database, reads
from stalkeer.db.models import Job, ProviderSlot


class Figures:
    """Counts over all jobs and connections."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def jobs(self) -> dict[tuple[str, str], int]:
        """Count the jobs by kind and status."""
        query = Job.select(Job.kind, Job.status, pw.fn.COUNT(Job.id)).group_by(Job.kind, Job.status)
        rows: Any = query.tuples()
        return {(kind, status): int(count) for kind, status, count in rows}

    @reads
    def oldest_due_s(self) -> float:
        """Say for how many seconds a job has waited past its time, at most; 0 for none."""
        due = (Job.status == JobStatus.READY) & (Job.is_held == False)  # noqa: E712 # SQL has no `is`
        oldest: datetime | None = Job.select(pw.fn.MIN(Job.run_at)).where(due).scalar()
        if oldest is None:
            return 0.0
        return max((self.db.clock() - oldest).total_seconds(), 0.0)

    @reads
    def connections(self) -> dict[str, int]:
        """Count the connections in use by provider; `*` are all of them."""
        query = (
            ProviderSlot.select(ProviderSlot.provider, pw.fn.COUNT(ProviderSlot.id))
            .where(ProviderSlot.lease_until >= self.db.now())
            .group_by(ProviderSlot.provider)
        )
        rows: Any = query.tuples()
        return {provider: int(count) for provider, count in rows}

"""Taking a job: the two statements that every bell costs, written out.

A bell may ring for a job that is taken already, and with several workers most late ones do. So a
look comes first, and no statement here is built by Peewee, which would cost more than it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stalkeer.core.jobs import Lease
from stalkeer.core.states import KNOWN_KINDS, PAYLOAD_SCHEMA, JobKind, JobStatus
from stalkeer.db import models
from stalkeer.db.connect import Database, reads

_LOOK = "SELECT status, provider, lease_token, kind FROM job WHERE id = {mark}"
_CLAIM = (
    "UPDATE job SET status = 'running', attempts = attempts + 1, lease_owner = {mark}, "
    "lease_token = {mark}, lease_until = {until}, progress_at = NULL, started_at = {now}, "
    "updated_at = {now} WHERE id = {mark} AND status = 'ready' AND kind IN ({kinds}) "
    "AND payload_schema <= {mark} AND NOT is_held AND run_at <= {now} RETURNING *"
)
_ATTEMPT = (
    "INSERT INTO job_attempt (job_id, number, worker, token, started_at, outcome, error_code, "
    "error) VALUES ({mark}, {mark}, {mark}, {mark}, {now}, '', '', '')"
)
# Only PostgreSQL writes in the middle of a statement, and only there a statement is a journey.
_AT_ONCE = (
    "WITH mine AS ({claim}), noted AS (INSERT INTO job_attempt (job_id, number, worker, token, "
    "started_at, outcome, error_code, error) SELECT id, attempts, lease_owner, lease_token, "
    "started_at, '', '', '' FROM mine) SELECT * FROM mine"
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a job says of claiming it."""

    is_ours: bool
    provider: str
    is_download: bool


class Claims:
    """Claims jobs by their ids."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db
        self._mark = "?" if db.is_sqlite else "%s"
        self._kinds = ", ".join(f"'{kind.value}'" for kind in KNOWN_KINDS)

    @reads
    def look(self, lease: Lease) -> Looked | None:
        """Look whether a job is ready, or ours already; None when it is neither. Takes no lock."""
        row = self.db.execute(_LOOK.format(mark=self._mark), (lease.job_id,)).fetchone()
        if row is None:
            return None
        status, provider, token, kind = row
        # Ours already: the answer to our commit was lost with its connection.
        is_ours = token == lease.token
        if status != JobStatus.READY and not is_ours:
            return None
        return Looked(is_ours, provider or "", kind == JobKind.DOWNLOAD)

    def claim_at_once(self, lease: Lease, owner: str, lease_s: float) -> models.Job | None:
        """Claim a job that takes no slot, and note who runs it, in one statement.

        None when somebody was faster, and on a database that cannot do it.
        """
        if self.db.is_sqlite:
            return None
        sql, values = self._claiming(lease, owner, lease_s)
        rows: Any = models.Job.raw(_AT_ONCE.format(claim=sql), *values)
        return self.db.alone(lambda: next(iter(rows), None))

    def claim(self, lease: Lease, owner: str, lease_s: float) -> models.Job | None:
        """Make a job that is ready and due ours; None when somebody was faster."""
        sql, values = self._claiming(lease, owner, lease_s)
        rows: Any = models.Job.raw(sql, *values)
        return next(iter(rows), None)

    def _claiming(self, lease: Lease, owner: str, lease_s: float) -> tuple[str, list[object]]:
        now, until = self.db.now(), self.db.now(lease_s)
        given = now.params or ()
        sql = _CLAIM.format(mark=self._mark, now=now.sql, until=until.sql, kinds=self._kinds)
        values = [owner, lease.token, *(until.params or ()), *given, *given]
        return sql, [*values, lease.job_id, PAYLOAD_SCHEMA, *given]

    def note(self, job: models.Job, lease: Lease, owner: str) -> None:
        """Write down who runs it this time."""
        now = self.db.now()
        sql = _ATTEMPT.format(mark=self._mark, now=now.sql)
        values = (job.id, job.attempts, owner, lease.token, *(now.params or ()))
        self.db.execute(sql, values)

"""Leaving a job: the statements with which most runs end, written out as those of `db.claims`.

They are for a run that nothing follows from. All others end in a transaction of `db.leases`, where
Peewee builds what they write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import peewee as pw

from stalkeer.core.jobs import Ended, Lease
from stalkeer.core.states import JobStatus
from stalkeer.db import models
from stalkeer.db.connect import Database

# Downloads and imports tell people more than their own row, and a slot is given back.
_LEAVE = (
    "UPDATE job SET {columns} WHERE id = {mark} AND lease_token = {mark} AND status = 'running' "
    "AND stop_request IS NULL AND provider IS NULL AND kind NOT IN ('download', 'import') "
    "RETURNING id"
)
# By the job too: of tokens there is no index.
_CLOSE = "UPDATE job_attempt SET {columns} WHERE job_id = {mark} AND token = {mark}"
_AT_ONCE = (
    "WITH mine AS ({leave}), noted AS ({close} AND EXISTS (SELECT 1 FROM mine)) SELECT id FROM mine"
)
_FREED: dict[str, Any] = {
    "lease_owner": None,
    "lease_token": None,
    "lease_until": None,
    "enqueued_at": None,
    "stop_request": None,
    "crashes": 0,
}


class Endings:
    """Writes the ends of runs."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db
        self._mark = "?" if db.is_sqlite else "%s"

    def leave(self, lease: Lease, ended: Ended) -> bool:
        """Write the end of a run; False, and nothing is written, when more is to be done.

        That is so when something follows from it, or the job has a slot, a download or a request
        to stop, or is not ours.
        """
        if not _stands_alone(ended):
            return False
        leaving, values = self._columns(models.Job, self.job_columns(ended))
        closing, noted = self._columns(models.JobAttempt, self.attempt_columns(ended))
        leave = _LEAVE.format(columns=leaving, mark=self._mark)
        close = _CLOSE.format(columns=closing, mark=self._mark)
        values += [lease.job_id, lease.token]
        noted += [lease.job_id, lease.token]
        if self.db.is_sqlite:
            return self.db.write(lambda: self._in_turn((leave, values), (close, noted)))
        # One journey to the server instead of five.
        sql = _AT_ONCE.format(leave=leave, close=close)
        return self.db.alone(lambda: self.db.execute(sql, values + noted).fetchone() is not None)

    def job_columns(self, ended: Ended) -> dict[str, Any]:
        """Return the columns of a job row that has just left `running`."""
        values: dict[str, Any] = _FREED | {"status": ended.status, "updated_at": self.db.now()}
        if ended.status is JobStatus.READY:
            values |= {"run_at": self.db.now(ended.run_in_s), "is_held": ended.is_held}
        else:
            values["finished_at"] = self.db.now()
        if ended.outcome or ended.reason:
            values["result"] = {"outcome": ended.outcome, "reason": ended.reason}
        if ended.error:
            values |= {"error_code": ended.error_code, "last_error": ended.error}
        if not ended.costs_attempt:
            values["attempts"] = pw.SQL("attempts - 1")
        return values

    def attempt_columns(self, ended: Ended) -> dict[str, Any]:
        """Return the columns of an attempt that has ended."""
        return {
            "finished_at": self.db.now(),
            "outcome": ended.outcome or ended.status,
            "error_code": ended.error_code,
            "error": ended.error or ended.reason,
        }

    def _in_turn(self, leave: tuple[str, list[Any]], close: tuple[str, list[Any]]) -> bool:
        if not self.db.execute(*leave).fetchall():
            return False
        self.db.execute(*close)
        return True

    def _columns(self, model: type[pw.Model], values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Write out `a = ?, b = ?` with the values for the marks."""
        written: list[str] = []
        given: list[Any] = []
        for name, value in values.items():
            if isinstance(value, pw.SQL):
                written.append(f"{name} = {value.sql}")
                given += value.params or ()
            else:
                written.append(f"{name} = {self._mark}")
                given.append(getattr(model, name).db_value(value))
        return ", ".join(written), given


def _stands_alone(ended: Ended) -> bool:
    """Say whether nothing follows from the end of a run but its own row."""
    further = (ended.download, ended.provider_pause, ended.matches, ended.items)
    return not any((*further, ended.downloads, ended.then))

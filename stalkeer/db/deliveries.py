"""Webhook deliveries as jobs: one plain statement for all that are committed together."""

from __future__ import annotations

from collections.abc import Sequence

from stalkeer.core.jobs import URGENT
from stalkeer.core.states import JobKind, JobStatus
from stalkeer.db.connect import Database

WEBHOOK_ATTEMPTS = 5
_WEBHOOKS = (
    "INSERT INTO job (kind, queue, status, priority, instance, payload, max_attempts, title, "
    "attempts, crashes, replays, is_held, error_code, last_error, run_at, created_at, updated_at) "
    "SELECT {kind}, {queue}, {status}, {priority}, said.column1, said.column2, {attempts}, '', "
    "0, 0, 0, FALSE, '', '', clock.now, clock.now, clock.now "
    "FROM (VALUES {rows}) said, (SELECT {now} AS now) clock"
)


class Deliveries:
    """Writes the jobs of webhooks."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    def add(self, deliveries: Sequence[tuple[str, str]]) -> list[int]:
        """Write a webhook job for each (instance, body); return the ids in the same order.

        Plain SQL, because the speed of the whole webhook path hangs on this one statement:
        building it with Peewee costs more than all the rest of a request. It is a transaction of
        its own, and the rows of one INSERT get ascending ids in the order of VALUES on both
        databases.
        """
        mark, now, kind = "?" if self.db.is_sqlite else "%s", self.db.now(), JobKind.WEBHOOK
        sql = _WEBHOOKS.format(
            kind=f"'{kind}'",
            queue=f"'{kind.queue}'",
            status=f"'{JobStatus.READY}'",
            priority=URGENT,
            attempts=WEBHOOK_ATTEMPTS,
            rows=", ".join([f"({mark}, {mark})"] * len(deliveries)),
            now=now.sql,
        )
        values = [value for delivery in deliveries for value in delivery]
        return self.db.alone(
            lambda: self._ids_of(sql, [*values, *(now.params or ())], len(deliveries))
        )

    def _ids_of(self, sql: str, values: Sequence[object], count: int) -> list[int]:
        if self.db.is_sqlite:
            # Nobody writes between two rows of a statement. To ask for each id would cost a turn of
            # the interpreter's lock a row.
            last = int(self.db.execute(sql, values).lastrowid)
            return list(range(last - count + 1, last + 1))
        return sorted(
            found[0] for found in self.db.execute(f"{sql} RETURNING id", values).fetchall()
        )

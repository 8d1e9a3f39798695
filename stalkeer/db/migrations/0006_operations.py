"""What all processes have counted, and which version of a job's payload it has."""

from __future__ import annotations

from typing import Any

import peewee as pw


class Counter(pw.Model):
    id = pw.AutoField()
    name = pw.CharField(max_length=64)
    labels = pw.TextField()
    value = pw.BigIntegerField()

    class Meta:
        database = None
        legacy_table_names = False
        indexes = ((("name", "labels"), True),)


def up(_migrator: Any, db: Any) -> None:
    """Add the table and the column; every job there is has the first version."""
    db.execute_sql("ALTER TABLE job ADD COLUMN payload_schema INTEGER NOT NULL DEFAULT 1")
    with db.bind_ctx((Counter,)):
        db.create_tables((Counter,))

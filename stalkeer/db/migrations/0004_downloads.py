"""What each provider bears, what was found out about each file, and the disk it has reserved."""

from __future__ import annotations

from typing import Any

import peewee as pw

_COLUMNS = (
    "reserved_bytes BIGINT",
    "container VARCHAR(16)",
    "resolution VARCHAR(16)",
    "duration_s INTEGER",
    "length_verified {boolean}",
    "checksum VARCHAR(64)",
    "verdict TEXT NOT NULL DEFAULT ''",
)


class Provider(pw.Model):
    id = pw.AutoField()
    name = pw.CharField(max_length=255, unique=True)
    lowered_to = pw.IntegerField(null=True)
    lowered_at = pw.DateTimeField(null=True)
    paused_until = pw.DateTimeField(null=True)
    pauses = pw.IntegerField(default=0)
    reason = pw.TextField(default="")
    started_at = pw.DateTimeField(null=True)

    class Meta:
        database = None
        legacy_table_names = False


def up(_migrator: Any, db: Any) -> None:
    """Add the columns and the table; a pause that ran was kept in leased slots and ends now."""
    boolean = "INTEGER" if isinstance(db, pw.SqliteDatabase) else "BOOLEAN"
    for column in _COLUMNS:
        db.execute_sql(f"ALTER TABLE download_info ADD COLUMN {column.format(boolean=boolean)}")
    db.execute_sql("UPDATE provider_slot SET lease_until = NULL WHERE job_id IS NULL")
    with db.bind_ctx((Provider,)):
        db.create_tables((Provider,))

"""Further instances, the password of the page and its sessions, and what is to be told."""

from __future__ import annotations

from typing import Any

import peewee as pw


class WebAccount(pw.Model):
    id = pw.AutoField()
    password = pw.TextField()
    created_at = pw.DateTimeField()
    updated_at = pw.DateTimeField()

    class Meta:
        database = None
        legacy_table_names = False


class WebSession(pw.Model):
    id = pw.AutoField()
    mark = pw.CharField(max_length=64, unique=True)
    created_at = pw.DateTimeField()
    expires_at = pw.DateTimeField(index=True)

    class Meta:
        database = None
        legacy_table_names = False


class Notice(pw.Model):
    id = pw.AutoField()
    event = pw.CharField(max_length=16)
    text = pw.TextField()
    key = pw.CharField(max_length=191, null=True, unique=True)
    created_at = pw.DateTimeField(index=True)
    sent_at = pw.DateTimeField(null=True)

    class Meta:
        database = None
        legacy_table_names = False


def up(_migrator: Any, db: Any) -> None:
    """Add the column and the tables."""
    db.execute_sql("ALTER TABLE instance ADD COLUMN config TEXT")
    tables = (WebAccount, WebSession, Notice)
    with db.bind_ctx(tables):
        db.create_tables(tables)

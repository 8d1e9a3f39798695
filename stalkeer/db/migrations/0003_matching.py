"""Why nothing happens as a code, what else was considered, taught names, what TMDB answered."""
# ruff: noqa: S608 # no part of these statements comes from outside

from __future__ import annotations

from typing import Any

import peewee as pw

_COLUMNS = {
    "wanted_item": (
        "reason_code VARCHAR(32) NOT NULL DEFAULT ''",
        "file_resolution VARCHAR(16)",
    ),
    '"match"': ("entry_name TEXT NOT NULL DEFAULT ''", "alternatives TEXT"),
}


_CODES = {
    "searching": "searching",
    "no_match": "not_in_lists",
    "unreleased": "unreleased",
    "to_confirm": "to_confirm",
    "waiting": "waiting_connection",
    "downloading": "downloading",
    "paused": "paused",
    "obtained": "importing",
    "import_failed": "import_failed",
    "failed": "failed_n_times",
    "cancelled": "cancelled",
    "imported": "in_library",
    "gone": "not_wanted",
}
"""The reason that goes with each state, for the items that are known already."""


class Base(pw.Model):
    id = pw.AutoField()

    class Meta:
        database = None
        legacy_table_names = False


class Match(Base):
    pass


class LearnedTitle(Base):
    match = pw.ForeignKeyField(Match, on_delete="SET NULL", null=True)
    instance = pw.CharField(max_length=64)
    kind = pw.CharField(max_length=16)
    target_id = pw.IntegerField()
    key = pw.TextField(index=True)
    title = pw.TextField()
    year = pw.IntegerField(null=True)
    country = pw.CharField(max_length=8, null=True)
    group_title = pw.TextField(default="")
    languages = pw.TextField()
    created_at = pw.DateTimeField()
    updated_at = pw.DateTimeField()

    class Meta:
        indexes = ((("instance", "kind", "target_id"), False),)


class TmdbAnswer(Base):
    key = pw.CharField(max_length=255, unique=True)
    answer = pw.TextField(null=True)
    fetched_at = pw.DateTimeField()


TABLES = (LearnedTitle, TmdbAnswer)


def up(_migrator: Any, db: Any) -> None:
    """Add the columns and the tables; what was judged before names its entries by their rows."""
    for table, columns in _COLUMNS.items():
        for column in columns:
            db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column}")
    db.execute_sql(
        'UPDATE "match" SET entry_name = (SELECT name FROM playlist_item '
        "WHERE playlist_item.id = playlist_item_id)"
    )
    for state, code in _CODES.items():
        db.execute_sql(f"UPDATE wanted_item SET reason_code = '{code}' WHERE state = '{state}'")
    with db.bind_ctx((Match, *TABLES)):
        db.create_tables(TABLES)

"""What lists of entries are counted and searched by."""

from __future__ import annotations

from typing import Any

import peewee as pw


class Base(pw.Model):
    id = pw.AutoField()

    class Meta:
        database = None
        legacy_table_names = False


class Playlist(Base):
    pass


class EntryCount(Base):
    playlist = pw.ForeignKeyField(Playlist, on_delete="CASCADE")
    content_type = pw.CharField(max_length=16)
    group_title = pw.TextField(default="")
    resolution = pw.CharField(max_length=16, default="")
    year = pw.IntegerField(default=0)
    is_filtered = pw.BooleanField()
    entries = pw.IntegerField()


class EntryTitle(Base):
    content_type = pw.CharField(max_length=16)
    title = pw.TextField()
    year = pw.IntegerField(default=0)
    key = pw.TextField()
    entries = pw.IntegerField()
    item_id = pw.IntegerField()
    confidence = pw.IntegerField()
    is_collected = pw.BooleanField(null=True)

    class Meta:
        indexes = (
            (("content_type", "title", "year"), False),
            (("content_type", "is_collected", "title"), False),
        )


TABLES = (EntryCount, EntryTitle)
INDEXES = (
    "CREATE INDEX playlist_item_kind ON playlist_item (content_type, id)",
    "CREATE INDEX playlist_item_updated ON playlist_item "
    "(updated_at, id, content_type, resolution, year)",
    "CREATE INDEX playlist_item_overridden ON playlist_item (override_at) "
    "WHERE override_at IS NOT NULL",
    "CREATE INDEX playlist_item_filtered ON playlist_item (filtered_by) "
    "WHERE filtered_by IS NOT NULL",
    "CREATE INDEX processing_log_action ON processing_log (action)",
    "CREATE INDEX processing_log_status ON processing_log (status)",
)


def up(_migrator: Any, db: Any) -> None:
    """Make the tables and the indexes."""
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
    for statement in INDEXES:
        db.execute_sql(statement)

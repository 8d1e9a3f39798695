"""Indexes by which a page of a million entries is found, and no more than that to write."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    "DROP INDEX playlist_item_content_type_title",
    "CREATE INDEX playlist_item_content_type_title_id ON playlist_item (content_type, title, id)",
    "DROP INDEX playlist_item_state",
    "CREATE INDEX playlist_item_state ON playlist_item (state) WHERE state <> 'processed'",
    "DROP INDEX playlist_item_updated",
    "CREATE INDEX playlist_item_updated ON playlist_item (content_type, updated_at, id)",
    "DROP INDEX playlist_item_resolution",
    "CREATE INDEX playlist_item_resolution ON playlist_item (resolution, id) "
    "WHERE resolution IS NOT NULL",
    "CREATE INDEX playlist_item_resolution_updated ON playlist_item (resolution, updated_at, id) "
    "WHERE resolution IS NOT NULL",
    "DROP INDEX playlist_item_year",
    "CREATE INDEX playlist_item_year_id ON playlist_item (year, id)",
    "CREATE INDEX playlist_item_dated ON playlist_item (content_type, year, id) "
    "WHERE content_type <> 'movie' AND year IS NOT NULL",
)


def up(_migrator: Any, db: Any) -> None:
    """Replace the indexes."""
    for statement in STATEMENTS:
        db.execute_sql(statement)

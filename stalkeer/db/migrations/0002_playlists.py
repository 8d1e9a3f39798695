"""Addresses apart from entries, so that the secrets in them can be sealed; keys as numbers."""
# ruff: noqa: S608 # no part of these statements comes from outside

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import peewee as pw
from xxhash import xxh3_64_intdigest

_WINDOW = 1000
_COLUMNS = {
    "playlist": (
        "kind VARCHAR(16) NOT NULL DEFAULT 'm3u'",
        "location_mark VARCHAR(64) NOT NULL DEFAULT ''",
        "username TEXT NOT NULL DEFAULT ''",
        "password TEXT NOT NULL DEFAULT ''",
        "user_agent TEXT NOT NULL DEFAULT ''",
        "refresh_s INTEGER",
        "connection_limit INTEGER",
        "bandwidth_limit BIGINT",
        "max_connections INTEGER",
        "expires_at {time}",
        "last_error_code VARCHAR(64) NOT NULL DEFAULT ''",
        "import_token VARCHAR(64)",
    ),
    "playlist_item": (
        "number BIGINT NOT NULL DEFAULT 0",
        "content BIGINT NOT NULL DEFAULT 0",
        "address_id INTEGER NOT NULL DEFAULT 0",
        "path TEXT NOT NULL DEFAULT ''",
        "gone_version INTEGER",
        "tmdb_id INTEGER",
        "imdb_id VARCHAR(32) NOT NULL DEFAULT ''",
        "duration_s INTEGER",
        "filtered_by TEXT",
        "override TEXT",
        "override_by VARCHAR(64)",
        "override_at {time}",
        "keys TEXT NOT NULL DEFAULT '[]'",
    ),
    '"filter"': ("playlist_id INTEGER REFERENCES playlist (id) ON DELETE CASCADE",),
}
_KEY_COLUMNS = "content_type, year, season, episode_from, episode_to, absolute, air_date"
_PANEL = re.compile(
    r"([^/?#]+://[^/?#]*/)(movies?|series|live|timeshift)/([^/?#]+/[^/?#]+/)([^?#]+)(.*)", re.DOTALL
)
_BARE_PANEL = re.compile(
    r"([^/?#]+://[^/?#]*/[^/?#]+/[^/?#]+/)([0-9]+(?:\.[^/?#]*)?)((?:[?#].*)?)", re.DOTALL
)
_ANY = re.compile(r"([^/?#]+://[^/?#]*/?)([^?#]*)(.*)", re.DOTALL)
_INDEXES = (
    "CREATE INDEX playlist_location_mark ON playlist (location_mark)",
    "CREATE INDEX playlist_item_known ON playlist_item (playlist_id, first_version, id, identity, "
    "content, address_id, gone_version, content_type, filtered_by)",
    "CREATE INDEX playlist_item_group_title ON playlist_item (group_title)",
    "CREATE INDEX playlist_item_resolution ON playlist_item (resolution)",
    "CREATE INDEX playlist_item_state ON playlist_item (state)",
    "CREATE INDEX playlist_item_year ON playlist_item (year)",
    'CREATE INDEX filter_playlist_id ON "filter" (playlist_id)',
)


class Base(pw.Model):
    class Meta:
        database = None
        legacy_table_names = False


class Playlist(Base):
    version = pw.IntegerField()


class PlaylistAddress(Base):
    playlist = pw.ForeignKeyField(Playlist, on_delete="CASCADE")
    provider = pw.CharField(max_length=255)
    secret = pw.TextField()
    mark = pw.BigIntegerField()


class EntryKey(Base):
    key = pw.BigIntegerField()
    item_id = pw.IntegerField()
    content_type = pw.CharField(max_length=16)
    year = pw.IntegerField(null=True)
    season = pw.IntegerField(null=True)
    episode_from = pw.IntegerField(null=True)
    episode_to = pw.IntegerField(null=True)
    absolute = pw.IntegerField(null=True)
    air_date = pw.DateField(null=True)

    class Meta:
        primary_key = pw.CompositeKey("key", "item_id")


def up(_migrator: Any, db: Any) -> None:
    """Add what is new, convert the rows, and drop what they no longer need."""
    is_sqlite = isinstance(db, pw.SqliteDatabase)
    time = "DATETIME" if is_sqlite else "TIMESTAMP"
    for table, columns in _COLUMNS.items():
        for column in columns:
            db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column.format(time=time)}")
    _drop_unfinished(db)
    with db.bind_ctx([Playlist, PlaylistAddress, EntryKey]):
        db.create_tables([PlaylistAddress])
        _split_addresses(db)
        db.execute_sql("CREATE TEMPORARY TABLE old_key AS SELECT * FROM entry_key ORDER BY item_id")
        db.execute_sql("CREATE INDEX old_key_item ON old_key (item_id)")
        db.execute_sql("DROP TABLE entry_key")
        EntryKey._meta.without_rowid = is_sqlite
        db.create_tables([EntryKey])
        _number_keys(db)
    db.execute_sql("DROP TABLE old_key")
    db.execute_sql("DROP INDEX playlist_item_playlist_id_identity")
    for column in ("url", "last_version", "identity"):
        db.execute_sql(f"ALTER TABLE playlist_item DROP COLUMN {column}")
    db.execute_sql("ALTER TABLE playlist_item RENAME COLUMN number TO identity")
    for index in _INDEXES:
        db.execute_sql(index)


def _drop_unfinished(db: Any) -> None:
    """Remove what an interrupted import left, and say of the others since when they are gone."""
    current = "(SELECT version FROM playlist WHERE playlist.id = playlist_item.playlist_id)"
    unfinished = f"SELECT id FROM playlist_item WHERE first_version > {current}"
    db.execute_sql(f"DELETE FROM entry_key WHERE item_id IN ({unfinished})")
    db.execute_sql(f"DELETE FROM playlist_item WHERE id IN ({unfinished})")
    db.execute_sql(
        f"UPDATE playlist_item SET gone_version = last_version + 1 WHERE last_version < {current}"
    )


def _split_addresses(db: Any) -> None:
    known: dict[tuple[int, str, str], int] = {}
    for rows in _windows(db, "SELECT id, playlist_id, name, url FROM playlist_item", "id"):
        values = []
        for item_id, playlist_id, name, url in rows:
            prefix, path, suffix = _split(url)
            place = (playlist_id, prefix, suffix)
            if place not in known:
                known[place] = _insert_address(playlist_id, url, [prefix, suffix])
            values.append((_number(f"{name}\0{path}"), known[place], path, item_id))
        _many(
            db, "UPDATE playlist_item SET number = ?, address_id = ?, path = ? WHERE id = ?", values
        )


def _insert_address(playlist_id: int, url: str, parts: list[str]) -> int:
    host = url.partition("://")[2].partition("/")[0].partition("?")[0]
    address_id = PlaylistAddress.insert(
        playlist=playlist_id,
        provider=host.rpartition("@")[2].lower()[:255],
        # Sealed, and marked, as soon as a key is at hand.
        secret=json.dumps(parts),
        mark=0,
    ).execute()
    return int(address_id)


def _number_keys(db: Any) -> None:
    insert = f"INSERT INTO entry_key (key, item_id, {_KEY_COLUMNS}) VALUES ({','.join('?' * 9)})"
    for rows in _windows(db, f"SELECT item_id, key, {_KEY_COLUMNS} FROM old_key", "item_id"):
        keys: dict[tuple[int, int], tuple[Any, ...]] = {}
        by_item: dict[int, list[int]] = {}
        for item_id, text, *rest in rows:
            key = _number(text)
            if (key, item_id) not in keys:
                keys[key, item_id] = (key, item_id, *rest)
                by_item.setdefault(item_id, []).append(key)
        _many(db, insert, list(keys.values()))
        lists = [(json.dumps(each, separators=(",", ":")), item) for item, each in by_item.items()]
        _many(db, "UPDATE playlist_item SET keys = ? WHERE id = ?", lists)


def _windows(db: Any, select: str, column: str) -> Iterator[list[tuple[Any, ...]]]:
    """Give the rows of a select, so many ids at a time: a list may have millions."""
    last = db.execute_sql("SELECT MAX(id) FROM playlist_item").fetchone()[0] or 0
    for start in range(0, last, _WINDOW):
        where = f"{column} > {start} AND {column} <= {start + _WINDOW}"
        yield db.execute_sql(f"{select} WHERE {where} ORDER BY {column}").fetchall()


def _many(db: Any, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if not isinstance(db, pw.SqliteDatabase):
        statement = statement.replace("?", "%s")
    db.cursor().executemany(statement, rows)


def _split(url: str) -> tuple[str, str, str]:
    if panel := _PANEL.fullmatch(url):
        start, folder, secret, rest, query = panel.groups()
        return f"{start}\n{secret}", f"{folder}/{rest}", query
    found = _BARE_PANEL.fullmatch(url) or _ANY.fullmatch(url)
    prefix, path, query = found.groups() if found else ("", url, "")
    return prefix, path, query


def _number(text: str) -> int:
    value = xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
    return value - (1 << 64) if value >> 63 else value

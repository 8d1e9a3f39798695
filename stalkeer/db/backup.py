"""Backups: the rows of every table in one SQLite file, whichever database they come from.

A backup is no copy of the database but of its rows, with the names of the migrations that shaped
them. So it fits both databases and every later version: restoring makes a schema of that age, puts
the rows in, and brings it up to date. Entries of playlists that nothing points to are left out:
they are read again from where they came.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import peewee as pw
from playhouse.migrations import Runner

from stalkeer.db.connect import Database
from stalkeer.db.models import MODELS
from stalkeer.errors import StalkeerError

MIGRATIONS = Path(__file__).parent / "migrations"
_FORMAT = "1"
_ABOUT, _SECRETS, _HISTORY = "stalkeer_backup", "stalkeer_secret", "schema_migration"
_AT_ONCE = 500

_POINTED_TO = (
    'id IN (SELECT playlist_item_id FROM "match" UNION SELECT playlist_item_id FROM download_info)'
)
_OVERRIDDEN = "override IS NOT NULL"
_PASSING = frozenset({"entry_count", "entry_title", "web_session"})
"""Tables that the next import of each playlist makes anew, and logins, which end with a restore."""

_SETTLE = (
    # A list that says "unchanged" would leave the entries out for ever.
    "UPDATE playlist SET etag = '', last_modified = ''",
    "UPDATE schedule SET next_run_at = strftime('%Y-%m-%d %H:%M:%S', 'now')",
    "UPDATE job SET status = 'ready', lease_owner = NULL, lease_token = NULL, lease_until = NULL, "
    "stop_request = NULL WHERE status = 'running'",
    "UPDATE job SET enqueued_at = NULL",
    "DELETE FROM provider_slot",
)
"""What was in motion when the backup was made stands still after it."""


class BackupError(StalkeerError):
    """A file is no backup, or one that this version cannot read."""

    code: ClassVar[str] = "backup_unusable"


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What a backup says of itself. `secrets` are the keys in it, by their file's name."""

    version: str
    created_at: str
    migrations: tuple[str, ...]
    secrets: Mapping[str, str]


def write_backup(
    db: Database,
    path: Path,
    *,
    version: str,
    created_at: str,
    secrets: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Write all rows, as they are at one moment, to `path`; return how many of each table.

    Others read and write meanwhile. The file appears whole or not at all, and only its user can
    read it. Raises `BackupError` when it cannot be written.
    """
    about = {"format": _FORMAT, "version": version, "created_at": created_at}
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        counts = db.read(lambda: _write(db, unfinished, about, secrets or {}))
        _sync(unfinished)
        unfinished.replace(path)
    except (OSError, sqlite3.Error) as exc:
        raise BackupError(f"The backup {path} cannot be written: {exc}.") from exc
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return counts


def read_facts(path: Path) -> BackupFacts:
    """Say what a backup is; `BackupError` when it is none, or was made by a newer version."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            about = dict(file.execute(f"SELECT name, value FROM {_ABOUT}"))  # noqa: S608
            secrets = dict(file.execute(f"SELECT name, value FROM {_SECRETS}"))  # noqa: S608
            history = file.execute(f"SELECT name FROM {_HISTORY} ORDER BY name")  # noqa: S608
            migrations = tuple(name for (name,) in history)
            damage = file.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as exc:
        raise BackupError(f"{path} is no backup of stalkeer, or damaged ({exc}).") from exc
    if damage != "ok":
        raise BackupError(f"{path} is damaged: {damage}. Take another backup.")
    unknown = set(migrations) - {found.stem for found in MIGRATIONS.glob("[0-9]*.py")}
    if about["format"] != _FORMAT or unknown:
        raise BackupError(
            f"{path} was made by a newer stalkeer ({about['version']}). Restore it with that one."
        )
    return BackupFacts(about["version"], about["created_at"], migrations, secrets)


def unpack(path: Path, into: Path) -> None:
    """Make a SQLite database of today's schema out of a backup, at a name that is free."""
    facts = read_facts(path)
    os.close(os.open(into, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    database = pw.SqliteDatabase(str(into), pragmas={"foreign_keys": 0})
    try:
        with database.connection_context():
            runner = Runner(database, str(MIGRATIONS))
            runner.up(facts.migrations[-1])
            _fill(database, path)
            runner.up()
            for statement in _SETTLE:
                database.execute_sql(statement)  # type: ignore[no-untyped-call]
    except (pw.DatabaseError, sqlite3.Error) as exc:
        raise BackupError(f"{path} cannot be restored: {exc}.") from exc


def pour(unpacked: Path, db: Database) -> None:
    """Replace all rows of an up-to-date database by those of an unpacked backup, in one step."""
    with closing(sqlite3.connect(unpacked)) as source:
        db.write(lambda: _pour(source, db))


def _write(
    db: Database, path: Path, about: Mapping[str, str], secrets: Mapping[str, str]
) -> dict[str, int]:
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(path, isolation_level=None)) as file, _moment(db):
        # Nobody reads it before it is whole, so nothing has to be durable until then.
        file.execute("PRAGMA synchronous = OFF")
        file.execute("BEGIN")
        counts = {table: _copy(db, file, table) for table in _tables(db)}
        for name, pairs in ((_ABOUT, about), (_SECRETS, secrets)):
            file.execute(f"CREATE TABLE {name} (name TEXT PRIMARY KEY, value TEXT)")
            file.executemany(f"INSERT INTO {name} VALUES (?, ?)", pairs.items())  # noqa: S608
        file.execute("COMMIT")
    return counts


@contextmanager
def _moment(db: Database) -> Iterator[None]:
    """Let all reads of the block see one state of the database."""
    db.execute("BEGIN" if db.is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


def _tables(db: Database) -> list[str]:
    tables: list[str] = db.peewee.get_tables()
    return sorted(set(tables) - _PASSING)


def _columns(db: Database | pw.Database, table: str) -> dict[str, str]:
    """Return the names of a table's columns with their types."""
    database = db.peewee if isinstance(db, Database) else db
    found = database.get_columns(table)
    return {column.name: column.data_type.lower() for column in found}


def _copy(db: Database, file: sqlite3.Connection, table: str) -> int:
    columns = list(_columns(db, table))
    names = ", ".join(f'"{name}"' for name in columns)
    file.execute(f'CREATE TABLE "{table}" ({names})')
    marks = ", ".join("?" * len(columns))
    insert = f'INSERT INTO "{table}" VALUES ({marks})'  # noqa: S608 # names of our own tables
    count = 0
    query = f'SELECT {names} FROM "{table}" WHERE {_kept(db, table)}'  # noqa: S608 # the same
    for rows in _read(db, query):
        file.executemany(insert, ([_plain(value) for value in row] for row in rows))
        count += len(rows)
    return count


def _kept(db: Database, table: str) -> str:
    """Say in SQL which rows of a table belong into a backup."""
    if table not in ("playlist_item", "entry_key", "playlist_address"):
        return "1 = 1"
    entries = _POINTED_TO
    if "override" in _columns(db, "playlist_item"):
        entries = f"({entries} OR {_OVERRIDDEN})"
    if table == "playlist_item":
        return entries
    column, own = ("id", "item_id") if table == "entry_key" else ("address_id", "id")
    return f"{own} IN (SELECT {column} FROM playlist_item WHERE {entries})"  # noqa: S608 # the same


def _read(db: Database, query: str) -> Iterator[Sequence[Any]]:
    """Run a query and give its rows in pieces, however many they are."""
    if db.is_sqlite:
        cursor = db.execute(query)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield rows
        return
    # Without a cursor of the server psycopg2 would hold all rows at once.
    db.execute(f"DECLARE backup NO SCROLL CURSOR FOR {query.replace('%', '%%')}")
    while rows := db.execute(f"FETCH {_AT_ONCE} FROM backup").fetchall():
        yield rows
    db.execute("CLOSE backup")


def _plain(value: Any) -> Any:
    """Turn what PostgreSQL gives into what SQLite stores for it."""
    if isinstance(value, bool):
        return int(value)
    return str(value) if isinstance(value, date) else value


def _sync(path: Path) -> None:
    for name in (path, path.parent):
        descriptor = os.open(name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _fill(database: pw.Database, path: Path) -> None:
    """Copy the rows of a backup into a schema of its age."""
    database.execute_sql("ATTACH ? AS backup", (str(path.absolute()),))  # type: ignore[no-untyped-call]
    query = "SELECT name FROM backup.sqlite_master WHERE type = 'table'"
    stored = {row[0] for row in database.execute_sql(query)}  # type: ignore[no-untyped-call]
    with database.atomic():
        for table in sorted(stored - {_ABOUT, _SECRETS, _HISTORY}):
            names = ", ".join(f'"{name}"' for name in _columns(database, table))
            database.execute_sql(  # type: ignore[no-untyped-call]
                f'INSERT INTO main."{table}" ({names}) SELECT {names} FROM backup."{table}"'  # noqa: S608
            )
    database.execute_sql("DETACH backup")  # type: ignore[no-untyped-call]


def _pour(source: sqlite3.Connection, db: Database) -> None:
    tables = [str(model._meta.table_name) for model in MODELS]
    for table in reversed(tables):
        db.execute(f'DELETE FROM "{table}"')  # noqa: S608 # names of our own tables
    for table in tables:
        columns = _columns(db, table)
        names = ", ".join(f'"{name}"' for name in columns)
        cursor = source.execute(f'SELECT {names} FROM "{table}"')  # noqa: S608 # the same
        while rows := cursor.fetchmany(_AT_ONCE):
            _insert(db, table, columns, rows)
        if "id" in columns:
            _count_on(db, table)


def _insert(
    db: Database, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
) -> None:
    mark = "?" if db.is_sqlite else "%s"
    row = f"({', '.join([mark] * len(columns))})"
    names = ", ".join(f'"{name}"' for name in columns)
    booleans = [kind == "boolean" for kind in columns.values()]
    values = [
        bool(value) if is_boolean and value is not None else value
        for value, is_boolean in chain.from_iterable(
            zip(each, booleans, strict=True) for each in rows
        )
    ]
    marks = ", ".join([row] * len(rows))
    db.execute(f'INSERT INTO "{table}" ({names}) VALUES {marks}', values)  # noqa: S608 # the same


def _count_on(db: Database, table: str) -> None:
    """Let new rows have ids after those that were restored."""
    if not db.is_sqlite:
        db.execute(
            f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), "  # noqa: S608 # the same
            f'COALESCE(MAX(id), 1), MAX(id) IS NOT NULL) FROM "{table}"'
        )

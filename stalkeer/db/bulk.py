"""Many rows in one statement, each database in its fastest way."""
# ruff: noqa: S608 # no part of these statements comes from outside

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import peewee as pw

from stalkeer.db.connect import Database

# No text of a list holds a control character, so nothing else looks like this.
_NULL = "\x01"
# Of a bare cursor errors come as the driver's own, which nobody here knows.
_PEEWEES_ERRORS: AbstractContextManager[None] = pw.__exception_wrapper__  # type: ignore[attr-defined]


class Bulk:
    """Runs statements on many rows. Inside a unit of the store.

    A value stands as `?` in a statement, whatever the database.
    """

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self._db = db

    def now(self) -> Any:
        """Read the database's clock, in the form in which a column takes it."""
        now = self._db.now()
        return self._db.execute(f"SELECT {now.sql}", now.params or ()).fetchone()[0]

    def new_ids(self, table: str, count: int) -> list[int]:
        """Reserve ids for new rows of a table."""
        if self._db.is_sqlite:
            # Nobody else writes before this transaction ends.
            last = self._db.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0]
            return list(range(last + 1, last + count + 1))
        statement = f"SELECT nextval('{table}_id_seq') FROM generate_series(1, %s)"
        return [row[0] for row in self._db.execute(statement, (count,)).fetchall()]

    def on(self, statement: str, ids: Collection[int], *values: object, also: str = "") -> Any:
        """Run a statement on the rows with these ids; return its cursor.

        `values` are for the marks in the statement, `also` is a further condition.
        """
        if self._db.is_sqlite:
            where, given = "id IN (SELECT value FROM json_each(?))", json.dumps(list(ids))
            return self._db.execute(f"{statement} WHERE {where} {also}", (*values, given))
        where = f"{self.sql(statement)} WHERE id = ANY(%s) {also}"
        return self._db.execute(where, (*values, list(ids)))

    def put(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        over: Sequence[str] = (),
    ) -> None:
        """Write new rows; on SQLite in the place of rows with the same values in `over`."""
        names = ",".join(columns)
        if self._db.is_sqlite:
            marks = ",".join("?" * len(columns))
            insert = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            # Not OR REPLACE: with it SQLite first copies each page that a row changes.
            self.many(f"{insert}{_instead(columns, over)}", rows)
            return
        lines = io.StringIO()
        csv.writer(lines).writerows(
            [_NULL if value is None else value for value in row] for row in rows
        )
        lines.seek(0)
        statement = f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv, NULL '{_NULL}')"
        with _PEEWEES_ERRORS:
            self._db.peewee.cursor().copy_expert(statement, lines)  # type: ignore[no-untyped-call]

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""
        with _PEEWEES_ERRORS:
            cursor = self._db.peewee.cursor()  # type: ignore[no-untyped-call]
            cursor.executemany(self.sql(statement), rows)

    def sql(self, statement: str) -> str:
        """Write a statement as this database wants it."""
        return statement if self._db.is_sqlite else statement.replace("?", "%s")


def _instead(columns: Sequence[str], over: Sequence[str]) -> str:
    if not over:
        return ""
    sets = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in over)
    return f" ON CONFLICT ({', '.join(over)}) DO UPDATE SET {sets}"

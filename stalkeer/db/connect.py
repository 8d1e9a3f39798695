"""Connections and transactions on SQLite or PostgreSQL, and the database's own clock.

A verb of the store is one unit of work: it takes a connection, does its statements in one
transaction, and gives the connection back. When the connection turns out to be dead the whole
unit is done once more, which is harmless because every unit names the state it expects. It may die
between a commit and its answer: then the repeat finds its own work, and nobody is to see that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import update_wrapper
from typing import Any, ClassVar, Concatenate, Generic, ParamSpec, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import peewee as pw
from playhouse.pool import (
    MaxConnectionsExceeded,
    PooledPostgresqlDatabase,
    PooledSqliteDatabase,
)

from stalkeer.errors import StalkeerError

P = ParamSpec("P")
T = TypeVar("T")

OLDEST_SQLITE = (3, 35, 0)  # the first that knows RETURNING
_NO_PRAGMAS: Mapping[str, object] = {}
_SQLITE_PRAGMAS: Mapping[str, object] = {
    "journal_mode": "wal",
    # NORMAL may lose the last commits in a power cut, and what we answered 2xx must not be lost.
    "synchronous": "full",
    "busy_timeout": 5000,
    "foreign_keys": 1,
}
PATIENCE: Mapping[str, Any] = {
    "connect_timeout": 5,
    # A server that is gone without a word, with its machine or the network, would be waited for
    # for a quarter of an hour.
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
"""How long a connection to PostgreSQL waits for a server that says nothing at all."""
_NO_STANDSTILL = "idle_in_transaction_session_timeout=10s"
_LOST = (
    "already closed",
    "closed unexpectedly",
    "closed the connection",
    "terminating connection",
    "not open",
    "could not receive data",
    "could not send data",
    "eof detected",
    "connection reset",
    "no connection to the server",
)
# InterfaceError is no DatabaseError in Peewee: it is what a connection that is gone says.
_TROUBLE = (pw.DatabaseError, pw.InterfaceError, MaxConnectionsExceeded)


class StoreError(StalkeerError):
    """The database did not do what it was asked; of the unit nothing was written, or all."""

    code: ClassVar[str] = "database_unavailable"
    retryable: ClassVar[bool] = True
    costs_attempt: ClassVar[bool] = False


class UnfitStateError(StalkeerError):
    """The rows are not in the state that a verb expects, so it wrote nothing."""


class Database:
    """One database, its pool and its clock.

    `clock_offset_s` is added to the database's clock; only tests set it, to see leases run out.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 20,
        pool_timeout_s: float = 10.0,
        pragmas: Mapping[str, object] = _NO_PRAGMAS,
    ) -> None:
        """Prepare the pool for `sqlite:///path` or `postgresql://…`; nothing is connected yet.

        `url` may hold a password. `pragmas` are for SQLite, beyond those it always gets.
        """
        self.url = url
        self.is_sqlite = urlsplit(url).scheme == "sqlite"
        self.clock_offset_s = 0.0
        self.peewee: pw.Database = (
            _sqlite(url, pool_size, pool_timeout_s, pragmas)
            if self.is_sqlite
            else _postgresql(url, pool_size, pool_timeout_s)
        )

    def now(self, plus_s: float = 0.0) -> pw.SQL:
        """Return an SQL expression for the database's own time, `plus_s` seconds from now.

        Leases and waits compare only such times, so the clocks of several hosts do not matter.
        """
        seconds = plus_s + self.clock_offset_s
        if self.is_sqlite:
            return pw.SQL("strftime('%Y-%m-%d %H:%M:%S', 'now', ?)", (f"{seconds:+.3f} seconds",))
        return pw.SQL(
            "date_trunc('second', timezone('utc', clock_timestamp()) + make_interval(secs => %s))",
            (seconds,),
        )

    def clock(self) -> datetime:
        """Read the database's own time, to the second. Inside a unit of work."""
        now = self.now()
        value = self.execute(f"SELECT {now.sql}", now.params or ()).fetchone()[0]
        naive = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return naive.replace(tzinfo=UTC)

    def lock(self, query: Any) -> Any:
        """Keep everybody else from changing the rows of a select until the transaction ends.

        SQLite has one writer at a time, so there is nothing to lock.
        """
        return query if self.is_sqlite else query.for_update()

    def skip_locked(self, query: Any) -> Any:
        """Lock the rows of a select that nobody else has locked, and leave the others out.

        SQLite has one writer at a time, so there is nothing to skip.
        """
        return query if self.is_sqlite else query.for_update("FOR UPDATE SKIP LOCKED")

    def read(self, work: Callable[[], T]) -> T:
        """Run statements that only read, on one connection."""
        return self._run(work, nullcontext)

    def write(self, work: Callable[[], T], is_done: Callable[[T], bool] | None = None) -> T:
        """Run statements in one transaction; a unit inside a unit joins it.

        `is_done` is for what a repeat would write a second time: given the answer of a try whose
        commit got none, it says whether that try is in the database.
        """
        tries = _Tries(work, is_done)
        try:
            return tries.judge(self._run(tries, self.peewee.atomic))
        except (UnfitStateError, pw.IntegrityError):
            if not tries.is_repeat:
                raise
            return tries.answers[0]

    def alone(self, work: Callable[[], T]) -> T:
        """Run one statement that writes: by itself it is a transaction, and needs no other two."""
        return self._run(work, nullcontext)

    def execute(self, sql: str, params: Sequence[object] = ()) -> Any:
        """Run one statement as it is written and return its cursor."""
        return self.peewee.execute_sql(sql, params)  # type: ignore[no-untyped-call]

    def compact(self) -> None:
        """Write the file of SQLite anew, so that nothing is left in it of what was overwritten."""
        if self.is_sqlite:
            self.read(self._compact)

    def _compact(self) -> None:
        self.execute("VACUUM")
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection that nobody uses.

        One that a thread still reads with is left to it: closed under its hands, it would take the
        whole process down.
        """
        if not self.peewee.is_closed():
            self.peewee.close()
        self.peewee.close_idle()  # type: ignore[attr-defined]  # of the pool classes only

    def _run(self, work: Callable[[], T], scope: Callable[[], AbstractContextManager[Any]]) -> T:
        if not self.peewee.is_closed():
            with scope():
                return work()
        try:
            return self._unit(work, scope)
        except _TROUBLE as exc:
            if not _is_lost(exc):
                raise _ours(exc) from exc
        try:
            return self._unit(work, scope)
        except _TROUBLE as exc:
            raise _ours(exc) from exc

    def _unit(self, work: Callable[[], T], scope: Callable[[], AbstractContextManager[Any]]) -> T:
        try:
            with self.peewee.connection_context(), scope():
                return work()
        except (pw.DatabaseError, pw.InterfaceError) as exc:
            if _is_lost(exc):
                # Every pooled connection of a restarted server is dead, not only this one.
                self.peewee.close_idle()  # type: ignore[attr-defined]
            raise


class _Tries(Generic[T]):
    """A unit that writes, and what came of it when it is done again.

    Of a try that came to its end only the answer to its commit is missing: it is done, or not. When
    its repeat finds the rows unfit, or nothing more to do, then it was, and its answer stands.
    """

    def __init__(self, work: Callable[[], T], is_done: Callable[[T], bool] | None) -> None:
        self.answers: list[T] = []
        self.is_repeat = False
        self._work = work
        self._is_done = is_done

    def __call__(self) -> T:
        self.is_repeat = bool(self.answers)
        if self.is_repeat and self._is_done is not None and self._is_done(self.answers[0]):
            return self.answers[0]
        self.answers.append(self._work())
        return self.answers[-1]

    def judge(self, answer: T) -> T:
        """Give the answer of the try that did something: an id, how many, or that it did."""
        first = self.answers[0]
        # Nothing else, because a lease that a try was given can be somebody else's by now.
        return first if isinstance(first, int) and first and not answer else answer


class HasDatabase(Protocol):
    """A part of the store."""

    db: Database


S = TypeVar("S", bound=HasDatabase)


def reads(verb: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a verb of the store one unit that only reads."""

    def unit(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.db.read(lambda: verb(self, *args, **kwargs))

    return update_wrapper(unit, verb)


def writes(verb: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a verb of the store one transaction."""

    def unit(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.db.write(lambda: verb(self, *args, **kwargs))

    return update_wrapper(unit, verb)


def _sqlite(
    url: str, pool_size: int, pool_timeout_s: float, pragmas: Mapping[str, object]
) -> pw.Database:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(
            f"This Python has SQLite {sqlite3.sqlite_version}; stalkeer needs 3.35 or newer. "
            f"Use a newer Python, or set STALKEER_DATABASE_URL to a PostgreSQL database."
        )
    database: pw.Database = PooledSqliteDatabase(
        # sqlite:///relative and sqlite:////absolute, as everywhere else.
        unquote(urlsplit(url).path[1:]),
        max_connections=pool_size,
        timeout=pool_timeout_s,
        pragmas={**_SQLITE_PRAGMAS, **pragmas},
        # A deferred transaction that reads first cannot wait for the write lock: SQLite answers
        # "database is locked" at once, whatever the busy timeout.
        lock_type="IMMEDIATE",
        autoconnect=False,
        # The pool hands a connection to one thread at a time.
        check_same_thread=False,
    )
    return database


class _PostgresqlPool(PooledPostgresqlDatabase):  # type: ignore[misc]  # it has no types
    """A pool that hands out its connections unasked.

    Peewee's own sends `SELECT 1` each time, under a lock that every other thread waits for. A unit
    that meets a dead connection is done again on a new one, so nobody has to know beforehand.
    """

    def _is_closed(self, conn: Any) -> bool:
        return bool(conn.closed)


def _postgresql(url: str, pool_size: int, pool_timeout_s: float) -> pw.Database:
    # A process that stands still, or a machine that is gone, in the middle of a transaction would
    # keep its rows locked for everybody else, for hours.
    options = {} if "options=" in url else {"options": f"-c {_NO_STANDSTILL}"}
    database: pw.Database = _PostgresqlPool(
        url.replace("postgres://", "postgresql://", 1),
        max_connections=pool_size,
        timeout=pool_timeout_s,
        stale_timeout=60,
        autoconnect=False,
        **PATIENCE,
        **options,
    )
    return database


def _is_lost(exc: Exception) -> bool:
    text = str(exc).lower()
    return any(sign in text for sign in _LOST)


def _ours(exc: Exception) -> Exception:
    """Turn trouble with the database into our error; what is wrong with a row stays what it is."""
    if isinstance(exc, pw.IntegrityError | pw.DataError):
        return exc
    return StoreError(f"The database did not answer: {str(exc).strip().splitlines()[0]}")

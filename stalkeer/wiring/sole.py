"""Sees to it that `up` works alone: it takes up whatever is marked as running when it starts.

Every lock ends with the process, however it ends, so nothing has to be cleared away after a crash.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 # it is a class

from stalkeer.db.connect import PATIENCE, StoreError
from stalkeer.errors import StalkeerError
from stalkeer.log import get_logger
from stalkeer.settings import Settings

log = get_logger(__name__)

LOOK_EVERY_S = 10.0
"""How often the lock in PostgreSQL is looked after."""
_ADVISORY_LOCK = 7_825_512


class AlreadyRunningError(StalkeerError):
    """Another process uses the same data directory or database."""

    code: ClassVar[str] = "already_running"


class LockFileError(StalkeerError):
    """The file that is locked cannot be opened."""

    code: ClassVar[str] = "lock_file"


class _Hold(Enum):
    """How a lock is held: what flock is given, and which function PostgreSQL has for it."""

    ALONE = (fcntl.LOCK_EX, "pg_try_advisory_lock")
    TOGETHER = (fcntl.LOCK_SH, "pg_try_advisory_lock_shared")


@contextmanager
def sole_process(settings: Settings, *, look_every_s: float = LOOK_EVERY_S) -> Iterator[None]:
    """Hold the data directory and the database for this process alone.

    Raises `AlreadyRunningError` when another one has either.
    """
    with _held(settings, _Hold.ALONE, look_every_s):
        yield


@contextmanager
def among_others(settings: Settings) -> Iterator[None]:
    """Hold them together with other `web` and `worker` processes.

    Raises `AlreadyRunningError` when a `sole_process` has them.
    """
    with _held(settings, _Hold.TOGETHER, LOOK_EVERY_S):
        yield


@contextmanager
def _held(settings: Settings, hold: _Hold, look_every_s: float) -> Iterator[None]:
    url = settings.database_url.get_secret_value()
    data_dir = settings.general.data_dir
    # For the usual database this is one file.
    paths = {data_dir.resolve() / "stalkeer.lock"}
    with ExitStack() as stack:
        if urlsplit(url).scheme == "sqlite":
            paths.add(Path(unquote(urlsplit(url).path[1:])).resolve().with_suffix(".lock"))
        else:
            stack.enter_context(_database_held(url, hold, look_every_s))
        for path in sorted(paths):
            stack.enter_context(_file_held(path, hold))
        yield


@contextmanager
def _file_held(path: Path, hold: _Hold) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise LockFileError(
            f"{path} cannot be written: {exc.strerror}. Make its folder, or let this user write "
            f"into it."
        ) from exc
    try:
        try:
            fcntl.flock(descriptor, hold.value[0] | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(
                f"stalkeer already runs on {path.parent}. Stop it first, or give this one another "
                f"folder with STALKEER_DATA_DIR."
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _database_held(url: str, hold: _Hold, look_every_s: float) -> Iterator[None]:
    lock = _DatabaseLock(url, hold, look_every_s)
    lock.start()
    try:
        yield
    finally:
        lock.stop()


class _DatabaseLock(threading.Thread):
    """Holds a lock of PostgreSQL, and takes it again when its connection was lost.

    The lock goes with the connection: after a restart of the database nobody holds it. When
    somebody else has taken it meanwhile, this process ends in good order.
    """

    def __init__(self, url: str, hold: _Hold, look_every_s: float) -> None:
        super().__init__(name="database-lock", daemon=True)
        self._url = url
        self._hold = hold
        self._look_every_s = look_every_s
        self._ended = threading.Event()
        self._connection = self._connected()

    def stop(self) -> None:
        self._ended.set()
        # No longer: it may just be asking a server that says nothing.
        self.join(1)
        self._connection.close()

    def run(self) -> None:
        while not self._ended.wait(self._look_every_s):
            try:
                self._look()
            except StoreError as exc:
                log.warning("the lock on the database is looked for again", error=str(exc))
            except AlreadyRunningError as exc:
                log.error("this process ends: its lock was taken", error=str(exc))  # noqa: TRY400 # where it was noticed tells nothing
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def _look(self) -> None:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error:
            self._connection.close()
            self._connection = self._connected()

    def _connected(self) -> Connection:
        try:
            connection: Connection = psycopg2.connect(self._url, **PATIENCE)
            # Not in a transaction: it would stay open as long as the service runs.
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {self._hold.value[1]}(%s)", (_ADVISORY_LOCK,))
                is_ours = cursor.fetchone() == (True,)
        except psycopg2.Error as exc:
            said = str(exc).strip().splitlines()[0]
            raise StoreError(f"The database did not answer: {said}") from exc
        if not is_ours:
            connection.close()
            raise AlreadyRunningError(
                "stalkeer already runs on this database. Stop it first, or give this one another "
                "database with STALKEER_DATABASE_URL."
            )
        return connection

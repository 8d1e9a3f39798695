"""Sees to it that `up` works alone: it takes up whatever is marked as running when it starts.

Both locks end with the process, however it ends, so nothing has to be cleared away after a crash.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from enum import Enum
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import psycopg2

from stalkeer.db.connect import StoreError
from stalkeer.errors import StalkeerError
from stalkeer.settings import Settings

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
def sole_process(settings: Settings) -> Iterator[None]:
    """Hold the data directory and the database for this process alone.

    Raises `AlreadyRunningError` when another one has either.
    """
    with _held(settings, _Hold.ALONE):
        yield


@contextmanager
def among_others(settings: Settings) -> Iterator[None]:
    """Hold them together with other `web` and `worker` processes.

    Raises `AlreadyRunningError` when a `sole_process` has them.
    """
    with _held(settings, _Hold.TOGETHER):
        yield


@contextmanager
def _held(settings: Settings, hold: _Hold) -> Iterator[None]:
    url = settings.database_url.get_secret_value()
    data_dir = settings.general.data_dir
    # For the usual database this is one file.
    paths = {data_dir.resolve() / "stalkeer.lock"}
    with ExitStack() as stack:
        if urlsplit(url).scheme == "sqlite":
            paths.add(Path(unquote(urlsplit(url).path[1:])).resolve().with_suffix(".lock"))
        else:
            stack.enter_context(_database_held(url, hold))
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
def _database_held(url: str, hold: _Hold) -> Iterator[None]:
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except psycopg2.OperationalError as exc:
        said = str(exc).strip().splitlines()[0]
        raise StoreError(f"The database did not answer: {said}") from exc
    with closing(connection):
        # Not in a transaction: it would stay open as long as the service runs.
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {hold.value[1]}(%s)", (_ADVISORY_LOCK,))
            is_ours = cursor.fetchone() == (True,)
        if not is_ours:
            raise AlreadyRunningError(
                "stalkeer already runs on this database. Stop it first, or give this one another "
                "database with STALKEER_DATABASE_URL."
            )
        yield

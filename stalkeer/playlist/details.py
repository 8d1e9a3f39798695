"""What panels said of their series, kept so that one request a series is made once.

A cache and nothing more: a damaged file is made anew, and what cannot be written is asked again.
It holds numbers of episodes and no credentials.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple
from hashlib import blake2b
from pathlib import Path
from typing import Any

from stalkeer.log import get_logger
from stalkeer.playlist.errors import PlaylistUnreachableError
from stalkeer.playlist.panel import Episode, Series

log = get_logger(__name__)

_FORMAT = 1
_WEEK_S = 7 * 86400.0
_DAY_S = 86400.0
_MONTH_S = 30 * _DAY_S
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS series (
    id TEXT PRIMARY KEY, mark TEXT NOT NULL, due_at REAL, episodes TEXT NOT NULL
) WITHOUT ROWID;
PRAGMA user_version = {_FORMAT};
"""


class Details:
    """The episodes of the series of one account."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work on an open file."""
        self._db = db

    def stale(self, series: Iterable[Series], *, now: float) -> list[Series]:
        """Give those that have to be asked for: first the ones nothing is known of.

        A series is asked for again when its mark changed; one without a mark after a week, and
        one the panel said nothing of after a day.
        """
        known = {row[0]: row[1:] for row in self._rows("SELECT id, mark, due_at FROM series")}
        new, changed = [], []
        for each in series:
            mark, due_at = known.get(each.id, (None, None))
            if mark is None:
                new.append(each)
            elif mark != each.mark or (due_at is not None and due_at <= now):
                changed.append(each)
        return new + changed

    def keep(self, series: Series, episodes: Iterable[Episode], *, now: float) -> None:
        """Write down what the panel said of a series."""
        due_at = None if series.mark else now + _WEEK_S
        said = json.dumps([astuple(each) for each in episodes], separators=(",", ":"))
        self._write(
            "INSERT OR REPLACE INTO series (id, mark, due_at, episodes) VALUES (?, ?, ?, ?)",
            (series.id, series.mark, due_at, said),
        )

    def note_failure(self, series: Series, *, now: float) -> None:
        """Leave a series alone for a day; what was known of it stays."""
        self._write(
            "INSERT INTO series (id, mark, due_at, episodes) VALUES (?, ?, ?, '[]') "
            "ON CONFLICT (id) DO UPDATE SET mark = excluded.mark, due_at = excluded.due_at",
            (series.id, series.mark, now + _DAY_S),
        )

    def episodes(self, series: Series) -> tuple[Episode, ...]:
        """Give what is known of a series; nothing when it was never asked for."""
        rows = self._rows("SELECT episodes FROM series WHERE id = ?", series.id)
        return tuple(Episode(*each) for row in rows for each in json.loads(row[0]))

    def is_empty(self) -> bool:
        """Say whether nothing was ever written down."""
        return not self._rows("SELECT 1 FROM series LIMIT 1")

    def forget_others(self, series_ids: Collection[str]) -> None:
        """Remove the series that the panel has no more."""
        for (series_id,) in self._rows("SELECT id FROM series"):
            if series_id not in series_ids:
                self._write("DELETE FROM series WHERE id = ?", (series_id,))

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise PlaylistUnreachableError(
                f"What a panel said of its series cannot be kept or read ({error}). The file is "
                "looked at and mended at the next refresh."
            ) from error

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            self._db.execute(statement, values)
        except sqlite3.Error as error:
            log.warning("the answer of a panel could not be kept", error=str(error))


@contextmanager
def open_details(
    folder: Path | None, account: str, *, read_only: bool, now: float
) -> Iterator[Details]:
    """Open the file of an account (its address and name); without a folder, one in memory.

    With `read_only` the file is read and stays as it is. Otherwise files go that nobody opened for
    a month: their accounts are gone.
    """
    path = None if folder is None else folder / f"{_digest(account)}.db"
    with closing(_in_memory(path) if read_only or path is None else _on_disk(path)) as db:
        if path is not None and not read_only:
            _remove_unused(path, now)
        yield Details(db)


def _remove_unused(path: Path, now: float) -> None:
    with suppress(OSError):
        os.utime(path, (now, now))
        for other in path.parent.glob("*.db"):
            if other.stat().st_mtime < now - _MONTH_S:
                other.unlink()


def _digest(account: str) -> str:
    return blake2b(account.encode(), digest_size=12).hexdigest()


def _in_memory(path: Path | None) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    if path is not None and path.exists():
        with suppress(sqlite3.Error), closing(_read_only(path)) as kept:
            kept.backup(db)
    return _prepared(db)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _on_disk(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _whole(path)
    except (OSError, sqlite3.OperationalError) as error:
        log.warning("the answers of a panel cannot be kept", error=str(error))
        return _in_memory(path)
    except sqlite3.DatabaseError as error:
        log.warning("what a panel said of its series is damaged, and asked again", error=str(error))
        path.unlink(missing_ok=True)
        return _whole(path)


def _whole(path: Path) -> sqlite3.Connection:
    """Open a file that only its user can read; raises when it is damaged."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    try:
        # Losing the last answers with the power is no harm.
        db.execute("PRAGMA synchronous = OFF")
        if db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("it has pages that make no sense")
        return _prepared(db)
    except sqlite3.Error:
        db.close()
        raise


def _prepared(db: sqlite3.Connection) -> sqlite3.Connection:
    if db.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
        db.execute("DROP TABLE IF EXISTS series")
    db.executescript(_SCHEMA)
    return db

"""The store: every table behind verbs of the domain, and the schema they need.

`Store` is the public face of this room, with the dataclasses its verbs answer. Making one binds
the tables to its database, so a process has one store at a time.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from playhouse.migrations import Runner

from stalkeer.db.connect import Database, StoreError, reads
from stalkeer.db.control import Control
from stalkeer.db.downloads import Downloads
from stalkeer.db.items import Items
from stalkeer.db.jobs import Jobs
from stalkeer.db.leases import Leases
from stalkeer.db.matches import Matches
from stalkeer.db.models import MODELS, Playlist
from stalkeer.db.playlists import Playlists
from stalkeer.db.records import Instances, Runs, SavedSettings, Schedules
from stalkeer.db.slots import Slots
from stalkeer.errors import StalkeerError

MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 7_825_511


class NewerSchemaError(StalkeerError):
    """The database was written by a newer stalkeer."""

    code: ClassVar[str] = "database_newer"


class Store:
    """All tables of one database."""

    def __init__(self, db: Database, *, lease_s: float = 60.0) -> None:
        """Bind the tables to `db`; a worker that says nothing for `lease_s` counts as dead."""
        self.db = db
        db.peewee.bind(MODELS)
        slots = Slots(db)
        self.downloads = Downloads(db)
        self.items = Items(db)
        self.matches = Matches(db)
        self.control = Control(db, self.downloads, self.items)
        self.jobs = Jobs(db, self.downloads, self.items, slots)
        self.leases = Leases(
            db, self.jobs, self.downloads, self.items, self.matches, slots, lease_s=lease_s
        )
        self.playlists = Playlists(db)
        self.instances = Instances(db)
        self.schedules = Schedules(db, self.jobs)
        self.settings = SavedSettings(db)
        self.runs = Runs(db)

    def migrate(self) -> list[str]:
        """Bring the schema up to date; return the names of the migrations that ran.

        Raises `NewerSchemaError` when the database holds a migration this program does not know,
        and `StoreError` when it does not answer.
        """
        if not self.db.is_sqlite:
            return self._migrate_alone()
        # Before the first connection: of two that switch a new file to WAL at the same moment one
        # is told "locked" at once, whatever the busy timeout.
        with _locked(Path(f"{self.db.peewee.database}.lock")):
            _make_private(Path(self.db.peewee.database))
            return self._migrate()

    @reads
    def ping(self) -> None:
        """Read one row; raises `StoreError` when the database does not answer."""
        Playlist.select(Playlist.id).limit(1).execute()

    @reads
    def clock(self) -> datetime:
        """Return the database's own time, to the second."""
        now = self.db.now()
        value = self.db.execute(f"SELECT {now.sql}", now.params or ()).fetchone()[0]
        naive = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return naive.replace(tzinfo=UTC)

    def close(self) -> None:
        """Close all connections."""
        self.db.close()

    @reads
    def _migrate_alone(self) -> list[str]:
        # Held by this connection, which every statement of the runner uses too.
        self.db.execute("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
        try:
            return self._migrate()
        finally:
            self.db.execute("SELECT pg_advisory_unlock(%s)", (_ADVISORY_LOCK,))

    @reads
    def _migrate(self) -> list[str]:
        runner = Runner(self.db.peewee, str(MIGRATIONS))
        unknown = [row.name for row in runner.status() if row.path is None]
        if unknown:
            raise NewerSchemaError(
                f"The database was written by a newer stalkeer (it has {unknown[-1]}). "
                f"Start the newer version again, or restore a backup made by this one."
            )
        return list(runner.up())


def _make_private(path: Path) -> None:
    """Make a new file that only its user can read: it will hold the addresses of providers."""
    # What cannot be made is said by the connection that needs it.
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes from migrating at the same time."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise StoreError(
            f"The database cannot be opened: {path.parent} ({exc.strerror}). Make the folder, or "
            f"give the user of stalkeer the right to write there."
        ) from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

"""The store: every table behind verbs of the domain, and the schema they need.

`Store` is the public face of this room, with the dataclasses its verbs answer. Making one binds
the tables to its database, so a process has one store at a time.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from playhouse.migrations import Runner

from stalkeer.db.accounts import Accounts
from stalkeer.db.connect import Database, StoreError, reads
from stalkeer.db.control import Control
from stalkeer.db.counters import Counters
from stalkeer.db.deliveries import Deliveries
from stalkeer.db.downloads import Downloads
from stalkeer.db.entries import Entries
from stalkeer.db.figures import Figures
from stalkeer.db.filters import Filters
from stalkeer.db.importing import Imports
from stalkeer.db.items import Items
from stalkeer.db.jobs import Jobs
from stalkeer.db.learned import LearnedTitles
from stalkeer.db.leases import Leases
from stalkeer.db.matches import Matches
from stalkeer.db.models import MODELS, Playlist
from stalkeer.db.notices import Notices
from stalkeer.db.playlists import Playlists
from stalkeer.db.providers import Providers
from stalkeer.db.records import Instances, Runs, SavedSettings, Schedules
from stalkeer.db.room import Room
from stalkeer.db.sealing import Sealing
from stalkeer.db.slots import Slots
from stalkeer.db.sources import Sources
from stalkeer.db.tallies import Tallies
from stalkeer.db.titles import Titles
from stalkeer.db.tmdb import TmdbAnswers
from stalkeer.db.totals import Totals
from stalkeer.db.vault import Vault
from stalkeer.errors import StalkeerError

MIGRATIONS = Path(__file__).parent / "migrations"
NO_KEYS = Vault()
_ADVISORY_LOCK = 7_825_511


class NewerSchemaError(StalkeerError):
    """The database was written by a newer stalkeer."""

    code: ClassVar[str] = "database_newer"


class Store:
    """All tables of one database."""

    def __init__(
        self,
        db: Database,
        *,
        lease_s: float = 60.0,
        vault: Vault = NO_KEYS,
        volumes: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Bind the tables to `db`; a worker that says nothing for `lease_s` counts as dead.

        The vault keeps the secrets of playlists; without one they stand in plain text. `volumes`
        are the disks of the instances' files, for those whose jobs only some workers can do.
        """
        self.db = db
        self.vault = vault
        db.peewee.bind(MODELS)
        self.providers = Providers(db)
        slots = Slots(db, self.providers)
        self.downloads = Downloads(db)
        self.room = Room(db)
        self.totals = Totals(db)
        self.items = Items(db)
        self.matches = Matches(db)
        self.learned = LearnedTitles(db)
        self.tmdb = TmdbAnswers(db)
        self.control = Control(db, self.downloads, self.items)
        self.jobs = Jobs(db, self.downloads, self.items, slots, volumes=volumes)
        self.deliveries = Deliveries(db)
        self.leases = Leases(
            db, self.jobs, self.downloads, self.items, self.matches, slots, lease_s=lease_s
        )
        self.playlists = Playlists(db, vault)
        self.imports = Imports(db, vault)
        self.sources = Sources(db, self.playlists)
        self.tallies = Tallies(db)
        self.titles = Titles(db)
        self.entries = Entries(db, self.tallies)
        self.filters = Filters(db)
        self.instances = Instances(db, vault)
        self.schedules = Schedules(db, self.jobs)
        self.settings = SavedSettings(db, vault)
        self.accounts = Accounts(db)
        self.notices = Notices(db)
        self.runs = Runs(db)
        self.sealing = Sealing(db, vault, self.playlists)
        self.counters = Counters(db)
        self.figures = Figures(db)

    def migrate(self, *, before: Callable[[str], None] | None = None) -> list[str]:
        """Bring the schema up to date; return the names of the migrations that ran.

        `before` is called with the name of the first of them, unless the database is empty.

        Raises `NewerSchemaError` when the database holds a migration this program does not know,
        `StoreError` when it does not answer, and `VaultError` when it was sealed with another key.
        """
        if not self.db.is_sqlite:
            return self._migrate_alone(before)
        # Before the first connection: of two that switch a new file to WAL at the same moment one
        # is told "locked" at once, whatever the busy timeout.
        with _locked(Path(f"{self.db.peewee.database}.lock")):
            _make_private(Path(self.db.peewee.database))
            ran = self._migrate(before)
            self.playlists.seal()
            return ran

    @reads
    def ping(self) -> None:
        """Read one row; raises `StoreError` when the database does not answer."""
        Playlist.select(Playlist.id).limit(1).execute()

    @reads
    def clock(self) -> datetime:
        """Return the database's own time, to the second."""
        return self.db.clock()

    def close(self) -> None:
        """Close all connections."""
        self.db.close()

    @reads
    def _migrate_alone(self, before: Callable[[str], None] | None) -> list[str]:
        # Held by this connection, which every statement of the runner uses too.
        self.db.execute("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
        try:
            ran = self._migrate(before)
            self.playlists.seal()
            return ran
        finally:
            self.db.execute("SELECT pg_advisory_unlock(%s)", (_ADVISORY_LOCK,))

    @reads
    def _migrate(self, before: Callable[[str], None] | None) -> list[str]:
        runner = Runner(self.db.peewee, str(MIGRATIONS))
        status = runner.status()
        unknown = [row.name for row in status if row.path is None]
        if unknown:
            raise NewerSchemaError(
                f"The database was written by a newer stalkeer (it has {unknown[-1]}). "
                f"Start the newer version again, or restore a backup made by this one."
            )
        pending = [row.name for row in status if not row.applied]
        if before is not None and 0 < len(pending) < len(status):
            before(pending[0])
        return list(runner.up())


def _make_private(path: Path) -> None:
    """Make a new file that only its user can read: it will hold the addresses of providers.

    One that exists is never opened here: closing it again would drop every lock this process has
    on it, and the next process to close the database would take its log away under our feet.
    """
    # What cannot be made is said by the connection that needs it.
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


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

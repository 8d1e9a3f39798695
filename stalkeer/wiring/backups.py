"""Backups, restoring and new keys: what needs the settings, the database and the files of DATA_DIR.

Whoever restores or changes keys holds the data directory alone (`sole.sole_process`).
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stalkeer.db.backup import BackupError, BackupFacts, pour, read_facts, unpack
from stalkeer.db.sealing import SEALED_COLUMNS
from stalkeer.db.store import Store
from stalkeer.db.vault import Vault
from stalkeer.jobs import backup
from stalkeer.settings import Secrets, Settings
from stalkeer.settings.keys import secret_keys, write_secret
from stalkeer.wiring.database import open_store
from stalkeer.wiring.instances import known_instances
from stalkeer.wiring.rotation import make_anew, new_password, seal_anew

KEYS = ("secret_key", "api_key", "webhook_password")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `replaced` is where the database before it is kept, `keys` were too."""

    version: str
    created_at: str
    replaced: Path | None
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rotated:
    """The names of the keys that are new, and of those that somebody set by hand.

    `instances` are those beside the settings: each has a new webhook password.
    """

    made: tuple[str, ...]
    pinned: tuple[str, ...]
    instances: tuple[str, ...]


def folder_of(settings: Settings) -> Path:
    """Say where backups are kept."""
    return settings.general.data_dir / "backups"


def before_migration(settings: Settings, store: Store) -> Callable[[str], None]:
    """Make what `Store.migrate` calls before it changes a database: a backup of it."""

    def back_up_first(migration: str) -> None:
        backup.keep(store, folder_of(settings), store.clock(), name=f"before-{migration}")

    return back_up_first


def back_up(
    settings: Settings, keys: Secrets, file: Path, *, with_secrets: bool
) -> Mapping[str, int]:
    """Write a backup while others work; return how many rows of each table are in it."""
    if file.exists():
        # A wrong word on the command line must not cost a film or the database itself.
        read_facts(file)
    place = _sqlite_path(settings)
    if place is not None and not place.exists():
        raise BackupError(f"There is no database yet at {place}.")
    held = {name: getattr(keys, name) for name in KEYS} if with_secrets else {}
    with closing(open_store(settings)) as store:
        return backup.make(store, file, store.clock(), secrets=held)


def restore(settings: Settings, file: Path) -> Restored:
    """Replace the database, and the keys that the backup holds, by those of a backup."""
    facts = read_facts(file)
    place = _sqlite_path(settings)
    beside = settings.general.data_dir if place is None else place.parent
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=beside) as folder:
        unpacked = Path(folder) / "stalkeer.db"
        unpack(file, unpacked)
        _require_key(unpacked, facts, secret_keys(settings))
        # First, and beside those in use: a kill in between leaves nothing closed.
        returned = _return_keys(settings, facts)
        replaced = None
        if place is not None:
            replaced = _swap(unpacked, place, folder_of(settings))
        else:
            with closing(open_store(settings)) as store:
                store.migrate(before=before_migration(settings, store))
                pour(unpacked, store.db)
    return Restored(facts.version, facts.created_at, replaced, returned)


def rotate_keys(settings: Settings) -> Rotated:
    """Make every key anew that nobody set by hand, and seal everything with the new one.

    Nobody else may use the database: SQLite's file is written anew.
    """
    pinned = tuple(name for name in KEYS if getattr(settings.general, name).get_secret_value())
    made = tuple(name for name in KEYS if name not in pinned)
    with closing(open_store(settings)) as store:
        store.migrate(before=before_migration(settings, store))
        for name in made:
            make_anew(settings, name)
        instances = known_instances(settings, store.instances.configs(), webhook_password="")
        further = [one for one in instances.values() if not one.is_setting]
        for one in further:
            new_password(store, one)
        if "secret_key" in made:
            seal_anew(store)
            store.db.compact()
            backup.keep(store, folder_of(settings), store.clock())
    return Rotated(made, pinned, tuple(one.name for one in further))


def _sqlite_path(settings: Settings) -> Path | None:
    url = urlsplit(settings.database_url.get_secret_value())
    return Path(unquote(url.path[1:])) if url.scheme == "sqlite" else None


def _require_key(unpacked: Path, facts: BackupFacts, held: tuple[str, ...]) -> None:
    """Raise `VaultError` while the old database is untouched, when nothing could open the new."""
    vault = Vault((*facts.secrets.get("secret_key", "").split(), *held))
    with closing(sqlite3.connect(unpacked)) as database:
        for table, column in SEALED_COLUMNS:
            query = f'SELECT "{column}" FROM "{table}"'  # noqa: S608 # names of our own tables
            for (text,) in database.execute(query):
                vault.open(text or "")


def _swap(unpacked: Path, place: Path, backups: Path) -> Path | None:
    """Put a database into its place; the one that was there is kept beside the backups."""
    replaced = None
    if place.exists():
        made_at = datetime.fromtimestamp(unpacked.stat().st_mtime, UTC)
        backups.mkdir(mode=0o700, exist_ok=True)
        replaced = backups / f"replaced-{made_at:%Y%m%d-%H%M%S}.db"
        _close_log(place)
        shutil.copy2(place, replaced)
    for ending in ("-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)
    unpacked.replace(place)
    return replaced


def _close_log(place: Path) -> None:
    """Bring everything into the one file; a database that is broken is kept as it is."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(place)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _return_keys(settings: Settings, facts: BackupFacts) -> tuple[str, ...]:
    returned = tuple(
        name
        for name in KEYS
        if name in facts.secrets and not getattr(settings.general, name).get_secret_value()
    )
    for name in returned:
        held = secret_keys(settings) if name == "secret_key" else ()
        text = " ".join(dict.fromkeys([*facts.secrets[name].split(), *held]))
        write_secret(settings.general.data_dir, name, text)
    return returned

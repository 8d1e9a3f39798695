"""Keeps backups of the database in a folder, and no more of them than are needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from stalkeer import __version__
from stalkeer.core.jobs import Ended, done, skipped
from stalkeer.db.backup import BackupError, write_backup
from stalkeer.db.store import Store
from stalkeer.jobs.services import Run, Services

SUFFIX = ".backup"
DAILY = "stalkeer"
KEPT = 7
"""So many backups of a kind stay; one more, and the oldest goes."""


def handle(_run: Run, services: Services) -> Ended:
    """Make the backup of today. Running twice makes two; the rotation does not mind."""
    if services.backups is None:
        return skipped("this process keeps no backups")
    path = keep(services.store, services.backups, services.now())
    return done("backed_up", f"{path.name}, {path.stat().st_size / 1e6:.1f} MB")


def keep(store: Store, folder: Path, now: datetime, *, name: str = DAILY) -> Path:
    """Write a backup into the folder, remove the oldest beyond `KEPT`, and say where it is."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise BackupError(f"The folder {folder} cannot be made: {exc.strerror}.") from exc
    path = folder / f"{name}-{now:%Y%m%d-%H%M%S}{SUFFIX}"
    make(store, path, now)
    for old in _oldest(folder, name):
        old.unlink(missing_ok=True)
    return path


def make(
    store: Store, path: Path, now: datetime, *, secrets: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Write one backup and say how many rows of each table are in it."""
    created_at = f"{now:%Y-%m-%d %H:%M:%S}"
    return write_backup(store.db, path, version=__version__, created_at=created_at, secrets=secrets)


def _oldest(folder: Path, name: str) -> Iterator[Path]:
    # Their names sort by time.
    stamp = "[0-9]" * 8 + "-" + "[0-9]" * 6
    yield from sorted(folder.glob(f"{name}-{stamp}{SUFFIX}"))[:-KEPT]

"""Opens the database of the settings, for commands that need nothing else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from stalkeer.db.connect import Database
from stalkeer.db.store import Store
from stalkeer.db.vault import Vault
from stalkeer.log import register_secret
from stalkeer.settings import Settings
from stalkeer.settings.keys import secret_keys


def has_database(settings: Settings) -> bool:
    """Say whether there is anything to read: opening a SQLite file that is not there makes it.

    An empty one is about to be filled by another process, which must not be disturbed.
    """
    url = urlsplit(settings.database_url.get_secret_value())
    if url.scheme != "sqlite":
        return True
    path = Path(unquote(url.path[1:]))
    return path.is_file() and path.stat().st_size > 0


def open_store(settings: Settings) -> Store:
    """Connect to the database of the settings; `migrate` is the caller's business."""
    url = settings.database_url.get_secret_value()
    register_secret(unquote(urlsplit(url).password or ""))
    database = Database(
        url,
        pool_size=settings.database.pool_size,
        pool_timeout_s=settings.database.pool_timeout,
    )
    keys = secret_keys(settings)
    for key in keys:
        register_secret(key)
    return Store(
        database,
        lease_s=settings.downloads.lock_timeout,
        vault=Vault(keys, read=lambda: secret_keys(settings)),
        volumes={"radarr": settings.radarr.volume, "sonarr": settings.sonarr.volume},
    )

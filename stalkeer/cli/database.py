"""The commands that look after the database: `migrate`."""

from __future__ import annotations

from contextlib import closing

from stalkeer.cli.options import Json, Verbose
from stalkeer.cli.saying import out, out_json, told
from stalkeer.cli.starting import make_keys, read_settings


def migrate(as_json: Json = False, verbose: Verbose = False) -> None:
    """Bring the database up to date."""
    from stalkeer.wiring.backups import before_migration
    from stalkeer.wiring.database import open_store

    settings = read_settings(verbose)
    make_keys(settings)
    with told(), closing(open_store(settings)) as store:
        applied = store.migrate(before=before_migration(settings, store))
    if as_json:
        out_json({"applied": applied})
    else:
        out(f"Applied: {', '.join(applied)}." if applied else "The database is up to date.")

"""The commands that only show something: `config`, `version`."""

from __future__ import annotations

import platform
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stalkeer.cli.options import Json, Verbose
from stalkeer.cli.saying import out, out_json
from stalkeer.cli.starting import read_settings, with_all_saved

if TYPE_CHECKING:
    from stalkeer.settings import Row, Settings

MASK = "***"
_MADE = {f"STALKEER_{name.upper()}": name for name in ("api_key", "webhook_password", "secret_key")}


def config(
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Show keys too.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show every setting: its value, who set it, and what it is for."""
    settings = with_all_saved(read_settings(verbose))
    folder = settings.general.data_dir / "secrets"
    rows = [
        _with_made_key(row, folder, show=show_secrets)
        for row in settings.describe(show_secrets=show_secrets)
    ]
    if show_secrets:
        rows += _webhook_passwords(settings)
    if as_json:
        out_json(
            [
                {"variable": r.variable, "value": r.value, "source": r.source, "about": r.about}
                for r in rows
            ]
        )
        return
    for row in rows:
        out(f"{row.variable}={row.value}")
        out(f"    {row.about} [{row.source}]")


def version(as_json: Json = False, verbose: Verbose = False) -> None:
    """Show the version."""
    from stalkeer import __version__

    facts = {"version": __version__}
    if verbose:
        facts |= {"python": platform.python_version(), "system": platform.platform()}
    if as_json:
        out_json(facts)
        return
    out(f"stalkeer {__version__}")
    for name in list(facts)[1:]:
        out(f"{name} {facts[name]}")


def _webhook_passwords(settings: Settings) -> list[Row]:
    """Show what further instances send with: whoever connects one by hand has to enter it."""
    from stalkeer.errors import StalkeerError
    from stalkeer.settings import Row, Source
    from stalkeer.wiring.database import has_database, open_store
    from stalkeer.wiring.instances import known_instances

    if not has_database(settings):
        return []
    with closing(open_store(settings)) as store, suppress(StalkeerError):
        known = known_instances(settings, store.instances.configs(), webhook_password="")
        return [
            Row(
                f"webhook_password of {one.name}",
                one.config.webhook_password,
                Source.SAVED,
                f"Password {one.name} sends its webhooks with.",
            )
            for one in known.values()
            if not one.is_setting
        ]
    return []


def _with_made_key(row: Row, folder: Path, *, show: bool) -> Row:
    """Fill in a key that nobody set and that was made at first start."""
    name = _MADE.get(row.variable)
    if row.value or name is None:
        return row
    try:
        key = (folder / name).read_text().strip()
    except OSError:
        return row
    about = f"{row.about} It is in {(folder / name).absolute()}."
    return replace(row, value=key if show else MASK, about=about)

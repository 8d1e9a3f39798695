"""The commands that keep the database safe: `backup`, `restore`, `keys rotate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stalkeer.cli.groups import group
from stalkeer.cli.options import Json, Verbose
from stalkeer.cli.saying import FAILED, out, out_json, say, told
from stalkeer.cli.showing import as_size
from stalkeer.cli.starting import make_keys, read_settings

if TYPE_CHECKING:
    from stalkeer.cli.client import Client
    from stalkeer.wiring.backups import Rotated

LEFT_OUT = "playlist entries that nothing points to (they are read again)"
KEYS_LEFT_OUT = (
    "the keys in DATA_DIR/secrets: addresses and passwords of playlists can be restored only "
    "where the same secret_key is (--with-secrets puts the keys in)"
)

keys = group("keys", "Look after the keys stalkeer made for itself.")


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Put the keys of DATA_DIR in too.")
    ] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write a backup of the database; the service may run meanwhile."""
    from stalkeer.wiring import backups

    settings = read_settings(verbose, is_quiet=True)
    keys_in_use = make_keys(settings)
    with told():
        made = backups.back_up(settings, keys_in_use, file, with_secrets=with_secrets)
    left_out = [LEFT_OUT] if with_secrets else [LEFT_OUT, KEYS_LEFT_OUT]
    if as_json:
        size_bytes = file.stat().st_size
        rows = dict(made)
        out_json({"file": str(file), "bytes": size_bytes, "rows": rows, "left_out": left_out})
        return
    out(f"{file}: {as_size(file.stat().st_size)}, {sum(made.values())} rows.")
    out(f"Not in it: {'; '.join(left_out)}.")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Put the database back to what it was when a backup was made; the service must not run."""
    from stalkeer.wiring import backups
    from stalkeer.wiring.sole import sole_process

    settings = read_settings(verbose, is_quiet=True)
    make_keys(settings)
    with told(), sole_process(settings):
        restored = backups.restore(settings, file)
    if as_json:
        out_json(
            {
                "file": str(file),
                "version": restored.version,
                "created_at": restored.created_at,
                "replaced": str(restored.replaced) if restored.replaced else None,
                "keys": list(restored.keys),
            }
        )
        return
    out(f"The database is as it was on {restored.created_at} UTC (stalkeer {restored.version}).")
    if restored.replaced:
        out(f"What it replaced is in {restored.replaced}.")
    if restored.keys:
        out(f"Keys put back: {', '.join(restored.keys)}.")
    out("Start stalkeer: it reads the playlists and asks Radarr and Sonarr what is missing.")


@keys.command()
def rotate(
    instance: Annotated[
        str | None,
        typer.Option(help="Only the webhook password of this one, added with `instances add`."),
    ] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make new keys and seal everything anew; the service may run meanwhile."""
    from stalkeer.cli.client import connected
    from stalkeer.cli.running import find_running
    from stalkeer.wiring import backups
    from stalkeer.wiring.sole import sole_process

    settings = read_settings(verbose, is_quiet=True)
    make_keys(settings)
    with told():
        if instance is not None or find_running(settings.general.data_dir) is not None:
            with connected(settings) as client:
                rotated = _rotate_one(client, instance) if instance else _rotate_all(client)
        else:
            with sole_process(settings):
                rotated = backups.rotate_keys(settings)
    if as_json:
        out_json(
            {
                "rotated": list(rotated.made),
                "pinned": list(rotated.pinned),
                "instances": list(rotated.instances),
            }
        )
    else:
        _say_rotated(rotated)
    if not rotated.made and not rotated.instances:
        raise typer.Exit(FAILED)


def _rotate_one(client: Client, instance: str) -> Rotated:
    from stalkeer.wiring.backups import Rotated

    client.post("keys/rotate", {"key": "webhook_password", "instance": instance})
    return Rotated((), (), (instance,))


def _rotate_all(client: Client) -> Rotated:
    """Have the running service do it, the API key last: with the old one it is asked."""
    from stalkeer.wiring.backups import KEYS, Rotated

    rows = client.get("settings/general")["settings"]
    pinned = tuple(row["key"] for row in rows if row["key"] in KEYS and row["is_set"])
    made = tuple(name for name in KEYS if name not in pinned)
    further = [row["name"] for row in client.page("instances")["data"] if not row["is_setting"]]
    for name in further:
        client.post("keys/rotate", {"key": "webhook_password", "instance": name})
    for name in sorted(made, key=lambda name: name == "api_key"):
        client.post("keys/rotate", {"key": name})
    return Rotated(made, pinned, tuple(further))


def _say_rotated(rotated: Rotated) -> None:
    if rotated.made:
        out(f"New: {', '.join(rotated.made)}, in DATA_DIR/secrets.")
    for name in rotated.instances:
        out(f"New: the webhook password of {name}.")
    for name in rotated.pinned:
        say(f"STALKEER_{name.upper()} is set by hand: change it where it is set.")
    if "secret_key" in rotated.made:
        out(
            "Older backups can still be restored: the old key stays in DATA_DIR/secrets/secret_key, "
            "behind the new one. Take it out of the file when you need none of them any more; a "
            "backup with the new key is made now."
        )
    if "webhook_password" in rotated.made or rotated.instances:
        out("While stalkeer runs, `stalkeer register`: Radarr and Sonarr hold the old password.")

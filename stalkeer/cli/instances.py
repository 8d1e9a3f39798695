"""The command about further Radarr and Sonarr instances: `instances`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from stalkeer.cli.asking import asked, say_if_alone
from stalkeer.cli.groups import group
from stalkeer.cli.options import Json, Verbose
from stalkeer.cli.saying import FAILED, WRONG_USAGE, out, out_json, stop
from stalkeer.cli.showing import show_facts, show_table

instances = group("instances", "Show, add, change and try out Radarr and Sonarr instances.")


class Product(StrEnum):
    """Which program an instance is."""

    RADARR = "radarr"
    SONARR = "sonarr"


class Import(StrEnum):
    """How an instance takes finished files."""

    MANUAL = "manual"
    SCAN = "scan"
    OFF = "off"


Named = Annotated[str, typer.Argument(metavar="NAME", help="The instance.")]
KeyIn = Annotated[bool, typer.Option("--api-key-stdin", help="Read its API key from stdin.")]
PathMap = Annotated[
    list[str] | None,
    typer.Option("--path-map", metavar="OURS=>THEIRS", help="A folder as we and as it sees it."),
]
ImportMode = Annotated[Import | None, typer.Option("--import", help="How it takes files.")]
Limit = Annotated[int | None, typer.Option(help="New searches one run starts.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Only items with one of these.")]
Profiles = Annotated[
    list[int] | None, typer.Option("--quality-profile-id", help="Only items with one of these.")
]
Every = Annotated[int | None, typer.Option("--sync-interval-s", help="Seconds between two syncs.")]


@instances.command("list")
def list_instances(as_json: Json = False, verbose: Verbose = False) -> None:
    """Show every instance."""
    with asked(verbose) as client:
        answer = client.page("instances")
    if as_json:
        out_json(answer)
        return
    show_table(
        ("NAME", "PRODUCT", "URL", "WEBHOOK", "CONNECTION", "FOLDER"),
        [
            (
                row["name"],
                row["service"],
                row["url"],
                row["webhook"],
                row["connection"],
                row["folder"],
            )
            for row in answer["data"]
        ],
    )


@instances.command()
def show(name: Named, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show one instance."""
    with asked(verbose) as client:
        row = client.get(f"instances/{name}")
    _show(row, as_json=as_json)


@instances.command()
def add(
    name: Named,
    service: Annotated[Product, typer.Argument(help="What it is.")],
    url: Annotated[str, typer.Argument(help="Its address.")],
    path_map: PathMap = None,
    import_mode: ImportMode = None,
    limit: Limit = None,
    tag: Tags = None,
    quality_profile_id: Profiles = None,
    sync_interval_s: Every = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Add an instance; its API key is read from stdin, so that it stands in no process list."""
    body = _fields(
        name=name,
        service=service,
        url=url,
        api_key=_key(),
        path_map=_pairs(path_map),
        import_mode=import_mode,
        limit=limit,
        tags=tag,
        quality_profile_ids=quality_profile_id,
        sync_interval_s=sync_interval_s,
    )
    with asked(verbose) as client:
        row = client.post("instances", body)
        say_if_alone(client)
    _show(row, as_json=as_json)


@instances.command()
def edit(
    name: Named,
    url: Annotated[str | None, typer.Option(help="Its address.")] = None,
    api_key_stdin: KeyIn = False,
    path_map: PathMap = None,
    import_mode: ImportMode = None,
    limit: Limit = None,
    tag: Tags = None,
    quality_profile_id: Profiles = None,
    sync_interval_s: Every = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Change an instance; what is not said stays as it is."""
    new = _fields(
        url=url,
        api_key=_key() if api_key_stdin else None,
        path_map=_pairs(path_map),
        import_mode=import_mode,
        limit=limit,
        tags=tag,
        quality_profile_ids=quality_profile_id,
        sync_interval_s=sync_interval_s,
    )
    with asked(verbose) as client:
        now = client.get(f"instances/{name}")
        row = client.put(f"instances/{name}", {key: now[key] for key in _CHANGEABLE} | new)
        say_if_alone(client)
    _show(row, as_json=as_json)


@instances.command()
def remove(name: Named, as_json: Json = False, verbose: Verbose = False) -> None:
    """Remove an instance: it is asked nothing any more, and its webhooks are refused."""
    with asked(verbose) as client:
        row = client.delete(f"instances/{name}")
    if as_json:
        out_json(row)
    else:
        out(f"{name} is removed.")


@instances.command("test")
def try_instance(name: Named, as_json: Json = False, verbose: Verbose = False) -> None:
    """Ask an instance everything that has to be right; exit 1 if anything is not."""
    with asked(verbose) as client:
        trial = client.post(f"instances/{name}/test")
    if as_json:
        out_json(trial)
    else:
        faults = trial.pop("faults")
        show_facts(trial)
        for fault in faults or ["All is well."]:
            out(fault)
        trial["faults"] = faults
    if trial["faults"]:
        raise typer.Exit(FAILED)


@instances.command()
def register(name: Named, as_json: Json = False, verbose: Verbose = False) -> None:
    """Create or repair our Connect webhook in an instance; it tests that it works."""
    with asked(verbose) as client:
        answer = client.post(f"instances/{name}/register")
    if as_json:
        out_json(answer)
    else:
        out(f"{name}: {answer['webhook']}")


_CHANGEABLE = (
    "url",
    "path_map",
    "import_mode",
    "limit",
    "tags",
    "quality_profile_ids",
    "sync_interval_s",
)


def _fields(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _key() -> str:
    key = sys.stdin.readline().strip()
    if not key:
        stop(WRONG_USAGE, "Its API key is read from the first line of stdin, which is empty.")
    return key


def _pairs(texts: list[str] | None) -> list[dict[str, str]] | None:
    if not texts:
        return None
    pairs = [text.partition("=>") for text in texts]
    if not all(arrow for _, arrow, _ in pairs):
        stop(WRONG_USAGE, "A path map is our folder, =>, and theirs: /data/downloads=>/downloads.")
    return [{"ours": ours.strip(), "theirs": theirs.strip()} for ours, _, theirs in pairs]


def _show(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out_json(row)
    else:
        show_facts(row)

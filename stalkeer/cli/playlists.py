"""The command about where entries come from: `playlists`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from stalkeer.cli.asking import asked, say_if_alone
from stalkeer.cli.groups import group
from stalkeer.cli.options import Json, Rows, Verbose
from stalkeer.cli.saying import WRONG_USAGE, out, out_json, stop
from stalkeer.cli.showing import show_facts, show_rest, show_table

playlists = group("playlists", "Show and change where entries come from.")
PlaylistId = Annotated[int, typer.Argument(metavar="ID", min=1, help="The playlist.")]
Name = Annotated[str | None, typer.Option(help="What it is called.")]
Location = Annotated[str | None, typer.Option(help="A file or an address.")]
User = Annotated[str | None, typer.Option("--username", help="Name of the login.")]
Password = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password of the login from stdin.")
]
Agent = Annotated[str | None, typer.Option("--user-agent", help="User-Agent to send.")]
Refresh = Annotated[int | None, typer.Option("--refresh-s", help="Seconds between two readings.")]
Connections = Annotated[
    int | None, typer.Option("--connection-limit", help="Files fetched from it at once.")
]
Rate = Annotated[int | None, typer.Option("--bandwidth-limit", help="Bytes a second; 0: no limit.")]


class SourceChoice(StrEnum):
    """The kinds of playlists."""

    M3U = "m3u"
    XTREAM = "xtream"


Kind = Annotated[SourceChoice | None, typer.Option(help="A list, or an Xtream account.")]


@playlists.command("list")
def list_playlists(limit: Rows = 50, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show every playlist."""
    with asked(verbose) as client:
        page = client.page("playlists", limit=limit, sort="id", order="asc")
    if as_json:
        out_json(page)
        return
    show_table(
        ("ID", "NAME", "KIND", "HOST", "FILMS", "EPISODES", "CHANNELS", "READ", "TROUBLE"),
        [
            (
                row["id"],
                row["name"],
                row["kind"] if row["is_enabled"] else f"{row['kind']}, off",
                row["host"],
                row["counts"]["movie"],
                row["counts"]["tvshow"],
                row["counts"]["channel"],
                row["refreshed_at"],
                (row["last_error"] or {}).get("message"),
            )
            for row in page["data"]
        ],
    )
    show_rest(len(page["data"]), page["total"])


@playlists.command()
def add(
    location: Annotated[str, typer.Argument(help="A file or an address.")],
    name: Name = None,
    kind: Kind = None,
    username: User = None,
    password_stdin: Password = False,
    user_agent: Agent = None,
    refresh_s: Refresh = None,
    connection_limit: Connections = None,
    bandwidth_limit: Rate = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Add a playlist; it is read at once."""
    from stalkeer.wiring.sources import location_of, source_name

    place = location_of(location)
    with asked(verbose) as client:
        taken = [row["name"] for row in client.page("playlists")["data"]]
        body = _said(
            name=name or source_name(place, taken=taken),
            location=place,
            kind=kind,
            username=username,
            password=_password(password_stdin),
            user_agent=user_agent,
            refresh_s=refresh_s,
            connection_limit=connection_limit,
            bandwidth_limit=bandwidth_limit,
        )
        row = client.post("playlists", body)
        say_if_alone(client)
    _show(row, as_json=as_json)


@playlists.command()
def edit(
    playlist_id: PlaylistId,
    name: Name = None,
    location: Location = None,
    kind: Kind = None,
    username: User = None,
    password_stdin: Password = False,
    user_agent: Agent = None,
    refresh_s: Refresh = None,
    connection_limit: Connections = None,
    bandwidth_limit: Rate = None,
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Whether it is used.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Change a playlist in what is given."""
    from stalkeer.wiring.sources import location_of

    body = _said(
        name=name,
        location=None if location is None else location_of(location),
        kind=kind,
        username=username,
        password=_password(password_stdin),
        user_agent=user_agent,
        refresh_s=refresh_s,
        connection_limit=connection_limit,
        bandwidth_limit=bandwidth_limit,
        is_enabled=enabled,
    )
    if not body:
        stop(WRONG_USAGE, "Say what to change: `stalkeer playlists edit --help`.")
    with asked(verbose) as client:
        row = client.put(f"playlists/{playlist_id}", body)
    _show(row, as_json=as_json)


@playlists.command()
def remove(playlist_id: PlaylistId, as_json: Json = False, verbose: Verbose = False) -> None:
    """Remove a playlist with its entries; what was downloaded stays in the history."""
    with asked(verbose) as client:
        started = client.delete(f"playlists/{playlist_id}")
        say_if_alone(client)
    if as_json:
        out_json(started)
    else:
        out(f"Playlist {playlist_id} is out of use; job {started['job_id']} removes its entries.")


@playlists.command()
def refresh(
    playlist_id: PlaylistId,
    force: Annotated[
        bool, typer.Option("--force", help="Read an unchanged list, take one that has shrunk.")
    ] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Have a playlist read now."""
    with asked(verbose) as client:
        started = client.post(f"playlists/{playlist_id}/refresh", {"force": force})
        say_if_alone(client)
    if as_json:
        out_json(started)
    else:
        out(f"Playlist {playlist_id} is read by job {started['job_id']}.")


@playlists.command()
def groups(playlist_id: PlaylistId, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show the groups of a playlist with their counts, to choose filters from."""
    with asked(verbose) as client:
        found = client.get(f"playlists/{playlist_id}/groups")
    if as_json:
        out_json(found)
        return
    names = ("movie", "tvshow", "channel", "uncategorized", "filtered")
    show_table(
        ("FILMS", "EPISODES", "CHANNELS", "OTHER", "KEPT OUT", "GROUP"),
        [(*(row["counts"][name] for name in names), row["group_title"]) for row in found["data"]],
    )


def _said(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _password(is_asked: bool) -> str | None:
    """Read a password: as an argument every user of the machine could see it."""
    return sys.stdin.readline().rstrip("\n") if is_asked else None


def _show(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out_json(row)
    else:
        show_facts(row)

"""The commands about what is missing and which entry it might be: `missing`, `matches`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stalkeer.cli.asking import asked, say_if_alone
from stalkeer.cli.groups import group
from stalkeer.cli.options import Json, Rows, Verbose
from stalkeer.cli.saying import out, out_json
from stalkeer.cli.showing import show_facts, show_rest, show_table

if TYPE_CHECKING:
    from stalkeer.cli.client import Client

matches = group("matches", "Show which entry might be which item, and decide.")
MatchId = Annotated[int, typer.Argument(metavar="ID", min=1, help="The match.")]


class Kind(StrEnum):
    """What may be missing."""

    MOVIES = "movies"
    TVSHOWS = "tvshows"


class MatchChoice(StrEnum):
    """The states of a match."""

    TO_CONFIRM = "to_confirm"
    TAKEN = "taken"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


def missing(
    kind: Annotated[Kind | None, typer.Argument(help="Only movies, or only episodes.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show what Radarr and Sonarr miss, its state, and why nothing happens with it."""
    kinds = list(Kind) if kind is None else [kind]
    with asked(verbose) as client:
        rows = [row for each in kinds for row in client.page(f"missing/{each}")["data"]]
    if as_json:
        out_json({"data": rows, "total": len(rows)})
    elif rows:
        shown = [
            (
                f"{row['instance']} {row['arr_id']}",
                _title(row),
                row["state"],
                row["reason_code"],
                row["reason"],
            )
            for row in rows
        ]
        show_table(("ITEM", "TITLE", "STATE", "WHY NOT", "REASON"), shown)
    else:
        out("Nothing is missing as of the last sync. `stalkeer radarr` and `sonarr` sync now.")


@matches.command("list")
def list_matches(
    state: Annotated[MatchChoice | None, typer.Option(help="Only those in this state.")] = None,
    limit: Rows = 50,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the newest matches."""
    with asked(verbose) as client:
        page = client.page("matches", limit=limit, state=state)
    if as_json:
        out_json(page)
        return
    show_table(
        ("ID", "ITEM", "SCORE", "STATE", "ENTRY", "REASONS"),
        [
            (
                row["id"],
                row["target_title"],
                row["match_score"],
                row["state"],
                f"{row['playlist_item_id']} {row['entry_name']}",
                row["reasons"],
            )
            for row in page["data"]
        ],
    )
    show_rest(len(page["data"]), page["total"])


@matches.command()
def show(match_id: MatchId, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show one match, its reasons, and the other entries that were judged for its item."""
    with asked(verbose) as client:
        _show(client.get(f"matches/{match_id}"), as_json=as_json)


@matches.command()
def confirm(match_id: MatchId, as_json: Json = False, verbose: Verbose = False) -> None:
    """Say that the entry is the item: it is fetched."""
    with asked(verbose) as client:
        _decided(client, client.post(f"matches/{match_id}/confirm"), as_json=as_json)


@matches.command()
def reject(match_id: MatchId, as_json: Json = False, verbose: Verbose = False) -> None:
    """Say that the entry is not the item: it is never proposed for it again."""
    with asked(verbose) as client:
        _decided(client, client.delete(f"matches/{match_id}"), as_json=as_json)


@matches.command()
def choose(
    instance: Annotated[str, typer.Argument(help="radarr or sonarr.")],
    arr_id: Annotated[int, typer.Argument(min=1, help="The id of the movie or episode there.")],
    item_id: Annotated[int, typer.Argument(min=1, help="The playlist entry.")],
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Take an entry for an item, whatever it scores."""
    body = {"instance": instance, "arr_id": arr_id, "item_id": item_id}
    with asked(verbose) as client:
        _decided(client, client.post("matches", body), as_json=as_json)


@matches.command()
def reset(match_id: MatchId, as_json: Json = False, verbose: Verbose = False) -> None:
    """Take back what was said of a match, with what that taught."""
    with asked(verbose) as client:
        match = client.post(f"matches/{match_id}/reset")["match"]
        if match is not None:
            _decided(client, match, as_json=as_json)
        elif as_json:
            out_json({})
        else:
            out(f"Match {match_id} is gone: only you had proposed it.")


@matches.command()
def names(limit: Rows = 50, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show the names of films and series that confirmations taught."""
    with asked(verbose) as client:
        page = client.page("matches/names", limit=limit)
    if as_json:
        out_json(page)
        return
    show_table(
        ("ID", "OF", "NAME", "YEAR", "GROUP"),
        [
            (
                row["id"],
                f"{row['instance']} {row['target_id']}",
                row["title"],
                row["year"] or "",
                row["group"],
            )
            for row in page["data"]
        ],
    )
    show_rest(len(page["data"]), page["total"])


@matches.command()
def forget(
    name_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="The taught name.")],
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Take back one name that a confirmation taught."""
    with asked(verbose) as client:
        name = client.delete(f"matches/names/{name_id}")
    if as_json:
        out_json(name)
    else:
        out(f"{name['title']!r} is no name of {name['instance']} {name['target_id']} any more.")


def _decided(client: Client, match: dict[str, Any], *, as_json: bool) -> None:
    say_if_alone(client)
    if as_json:
        out_json(match)
    else:
        name = match["entry_name"] or f"entry {match['playlist_item_id']}"
        out(f"{match['target_title']}: {name} is {match['state']}.")


def _show(match: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out_json(match)
        return
    others = match.pop("alternatives")
    show_facts(match)
    if others:
        out("")
        show_table(
            ("OTHER", "SCORE", "STATE", "REASONS"),
            [
                (
                    f"{other['playlist_item_id']} {other['entry_name']}",
                    other["match_score"],
                    other["state"] or "",
                    other["reasons"],
                )
                for other in others
            ],
        )


def _title(row: dict[str, Any]) -> str:
    if row["season"] is not None and row["episode"] is not None:
        return f"{row['title']} S{row['season']:02}E{row['episode']:02}"
    return f"{row['title']} ({row['year']})" if row["year"] else str(row["title"])

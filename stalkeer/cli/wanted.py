"""The commands about what is missing and which entry it might be: `missing`, `matches`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from stalkeer.cli.asking import asked, one
from stalkeer.cli.groups import group
from stalkeer.cli.options import Json, Rows, Verbose
from stalkeer.cli.saying import out, out_json
from stalkeer.cli.showing import show_facts, show_rest, show_table

matches = group("matches", "Show which entry might be which item, and decide.")
MatchId = Annotated[int, typer.Argument(metavar="ID", help="The match.")]


class Kind(StrEnum):
    """What may be missing."""

    MOVIES = "movies"
    TVSHOWS = "tvshows"


def missing(
    kind: Annotated[Kind | None, typer.Argument(help="Only movies, or only episodes.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show what Radarr and Sonarr miss, its state, and why nothing happens with it."""
    with asked(verbose) as client:
        pages = [client.page(f"missing/{each}") for each in ([kind] if kind else Kind)]
    rows = [row for page in pages for row in page["data"]]
    if as_json:
        out_json({"data": rows, "total": len(rows)})
        return
    if not rows:
        out("Nothing is missing, as of the last sync. `stalkeer radarr` and `sonarr` sync now.")
        return
    show_table(
        ("ITEM", "TITLE", "STATE", "REASON"),
        ((f"{row['instance']} {row['arr_id']}", _title(row), row["state"], row["reason"]))
        for row in rows
    ) if False else _show_missing(rows)


def _show_missing(rows: list[dict[str, Any]]) -> None:
    show_table(
        ("ITEM", "TITLE", "STATE", "REASON"),
        [
            (f"{row['instance']} {row['arr_id']}", _title(row), row["state"], row["reason"])
            for row in rows
        ],
    )

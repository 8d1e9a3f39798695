"""The command that reads names and matches without a database: `match`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from stalkeer.cli.options import Verbose
from stalkeer.cli.saying import FAILED, WRONG_USAGE, out, out_json, stop
from stalkeer.cli.starting import read_settings_bare, start_bare

File = Path | None


def match(
    playlist: Annotated[File, typer.Option(help="A playlist: a file.")] = None,
    wanted: Annotated[File, typer.Option(help="JSON: a list of wanted items.")] = None,
    predictions: Annotated[
        File, typer.Option("--out", help="Where the answer goes; stdout without it.")
    ] = None,
    names: Annotated[File, typer.Option(help="JSON lines: names to read.")] = None,
    parsed: Annotated[File, typer.Option(help="Where what they are read as goes.")] = None,
    _verbose: Verbose = False,
) -> None:
    """Say which entry each wanted item would get, or what names are read as."""
    start_bare()
    is_match = playlist is not None and wanted is not None and names is None and parsed is None
    is_parse = names is not None and parsed is not None and playlist is None and wanted is None
    if is_parse and names and parsed and predictions is None:
        _parse(names, parsed)
    elif is_match and playlist and wanted:
        from stalkeer.jobs.offline import match_files
        from stalkeer.wiring.matching import match_rules

        rules = match_rules(read_settings_bare())
        try:
            answer = match_files(playlist, wanted, rules=rules)
            if predictions is None:
                out_json(answer)
            else:
                predictions.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
        except OSError as exc:
            _stop_at(exc)
        except (ValueError, KeyError, TypeError) as exc:
            stop(FAILED, f"{wanted} is no list of wanted items: {exc!r}")
    else:
        stop(
            WRONG_USAGE,
            "Give --playlist and --wanted with an optional --out, or --names and --parsed.",
        )


def _parse(names: Path, parsed: Path) -> None:
    from stalkeer.jobs.offline import parse_names

    try:
        with names.open(encoding="utf-8") as lines:
            rows = [json.dumps(row, ensure_ascii=False) for row in parse_names(lines)]
        parsed.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    except OSError as exc:
        _stop_at(exc)
    except (ValueError, KeyError, TypeError) as exc:
        stop(FAILED, f"{names} has a line that is no name: {exc!r}")
    out(f"{len(rows)} names read.")


def _stop_at(exc: OSError) -> NoReturn:
    stop(FAILED, f"{exc.filename}: {exc.strerror}.")

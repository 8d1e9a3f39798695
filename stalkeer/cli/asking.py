"""What commands about rows begin with: the API, and errors told in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from stalkeer.cli.saying import FAILED, out, out_json, say, told
from stalkeer.cli.starting import read_settings

if TYPE_CHECKING:
    from stalkeer.cli.client import Client


@contextmanager
def asked(verbose: bool) -> Iterator[Client]:
    """Read the settings and speak to the API; an error of it ends the command with exit 1."""
    from stalkeer.cli.client import connected

    settings = read_settings(verbose, is_quiet=True)
    with told(), connected(settings) as client:
        yield client


def say_if_alone(client: Client) -> None:
    """Say who does what was asked for, when no service runs that would."""
    if client.is_alone:
        say("No service runs: `stalkeer up`, or `stalkeer radarr` and `sonarr`, go on with it.")


def do_each(ids: Iterable[int], do: Callable[[int], str], *, as_json: bool) -> None:
    """Do the same for each id and say how it went; exit 1 when one could not be done."""
    from stalkeer.cli.client import ApiError

    results: list[dict[str, Any]] = []
    for each in ids:
        try:
            results.append({"id": each, "done": do(each)})
        except ApiError as exc:
            say(str(exc))
            results.append({"id": each, "error": str(exc)})
    if as_json:
        out_json({"data": results})
    else:
        for result in results:
            if "done" in result:
                out(result["done"])
    if any("error" in result for result in results):
        raise typer.Exit(FAILED)

"""What a command says: its result on stdout, everything else on stderr.

Names out of playlists and paths may hold anything, so whatever a terminal would act on is escaped.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

FAILED = 1
WRONG_USAGE = 2


def out(text: str) -> None:
    """Write a part of the result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def out_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write the result as one JSON document."""
    out(json.dumps(document, indent=2, default=str))


def say(text: str) -> None:
    """Tell a person something that is no part of the result."""
    from stalkeer.log import escape

    for line in text.split("\n"):
        sys.stderr.write(f"{escape(line)}\n")
    sys.stderr.flush()


def stop(code: int, message: str) -> NoReturn:
    """Say why the command ends here, and end it."""
    say(message)
    raise typer.Exit(code)


@contextmanager
def told() -> Iterator[None]:
    """Turn our errors into one plain line and exit 1."""
    from stalkeer.errors import StalkeerError

    try:
        yield
    except StalkeerError as exc:
        stop(FAILED, str(exc))

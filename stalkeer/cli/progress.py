"""Shows a person who waits what happens: moving lines on a terminal, plain ones elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from stalkeer.cli.saying import say
from stalkeer.cli.showing import as_percent, as_size, as_time_left

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item: how far it is, in words and in figures. The rate is in bytes a second."""

    title: str
    words: str
    percent: float | None = None
    rate: float | None = None
    left_s: float | None = None


class Display(Protocol):
    """Somebody who is shown lines, again and again."""

    def show(self, lines: Sequence[Line]) -> None:
        """Show how things are now."""


class Plain:
    """Writes a line for each change of an item's words."""

    def __init__(self) -> None:
        """Start with nothing said."""
        self._said: dict[str, str] = {}

    def show(self, lines: Sequence[Line]) -> None:
        """Say what is new."""
        for line in lines:
            if self._said.get(line.title) != line.words:
                self._said[line.title] = line.words
                say(f"{line.title}: {line.words}")


class Moving:
    """Draws the lines again in place."""

    def __init__(self, live: Live) -> None:
        """Draw on this part of the terminal."""
        self._live = live

    def show(self, lines: Sequence[Line]) -> None:
        """Draw how things are now."""
        self._live.update(_table(lines))


@contextmanager
def display() -> Iterator[Display]:
    """Choose by what stderr is."""
    if not sys.stderr.isatty():
        yield Plain()
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), refresh_per_second=4) as live:
        yield Moving(live)


def _table(lines: Sequence[Line]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from stalkeer.log import escape

    table = Table.grid(padding=(0, 2))
    for line in lines:
        figures = (
            (as_percent(line.percent), f"{as_size(line.rate)}/s", as_time_left(line.left_s))
            if line.rate is not None
            else ("", "", "")
        )
        # Text, because a name in brackets would be taken for a colour.
        table.add_row(*(Text(escape(cell)) for cell in (line.title, *figures, line.words)))
    return table

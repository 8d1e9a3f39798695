"""Figures and tables for people. Names are escaped: they come out of playlists and libraries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stalkeer.cli.saying import out

_UNITS = ("B", "kB", "MB", "GB", "TB")
LONGEST = 100


def show_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows in columns; the last one is as wide as it is."""
    lines = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(header) - 1)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        out("  ".join([*cells, line[-1]]).rstrip())


def show_facts(facts: dict[str, Any]) -> None:
    """Write the fields of one thing, a line each; what is empty is left out."""
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        if value not in (None, "", [], ()):
            out(f"{name:<{width}}  {_text(value)}")


def show_rest(shown: int, total: int) -> None:
    """Say that there is more than was shown."""
    if shown < total:
        out(f"{shown} of {total} shown: --limit 0 shows all.")


def as_size(size_bytes: float | None) -> str:
    """Write a size in powers of 1000: `734.0 MB`; a dash when it is not known."""
    if size_bytes is None:
        return "-"
    step = 0
    while size_bytes >= 1000 and step < len(_UNITS) - 1:
        size_bytes, step = size_bytes / 1000, step + 1
    return f"{size_bytes:.1f} {_UNITS[step]}" if step else f"{size_bytes:.0f} B"


def as_time_left(seconds: float | None) -> str:
    """Write a time as `1:02:03`, or `2:03` below an hour; a dash when it is not known."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def as_percent(share: float | None) -> str:
    """Write a share of 100; a dash when it is not known."""
    return "-" if share is None else f"{share:.0f} %"


def _cell(value: object) -> str:
    text = _text(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _text(value: object) -> str:
    from stalkeer.log import escape

    if value is None or value == "":
        return "-"
    if isinstance(value, list | tuple):
        return "; ".join(_text(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(each)}" for name, each in value.items() if each)
    return escape(str(value))

"""Commands with verbs of their own: `stalkeer jobs replay 7`."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class ListByDefault(TyperGroup):
    """`stalkeer jobs --json` is `stalkeer jobs list --json`."""

    # Any: Typer carries its own copy of Click, whose context is not public.
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb in front of options that come without one."""
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def group(name: str, about: str) -> typer.Typer:
    """Make a command whose verbs are commands."""
    return typer.Typer(name=name, help=about, cls=ListByDefault, rich_markup_mode=None)

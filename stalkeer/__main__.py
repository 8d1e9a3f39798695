"""Starts the commands: `stalkeer`, or `python -m stalkeer`."""

from __future__ import annotations

import sys

from stalkeer.cli.commands import app


def main() -> None:
    """Run the command line."""
    # httpx brings a command line of its own, which loads Rich and Pygments: a tenth of a second.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # "not to be found"
    app()


if __name__ == "__main__":
    main()

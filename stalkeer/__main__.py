"""Starts the commands: `stalkeer`, or `python -m stalkeer`."""

from __future__ import annotations

from stalkeer.cli.commands import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()

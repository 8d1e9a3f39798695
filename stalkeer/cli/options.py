"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log debug messages.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.")]
Limit = Annotated[int, typer.Option(min=0, help="Only so many entries; 0: all.")]
Rows = Annotated[int, typer.Option("--limit", min=0, help="Only so many rows; 0: all.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show it and write nothing at all.")]
Playlist = Annotated[str | None, typer.Argument(help="A file or an address.")]

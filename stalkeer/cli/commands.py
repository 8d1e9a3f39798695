"""The table of the commands."""

from __future__ import annotations

import typer

from stalkeer.cli.about import config, version
from stalkeer.cli.archives import m3u_cleanup_archives, m3u_download, m3u_list_archives
from stalkeer.cli.backup import backup, keys, restore
from stalkeer.cli.checks import cleanup, doctor, register
from stalkeer.cli.database import migrate
from stalkeer.cli.fetching import fetch
from stalkeer.cli.foreground import radarr, resume_downloads, sonarr
from stalkeer.cli.instances import instances
from stalkeer.cli.lists import dryrun, process
from stalkeer.cli.offline import match
from stalkeer.cli.playlists import playlists
from stalkeer.cli.saying import out
from stalkeer.cli.serving import up, web, worker
from stalkeer.cli.wanted import matches, missing
from stalkeer.cli.work import downloads, jobs

app = typer.Typer(
    name="stalkeer",
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help and plain faults: they end up in logs, and Rich takes a tenth of a second.
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def stalkeer(context: typer.Context) -> None:
    """Fill the gaps in a Radarr and Sonarr library from M3U playlists."""
    if context.invoked_subcommand is None:
        out(context.get_help())


_COMMANDS = (
    *(up, web, worker, migrate, process, dryrun, match, fetch),
    *(m3u_download, m3u_list_archives, m3u_cleanup_archives),
    *(radarr, sonarr, resume_downloads),
    *(missing, doctor, register, cleanup, config, version),
    *(backup, restore),
)
_GROUPS = (matches, downloads, playlists, instances, jobs, keys)

for _command in _COMMANDS:
    app.command()(_command)
for _group in _GROUPS:
    app.add_typer(_group)

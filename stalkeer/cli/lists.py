"""The commands that read playlists: `process` writes what is in them, `dryrun` does not."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stalkeer.cli.options import Json, Limit, Playlist, Verbose
from stalkeer.cli.saying import FAILED, WRONG_USAGE, out, out_json, say, stop, told
from stalkeer.cli.starting import make_keys, read_settings, with_saved
from stalkeer.cli.stopping import on_signals

if TYPE_CHECKING:
    from stalkeer.db.playlists import PlaylistRow
    from stalkeer.db.store import Store
    from stalkeer.jobs.reading import Summary
    from stalkeer.jobs.refresh import How
    from stalkeer.jobs.services import PlaylistRules
    from stalkeer.playlist.terms import Source, SourceRules
    from stalkeer.settings import Settings

Report = dict[str, Any]
"""The figures of one playlist by name, or `unchanged`, or `error`."""
_COMPARED = ("new", "changed", "gone")
Show = Callable[["Summary"], None]


def process(
    playlist: Playlist = None,
    limit: Limit = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Read an unchanged list, take one that has shrunk.")
    ] = False,
    batch_size: Annotated[
        int, typer.Option(min=0, help="Entries a transaction at most; 0: as time allows.")
    ] = 0,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Import playlists now: the one given, or all that are configured."""
    from stalkeer.cli.running import find_running

    settings = read_settings(verbose)
    how = {"limit": limit, "force": force, "batch_size": batch_size}
    stopped = threading.Event()
    on_signals(stopped.set)
    with told():
        if find_running(settings.general.data_dir) is not None:
            reports = _beside(settings, playlist, how, stopped)
        else:
            reports = _alone(settings, playlist, how, stopped)
    _end(reports, as_json=as_json)


def _beside(
    settings: Settings, playlist: str | None, how: dict[str, Any], stopped: threading.Event
) -> list[Report]:
    """Have the running service read the playlists."""
    from stalkeer.cli.client import connected
    from stalkeer.cli.importing import drop_unread, playlists_to_read, read_beside
    from stalkeer.cli.progress import display
    from stalkeer.wiring.sources import location_of, source_name

    location = None if playlist is None else location_of(playlist)
    with connected(settings) as client, display() as shown:
        taken = [row["name"] for row in client.page("playlists")["data"]]
        name = "" if location is None else source_name(location, taken=taken)
        rows = playlists_to_read(client, location, name)
        reports = [
            _told(
                row["name"],
                partial(read_beside, client, row, how, display=shown, stopped=stopped),
            )
            for row in rows
            if not stopped.is_set()
        ]
        if playlist is not None and reports and "error" in reports[0]:
            drop_unread(client, rows[0]["id"])
        return reports


def _alone(
    settings: Settings, playlist: str | None, how: dict[str, Any], stopped: threading.Event
) -> list[Report]:
    """Read the playlists in this process: no service runs."""
    from stalkeer.jobs import filtering
    from stalkeer.jobs.refresh import How
    from stalkeer.wiring.database import open_store
    from stalkeer.wiring.rules import playlist_rules
    from stalkeer.wiring.sources import filter_rules, typed_hosts

    make_keys(settings)
    with closing(open_store(settings)) as store:
        store.migrate()
        settings = with_saved(settings, store)
        if filters := filter_rules(settings):
            filtering.configure(store, filters)
        rules = playlist_rules(settings)
        if playlist is not None:
            rules = replace(rules, allowed_hosts=rules.allowed_hosts | typed_hosts(playlist))
        rows = _rows(store, settings, playlist)
        reports = [
            _read(row.name, partial(_import, store, row, rules, How(**how), stopped))
            for row in rows
            if not stopped.is_set()
        ]
        if playlist is not None and reports and "error" in reports[0]:
            store.playlists.drop_unread(rows[0].id)
        return reports


def dryrun(
    playlist: Playlist = None, limit: Limit = 0, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Read playlists and report what is in them, without writing anything."""
    from stalkeer.wiring.sources import location_of, name_sources, playlist_sources, source_rules

    settings = read_settings(verbose)
    rules = source_rules(settings, read_only=True)
    stopped = threading.Event()
    on_signals(stopped.set)
    sources = name_sources([location_of(playlist)]) if playlist else playlist_sources(settings)
    reports = [
        _read(source.name, partial(_count, settings, source, rules, limit, stopped))
        for source in sources
        if not stopped.is_set()
    ]
    _end(reports, as_json=as_json)


def _rows(store: Store, settings: Settings, playlist: str | None) -> Sequence[PlaylistRow]:
    """Write down the playlists to import and return their rows."""
    from stalkeer.wiring.sources import (
        configure_playlists,
        location_of,
        playlist_sources,
        source_name,
    )

    configured = playlist_sources(settings)
    if playlist is None:
        # Without any, somebody called us without the service's settings: they stay as they are.
        if configured:
            configure_playlists(store, configured)
        return store.playlists.all()
    location = location_of(playlist)
    names = {row.name: row.location for row in store.playlists.all()}
    names |= {each.name: each.location for each in configured}
    known = [name for name, where in names.items() if where == location]
    name = known[0] if known else source_name(location, taken=names)
    row = store.playlists.get(store.playlists.add(name, location))
    return [] if row is None else [row]


def _import(
    store: Store,
    row: PlaylistRow,
    rules: PlaylistRules,
    how: How,
    stopped: threading.Event,
    show: Show,
) -> Report:
    from stalkeer.jobs.refresh import import_playlist, search_again
    from stalkeer.jobs.survey import survey_job

    summary = import_playlist(
        store,
        row,
        rules,
        token=secrets.token_hex(16),
        on_progress=show,
        look=partial(_go_on, row.name, stopped),
        how=how,
    )
    search_again(store, row.id)
    store.jobs.add(survey_job())
    return {"unchanged": True} if summary is None else summary.counts()


def _count(
    settings: Settings,
    source: Source,
    rules: SourceRules,
    limit: int,
    stopped: threading.Event,
    show: Show,
) -> Report:
    from stalkeer.jobs.dryrun import DryRun, dry_run
    from stalkeer.wiring.sources import filter_rules

    def tell(summary: Summary) -> None:
        _go_on(source.name, stopped)
        show(summary)

    task = DryRun(source=source, filters=filter_rules(settings), limit=limit)
    # Nothing is compared with what is stored, so nobody knows what would be new.
    return dry_run(task, rules, tell=tell).counts() | dict.fromkeys(_COMPARED)


def _go_on(name: str, stopped: threading.Event) -> None:
    """Return, or raise when a person has ended the command."""
    from stalkeer.jobs.services import StoppedError

    if stopped.is_set():
        raise StoppedError(f"{name}: reading was stopped, and the list of before stays.")


def _read(name: str, read: Callable[[Show], Report]) -> Report:
    """Read one playlist and show how far it is."""
    with _progress(name) as show:
        return _told(name, lambda: read(show))


def _told(name: str, read: Callable[[], Report]) -> Report:
    """Read one playlist; a fault of it is said and does not keep the others from being read."""
    from stalkeer.errors import StalkeerError

    try:
        return {"playlist": name} | read()
    except StalkeerError as exc:
        say(str(exc))
        return {"playlist": name, "error": str(exc)}


@contextmanager
def _progress(name: str) -> Iterator[Show]:
    """Show a moving line to a person; nothing where the output is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.text import Text

    # Text, because a name in brackets would be taken for a colour.
    with Console(stderr=True).status(Text(f"{name}: reading")) as status:
        yield lambda summary: status.update(Text(f"{name}: {summary.words()}"))


def _end(reports: Sequence[Report], *, as_json: bool) -> None:
    """Print the reports; exit 1 when a playlist could not be read, 2 when there is none."""
    if not reports:
        stop(
            WRONG_USAGE,
            "No playlist is set: give a file or an address, or set STALKEER_M3U_URL or "
            "STALKEER_M3U_FILE_PATH.",
        )
    if as_json:
        out_json(reports[0] if len(reports) == 1 else {"playlists": reports})
    else:
        for report in reports:
            _print(report)
    if any("error" in report for report in reports):
        raise typer.Exit(FAILED)


def _print(report: Report) -> None:
    from stalkeer.log import escape

    name = escape(report["playlist"])
    if "unchanged" in report:
        out(f"{name} has not changed since the last time.")
    elif "error" not in report:
        out(f"{name}:")
        for what, count in report.items():
            if what != "playlist":
                out(f"  {what:<14}{'-' if count is None else count:>10}")

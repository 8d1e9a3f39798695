"""The commands that read playlists: `process` writes what is in them, `dryrun` does not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stalkeer.cli.options import Json, Limit, Playlist, Verbose
from stalkeer.cli.saying import FAILED, WRONG_USAGE, out, out_json, say, stop, told
from stalkeer.cli.starting import make_keys, read_settings

if TYPE_CHECKING:
    from stalkeer.db.playlists import PlaylistRow
    from stalkeer.db.store import Store
    from stalkeer.jobs.reading import Summary
    from stalkeer.jobs.refresh import How
    from stalkeer.jobs.services import PlaylistRules
    from stalkeer.settings import Settings
    from stalkeer.wiring.sources import SourceOptions

PROGRESS_EVERY = 20_000

Report = dict[str, Any]
"""The figures of one playlist by name, or `unchanged`, or `error`."""
Show = Callable[["Summary"], None]


def process(
    playlist: Playlist = None,
    limit: Limit = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Read an unchanged list, take one that has shrunk.")
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Entries a transaction.")] = 250,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Import playlists now: the one given, or all that are configured."""
    from stalkeer.jobs.refresh import How
    from stalkeer.wiring.database import open_store
    from stalkeer.wiring.rules import playlist_rules

    settings = read_settings(verbose)
    make_keys(settings)
    how = How(limit=limit, force=force, batch_size=batch_size)
    with told(), closing(open_store(settings)) as store:
        store.migrate()
        rules = playlist_rules(settings)
        rows = _rows(store, settings, playlist)
        reports = [_read(row.name, partial(_import, store, row, rules, how)) for row in rows]
        if playlist is not None and "error" in reports[0]:
            store.playlists.drop_unread(rows[0].id)
    _end(reports, as_json=as_json)


def dryrun(
    playlist: Playlist = None, limit: Limit = 0, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Read playlists and report what is in them, without writing anything."""
    from stalkeer.wiring.sources import location_of, name_sources, playlist_sources, source_options

    settings = read_settings(verbose)
    options = source_options(settings)
    sources = name_sources([location_of(playlist)]) if playlist else playlist_sources(settings)
    reports = [_read(name, partial(_count, location, options, limit)) for name, location in sources]
    _end(reports, as_json=as_json)


def _rows(store: Store, settings: Settings, playlist: str | None) -> Sequence[PlaylistRow]:
    """Write down the playlists to import and return their rows."""
    from stalkeer.wiring.sources import location_of, playlist_sources, source_name

    configured = playlist_sources(settings)
    if playlist is None:
        # Without any, somebody called us without the service's settings: they stay as they are.
        if configured:
            store.playlists.configure(configured)
        return store.playlists.all()
    location = location_of(playlist)
    names = {row.name: row.location for row in store.playlists.all()} | dict(configured)
    known = [name for name, where in names.items() if where == location]
    name = known[0] if known else source_name(location, taken=names)
    row = store.playlists.get(store.playlists.add(name, location))
    return [] if row is None else [row]


def _import(store: Store, row: PlaylistRow, rules: PlaylistRules, how: How, show: Show) -> Report:
    from stalkeer.jobs.refresh import import_playlist, search_again

    summary = import_playlist(store, row, rules, on_batch=show, how=how)
    search_again(store, row.id)
    return {"unchanged": True} if summary is None else summary.counts()


def _count(location: str, options: SourceOptions, limit: int, show: Show) -> Report:
    from stalkeer.jobs.reading import Summary, classified
    from stalkeer.playlist.source import OpenSource, open_source

    summary, started_at = Summary(), time.monotonic()
    with open_source(location, **options) as source:
        # Nothing was asked for on condition, so it is never "not modified".
        assert isinstance(source, OpenSource)  # noqa: S101
        for number, _ in enumerate(classified(source, summary, limit=limit), 1):
            if number % PROGRESS_EVERY == 0:
                show(summary)
    summary.seconds = time.monotonic() - started_at
    return summary.counts()


def _read(name: str, read: Callable[[Show], Report]) -> Report:
    """Read one playlist; a fault of it is said and does not keep the others from being read."""
    from stalkeer.errors import StalkeerError

    try:
        with _progress(name) as show:
            return {"playlist": name} | read(show)
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
        yield lambda summary: status.update(Text(f"{name}: {summary.entries} entries"))


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
                out(f"  {what:<14}{count:>10}")

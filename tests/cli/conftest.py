"""A home with stand-ins, and the commands as a person runs them there: real processes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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


def command(home: Home, *arguments: str, **settings: str) -> Ran:
    """Run one command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "stalkeer", *arguments],
        cwd=home.folder,
        env=home.settings() | {f"STALKEER_{name}": value for name, value in settings.items()},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


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

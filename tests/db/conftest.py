"""A store on both databases: every test that asks for `store` runs on SQLite and PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stalkeer.db.connect import Database
from stalkeer.db.models import MODELS
from stalkeer.db.store import Store
from tests.builders import sqlite_store
from tests.servers import fresh_database

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing in it."""
    folder = tmp_path_factory.mktemp("schema")
    sqlite_store(folder).close()
    return folder / "stalkeer.db"


@pytest.fixture(scope="session")
def migrated_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database with the schema; every test empties it before its own use."""
    with fresh_database(postgres_server) as url:
        store = Store(Database(url))
        store.migrate()
        store.close()
        yield url


@pytest.fixture(params=BOTH)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database with the schema; in PostgreSQL rows of another test may be left."""
    if request.param == "sqlite":
        template = request.getfixturevalue("migrated_file")
        return f"sqlite:///{shutil.copy(template, tmp_path / 'stalkeer.db')}"
    url: str = request.getfixturevalue("migrated_url")
    return url


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stalkeer.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store without rows."""
    store = Store(Database(store_url))
    if not store.db.is_sqlite:
        empty(store)
    yield store
    store.close()


def empty(store: Store) -> None:
    """Remove every row and start the ids at 1 again."""
    # For a handful of rows many times faster than TRUNCATE, which makes new files.
    deletes = [f'DELETE FROM "{model._meta.table_name}"' for model in reversed(MODELS)]
    restart = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"
    store.db.write(lambda: store.db.execute(";".join([*deletes, restart])))

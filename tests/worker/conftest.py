"""What every test of the worker room needs: somebody who waits without sleeping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stalkeer.db.store import Store
from tests.builders import sqlite_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store without rows, on SQLite: the brokers know no database."""
    store = sqlite_store(tmp_path)
    yield store
    store.close()

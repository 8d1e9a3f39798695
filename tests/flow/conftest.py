"""A fresh home for every flow test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.home import Home, home_in


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home with stand-ins, where nothing of stalkeer runs yet."""
    with home_in(tmp_path) as home:
        yield home

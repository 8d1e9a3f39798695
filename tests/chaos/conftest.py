"""Real processes that are killed on purpose, on all three pairs of broker and database.

They take minutes, so they are collected only when they are named: `pytest -n0 tests/chaos`.
`CHAOS=long` makes them as long as they are meant to be run by hand, `CHAOS_SEED=7` as they were.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.town import IS_LONG, Pair, Town, town_in

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out, unless somebody named it."""
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    is_named = any(path == HERE or HERE in path.parents for path in named)
    return None if is_named else True


@pytest.fixture(params=list(Pair), ids=lambda pair: pair.value)
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """A home with its own servers, where nothing of stalkeer runs yet."""
    with town_in(tmp_path, request.param) as town:
        yield town


@pytest.fixture
def chance() -> random.Random:
    """The random source of a test; its seed is printed, so that what failed can be run again."""
    seed = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"CHAOS_SEED={seed}")  # noqa: T201 # pytest shows it with a failure
    return random.Random(seed)


@pytest.fixture
def is_long() -> bool:
    """Whether to run as long as meant."""
    return IS_LONG

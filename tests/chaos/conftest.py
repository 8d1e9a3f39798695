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
SEED = pytest.StashKey[int]()
TALLY = pytest.StashKey[dict[Pair, tuple[int, int]]]()
"""How many processes of a pair were killed, and how many webhooks accepted."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out, unless somebody named it."""
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    is_named = any(path == HERE or HERE in path.parents for path in named)
    return None if is_named else True


def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed of this run."""
    seed = os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1_000_000)
    config.stash[SEED], config.stash[TALLY] = int(seed), {}


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was done to each pair, and the seed that does it again."""
    tally = config.stash[TALLY]
    if not tally:
        return
    terminalreporter.section("chaos")
    terminalreporter.line(f"CHAOS_SEED={config.stash[SEED]}")
    for pair, (kills, webhooks) in tally.items():
        words = f"{kills} processes killed, {webhooks} webhooks accepted"
        terminalreporter.line(f"{pair.value}: {words}")


@pytest.fixture(params=list(Pair), ids=lambda pair: pair.value)
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """A home with its own servers, where nothing of stalkeer runs yet."""
    with town_in(tmp_path, request.param) as town:
        yield town
    tally = request.config.stash[TALLY]
    kills, webhooks = tally.get(town.pair, (0, 0))
    tally[town.pair] = (kills + town.kills, webhooks + len(town.accepted))


@pytest.fixture
def chance(pytestconfig: pytest.Config) -> random.Random:
    """The random source of a test; its seed is printed, so that what failed can be run again."""
    return random.Random(pytestconfig.stash[SEED])


@pytest.fixture
def is_long() -> bool:
    """Whether to run as long as meant."""
    return IS_LONG

"""Fixtures for every test: a clean environment, and real PostgreSQL and Redis servers."""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager

import hypothesis
import pytest

from tests.servers import (
    ServerUnavailableError,
    fresh_database,
    fresh_redis,
    postgres_server,
    redis_server,
    refuse,
)

_OUR_VARIABLES = ("DATABASE_URL", "REDIS_URL", "API_PORT", "LOGGING_LEVEL")


def pytest_configure() -> None:
    """Forget the settings of the person who runs the tests, and the speed of the machine."""
    forget_settings(os.environ)
    hypothesis.settings.register_profile("tests", deadline=None)
    hypothesis.settings.load_profile("tests")


def forget_settings(environ: MutableMapping[str, str]) -> None:
    """Remove every variable that stalkeer reads."""
    for name in list(environ):
        if name in _OUR_VARIABLES or name.startswith("STALKEER_"):
            del environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that `-m "not postgres"` leaves it out."""
    for item in items:
        for marker in ("postgres", "redis"):
            if f"{marker}_url" in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.fixture(scope="session", name="postgres_server")
def _postgres_server() -> Iterator[str]:
    yield from _serve(os.environ.get("TEST_DATABASE_URL"), postgres_server())


@pytest.fixture(scope="session", name="redis_server")
def _redis_server() -> Iterator[str]:
    yield from _serve(os.environ.get("TEST_REDIS_URL"), redis_server())


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Address of an empty PostgreSQL database that only this test has, with create rights."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str, worker_id: str) -> Iterator[str]:
    """Address of an empty Redis database that no test running at the same time uses."""
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw"))
    with fresh_redis(redis_server, number=number) as url:
        yield url


def _serve(given_url: str | None, server: AbstractContextManager[str]) -> Iterator[str]:
    if given_url:
        yield given_url
        return
    try:
        with server as url:
            yield url
    except ServerUnavailableError as error:
        refuse(str(error), os.environ)

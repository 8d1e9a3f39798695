"""Redis, PostgreSQL and Radarr go away, hang or talk nonsense; it costs time and nothing else."""

from __future__ import annotations

import random
import threading
import time

import pytest
import redis

from tests.chaos.town import IS_LONG, Pair, Town, on
from tests.chaos.wire import wire_to
from tests.flow.home import MB, wait_for
from tests.standins.media import Reply
from tests.standins.server import Fault

pytestmark = pytest.mark.timeout(600)

SOME_S = 4.0
HANG_S = 8.0
"""Longer than a process waits for an answer of Redis (5 s)."""
ANSWER_S = 4.0
"""Shorter than that wait: a webhook is answered as soon as it is in the database."""
STOP_S = 10.0
"""What a container grants; a process promises 8 s."""


def begin(town: Town, *, films: int = 4) -> None:
    """Start everything, and films that take some seconds; one more is offered."""
    for number in range(films + 1):
        town.offer(number, Reply(bytes_s=2 * MB), size=6 * MB)
    town.start()
    for number in range(films):
        town.deliver(town.add(number))
    wait_for(lambda: any(row["bytes_downloaded"] for row in town.home.downloads()))


def redis_of(town: Town) -> str:
    if town.redis is None:
        pytest.skip("there is no Redis in this pair")
    return town.redis.url


@on(Pair.REDIS_SQLITE)
def test_a_redis_that_is_emptied_loses_no_job(town: Town) -> None:
    url = redis_of(town)
    town.start("web")
    for number in range(100):
        town.deliver(200_000 + number)
    with redis.Redis.from_url(url) as client:
        client.flushall()
    town.start("worker-1", "worker-2")
    with redis.Redis.from_url(url) as client:
        client.flushall()

    town.home.wait_for_webhook(count=100, seconds=90)

    town.assert_whole()


@on(Pair.REDIS_POSTGRESQL)
@pytest.mark.parametrize("how", ["killed", "hung"])
def test_a_redis_that_goes_away_costs_seconds(town: Town, how: str) -> None:
    redis_of(town)
    assert town.redis is not None
    begin(town)

    if how == "killed":
        town.redis.kill()
    else:
        town.redis.hang()
    began = time.monotonic()
    town.deliver(town.add(4))
    answered_s = time.monotonic() - began
    if how == "killed":
        threading.Event().wait(SOME_S)
        town.redis.start()
    else:
        threading.Event().wait(HANG_S)
        town.redis.go_on()
    town.wait_until_whole(seconds=90)

    town.assert_whole()
    assert len(town.accepted) == 5
    assert answered_s < ANSWER_S


@on(Pair.REDIS_SQLITE)
def test_a_redis_that_hangs_keeps_no_process_from_ending(town: Town) -> None:
    redis_of(town)
    assert town.redis is not None
    town.start()
    town.redis.hang()
    began = time.monotonic()
    try:
        codes = [process.stop() for process in town.running.values()]
    finally:
        town.redis.go_on()

    assert codes == [0, 0, 0]
    assert time.monotonic() - began < 3 * STOP_S


@on(Pair.REDIS_POSTGRESQL)
def test_a_database_that_is_restarted_loses_nothing(town: Town) -> None:
    if town.postgres is None:
        pytest.skip("there is no PostgreSQL in this pair")
    begin(town)

    for _ in range(2):
        town.postgres.kill()
        threading.Event().wait(SOME_S)
        town.postgres.start()
        threading.Event().wait(SOME_S)
    town.wait_until_whole()

    town.assert_whole()
    crashes = [job["crashes"] for job in town.home.jobs()]
    assert set(crashes) == {0}


@on(Pair.REDIS_POSTGRESQL)
def test_a_commit_whose_answer_is_lost_is_done_once(
    town: Town, chance: random.Random, is_long: bool
) -> None:
    if town.postgres is None:
        pytest.skip("there is no PostgreSQL in this pair")
    films, lost = (20, 300) if is_long else (5, 15)
    for number in range(films):
        town.offer(number, Reply(bytes_s=4 * MB), size=2 * MB)
    with wire_to(town.postgres.url, chance) as wire:
        town.home.environ["STALKEER_DATABASE_URL"] = wire.url
        town.start()
        town.settle()

        wire.share = 0.15
        movies = [town.add(number) for number in range(films)]
        for movie in movies * 3:
            town.deliver(movie)
        wait_for(lambda: wire.lost >= lost)
        wire.share = 0.0
        town.wait_until_whole()

        town.assert_whole()
        assert {town.job(job_id)["status"] for job_id in town.accepted} == {"done"}


@on(Pair.EMBEDDED_SQLITE)
@pytest.mark.parametrize(
    "fault",
    [Fault.DOWN, Fault.SLOW, Fault.UNAUTHORIZED, Fault.HTML, Fault.GARBAGE]
    if IS_LONG
    else [Fault.DOWN, Fault.HTML],
)
def test_a_radarr_in_trouble_costs_time_only(town: Town, fault: Fault) -> None:
    begin(town, films=2)

    town.home.radarr.break_with(fault, path="/api/v3/", seconds=2)
    threading.Event().wait(SOME_S)
    town.home.radarr.mend()
    town.wait_until_whole()

    town.assert_whole()

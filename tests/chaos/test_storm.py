"""Webhooks arrive while processes die at random; every one that was accepted ends well."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

import pytest

from tests.chaos.town import Pair, Town, on
from tests.flow.home import MB
from tests.standins.media import Reply

pytestmark = pytest.mark.timeout(1200)


def test_nothing_accepted_is_lost_while_processes_are_killed(
    town: Town, chance: random.Random, is_long: bool
) -> None:
    films, webhooks, kills = (40, 300, 40) if is_long else (8, 40, 8)
    every_s = 3.0 if is_long else 1.0
    ended = threading.Event()
    for number in range(films):
        town.offer(number, Reply(bytes_s=6 * MB), size=3 * MB)
    town.start()
    town.settle()
    movies = [town.add(number) for number in range(films)]
    sender = threading.Thread(target=_send, args=(town, movies, chance, webhooks, ended))

    sender.start()
    for _ in range(kills):
        _pause(chance.uniform(0.3, 1.7) * every_s)
        name = chance.choice(town.names)
        town.kill(name)
        _pause(chance.uniform(0, 0.5))
        town.start(name)
    sender.join(60)
    ended.set()
    sender.join()
    town.wait_until_whole()

    town.assert_whole()
    assert len(town.accepted) >= webhooks


def test_a_web_process_killed_right_after_a_request_keeps_what_it_answered(
    town: Town, chance: random.Random, is_long: bool
) -> None:
    town.offer(0)
    town.start()
    town.settle()
    movie = town.add(0)
    rounds = 500 if is_long else 4

    for _ in range(rounds):
        # What dies twice in a row waits for a minute, and the first answer of a process takes long.
        town.home.wait_until_quiet()
        town.deliver(movie)
        request = threading.Thread(target=town.deliver, args=(movie,))
        request.start()
        _pause(chance.uniform(0, 0.03))
        town.kill(town.front)
        request.join()
        town.start(town.front)
    town.wait_until_whole()

    town.assert_whole()
    # More than were waited for: some of those in whose way the kill came.
    assert len(town.accepted) > rounds


@on(Pair.REDIS_POSTGRESQL)
def test_duplicates_and_shuffles_make_one_download_each(town: Town, chance: random.Random) -> None:
    for number in range(4):
        town.offer(number, Reply(bytes_s=2 * MB))
    town.start()
    movies = [town.add(number) for number in range(4)]
    sent = movies * 4
    chance.shuffle(sent)

    threads = [threading.Thread(target=town.deliver, args=(movie,)) for movie in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    town.wait_until_whole()

    town.assert_whole()
    assert len(town.accepted) == 16
    assert len(town.home.downloads()) == 4


@on(Pair.REDIS_POSTGRESQL)
def test_a_burst_waits_for_the_workers_and_none_of_it_is_lost(town: Town, is_long: bool) -> None:
    if town.pair is Pair.EMBEDDED_SQLITE:
        pytest.skip("its workers cannot be stopped alone")
    town.start("web")

    burst = 2000 if is_long else 100
    for number in range(burst):
        town.deliver(100_000 + number)
    town.start("worker-1", "worker-2")

    assert len(town.accepted) == burst
    town.home.wait_for_webhook(count=burst, seconds=240)
    town.assert_whole()


def _send(
    town: Town, movies: Sequence[int], chance: random.Random, count: int, ended: threading.Event
) -> None:
    """Send webhooks until so many were accepted; most come while somebody is dead."""
    while len(town.accepted) < count and not ended.is_set():
        _pause(chance.uniform(0, 0.4))
        town.deliver(chance.choice(movies))


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from stalkeer.arr.breaker import PROBE_WAIT_S, BreakerState, CircuitBreaker
from tests.arr.replay import Clock


def _opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(failures=5, open_s=30, monotonic=clock.monotonic)
    for _ in range(5):
        breaker.enter()
        breaker.failed()
    return breaker


def test_five_failures_in_a_row_close_the_way() -> None:
    breaker = _opened(Clock())

    assert breaker.state is BreakerState.OPEN
    assert breaker.failures == 5
    assert breaker.enter() == 30


def test_a_success_in_between_starts_the_count_again() -> None:
    breaker = CircuitBreaker(failures=5, open_s=30, monotonic=Clock().monotonic)

    for _ in range(3):
        for _ in range(4):
            breaker.failed()
        breaker.succeeded()

    assert breaker.state is BreakerState.CLOSED
    assert breaker.failures == 0
    assert breaker.enter() == 0


def test_the_time_left_is_told_while_the_way_is_closed() -> None:
    clock = Clock()
    breaker = _opened(clock)

    clock.wait(12)

    assert breaker.enter() == 18


def test_after_its_time_exactly_one_of_many_threads_gets_through() -> None:
    clock = Clock()
    breaker = _opened(clock)
    clock.wait(30)

    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: breaker.enter(), range(64)))

    assert breaker.state is BreakerState.HALF_OPEN
    assert sorted(set(waits)) == [0, PROBE_WAIT_S]
    assert waits.count(0) == 1


def test_a_probe_that_succeeds_opens_the_way_for_all() -> None:
    clock = Clock()
    breaker = _opened(clock)
    clock.wait(30)
    breaker.enter()

    breaker.succeeded()

    assert breaker.state is BreakerState.CLOSED
    assert [breaker.enter(), breaker.enter()] == [0, 0]


def test_a_probe_that_fails_closes_the_way_for_the_whole_time_again() -> None:
    clock = Clock()
    breaker = _opened(clock)
    clock.wait(31)
    breaker.enter()

    breaker.failed()

    assert breaker.enter() == 30


@pytest.mark.parametrize("ending", ["abandoned", "failed"])
def test_the_next_probe_does_not_depend_on_how_the_last_one_ended(ending: str) -> None:
    clock = Clock()
    breaker = _opened(clock)
    clock.wait(30)
    breaker.enter()

    getattr(breaker, ending)()
    clock.wait(30)

    assert breaker.enter() == 0

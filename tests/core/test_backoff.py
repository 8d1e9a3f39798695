"""The wait before a job is tried again."""

from __future__ import annotations

import pytest

from stalkeer.core.backoff import LONGEST_S, retry_delay_s


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [(1, 60.0), (2, 120.0), (3, 240.0), (9, 15360.0), (10, LONGEST_S), (5000, LONGEST_S)],
)
def test_the_wait_doubles_with_each_attempt_up_to_six_hours(attempt: int, seconds: float) -> None:
    assert retry_delay_s(attempt, base_s=60, jitter=0) == seconds


def test_jitter_takes_off_at_most_a_fifth() -> None:
    assert retry_delay_s(1, base_s=100, jitter=1) == 80

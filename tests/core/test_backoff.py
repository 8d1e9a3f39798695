"""The wait before a job is tried again."""

from __future__ import annotations

import pytest

from stalkeer.core.backoff import LONGEST_S, retry_delay_s, told_wait_s


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [(1, 60.0), (2, 120.0), (3, 240.0), (9, 15360.0), (10, LONGEST_S), (5000, LONGEST_S)],
)
def test_the_wait_doubles_with_each_attempt_up_to_six_hours(attempt: int, seconds: float) -> None:
    assert retry_delay_s(attempt, base_s=60, jitter=0) == seconds


def test_jitter_takes_off_at_most_a_fifth() -> None:
    assert retry_delay_s(1, base_s=100, jitter=1) == 80


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("2000000000", LONGEST_S),
        pytest.param("9" * 400, LONGEST_S, id="no-float"),
        pytest.param("9" * 9000, LONGEST_S, id="no-int"),
        ("", None),
        ("-1", None),
        ("1e9", None),
        ("٣", None),
        ("Fri, 26 Jan 2024 10:00:00 GMT", None),
    ],
)
def test_a_wait_that_a_server_asks_for_is_believed_up_to_six_hours(
    text: str, seconds: float | None
) -> None:
    assert told_wait_s(text) == seconds

"""The times of the day at which files are fetched."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.core.windows import Window, closed_for_s

NIGHT = Window(time(1), time(7))
OVER_MIDNIGHT = Window(time(22), time(2, 30))
NOON = Window(time(12), time(13))


@pytest.mark.parametrize(
    ("windows", "now", "expected"),
    [
        pytest.param((), "03:00:00", 0, id="none-is-always-open"),
        pytest.param((NIGHT,), "01:00:00", 0, id="its-first-second"),
        pytest.param((NIGHT,), "06:59:59", 0, id="its-last-second"),
        pytest.param((NIGHT,), "07:00:00", 18 * 3600, id="its-end-is-closed"),
        pytest.param((NIGHT,), "00:59:30", 30, id="half-a-minute-before"),
        pytest.param((OVER_MIDNIGHT,), "23:59:59", 0, id="before-midnight"),
        pytest.param((OVER_MIDNIGHT,), "02:29:00", 0, id="after-midnight"),
        pytest.param((OVER_MIDNIGHT,), "12:00:00", 10 * 3600, id="at-noon"),
        pytest.param((NIGHT, NOON), "11:00:00", 3600, id="the-next-of-several"),
        pytest.param((NIGHT, NOON), "12:30:00", 0, id="one-of-several"),
    ],
)
def test_a_window_says_how_long_it_stays_closed(
    windows: tuple[Window, ...], now: str, expected: float
) -> None:
    assert closed_for_s(windows, datetime.fromisoformat(f"2026-01-31T{now}")) == expected


@given(st.datetimes(), st.times(), st.times())
def test_whoever_waits_that_long_finds_it_open(now: datetime, start: time, end: time) -> None:
    start, end = (each.replace(second=0, microsecond=0) for each in (start, end))
    if start == end or now.year > 9000:
        return
    window = Window(start, end)

    wait_s = closed_for_s((window,), now)

    assert (wait_s == 0) is window.is_open(now.time())
    assert closed_for_s((window,), now + timedelta(seconds=wait_s)) == 0


def test_a_window_is_written_as_in_the_settings() -> None:
    assert str(OVER_MIDNIGHT) == "22:00-02:30"

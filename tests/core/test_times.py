from __future__ import annotations

from datetime import UTC, datetime

from stalkeer.core.times import stamp


def test_a_time_is_written_with_its_zone_and_to_the_second() -> None:
    assert stamp(datetime(2026, 1, 31, 12, 0, 0, 999, tzinfo=UTC)) == "2026-01-31T12:00:00Z"


def test_no_time_is_written_as_none() -> None:
    assert stamp(None) is None

"""Batches that take a few milliseconds each, whatever a row costs."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stalkeer.db.importing import Imports
from stalkeer.db.pace import TARGET_S, Pace


class Writer:
    """Writes rows that cost so many seconds each."""

    def __init__(self, row_s: float, *, is_sqlite: bool = True) -> None:
        self.row_s = row_s
        self.held_s = 0.0
        self.sizes: list[int] = []
        self.rows: list[int] = []
        self.checkpoints = 0
        self.db = SimpleNamespace(is_sqlite=is_sqlite)

    def write(self, rows: Sequence[int]) -> int:
        self.sizes.append(len(rows))
        self.rows += rows
        self.held_s = self.row_s * len(rows)
        return len(rows)

    def checkpoint(self) -> None:
        self.checkpoints += 1


def paced(writer: Writer, count: int, *, most: int | None = None) -> list[float]:
    """Write rows; return the pauses."""
    pauses: list[float] = []
    pace = Pace(cast(Imports, cast(Any, writer)), pauses.append, most=most)
    answers = pace.write("row", range(count), writer.write)
    assert sum(answers) == count
    return pauses


@pytest.mark.parametrize("row_s", [1e-3, 1e-4, 1e-5])
def test_the_size_follows_the_time_a_row_takes(row_s: float) -> None:
    writer = Writer(row_s)

    paced(writer, 20_000)

    assert writer.rows == list(range(20_000))
    last = writer.sizes[-3] * row_s
    assert TARGET_S / 2 <= last <= TARGET_S * 1.5


def test_it_waits_as_long_as_it_kept_others_waiting() -> None:
    writer = Writer(1e-4)

    pauses = paced(writer, 1000)

    assert pauses == [size * 1e-4 for size in writer.sizes]


def test_nobody_waits_for_a_database_with_many_writers() -> None:
    writer = Writer(1e-4, is_sqlite=False)

    assert paced(writer, 1000) == []
    assert writer.checkpoints == 0


def test_what_was_written_is_carried_over_now_and_then() -> None:
    writer = Writer(1e-3)

    paced(writer, 500)

    assert 0 < writer.checkpoints < len(writer.sizes) / 4


def test_a_person_may_want_smaller_batches() -> None:
    writer = Writer(1e-6)

    paced(writer, 100, most=7)

    assert max(writer.sizes) == 7


def test_kinds_of_rows_have_sizes_of_their_own() -> None:
    writer = Writer(1e-5)
    pace = Pace(cast(Imports, cast(Any, writer)), lambda _: None)
    pace.write("cheap", range(5000), writer.write)
    before = pace.size("dear")

    writer.row_s = 1e-2
    pace.write("dear", range(200), writer.write)

    assert pace.size("dear") < before < pace.size("cheap")
    assert pace.longest_s >= 0.2


def test_one_cheap_batch_among_dear_ones_makes_no_long_one() -> None:
    writer = Writer(1e-3)
    pace = Pace(cast(Imports, cast(Any, writer)), lambda _: None)
    pace.write("row", range(200), writer.write)

    writer.row_s = 1e-6
    pace.write("row", range(10), writer.write)
    writer.row_s = 1e-3
    pace.write("row", range(200), writer.write)

    assert max(writer.sizes[3:]) * 1e-3 <= 1.5 * TARGET_S


def test_the_first_batch_of_a_kind_is_a_small_one() -> None:
    writer = Writer(5e-4)

    paced(writer, 1000)

    assert writer.sizes[0] * writer.row_s <= TARGET_S

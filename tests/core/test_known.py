"""Entries remembered in arrays: found by value, voted on, however many there are."""

from __future__ import annotations

import random

import pytest

from stalkeer.core.known import NONE, UNKNOWN, Digests, Known, majorities


def test_every_value_is_found_at_its_place_and_no_other_is() -> None:
    chance = random.Random(7)
    values = [chance.getrandbits(64) - (1 << 63) for _ in range(5000)]
    digests = Digests()

    places = [digests.add(value) for value in values]

    assert places == list(range(5000))
    assert [digests.find(value) for value in values] == places
    assert all(digests.find(value + 1) == NONE for value in values)
    assert (len(digests), digests[4999]) == (5000, values[4999])


def test_values_that_fall_into_one_place_of_the_table_are_told_apart() -> None:
    digests = Digests()
    values = [number << 40 for number in range(1, 40)]
    for value in values:
        digests.add(value)

    assert [digests.find(value) for value in values] == list(range(39))
    assert digests.find(40 << 40) == NONE


def test_of_two_equal_values_the_first_is_found() -> None:
    digests = Digests()
    digests.add(5)
    digests.add(5)

    assert digests.find(5) == 0


def test_an_unknown_digest_is_found_nowhere_however_many_there_are() -> None:
    digests = Digests()
    for _ in range(100):
        digests.add(UNKNOWN)
    place = digests.add(9)

    assert digests.find(UNKNOWN) == NONE
    assert digests.find(9) == place == 100


def test_entries_are_found_by_identity_and_by_content_and_listed_by_flags() -> None:
    known = Known()
    for number in range(4):
        known.add(
            entry_id=number + 10,
            identity=number + 100,
            content=number + 200,
            address=0,
            flags=number,
        )

    assert known.identities.find(102) == known.contents.find(202) == 2
    assert list(known.places(0b01, 0b01)) == [1, 3]
    assert list(known.places(0b11, 0)) == [0]
    assert known.ids[2] == 12
    assert known.moved[2] == NONE


@pytest.mark.parametrize(
    ("pairs", "leading"),
    [
        pytest.param([], [0, 1, 2], id="nobody-voted"),
        pytest.param([(0, 0), (0, 0), (1, 1)], [0, 1, 2], id="all-stayed"),
        pytest.param([(0, 2), (0, 2), (0, 2)], [2, 1, 2], id="all-moved"),
        pytest.param([(0, 1), (0, 2), (0, 2), (0, 0), (0, 2)], [2, 1, 2], id="most-moved"),
        pytest.param([(0, 1), (1, 0)], [1, 0, 2], id="changed-places"),
    ],
)
def test_the_majority_decides_what_a_number_became(
    pairs: list[tuple[int, int]], leading: list[int]
) -> None:
    before, after = [old for old, _ in pairs], [new for _, new in pairs]

    assert list(majorities(before, after, count=3)) == leading

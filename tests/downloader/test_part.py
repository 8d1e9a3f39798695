"""What is held of a file while it is fetched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stalkeer.downloader.errors import WrongFileError
from stalkeer.downloader.part import MAX_RESTARTS, HeldPart
from stalkeer.downloader.resume import ResumeState

STATE = ResumeState(total_bytes=1000, etag='"a"', origin="h", durable_bytes=60, boot="b")


@pytest.fixture(name="descriptor")
def _descriptor(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "part").write_bytes(bytes(100))
    descriptor = os.open(tmp_path / "part", os.O_RDWR)
    yield descriptor
    os.close(descriptor)


@pytest.fixture(name="part")
def _part(descriptor: int) -> HeldPart:
    return HeldPart.take(descriptor, STATE, "h", boot="b", keep=True)


def test_a_part_is_taken_with_its_state(part: HeldPart) -> None:
    assert (part.have, part.state) == (100, STATE)


def test_an_empty_part_has_no_state(descriptor: int) -> None:
    part = HeldPart.take(descriptor, STATE, "h", boot="b", keep=False)

    assert (part.have, part.state) == (0, ResumeState(origin="h", boot="b"))
    assert os.fstat(descriptor).st_size == 0


def test_what_was_never_flushed_goes_with_the_power(descriptor: int) -> None:
    part = HeldPart.take(descriptor, STATE, "h", boot="c", keep=True)

    assert (part.have, part.state.boot) == (60, "c")
    assert os.fstat(descriptor).st_size == 60


def test_the_disk_is_asked_to_keep_the_bytes_every_half_minute(part: HeldPart) -> None:
    part.sync(1000)
    part.sync(1029)
    assert part.state.durable_bytes == 60

    part.sync(1030)

    assert part.state.durable_bytes == 100


def test_one_doubt_counts_once_until_it_is_settled(part: HeldPart) -> None:
    part.doubt("h", "x")
    part.doubt("h", "x")
    assert part.state.restarts == 1

    part.adopt(STATE, differed=True)
    part.doubt("h", "x")

    assert part.state.restarts == 2


def test_a_doubt_that_proves_wrong_does_not_count(part: HeldPart) -> None:
    part.doubt("h", "x")

    part.adopt(STATE, differed=False)

    assert part.state.restarts == 0


def test_too_many_changes_are_an_error(part: HeldPart) -> None:
    part.state = replace(part.state, restarts=MAX_RESTARTS)

    with pytest.raises(WrongFileError, match=r"keeps changing.*its size"):
        part.doubt("h", "its size")


def test_another_etag_for_the_same_bytes_ends_trust_in_etags(part: HeldPart) -> None:
    part.adopt(replace(STATE, etag='"b"', last_modified="Tue"), differed=False)

    assert part.state == replace(STATE, etag=None, last_modified=None, no_if_range=True)


def test_another_etag_for_other_bytes_is_kept(part: HeldPart) -> None:
    part.adopt(replace(STATE, etag='"b"'), differed=True)

    assert part.state == replace(STATE, etag='"b"', durable_bytes=0)


def test_what_was_learned_meanwhile_survives_a_new_state(part: HeldPart) -> None:
    part.state = replace(part.state, restarts=2, no_range=True, no_if_range=True)

    part.adopt(STATE, differed=False)

    assert part.state == replace(STATE, restarts=2, no_range=True, no_if_range=True)

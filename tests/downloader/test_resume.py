"""What a download remembers, and what it asks for when it goes on."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.downloader.resume import (
    OVERLAP_BYTES,
    Ask,
    ResumeState,
    for_origin,
    next_ask,
    trusted_bytes,
)

FULL = ResumeState(
    total_bytes=900,
    etag='"a"',
    last_modified="Tue, 01 Jan 2019 00:00:00 GMT",
    no_range=True,
    no_if_range=True,
    restarts=2,
    durable_bytes=7,
    origin="film.example.invalid",
    boot="b1",
)
MIB = 1024 * 1024


@pytest.mark.parametrize("state", [FULL, ResumeState()], ids=["full", "empty"])
def test_a_token_gives_back_the_state_it_was_made_of(state: ResumeState) -> None:
    assert ResumeState.from_token(state.to_token()) == state


def test_a_token_is_compact_json_and_never_empty() -> None:
    assert ResumeState().to_token() == "{}"
    assert ResumeState(total_bytes=9).to_token() == '{"total_bytes":9}'


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "nonsense",
        "[1]",
        "7",
        '{"total_bytes":"9"}',
        '{"total_bytes":-1}',
        '{"total_bytes":true}',
        '{"etag":5}',
        '{"no_range":"yes"}',
        '{"from_the_future":1}',
    ],
)
def test_what_a_token_does_not_say_properly_counts_as_unknown(token: str | None) -> None:
    assert ResumeState.from_token(token) == ResumeState()


@given(st.text())
def test_reading_any_text_as_a_token_never_raises(text: str) -> None:
    ResumeState.from_token(text)


@given(st.dictionaries(st.sampled_from(["total_bytes", "etag", "no_range", "x"]), st.integers()))
def test_reading_any_values_as_a_token_never_raises(values: dict[str, int]) -> None:
    ResumeState.from_token(json.dumps(values))


@pytest.mark.parametrize(
    ("state", "have", "ask"),
    [
        pytest.param(ResumeState(), 0, Ask(), id="nothing-on-disk"),
        pytest.param(ResumeState(etag='"a"'), OVERLAP_BYTES, Ask(), id="less-than-the-overlap"),
        pytest.param(ResumeState(), MIB, Ask(MIB - OVERLAP_BYTES), id="no-validator"),
        pytest.param(
            ResumeState(etag='"a"', last_modified="Tue"),
            MIB,
            Ask(MIB - OVERLAP_BYTES, '"a"'),
            id="etag-before-date",
        ),
        pytest.param(
            ResumeState(last_modified="Tue"), MIB, Ask(MIB - OVERLAP_BYTES, "Tue"), id="date"
        ),
        pytest.param(
            ResumeState(etag='"a"', no_if_range=True),
            MIB,
            Ask(MIB - OVERLAP_BYTES),
            id="server-without-if-range",
        ),
        pytest.param(ResumeState(no_range=True), MIB, Ask(), id="server-without-ranges"),
    ],
)
def test_a_resume_asks_again_for_the_last_64_kib_and_everything_after(
    state: ResumeState, have: int, ask: Ask
) -> None:
    assert next_ask(state, have) == ask


def test_a_doubtful_file_is_asked_for_as_a_whole() -> None:
    assert next_ask(ResumeState(etag='"a"'), MIB, whole=True) == Ask()


@pytest.mark.parametrize(("have", "start"), [(1, 1), (100, 1), (MIB, MIB - OVERLAP_BYTES)])
def test_a_probe_asks_with_an_overlap_and_never_for_the_whole(have: int, start: int) -> None:
    assert next_ask(ResumeState(etag='"a"'), have, probe=True) == Ask(start)


@pytest.mark.parametrize(
    ("ask", "headers"),
    [
        pytest.param(Ask(), {}, id="whole"),
        pytest.param(Ask(9), {"Range": "bytes=9-"}, id="range"),
        pytest.param(Ask(9, '"a"'), {"Range": "bytes=9-", "If-Range": '"a"'}, id="if-range"),
    ],
)
def test_headers_ask_only_for_missing_bytes_of_the_same_file(
    ask: Ask, headers: dict[str, str]
) -> None:
    assert ask.headers() == headers


def test_validators_of_another_host_are_void_and_the_size_stays() -> None:
    moved = for_origin(FULL, "other.example.invalid")

    assert (moved.etag, moved.last_modified, moved.no_range, moved.no_if_range) == (
        None,
        None,
        False,
        False,
    )
    assert (moved.total_bytes, moved.restarts, moved.origin) == (900, 2, "other.example.invalid")


def test_the_same_host_keeps_everything() -> None:
    assert for_origin(FULL, "film.example.invalid") is FULL


@pytest.mark.parametrize(
    ("boot", "trusted"),
    [
        pytest.param("b1", 50, id="same-start-of-the-machine"),
        pytest.param("b2", 7, id="machine-went-down"),
    ],
)
def test_only_flushed_bytes_are_trusted_after_the_machine_went_down(
    boot: str, trusted: int
) -> None:
    assert trusted_bytes(FULL, 50, boot=boot) == trusted
    assert trusted_bytes(ResumeState(), 50, boot=boot) == 50

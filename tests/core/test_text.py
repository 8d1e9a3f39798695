"""Text from outside, made safe to keep."""

from __future__ import annotations

import pytest

from stalkeer.core.text import cleaned


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param("Amélie (2001)", "Amélie (2001)", id="words"),
        pytest.param("one\ntwo\tthree", "one\ntwo\tthree", id="line-feed-and-tab"),
        pytest.param("a\x00b\x1b[2Jc\x7f", "ab[2Jc", id="control-characters"),
        pytest.param("a\x85b\x9fc", "abc", id="c1"),
        pytest.param("a\ud800b\udfffc", "abc", id="halves-of-pairs"),
        pytest.param("🎬", "🎬", id="beyond-the-plane"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_only_what_is_no_text_is_left_out(text: str, clean: str) -> None:
    assert cleaned(text) == clean
    assert cleaned(clean) == clean

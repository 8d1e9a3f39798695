"""How many connections a provider is asked for, and how long it is left alone."""

from __future__ import annotations

import pytest

from stalkeer.core.connections import ProviderPause, allowed, lowered, pause_s


@pytest.mark.parametrize(
    ("lowered_to", "ago_s", "expected"),
    [
        pytest.param(None, 0, 4, id="never-refused"),
        pytest.param(1, 0, 1, id="just-refused"),
        pytest.param(1, 1799, 1, id="not-half-an-hour-ago"),
        pytest.param(1, 1800, 2, id="one-more-after-half-an-hour"),
        pytest.param(1, 3600, 3, id="and-one-more"),
        pytest.param(1, 10**6, 4, id="never-more-than-configured"),
        pytest.param(2, -5, 2, id="a-clock-that-jumped-back"),
        pytest.param(9, 0, 4, id="lowered-from-more-than-is-configured-now"),
    ],
)
def test_a_provider_that_refused_gets_its_connections_back_one_by_one(
    lowered_to: int | None, ago_s: float, expected: int
) -> None:
    assert allowed(4, lowered_to=lowered_to, lowered_s_ago=ago_s) == expected


@pytest.mark.parametrize(("in_use", "expected"), [(4, 3), (2, 1), (1, 1), (0, 1)])
def test_the_last_connection_was_the_one_too_many_and_one_is_always_tried(
    in_use: int, expected: int
) -> None:
    assert lowered(in_use) == expected


@pytest.mark.parametrize(
    ("pause", "before", "expected"),
    [
        pytest.param(ProviderPause(base_s=60), 0, 60, id="starts-at-the-retry-delay"),
        pytest.param(ProviderPause(base_s=60), 1, 120, id="doubles"),
        pytest.param(ProviderPause(base_s=60), 3, 480, id="and-doubles"),
        pytest.param(ProviderPause(base_s=60), 99, 3600, id="up-to-an-hour"),
        pytest.param(ProviderPause(base_s=60, told_s=7), 5, 7, id="as-long-as-it-says"),
        pytest.param(ProviderPause(base_s=0), 0, 1, id="never-none"),
    ],
)
def test_a_pause_grows_unless_the_provider_says_how_long(
    pause: ProviderPause, before: int, expected: float
) -> None:
    assert pause_s(pause, before=before) == expected

"""Many things that happened become one message."""

from __future__ import annotations

import pytest

from stalkeer.core.notices import Event, message

HEAT, RONIN = (Event.IMPORTED, "Heat (1995)"), (Event.FAILED, "Ronin (1998): it was cut")


@pytest.mark.parametrize(
    ("told", "chosen", "text"),
    [
        pytest.param([], [], "", id="nothing"),
        pytest.param([HEAT], [], "In the library (1): Heat (1995)", id="one"),
        pytest.param(
            [RONIN, HEAT, HEAT],
            [],
            "In the library (2): Heat (1995); Heat (1995)\n"
            "Could not be fetched (1): Ronin (1998): it was cut",
            id="a-line-an-event",
        ),
        pytest.param([HEAT, RONIN], ["imported"], "In the library (1): Heat (1995)", id="chosen"),
        pytest.param([HEAT], ["failed"], "", id="none-of-the-chosen"),
    ],
)
def test_a_message_has_a_line_for_every_event_that_was_chosen(
    told: list[tuple[Event, str]], chosen: list[str], text: str
) -> None:
    assert message(told, chosen) == text


def test_of_forty_films_ten_are_named_and_the_others_counted() -> None:
    text = message([(Event.IMPORTED, f"Film {number}") for number in range(40)], [])

    assert text.startswith("In the library (40): Film 0; Film 1; ")
    assert text.endswith("Film 9; and 30 more")

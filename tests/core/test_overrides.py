"""What a person said of an entry counts before its name."""

from __future__ import annotations

from typing import Any

import pytest

from stalkeer.core.items import ContentType
from stalkeer.core.overrides import Override, overridden
from stalkeer.core.titles import ParsedName, parse_name

HEAT = parse_name("FR - Heat (1995) FHD", url_kind="movie")
WIRE = parse_name("The Wire S01 E02", url_kind="series")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        pytest.param(Override(), {}, id="nothing"),
        pytest.param(
            Override(content_type=ContentType.TVSHOW, title="Heat", season=0),
            {"content_type": "tvshow", "title": "Heat", "season": 0},
            id="some",
        ),
    ],
)
def test_what_was_said_is_written_and_read_again(override: Override, said: dict[str, Any]) -> None:
    assert override.to_json() == said
    assert Override.from_json(said) == override


def test_what_an_older_or_newer_version_wrote_is_read_as_far_as_it_is_known() -> None:
    assert Override.from_json(None) == Override()
    assert Override.from_json({"title": "Heat", "mood": "dark"}) == Override(title="Heat")


def test_who_says_nothing_changes_nothing() -> None:
    assert overridden(HEAT, Override()) is HEAT


@pytest.mark.parametrize(
    ("parsed", "override", "field", "value"),
    [
        pytest.param(HEAT, Override(title="The Heat"), "title", "The Heat", id="title"),
        pytest.param(HEAT, Override(title="The Heat"), "year", 1995, id="title-keeps-year"),
        pytest.param(HEAT, Override(title="Heat", year=2013), "year", 2013, id="title-and-year"),
        pytest.param(HEAT, Override(year=1996), "year", 1996, id="year"),
        pytest.param(HEAT, Override(resolution="720p"), "resolution", "720p", id="resolution"),
        pytest.param(
            HEAT,
            Override(content_type=ContentType.CHANNEL),
            "content_type",
            ContentType.CHANNEL,
            id="kind",
        ),
        pytest.param(WIRE, Override(season=0), "season", 0, id="season-zero"),
        pytest.param(WIRE, Override(season=2), "episodes", (2,), id="season-keeps-episode"),
        pytest.param(WIRE, Override(episode=7), "episodes", (7,), id="episode"),
        pytest.param(WIRE, Override(episode=7), "season", 1, id="episode-keeps-season"),
        pytest.param(
            parse_name("Dark Ep 12", url_kind="series"),
            Override(season=1, episode=2),
            "absolute",
            None,
            id="no-absolute-number-any-more",
        ),
        pytest.param(
            parse_name("Late Show 2024-01-15", url_kind="series"),
            Override(episode=3),
            "air_date",
            None,
            id="no-air-date-any-more",
        ),
    ],
)
def test_a_person_says_better(
    parsed: ParsedName, override: Override, field: str, value: object
) -> None:
    assert getattr(overridden(parsed, override), field) == value


def test_a_year_that_was_said_is_that_of_every_reading_once() -> None:
    parsed = parse_name("Wonder Woman 1984", url_kind="movie")

    said = overridden(parsed, Override(year=2020))

    assert [(reading.title, reading.year) for reading in said.readings] == [
        ("Wonder Woman", 2020),
        ("Wonder Woman 1984", 2020),
    ]
    assert not said.readings[0].year_is_bare


def test_readings_of_one_title_are_one_with_a_year_that_was_said() -> None:
    parsed = parse_name("1995 - Heat", url_kind="movie")

    said = overridden(parsed, Override(year=1995))

    assert len({reading.key for reading in said.readings}) == len(said.readings)


def test_a_channel_that_is_a_film_is_read_as_one() -> None:
    parsed = parse_name("FR - Heat (1995)", url_kind="live")

    said = overridden(parsed, Override(content_type=ContentType.MOVIE))

    assert (said.content_type, said.title, said.year) == (ContentType.MOVIE, "Heat", 1995)

from __future__ import annotations

import pytest

from stalkeer.core.collection import (
    collection_of_movies,
    collection_of_series,
    reading_confidence,
)
from stalkeer.core.items import Movie, Series
from stalkeer.core.titles import parse_name

MOVIES = collection_of_movies(
    [
        Movie(id=1, title="The Matrix", year=1999, alternate_titles=("Matrix",)),
        Movie(id=2, title="Amélie", year=2001, original_title="Le Fabuleux Destin"),
        Movie(id=3, title="Untitled", year=0),
    ]
)
SERIES = collection_of_series([Series(id=1, title="Battlestar Galactica (2003)", year=2003)])


@pytest.mark.parametrize(
    ("title", "year", "holds"),
    [
        pytest.param("The Matrix", 1999, True, id="the-same"),
        pytest.param("matrix", 2000, True, id="year-off-by-one-and-no-article"),
        pytest.param("The Matrix", 2021, False, id="another-year"),
        pytest.param("The Matrix", None, True, id="no-year-in-the-list"),
        pytest.param("Untitled", 2010, True, id="no-year-in-radarr"),
        pytest.param("Le fabuleux destin", 2001, True, id="original-title"),
        pytest.param("AMELIE", 2001, True, id="without-accent"),
        pytest.param("Heat", 1995, False, id="not-there"),
        pytest.param("", None, False, id="no-title"),
    ],
)
def test_a_title_is_found_in_a_collection_by_any_of_its_names(
    title: str, year: int | None, holds: bool
) -> None:
    assert MOVIES.holds(title, year) is holds


def test_the_year_that_tells_series_apart_is_no_part_of_their_title() -> None:
    assert SERIES.holds("Battlestar Galactica", 2003)
    assert not SERIES.holds("Battlestar Galactica", 1978)


@pytest.mark.parametrize(
    ("name", "confidence"),
    [
        pytest.param("Heat (1995)", 100, id="title-and-year"),
        pytest.param("Heat", 70, id="film-without-year"),
        pytest.param("Heat 1995", 85, id="year-may-be-title"),
        pytest.param("The Wire S01E02", 100, id="episode"),
        pytest.param("#### FILMS ####", 0, id="heading"),
    ],
)
def test_the_confidence_says_how_much_of_a_name_is_guessed(name: str, confidence: int) -> None:
    assert reading_confidence(parse_name(name)) == confidence

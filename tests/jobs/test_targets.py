"""What one file is for the arr, and the name it gets."""

from __future__ import annotations

from datetime import date

import pytest

from stalkeer.arr.base import ImportTarget
from stalkeer.core.items import Service, Wanted
from stalkeer.core.reasons import WhyNot
from stalkeer.core.states import ItemState
from stalkeer.db.items import Item
from stalkeer.jobs.targets import file_name, import_target
from tests.builders import NOW, episode, movie


def item(wanted: Wanted) -> Item:
    return Item(
        id=100 + wanted.arr_id,
        instance="any",
        service=Service.RADARR,
        wanted=wanted,
        state=ItemState.WAITING,
        reason="",
        reason_code=WhyNot.WAITING_CONNECTION,
        added_at=None,
        searched_at=None,
        moved_at=NOW,
        failures=0,
        updated_at=NOW,
    )


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        pytest.param([movie(5)], ImportTarget(movie_id=5), id="movie"),
        pytest.param([episode(8)], ImportTarget(series_id=7, episode_ids=(8,)), id="one-episode"),
        pytest.param(
            [episode(8), episode(9, number=2)],
            ImportTarget(series_id=7, episode_ids=(8, 9)),
            id="two-episodes",
        ),
    ],
)
def test_a_file_is_for_the_ids_of_the_arr(wanted: list[Wanted], target: ImportTarget) -> None:
    assert import_target([item(one) for one in wanted]) == target


@pytest.mark.parametrize(
    ("wanted", "resolution", "name"),
    [
        pytest.param(
            [movie()], "1080p", "Heat (1995)/Heat (1995) WEBDL-1080p.mkv", id="movie-with-quality"
        ),
        pytest.param([movie(year=0)], None, "Heat/Heat.mkv", id="movie-without-year"),
        pytest.param(
            [episode()], None, "The Wire/Season 01/The Wire - S01E01.mkv", id="one-episode"
        ),
        pytest.param(
            [episode(9, number=2), episode(8)],
            "720p",
            "The Wire/Season 01/The Wire - S01E01-E02 WEBDL-720p.mkv",
            id="two-episodes-in-any-order",
        ),
        pytest.param(
            [episode(season=0)], None, "The Wire/Specials/The Wire - S00E01.mkv", id="special"
        ),
        pytest.param(
            [episode(series_type="daily", air_date=date(2024, 1, 26))],
            None,
            "The Wire/Season 01/The Wire - 2024-01-26.mkv",
            id="daily",
        ),
        pytest.param(
            [episode(series_type=None)],
            None,
            "The Wire/Season 01/The Wire - S01E01.mkv",
            id="type-unknown",
        ),
    ],
)
def test_a_file_is_named_by_what_the_arr_calls_it(
    wanted: list[Wanted], resolution: str | None, name: str
) -> None:
    items = [item(one) for one in wanted]

    assert file_name(items, resolution=resolution, extension="mkv") == name

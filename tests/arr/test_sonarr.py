from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from stalkeer.arr.base import ImportTarget
from stalkeer.core.items import Episode, Season, Series
from tests.arr.replay import CONTRACT, Replay, recorded, said, sonarr

LIBRARY = recorded("sonarr/series-list.json")
PAGES = [recorded("sonarr/wanted-missing.page1.json"), recorded("sonarr/wanted-missing.page2.json")]
FILE_OF_1001 = {"id": 501, "path": "/tv/The Beverly Hillbillies/Season 1/101.mkv"}

HILLBILLIES = Series(
    id=7,
    title="The Beverly Hillbillies",
    year=1962,
    alternate_titles=("Beverly Hillbillies", "Les Nouveaux Riches de Beverly"),
    tvdb_id=9000101,
    tmdb_id=9000103,
    imdb_id="tt0055662",
    poster_urls=("https://images.example.invalid/original/7-poster.jpg",),
    seasons=(Season(0, 2, monitored=False), Season(1, 4), Season(2, 2)),
    runtime_minutes=30,
    path="/tv/The Beverly Hillbillies",
    added=datetime(2026, 1, 10, 8, tzinfo=UTC),
    quality_profile_id=1,
    tags=frozenset({1}),
)


def _json(file: str) -> Any:
    return json.loads((CONTRACT / "api/sonarr" / file).read_text())


def _page(*records: object) -> httpx.Response:
    return said({"pageSize": 1000, "totalRecords": len(records), "records": records})


def test_a_series_is_read_with_the_size_of_every_season() -> None:
    client = sonarr(Replay({"GET series/7": recorded("sonarr/series-7.json")}))

    assert client.one_series(7) == HILLBILLIES


def test_a_series_that_sonarr_does_not_have_is_none() -> None:
    assert sonarr(Replay({})).one_series(99999) is None


def test_the_library_is_asked_for_once_and_again_when_forgotten() -> None:
    replay = Replay({"GET series": LIBRARY})
    client = sonarr(replay)

    assert {series.id for series in client.series()} == {7, 8, 10}
    client.series()
    client.forget_library()
    client.series()

    assert replay.asked == ["GET series", "GET series"]


def test_episodes_are_read_with_their_dates_numbers_and_files() -> None:
    replay = Replay(
        {
            "GET episode": recorded("sonarr/episode-list.json"),
            "GET episodefile": said([FILE_OF_1001]),
        }
    )

    episodes = {episode.id: episode for episode in sonarr(replay).episodes(7)}

    assert episodes[1001].has_file
    assert episodes[1001].file_path == FILE_OF_1001["path"]
    assert episodes[1002] == Episode(
        id=1002,
        series_id=7,
        season=1,
        number=2,
        title="Getting Settled",
        absolute_number=2,
        air_date=date(1962, 10, 3),
        aired_at=datetime(1962, 10, 4, 0, 30, tzinfo=UTC),
        runtime_minutes=30,
    )
    assert (episodes[1006].air_date, episodes[1006].aired_at) == (None, None)
    assert episodes[1090].season == 0
    assert [str(r.url.params) for r in replay.requests] == ["seriesId=7", "seriesId=7"]


def test_the_scene_numbers_of_an_anime_are_kept() -> None:
    replay = Replay({"GET episode": recorded("sonarr/episode-list.anime.json")})

    thirteen = sonarr(replay).episodes(10)[-1]

    assert (thirteen.season, thirteen.number, thirteen.absolute_number) == (2, 1, 13)
    assert (thirteen.scene_season, thirteen.scene_number) == (1, 13)
    assert thirteen.scene_absolute_number == 13
    assert replay.asked == ["GET episode"]


def test_a_series_just_added_has_no_episodes_yet() -> None:
    replay = Replay({"GET episode": recorded("sonarr/episode-list.just-added.json")})

    assert sonarr(replay).episodes(7) == ()


def test_episodes_are_asked_for_by_several_ids_at_once() -> None:
    replay = Replay(
        {
            "GET episode": said(_json("episode-list.json")[2:4]),
            "GET episodefile": said([FILE_OF_1001]),
        }
    )

    episodes = sonarr(replay).episodes_by_ids([1001, 1002])

    assert [episode.id for episode in episodes] == [1001, 1002]
    assert [str(r.url.params) for r in replay.requests] == [
        "episodeIds=1001&episodeIds=1002",
        "episodeFileIds=501",
    ]


def test_no_ids_are_no_question() -> None:
    replay = Replay({})

    assert sonarr(replay).episodes_by_ids([]) == ()
    assert replay.asked == []


def test_missing_episodes_come_from_all_pages_with_the_series_of_the_library() -> None:
    replay = Replay({"GET series": LIBRARY, "GET wanted/missing": PAGES})

    missing = {episode.id: (series, episode) for series, episode in sonarr(replay).missing()}

    assert missing.keys() == {1002, 1003, 3001}
    assert missing[1002][0] == HILLBILLIES
    assert missing[1002][1].title == "Getting Settled"
    asked = [r.url.params for r in replay.requests if r.url.path.endswith("missing")]
    assert [page["page"] for page in asked] == ["1", "2"]
    assert all(page["includeSeries"] == page["monitored"] == "true" for page in asked)


def test_what_changed_in_a_series_since_the_library_was_read_counts() -> None:
    record = _json("wanted-missing.page1.json")["records"][0]
    record["series"]["path"] = "/tv2/The Beverly Hillbillies"
    record["series"]["seasons"][1]["monitored"] = False
    record["series"]["seasons"].append({"seasonNumber": 3, "monitored": True})
    replay = Replay({"GET series": LIBRARY, "GET wanted/missing": _page(record)})

    ((series, episode),) = sonarr(replay).missing()

    seasons = (*HILLBILLIES.seasons[:1], Season(1, 4, monitored=False), Season(2, 2), Season(3, 0))
    assert series == replace(HILLBILLIES, path="/tv2/The Beverly Hillbillies", seasons=seasons)
    assert episode.monitored


def test_a_row_without_its_series_takes_the_one_of_the_library() -> None:
    record = _json("wanted-missing.page1.json")["records"][0]
    del record["series"]
    replay = Replay({"GET series": LIBRARY, "GET wanted/missing": _page(record)})

    assert [series for series, _ in sonarr(replay).missing()] == [HILLBILLIES]


def test_an_episode_whose_series_was_just_deleted_is_left_out() -> None:
    replay = Replay({"GET series": said([]), "GET wanted/missing": PAGES[0]})

    assert sonarr(replay).missing() == ()
    assert replay.asked.count("GET series/7") == 1


@pytest.mark.parametrize("fields", [{"monitored": False}, {"hasFile": True}])
def test_a_row_that_is_not_wanted_is_left_out_though_it_is_listed(
    fields: dict[str, object],
) -> None:
    record = _json("wanted-missing.page1.json")["records"][0] | fields
    replay = Replay({"GET series": LIBRARY, "GET wanted/missing": _page(record)})

    assert sonarr(replay).missing() == ()


@pytest.mark.parametrize(
    ("episode_ids", "path"),
    [
        pytest.param((1001,), FILE_OF_1001["path"], id="has-file"),
        pytest.param((1002,), None, id="none"),
        pytest.param((1001, 1002), None, id="one-of-two"),
        pytest.param((1001, 5555), None, id="one-is-gone"),
        pytest.param((), None, id="no-episodes"),
    ],
)
def test_a_file_counts_as_imported_when_every_episode_of_it_has_one(
    episode_ids: tuple[int, ...], path: str | None
) -> None:
    known = [row for row in _json("episode-list.json") if row["id"] in episode_ids]
    replay = Replay({"GET episode": said(known), "GET episodefile": said([FILE_OF_1001])})

    target = ImportTarget(series_id=7, episode_ids=episode_ids)

    assert sonarr(replay).imported_file(target) == path


def test_the_file_of_several_episodes_is_that_of_the_first() -> None:
    rows = [row | {"hasFile": True, "episodeFileId": 501} for row in _json("episode-list.json")]
    replay = Replay({"GET episode": said(rows), "GET episodefile": said([FILE_OF_1001])})

    target = ImportTarget(series_id=7, episode_ids=(1002, 1003))

    assert sonarr(replay).imported_file(target) == FILE_OF_1001["path"]

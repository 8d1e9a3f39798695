"""Quality profiles, and the files that fall short of theirs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stalkeer.arr.base import ImportTarget
from stalkeer.arr.profiles import quality_profile
from stalkeer.arr.shapes import ProfileAnswer
from stalkeer.core.quality import QualityProfile
from tests.arr.replay import CONTRACT, Replay, radarr, recorded, said, sonarr


def line(name: str, height: int, number: int, *, allowed: bool = True, **more: Any) -> Any:
    quality = {
        "id": number,
        "name": name,
        "source": more.pop("source", "web"),
        "resolution": height,
    }
    return {"quality": quality, "items": [], "allowed": allowed, **more}


def group(number: int, *lines: Any, allowed: bool = True) -> Any:
    return {"id": number, "name": "a group", "items": list(lines), "allowed": allowed}


def profile(*items: Any, cutoff: int, upgrade_allowed: bool = True) -> QualityProfile:
    fields = {"id": 4, "name": "HD", "cutoff": cutoff, "upgradeAllowed": upgrade_allowed}
    return quality_profile(ProfileAnswer.model_validate({**fields, "items": items}))


@pytest.mark.parametrize("product", ["radarr", "sonarr"])
def test_a_recorded_profile_accepts_its_resolutions_from_worst_to_best(product: str) -> None:
    client = (radarr if product == "radarr" else sonarr)(
        Replay({"GET qualityprofile": recorded(f"{product}/qualityprofile.json")})
    )

    (found,) = client.quality_profiles().values()

    assert found.resolutions == ("720p", "1080p")
    assert not found.upgrade_allowed


@pytest.mark.parametrize(
    ("items", "cutoff", "resolutions", "stops_at"),
    [
        pytest.param(
            [line("WEBDL-720p", 720, 5), line("WEBDL-1080p", 1080, 3)],
            3,
            ("720p", "1080p"),
            "1080p",
            id="qualities",
        ),
        pytest.param(
            [line("HDTV-720p", 720, 4), group(1002, line("W", 1080, 3), line("B", 1080, 7))],
            1002,
            ("720p", "1080p"),
            "1080p",
            id="group-as-cutoff",
        ),
        pytest.param(
            [line("DVD", 0, 2, source="dvd"), line("Unknown", 0, 0), line("CAM", 0, 25)],
            2,
            ("480p",),
            "480p",
            id="dvds-are-480-and-the-unknown-is-nothing",
        ),
        pytest.param(
            [line("WEBDL-2160p", 2160, 18), line("WEBDL-1080p", 1080, 3)],
            3,
            ("2160p", "1080p"),
            "1080p",
            id="in-the-order-of-the-person",
        ),
        pytest.param(
            [line("WEBDL-720p", 720, 5, allowed=False), line("WEBDL-1080p", 1080, 3)],
            99,
            ("1080p",),
            None,
            id="cutoff-that-is-not-there",
        ),
    ],
)
def test_a_profile_is_read_as_resolutions_and_a_cutoff(
    items: list[Any], cutoff: int, resolutions: tuple[str, ...], stops_at: str | None
) -> None:
    found = profile(*items, cutoff=cutoff)

    assert (found.resolutions, found.cutoff) == (resolutions, stops_at)


def test_profiles_are_asked_for_once_and_again_when_the_library_is_forgotten() -> None:
    replay = Replay({"GET qualityprofile": recorded("radarr/qualityprofile.json")})
    client = radarr(replay)

    client.quality_profiles()
    client.quality_profiles()
    client.forget_library()
    client.quality_profiles()

    assert replay.asked == ["GET qualityprofile"] * 2


def test_a_movie_that_falls_short_comes_with_its_file_and_its_titles() -> None:
    row = json.loads((CONTRACT / "api/radarr/movie-13.has-file.json").read_text())
    bare = {key: value for key, value in row.items() if key != "movieFile"}
    page = {"page": 1, "pageSize": 1000, "totalRecords": 2, "records": [row, bare | {"id": 14}]}
    replay = Replay({"GET wanted/cutoff": said(page), "GET movie": said([row])})

    (movie,) = radarr(replay).cutoff_unmet()

    assert (movie.id, movie.file_resolution, movie.has_file) == (13, "1080p", True)
    assert movie.file_id == row["movieFile"]["id"]


def test_an_episode_that_falls_short_comes_with_its_file_and_its_series() -> None:
    series = json.loads((CONTRACT / "api/sonarr/series-list.json").read_text())[0]
    quality = {"quality": {"id": 5, "name": "WEBDL-720p", "source": "web", "resolution": 720}}
    row = {"id": 1, "seriesId": series["id"], "seasonNumber": 1, "episodeNumber": 2}
    row |= {"monitored": True, "hasFile": True, "episodeFileId": 9, "series": series}
    row |= {"episodeFile": {"id": 9, "path": "/tv/a.mkv", "quality": quality}}
    page = {"page": 1, "pageSize": 1000, "totalRecords": 1, "records": [row]}
    replay = Replay({"GET wanted/cutoff": said(page), "GET series": said([series])})

    ((found, episode),) = sonarr(replay).cutoff_unmet()

    assert found.title == series["title"]
    assert (episode.file_id, episode.file_resolution) == (9, "720p")
    assert "includeEpisodeFile=true" in str(replay.requests[0].url)


def test_a_file_that_is_to_be_replaced_is_not_the_imported_one() -> None:
    client = radarr(Replay({"GET movie/13": recorded("radarr/movie-13.has-file.json")}))
    movie = client.movie(13)
    assert movie is not None
    assert movie.file_id is not None

    replaces = frozenset({movie.file_id})

    assert client.imported_file(ImportTarget(movie_id=13, replaces=replaces)) is None
    assert client.imported_file(ImportTarget(movie_id=13)) == movie.file_path


def test_pictures_of_season_and_episode_are_read_and_guessed_scene_numbers_are_not() -> None:
    still = {"coverType": "screenshot", "remoteUrl": "https://artworks.thetvdb.com/e/1.jpg"}
    poster = {"coverType": "poster", "remoteUrl": "https://artworks.thetvdb.com/s/1.jpg"}
    season = {"seasonNumber": 1, "monitored": True, "images": [poster]}
    series = {"id": 3, "title": "Dark", "seasons": [season]}
    row = {"id": 1, "seriesId": 3, "seasonNumber": 1, "episodeNumber": 2, "images": [still]}
    row |= {"sceneSeasonNumber": 1, "sceneEpisodeNumber": 3, "unverifiedSceneNumbering": True}
    client = sonarr(Replay({"GET series/3": said(series), "GET episode": said([row])}))

    found, (episode,) = client.one_series(3), client.episodes(3)

    assert found is not None
    assert found.seasons[0].poster_urls == ("https://artworks.thetvdb.com/s/1.jpg",)
    assert episode.picture_urls == ("https://artworks.thetvdb.com/e/1.jpg",)
    assert (episode.scene_season, episode.scene_number) == (None, None)

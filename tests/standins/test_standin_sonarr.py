"""Sonarr: series with their episodes, from the add to the import."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.standins.asking import ENGLISH, NOW, WEBDL_1080P, get, post, request, run, write
from tests.standins.receiver import Received, Receiver
from tests.standins.sonarr import Sonarr, season
from tests.standins.sonarr_shapes import NewEpisode


def test_a_series_is_announced_after_its_episodes_are_there(
    sonarr: Sonarr, receiver: Receiver
) -> None:
    seen: list[tuple[int, int]] = []

    def look(_: Received) -> None:
        episodes = get(sonarr, "episode", seriesId=12)
        seen.append((len(episodes), sum(episode["hasFile"] for episode in episodes)))

    receiver.ask = look
    sonarr.connect.add(receiver.url)
    sonarr.commands.hold()
    write(sonarr.root / "The Wire" / "Season 1" / "The Wire - S01E01.mkv")

    wire = sonarr.add_series("The Wire", 2002, episodes=season(1, 3))
    before = (get(sonarr, "episode", seriesId=wire), get(sonarr, f"series/{wire}"))
    sonarr.commands.release()
    sonarr.settle()

    assert (before[0], "addOptions" in before[1]) == ([], True)
    assert (receiver.events(), seen) == (["SeriesAdd"], [(3, 1)])
    assert "addOptions" not in get(sonarr, f"series/{wire}")


def test_a_series_whose_refresh_fails_is_announced_without_episodes(
    sonarr: Sonarr, receiver: Receiver
) -> None:
    sonarr.connect.add(receiver.url)

    sonarr.add_series("The Wire", 2002, episodes=season(1, 3), refresh_fails=True)
    sonarr.settle()

    assert receiver.events() == ["SeriesAdd"]
    assert get(sonarr, "episode", seriesId=12) == []


def test_a_series_added_without_options_is_not_announced(
    sonarr: Sonarr, receiver: Receiver
) -> None:
    sonarr.connect.add(receiver.url)

    sonarr.add_series("The Wire", 2002, episodes=season(1, 3), with_options=False)
    sonarr.settle()

    assert receiver.events() == []
    assert len(get(sonarr, "episode", seriesId=12)) == 3


def test_a_double_episode_is_one_file_of_two_episodes(
    sonarr: Sonarr, downloads: Path, receiver: Receiver
) -> None:
    sonarr.connect.add(receiver.url)
    wire = sonarr.seed_series("The Wire", 2002, episodes=season(1, 3))
    ids = [sonarr.episode_id(wire, 1, number) for number in (1, 2)]
    write(downloads / "The Wire - S01E01-E02.mkv")

    [item] = get(sonarr, "manualimport", folder="/downloads")
    file = {"path": item["path"], "seriesId": wire, "episodeIds": ids}
    file |= {"quality": item["quality"], "languages": item["languages"]}
    run(sonarr, "ManualImport", files=[file], importMode="move")

    assert (item["releaseType"], [e["id"] for e in item["episodes"]]) == ("multiEpisode", ids)
    library_path = "/tv/The Wire/Season 1/The Wire - S01E01-E02.mkv"
    assert list(sonarr.library_files()) == [library_path]
    files = {e["episodeFileId"] for e in get(sonarr, "episode", seriesId=wire)}
    assert len(files - {0}) == 1
    assert [sonarr.count_imports(number) for number in ids] == [1, 1]
    assert [e["id"] for e in receiver.received[0].body["episodes"]] == ids
    [shown] = get(sonarr, "episodefile", seriesId=wire)
    assert (shown["path"], shown["releaseType"]) == (library_path, "multiEpisode")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        pytest.param("The Wire - S02E01.mkv", "Season 2", id="numbers"),
        pytest.param("The Wire - S00E01.mkv", "Specials", id="special"),
        pytest.param("The Wire - 2001-01-07.mkv", "Season 2", id="day"),
    ],
)
def test_a_scan_brings_an_episode_into_the_folder_of_its_season(
    sonarr: Sonarr, downloads: Path, name: str, place: str
) -> None:
    special = NewEpisode(0, 1, aired_at=datetime(2003, 1, 1, tzinfo=UTC))
    sonarr.seed_series("The Wire", 2002, episodes=(special, *season(2, 2)))
    write(downloads / name)

    command = run(sonarr, "DownloadedEpisodesScan", path=f"/downloads/{name}")

    assert command["result"] == "successful"
    assert list(sonarr.library_files()) == [f"/tv/The Wire/{place}/{name}"]


@pytest.mark.parametrize("name", ["The Wire - S09E09.mkv", "Other - S01E01.mkv", "The Wire.mkv"])
def test_a_scan_of_an_unknown_episode_imports_nothing(
    sonarr: Sonarr, downloads: Path, name: str
) -> None:
    sonarr.seed_series("The Wire", 2002, episodes=season(1, 2))
    write(downloads / name)

    command = run(sonarr, "DownloadedEpisodesScan", path=f"/downloads/{name}")

    assert (command["status"], command["result"]) == ("completed", "unsuccessful")


def test_manualimport_of_sonarr_crashes_without_languages(sonarr: Sonarr, downloads: Path) -> None:
    sonarr.seed_series("The Wire", 2002, episodes=season(1, 2))
    write(downloads / "x.mkv")
    item = {"path": "/downloads/x.mkv", "seriesId": 12, "episodeIds": [1001], "languages": None}

    assert request(sonarr, "POST", "/api/v3/manualimport", json=[item]).status_code == 500


def test_specials_are_never_samples(sonarr: Sonarr, downloads: Path) -> None:
    sonarr.seed_series("The Wire", 2002, episodes=(NewEpisode(0, 1), NewEpisode(1, 1)))
    for name in ("The Wire - S00E01.mkv", "The Wire - S01E01.mkv"):
        write(downloads / name)
        sonarr.judge.tell_runtime(name, 60)

    special, episode = get(sonarr, "manualimport", folder="/downloads")

    assert (special["rejections"], episode["rejections"][0]["reason"]) == ([], "Sample")


def test_sonarr_lists_only_episodes_that_have_aired_and_are_wanted(sonarr: Sonarr) -> None:
    just_over, running = NOW.replace(hour=9, minute=50), NOW.replace(hour=10)
    episodes = (
        NewEpisode(1, 1, "aired"),
        NewEpisode(1, 2, "just over", aired_at=just_over),
        NewEpisode(1, 3, "running", aired_at=running),
        NewEpisode(1, 4, "no date", aired_at=None),
        NewEpisode(1, 5, "ignored", monitored=False),
    )
    sonarr.seed_series("The Wire", 2002, episodes=episodes)
    sonarr.seed_series("Asleep", 2003, episodes=season(1, 1), monitored=False)

    wanted, unwanted = (
        {r["title"] for r in get(sonarr, "wanted/missing", monitored=value)["records"]}
        for value in ("true", "false")
    )

    assert wanted == {"aired", "just over"}
    assert unwanted == {"ignored", "Episode 1"}


def test_an_episode_that_airs_becomes_missing_without_an_event(
    sonarr: Sonarr, receiver: Receiver
) -> None:
    sonarr.connect.add(receiver.url)
    wire = sonarr.seed_series("The Wire", 2002)
    episode = sonarr.announce_episode(wire, NewEpisode(1, 1, aired_at=None))
    before = get(sonarr, "wanted/missing")["totalRecords"]

    sonarr.edit_episode(episode, aired_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert (before, get(sonarr, "wanted/missing")["totalRecords"]) == (0, 1)
    assert receiver.events() == []


def test_episodes_are_asked_by_series_by_ids_or_not_at_all(sonarr: Sonarr) -> None:
    sonarr.seed_series("The Wire", 2002, episodes=(*season(1, 2), *season(2, 2)))

    by_season = get(sonarr, "episode", seriesId=12, seasonNumber=2)
    by_ids = get(sonarr, "episode", episodeIds=[1001, 1003])
    nothing = request(sonarr, "GET", "/api/v3/episode")

    assert [e["id"] for e in by_season] == [1003, 1004]
    assert [e["id"] for e in by_ids] == [1001, 1003]
    assert (nothing.status_code, set(nothing.json())) == (400, {"message", "content"})


@pytest.mark.parametrize(
    ("change", "exception"),
    [
        pytest.param({"seriesId": 99}, "ModelNotFoundException", id="no-series"),
        pytest.param({"episodeIds": []}, "InvalidOperationException", id="no-episodes"),
        pytest.param({"quality": None}, "NullReferenceException", id="no-quality"),
    ],
)
def test_a_manual_import_that_names_no_episode_fails(
    sonarr: Sonarr, downloads: Path, change: dict[str, Any], exception: str
) -> None:
    sonarr.seed_series("The Wire", 2002, episodes=season(1, 2))
    write(downloads / "x.mkv")
    file = {"path": "/downloads/x.mkv", "seriesId": 12, "episodeIds": [1001]}
    file |= {"quality": WEBDL_1080P, "languages": ENGLISH, **change}

    command = run(sonarr, "ManualImport", files=[file])

    assert (command["status"], sonarr.library_files()) == ("failed", {})
    assert exception in command["exception"]


def test_any_file_name_is_imported_when_the_episode_is_named(
    sonarr: Sonarr, downloads: Path
) -> None:
    wire = sonarr.seed_series("The Wire", 2002, episodes=season(1, 2))
    write(downloads / "x.mkv")
    item = {"path": "/downloads/x.mkv", "seriesId": wire, "episodeIds": [1002]}
    item |= {"languages": [{"id": 0, "name": "Unknown"}]}

    [verdict] = post(sonarr, "manualimport", [item])
    file = {**item, "quality": verdict["quality"], "languages": verdict["languages"]}
    run(sonarr, "ManualImport", files=[file], importMode="move")

    assert (verdict["rejections"], verdict["releaseType"]) == ([], "singleEpisode")
    assert sonarr.episode_file(1002) == sonarr.series_folder(wire) / "Season 1" / "x.mkv"


def test_a_rescan_notices_that_an_episode_is_gone(sonarr: Sonarr, receiver: Receiver) -> None:
    sonarr.connect.add(receiver.url)
    file = write(sonarr.root / "The Wire" / "Season 1" / "The Wire - S01E01-E02.mkv")
    wire = sonarr.seed_series("The Wire", 2002, episodes=season(1, 3))
    own = get(sonarr, "manualimport", folder="/downloads", seriesId=wire)

    file.unlink()
    run(sonarr, "RescanSeries", seriesId=wire)

    assert [item["seasonNumber"] for item in own] == [1]
    assert receiver.events() == ["EpisodeFileDelete"]
    assert [e["id"] for e in receiver.received[0].body["episodes"]] == [1001, 1002]
    assert get(sonarr, "wanted/missing")["totalRecords"] == 3


def test_a_series_that_is_no_longer_monitored_misses_nothing(sonarr: Sonarr) -> None:
    wire = sonarr.seed_series("The Wire", 2002, episodes=season(1, 3))

    sonarr.edit_series(wire, monitored=False)

    assert get(sonarr, "wanted/missing")["totalRecords"] == 0
    assert get(sonarr, "wanted/missing", monitored="false")["totalRecords"] == 3

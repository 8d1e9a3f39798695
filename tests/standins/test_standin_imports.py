"""Radarr: how a file gets into the library, and why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.standins.asking import (
    ENGLISH,
    WEBDL_1080P,
    get,
    post,
    request,
    run,
    write,
)
from tests.standins.names import read_movie, read_quality
from tests.standins.radarr import Radarr
from tests.standins.receiver import Receiver

UNKNOWN_QUALITY = {"quality": {"id": 0, "name": "Unknown"}, "revision": {"version": 1}}


def movie_to_import(radarr: Radarr, downloads: Path) -> dict[str, Any]:
    movie = radarr.seed_movie("Heat", 1995, runtime=170)
    write(downloads / "Heat (1995)" / "Heat (1995).mkv")
    path = "/downloads/Heat (1995)/Heat (1995).mkv"
    return {"path": path, "movieId": movie, "quality": WEBDL_1080P, "languages": ENGLISH}


def test_a_manual_import_moves_the_file_and_tells_of_it(
    radarr: Radarr, downloads: Path, receiver: Receiver
) -> None:
    radarr.connect.add(receiver.url)
    file = movie_to_import(radarr, downloads)

    command = run(radarr, "ManualImport", files=[file], importMode="move")
    movie = get(radarr, f"movie/{file['movieId']}")

    assert (command["status"], command["result"]) == ("completed", "successful")
    assert not (downloads / "Heat (1995)" / "Heat (1995).mkv").exists()
    library_path = "/movies/Heat (1995)/Heat (1995).mkv"
    assert list(radarr.library_files()) == [library_path]
    assert (movie["hasFile"], movie["movieFile"]["path"]) == (True, library_path)
    assert receiver.events() == ["Download"]
    assert receiver.received[0].body["movieFile"]["sourcePath"] == file["path"]
    [record] = get(radarr, "history/movie", movieId=file["movieId"])
    assert record["data"]["droppedPath"] == file["path"]
    assert record["data"]["importedPath"] == library_path
    assert radarr.count_imports(file["movieId"]) == 1


def test_a_copying_import_leaves_the_file_where_it_was(radarr: Radarr, downloads: Path) -> None:
    file = movie_to_import(radarr, downloads)

    run(radarr, "ManualImport", files=[file], importMode="copy")

    assert (downloads / "Heat (1995)" / "Heat (1995).mkv").exists()
    assert len(radarr.library_files()) == 1


def test_an_import_over_a_file_replaces_it_and_says_upgrade(
    radarr: Radarr, downloads: Path, receiver: Receiver
) -> None:
    write(radarr.root / "Heat (1995)" / "Heat.avi")
    radarr.connect.add(receiver.url)
    file = movie_to_import(radarr, downloads)

    run(radarr, "ManualImport", files=[file], importMode="move")

    assert list(radarr.library_files()) == ["/movies/Heat (1995)/Heat (1995).mkv"]
    deleted, body = (received.body for received in receiver.received)
    assert (deleted["eventType"], deleted["deleteReason"]) == ("MovieFileDelete", "upgrade")
    assert (body["isUpgrade"], body["deletedFiles"][0]["quality"]) == (True, "SDTV")


@pytest.mark.parametrize(
    ("change", "exception"),
    [
        pytest.param({"quality": None}, "NullReferenceException", id="no-quality"),
        pytest.param({"languages": None}, "NullReferenceException", id="no-languages"),
        pytest.param({"path": None}, "ArgumentNullException", id="no-path"),
        pytest.param({"path": "/downloads/x.mkv"}, "FileNotFoundException", id="no-file"),
        pytest.param({"path": "/mnt/x.mkv"}, "FileNotFoundException", id="not-mounted"),
        pytest.param({"movieId": 99}, "ModelNotFoundException", id="no-movie"),
    ],
)
def test_a_manual_import_that_lacks_something_fails(
    radarr: Radarr, downloads: Path, change: dict[str, Any], exception: str
) -> None:
    file = {**movie_to_import(radarr, downloads), **change}

    command = run(radarr, "ManualImport", files=[file], importMode="move")

    assert (command["status"], command["result"]) == ("failed", "unknown")
    assert exception in command["exception"]
    assert radarr.library_files() == {}


def test_a_lost_import_looks_like_a_successful_one(radarr: Radarr, downloads: Path) -> None:
    file = movie_to_import(radarr, downloads)
    radarr.judge.lose_imports()

    command = run(radarr, "ManualImport", files=[file], importMode="move")

    assert (command["status"], command["result"]) == ("completed", "successful")
    assert radarr.movie_file(file["movieId"]) is None


def test_a_command_can_be_made_to_fail(radarr: Radarr) -> None:
    radarr.commands.fail_next("System.IO.IOException: disk full", name="RefreshMovie")

    first, second = (run(radarr, "RefreshMovie", movieIds=[number]) for number in (1, 2))

    assert (first["status"], first["exception"]) == ("failed", "System.IO.IOException: disk full")
    assert second["status"] == "completed"


@pytest.mark.parametrize(
    ("folder", "result"),
    [
        pytest.param("Heat (1995)", "successful", id="title-and-year"),
        pytest.param("Feuer 1995", "successful", id="other-title"),
        pytest.param("Heat (1996)", "unsuccessful", id="wrong-year"),
        pytest.param("Hunger (1995)", "unsuccessful", id="unknown"),
        pytest.param("Blade Runner 2049 (2017)", "unsuccessful", id="number-in-title"),
    ],
)
def test_a_scan_imports_only_what_its_folder_name_says(
    radarr: Radarr, downloads: Path, folder: str, result: str
) -> None:
    radarr.seed_movie("Heat", 1995, alternate_titles=("Feuer",))
    radarr.seed_movie("Blade Runner 2049", 2017)
    write(downloads / folder / "video.mkv")

    command = run(radarr, "DownloadedMoviesScan", path=f"/downloads/{folder}")

    assert (command["status"], command["result"]) == ("completed", result)
    assert (downloads / folder).exists() == (result == "unsuccessful")
    assert len(radarr.library_files()) == (result == "successful")


@pytest.mark.parametrize("path", ["/not/mounted/Heat (1995)", "/movies/Heat (1995)"])
def test_a_scan_of_a_folder_it_may_not_take_from_imports_nothing(radarr: Radarr, path: str) -> None:
    radarr.seed_movie("Heat", 1995)
    write(radarr.root / "Heat (1995)" / "Heat.mkv")

    command = run(radarr, "DownloadedMoviesScan", path=path)

    assert (command["status"], command["result"]) == ("completed", "unsuccessful")
    assert command["message"] == "Failed to import"


def test_a_scan_without_a_path_fails(radarr: Radarr) -> None:
    command = run(radarr, "DownloadedMoviesScan", path="")

    assert (command["status"], command["message"]) == ("failed", "Failed")


def test_a_rescan_finds_a_file_and_notices_when_it_is_gone(
    radarr: Radarr, receiver: Receiver
) -> None:
    radarr.connect.add(receiver.url)
    heat = radarr.seed_movie("Heat", 1995)
    file = write(radarr.movie_folder(heat) / "Heat.mkv")

    run(radarr, "RescanMovie", movieId=heat)
    found = radarr.movie_file(heat)
    file.unlink()
    run(radarr, "RescanMovie", movieId=heat)

    assert (found, radarr.movie_file(heat)) == (file, None)
    assert receiver.events() == ["MovieFileDelete"]
    assert receiver.received[0].body["deleteReason"] == "missingFromDisk"


def test_manualimport_of_a_path_it_cannot_see_is_an_empty_list(radarr: Radarr) -> None:
    assert get(radarr, "manualimport", folder="/not/mounted/Heat (1995)") == []


@pytest.mark.parametrize("folder", ["/downloads", "/downloads/Heat (1995)/Heat (1995).mkv"])
def test_manualimport_takes_a_folder_or_a_file(
    radarr: Radarr, downloads: Path, folder: str
) -> None:
    file = movie_to_import(radarr, downloads)

    [item] = get(radarr, "manualimport", folder=folder)

    assert (item["path"], item["movie"]["id"]) == (file["path"], file["movieId"])
    assert (item["quality"]["quality"]["name"], item["rejections"]) == ("WEBDL-720p", [])
    assert ("folderName" in item) == (folder == "/downloads")


def test_manualimport_with_a_movie_ignores_the_folder(radarr: Radarr, downloads: Path) -> None:
    write(radarr.root / "Heat (1995)" / "Heat.mkv")
    file = movie_to_import(radarr, downloads)

    items = get(radarr, "manualimport", folder="/downloads", movieId=file["movieId"])

    assert [item["path"] for item in items] == ["/movies/Heat (1995)/Heat.mkv"]


def reasons(radarr: Radarr, item: dict[str, Any]) -> list[str]:
    [answer] = post(radarr, "manualimport", [item])
    return [rejection["reason"] for rejection in answer["rejections"]]


def test_manualimport_says_why_not(radarr: Radarr, downloads: Path) -> None:
    file = movie_to_import(radarr, downloads)
    write(downloads / "Nobody Knows (2004).mkv")

    unknown = get(radarr, "manualimport", folder="/downloads/Nobody Knows (2004).mkv")[0]
    accepted = reasons(radarr, file)
    radarr.judge.tell_runtime("Heat (1995).mkv", 599)
    sample = reasons(radarr, file)
    radarr.judge.tell_runtime("Heat (1995).mkv", 10_000)
    radarr.judge.free_space = 1000
    full = reasons(radarr, file)
    radarr.judge.refuse("Locked file, try again later")

    assert unknown["rejections"] == [{"reason": "Unknown Movie", "type": "permanent"}]
    assert (accepted, sample, full) == ([], ["Sample"], ["Not enough free space"])
    assert reasons(radarr, file)[0] == "Locked file, try again later"


def test_manualimport_refuses_a_worse_file_than_the_library_has(
    radarr: Radarr, downloads: Path
) -> None:
    write(radarr.root / "Heat (1995)" / "Heat Bluray-1080p.mkv")
    file = movie_to_import(radarr, downloads)

    [reason] = reasons(radarr, file)

    assert reason.startswith("Not an upgrade for existing movie file.")


def test_manualimport_fills_what_is_unknown_and_keeps_what_is_given(
    radarr: Radarr, downloads: Path
) -> None:
    file = movie_to_import(radarr, downloads)
    unknown = {"quality": UNKNOWN_QUALITY, "languages": [{"id": 0, "name": "Unknown"}]}

    [filled] = post(radarr, "manualimport", [{**file, **unknown}])
    [kept] = post(radarr, "manualimport", [file])

    assert (filled["quality"]["quality"]["name"], filled["languages"]) == ("WEBDL-720p", ENGLISH)
    assert kept["quality"] == WEBDL_1080P


@pytest.mark.parametrize(
    ("product", "name", "quality"),
    [
        ("radarr", "Heat (1995).mkv", "WEBDL-720p"),
        ("radarr", "Heat (1995).mp4", "SDTV"),
        ("radarr", "Heat (1995).webm", "Unknown"),
        ("radarr", "Heat (1995) WEBDL-2160p.mkv", "WEBDL-2160p"),
        ("radarr", "Heat.1995.1080p.mkv", "HDTV-1080p"),
        ("sonarr", "The Wire - S01E01.mkv", "HDTV-720p"),
        ("sonarr", "The Wire - S01E01.ts", "HDTV-720p"),
        ("sonarr", "The Wire - S01E01.avi", "SDTV"),
        ("sonarr", "The Wire - S01E01.720p.WEBRip.mkv", "HDTV-720p"),
        ("sonarr", "The Wire - S01E01 WEBRip-720p.mkv", "WEBRip-720p"),
    ],
)
def test_quality_is_read_from_the_tag_else_from_the_extension(
    product: str, name: str, quality: str
) -> None:
    assert read_quality(name, product)["quality"]["name"] == quality


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("1984 (1984)", "1984", 1984),
        ("M (1931)", "M", 1931),
        ("The.General.1926.1080p", "The General", 1926),
        ("Death Race 2000 (1975)", "Death Race", 1975),
        ("Heat", "Heat", None),
    ],
)
def test_a_movie_name_is_read_as_radarr_reads_it(name: str, title: str, year: int | None) -> None:
    read = read_movie(name)

    assert (read.title, read.year) == (title, year)


def test_a_command_is_started_before_it_is_completed(
    radarr: Radarr, downloads: Path, receiver: Receiver
) -> None:
    statuses: list[str] = []
    receiver.ask = lambda _: statuses.append(get(radarr, "command/7001")["status"])
    radarr.connect.add(receiver.url)
    file = movie_to_import(radarr, downloads)
    radarr.commands.hold()

    queued = post(radarr, "command", {"name": "ManualImport", "files": [file]})
    radarr.commands.release()
    radarr.settle()

    assert [queued["status"], *statuses, get(radarr, "command/7001")["status"]] == [
        *("queued", "started", "completed")
    ]


@pytest.mark.parametrize(
    ("events", "heard"),
    [
        pytest.param(["onDownload", "onUpgrade"], ["Download"], id="both"),
        pytest.param(["onDownload"], [], id="no-upgrades"),
        pytest.param(["onUpgrade"], [], id="no-downloads"),
    ],
)
def test_an_upgrade_is_told_only_where_both_switches_are_on(
    radarr: Radarr, downloads: Path, receiver: Receiver, events: list[str], heard: list[str]
) -> None:
    write(radarr.root / "Heat (1995)" / "Heat.avi")
    radarr.connect.add(receiver.url, events=events)
    file = movie_to_import(radarr, downloads)

    run(radarr, "ManualImport", files=[file], importMode="move")

    assert receiver.events() == heard


def test_a_file_that_lies_in_the_movie_folder_is_taken_where_it_is(
    radarr: Radarr, downloads: Path, receiver: Receiver
) -> None:
    file = movie_to_import(radarr, downloads)
    radarr.connect.add(receiver.url)
    write(radarr.movie_folder(file["movieId"]) / "sub" / "Heat.mkv")
    there = {**file, "path": "/movies/Heat (1995)/sub/Heat.mkv"}

    run(radarr, "ManualImport", files=[there], importMode="move")

    movie = get(radarr, f"movie/{file['movieId']}")
    assert movie["movieFile"]["relativePath"] == "sub/Heat.mkv"
    assert (receiver.events(), radarr.count_imports(file["movieId"])) == ([], 0)


def test_a_verdict_on_a_file_it_cannot_see_is_an_internal_error(radarr: Radarr) -> None:
    item = {"path": "/mnt/x.mkv", "movieId": radarr.seed_movie("Heat", 1995)}

    answer = request(radarr, "POST", "/api/v3/manualimport", json=[item])

    assert answer.status_code == 500
    assert answer.json()["message"] == "File doesn't exist: /mnt/x.mkv"


def test_a_scan_fails_when_a_name_without_a_year_fits_two_movies(
    radarr: Radarr, downloads: Path
) -> None:
    radarr.seed_movie("Nosferatu", 1922)
    radarr.seed_movie("Nosferatu", 1979)
    write(downloads / "Nosferatu" / "video.mkv")

    command = run(radarr, "DownloadedMoviesScan", path="/downloads/Nosferatu")

    assert command["status"] == "failed"
    assert "MultipleMoviesFoundException" in command["exception"]

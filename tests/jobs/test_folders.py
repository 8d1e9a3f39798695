"""Whether an arr sees the folder we publish in, asked with a real file and a real stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalkeer.core.pathmap import PathMap
from stalkeer.jobs.folders import (
    LOOK_AGAIN_S,
    SEEN_FOR_S,
    FolderNotSeenError,
    FolderNotWritableError,
    SeenFolders,
)
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr


class Time:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def require(house: House, seen: SeenFolders, *, path_map: PathMap | None = None) -> Path:
    """Ask for the folder of Radarr's finished files, and return it."""
    arr, rules = house.services.instance("radarr")
    names = rules.path_map if path_map is None else path_map
    seen.require(arr, rules.folder, names, setting=rules.setting)
    return rules.folder


def looks(radarr: Radarr) -> int:
    return len(radarr.requests("GET", "/filesystem"))


def test_a_folder_that_the_arr_sees_is_made_and_left_empty(house: House, radarr: Radarr) -> None:
    folder = require(house, SeenFolders())

    assert folder.is_dir()
    assert list(folder.iterdir()) == []


def test_a_folder_that_was_seen_is_not_asked_for_again_within_the_hour(
    house: House, radarr: Radarr
) -> None:
    time = Time()
    seen = SeenFolders(time)
    require(house, seen)
    time.now_s = SEEN_FOR_S - 1
    require(house, seen)
    assert looks(radarr) == 1

    time.now_s = SEEN_FOR_S + 1
    require(house, seen)

    assert looks(radarr) == 2


def test_a_folder_that_the_arr_does_not_see_says_which_line_to_set(
    house: House, radarr: Radarr
) -> None:
    folder = house.services.instances["radarr"].folder

    with pytest.raises(FolderNotSeenError) as caught:
        require(house, SeenFolders(), path_map=PathMap(()))

    assert f"STALKEER_RADARR_PATH_MAP={folder}=>" in str(caught.value)
    assert caught.value.retryable
    assert not caught.value.costs_attempt
    assert caught.value.retry_in_s == LOOK_AGAIN_S
    assert list(folder.iterdir()) == []


def test_a_wrong_name_for_a_folder_is_shown_in_the_message(house: House, radarr: Radarr) -> None:
    wrong = PathMap(((str(house.downloads), "/elsewhere"),))

    with pytest.raises(FolderNotSeenError, match="/elsewhere/radarr"):
        require(house, SeenFolders(), path_map=wrong)


def test_a_folder_that_was_not_seen_is_asked_for_again(house: House, radarr: Radarr) -> None:
    seen = SeenFolders()
    with pytest.raises(FolderNotSeenError):
        require(house, seen, path_map=PathMap(()))

    require(house, seen)

    assert looks(radarr) == 2


def test_a_folder_we_may_not_write_to_is_told_without_asking_the_arr(
    house: House, radarr: Radarr
) -> None:
    house.services.instances["radarr"].folder.write_text("a file stands in its place")

    with pytest.raises(FolderNotWritableError, match="STALKEER_DIRECTORIES_MOVIES") as caught:
        require(house, SeenFolders())

    assert caught.value.retryable
    assert not caught.value.costs_attempt
    assert looks(radarr) == 0

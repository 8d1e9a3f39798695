"""Paths under two names."""

from __future__ import annotations

import pytest

from stalkeer.core.pathmap import PathMap

LINUX = PathMap((("/data", "/downloads"), ("/data/films", "/films")))
WINDOWS = PathMap((("/data/films", "C:\\Films\\"), ("/nas", "\\\\nas\\share")))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param("/data/a.mkv", "/downloads/a.mkv", id="inside"),
        pytest.param("/data/films/a/b.mkv", "/films/a/b.mkv", id="longest-wins"),
        pytest.param("/data", "/downloads", id="the-folder-itself"),
        pytest.param("/database/a.mkv", "/database/a.mkv", id="same-letters-other-folder"),
        pytest.param("/other/a.mkv", "/other/a.mkv", id="outside"),
    ],
)
def test_a_path_is_translated_to_theirs_and_back(ours: str, theirs: str) -> None:
    assert LINUX.theirs(ours) == theirs
    assert LINUX.ours(theirs) == ours


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param("/data/films/a/b.mkv", "C:\\Films\\a\\b.mkv", id="drive"),
        pytest.param("/nas/a.mkv", "\\\\nas\\share\\a.mkv", id="share"),
    ],
)
def test_windows_paths_are_translated_to_theirs_and_back(ours: str, theirs: str) -> None:
    assert WINDOWS.theirs(ours) == theirs
    assert WINDOWS.ours(theirs) == ours


def test_windows_tells_neither_case_nor_the_kind_of_slash() -> None:
    assert WINDOWS.ours("c:/FILMS/a.mkv") == "/data/films/a.mkv"


def test_a_root_is_a_folder_too() -> None:
    everything = PathMap((("/", "/host"),))

    assert everything.theirs("/a.mkv") == "/host/a.mkv"
    assert everything.ours("/host/a.mkv") == "/a.mkv"
    assert everything.ours("/host") == "/"


def test_nothing_set_maps_nothing() -> None:
    assert PathMap().theirs("/a") == "/a"

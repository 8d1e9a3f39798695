"""Matching without a database: what `stalkeer match` says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stalkeer.core.matching import MatchRules
from stalkeer.jobs.offline import match_files, parse_names

PLAYLIST = """#EXTM3U
#EXTINF:-1 group-title="VOD",Dune (1984)
http://tv.example.invalid/movie/u/p/1.mkv
http://tv.example.invalid/movie/u/p/2.mkv
#EXTINF:-1 group-title="VOD",EN - Dune (2021) 4K
http://tv.example.invalid/movie/u/p/3.mkv
#EXTINF:-1 group-title="Series",Dark S01 E02
http://tv.example.invalid/series/u/p/4.mkv
#EXTINF:-1 group-title="Series",Dark S01 E03
http://tv.example.invalid/series/u/p/5.mkv
#EXTINF:-1 group-title="Series",The Daily Show 2024-01-26
http://tv.example.invalid/series/u/p/6.mkv
#EXTINF:-1 group-title="Live",Heat
http://tv.example.invalid/live/u/p/7.ts
"""
DARK = {
    "kind": "episode",
    "title": "Dark",
    "alternateTitles": [],
    "year": 2017,
    "tvdbId": 334824,
    "seriesType": "standard",
    "seasonNumber": 1,
    "seasons": [{"seasonNumber": 1, "episodeCount": 10}],
}


@pytest.fixture
def predict(tmp_path: Path) -> Any:
    def predict(*rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
        playlist, wanted = tmp_path / "list.m3u", tmp_path / "wanted.json"
        playlist.write_text(PLAYLIST, "utf-8")
        wanted.write_text(json.dumps(rows), "utf-8")
        return match_files(playlist, wanted, rules=MatchRules())

    return predict


def test_a_movie_gets_the_index_of_its_entry(predict: Any) -> None:
    movie = {"id": "m1", "kind": "movie", "title": "Dune", "year": 2021, "originalTitle": "Dune"}

    assert predict(movie) == {"m1": {"index": 2, "confidence": 97}}


def test_episodes_of_one_series_are_no_namesakes_of_each_other(predict: Any) -> None:
    second = {"id": "e2", "episodeNumber": 2} | DARK
    third = {"id": "e3", "episodeNumber": 3} | DARK

    assert predict(second, third) == {
        "e2": {"index": 3, "confidence": 97},
        "e3": {"index": 4, "confidence": 97},
    }


def test_a_daily_episode_is_found_by_its_date(predict: Any) -> None:
    daily = DARK | {
        "id": "e1",
        "title": "The Daily Show",
        "episodeNumber": 9,
        "airDate": "2024-01-26",
    }

    assert predict(daily) == {"e1": {"index": 5, "confidence": 94}}


def test_what_is_not_in_the_list_gets_nothing(predict: Any) -> None:
    assert predict({"id": "m1", "kind": "movie", "title": "Heat", "year": 1995}) == {
        "m1": {"index": None, "confidence": 0}
    }


def test_two_wanted_movies_of_one_name_are_namesakes_of_each_other(
    tmp_path: Path, predict: Any
) -> None:
    first = {"id": "m1", "kind": "movie", "title": "Dune", "year": 1983}
    second = {"id": "m2", "kind": "movie", "title": "Dune", "year": 1984}

    assert predict(first, second) == {
        "m1": {"index": None, "confidence": 0},
        "m2": {"index": 0, "confidence": 97},
    }


def test_names_are_read_line_by_line() -> None:
    lines = [
        '{"raw": "EN - Dune (2021) 4K", "group": "VOD", "url_kind": "movie"}',
        "",
        '{"raw": "The Daily Show 2024-01-26", "url_kind": "series"}',
    ]

    assert list(parse_names(lines)) == [
        {
            "kind": "movie",
            "title": "Dune",
            "year": 2021,
            "season": None,
            "episodes": [],
            "absolute": None,
            "date": None,
            "resolution": "2160p",
            "language": ["en"],
        },
        {
            "kind": "episode",
            "title": "The Daily Show",
            "year": None,
            "season": None,
            "episodes": [],
            "absolute": None,
            "date": "2024-01-26",
            "resolution": None,
            "language": [],
        },
    ]


def test_nothing_heavy_is_loaded() -> None:
    code = "import sys, stalkeer.jobs.offline; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout

    assert not {"httpx", "peewee", "starlette", "dramatiq", "pydantic"} & set(
        loaded.decode().split()
    )

"""`match`: names and matches without a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli import python, stalkeer, tree

WANTED = [
    {"id": "heat", "kind": "movie", "title": "Heat", "year": 1995},
    {"id": "none", "kind": "movie", "title": "Nowhere Man", "year": 1970},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "films.m3u").write_text(
        "#EXTM3U\n#EXTINF:-1,EN - Heat (1995) 1080p\nhttp://tv.example.invalid/movie/joe/pass/1.mkv\n"
    )
    (tmp_path / "wanted.json").write_text(json.dumps(WANTED))
    (tmp_path / "names.jsonl").write_text('{"raw": "Heat (1995) 1080p", "group": "VOD"}\n')
    return tmp_path


def test_each_wanted_item_gets_an_entry_or_none(folder: Path) -> None:
    shown = stalkeer(folder, "match", "--playlist", "films.m3u", "--wanted", "wanted.json")
    written = stalkeer(
        folder, "match", "--playlist", "films.m3u", "--wanted", "wanted.json", "--out", "p.json"
    )

    predictions = shown.json()
    assert (shown.code, written.code, written.out) == (0, 0, "")
    assert json.loads((folder / "p.json").read_text()) == predictions
    assert predictions["none"] == {"index": None, "confidence": 0}
    assert predictions["heat"]["index"] == 0
    assert predictions["heat"]["confidence"] >= 80


def test_names_are_read_a_line_each(folder: Path) -> None:
    ran = stalkeer(folder, "match", "--names", "names.jsonl", "--parsed", "parsed.jsonl")

    (row,) = map(json.loads, (folder / "parsed.jsonl").read_text().splitlines())
    assert (ran.code, ran.out) == (0, "1 names read.\n")
    assert (row["kind"], row["title"], row["year"]) == ("movie", "Heat", 1995)


def test_it_needs_and_makes_no_database(folder: Path) -> None:
    before = tree(folder)

    stalkeer(folder, "match", "--playlist", "films.m3u", "--wanted", "wanted.json")

    assert tree(folder) == before


def test_it_loads_only_what_it_needs(folder: Path) -> None:
    program = (
        "import sys\n"
        "from stalkeer.__main__ import main\n"
        "sys.argv = 'stalkeer match --playlist films.m3u --wanted wanted.json'.split()\n"
        "try:\n    main()\n"
        "finally:\n    print(*sys.modules, file=sys.stderr)\n"
    )

    ran = python(folder, "-c", program)

    spared = {"peewee", "httpx", "starlette", "dramatiq", "psycopg2", "uvicorn", "apprise"}
    assert ran.code == 0
    assert set(ran.err.split()) & spared == set()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        pytest.param("", 2, "--playlist and --wanted", id="nothing"),
        pytest.param("--playlist films.m3u", 2, "--playlist and --wanted", id="half"),
        pytest.param("--names names.jsonl", 2, "--names and --parsed", id="names-alone"),
        pytest.param(
            "--playlist films.m3u --wanted wanted.json --names names.jsonl --parsed o",
            2,
            "or --names",
            id="both",
        ),
        pytest.param("--playlist no.m3u --wanted wanted.json", 1, "no.m3u", id="no-playlist"),
        pytest.param("--playlist films.m3u --wanted names.jsonl", 1, "wanted items", id="no-list"),
        pytest.param("--names no.jsonl --parsed o", 1, "no.jsonl", id="no-names"),
        pytest.param("--names films.m3u --parsed o", 1, "no name", id="no-json"),
    ],
)
def test_what_cannot_be_used_is_said(folder: Path, options: str, code: int, said: str) -> None:
    ran = stalkeer(folder, "match", *options.split())

    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err

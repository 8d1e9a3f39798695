"""The commands about playlists: alone, and beside a service that does the work."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from stalkeer.cli.importing import (
    InterruptedImportError,
    drop_unread,
    playlists_to_read,
    read_beside,
)
from stalkeer.cli.progress import Line
from stalkeer.errors import StalkeerError
from tests.cli.conftest import command
from tests.flow.home import Home

ENTRY = '#EXTINF:-1 group-title="{group}",{name}\nhttp://tv.example.invalid/{number}.mkv\n'


def write(folder: Path, *entries: tuple[str, str], name: str = "mine.m3u") -> Path:
    """Write a list of (group, name) pairs."""
    lines = [
        ENTRY.format(group=group, name=title, number=number)
        for number, (group, title) in enumerate(entries)
    ]
    path = folder / name
    path.write_text("#EXTM3U\n" + "".join(lines))
    return path


def test_playlists_are_added_shown_changed_and_removed(home: Home) -> None:
    path = write(home.folder, ("VOD", "Heat (1995)"), ("Adults", "Bad (1999)"))

    added = command(home, "playlists", "add", str(path), "--name", "films", "--json").json()
    command(home, "process", str(path))
    listed = command(home, "playlists")
    groups = command(home, "playlists", "groups", str(added["id"]))
    edited = command(
        home, "playlists", "edit", str(added["id"]), "--off", "--refresh-s", "900", "--json"
    ).json()
    removed = command(home, "playlists", "remove", str(added["id"]))
    left = command(home, "playlists", "list", "--json").json()

    assert (added["name"], added["host"]) == ("films", None)
    assert "films" in listed.out
    assert "Adults" in groups.out
    assert (edited["is_enabled"], edited["refresh_s"]) == (False, 900)
    assert "out of use" in removed.out
    assert "films" not in {row["name"] for row in left["data"]}


def test_a_playlist_that_moves_needs_its_login_again(home: Home) -> None:
    login = ("--username", "joe", "--password-stdin")
    place, other = "http://tv.example.invalid/a", "http://other.example.invalid/a"
    added = command(home, "playlists", "add", place, *login, "--json", stdin="word\n").json()
    edit = ("playlists", "edit", str(added["id"]), "--location", other)

    refused = command(home, *edit)
    moved = command(home, *edit, *login, "--json", stdin="word\n")

    assert refused.code == 1
    assert "--password-stdin" in refused.err
    assert moved.json()["host"] == "other.example.invalid"


def test_a_change_of_nothing_and_a_playlist_nobody_has_are_faults(home: Home) -> None:
    nothing = command(home, "playlists", "edit", "9")
    nobody = command(home, "playlists", "refresh", "9")

    assert (nothing.code, nobody.code) == (2, 1)
    assert "no playlist 9" in nobody.err


def test_what_the_settings_filter_out_is_counted(home: Home) -> None:
    path = write(home.folder, ("VOD", "Heat (1995)"), ("Adults", "Bad (1999)"))
    adults = {"FILTER_GROUP_TITLE_EXCLUDE": "(?i)adult"}

    tried = command(home, "dryrun", str(path), "--json", **adults).json()
    done = command(home, "process", str(path), "--json", **adults).json()
    groups = command(home, "playlists", "groups", "1", "--json", **adults).json()

    assert (tried["filtered"], done["filtered"]) == (1, 1)
    kept = {row["group_title"]: row["is_filtered"] for row in groups["data"]}
    assert kept == {"VOD": False, "Adults": True}


def test_beside_a_service_it_reads_the_list_and_the_command_shows_what_came_of_it(
    home: Home,
) -> None:
    home.up()
    path = write(home.folder, ("VOD", "Heat (1995)"), name="more.m3u")

    first = command(home, "process", str(path), "--json")
    again = command(home, "process", str(path))
    typo = command(home, "process", str(home.folder / "typo.m3u"))
    listed = command(home, "playlists", "list", "--json").json()

    assert (first.code, first.json()["entries"], first.json()["new"]) == (0, 1, 1), first.err
    assert "has not changed" in again.out
    assert typo.code == 1
    assert "typo.m3u" in typo.err
    assert "typo.m3u" not in {row["name"] for row in listed["data"]}


class Scripted:
    """An API that answers what a test wrote down, and remembers what was asked of it."""

    def __init__(self, *jobs: dict[str, Any]) -> None:
        self.jobs = list(jobs)
        self.posts: list[str] = []

    def get(self, _path: str) -> Any:
        return self.jobs.pop(0)

    def post(self, path: str, _body: Any = None) -> Any:
        self.posts.append(path)
        return {"job_id": 7}

    def page(self, _path: str, **_query: Any) -> Any:
        return {"data": [{"subject": "films", "counts": {"entries": 3}}]}


class Shown:
    """Remembers what was shown."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def show(self, lines: list[Line]) -> None:
        self.words += [line.words for line in lines]


def job(status: str, outcome: str = "", reason: str = "", error: str = "") -> dict[str, Any]:
    result = {"outcome": outcome, "reason": reason} if outcome else None
    return {"status": status, "result": result, "error": {"message": error} if error else None}


def watch(api: Scripted, shown: Shown, *, is_stopped: bool = False) -> dict[str, Any]:
    stopped = threading.Event()
    if is_stopped:
        stopped.set()
    row = {"id": 1, "name": "films"}
    return read_beside(api, row, {}, display=shown, stopped=stopped)  # type: ignore[arg-type]


def test_an_import_of_the_service_is_shown_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stalkeer.cli.importing.TICK_S", 0)
    shown = Shown()
    steps = [job("ready"), job("running", "importing", "500 entries"), job("done", "imported")]

    assert watch(Scripted(*steps), shown) == {"entries": 3}
    assert shown.words == ["waits (ready)", "500 entries"]


def test_a_list_that_cannot_be_read_says_why() -> None:
    with pytest.raises(StalkeerError, match="it is a web page"):
        watch(Scripted(job("failed", error="it is a web page")), Shown())
    with pytest.raises(StalkeerError, match="the job was cancelled"):
        watch(Scripted(job("cancelled")), Shown())


def test_who_ends_the_command_ends_the_import() -> None:
    api = Scripted(job("running"))

    with pytest.raises(InterruptedImportError, match="the list of before stays"):
        watch(api, Shown(), is_stopped=True)
    assert api.posts == ["playlists/1/refresh", "admin/jobs/7/cancel"]


class Lists(Scripted):
    """An API with one list in use that was never read, and one that is switched off."""

    def page(self, _path: str, **_query: Any) -> Any:
        return {"data": [{"id": 1, "is_enabled": True}, {"id": 2, "is_enabled": False}]}

    def get(self, path: str) -> Any:
        return {"version": int(path == "playlists/2"), "is_configured": path == "playlists/3"}

    def delete(self, path: str) -> None:
        self.posts.append(path)


def test_all_playlists_in_use_are_read_and_only_one_that_never_was_is_dropped() -> None:
    api = Lists()

    rows = playlists_to_read(api, None, "")  # type: ignore[arg-type]
    for playlist_id in (1, 2, 3):
        drop_unread(api, playlist_id)  # type: ignore[arg-type]

    assert [row["id"] for row in rows] == [1]
    assert api.posts == ["playlists/1"]

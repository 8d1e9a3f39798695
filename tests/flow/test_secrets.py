"""Secrets planted everywhere, and everything that leaves the process searched for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.cli.conftest import command
from tests.flow.home import API_KEY, MB, WEBHOOK_PASSWORD, Home, home_in, wait_for
from tests.standins.media import Film, Reply
from tests.standins.mediafiles import mkv_film

PLANTED = "planted"
OWN = (API_KEY, WEBHOOK_PASSWORD)


def environ(port: int) -> dict[str, str]:
    """Plant a secret in every setting that may hold one."""
    return {
        "STALKEER_LOG_LEVEL": "debug",
        "STALKEER_M3U_URL": (
            f"http://plantedLogin:plantedLoginWord@127.0.0.1:{port}/get.php"
            f"?username=plantedName&password=plantedQueryWord"
        ),
        "STALKEER_M3U_AUTH_USERNAME": "me",
        "STALKEER_M3U_AUTH_PASSWORD": "plantedAuthWord",
        "STALKEER_XTREAM_URL": f"http://127.0.0.1:{port}",
        "STALKEER_XTREAM_USERNAME": "plantedPanelUser",
        "STALKEER_XTREAM_PASSWORD": "plantedPanelWord",
        "STALKEER_NOTIFICATIONS_URLS": f"json://me:plantedNotify@127.0.0.1:{port}/plantedChannel1",
    }


@pytest.mark.timeout(180)
def test_no_secret_leaves_the_process_in_any_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the two processes run is measured elsewhere, and here it doubles the time.
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    with home_in(tmp_path, STALKEER_LOG_LEVEL="debug") as home:
        offer(home, "EN - Night of the Living Dead (1968) 1080p", 1, minutes=96)
        offer(home, "EN - Ronin (1998) 1080p", 2, minutes=3)
        first = home.up()
        home.add_film()
        home.radarr.add_movie("Ronin", 1998, runtime=122)
        home.wait_for_imported(count=1)
        home.wait_for_download(title="Ronin (1998)", status="failed")
        texts = {f"{place} of the first": text for place, text in answers(home)}
        assert first.stop() == 0

        # The lists of these settings are not there, and searches would wait for them.
        home.environ |= environ(urlsplit(home.entries[0].splitlines()[1]).port or 0)
        second = home.up()
        change(home)
        wait_for(lambda: len(unread(home)) == 3)
        texts |= answers(home)
        texts["arguments"] = "\n".join(arguments(second.popen.pid))
        assert second.stop() == 0
        texts |= {process.log.name: process.output() for process in (first, second)}
        texts["radarr"] = "\n".join(str(seen) for seen in home.radarr.journal)
        texts |= {path.name: path.read_bytes().decode("latin-1") for path in rows(home)}
        texts |= backed_up(home)
        texts |= archived(home)

    assert "debug" in texts["process-0.log"]
    assert len(texts) > 100
    assert found(texts, PLANTED) == {}
    assert [found(texts, key) for key in OWN] == [{}, {}]


def offer(home: Home, name: str, number: int, *, minutes: float) -> None:
    """Put an entry into the playlist whose address is nothing but credentials."""
    path = f"/movie/plantedUser{number}/plantedWord{number}/{number}.mkv"
    url = home.media.put(path, mkv_film(MB, minutes=minutes))
    home.entries.append(
        f'#EXTINF:-1 tvg-name="{name}" group-title="VOD",{name}\n{url}?token=plantedToken{number}'
    )
    home.write_playlist()


def change(home: Home) -> None:
    """Save secrets through the API too, and have some refused."""
    http = httpx.Client(base_url=f"{home.url}/api/v1", headers={"X-Api-Key": API_KEY}, timeout=10)
    with http:
        saved = {"values": {"user_agent": "VLC", "urls": None}}
        http.put("/settings/m3u", json={"values": {"user_agent": "VLC"}})
        http.put("/settings/notifications", json=saved)
        http.put("/settings/database", json={"values": {"password": "plantedDatabaseWord"}})
        http.put("/settings/tmdb", json={"values": {"api_key": ["plantedTmdb"]}})
        kept = http.put("/settings/tmdb", json={"values": {"api_key": "plantedTmdbKey"}})
        assert kept.is_success, kept.text
        http.post(
            "/instances",
            json={
                "name": "radarr4k",
                "service": "radarr",
                "url": "http://127.0.0.1:9",
                "api_key": "plantedRadarrKey",
            },
        )
        http.post("/instances/radarr4k/test")
        http.post(
            "/playlists",
            json={
                "name": "more",
                "location": "http://127.0.0.1:9/get.php?username=plantedA&password=plantedB",
                "username": "plantedC",
                "password": "plantedD",
            },
        )
        http.post("/login", json={"password": "plantedPassword"})
        http.post("/settings/notifications/test")
        http.get("/downloads", params={"apikey": "plantedWrongKey"}, headers={"X-Api-Key": ""})


def unread(home: Home) -> list[str]:
    """Name the playlists that could not be read."""
    return [row["name"] for row in home.get("/api/v1/playlists")["data"] if row["last_error"]]


def answers(home: Home) -> Iterator[tuple[str, str]]:
    """Ask for everything that can be asked for."""
    document: dict[str, Any] = home.get("/api/openapi.json")
    with httpx.Client(headers={"X-Api-Key": API_KEY}, timeout=10) as http:
        for path, methods in document["paths"].items():
            if "get" not in methods or path.endswith("/events"):
                continue
            for place in ("1", "2", "3", "radarr", "radarr4k", *SECTIONS):
                filled = path
                for parameter in methods["get"].get("parameters", ()):
                    filled = filled.replace(f"{{{parameter['name']}}}", place)
                yield f"{filled}#{place}", http.get(f"{home.url}{filled}").text
                if filled == path:
                    break


SECTIONS = ("general", "database", "m3u", "xtream", "tmdb", "notifications", "radarr")


def arguments(pid: int) -> Iterator[str]:
    """Give the command lines of a process and of all it started."""
    process = psutil.Process(pid)
    for each in (process, *process.children(recursive=True)):
        yield " ".join(each.cmdline())


def rows(home: Home) -> list[Path]:
    """List the files of the database."""
    return sorted((home.folder / "data").glob("stalkeer.db*"))


def backed_up(home: Home) -> Iterator[tuple[str, str]]:
    """Make a backup, and give what is in it and in the daily one, and what was said of it."""
    folder = home.folder / "data" / "backups"
    said = command(home, "backup", "mine.backup", "-v", LOG_LEVEL="debug")
    assert said.code == 0, said.err
    yield "backup", said.out + said.err
    for path in (home.folder / "mine.backup", *folder.glob("*")):
        yield path.name, path.name + path.read_bytes().decode("latin-1")
        assert path.stat().st_mode & 0o077 == 0


def archived(home: Home) -> Iterator[tuple[str, str]]:
    """Copy a list and one that is not there, and give what is said of them and how they are called.

    What a copy holds is what its list holds: nobody but its owner may read it.
    """
    whole = Reply(body=home.playlist.read_bytes(), headers={"Content-Type": "audio/x-mpegurl"})
    query = "?username=plantedArchiveUser&password=plantedArchiveWord"
    url = home.media.put("/copy/get.php", Film(1), whole) + query
    gone = url.replace("/copy/", "/plantedGone/")
    for arguments in (("m3u-download", "--url", url), ("m3u-download", "--url", gone)):
        said = command(home, *arguments, "-v", LOG_LEVEL="debug")
        yield f"{arguments[0]} {said.code}", said.out + said.err
    listed = command(home, "m3u-list-archives", "--json", LOG_LEVEL="debug")
    assert listed.json()["total"] == 1
    yield "m3u-list-archives", listed.out + listed.err
    folder = home.folder / "data" / "archives"
    yield "archives", "\n".join(path.name for path in folder.iterdir())
    assert [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077] == []
    assert folder.stat().st_mode & 0o077 == 0


def found(texts: dict[str, str], secret: str) -> dict[str, str]:
    """Say where a secret stands, with a little of what is around it."""
    places = {name: text.lower().find(secret.lower()) for name, text in texts.items()}
    return {
        name: texts[name][max(place - 60, 0) : place + 40]
        for name, place in places.items()
        if place >= 0
    }

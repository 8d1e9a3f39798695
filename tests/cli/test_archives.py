"""The commands about copies of playlists."""

from __future__ import annotations

import gzip
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, command
from tests.flow.home import PATIENCE_S, Home
from tests.playlist.conftest import Site
from tests.playlist.conftest import make_site as make_site
from tests.playlist.conftest import site as site
from tests.standins.xtream import PASSWORD, USERNAME, Panel, film

LIST = b"#EXTM3U\n#EXTINF:-1,Heat (1995)\nhttp://host.example.invalid/movie/u/p/7.mkv\n"
NOTHING = {"M3U_FILE_PATH": ""}


@pytest.fixture
def panel() -> Iterator[Panel]:
    with Panel() as running:
        running.films = [film(7, "Heat (1995)")]
        yield running


def archives(home: Home) -> Path:
    return home.folder / "data" / "archives"


def names(home: Home) -> list[str]:
    return sorted(path.name for path in archives(home).iterdir())


def download(home: Home, *arguments: str, **settings: str) -> Ran:
    return command(home, "m3u-download", *arguments, **settings)


# --- m3u-download ---


def test_a_list_that_is_named_comes_as_it_is_and_packed_with_its_date(
    home: Home, site: Site
) -> None:
    ran = download(home, "--url", site.gives("/x", LIST), "--json")

    [report] = ran.json()["playlists"]
    assert (ran.code, report["playlist"], report["bytes"]) == (0, "127.0.0.1", len(LIST))
    assert Path(report["file"]) == archives(home) / "127.0.0.1.m3u"
    assert Path(report["file"]).read_bytes() == LIST
    assert gzip.decompress(Path(report["archive"]).read_bytes()) == LIST
    assert {stat.S_IMODE(path.stat().st_mode) for path in archives(home).iterdir()} == {0o600}


def test_without_an_archive_only_the_newest_copy_is_written(home: Home, site: Site) -> None:
    ran = download(home, "--url", site.gives("/x", LIST), "--no-archive", "--json")

    assert ran.json()["playlists"][0]["archive"] is None
    assert names(home) == ["127.0.0.1.m3u"]


def test_packed_lists_are_kept_unpacked(home: Home, site: Site) -> None:
    download(home, "--url", site.gives("/x", gzip.compress(LIST)), "--no-archive")

    assert (archives(home) / "127.0.0.1.m3u").read_bytes() == LIST


def test_every_configured_playlist_comes_and_panels_too(
    home: Home, site: Site, panel: Panel
) -> None:
    home.playlist.write_bytes(LIST)

    ran = download(
        home,
        "--no-archive",
        M3U_URL=site.gives("/x", LIST),
        XTREAM_URL=panel.url,
        XTREAM_USERNAME=USERNAME,
        XTREAM_PASSWORD=PASSWORD,
    )

    assert ran.code == 0, ran.err
    assert names(home) == sorted([f"{home.playlist.name}.m3u", "127.0.0.1.m3u", "127.0.0.1-2.m3u"])
    rendered = (archives(home) / "127.0.0.1-2.m3u").read_text()
    assert f"{panel.url}/movie/{USERNAME}/{PASSWORD}/7.mkv" in rendered
    assert PASSWORD not in ran.out + ran.err


def test_a_playlist_that_does_not_come_leaves_its_copies_and_keeps_no_other_from_coming(
    home: Home, site: Site
) -> None:
    home.playlist.write_bytes(LIST)
    url = site.gives("/x", LIST)
    download(home, M3U_URL=url)
    before = names(home)
    site.gives("/x", b"<html>", Content_Type="text/html")

    ran = download(home, "--no-archive", "--json", M3U_URL=url)

    reports = {report["playlist"]: report for report in ran.json()["playlists"]}
    assert ran.code == 1
    assert reports["127.0.0.1"]["error"]["code"] == "playlist_is_html"
    assert "error" not in reports[home.playlist.name]
    assert "came as a web page" in ran.err
    assert names(home) == before
    assert (archives(home) / "127.0.0.1.m3u").read_bytes() == LIST


def test_as_many_dated_copies_are_kept_as_the_setting_says(home: Home, site: Site) -> None:
    url = site.gives("/x", LIST)
    for _ in range(2):
        download(home, "--url", url, M3U_RETENTION_COUNT="2")

    ran = download(home, "--url", url, M3U_RETENTION_COUNT="2")

    assert "1 older copies removed" in ran.out
    assert len([name for name in names(home) if name.endswith(".gz")]) == 2


def test_with_no_copies_to_keep_none_with_a_date_is_made(home: Home, site: Site) -> None:
    download(home, "--url", site.gives("/x", LIST), M3U_RETENTION_COUNT="0")

    assert names(home) == ["127.0.0.1.m3u"]


def test_another_folder_may_be_set(home: Home, site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"

    download(home, "--url", site.gives("/x", LIST), M3U_ARCHIVE_DIR=str(folder))

    assert len(list(folder.iterdir())) == 2
    assert not archives(home).exists()


def test_without_any_playlist_it_is_wrong_usage(home: Home) -> None:
    ran = download(home, **NOTHING)

    assert ran.code == 2
    assert "STALKEER_M3U_URL" in ran.err


def test_no_password_of_an_address_is_shown(home: Home, site: Site) -> None:
    url = site.gives(f"/x?password={PASSWORD}", b"", status=500)
    url = url.replace("http://", f"http://joe:{PASSWORD}@")

    ran = download(home, "--url", url)

    assert ran.code == 1
    assert PASSWORD not in ran.out + ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_a_person_sees_how_far_it_is(home: Home, site: Site) -> None:
    body = LIST * 20_000
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        done = subprocess.run(
            [sys.executable, "-m", "stalkeer", "m3u-download", "--url", site.gives("/x", body)],
            env=home.settings() | {"TERM": "xterm", "COLUMNS": "120"},
            cwd=home.folder,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            timeout=PATIENCE_S,
            check=False,
        )
        os.close(theirs)
        seen = terminal.read(65536)

    assert done.returncode == 0
    assert b"of 1.5 MB" in seen
    assert b"MB/s" in seen


# --- m3u-list-archives, m3u-cleanup-archives ---


def test_copies_are_listed_with_playlist_date_and_size(home: Home, site: Site) -> None:
    download(home, "--url", site.gives("/x", LIST))

    listed = command(home, "m3u-list-archives", "--json").json()
    shown = command(home, "m3u-list-archives").out

    [copy] = listed["data"]
    assert (listed["total"], listed["folder"]) == (1, str(archives(home)))
    assert (copy["playlist"], copy["size_bytes"]) == (
        "127.0.0.1",
        Path(copy["file"]).stat().st_size,
    )
    assert copy["made_at"].endswith("+00:00")
    assert Path(copy["file"]).name in shown
    assert "1 copies in" in shown


def test_without_copies_the_list_is_empty(home: Home) -> None:
    assert command(home, "m3u-list-archives", "--json").json()["data"] == []
    assert "0 copies in" in command(home, "m3u-list-archives").out


def test_the_oldest_copies_go_and_nothing_else(home: Home, site: Site) -> None:
    url = site.gives("/x", LIST)
    for _ in range(3):
        download(home, "--url", url)
    (archives(home) / "mine.m3u.gz").write_bytes(b"")

    kept = command(home, "m3u-cleanup-archives", "--json").json()
    removed = command(home, "m3u-cleanup-archives", "--retention", "1", "--json").json()
    said = command(home, "m3u-cleanup-archives", "--retention", "0").out

    assert (kept["removed"], kept["kept"], kept["freed_bytes"]) == ([], 3, 0)
    assert (len(removed["removed"]), removed["kept"]) == (2, 1)
    assert removed["freed_bytes"] == sum(copy["size_bytes"] for copy in removed["removed"])
    assert "1 removed" in said
    assert names(home) == ["127.0.0.1.m3u", "mine.m3u.gz"]

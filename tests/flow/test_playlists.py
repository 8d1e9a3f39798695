"""Searches and the playlists they are for: the first import, and what comes later."""

from __future__ import annotations

from threading import Event

from tests.flow.home import MB, Home
from tests.standins.media import Film, Reply
from tests.standins.mediafiles import mkv_film


def test_a_search_waits_for_the_first_import_of_the_playlist(home: Home) -> None:
    home.offer_film()
    arrives = Event()
    reply = Reply(
        body=home.playlist.read_bytes(), headers={"Content-Type": "audio/x-mpegurl"}, hold=arrives
    )
    home.environ |= {
        "STALKEER_M3U_FILE_PATH": "",
        "STALKEER_M3U_URL": home.media.put("/list.m3u", Film(MB), reply),
    }
    home.up()

    home.add_film()
    waiting = home.wait_for_job("search", status="ready")
    downloads = home.downloads()
    arrives.set()
    home.wait_for_imported(count=1)

    assert "first import" in waiting["result"]["reason"]
    assert downloads == []
    (search,) = home.jobs(kind="search")
    assert (search["result"]["outcome"], search["attempts"]) == ("taken", 1)


def test_an_entry_that_comes_later_is_found_when_the_playlist_is_read_again(home: Home) -> None:
    home.offer("EN - Detour (1945)", "/movie/user/word/9.mkv", mkv_film(MB, minutes=68))
    home.up()
    movie = home.add_film()
    missed = home.wait_for_item("no_match")

    home.offer_film()
    read = home.run("process", "--json")
    code = read.wait()
    home.wait_for_imported(count=1)

    assert missed["reason"] == "it is in none of the playlists"
    assert code == 0, read.output()
    assert '"new": 1' in read.output()
    assert home.radarr.count_imports(movie) == 1


def test_a_film_that_was_searched_before_any_playlist_was_there_is_found_with_it(
    home: Home,
) -> None:
    home.environ["STALKEER_M3U_UPDATE_INTERVAL"] = "1s"
    home.up()
    home.add_film()
    missed = home.wait_for_item("no_match")

    home.offer_film()
    home.wait_for_imported(count=1)

    assert f"no playlist is read yet: The playlist {home.playlist}" in missed["reason"]


def test_a_playlist_that_fails_does_not_hold_up_the_searches_in_the_others(home: Home) -> None:
    home.offer_film()
    home.environ |= {
        "STALKEER_M3U_URL": home.media.url("/nothing-there.m3u"),
        "STALKEER_DOWNLOADS_RETRY_DELAY": "1h",
    }
    home.up()
    failing = home.wait_for_job("refresh_playlist", status="ready")

    home.add_film()
    home.wait_for_imported(count=1)

    assert "404" in failing["error"]["message"]
    assert home.jobs(kind="refresh_playlist", status="ready")[0]["id"] == failing["id"]

"""A file that may be the film or another one: a person decides, and nothing is fetched twice."""

from __future__ import annotations

import httpx

from tests.flow.home import API_KEY, PATH, Home

KEY = {"X-Api-Key": API_KEY}


def test_a_doubtful_file_waits_for_a_person_and_is_then_imported(home: Home) -> None:
    film = home.offer_film(minutes=40, size=6_000_000)
    home.up()
    movie = home.add_film()
    item = home.wait_for_item("to_confirm")

    [match] = home.get("/api/v1/matches", state="to_confirm")["data"]
    answer = httpx.post(f"{home.url}/api/v1/matches/{match['id']}/confirm", headers=KEY)
    [download] = home.wait_for_imported(count=1)

    assert "It runs 40 min, expected 96 min" in item["reason"]
    assert match["reasons"][-1] == item["reason"]
    assert answer.status_code == 200
    assert home.radarr.count_imports(movie) == 1
    assert home.media.bytes_served(PATH) < film.size * 2
    assert (download["resolution"], download["length_verified"]) == ("1080p", True)
    stats = home.get("/api/v1/downloads/stats")
    assert (stats["by_status"], stats["success_rate"]) == ({"completed": 1}, 1.0)
    assert stats["bytes_fetched"] == film.size


def test_a_person_downloads_an_entry_for_nobody_and_hears_how_far_it_is(home: Home) -> None:
    film = home.offer_film(size=6_000_000)
    home.up()
    home.add_film()
    home.wait_for_imported(count=1)
    [entry] = home.rows("SELECT id FROM playlist_item")

    started = httpx.post(f"{home.url}/api/v1/downloads", json={"item_id": entry["id"]}, headers=KEY)
    with httpx.stream(
        "GET", f"{home.url}/api/v1/downloads/events?last_event_id=0", headers=KEY, timeout=60
    ) as stream:
        heard = next(line for line in stream.iter_lines() if line.startswith("data: "))
    done = home.wait_for_download(instance="", status="completed")

    assert started.status_code == 202
    assert "Night of the Living Dead" in heard
    assert (done["id"], done["file_size"]) == (started.json()["download_id"], film.size)
    assert done["import_status"] == "off"
    assert any("Night of the Living Dead (1968)" in name for name in home.published())

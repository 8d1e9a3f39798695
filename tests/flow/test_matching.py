"""Doubt, a person's word, upgrades: through the public interface, from the list to the library."""

from __future__ import annotations

from typing import Any

import httpx

from tests.flow.home import API_KEY, MB, Home, wait_for
from tests.standins.mediafiles import mkv_film, write_film
from tests.standins.sonarr import season


def call(home: Home, method: str, path: str) -> Any:
    answer = httpx.request(
        method, f"{home.url}/api/v1/{path}", headers={"X-Api-Key": API_KEY}, timeout=60
    )
    answer.raise_for_status()
    return answer.json()


def test_one_confirmation_brings_the_whole_series_and_is_shown_with_its_reasons(
    home: Home,
) -> None:
    for number in (1, 2, 3):
        name = f"Mistresses S01E0{number}"
        film = mkv_film(MB, minutes=45)
        home.offer(name, f"/series/user/word/{number}.mkv", film, group="Series EN")
    home.up()
    series = home.sonarr.add_series("Mistresses (2013)", 2013, runtime=45, episodes=season(1, 3))
    home.sonarr.settle()
    doubts = wait_for(
        lambda: _all(home.get("/api/v1/matches", state="to_confirm")["data"], count=3)
    )
    shown = home.get("/api/v1/missing/tvshows")["data"]
    assert {row["reason_code"] for row in shown} == {"to_confirm"}
    assert "only the one of 2013 is wanted" in shown[0]["reason"]

    confirmed = call(home, "POST", f"matches/{doubts[0]['id']}/confirm")
    home.wait_for_imported(count=3)

    ids = [home.sonarr.episode_id(series, 1, number) for number in (1, 2, 3)]
    assert confirmed["is_confirmed"]
    assert [home.sonarr.count_imports(episode) for episode in ids] == [1, 1, 1]
    [name] = home.get("/api/v1/matches/names")["data"]
    assert (name["title"], name["target_id"]) == ("Mistresses", series)
    call(home, "DELETE", f"matches/names/{name['id']}")
    assert home.get("/api/v1/matches/names")["total"] == 0


def _all(rows: list[dict[str, Any]], *, count: int) -> list[dict[str, Any]] | None:
    return rows if len(rows) == count else None


def test_a_worse_file_is_replaced_by_a_better_entry(home: Home) -> None:
    home.environ["STALKEER_MATCHING_UPGRADE"] = "true"
    folder = home.folder / "library/movies/Night of the Living Dead (1968)"
    folder.mkdir()
    write_film(folder / "Night of the Living Dead (1968) WEBDL-720p.mkv", mkv_film(MB, minutes=96))
    home.radarr.profiles.set("WEBDL-720p", "WEBDL-1080p", cutoff="WEBDL-1080p")
    movie = home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    home.offer_film()
    home.up()

    call(home, "POST", "radarr-sync")
    home.wait_for_imported(count=1)

    file = home.radarr.movie_file(movie)
    assert file is not None
    assert "1080p" in file.name
    assert home.get("/api/v1/missing/movies")["total"] == 0

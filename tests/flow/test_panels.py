"""Accounts on Xtream panels: from the settings and from the API, to the imported file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flow.home import API_KEY, MB, Home, wait_for
from tests.standins.mediafiles import mkv_film
from tests.standins.xtream import PASSWORD, USERNAME, Panel, episode, film, series


@pytest.fixture
def panel(home: Home) -> Iterator[Panel]:
    """A panel with one film and one episode whose files the media server has."""
    with Panel() as running:
        running.films = [film(7, "EN - Night of the Living Dead", year="1968", tmdb="10331")]
        running.add_series(series(3, "EN - Detour", tmdb=62085, year="2017"), episode(42, 1, 2))
        running.media = {"7.mkv": home.media.put("/7.mkv", mkv_film(MB, minutes=96))}
        yield running


def settings_of(panel: Panel) -> dict[str, str]:
    return {
        "STALKEER_M3U_FILE_PATH": "",
        "STALKEER_XTREAM_URL": panel.url,
        "STALKEER_XTREAM_USERNAME": USERNAME,
        "STALKEER_XTREAM_PASSWORD": PASSWORD,
    }


def ask(home: Home, method: str, path: str, **body: Any) -> Any:
    answer = httpx.request(
        method, f"{home.url}{path}", json=body, headers={"X-Api-Key": API_KEY}, timeout=60
    )
    answer.raise_for_status()
    return answer.json()


def test_a_film_that_only_a_panel_has_is_imported_and_the_account_is_shown_until_it_expires(
    home: Home, panel: Panel
) -> None:
    home.environ |= settings_of(panel)
    process = home.up()
    home.wait_for_job("refresh_playlist", status="done")

    movie = home.radarr.add_movie("Night of the Living Dead", 1968, runtime=96, tmdb_id=10331)
    home.wait_for_imported(count=1)

    (account,) = home.get("/api/v1/playlists")["data"]
    titles = {row["title"] for row in home.rows("SELECT title FROM playlist_item")}
    (shown,) = home.get("/api/v1/system/status")["playlists"]
    assert home.radarr.count_imports(movie) == 1
    assert (account["kind"], account["max_connections"]) == ("xtream", 2)
    assert account["expires_at"].startswith("2033-")
    assert titles == {"Night of the Living Dead", "Detour"}
    assert (shown["is_reachable"], shown["max_connections"]) == (True, 2)

    panel.user["status"] = "Expired"
    ask(home, "POST", f"/api/v1/playlists/{account['id']}/refresh")
    home.wait_for_job("refresh_playlist", status="failed")

    after = home.get("/api/v1/playlists")["data"][0]
    problems = home.get("/api/v1/system/status")["problems"]
    assert after["last_error"]["code"] == "account_expired"
    assert "renew it with the provider" in after["last_error"]["message"]
    assert any("has expired" in problem["message"] for problem in problems)
    assert after["version"] == account["version"]
    assert PASSWORD not in process.output() + str(after) + str(shown)


def test_a_panel_that_is_added_while_we_run_is_read_at_once_and_at_its_own_interval(
    home: Home, panel: Panel
) -> None:
    home.up()

    added = ask(
        home,
        "POST",
        "/api/v1/playlists",
        name="panel",
        kind="xtream",
        location=panel.url,
        username=USERNAME,
        password=PASSWORD,
        refresh_s=60,
    )
    home.wait_for_job("refresh_playlist", status="done")
    wait_for(lambda: ask(home, "GET", f"/api/v1/playlists/{added['id']}")["version"])

    (schedule,) = home.rows(
        f"SELECT every_seconds FROM schedule WHERE name = 'refresh_playlist:{added['id']}'"
    )
    assert schedule["every_seconds"] == 60
    assert home.rows("SELECT count(*) AS n FROM playlist_item")[0]["n"] >= 2

"""Reconcile after reconcile: what is settled stays so, what is missing comes, people are obeyed."""

from __future__ import annotations

import time
from threading import Event
from typing import Any

import httpx

from tests.flow.home import API_KEY, MB, Home, sha256, wait_for
from tests.standins.disk import sha256 as sha256_of
from tests.standins.media import Film, Reply
from tests.standins.mediafiles import mkv_film

OVERLAP = 64 * 1024
"""What is asked for again, to compare it with the disk."""
AT_ONCE_S = 6.0
"""Well under the 15 s of the heartbeat, which is how long a job that does not listen would take."""


def ask(home: Home, method: str, path: str, body: object = None) -> Any:
    """Change something through the API."""
    answer = httpx.request(
        method, f"{home.url}/api/v1/{path}", json=body, headers={"X-Api-Key": API_KEY}, timeout=60
    )
    assert answer.is_success, answer.text
    return answer.json()


def reconcile(home: Home, *, times: int = 1) -> None:
    """Reconcile Radarr so often, each run after the end of the one before."""
    for _ in range(times):
        [job_id] = ask(home, "POST", "radarr-sync")["job_ids"]
        wait_until_done(home, job_id)


def wait_until_done(home: Home, job_id: int) -> None:
    wait_for(lambda: home.get(f"/api/v1/admin/jobs/{job_id}")["status"] == "done")


def states(home: Home) -> dict[str, str]:
    """Give the state of every wanted item by its title."""
    return {row["title"]: row["state"] for row in home.rows("SELECT title, state FROM wanted_item")}


def settled(home: Home, expected: dict[str, str]) -> bool:
    return {title: states(home).get(title) for title in expected} == expected


def offer(home: Home, title: str, year: int, *replies: Reply, size: int = MB) -> Film:
    """Put a film into the playlist, under a path that its title gives."""
    film = mkv_film(size, minutes=96)
    home.offer(f"EN - {title} ({year}) 1080p", path_of(title), film, *replies)
    return film


def path_of(title: str) -> str:
    return f"/movie/user/word/{title.replace(' ', '-')}.mkv"


def transfers(home: Home, title: str) -> int:
    return len(home.media.requests(path_of(title)))


def disconnect(home: Home) -> None:
    """Remove our webhook from Radarr: nothing is announced any more."""
    answer = httpx.delete(
        f"{home.radarr.url}/api/v3/notification/1", headers={"X-Api-Key": home.radarr.api_key}
    )
    assert answer.is_success


# --- every row of the table ---


def test_ten_reconciles_change_nothing_that_is_settled(home: Home) -> None:
    add = home.radarr.seed_movie
    disconnect(home)
    expected = {
        "Detour": "imported",
        "Gilda": "no_match",
        "Laura": "to_confirm",
        "Metropolis": "unreleased",
        "Charade": "failed",
        "Nosferatu": "import_failed",
        "Safety Last": "cancelled",
        "The General": "paused",
        "Stagecoach": "no_match",
        "Sunrise": "searching",
    }
    offer(home, "Detour", 1945)
    add("Detour", 1945)
    add("Gilda", 1946)
    home.offer("Laura 1945", path_of("Laura"), mkv_film(MB, minutes=96))
    add("Laura", 1944)
    offer(home, "Metropolis", 1927)
    add("Metropolis", 1927, is_available=False)
    offer(home, "Charade", 1963, Reply(status=404, body=b"gone"))
    add("Charade", 1963)
    offer(home, "Nosferatu", 1922)
    add("Nosferatu", 1922)
    home.radarr.judge.tell_runtime("Nosferatu (1922) WEBDL-1080p.mkv", 5)
    for title, year in (("Safety Last", 1923), ("The General", 1926)):
        offer(home, title, year, Reply(stall_after=100_000), Reply())
        add(title, year)
    home.offer("Stagecoach 1940", path_of("Stagecoach"), mkv_film(MB, minutes=96))
    add("Stagecoach", 1939)
    offer(home, "Sunrise", 1927)
    home.radarr.grab(add("Sunrise", 1927), "Sunrise.1927.1080p")
    home.environ["STALKEER_DOWNLOADS_PER_PROVIDER_LIMIT"] = "3"
    home.up()

    stop(home, "Safety Last", "DELETE", "")
    stop(home, "The General", "PUT", "/pause")
    [match] = wait_for(lambda: matches_of(home, "Stagecoach (1939)"))
    ask(home, "DELETE", f"matches/{match['id']}")
    wait_for(lambda: settled(home, expected))
    before = {title: transfers(home, title) for title in expected}
    commands = len(home.radarr.requests("POST", "/command"))
    jobs = len(home.jobs(kind="search")) + len(home.jobs(kind="download"))
    reconcile(home, times=10)

    assert states(home) == expected
    assert {title: transfers(home, title) for title in expected} == before
    assert sum(before.values()) == before["Charade"] + 4
    assert len(home.radarr.requests("POST", "/command")) == commands
    assert len(home.jobs(kind="search")) + len(home.jobs(kind="download")) == jobs


def stop(home: Home, title: str, method: str, verb: str) -> None:
    """Do something to the download of a film as soon as bytes of it arrive."""

    def running() -> dict[str, Any] | None:
        rows = (row for row in home.downloads() if row["title"].startswith(title))
        return next((row for row in rows if row["status"] == "downloading"), None)

    ask(home, method, f"downloads/{wait_for(running)['id']}{verb}")


def matches_of(home: Home, title: str) -> list[dict[str, Any]]:
    rows = home.get("/api/v1/matches", limit="500")["data"]
    return [row for row in rows if row["target_title"] == title]


def test_a_file_that_is_gone_from_radarr_comes_back_once(home: Home) -> None:
    disconnect(home)
    offer(home, "Detour", 1945)
    movie = home.radarr.seed_movie("Detour", 1945)
    home.up()
    home.wait_for_imported(count=1)

    path = home.radarr.movie_file(movie)
    assert path is not None
    path.unlink()
    home.radarr.commands.push("RefreshMovie", {"movieIds": [movie]})
    home.radarr.settle()
    reconcile(home)
    home.wait_for_imported(count=2)
    reconcile(home, times=5)

    assert transfers(home, "Detour") == home.radarr.count_imports(movie) == 2


def test_a_file_that_a_person_deleted_in_radarr_does_not_come_back(home: Home) -> None:
    offer(home, "Detour", 1945)
    home.up()
    movie = home.radarr.add_movie("Detour", 1945)
    home.wait_for_imported(count=1)

    home.radarr.delete_movie_file(movie)
    wait_for(lambda: settled(home, {"Detour": "no_match"}))
    reconcile(home, times=5)

    assert [match["state"] for match in matches_of(home, "Detour (1945)")] == ["rejected"]
    assert transfers(home, "Detour") == home.radarr.count_imports(movie) == 1


def test_a_grab_elsewhere_ends_our_transfer_and_its_failure_starts_it_again(home: Home) -> None:
    film = offer(home, "Detour", 1945, Reply(bytes_s=MB), Reply(), size=30 * MB)
    home.up()
    movie = home.radarr.add_movie("Detour", 1945)
    wait_for(home.parts)
    home.wait_for_download(status="downloading")

    home.radarr.grab(movie, "Detour.1945.1080p")
    home.wait_for_download(status="cancelled")
    left = (states(home), home.parts())
    reconcile(home, times=3)
    during = transfers(home, "Detour")
    home.radarr.queue.clear()
    reconcile(home)
    home.wait_for_imported(count=1)

    assert left == ({"Detour": "waiting"}, [])
    assert during == 1
    library_file = home.radarr.movie_file(movie)
    assert library_file is not None
    assert sha256_of(library_file) == sha256(film.pieces(0, film.size))


# --- without webhooks ---


def test_without_any_webhook_everything_that_can_be_had_comes(home: Home) -> None:
    home.environ |= {
        "STALKEER_RADARR_SYNC_INTERVAL": "1s",
        "STALKEER_DOWNLOADS_PER_PROVIDER_LIMIT": "3",
    }
    disconnect(home)
    movies = [home.radarr.seed_movie(f"Reel {number}", 1950) for number in range(30)]
    for number in range(25):
        offer(home, f"Reel {number}", 1950, size=100_000)
    home.up()

    home.wait_for_imported(count=25)
    wait_for(lambda: list(states(home).values()).count("no_match") == 5)
    reconcile(home, times=3)

    assert home.radarr.deliveries == []
    assert [home.radarr.count_imports(movie) for movie in movies] == [1] * 25 + [0] * 5
    assert [transfers(home, f"Reel {number}") for number in range(25)] == [1] * 25
    missing = home.get("/api/v1/missing/movies")
    assert {row["state"] for row in missing["data"]} == {"no_match"}
    assert missing["total"] == 5
    [sync] = home.get("/api/v1/radarr-sync")["data"]
    assert (sync["counts"]["missing"], sync["counts"]["no_match"]) == (5, 5)


def test_a_film_that_is_added_now_overtakes_the_backlog(home: Home) -> None:
    home.environ["STALKEER_DOWNLOADS_CONCURRENT_LIMIT"] = "1"
    home.environ["STALKEER_RADARR_LIMIT"] = "200"
    gate = Event()
    for number in range(200):
        home.radarr.seed_movie(f"Reel {number}", 1950)
        # Whichever of them is first waits for the gate; the others find it open.
        offer(home, f"Reel {number}", 1950, Reply(hold=gate), size=100_000)
    offer(home, "Detour", 1945, size=100_000)
    home.up()
    wait_for(lambda: home.media.requests() and len(home.downloads()) == 200)

    home.radarr.add_movie("Detour", 1945)
    wait_for(lambda: [row for row in home.downloads() if row["title"] == "Detour (1945)"])
    gate.set()
    home.wait_for_imported(count=2)

    asked = [seen.path for seen in home.media.requests()]
    assert asked.index(path_of("Detour")) == 1


# --- what people ask for ---


def start_slowly(home: Home, *replies: Reply, size: int = 40 * MB) -> tuple[Film, dict[str, Any]]:
    """Start a download of 2 MB a second whose later requests get these replies."""
    film = offer(home, "Detour", 1945, Reply(bytes_s=2 * MB), *replies, size=size)
    home.up()
    home.radarr.add_movie("Detour", 1945)
    wait_for(lambda: any(row["bytes_downloaded"] > MB for row in home.downloads()))
    return film, home.downloads()[0]


def assert_in_library(home: Home, film: Film) -> None:
    [download] = home.wait_for_imported(count=1)
    path = home.radarr.disk.real(download["imported_path"])
    assert path is not None
    assert sha256_of(path) == sha256(film.pieces(0, film.size))


def test_a_job_that_was_cancelled_goes_on_at_its_byte_when_it_is_replayed(home: Home) -> None:
    film, _ = start_slowly(home, Reply())
    [job] = home.jobs(kind="download")

    ask(home, "POST", f"admin/jobs/{job['id']}/cancel")
    home.wait_for_download(status="cancelled")
    [part] = home.parts()
    had = part.stat().st_size
    replayed = ask(home, "POST", f"admin/jobs/{job['id']}/replay")

    assert_in_library(home, film)
    ranges = [seen.range for seen in home.media.requests(path_of("Detour"))]
    assert ranges == [None, f"bytes={had - OVERLAP}-"]
    assert (replayed["status"], replayed["attempts"], replayed["replays"]) == ("ready", 0, 1)
    assert home.media.bytes_served(path_of("Detour")) < film.size + 2 * MB


def test_a_download_that_failed_goes_on_at_its_byte_when_it_is_replayed(home: Home) -> None:
    cut = Reply(cut_after=20 * MB)
    film = offer(home, "Detour", 1945, cut, Reply(status=404, body=b"gone"), Reply(), size=40 * MB)
    home.up()
    home.radarr.add_movie("Detour", 1945)
    wait_for(lambda: settled(home, {"Detour": "failed"}))
    [part] = home.parts()
    had = part.stat().st_size

    answer = ask(home, "POST", "admin/jobs/replay", {"status": "failed", "kind": "download"})

    [job] = home.jobs(kind="download")
    assert answer == {"replayed": [job["id"]], "refused": []}
    assert_in_library(home, film)
    assert home.media.requests(path_of("Detour"))[-1].range == f"bytes={had - OVERLAP}-"


def test_pause_resume_and_cancel_take_effect_at_once(home: Home) -> None:
    slow = Reply(bytes_s=2 * MB)
    _, download = start_slowly(home, slow, slow)
    path = f"downloads/{download['id']}"

    ask(home, "PUT", f"{path}/pause")
    paused_s = seconds_until(home, download, "paused")
    [part] = home.parts()
    size, item = part.stat().st_size, states(home)
    time.sleep(0.5)
    still = part.stat().st_size
    ask(home, "PUT", f"{path}/resume")
    resumed_s = seconds_until(home, download, "downloading")
    ask(home, "DELETE", path)
    cancelled_s = seconds_until(home, download, "cancelled")

    assert max(paused_s, resumed_s, cancelled_s) < AT_ONCE_S
    assert (item, still) == ({"Detour": "paused"}, size)
    assert home.media.requests(path_of("Detour"))[1].range == f"bytes={size - OVERLAP}-"
    assert (home.parts(), states(home)) == ([], {"Detour": "cancelled"})


def seconds_until(home: Home, download: dict[str, Any], status: str) -> float:
    started_at = time.monotonic()
    wait_for(lambda: home.get(f"/api/v1/downloads/{download['id']}")["status"] == status)
    return time.monotonic() - started_at


def test_a_transfer_that_stands_still_hears_it_too(home: Home) -> None:
    offer(home, "Detour", 1945, Reply(stall_after=2 * MB), size=40 * MB)
    home.up()
    home.radarr.add_movie("Detour", 1945)
    download = home.wait_for_download(status="downloading")

    ask(home, "PUT", f"downloads/{download['id']}/pause")

    assert seconds_until(home, download, "paused") < AT_ONCE_S


def test_an_entry_that_is_rejected_while_it_is_fetched_gives_way_to_the_next(home: Home) -> None:
    offer(home, "Detour", 1945, Reply(bytes_s=MB), size=30 * MB)
    home.offer("EN - Detour (1945) 720p", "/other.mkv", mkv_film(MB, minutes=96))
    home.up()
    home.radarr.add_movie("Detour", 1945)
    wait_for(home.parts)
    home.wait_for_download(status="downloading")
    [match] = matches_of(home, "Detour (1945)")

    ask(home, "DELETE", f"matches/{match['id']}")
    home.wait_for_imported(count=1)

    assert [row["status"] for row in home.downloads()] == ["cancelled", "completed"]
    assert len(home.media.requests("/other.mkv")) == 1

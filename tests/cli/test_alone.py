"""The commands without a running service: they use the database, and work themselves."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

from tests.cli.conftest import change, command, database, tables, tree
from tests.flow.home import MB, PATH, PATIENCE_S, Home, sha256, wait_for
from tests.standins.disk import sha256 as sha256_of
from tests.standins.media import Reply
from tests.standins.sonarr import season

OVERLAP = 64 * 1024
"""What is asked for again, to compare it with the disk."""
FIGURES = {
    "missing",
    "found",
    "downloaded",
    "imported",
    "failed",
    "waiting",
    "to_confirm",
    "not_in_list",
    "seconds",
}


# --- the whole way ---


def test_radarr_finds_fetches_and_imports_what_is_missing_and_ends(home: Home) -> None:
    film = home.offer_film()
    movie = home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    home.radarr.seed_movie("Nowhere Man", 1970)

    ran = command(home, "radarr", "--json")

    figures = ran.json()
    library_file = home.radarr.movie_file(movie)
    assert ran.code == 0, ran.err
    assert set(figures) == FIGURES
    assert {name: figures[name] for name in ("missing", "found", "imported", "not_in_list")} == {
        "missing": 2,
        "found": 1,
        "imported": 1,
        "not_in_list": 1,
    }
    assert library_file is not None
    assert sha256_of(library_file) == sha256(film.pieces(0, film.size))
    assert "Night of the Living Dead (1968): imported" in ran.err
    assert home.rows("SELECT name FROM schedule") == []


def test_sonarr_is_asked_for_one_series_only(home: Home) -> None:
    ran = command(home, "sonarr", "--series-id", "77")

    assert ran.code == 0, ran.err
    assert ran.out.split()[:2] == ["missing", "0"]


def test_a_missing_episode_is_named_by_its_number(home: Home) -> None:
    home.sonarr.seed_series("Nowhere Land", 1970, episodes=season(1, 1))
    command(home, "sonarr")

    shown = command(home, "missing")
    nothing = command(home, "missing", "movies")
    preview = command(home, "sonarr", "--dry-run", "--json").json()

    assert "Nowhere Land S01E01" in shown.out
    assert nothing.out.startswith("Nothing is missing")
    assert [row["title"] for row in preview["data"]] == ["Nowhere Land S01E01"]


def test_only_the_movie_that_is_named_is_searched_for(home: Home) -> None:
    home.offer_film()
    home.radarr.seed_movie("Nowhere Man", 1970)
    movie = home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)

    ran = command(home, "radarr", "--movie-id", str(movie))

    searches = home.rows("SELECT title FROM job WHERE kind = 'search'")
    assert ran.code == 0, ran.err
    assert searches == [{"title": "Night of the Living Dead (1968)"}]
    assert home.radarr.count_imports(movie) == 1


def test_a_limit_is_the_number_of_new_searches(home: Home) -> None:
    for number in range(3):
        home.radarr.seed_movie(f"Nowhere Man {number}", 1970)

    ran = command(home, "radarr", "--limit", "2", "--json")

    assert ran.json()["missing"] == 3
    assert len(home.rows("SELECT id FROM job WHERE kind = 'search'")) == 2


def test_force_fetches_again_what_radarr_refused(home: Home) -> None:
    home.offer_film()
    movie = home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    home.radarr.judge.refuse("Sample")
    refused = command(home, "radarr", "--json")
    home.radarr.mend()

    plain = command(home, "radarr", "--json").json()
    forced = command(home, "radarr", "--force", "--json")

    assert refused.code == 1
    assert refused.json()["failed"] == 1
    assert (plain["imported"], len(home.media.requests(PATH))) == (0, 2)
    assert (forced.code, forced.json()["imported"]) == (0, 1)
    assert home.radarr.count_imports(movie) == 1


def test_a_radarr_that_is_away_ends_the_run_with_its_reason(home: Home) -> None:
    ran = command(home, "radarr", RADARR_URL="http://127.0.0.1:9")

    assert (ran.code, ran.out) == (1, "")
    assert "127.0.0.1:9" in ran.err


def test_what_is_not_set_is_wrong_usage(home: Home) -> None:
    ran = command(home, "radarr", RADARR_URL="", RADARR_API_KEY="")

    assert ran.code == 2
    assert "STALKEER_RADARR_URL" in ran.err


def test_a_second_run_at_the_same_time_is_refused(home: Home) -> None:
    home.offer_film(Reply(bytes_s=MB), size=50 * MB)
    home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    first = home.run("radarr")
    wait_for(home.parts)

    ran = command(home, "radarr")
    first.stop()

    assert ran.code == 1
    assert "already runs on" in ran.err


def test_a_person_at_a_terminal_sees_how_far_it_is(home: Home) -> None:
    home.offer_film()
    home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    ours, theirs = pty.openpty()

    with os.fdopen(ours, "rb", buffering=0) as terminal:
        done = subprocess.run(
            [sys.executable, "-m", "stalkeer", "radarr"],
            env=home.settings() | {"TERM": "xterm", "COLUMNS": "100"},
            cwd=home.folder,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            timeout=PATIENCE_S,
            check=False,
        )
        os.close(theirs)
        seen = terminal.read(65536)

    assert done.returncode == 0
    assert b"Night of the Living Dead (1968)" in seen
    assert b"imported" in seen


# --- interrupted ---


def test_an_interrupted_run_says_how_to_go_on_and_goes_on_at_the_byte(home: Home) -> None:
    film = home.offer_film(Reply(bytes_s=20 * MB), Reply(), size=60 * MB)
    movie = home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    run = home.run("radarr")
    progress = "SELECT bytes_downloaded AS done FROM download_info"
    wait_for(lambda: database(home).exists() and home.parts())
    wait_for(lambda: any(row["done"] > 10 * MB for row in home.rows(progress)))

    run.popen.send_signal(signal.SIGINT)
    code = run.wait()
    (part,) = home.parts()
    size = part.stat().st_size
    listed = command(home, "resume-downloads", "--dry-run", "--json").json()
    resumed = command(home, "resume-downloads", "--json")

    assert code == 1
    assert "stalkeer resume-downloads" in run.output()
    assert home.media.requests(PATH)[1].range == f"bytes={size - OVERLAP}-"
    assert [row["bytes_downloaded"] for row in listed["data"]] == [size]
    assert resumed.code == 0, resumed.err
    assert (resumed.json()["resumed"], resumed.json()["imported"]) == (1, 1)
    library_file = home.radarr.movie_file(movie)
    assert library_file is not None
    assert sha256_of(library_file) == sha256(film.pieces(0, film.size))


def test_what_failed_for_good_is_resumed(home: Home) -> None:
    home.environ["STALKEER_DOWNLOADS_RETRY_ATTEMPTS"] = "1"
    home.offer_film(Reply(status=404), Reply())
    movie = home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    failed = command(home, "radarr", "--json")

    of_the_other = command(home, "resume-downloads", "--service", "sonarr", "--json").json()
    resumed = command(home, "resume-downloads", "--service", "radarr", "--json")

    assert (failed.code, failed.json()["failed"]) == (1, 1)
    assert of_the_other["resumed"] == 0
    assert (resumed.code, resumed.json()["imported"]) == (0, 1), resumed.err
    assert home.radarr.count_imports(movie) == 1


# --- dry runs ---


@pytest.mark.parametrize(
    "arguments",
    [("radarr",), ("sonarr",), ("resume-downloads",), ("cleanup", "--retention-hours", "0")],
    ids=lambda arguments: arguments[0],
)
def test_a_dry_run_without_a_database_says_so_and_makes_nothing(
    home: Home, arguments: tuple[str, ...]
) -> None:
    (home.folder / "data").rmdir()
    before = tree(home.folder)

    ran = command(home, *arguments, "--dry-run")

    assert (ran.code, ran.out) == (1, "")
    assert "There is no database yet" in ran.err
    assert tree(home.folder) == before


def records(home: Home) -> dict[str, tuple[bytes, int] | None]:
    """Every file but those through which processes share the limit on bandwidth."""
    return {path: kept for path, kept in tree(home.folder).items() if "/bandwidth" not in path}


def test_a_dry_run_shows_what_would_be_taken_and_writes_nothing(home: Home) -> None:
    home.offer_film()
    home.radarr.seed_movie("Nowhere Man", 1970)
    movie = home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    command(home, "process")
    files, rows = records(home), tables(home)

    shown = command(home, "radarr", "--dry-run")
    report = command(home, "radarr", "--dry-run", "--json", "--movie-id", str(movie)).json()
    command(home, "resume-downloads", "--dry-run")
    command(home, "cleanup", "--dry-run")

    assert (records(home), tables(home)) == (files, rows)
    assert shown.code == 0
    assert "it is in none of the playlists" in shown.out
    assert "Nothing was written." in shown.out
    (row,) = report["data"]
    assert (row["decision"], row["entry"]) == ("take", "EN - Night of the Living Dead (1968) 1080p")
    assert row["score"] >= 80
    assert row["reasons"]


# --- what was saved through the API ---


def save(home: Home, **settings: str) -> None:
    """Save settings, as a service did that has ended."""
    for name, value in settings.items():
        row = (f"STALKEER_{name}", value, "2026-01-01 00:00:00")
        change(home, "INSERT INTO setting (name, value, updated_at) VALUES (?, ?, ?)", *row)


def test_saved_settings_count_without_a_service_too(home: Home) -> None:
    home.offer_film()
    home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    command(home, "process")
    unset = {"RADARR_URL": "", "RADARR_API_KEY": ""}
    save(home, RADARR_URL=home.radarr.url, RADARR_API_KEY=home.radarr.api_key, MATCHING_AUTO="100")

    preview = command(home, "radarr", "--dry-run", "--json", **unset)
    done = command(home, "radarr", "--json", "--parallel", "1", **unset)

    assert [row["decision"] for row in preview.json()["data"]] == ["ask"]
    assert (done.code, done.json()["to_confirm"]) == (0, 1)


def test_a_saved_playlist_is_read_without_a_service(home: Home) -> None:
    home.offer_film()
    command(home, "migrate")
    save(home, M3U_FILE_PATH=str(home.playlist))

    read = command(home, "process", "--json", M3U_FILE_PATH="")

    assert (read.code, read.json()["entries"]) == (0, 1)


def test_saved_settings_that_do_not_fit_are_left_out_and_said(home: Home) -> None:
    command(home, "migrate")
    save(home, MATCHING_AUTO="dreamt")

    ran = command(home, "radarr", "--dry-run")

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "0 missing. Nothing was written.")
    assert "STALKEER_MATCHING_AUTO" in ran.err


# --- rows ---


def test_rows_are_read_and_changed_without_a_service(home: Home) -> None:
    home.environ["STALKEER_DOWNLOADS_RETRY_ATTEMPTS"] = "1"
    home.offer_film(Reply(status=404))
    home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    command(home, "radarr")

    failed = command(home, "jobs", "--status", "failed", "--json").json()["data"]
    replayed = command(home, "jobs", "replay", "--failed", "--kind", "download", "--json")
    downloads = [str(row["id"]) for row in command(home, "downloads", "--json").json()["data"]]
    paused = command(home, "downloads", "pause", *downloads)
    resumed = command(home, "downloads", "resume", *downloads)
    moved = command(home, "downloads", "priority", *downloads, "5", "--json")
    stopped = command(home, "jobs", "cancel", str(failed[0]["id"]))
    taken_up = command(home, "jobs", "replay", str(failed[0]["id"]))
    cancelled = command(home, "downloads", "cancel", *downloads)
    again = command(home, "downloads", "cancel", *downloads)

    assert [job["kind"] for job in failed] == ["download"]
    assert replayed.json() == {"replayed": [failed[0]["id"]], "refused": []}
    assert paused.out == "Download 1, Night of the Living Dead (1968): paused.\n"
    assert resumed.out == "Download 1, Night of the Living Dead (1968): pending.\n"
    assert moved.code == 0
    job = f"Job {failed[0]['id']}, download of Night of the Living Dead (1968)"
    assert stopped.out == f"{job}, is cancelled.\n"
    assert taken_up.out == f"{job}, runs again.\n"
    assert cancelled.out == "Download 1, Night of the Living Dead (1968): cancelled.\n"
    assert (again.code, again.out) == (1, "")
    assert "nothing to cancel" in again.err


def test_a_match_is_decided_without_a_service(home: Home) -> None:
    home.offer_film(name="EN - Detour")
    home.offer_film(name="EN - Detour (1992)", path="/movie/user/word/3.mkv")
    movie = home.radarr.seed_movie("Detour", 1945, runtime=96)
    asked = command(home, "radarr", "--json").json()
    (match,) = command(home, "matches", "list", "--json").json()["data"]
    number = str(match["id"])

    rejected = command(home, "matches", "reject", number, "--json").json()
    confirmed = command(home, "matches", "confirm", number)
    chosen = command(
        home, "matches", "choose", "radarr", str(movie), str(match["playlist_item_id"]), "--json"
    ).json()

    assert asked["to_confirm"] == 1
    assert rejected["state"] == "rejected"
    assert confirmed.out.startswith(f"Detour (1945): {match['entry_name']} is confirmed.\n")
    assert chosen["method"] == "by_hand" or chosen["state"] == "confirmed"
    assert "No service runs" in confirmed.err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("jobs", "replay"), id="neither-ids-nor-failed"),
        pytest.param(("jobs", "replay", "1", "--failed"), id="both"),
        pytest.param(("jobs", "replay", "1", "--kind", "search"), id="kind-of-ids"),
        pytest.param(("jobs", "dance"), id="unknown-verb"),
        pytest.param(("downloads", "priority", "1", "1001"), id="priority-too-high"),
        pytest.param(("matches", "list", "--state", "dreamt"), id="unknown-state"),
        pytest.param(("radarr", "--limit", "0"), id="no-searches"),
    ],
)
def test_wrong_usage_exits_2(home: Home, arguments: tuple[str, ...]) -> None:
    ran = command(home, *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err


# --- cleanup ---


def test_cleanup_removes_what_nobody_goes_on_with_and_keeps_the_rest(home: Home) -> None:
    home.environ["STALKEER_DOWNLOADS_RETRY_ATTEMPTS"] = "1"
    home.offer_film(Reply(cut_after=MB // 2), Reply(status=404), size=MB)
    home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    command(home, "radarr")
    (kept,) = home.parts()
    useless = kept.with_name("999.part")
    useless.write_bytes(b"a part")

    young = command(home, "cleanup", "--json").json()
    shown = command(home, "cleanup", "--dry-run", "--retention-hours", "0")
    had = home.parts()
    removed = command(home, "cleanup", "--retention-hours", "0", "--json").json()

    assert (young["parts"], had) == ([], [kept, useless])
    assert f"{useless}  6 B" in shown.out
    assert "1 part files (6 B) and 0 old jobs would be removed." in shown.out
    assert removed["parts"] == [{"path": str(useless), "size_bytes": 6}]
    assert home.parts() == [kept]

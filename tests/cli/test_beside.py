"""The commands beside a running service: they speak to it, and it does the work."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator

import pytest

from tests.cli.conftest import command
from tests.flow.home import Home, home_in


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A service with one film imported, one in no list, and one to confirm."""
    with home_in(tmp_path_factory.mktemp("busy")) as home:
        home.offer_film()
        home.offer_film(name="EN - Detour", path="/movie/user/word/2.mkv")
        home.offer_film(name="EN - Detour (1992)", path="/movie/user/word/3.mkv")
        home.radarr.seed_movie("Nowhere Man", 1970)
        home.radarr.seed_movie("Detour", 1945, runtime=96)
        home.up()
        home.add_film()
        home.wait_for_imported(count=1)
        home.wait_until_quiet()
        yield home


def test_up_says_where_it_is_reached_to_its_owner_alone(busy: Home) -> None:
    path = busy.folder / "data" / "service.json"

    assert json.loads(path.read_text())["url"] == busy.url
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_database_is_its_owners_alone(busy: Home) -> None:
    files = (busy.folder / "data").glob("stalkeer.db*")

    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_command_needs_no_setting_but_the_data_directory(busy: Home) -> None:
    ran = command(busy, "missing", "--json", API_KEY="", PORT="1")

    assert ran.code == 0
    assert ran.json()["total"] == 2


def test_missing_shows_each_item_with_its_state_and_reason(busy: Home) -> None:
    both = command(busy, "missing", "--json")
    shown = command(busy, "missing", "movies")
    episodes = command(busy, "missing", "tvshows", "--json")

    rows = {row["title"]: row for row in both.json()["data"]}
    assert (both.code, shown.code, both.err) == (0, 0, "")
    assert rows["Nowhere Man"]["state"] == "no_match"
    assert "in none of the playlists" in rows["Nowhere Man"]["reason"]
    assert "Nowhere Man (1970)" in shown.out
    assert "no_match" in shown.out
    assert episodes.json() == {"data": [], "total": 0}


def test_jobs_are_listed_shown_and_refused_by_what_they_are(busy: Home) -> None:
    listed = command(busy, "jobs", "--kind", "import", "--json").json()
    (job,) = listed["data"]

    shown = command(busy, "jobs", "show", str(job["id"]))
    refused = command(busy, "jobs", "replay", str(job["id"]), "99999")
    cancelled = command(busy, "jobs", "cancel", str(job["id"]), "--json")

    assert (listed["total"], job["status"]) == (1, "done")
    assert shown.code == 0
    assert "Night of the Living Dead (1968)" in shown.out
    assert "TRY" in shown.out
    assert refused.code == 1
    assert "only failed and cancelled jobs can be replayed" in refused.err
    assert "There is no job 99999." in refused.err
    assert cancelled.code == 1
    assert "cancelled" in cancelled.json()["data"][0]["error"]


def test_downloads_are_listed_and_shown_with_their_moves(busy: Home) -> None:
    listed = command(busy, "downloads", "list", "--status", "completed", "--json").json()
    (download,) = listed["data"]

    shown = command(busy, "downloads", "show", str(download["id"]))
    refused = command(busy, "downloads", "pause", str(download["id"]))

    assert shown.code == 0
    assert "imported_path" in shown.out
    assert "importing" in shown.out
    assert refused.code == 1
    assert "nothing to pause" in refused.err


@pytest.mark.parametrize(
    ("arguments", "header", "said"),
    [
        pytest.param(("matches",), "ID  ITEM", "Night of the Living Dead (1968)  97", id="matches"),
        pytest.param(("downloads",), "ID  TITLE", "completed  imported  100 %", id="downloads"),
        pytest.param(("jobs", "--limit", "1"), "ID", "--limit 0 shows all.", id="jobs"),
    ],
)
def test_lists_are_tables_for_people(
    busy: Home, arguments: tuple[str, ...], header: str, said: str
) -> None:
    ran = command(busy, *arguments)

    assert ran.code == 0
    assert ran.out.startswith(header)
    assert said in ran.out


def test_one_job_or_match_as_json_has_its_whole_story(busy: Home) -> None:
    job = command(busy, "jobs", "show", "1", "--json").json()
    match = command(busy, "matches", "show", "1", "--json").json()
    download = command(busy, "downloads", "show", "1", "--json").json()

    assert {"history", "error", "result", "attempts"} <= set(job)
    assert {"alternatives", "reasons", "match_score"} <= set(match)
    assert {"events", "status", "import_status"} <= set(download)


def test_a_field_the_list_does_not_know_is_a_plain_error(busy: Home) -> None:
    ran = command(busy, "jobs", "--status", "high", "--json")
    other = command(busy, "downloads", "show", "99999")

    assert (ran.code, "status" in ran.err, "failed" in ran.err) == (1, True, True)
    assert (other.code, other.err) == (1, "There is no download 99999.\n")


def test_a_match_is_shown_and_an_entry_is_not_chosen_for_what_does_not_exist(busy: Home) -> None:
    (match,) = command(busy, "matches", "--state", "to_confirm", "--json").json()["data"]

    shown = command(busy, "matches", "show", str(match["id"]))
    chosen = command(busy, "matches", "choose", "radarr", "99999", str(match["playlist_item_id"]))

    assert "match_score" in shown.out
    assert "Detour (1945)" in shown.out
    assert chosen.code == 1
    assert "has no item 99999" in chosen.err


def test_a_run_beside_the_service_follows_the_work_of_the_service(home: Home) -> None:
    home.up()
    home.wait_until_quiet()
    movie = home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    home.offer_film()
    assert command(home, "process").code == 0

    ran = command(home, "radarr", "--parallel", "2", "--json")

    figures = ran.json()
    assert ran.code == 0, ran.err
    assert (figures["missing"], figures["found"], figures["imported"]) == (1, 1, 1)
    assert "--parallel has no effect" in ran.err
    assert "Night of the Living Dead (1968): imported" in ran.err
    assert home.radarr.count_imports(movie) == 1


def test_a_file_that_a_killed_service_left_behind_is_noticed(home: Home) -> None:
    home.up().kill()

    ran = command(home, "jobs", "--json")

    assert (home.folder / "data" / "service.json").exists()
    assert ran.code == 0


def test_the_service_takes_its_address_back_when_it_ends(home: Home) -> None:
    assert home.up().stop() == 0

    assert not (home.folder / "data" / "service.json").exists()

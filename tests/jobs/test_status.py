"""How the service fares, and what it says is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from stalkeer import __version__
from stalkeer.core.connections import ProviderPause
from stalkeer.core.jobs import ItemMove
from stalkeer.core.pathmap import PathMap
from stalkeer.core.states import ItemState, JobKind
from stalkeer.db.connect import Database
from stalkeer.db.store import Store
from stalkeer.jobs.services import DownloadRules
from stalkeer.jobs.status import Status
from tests.builders import (
    add_job,
    entry,
    film_on_its_way,
    jobs_of,
    learn,
    movie,
    playlist,
    publish,
)
from tests.jobs.conftest import House
from tests.servers import free_port
from tests.standins.radarr import Radarr


@pytest.fixture
def status(house: House) -> Status:
    return status_of(house)


def status_of(house: House, *, queue_answers: bool = True) -> Status:
    return Status(
        services=house.services,
        queue_kind="embedded",
        queue_answers=lambda: queue_answers,
        started_at=house.services.now() - timedelta(seconds=90),
    )


def registered(house: House) -> None:
    """Have everything that a home needs."""
    playlist(house.store)
    house.store.instances.note_webhook("radarr", "registered")


def codes(status: Status) -> list[str]:
    return [problem.code for problem in status.problems()]


# --- checks ---


def test_everything_answers(house: House, radarr: Radarr) -> None:
    assert status_of(house).checks() == {"database": True, "queue": True, "disk": True}


def test_a_queue_that_does_not_answer_is_named(house: House) -> None:
    assert not status_of(house, queue_answers=False).checks()["queue"]


def test_a_database_that_does_not_answer_is_named(house: House) -> None:
    away = Store(Database(f"postgresql://u:p@127.0.0.1:{free_port()}/none"))
    house.change(store=away)

    assert not status_of(house).checks()["database"]


def test_a_full_disk_is_named(house: House, radarr: Radarr) -> None:
    house.change(downloads=DownloadRules(min_free_bytes=2**62))

    assert not status_of(house).checks()["disk"]


# --- problems ---


def test_a_fresh_start_says_what_to_set(status: Status) -> None:
    problems = status.problems()

    assert [problem.code for problem in problems] == ["no_instance", "no_playlist"]
    assert "STALKEER_RADARR_URL" in problems[0].remedy
    assert "STALKEER_M3U_URL" in problems[1].remedy


def test_a_home_that_is_set_up_has_no_problem(house: House, radarr: Radarr) -> None:
    registered(house)

    status = status_of(house)

    assert status.problems() == []
    assert "Everything is set up" in status.lines()[-1]


def test_the_last_error_of_an_instance_and_of_a_playlist_is_a_problem(
    house: House, radarr: Radarr
) -> None:
    house.store.instances.note_webhook("radarr", "registered")
    house.store.instances.note_error("radarr", "it refuses the API key")
    house.store.playlists.note(playlist(house.store), error="the server is away")

    messages = [problem.message for problem in status_of(house).problems()]

    assert messages == ["radarr: it refuses the API key", "list: the server is away"]


def test_an_account_that_runs_out_within_a_week_is_a_problem_and_is_shown(
    house: House, radarr: Radarr
) -> None:
    house.store.instances.note_webhook("radarr", "registered")
    number = playlist(house.store)
    day = house.services.now().replace(microsecond=0) + timedelta(days=5, hours=1)
    house.store.playlists.note_account(number, max_connections=2, expires_at=day)

    status = status_of(house)

    [problem] = status.problems()
    assert problem.code == "account_expires"
    assert problem.message == f"list: the account runs out on {day:%Y-%m-%d}, in 5 days."
    [source] = status.report()["playlists"]
    assert (source["max_connections"], source["is_reachable"]) == (2, None)
    assert datetime.fromisoformat(source["expires_at"]) == day


def test_an_instance_that_left_the_settings_is_no_problem(house: House, radarr: Radarr) -> None:
    playlist(house.store)
    house.store.instances.note_error("radarr", "it refuses the API key")
    arr = house.services.arrs["radarr"]
    house.change(instances={}, arrs={})

    status = status_of(house)

    assert codes(status) == ["no_instance"]
    assert status.report()["instances"] == []
    arr.close()


def test_a_full_disk_is_a_problem(house: House, radarr: Radarr) -> None:
    registered(house)
    house.change(downloads=DownloadRules(min_free_bytes=10**18))

    [problem] = status_of(house).problems()

    assert problem.code == "disk"
    assert str(house.services.instances["radarr"].folder) in problem.message
    assert "1000000000.0 GB must stay free" in problem.message
    assert "STALKEER_DOWNLOADS_MIN_FREE_SPACE" in problem.remedy


def test_a_provider_that_is_left_alone_is_a_problem(house: House, radarr: Radarr) -> None:
    registered(house)
    pause = ProviderPause(base_s=600, reason="it answered 403")
    providers, limits = house.store.providers, house.services.limits
    house.store.db.write(lambda: providers.pause("tv.example.invalid", pause, limits))

    [problem] = status_of(house).problems()

    assert problem.code == "provider"
    assert "tv.example.invalid" in problem.message
    assert "it answered 403" in problem.message


def test_a_folder_that_radarr_does_not_see_is_a_problem_while_a_download_waits_for_it(
    house: House, radarr: Radarr
) -> None:
    registered(house)
    house.rule("radarr", path_map=PathMap(()))
    film_on_its_way(house.store)
    [job] = jobs_of(house.store, JobKind.DOWNLOAD)

    house.run(job.id)
    [problem] = status_of(house).problems()
    house.store.control.cancel_job(job.id)

    assert problem.code == "folder"
    assert "STALKEER_RADARR_PATH_MAP=" in problem.message
    assert status_of(house).problems() == []


@pytest.mark.parametrize("state", ["", "failed"])
def test_a_webhook_that_is_not_there_is_a_problem_until_one_comes(
    house: House, radarr: Radarr, state: str
) -> None:
    registered(house)
    house.store.instances.note_webhook("radarr", state)

    [problem] = status_of(house).problems()
    add_job(house.store, JobKind.WEBHOOK, instance="radarr")

    assert (problem.code, problem.remedy) == ("webhook", "Run `stalkeer register radarr`.")
    assert status_of(house).problems() == []


def test_a_list_that_was_never_read_and_fails_is_not_reachable(house: House) -> None:
    house.store.playlists.note(playlist(house.store), error="the server is away")

    [source] = status_of(house).report()["playlists"]

    assert source["is_reachable"] is False


# --- report ---


def test_the_report_holds_the_whole_state(house: House, radarr: Radarr) -> None:
    publish(house.store, entry())
    learn(house.store, movie())
    add_job(house.store)
    house.store.instances.note_webhook("radarr", "registered")
    house.store.instances.note_sync("radarr", counts={"missing": 1})

    report = status_of(house).report()

    [instance], [source], [folder] = (
        report[name] for name in ("instances", "playlists", "folders")
    )
    assert (report["app_name"], report["version"]) == ("stalkeer", __version__)
    assert report["uptime_s"] in (89, 90, 91)
    assert report["database"] == {"kind": "sqlite"}
    assert report["queue"] == {"kind": "embedded", "answers": True}
    assert (report["jobs"], report["items"]) == ({"ready": 1}, {"searching": 1})
    assert (instance["name"], instance["last_sync"]) == ("radarr", {"missing": 1})
    assert datetime.fromisoformat(instance["last_sync_at"]).tzinfo is not None
    assert instance["last_error"] is None
    assert (source["name"], source["entries"]) == ("list", 1)
    assert datetime.fromisoformat(source["refreshed_at"]).tzinfo is not None
    assert folder["instance"] == "radarr"
    assert folder["free_bytes"] > 0
    assert report["problems"] == []


def test_the_plain_page_counts_what_is_missing(house: House) -> None:
    heat, ronin = learn(house.store, movie()), learn(house.store, movie(2, "Ronin", 1998))
    gone = learn(house.store, movie(3, "Alien", 1979))
    house.store.items.move(
        [
            ItemMove(item_id=ronin, state=ItemState.NO_MATCH),
            ItemMove(item_id=gone, state=ItemState.GONE),
        ]
    )

    lines = status_of(house).lines()

    assert lines[0] == f"stalkeer {__version__} is running."
    assert lines[1].startswith("2 missing")
    assert "1 searching" in lines[1]
    assert any("STALKEER_M3U_URL" in line for line in lines)
    assert heat != ronin

"""How the service fares, and what it says is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from stalkeer import __version__
from stalkeer.core.jobs import ItemMove
from stalkeer.core.states import ItemState
from stalkeer.db.connect import Database
from stalkeer.db.store import Store
from stalkeer.jobs.services import DownloadRules
from stalkeer.jobs.status import Status
from tests.builders import add_job, entry, learn, movie, playlist, publish
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
    playlist(house.store)

    status = status_of(house)

    assert status.problems() == []
    assert "Everything is set up" in status.lines()[-1]


def test_the_last_error_of_an_instance_and_of_a_playlist_is_a_problem(
    house: House, radarr: Radarr
) -> None:
    house.store.instances.note_error("radarr", "it refuses the API key")
    house.store.playlists.note(playlist(house.store), error="the server is away")

    messages = [problem.message for problem in status_of(house).problems()]

    assert messages == ["radarr: it refuses the API key", "list: the server is away"]


def test_an_account_that_runs_out_within_a_week_is_a_problem_and_is_shown(
    house: House, radarr: Radarr
) -> None:
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


# --- report ---


def test_the_report_holds_the_whole_state(house: House, radarr: Radarr) -> None:
    publish(house.store, entry())
    learn(house.store, movie())
    add_job(house.store)
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

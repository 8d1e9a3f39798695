"""How the service fares, and the form of every answer that is no result."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from stalkeer.core.jobs import ItemMove
from stalkeer.core.states import ItemState
from stalkeer.db.store import Store
from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.services import Services
from tests.builders import film_on_its_way, learn, movie, playlist
from tests.web.conftest import (
    API_KEY,
    ARR_KEYS,
    KEY,
    WEBHOOK_PASSWORD,
    House,
    app_of,
    client_of,
    services_of,
    settings_in,
)

STATUS = "/api/v1/system/status"


@pytest.fixture
def no_database(house: House, tmp_path: Path) -> None:
    """Take the tables away from under the service."""
    with sqlite3.connect(tmp_path / "stalkeer.db") as other:
        for table in ("playlist", "job", "download_info"):
            other.execute(f"ALTER TABLE {table} RENAME TO gone_{table}")


def test_ping_says_that_the_process_lives(house: House) -> None:
    assert house.stranger.get("/ping").json() == {"status": "OK"}


def test_ping_answers_without_a_database(house: House, no_database: None) -> None:
    assert house.stranger.get("/ping").status_code == 200


def test_health_names_its_checks_and_nothing_else(house: House) -> None:
    answer = house.stranger.get("/health")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "queue": "ok", "disk": "ok"},
    }


def test_health_is_503_when_the_database_is_away(house: House, no_database: None) -> None:
    answer = house.stranger.get("/health")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "failed",
        "checks": {"database": "failed", "queue": "ok", "disk": "ok"},
    }


def test_health_is_503_when_the_queue_is_away(services: Services, writer: WebhookWriter) -> None:
    with client_of(app_of(services, writer, queue_answers=False)) as stranger:
        answer = stranger.get("/health")

    assert answer.status_code == 503
    assert answer.json()["checks"]["queue"] == "failed"


def test_health_is_503_when_a_disk_is_full(
    store: Store, writer: WebhookWriter, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, DOWNLOADS_MIN_FREE_SPACE="900000TB")
    with (
        services_of(store, settings) as services,
        client_of(app_of(services, writer)) as stranger,
    ):
        answer = stranger.get("/health")

    assert answer.status_code == 503
    assert answer.json()["checks"]["disk"] == "failed"


@pytest.mark.parametrize("path", ["/api/v1/downloads", "/api/v1/admin/jobs", STATUS, "/"])
def test_what_needs_the_database_is_503_without_it(
    house: House, no_database: None, path: str
) -> None:
    answer = house.client.get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert answer.json()["error"]["code"] == "database_unavailable"


def test_the_status_has_every_documented_part(house: House) -> None:
    shown = house.client.get(STATUS).json()

    assert set(shown) >= {
        "version",
        "uptime_s",
        "database",
        "queue",
        "instances",
        "playlists",
        "folders",
        "jobs",
        "items",
        "problems",
    }
    assert shown["database"]["kind"] == "sqlite"
    assert shown["queue"] == {"kind": "embedded", "answers": True}
    assert [each["name"] for each in shown["instances"]] == ["radarr", "sonarr"]
    assert all(each["free_bytes"] > 0 for each in shown["folders"])


def test_the_status_counts_jobs_and_items(house: House) -> None:
    film_on_its_way(house.store)

    shown = house.client.get(STATUS).json()

    assert shown["jobs"] == {"done": 1, "ready": 1}
    assert shown["items"] == {"waiting": 1}


def test_the_widget_is_flat_and_counts(house: House) -> None:
    film_on_its_way(house.store)
    house.store.items.move(
        [ItemMove(item_id=learn(house.store, movie(2)), state=ItemState.TO_CONFIRM)]
    )

    assert house.client.get("/api/v1/widget").json() == {
        "missing": 2,
        "matched": 1,
        "to_confirm": 1,
        "downloading": 0,
        "failed": 0,
        "imported_7d": 0,
        "speed": 0,
    }


def test_a_problem_comes_with_its_remedy(
    store: Store, writer: WebhookWriter, tmp_path: Path
) -> None:
    nothing = {f"{arr}_{key}": "" for arr in ("RADARR", "SONARR") for key in ("URL", "API_KEY")}
    with (
        services_of(store, settings_in(tmp_path, **nothing)) as services,
        client_of(app_of(services, writer), **KEY) as client,
    ):
        problems = client.get(STATUS).json()["problems"]

    assert {problem["code"] for problem in problems} == {"no_instance", "no_playlist"}
    assert all("Set STALKEER_" in problem["remedy"] for problem in problems)


def registered(house: House) -> None:
    for name in house.services.instances:
        house.store.instances.note_webhook(name, "registered")


def test_the_last_errors_of_instances_and_playlists_are_problems(house: House) -> None:
    registered(house)
    house.store.instances.note_error("radarr", "radarr cannot be reached. Check that it runs.")
    house.store.playlists.note(playlist(house.store), error="The playlist list is empty.")

    problems = house.client.get(STATUS).json()["problems"]

    assert [(problem["code"], problem["message"]) for problem in problems] == [
        ("instance", "radarr: radarr cannot be reached. Check that it runs."),
        ("playlist", "list: The playlist list is empty."),
    ]
    assert all(problem["remedy"] for problem in problems)


def test_the_status_holds_no_secret(house: House) -> None:
    house.store.playlists.configure(
        [("films", "http://joe:provider-pass@tv.example.invalid/get.php?password=provider-pass")]
    )

    text = house.client.get(STATUS).text

    secrets = [API_KEY, WEBHOOK_PASSWORD, *ARR_KEYS.values(), "provider-pass", "joe"]
    assert [secret for secret in secrets if secret in text] == []


def test_the_page_shows_the_state_and_the_next_step(house: House) -> None:
    house.store.items.move(
        [ItemMove(item_id=learn(house.store, movie()), state=ItemState.NO_MATCH)]
    )

    answer = house.client.get("/")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "1 missing in Radarr and Sonarr" in answer.text
    assert "Set STALKEER_M3U_URL" in answer.text


def test_the_page_says_when_everything_is_set_up(house: House) -> None:
    registered(house)
    playlist(house.store)

    assert "Everything is set up" in house.client.get("/").text


def test_text_of_others_cannot_become_markup_of_the_page(house: House) -> None:
    house.store.instances.note_error("radarr", "<script>alert(1)</script>")

    text = house.client.get("/").text

    assert "<script>" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("path", ["/nothing/here", "/api/v1", "/api/v2/downloads", "/webhooks/"])
def test_a_path_that_is_not_there_is_404_in_the_usual_form(house: House, path: str) -> None:
    answer = house.client.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/downloads", {"GET", "HEAD", "POST"}),
        ("POST", "/api/v1/downloads/7", {"GET", "HEAD", "DELETE"}),
        ("DELETE", "/", {"GET", "HEAD"}),
        ("PUT", "/ping", {"GET", "HEAD"}),
        ("GET", "/webhooks/radarr", {"POST", "PUT"}),
        ("DELETE", "/webhooks/radarr", {"POST", "PUT"}),
    ],
)
def test_a_method_that_is_not_offered_is_405_and_says_what_is(
    house: House, method: str, path: str, allowed: set[str]
) -> None:
    answer = house.client.request(method, path)

    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_an_error_repeats_no_more_of_a_path_than_a_person_reads(house: House) -> None:
    answer = house.client.get("/" + "x" * 5000)

    assert len(answer.content) < 500


@pytest.mark.parametrize("path", ["/ping", "/health", "/", STATUS, "/api/v1/downloads"])
def test_head_is_get_without_the_body(house: House, path: str) -> None:
    get, head = house.client.get(path), house.client.head(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


@pytest.mark.parametrize("path", ["/ping/", "/api/v1/downloads/", "/api/v1/downloads//", "//"])
def test_a_final_slash_is_never_a_redirect(house: House, path: str) -> None:
    assert house.client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/stalkeer/ping", 200),
        ("/stalkeer/api/v1/downloads", 200),
        ("/stalkeer", 200),
        ("/stalkeer/", 200),
        ("/ping", 200),
        ("/stalkeerping", 404),
        ("/stalkeer/stalkeer/ping", 404),
    ],
)
def test_the_url_base_may_stand_in_front_of_every_path(
    services: Services, writer: WebhookWriter, path: str, status: int
) -> None:
    with client_of(app_of(services, writer, url_base="/stalkeer"), **KEY) as client:
        assert client.get(path).status_code == status

"""Settings over HTTP: what is saved takes effect at once, what is pinned stays, secrets never show."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from dramatiq.worker import WorkerThread
from starlette.testclient import TestClient

from stalkeer.core.states import QUEUES
from stalkeer.db.vault import Vault
from stalkeer.log import configure, get_logger
from stalkeer.wiring.service import Service
from tests.web.conftest import KEY, client_of
from tests.web.seeded import environ_in, started

V1 = "/api/v1"


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    (tmp_path / "stalkeer.db").write_bytes(migrated_file.read_bytes())
    return tmp_path


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    with started(folder, environ_in(folder)) as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with client_of(service.app, **KEY) as client:
        yield client


def save(client: TestClient, section: str, **values: object) -> Any:
    return client.put(f"{V1}/settings/{section}", json={"values": values})


def row(client: TestClient, section: str, key: str) -> dict[str, Any]:
    rows = client.get(f"{V1}/settings/{section}").json()["settings"]
    [found] = [one for one in rows if one["key"] == key]
    return dict(found)


@contextmanager
def log_kept() -> Iterator[None]:
    """Give back what `configure` changes for the whole process."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.configure(**config)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_saved_setting_is_in_force_at_once_and_says_who_set_it(
    client: TestClient, service: Service
) -> None:
    answer = save(client, "downloads", retry_attempts=9, min_size_movie="3GB", verify=False)

    assert answer.status_code == 200, answer.text
    assert service.services.downloads.attempts == 9
    assert service.services.downloads.min_movie_bytes == 3_000_000_000
    assert service.services.downloads.verify is False
    shown = row(client, "downloads", "retry_attempts")
    assert (shown["value"], shown["source"], shown["is_set"]) == ("9", "saved", True)


def test_a_saved_setting_that_is_taken_back_is_the_default_again(
    client: TestClient, service: Service
) -> None:
    save(client, "downloads", retry_attempts=9)

    save(client, "downloads", retry_attempts=None)

    assert service.services.downloads.attempts == 5
    assert row(client, "downloads", "retry_attempts")["source"] == "default"


def test_what_another_process_saved_is_taken_over_at_the_next_beat(service: Service) -> None:
    service.store.settings.save({"STALKEER_DOWNLOADS_RETRY_ATTEMPTS": "9"})

    service.current.heed()

    assert service.services.downloads.attempts == 9


def test_saved_patterns_are_filters_at_once_and_are_put_to_what_was_read_before(
    folder: Path,
) -> None:
    def kept(client: TestClient) -> list[tuple[str, list[str]]]:
        rows = client.get(f"{V1}/filters").json()["data"]
        return [(row["name"], row["exclude"]) for row in rows]

    with (
        started(folder, environ_in(folder), is_scheduled=True) as service,
        client_of(service.app, **KEY) as client,
    ):
        save(client, "filter", group_title_exclude="^FR")
        saved = kept(client)
        service.store.settings.save({"STALKEER_FILTER_GROUP_TITLE_EXCLUDE": "^DE"})
        service.current.heed()
        saved_elsewhere = kept(client)
        save(client, "filter", group_title_exclude=None)
        jobs = client.get(f"{V1}/admin/jobs?kind=filter").json()

        assert kept(client) == []

    assert saved == [("settings_group_title", ["^FR"])]
    assert saved_elsewhere == [("settings_group_title", ["^DE"])]
    assert jobs["total"] == 3


def test_a_pattern_that_is_none_is_refused_and_not_saved(client: TestClient) -> None:
    answer = save(client, "filter", tvg_name_include="(")

    assert answer.status_code == 422
    assert "STALKEER_FILTER_TVG_NAME_INCLUDE" in answer.json()["error"]["message"]
    assert row(client, "filter", "tvg_name_include")["is_set"] is False


def test_a_higher_limit_of_downloads_has_threads_for_them_at_once(folder: Path) -> None:
    def threads() -> int:
        return sum(isinstance(each, WorkerThread) for each in threading.enumerate())

    before = threads()
    with (
        started(folder, environ_in(folder), queues=QUEUES) as service,
        client_of(service.app, **KEY) as client,
    ):
        at_first = threads() - before
        save(client, "downloads", concurrent_limit=20)
        grown = threads() - before
        save(client, "downloads", concurrent_limit=1)

        assert service.services.limits.overall == 1

    assert (at_first, grown) == (7, 24)


def test_a_saved_setting_outlives_the_process(folder: Path) -> None:
    with started(folder, environ_in(folder)) as service, client_of(service.app, **KEY) as client:
        save(client, "downloads", retry_attempts=9)

    with started(folder, environ_in(folder)) as service:
        assert service.services.downloads.attempts == 9


def test_what_the_environment_says_cannot_be_saved(client: TestClient, service: Service) -> None:
    answer = save(client, "radarr", url="http://other.example.invalid", limit=3)

    assert code_of(answer) == (409, "pinned")
    assert "STALKEER_RADARR_URL" in answer.json()["error"]["message"]
    assert row(client, "radarr", "url")["is_pinned"]
    # All of them or none.
    assert row(client, "radarr", "limit")["source"] == "default"


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        pytest.param("downloads", {"retry_attempts": 0}, "RETRY_ATTEMPTS", id="too-small"),
        pytest.param("downloads", {"retry_delay": "soon"}, "should be a time", id="no-time"),
        pytest.param("downloads", {"runtime_low": "2"}, "RUNTIME_HIGH", id="together"),
        pytest.param("filter", {"tvg_name_include": "(?=x)"}, "RE2", id="pattern"),
        pytest.param("downloads", {"colour": "red"}, "colour", id="unknown"),
        pytest.param("downloads", {"min_size_movie": "9" * 400}, "should be a size", id="endless"),
        pytest.param("radarr", {"sync_interval": "9" * 400}, "should be a time", id="for-ever"),
        pytest.param("m3u", {"url": "http://["}, "M3U_URL", id="no-address-of-a-list"),
        pytest.param("xtream", {"url": "http://a..b"}, "XTREAM_URL", id="no-address-of-a-panel"),
    ],
)
def test_a_value_that_cannot_be_is_422_and_nothing_is_saved(
    client: TestClient, service: Service, section: str, values: dict[str, Any], said: str
) -> None:
    answer = save(client, section, **values)

    assert code_of(answer) == (422, "invalid_settings")
    assert said in answer.json()["error"]["message"]
    assert service.store.settings.all() == {}


@pytest.fixture
def bare(folder: Path) -> Iterator[TestClient]:
    """A service whose environment says nothing of instances."""
    environ = environ_in(folder, RADARR_URL="", RADARR_API_KEY="", SONARR_URL="", SONARR_API_KEY="")
    with started(folder, environ) as service, client_of(service.app, **KEY) as client:
        yield client


@pytest.mark.parametrize("section", ["radarr", "sonarr"])
@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "[fe80::1]"])
def test_no_arr_is_at_the_address_of_a_cloud_s_metadata(
    bare: TestClient, section: str, host: str
) -> None:
    answer = save(bare, section, url=f"http://{host}:7878", api_key="key")

    assert code_of(answer) == (422, "invalid_settings")
    assert "STALKEER_DOWNLOADS_ALLOWED_HOSTS" in answer.text
    assert not row(bare, section, "url")["is_set"]


def test_an_arr_may_be_anywhere_when_its_host_is_allowed(bare: TestClient) -> None:
    save(bare, "downloads", allowed_hosts="169.254.169.254")

    answer = save(bare, "radarr", url="http://169.254.169.254:7878", api_key="key")

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("section", "login", "moved"),
    [
        ("radarr", {"api_key": "one"}, "http://other.example.invalid"),
        ("sonarr", {"api_key": "one"}, "https://home.example.invalid"),
        ("xtream", {"username": "one", "password": "two"}, "http://home.example.invalid:81"),
        (
            "m3u",
            {"auth_username": "me", "auth_password": "two"},
            "http://home.example.invalid/a http://other.example.invalid/b",
        ),
    ],
)
def test_a_saved_secret_goes_to_no_other_address_than_it_was_saved_for(
    bare: TestClient, section: str, login: dict[str, str], moved: str
) -> None:
    save(bare, section, url="http://home.example.invalid", **login)

    refused = save(bare, section, url=moved)
    stays = save(bare, section, url="http://home.example.invalid/base")
    told = save(bare, section, url=moved, **login)

    assert code_of(refused) == (422, "invalid_settings")
    assert list(login)[-1] in refused.json()["error"]["message"]
    assert (stays.status_code, told.status_code) == (200, 200), (stays.text, told.text)


def test_a_section_that_does_not_exist_is_404(client: TestClient) -> None:
    assert code_of(client.get(f"{V1}/settings/colours")) == (404, "not_found")
    assert code_of(save(client, "colours")) == (404, "not_found")


def test_a_secret_is_sealed_at_rest_and_never_shown(
    client: TestClient, service: Service, folder: Path
) -> None:
    answer = save(client, "tmdb", api_key="planted-tmdb-key")

    shown = row(client, "tmdb", "api_key")
    assert (shown["is_set"], shown["value"]) == (True, None)
    assert "planted" not in answer.text
    with sqlite3.connect(folder / "stalkeer.db") as database:
        [(kept,)] = database.execute("SELECT value FROM setting")
    assert "planted" not in kept
    assert service.current.settings.tmdb.api_key.get_secret_value() == "planted-tmdb-key"


def test_a_bad_secret_is_not_repeated(client: TestClient) -> None:
    answer = save(client, "m3u", url="ftp://joe:planted-word@tv.example.invalid/list")

    assert code_of(answer) == (422, "invalid_settings")
    assert "planted" not in answer.text


def test_what_needs_a_restart_says_so(client: TestClient) -> None:
    answer = save(client, "general", host="0.0.0.0", public_url="http://stalkeer:8790")

    assert answer.json()["restart"] == ["STALKEER_HOST"]


@pytest.mark.parametrize(
    ("section", "values"),
    [
        pytest.param("database", {"host": "postgres"}, id="database"),
        pytest.param("database", {"pool_size": 5}, id="pool"),
        pytest.param("queue", {"redis_url": "redis://redis:6379/0"}, id="redis"),
        pytest.param("general", {"data_dir": "/elsewhere"}, id="data-dir"),
    ],
)
def test_what_leads_to_the_saved_settings_cannot_be_one_of_them(
    client: TestClient, service: Service, section: str, values: dict[str, Any]
) -> None:
    answer = save(client, section, **values)

    assert code_of(answer) == (409, "pinned")
    assert "environment" in answer.json()["error"]["message"]
    assert all(row(client, section, key)["is_pinned"] for key in values)
    assert service.store.settings.all() == {}


def test_one_that_was_saved_all_the_same_is_not_read(folder: Path) -> None:
    with started(folder, environ_in(folder)) as service:
        service.store.settings.save({"STALKEER_DATABASE_POOL_SIZE": "5"})
        service.current.heed()

        assert service.current.settings.database.pool_size == 20
        assert "STALKEER_DATABASE_POOL_SIZE" not in service.current.settings.given


def test_until_the_restart_our_addresses_are_those_we_serve(
    client: TestClient, service: Service
) -> None:
    before = service.services.webhooks["radarr"].url

    answer = save(client, "general", url_base="/foo", host="127.0.0.2", port=9999)

    assert answer.json()["restart"] == ["STALKEER_HOST", "STALKEER_PORT", "STALKEER_URL_BASE"]
    assert service.services.webhooks["radarr"].url == before
    assert client.get(f"{V1}/instances/radarr").json()["webhook_url"] == before
    assert row(client, "general", "url_base")["value"] == "/foo"


def test_the_log_changes_its_form_at_once(client: TestClient, service: Service) -> None:
    written = io.StringIO()
    with log_kept():
        configure("info", "text", stream=written)
        save(client, "general", log_format="json")
        get_logger("tests").info("said")

    assert json.loads(written.getvalue().splitlines()[-1])["event"] == "said"


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_an_address_for_notifications_that_nobody_knows_is_refused(
    client: TestClient, service: Service
) -> None:
    good = save(client, "notifications", urls="json://127.0.0.1:1/")
    answer = save(client, "notifications", urls="json://127.0.0.1:1/ bogus://planted")

    assert good.status_code == 200
    assert code_of(answer) == (422, "invalid_settings")
    assert "Address 2 of STALKEER_NOTIFICATIONS_URLS" in answer.json()["error"]["message"]
    assert "planted" not in answer.text
    assert service.services.notify_urls == ("json://127.0.0.1:1/",)


def test_the_public_address_is_in_the_webhooks_at_once(
    client: TestClient, service: Service
) -> None:
    save(client, "general", public_url="http://stalkeer:8790")

    assert service.services.webhooks["radarr"].url == "http://stalkeer:8790/webhooks/radarr"


def test_saved_settings_that_no_longer_fit_keep_nobody_from_starting(folder: Path) -> None:
    with started(folder, environ_in(folder)) as service, client_of(service.app, **KEY) as client:
        save(client, "downloads", runtime_low="1.5")

    with started(folder, environ_in(folder, DOWNLOADS_RUNTIME_HIGH="1.2")) as service:
        assert service.services.downloads.runtime_low == 0.5


def test_env_is_read_again_when_it_is_asked_for(
    client: TestClient, service: Service, folder: Path
) -> None:
    (folder / ".env").write_text("STALKEER_DOWNLOADS_RETRY_ATTEMPTS=7\n")
    service.current.heed()
    before = service.services.downloads.attempts

    service.current.hang_up()
    service.current.heed()

    assert (before, service.services.downloads.attempts) == (5, 7)
    assert row(client, "downloads", "retry_attempts")["source"] == ".env"


def test_a_key_that_is_set_elsewhere_is_not_rotated(client: TestClient) -> None:
    answer = client.post(f"{V1}/keys/rotate", json={"key": "api_key"})

    assert code_of(answer) == (409, "pinned")


def test_a_rotated_key_opens_and_the_old_one_does_not(folder: Path) -> None:
    with (
        started(folder, environ_in(folder, API_KEY="")) as service,
        client_of(service.app) as client,
    ):
        old = {"X-Api-Key": service.current.keys.api_key}
        told: list[str] = []
        service.current.on_new_key = told.append

        new = client.post(f"{V1}/keys/rotate", json={"key": "api_key"}, headers=old).json()["value"]

        assert client.get(f"{V1}/downloads", headers=old).status_code == 401
        assert client.get(f"{V1}/downloads", headers={"X-Api-Key": new}).status_code == 200
        assert told == [new]
        assert (folder / "secrets" / "api_key").read_text().strip() == new


def test_a_new_secret_key_seals_what_the_old_one_did_while_the_service_runs(folder: Path) -> None:
    def sealed() -> str:
        with sqlite3.connect(folder / "stalkeer.db") as database:
            [(text,)] = database.execute("SELECT value FROM setting")
        return str(text)

    environ = environ_in(folder, SECRET_KEY="")
    with started(folder, environ) as service, client_of(service.app, **KEY) as client:
        save(client, "tmdb", api_key="planted-tmdb-key")
        before, keys = sealed(), (folder / "secrets" / "secret_key").read_text().split()

        answer = client.post(f"{V1}/keys/rotate", json={"key": "secret_key"})

        assert answer.json() == {"key": "secret_key", "instance": None, "value": None}
        assert sealed() != before
        [new, *older] = (folder / "secrets" / "secret_key").read_text().split()
        assert older == keys
        assert Vault([new]).open(sealed()) == "planted-tmdb-key"
        assert client.get(f"{V1}/admin/jobs?kind=backup").json()["total"] == 1
        save(client, "downloads", retry_attempts=9)
        assert service.services.downloads.attempts == 9


def test_the_webhook_password_of_one_instance_is_made_anew(
    client: TestClient, service: Service
) -> None:
    new = {"name": "radarr4k", "service": "radarr", "url": "http://127.0.0.1:9", "api_key": "k"}
    client.post(f"{V1}/instances", json=new)
    before = service.services.webhooks["radarr4k"].password
    asked = {"key": "webhook_password", "instance": "radarr4k"}

    answer = client.post(f"{V1}/keys/rotate", json=asked)

    password = answer.json()["value"]
    assert service.services.webhooks["radarr4k"].password == password != before
    for word, status in ((before, 401), (password, 400)):
        with client_of(service.app) as stranger:
            sent = stranger.post("/webhooks/radarr4k", json={}, auth=("stalkeer", word))
        assert sent.status_code == status


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"key": "webhook_password", "instance": "x"}, 404, id="unknown"),
        pytest.param({"key": "webhook_password", "instance": "radarr"}, 422, id="shared"),
        pytest.param({"key": "api_key", "instance": "radarr"}, 422, id="another-key"),
    ],
)
def test_only_an_added_instance_has_a_password_of_its_own(
    client: TestClient, asked: dict[str, str], expected: int
) -> None:
    assert client.post(f"{V1}/keys/rotate", json=asked).status_code == expected


def test_nobody_is_told_a_test_when_no_service_is_set(client: TestClient) -> None:
    answer = client.post(f"{V1}/settings/notifications/test")

    assert code_of(answer) == (409, "conflict")

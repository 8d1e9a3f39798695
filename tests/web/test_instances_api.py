"""Instances over HTTP: added, changed, tried out, registered, removed; used at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from stalkeer.core.items import Service
from stalkeer.core.states import JobKind
from tests.builders import jobs_of
from tests.standins.radarr import Radarr
from tests.web.conftest import API_KEY, KEY, client_of
from tests.web.seeded import Seeded, seeded

V1 = "/api/v1"
KEYS = ("url", "api_key")


@pytest.fixture
def home(tmp_path: Path, migrated_file: Path) -> Iterator[Seeded]:
    with seeded(tmp_path, migrated_file) as home:
        yield home


@pytest.fixture
def client(home: Seeded) -> Iterator[TestClient]:
    with client_of(home.app, **KEY) as client:
        yield client


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Radarr]:
    (tmp_path / "library4k").mkdir()
    with Radarr(root=tmp_path / "library4k") as radarr:
        yield radarr


def body(radarr: Radarr, **facts: Any) -> dict[str, Any]:
    known = {"name": "radarr4k", "service": "radarr"}
    return known | {"url": radarr.url, "api_key": radarr.api_key} | facts


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_instance_that_is_added_is_used_at_once(
    client: TestClient, home: Seeded, second: Radarr
) -> None:
    answer = client.post(f"{V1}/instances", json=body(second, tags=["uhd"], limit=3))

    services = home.service.services
    assert answer.status_code == 201, answer.text
    assert services.instances["radarr4k"].tags == {"uhd"}
    assert services.instances["radarr4k"].folder.name == "radarr4k"
    assert services.arrs["radarr4k"].status().app_name == "Radarr"
    assert answer.json()["webhook_url"].endswith("/webhooks/radarr4k")
    scan = client.post(f"{V1}/radarr-sync").json()["job_ids"]
    names = {job.instance for job in jobs_of(home.service.store, JobKind.RECONCILE)}
    assert (len(scan), names) == (2, {"radarr", "radarr4k"})


def test_the_instances_of_the_settings_are_listed_too_and_say_what_is_pinned(
    client: TestClient,
) -> None:
    rows = client.get(f"{V1}/instances").json()["data"]

    assert [one["name"] for one in rows] == ["radarr", "sonarr"]
    assert all(one["is_setting"] for one in rows)
    assert rows[0]["pinned"] == ["api_key", "url"]


def test_instances_are_listed_page_by_page(client: TestClient) -> None:
    first = client.get(f"{V1}/instances?limit=1").json()
    second = client.get(f"{V1}/instances?limit=1&offset=1").json()
    turned = client.get(f"{V1}/instances?sort=name&order=desc").json()

    assert [one["name"] for one in (*first["data"], *second["data"])] == ["radarr", "sonarr"]
    assert (second["total"], second["limit"], second["offset"]) == (2, 1, 1)
    assert [one["name"] for one in turned["data"]] == ["sonarr", "radarr"]
    assert client.get(f"{V1}/instances?sort=url").status_code == 422


def test_no_answer_holds_a_key_and_none_stands_in_the_database_in_clear(
    client: TestClient, home: Seeded, second: Radarr, tmp_path: Path
) -> None:
    texts = [client.post(f"{V1}/instances", json=body(second)).text]
    password = home.service.services.webhooks["radarr4k"].password

    texts += [client.get(f"{V1}/instances").text, client.get(f"{V1}/instances/radarr4k").text]
    texts += [client.get(f"{V1}/system/status").text]
    files = [path.read_bytes().decode("latin-1") for path in tmp_path.glob("stalkeer.db*")]
    assert len(password) > 20
    for secret in (second.api_key, password):
        assert [text[:80] for text in (*texts, *files) if secret in text] == []


def test_its_webhook_is_opened_by_its_own_password_only(
    client: TestClient, home: Seeded, second: Radarr
) -> None:
    client.post(f"{V1}/instances", json=body(second))
    hooks = home.service.services.webhooks
    event = {"eventType": "Test"}

    def deliver(name: str, password: str) -> int:
        with client_of(home.app) as stranger:
            path = f"/webhooks/{name}"
            return stranger.post(path, json=event, auth=("stalkeer", password)).status_code

    own, other = hooks["radarr4k"].password, hooks["radarr"].password
    assert own != other
    assert (deliver("radarr4k", own), deliver("radarr", other)) == (200, 200)
    assert (deliver("radarr4k", other), deliver("radarr", own)) == (401, 401)


def test_a_change_keeps_the_key_and_is_used_at_once(
    client: TestClient, home: Seeded, second: Radarr
) -> None:
    client.post(f"{V1}/instances", json=body(second))
    pair = {"ours": "/data", "theirs": "/downloads"}

    answer = client.put(
        f"{V1}/instances/radarr4k", json={"url": second.url, "limit": 7, "path_map": [pair]}
    )

    assert (answer.json()["limit"], answer.json()["path_map"]) == (7, [pair])
    assert home.service.services.instances["radarr4k"].search_limit == 7
    assert home.service.services.arrs["radarr4k"].status().app_name == "Radarr"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2:7878", "http://127.0.0.1:9", "https://127.0.0.1"]
)
def test_a_key_goes_to_no_other_address_than_it_was_saved_for(
    client: TestClient, home: Seeded, second: Radarr, url: str
) -> None:
    client.post(f"{V1}/instances", json=body(second))

    answer = client.put(f"{V1}/instances/radarr4k", json={"url": url})
    told = client.put(f"{V1}/instances/radarr4k", json={"url": url, "api_key": "another"})

    assert code_of(answer) == (422, "invalid_instance")
    assert "api_key" in answer.json()["error"]["message"]
    assert second.api_key not in answer.text
    assert told.json()["url"] == url
    assert home.service.current.known()["radarr4k"].config.api_key == "another"


def test_a_key_stays_where_only_the_path_of_the_address_changes(
    client: TestClient, home: Seeded, second: Radarr
) -> None:
    client.post(f"{V1}/instances", json=body(second))

    answer = client.put(f"{V1}/instances/radarr4k", json={"url": f"{second.url}/base"})

    assert answer.status_code == 200, answer.text
    assert home.service.current.known()["radarr4k"].config.api_key == second.api_key


def test_a_removed_instance_is_asked_nothing_and_heard_no_more(
    client: TestClient, home: Seeded, second: Radarr
) -> None:
    client.post(f"{V1}/instances", json=body(second))

    client.delete(f"{V1}/instances/radarr4k")

    assert code_of(client.get(f"{V1}/instances/radarr4k")) == (404, "unknown_instance")
    assert code_of(client.post("/webhooks/radarr4k", json={"eventType": "Test"})) == (
        404,
        "unknown_instance",
    )
    assert set(home.service.services.arrs) == {"radarr", "sonarr"}


def test_what_the_environment_says_of_an_instance_is_not_changed(
    client: TestClient, second: Radarr
) -> None:
    changed = client.put(f"{V1}/instances/radarr", json={"url": second.url})
    removed = client.delete(f"{V1}/instances/radarr")

    assert code_of(changed) == code_of(removed) == (409, "pinned")


def test_what_it_does_not_say_is_saved_as_a_setting(client: TestClient, home: Seeded) -> None:
    url = client.get(f"{V1}/instances/radarr").json()["url"]

    answer = client.put(f"{V1}/instances/radarr", json={"url": url, "limit": 2})

    assert answer.status_code == 200, answer.text
    assert home.service.services.instances["radarr"].search_limit == 2
    assert home.service.store.settings.all()["STALKEER_RADARR_LIMIT"] == "2"


@pytest.mark.parametrize("name", ["radarr", "radarr4k"])
def test_a_name_is_given_once(client: TestClient, second: Radarr, name: str) -> None:
    client.post(f"{V1}/instances", json=body(second))

    answer = client.post(f"{V1}/instances", json=body(second, name=name))

    assert code_of(answer) == (409, "conflict")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Radarr 4K"},
        {"name": "../x"},
        {"name": ""},
        {"service": "lidarr"},
        {"url": "file:///etc/passwd"},
        {"url": "http://joe:word@radarr.example.invalid"},
        {"url": "radarr:7878"},
        {"api_key": ""},
        {"api_key": "a\nb"},
        {"limit": 0},
        {"path_map": [{"ours": "data", "theirs": "/x"}]},
    ],
    ids=lambda wrong: json.dumps(wrong)[:40],
)
def test_what_cannot_be_an_instance_is_422(
    client: TestClient, second: Radarr, wrong: dict[str, Any]
) -> None:
    answer = client.post(f"{V1}/instances", json=body(second, **wrong))

    assert code_of(answer) == (422, "invalid_body")
    assert second.api_key not in answer.text


@pytest.mark.parametrize(
    "url",
    [
        *("http://[", "http://[::1", "http://]", "http://[zz]", "http://:80", "http://x:1:2"),
        *("http://" + 64 * "a" + ".x", "http://a..b", "http://..", "http://[::1::]"),
        *("http://x:99999", "http://x:0", "http://" + "a" * 600),
    ],
)
def test_an_address_that_nobody_can_read_is_422_and_not_kept(
    client: TestClient, home: Seeded, second: Radarr, url: str
) -> None:
    client.post(f"{V1}/instances", json=body(second))

    added = client.post(f"{V1}/instances", json=body(second, name="odd", url=url))
    moved = client.put(f"{V1}/instances/radarr4k", json={"url": url})

    for answer in (added, moved):
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]["code"] in ("invalid_body", "invalid_instance")
    assert "odd" not in home.service.services.arrs
    assert client.get(f"{V1}/instances/radarr4k").json()["url"] == second.url


def test_a_name_that_no_resolver_knows_is_a_fault_of_the_trial(
    client: TestClient, second: Radarr
) -> None:
    added = client.post(f"{V1}/instances", json=body(second, url="http://xn--"))
    trial = client.post(f"{V1}/instances/radarr4k/test").json()

    assert (added.status_code, trial["reachable"]) == (201, False)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "2852039166", "[fe80::1]", "0.0.0.0", "[::ffff:169.254.169.254]"]
)
def test_no_arr_is_at_the_address_of_a_cloud_s_metadata(
    client: TestClient, home: Seeded, second: Radarr, host: str
) -> None:
    answer = client.post(f"{V1}/instances", json=body(second, url=f"http://{host}"))

    assert code_of(answer) == (422, "invalid_instance")
    assert "radarr4k" not in home.service.services.arrs


def test_a_trial_says_everything_that_has_to_be_right(
    client: TestClient, home: Seeded, second: Radarr
) -> None:
    client.post(f"{V1}/instances", json=body(second))
    home.service.services.instances["radarr4k"].folder.mkdir(parents=True)

    trial = client.post(f"{V1}/instances/radarr4k/test").json()

    assert trial["reachable"]
    assert (trial["product"], trial["is_expected_product"]) == ("Radarr", True)
    (library,) = trial["root_folders"]
    assert (library["accessible"], library["we_see"], library["we_may_write"]) == (
        True,
        False,
        False,
    )
    assert (trial["we_may_write"], trial["it_sees_us"]) == (True, False)
    assert not trial["webhook_registered"]
    assert trial["own_host"] == "127.0.0.1"
    assert len(trial["faults"]) >= 2


def test_a_trial_says_of_each_root_folder_whether_we_see_it_too(
    client: TestClient, second: Radarr, tmp_path: Path
) -> None:
    client.post(f"{V1}/instances", json=body(second))
    (library,) = client.post(f"{V1}/instances/radarr4k/test").json()["root_folders"]
    path_map = [{"ours": str(tmp_path), "theirs": library["path"]}]
    client.put(f"{V1}/instances/radarr4k", json={"url": second.url, "path_map": path_map})

    (library,) = client.post(f"{V1}/instances/radarr4k/test").json()["root_folders"]

    assert (library["we_see"], library["we_may_write"]) == (True, True)


def test_a_trial_of_what_does_not_answer_says_so(client: TestClient, second: Radarr) -> None:
    client.post(f"{V1}/instances", json=body(second, url="http://127.0.0.1:9"))

    trial = client.post(f"{V1}/instances/radarr4k/test").json()

    assert not trial["reachable"]
    assert "radarr4k" in trial["faults"][0]


def test_a_trial_of_the_wrong_program_says_which_it_is(client: TestClient, second: Radarr) -> None:
    client.post(f"{V1}/instances", json=body(second, name="anime", service="sonarr"))

    trial = client.post(f"{V1}/instances/anime/test").json()

    assert not trial["is_expected_product"]
    assert "Radarr answers there" in trial["faults"][0]


def test_a_further_instance_is_registered_under_its_name(
    client: TestClient, second: Radarr
) -> None:
    client.post(f"{V1}/instances", json=body(second))

    answers = [client.post(f"{V1}/instances/radarr4k/register").json() for _ in range(2)]

    assert [answer["webhook"] for answer in answers] == ["created", "unchanged"]
    assert client.get(f"{V1}/instances/radarr4k").json()["webhook"] == "registered"
    assert API_KEY not in json.dumps(answers)


@pytest.fixture
def bare(tmp_path: Path, migrated_file: Path) -> Iterator[Seeded]:
    """A home without a Sonarr in its settings."""
    with seeded(tmp_path, migrated_file, SONARR_URL="", SONARR_API_KEY="") as home:
        yield home


def test_the_instance_of_a_product_s_own_name_is_kept_as_settings(bare: Seeded) -> None:
    asked = {"name": "sonarr", "service": "sonarr", "url": "http://127.0.0.1:9", "api_key": "word"}
    with client_of(bare.app, **KEY) as client:
        added = client.post(f"{V1}/instances", json=asked)
        saved = bare.service.store.settings.all()
        removed = client.delete(f"{V1}/instances/sonarr")
        names = [one["name"] for one in client.get(f"{V1}/instances").json()["data"]]

    assert (added.status_code, added.json()["is_setting"]) == (201, True)
    assert saved["STALKEER_SONARR_URL"] == "http://127.0.0.1:9"
    assert removed.status_code == 200
    assert names == ["radarr"]
    assert bare.service.store.settings.all() == {}


def test_the_name_of_a_product_is_for_that_product(bare: Seeded, second: Radarr) -> None:
    with client_of(bare.app, **KEY) as client:
        answer = client.post(f"{V1}/instances", json=body(second, name="sonarr"))

    assert code_of(answer) == (422, "invalid_instance")


def test_a_trial_says_when_we_may_not_write(
    client: TestClient, home: Seeded, second: Radarr
) -> None:
    client.post(f"{V1}/instances", json=body(second))
    folder = home.service.services.instances["radarr4k"].folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where a folder belongs")

    trial = client.post(f"{V1}/instances/radarr4k/test").json()

    assert not trial["we_may_write"]
    assert any("may not write" in fault for fault in trial["faults"])


def test_what_another_version_kept_of_an_instance_keeps_nobody_from_starting(
    client: TestClient, home: Seeded
) -> None:
    home.service.store.instances.save("odd", Service.RADARR, '{"colour": "red"}')

    home.service.current.heed()

    assert "odd" not in home.service.services.instances

"""Our webhook in Radarr and Sonarr: made, repaired, and proven by their own Test."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from stalkeer.arr.errors import ArrRefusedError
from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr as RadarrClient
from stalkeer.jobs.register import (
    TRIGGERS,
    Registration,
    Webhook,
    check_reach,
    is_let_in,
    is_registered,
    register,
)
from tests.arr.replay import recorded
from tests.jobs.conftest import House
from tests.standins.arr import Arr as StandIn
from tests.standins.radarr import Radarr
from tests.standins.receiver import Received, Receiver, receiving

PASSWORD = "s3cret-of-the-webhook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who hears webhooks and turns away a wrong password."""
    pair = base64.b64encode(f"stalkeer:{PASSWORD}".encode()).decode()

    def judge(received: Received) -> None:
        if received.headers.get("authorization") != f"Basic {pair}":
            hears.answers = [401]

    with receiving() as hears:
        hears.ask = judge
        yield hears


@pytest.fixture
def webhook(receiver: Receiver) -> Webhook:
    return Webhook(f"{receiver.url}/webhooks/radarr", "stalkeer", PASSWORD)


@pytest.fixture(params=["radarr", "sonarr"])
def stand_in(request: pytest.FixtureRequest) -> StandIn[Any]:
    made: StandIn[Any] = request.getfixturevalue(request.param)
    return made


def client(house: House, stand_in: StandIn[Any]) -> Any:
    return house.services.arrs[stand_in.product]


def connections(house: House, stand_in: StandIn[Any]) -> list[dict[str, Any]]:
    return client(house, stand_in).notifications()  # type: ignore[no-any-return]


def values(connection: dict[str, Any]) -> dict[str, Any]:
    return {field["name"]: field.get("value") for field in connection["fields"]}


def switched_on(connection: dict[str, Any]) -> set[str]:
    return {name for name, value in connection.items() if name.startswith("on") and value is True}


def test_a_webhook_is_made_with_the_triggers_we_need_and_no_other(
    house: House, stand_in: StandIn[Any], webhook: Webhook, receiver: Receiver
) -> None:
    arr = client(house, stand_in)

    assert register(arr, webhook) is Registration.CREATED

    [made] = connections(house, stand_in)
    assert switched_on(made) == TRIGGERS[arr.service]
    assert (made["name"], made["implementation"]) == ("stalkeer", "Webhook")
    assert (values(made)["url"], values(made)["username"]) == (webhook.url, "stalkeer")
    assert values(made)["password"] != PASSWORD
    assert set(receiver.events()) == {"Test"}
    assert is_registered(arr, webhook)


def test_a_second_run_changes_nothing(
    house: House, stand_in: StandIn[Any], webhook: Webhook
) -> None:
    arr = client(house, stand_in)
    register(arr, webhook)
    before = connections(house, stand_in)

    assert register(arr, webhook) is Registration.UNCHANGED

    assert connections(house, stand_in) == before
    assert stand_in.requests("PUT", "/notification/1") == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"url": "http://127.0.0.1:1/webhooks/radarr"}, id="another-address"),
        pytest.param({"password": "of-last-year"}, id="wrong-password"),
        pytest.param({"username": "somebody"}, id="wrong-user"),
        pytest.param({"events": ["onMovieAdded"]}, id="triggers-missing"),
        pytest.param({"events": None}, id="too-many-triggers"),
        pytest.param({"method": "PUT"}, id="another-method"),
        pytest.param({"name": "My own name"}, id="named-otherwise-and-too-many-triggers"),
    ],
)
def test_a_webhook_that_is_not_as_it_should_be_is_repaired(
    house: House, radarr: Radarr, webhook: Webhook, wrong: dict[str, Any]
) -> None:
    arr = client(house, radarr)
    good: dict[str, Any] = {"username": "stalkeer", "password": PASSWORD}
    facts = {"url": webhook.url, **good, "events": TRIGGERS[arr.service], **wrong}
    if wrong.get("name"):
        facts["events"] = None
    radarr.connect.add(facts.pop("url"), **facts)

    assert is_registered(arr, webhook) is ("password" in wrong)
    assert "password" not in wrong or not is_let_in(arr, webhook)
    assert register(arr, webhook) is Registration.REPAIRED
    assert is_registered(arr, webhook)

    [repaired] = connections(house, radarr)
    assert repaired["id"] == 1
    assert repaired["name"] == wrong.get("name", "stalkeer")
    assert switched_on(repaired) == TRIGGERS[arr.service]
    assert values(repaired)["url"] == webhook.url
    assert radarr.press_test().status == 200
    assert register(arr, webhook) is Registration.UNCHANGED


def test_what_others_connected_is_left_alone(
    house: House, radarr: Radarr, webhook: Webhook
) -> None:
    radarr.connect.add("http://other.example.invalid/hook", name="Overseer")
    before = connections(house, radarr)

    register(client(house, radarr), webhook)

    assert connections(house, radarr)[:1] == before
    assert [each["name"] for each in connections(house, radarr)] == ["Overseer", "stalkeer"]


@pytest.mark.parametrize("is_there", [False, True])
def test_a_test_that_is_turned_away_saves_nothing_and_says_what_radarr_said(
    house: House, radarr: Radarr, webhook: Webhook, is_there: bool
) -> None:
    if is_there:
        radarr.connect.add(webhook.url, username="stalkeer", password="old")
    before = connections(house, radarr)
    wrong = Webhook(webhook.url, "stalkeer", "also-wrong")

    with pytest.raises(ArrRefusedError, match="401") as refused:
        register(client(house, radarr), wrong)

    assert connections(house, radarr) == before
    assert "also-wrong" not in str(refused.value)


def test_to_look_whether_we_are_reached_saves_nothing(
    house: House, radarr: Radarr, webhook: Webhook, receiver: Receiver
) -> None:
    check_reach(client(house, radarr), webhook)

    assert receiver.events() == ["Test"]
    assert connections(house, radarr) == []
    assert not is_registered(client(house, radarr), webhook)


def test_an_old_version_without_credentials_gets_a_header(webhook: Webhook) -> None:
    form = json.loads(recorded("radarr/notification-schema.webhook.json").content)[0]
    form["fields"] = [one for one in form["fields"] if one["name"] not in ("username", "password")]
    sent: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=[form] if "schema" in request.url.path else [])
        sent.append(json.loads(request.content))
        return httpx.Response(201, json={"id": 1, **sent[-1]})

    http = ArrHttp(
        "radarr",
        "http://arr.example.invalid",
        "key",
        wait=lambda _: None,
        transport=httpx.MockTransport(answer),
    )
    arr = RadarrClient(http)

    done = register(arr, webhook)

    arr.close()
    tested, saved = sent
    assert done is Registration.CREATED
    assert tested == saved
    assert values(saved) == {
        "url": webhook.url,
        "method": 1,
        "headers": [{"key": "X-Api-Key", "value": PASSWORD}],
    }

"""Connect: what is on the wire, the Test button, and how connections are stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.arr import Arr
from tests.standins.asking import (
    get,
    recorded,
    request,
)
from tests.standins.radarr import Radarr
from tests.standins.radarr_shapes import NewMovie
from tests.standins.receiver import Receiver


def test_every_event_comes_over_a_connection_of_its_own(radarr: Radarr, receiver: Receiver) -> None:
    radarr.connect.add(f"{receiver.url}/hook?a=b", username="übel", password="geheim")

    radarr.add_movies([NewMovie("One", 2001), NewMovie("Two", 2002)])

    first, second = receiver.received
    assert first.port != second.port
    assert (first.method, first.path) == ("POST", "/hook?a=b")
    assert first.headers["connection"] == "close"
    assert first.headers["content-type"] == "application/json"
    assert first.headers["authorization"] == "Basic /GJlbDpnZWhlaW0="
    assert first.headers["user-agent"].startswith("Radarr/6.0.4.10291 (")


def test_a_connection_may_put_and_send_its_own_headers(radarr: Radarr, receiver: Receiver) -> None:
    radarr.connect.add(receiver.url, method="PUT", headers={"X-Token": "made-up"})

    radarr.press_test()

    [received] = receiver.received
    assert (received.method, received.headers["x-token"]) == ("PUT", "made-up")
    assert "authorization" not in received.headers


def test_a_redirect_counts_as_success_and_is_not_followed(
    radarr: Radarr, receiver: Receiver
) -> None:
    radarr.connect.add(receiver.url)
    receiver.answers = [307, 307]

    radarr.add_movies([NewMovie("One", 2001), NewMovie("Two", 2002)])

    assert [received.path for received in receiver.received] == ["/", "/"]


@pytest.mark.parametrize("product", ["radarr", "sonarr"])
def test_the_test_button_sends_the_recorded_body(
    request: pytest.FixtureRequest, receiver: Receiver, product: str
) -> None:
    arr: Arr[Any] = request.getfixturevalue(product)
    arr.connect.add(receiver.url)

    answer = arr.press_test()

    assert (answer.status, receiver.received[0].body) == (200, recorded(f"webhooks/{product}/test"))


def test_the_test_button_shows_the_status_of_a_refusal(radarr: Radarr, receiver: Receiver) -> None:
    radarr.connect.add(f"{receiver.url}/hook")
    receiver.answers = [401]

    answer = radarr.press_test()

    [failure] = answer.body
    [example] = recorded("api/radarr/error-400.validation")
    words = f"HTTP request failed: [401:Unauthorized] [POST] at [{receiver.url}/hook]"
    assert (answer.status, set(failure)) == (400, set(example))
    assert failure["errorMessage"].endswith(words)


def test_the_test_button_answers_500_when_nobody_listens(radarr: Radarr) -> None:
    radarr.connect.add("http://127.0.0.1:1/hook")

    answer = radarr.press_test()

    assert (answer.status, set(answer.body)) == (500, {"message", "description"})


def connection(url: str, **changes: Any) -> dict[str, Any]:
    fields = [{"name": "url", "value": url}, {"name": "method", "value": 1}]
    fields += [{"name": "username", "value": "u"}, {"name": "password", "value": "p"}]
    base = {"name": "stalkeer", "implementation": "Webhook", "configContract": "WebhookSettings"}
    return {**base, "fields": fields, "onMovieAdded": True, **changes}


def test_a_new_connection_is_tested_and_its_password_is_not_shown(
    radarr: Radarr, receiver: Receiver
) -> None:
    created = request(radarr, "POST", "/api/v3/notification", json=connection(receiver.url))

    values = {field["name"]: field.get("value") for field in created.json()["fields"]}
    assert (created.status_code, receiver.events()) == (201, ["Test"])
    assert (values["url"], values["password"]) == (receiver.url, "********")
    assert get(radarr, "notification") == [created.json()]


def test_a_connection_whose_test_fails_is_not_stored_even_when_forced(
    radarr: Radarr, receiver: Receiver
) -> None:
    receiver.answers = [404]

    answer = request(
        radarr, "POST", "/api/v3/notification?forceSave=true", json=connection(receiver.url)
    )

    assert (answer.status_code, get(radarr, "notification")) == (400, [])


def test_a_connection_with_every_switch_off_is_not_tested(radarr: Radarr) -> None:
    body = connection("http://127.0.0.1:1/hook", onMovieAdded=False)

    assert request(radarr, "POST", "/api/v3/notification", json=body).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="name-taken"),
        pytest.param({"name": ""}, id="no-name"),
        pytest.param({"name": "b", "fields": [{"name": "url", "value": "nowhere"}]}, id="no-url"),
    ],
)
def test_a_connection_that_is_not_valid_is_refused(
    radarr: Radarr, receiver: Receiver, changes: dict[str, Any]
) -> None:
    radarr.connect.add(receiver.url, name="stalkeer")
    body = connection(receiver.url, **changes)

    answer = request(radarr, "POST", "/api/v3/notification", json=body)

    assert (answer.status_code, receiver.events()) == (400, [])
    assert isinstance(answer.json(), list)


def test_a_masked_password_sent_back_keeps_the_stored_one(
    radarr: Radarr, receiver: Receiver
) -> None:
    radarr.connect.add(receiver.url, username="u", password="p")
    [stored] = get(radarr, "notification")

    forced = request(radarr, "PUT", "/api/v3/notification/1?forceSave=true", json=stored)
    tested = request(radarr, "PUT", "/api/v3/notification/1", json=stored)

    assert (forced.status_code, tested.status_code) == (202, 202)
    [received] = receiver.received
    assert received.headers["authorization"] == "Basic dTpw"


def test_a_removed_connection_hears_nothing(radarr: Radarr, receiver: Receiver) -> None:
    number = radarr.connect.add(receiver.url)

    request(radarr, "DELETE", f"/api/v3/notification/{number}")
    radarr.add_movie("Heat", 1995)

    assert receiver.events() == []

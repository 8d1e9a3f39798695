"""Nobody without the right key gets past the door, whatever they send."""

from __future__ import annotations

import base64

import pytest

from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.services import Services
from stalkeer.web.auth import Limits
from stalkeer.web.throttle import Rate, Throttle
from tests.web.conftest import (
    API_KEY,
    KEY,
    WEBHOOK_PASSWORD,
    WEBHOOK_USER,
    House,
    app_of,
    client_of,
)


def basic(user: str, password: str, encoding: str = "utf-8") -> dict[str, str]:
    coded = base64.b64encode(f"{user}:{password}".encode(encoding)).decode()
    return {"Authorization": f"Basic {coded}"}


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_ping_and_health_ask_for_no_key(house: House, path: str) -> None:
    assert house.stranger.get(path).status_code == 200


def test_the_webhook_password_in_a_query_opens_the_webhooks(house: House) -> None:
    answer = house.stranger.post(
        "/webhooks/radarr", params={"apikey": WEBHOOK_PASSWORD}, json={"eventType": "Test"}
    )

    assert answer.status_code == 200


def test_the_api_key_opens_the_webhooks_too(house: House) -> None:
    answer = house.client.post("/webhooks/radarr", json={"eventType": "Test"})

    assert answer.status_code == 200


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8"])
def test_basic_with_umlauts_is_understood_in_both_encodings(house: House, encoding: str) -> None:
    answer = house.stranger.post(
        "/webhooks/radarr",
        headers=basic(WEBHOOK_USER, WEBHOOK_PASSWORD, encoding),
        json={"eventType": "Test"},
    )

    assert answer.status_code == 200


def test_a_password_may_hold_a_colon(services: Services, writer: WebhookWriter) -> None:
    with client_of(app_of(services, writer, password="one:two")) as stranger:
        answer = stranger.post(
            "/webhooks/radarr",
            headers=basic(WEBHOOK_USER, "one:two"),
            json={"eventType": "Test"},
        )

    assert answer.status_code == 200


def test_a_refusal_is_the_same_whatever_was_asked_and_sent(house: House) -> None:
    asked = [
        house.stranger.get("/api/v1/downloads"),
        house.stranger.get("/api/v1/downloads", headers={"X-Api-Key": API_KEY[:-1]}),
        house.stranger.get("/nothing/here"),
        house.stranger.post("/webhooks/radarr", headers=basic(WEBHOOK_USER, "wrong"), content="{"),
        house.stranger.post("/webhooks/nobody", content="{"),
    ]

    assert {answer.status_code for answer in asked} == {401}
    assert len({answer.content for answer in asked}) == 1
    assert asked[0].json()["error"]["code"] == "unauthorized"


def test_the_page_says_to_a_person_without_a_key_where_it_is(house: House) -> None:
    answer = house.stranger.get("/")

    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "secrets/api_key" in answer.text


def test_the_url_base_is_guarded_as_the_rest(services: Services, writer: WebhookWriter) -> None:
    app = app_of(services, writer, url_base="/stalkeer")
    with client_of(app) as stranger:
        answers = {
            path: stranger.get(path).status_code
            for path in ("/stalkeer/ping", "/stalkeer/api/v1/downloads", "/stalkeer", "/stalkeer/")
        }

    assert answers == {
        "/stalkeer/ping": 200,
        "/stalkeer/api/v1/downloads": 401,
        "/stalkeer": 401,
        "/stalkeer/": 401,
    }


def test_keys_do_not_show_in_a_representation(house: House) -> None:
    shown = repr([middleware.kwargs for middleware in house.app.user_middleware])

    assert API_KEY not in shown
    assert WEBHOOK_PASSWORD not in shown


def test_who_is_refused_too_often_is_told_to_wait_and_who_has_the_key_is_not(
    services: Services, writer: WebhookWriter
) -> None:
    few = Throttle(Rate(3, 1), Rate(100, 100), monotonic=lambda: 0.0)
    with client_of(app_of(services, writer, limits=Limits(refused=few))) as stranger:
        answers = [
            stranger.get("/api/v1/downloads", headers={"X-Forwarded-For": f"10.0.0.{number}"})
            for number in range(5)
        ]
        known = stranger.get("/api/v1/downloads", headers=KEY)
        hook = stranger.post(
            "/webhooks/radarr",
            json={"eventType": "Test"},
            headers=basic(WEBHOOK_USER, WEBHOOK_PASSWORD),
        )

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert answers[-1].headers["Retry-After"] == "1"
    assert (known.status_code, hook.status_code) == (200, 200)


def test_who_asks_for_health_without_a_key_has_a_limit_and_ping_has_none(
    services: Services, writer: WebhookWriter
) -> None:
    few = Throttle(Rate(2, 1), Rate(100, 100), monotonic=lambda: 0.0)
    with client_of(app_of(services, writer, limits=Limits(public=few))) as stranger:
        health = [stranger.get("/health").status_code for _ in range(3)]
        pings = {stranger.get("/ping").status_code for _ in range(20)}

    assert (health, pings) == ([200, 200, 429], {200})

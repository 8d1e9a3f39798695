"""Nobody without the right key gets past the door, whatever they send."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.services import Services
from tests.web.conftest import (
    API_KEY,
    KEY,
    WEBHOOK_PASSWORD,
    WEBHOOK_USER,
    House,
    app_of,
    client_of,
)

PUBLIC = {"/ping", "/health"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER_PATHS = (
    "/nothing/here",
    "/ping/x",
    "/health/../api/v1/system/status",
    "/PING",
    "/ping%2f..%2fapi/v1/downloads",
    "/api/v1/downloads/ping",
    "/api/v1/downloads?next=/ping",
    "/webhooks",
    "/webhooks/",
    "//ping",
)


def basic(user: str, password: str, encoding: str = "utf-8") -> dict[str, str]:
    coded = base64.b64encode(f"{user}:{password}".encode(encoding)).decode()
    return {"Authorization": f"Basic {coded}"}


def paths(app: Starlette) -> Iterator[str]:
    """Every path of the application, with something in its places."""
    for route in app.routes:
        assert isinstance(route, Route), f"the sweep below does not know what {route!r} is"
        places = {"id": "1", "instance": "radarr"}
        yield route.path_format.format(**{name: places[name] for name in route.param_convertors})


def open_doors(house: House, headers: dict[str, str], query: str) -> set[tuple[str, str]]:
    """Ask for every route with every method, and return what was not refused."""
    asked = [
        (method, path) for path in {*paths(house.app), *OTHER_PATHS} - PUBLIC for method in METHODS
    ]
    return {
        (method, path)
        for method, path in asked
        if house.stranger.request(method, path + query, headers=headers).status_code != 401
    }


LIARS = [
    pytest.param({}, "", id="no-credentials"),
    pytest.param({"X-Api-Key": "wrong"}, "", id="wrong-key-in-header"),
    pytest.param({"X-Api-Key": ""}, "", id="empty-key-in-header"),
    pytest.param({}, "?apikey=wrong", id="wrong-key-in-query"),
    pytest.param({}, "?apikey=", id="empty-key-in-query"),
    pytest.param({}, "?api_key=" + API_KEY, id="key-under-another-name"),
    pytest.param({"Authorization": f"Bearer {API_KEY}"}, "", id="key-as-bearer"),
    pytest.param({"Cookie": f"apikey={API_KEY}"}, "", id="key-as-cookie"),
    pytest.param(
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
        "",
        id="says-it-is-local",
    ),
    pytest.param(
        {"X-Original-URL": "/ping", "X-Rewrite-URL": "/ping", "X-Forwarded-Prefix": "/ping"},
        "",
        id="says-it-is-public",
    ),
    pytest.param({"Host": "127.0.0.1/ping?"}, "", id="public-path-in-host"),
    pytest.param(basic(WEBHOOK_USER, "wrong"), "", id="basic-with-a-wrong-password"),
    pytest.param(basic("admin", WEBHOOK_PASSWORD), "", id="basic-with-a-wrong-name"),
    pytest.param({"Authorization": "Basic %%%"}, "", id="basic-that-is-no-base64"),
    pytest.param({"Authorization": "Basic"}, "", id="basic-with-nothing"),
]


@pytest.mark.parametrize(("headers", "query"), LIARS)
def test_every_route_but_ping_and_health_refuses_who_has_no_key(
    house: House, headers: dict[str, str], query: str
) -> None:
    assert open_doors(house, headers, query) == set()


@pytest.mark.parametrize("path", sorted(PUBLIC))
def test_ping_and_health_ask_for_no_key(house: House, path: str) -> None:
    assert house.stranger.get(path).status_code == 200


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param(basic(WEBHOOK_USER, WEBHOOK_PASSWORD), id="basic"),
        pytest.param({"X-Api-Key": WEBHOOK_PASSWORD.encode()}, id="header"),
    ],
)
def test_the_webhook_password_opens_the_webhooks_and_nothing_else(
    house: House, credentials: dict[str, str]
) -> None:
    opened = {path for _, path in open_doors(house, credentials, "")}

    assert opened == {"/webhooks/radarr"}


def test_the_webhook_password_in_a_query_opens_the_webhooks(house: House) -> None:
    answer = house.stranger.post(
        "/webhooks/radarr", params={"apikey": WEBHOOK_PASSWORD}, json={"eventType": "Test"}
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "query"),
    [pytest.param(KEY, "", id="header"), pytest.param({}, f"?apikey={API_KEY}", id="query")],
)
def test_the_api_key_opens_every_route(house: House, headers: dict[str, str], query: str) -> None:
    answers = {
        path: house.stranger.get(path + query, headers=headers).status_code
        for path in paths(house.app)
    }

    assert 401 not in answers.values()
    assert answers["/api/v1/system/status"] == 200


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

"""Every route of the whole application, with everything that must not open it.

The routes are read from the application, so that a new one cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.convertors import StringConvertor
from starlette.routing import Route
from starlette.testclient import TestClient

from stalkeer.web.auth import Door, door_of
from tests.web.conftest import (
    API_KEY,
    KEY,
    SETUP_CODE,
    UNLIMITED,
    WEBHOOK_PASSWORD,
    WEBHOOK_USER,
    client_of,
)
from tests.web.seeded import Seeded, seeded
from tests.web.test_guard import basic

PUBLIC = {"/ping", "/health", "/api/v1/login", "/api/v1/setup", "/api/docs.css"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER_PATHS = (
    "/nothing/here",
    "/ping/x",
    "/health/../api/v1/system/status",
    "/PING",
    "/ping%2f..%2fapi/v1/downloads",
    "/api/v1/downloads/ping",
    "/api/v1/downloads?next=/ping",
    "/api/v1/setup/x",
    "/api/v1/x/login",
    "/webhooks",
    "/webhooks/",
    "//ping",
)
LIARS = [
    pytest.param({}, "", id="no-credentials"),
    pytest.param({"X-Api-Key": "wrong"}, "", id="wrong-key-in-header"),
    pytest.param({"X-Api-Key": ""}, "", id="empty-key-in-header"),
    pytest.param({}, "?apikey=wrong", id="wrong-key-in-query"),
    pytest.param({}, "?apikey=", id="empty-key-in-query"),
    pytest.param({}, "?api_key=" + API_KEY, id="key-under-another-name"),
    pytest.param({"Authorization": f"Bearer {API_KEY}"}, "", id="key-as-bearer"),
    pytest.param({"Cookie": f"apikey={API_KEY}"}, "", id="key-as-cookie"),
    pytest.param({"Cookie": f"stalkeer_session={API_KEY}"}, "", id="key-as-session"),
    pytest.param({"Cookie": "stalkeer_session="}, "", id="empty-session"),
    pytest.param({"Origin": "https://evil.example.invalid"}, "", id="foreign-origin"),
    pytest.param(
        {
            "X-Forwarded-For": "127.0.0.1",
            "X-Real-IP": "127.0.0.1",
            "Forwarded": "for=127.0.0.1",
            "X-Forwarded-User": "admin",
            "Remote-User": "admin",
        },
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
    pytest.param(basic("", ""), "", id="basic-with-nothing-in-it"),
    pytest.param({"Authorization": "Basic %%%"}, "", id="basic-that-is-no-base64"),
    pytest.param({"Authorization": "Basic"}, "", id="basic-with-nothing"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Seeded]:
    """One service for the whole page: nobody gets in to change it."""
    with seeded(tmp_path_factory.mktemp("home"), migrated_file, limits=UNLIMITED) as home:
        yield home


@pytest.fixture(scope="module")
def stranger(home: Seeded) -> Iterator[TestClient]:
    with client_of(home.app) as client:
        yield client


def offered(app: Starlette) -> Iterator[tuple[str, str]]:
    """Every method of every path of the application, with something in its places."""
    for route in app.routes:
        assert isinstance(route, Route), f"the sweep does not know what {route!r} is"
        places = {
            name: "radarr" if isinstance(convertor, StringConvertor) else "1"
            for name, convertor in route.param_convertors.items()
        }
        for method in sorted(route.methods or ()):
            yield method, route.path_format.format(**places)


def let_in(
    client: TestClient, asked: set[tuple[str, str]], headers: dict[str, str], query: str
) -> set[tuple[str, str]]:
    """Ask, and return what was not refused as a stranger's request."""
    return {
        (method, path)
        for method, path in asked
        if client.request(method, path + query, headers=headers).status_code != 401
    }


@pytest.mark.parametrize(("headers", "query"), LIARS)
def test_every_route_refuses_who_has_no_key(
    home: Seeded, stranger: TestClient, headers: dict[str, str], query: str
) -> None:
    asked = {(method, path) for method, path in offered(home.app) if path not in PUBLIC}

    assert len(asked) > 80
    assert let_in(stranger, asked, headers, query) == set()


def test_no_other_method_and_no_other_path_is_a_way_in(home: Seeded, stranger: TestClient) -> None:
    paths = {path for _, path in offered(home.app)} | set(OTHER_PATHS)
    asked = {(method, path) for path in paths - PUBLIC for method in METHODS}

    assert let_in(stranger, asked, {}, "") == set()


def test_what_is_public_is_public_by_name_and_no_more_than_that(home: Seeded) -> None:
    public = {path for _, path in offered(home.app) if door_of(path) is Door.PUBLIC}

    assert public == PUBLIC


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param(basic(WEBHOOK_USER, WEBHOOK_PASSWORD), id="basic"),
        pytest.param({"X-Api-Key": WEBHOOK_PASSWORD.encode()}, id="header"),
    ],
)
def test_the_webhook_password_opens_its_webhook_and_nothing_else(
    home: Seeded, stranger: TestClient, credentials: dict[str, str]
) -> None:
    asked = {(method, path) for method, path in offered(home.app) if path not in PUBLIC}

    opened = {path for _, path in let_in(stranger, asked, credentials, "")}

    assert opened == {"/webhooks/radarr"}


def test_a_session_changes_nothing_without_its_token(home: Seeded) -> None:
    with client_of(home.app) as page:
        page.post("/api/v1/setup", json={"code": SETUP_CODE, "password": "correct horse battery"})
        asked = {
            (method, path)
            for method, path in offered(home.app)
            if method not in ("GET", "HEAD") and door_of(path) is Door.GUARDED
        }

        statuses = {page.request(method, path).status_code for method, path in asked}
        webhook = page.post("/webhooks/radarr", json={"eventType": "Test"})

    assert (statuses, webhook.status_code) == ({403}, 401)


def test_the_api_key_opens_every_route(home: Seeded) -> None:
    with client_of(home.app, **KEY) as client:
        statuses = {
            client.get(path).status_code for method, path in offered(home.app) if method == "GET"
        }

    assert 401 not in statuses
    assert 500 not in statuses

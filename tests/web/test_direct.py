"""The direct way of a webhook answers as the usual way does, and is taken only when it is sure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message

from stalkeer.db.connect import StoreError
from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.services import Services
from stalkeer.web.headers import HEADERS
from tests.web.conftest import API_KEY, KEY, House, app_of, client_of, writer_of

ADDED = '{"eventType": "MovieAdded", "movie": {"id": 12}}'


def refuses(_: Sequence[tuple[str, str]]) -> list[int]:
    raise StoreError("The database did not answer: disk I/O error")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(ADDED, 202, id="taken"),
        pytest.param('{"eventType": "Test"}', 200, id="needs-nothing"),
        pytest.param("no JSON", 400, id="unreadable"),
        pytest.param("x" * (4 * 1024 * 1024 + 1), 413, id="too-large"),
    ],
)
def test_every_answer_to_a_webhook_carries_the_headers_of_all_others(
    house: House, body: str, status: int
) -> None:
    answer = house.client.post("/webhooks/radarr", content=body)

    assert answer.status_code == status
    assert HEADERS.items() <= {name: answer.headers.get(name) for name in HEADERS}.items()
    assert answer.headers["Content-Type"] == "application/json"


def test_a_refusal_of_the_writer_has_the_form_and_headers_of_every_error(
    services: Services,
) -> None:
    with writer_of(refuses) as writer, client_of(app_of(services, writer), **KEY) as client:
        answer = client.post("/webhooks/radarr", content=ADDED)

    assert answer.status_code == 503
    assert answer.json()["error"].keys() == {"code", "message"}
    assert HEADERS.items() <= {name: answer.headers.get(name) for name in HEADERS}.items()


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        pytest.param("POST", "/webhooks/radarr", "", 401, id="no-key"),
        pytest.param("POST", "/webhooks/radarr", "wrong", 401, id="a-wrong-key"),
        pytest.param("POST", "/webhooks/nobody", API_KEY, 404, id="an-unknown-instance"),
        pytest.param("GET", "/webhooks/radarr", API_KEY, 405, id="get"),
        pytest.param("HEAD", "/webhooks/radarr", API_KEY, 405, id="head"),
        pytest.param("DELETE", "/webhooks/radarr", API_KEY, 405, id="delete"),
        pytest.param("POST", "/webhooks/radarr/more", API_KEY, 404, id="a-longer-path"),
        pytest.param("POST", "/webhooks/", API_KEY, 404, id="no-instance"),
    ],
)
def test_the_body_of_what_is_not_taken_is_never_read(
    services: Services, writer: WebhookWriter, method: str, path: str, key: str, status: int
) -> None:
    assert asyncio.run(_status_without_body(services, writer, method, path, key)) == status


async def _status_without_body(
    services: Services, writer: WebhookWriter, method: str, path: str, key: str
) -> int:
    """Send a head alone; to wait for the body is an error."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body is waited for")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"x-api-key", key.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app_of(services, writer)(scope, receive, send)
    return int(sent[0]["status"])

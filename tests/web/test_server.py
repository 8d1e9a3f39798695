"""What only a real server shows: slow bodies, lost senders, connections, odd requests."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest

from stalkeer.core.states import JobKind
from stalkeer.db.store import Store
from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.services import Services
from stalkeer.web.webhooks import MAX_BODY_BYTES
from tests.builders import jobs_of
from tests.web.conftest import API_KEY, KEY, app_of, served

DEADLINE_S = 0.2
BODY = json.dumps({"eventType": "MovieAdded", "movie": {"id": 12}}).encode()


@pytest.fixture
def url(services: Services, writer: WebhookWriter) -> Iterator[str]:
    """Address of a server that waits only a moment for a body."""
    with served(app_of(services, writer, deadline_s=DEADLINE_S)) as url:
        yield url


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)


def head(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, "Host: 127.0.0.1", *headers, "", ""]).encode("latin-1")


def delivery(length: int, *headers: str) -> bytes:
    return head(
        "POST /webhooks/radarr HTTP/1.1",
        f"X-Api-Key: {API_KEY}",
        f"Content-Length: {length}",
        *headers,
    )


def all_of(connection: socket.socket) -> bytes:
    """Read until the server hangs up."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("path", ["/webhooks/radarr", "/webhooks/radarr/"])
def test_a_delivery_as_radarr_sends_it_is_taken(url: str, method: str, path: str) -> None:
    headers = {**KEY, "Connection": "close", "Content-Type": "application/json"}

    answer = httpx.request(method, url + path, content=BODY, headers=headers)

    assert answer.status_code == 202
    assert answer.headers["Connection"] == "close"


def test_the_same_connection_takes_many_deliveries(url: str, store: Store) -> None:
    with httpx.Client(headers=KEY) as client:
        answers = [client.post(f"{url}/webhooks/radarr", content=BODY) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {202}
    assert len(jobs_of(store, JobKind.WEBHOOK)) == 5


def test_a_body_that_does_not_come_is_408_and_the_end_of_the_connection(
    url: str, store: Store
) -> None:
    with closing(connect(url)) as connection:
        connection.sendall(delivery(len(BODY)) + BODY[:5])

        answer = all_of(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"too_slow"' in answer
    assert jobs_of(store, JobKind.WEBHOOK) == ()


def test_a_body_that_drips_is_408_however_long_it_drips(url: str) -> None:
    with closing(connect(url)) as connection:
        connection.sendall(delivery(10**6))
        connection.settimeout(0.02)
        answer, ends_at = b"", time.monotonic() + 60
        while not answer and time.monotonic() < ends_at:
            connection.sendall(b" ")
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                continue

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_sender_that_goes_away_leaves_no_job_and_no_trouble(url: str, store: Store) -> None:
    with closing(connect(url)) as connection:
        connection.sendall(delivery(len(BODY)) + BODY[:5])

    answer = httpx.post(f"{url}/webhooks/radarr", content=BODY, headers=KEY)

    assert answer.status_code == 202
    assert [job.id for job in jobs_of(store, JobKind.WEBHOOK)] == [answer.json()["job_id"]]


def test_a_body_without_end_is_413_and_the_end_of_the_connection(url: str) -> None:
    with closing(connect(url)) as connection:
        connection.sendall(delivery(10**9) + b" " * (MAX_BODY_BYTES + 65536))

        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


def test_a_body_in_chunks_is_taken(url: str) -> None:
    pieces = (BODY[start : start + 7] for start in range(0, len(BODY), 7))

    answer = httpx.post(f"{url}/webhooks/radarr", content=pieces, headers=KEY)

    assert answer.status_code == 202


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("GET /api/v1/downloads?apikey=\xff HTTP/1.1", id="query-that-is-no-utf-8"),
        pytest.param("GET /\xff\xfe HTTP/1.1", id="path-that-is-no-utf-8"),
        pytest.param("GET /%ff%00 HTTP/1.1", id="path-with-a-nul"),
        pytest.param("GET http://other.example.invalid/api/v1/downloads HTTP/1.1", id="absolute"),
        pytest.param("OPTIONS * HTTP/1.1", id="options-star"),
        pytest.param("BREW /api/v1/downloads HTTP/1.1", id="unknown-method"),
    ],
)
def test_an_odd_request_of_a_stranger_is_refused_and_no_server_error(url: str, line: str) -> None:
    with closing(connect(url)) as connection:
        connection.sendall(head(line, "Connection: close"))

        answer = all_of(connection)

    assert answer.split()[1] in (b"400", b"401")


def test_a_stranger_opens_no_websocket(url: str) -> None:
    with closing(connect(url)) as connection:
        connection.sendall(
            head(
                "GET /api/v1/downloads HTTP/1.1",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            )
        )

        answer = connection.recv(65536)

    assert answer.split()[1] in (b"400", b"401", b"403")

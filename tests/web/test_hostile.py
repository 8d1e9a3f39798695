"""What nobody sends who means well, as bytes on a real connection: always an answer, never a 5xx."""

from __future__ import annotations

import json
import resource
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.conftest import API_KEY, WEBHOOK_PASSWORD, served
from tests.web.seeded import seeded

V1 = "/api/v1"
KEY = f"X-Api-Key: {API_KEY}"
DEEP = 100_000
PATIENCE_S = 2.0
BODIES = {
    "nothing-but-a-brace": b"{",
    "cut-in-a-string": b'{"status": "fail',
    "cut-in-an-escape": b'{"status": "\\u00',
    "two-documents": b"{}{}",
    "comma-at-the-end": b'{"status": "failed",}',
    "single-quotes": b"{'status': 'failed'}",
    "comment": b'{"status": "failed" /* yes */}',
    "nan": b'{"status": NaN}',
    "infinity": b'{"ids": [Infinity]}',
    "too-large-a-number": b'{"ids": [1e400]}',
    "number-of-5000-digits": b'{"ids": [' + b"9" * 5000 + b"]}",
    "number-with-a-zero-in-front": b'{"ids": [007]}',
    "hexadecimal": b'{"ids": [0x7]}',
    "two-to-the-64": b'{"status": "failed", "ids": [18446744073709551616]}',
    "negative": b'{"status": "failed", "ids": [-1]}',
    "float": b'{"status": "failed", "ids": [1.5]}',
    "boolean": b'{"status": true}',
    "null": b"null",
    "string": b'"failed"',
    "array": b"[]",
    "nested-arrays": b"[" * DEEP + b"]" * DEEP,
    "nested-objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "nested-a-little": b'{"status": ' + b"[" * 60 + b"]" * 60 + b"}",
    "many-keys": json.dumps({f"k{number}": number for number in range(20_000)}).encode(),
    "long-key": b'{"' + b"k" * 500_000 + b'": 1}',
    "lone-surrogate": b'{"status": "\\ud800"}',
    "nul": b'{"status": "\\u0000failed"}',
    "raw-nul": b'{"status": "\x00"}',
    "raw-line-feed": b'{"status": "a\nb"}',
    "no-utf-8": b'{"status": "\xff\xfe"}',
    "overlong-utf-8": b'{"status": "\xc0\xaf"}',
    "surrogate-in-utf-8": b'{"status": "\xed\xa0\x80"}',
    "byte-order-mark": b'\xef\xbb\xbf{"status": "failed"}',
    "utf-16": '{"status": "failed"}'.encode("utf-16"),
    "utf-32": '{"status": "failed"}'.encode("utf-32"),
    "zip": b"PK\x03\x04" + b"\x00" * 200,
    "xml": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>",
    "form": b"status=failed&ids=1",
    "proto": b'{"__proto__": {"status": "failed"}}',
    "class": b'{"__class__": "Job"}',
}
TARGETS = [
    ("POST", f"{V1}/admin/jobs/replay"),
    ("PUT", f"{V1}/downloads/1/priority"),
    ("PUT", f"{V1}/settings/downloads"),
    ("POST", f"{V1}/instances"),
    ("POST", "/webhooks/radarr"),
    ("POST", f"{V1}/login"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[str]:
    """One server for all of them: what one does to it shows in the next."""
    with seeded(tmp_path_factory.mktemp("home"), migrated_file) as home, served(home.app) as url:
        yield url


def talk(url: str, *pieces: bytes) -> list[int]:
    """Send bytes as they are; return the status of every answer until the server hangs up."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    received = b""
    with closing(socket.create_connection(address, timeout=PATIENCE_S)) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            while chunk := connection.recv(65536):
                received += chunk
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            # It hung up before it had heard everything, or waits for more: both are its right.
            return statuses(received)
    return statuses(received)


def statuses(received: bytes) -> list[int]:
    lines = received.split(b"HTTP/1.1 ")[1:]
    return [int(line[:3]) for line in lines]


def head(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, "Host: 127.0.0.1", *headers, "", ""]).encode("latin-1")


def request(method: str, path: str, body: bytes, *headers: str) -> bytes:
    length = f"Content-Length: {len(body)}"
    return head(f"{method} {path} HTTP/1.1", KEY, length, "Connection: close", *headers) + body


def is_well(url: str) -> bool:
    return talk(url, head("GET /ping HTTP/1.1", "Connection: close")) == [200]


@pytest.mark.parametrize("name", BODIES)
def test_a_broken_body_is_refused_everywhere(url: str, name: str) -> None:
    for method, path in TARGETS:
        [status] = talk(url, request(method, path, BODIES[name], "Content-Type: application/json"))

        assert 400 <= status < 500, f"{method} {path}"
    assert is_well(url)


@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        pytest.param(["Content-Type: text/plain"], [415], id="text"),
        pytest.param(["Content-Type: multipart/form-data; boundary=x"], [415], id="multipart"),
        pytest.param(["Content-Type: application/json; charset=utf-16"], [422], id="charset"),
        pytest.param(["Content-Encoding: gzip"], [415], id="compressed"),
        pytest.param(["Content-Type: " + "x" * 5000], [415], id="long-type"),
    ],
)
def test_a_body_that_says_it_is_something_else_is_not_read(
    url: str, headers: list[str], statuses: list[int]
) -> None:
    body = b'{"status": "failed"}' if "utf-16" not in headers[0] else b"\x00{"

    assert talk(url, request("POST", f"{V1}/admin/jobs/replay", body, *headers)) == statuses


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\x00" * 1000, id="noughts"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 300, id="tls"),
        pytest.param(b"GET\r\n\r\n", id="no-path"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="version"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", id="two-hosts"
        ),
        pytest.param(
            head("GET /ping HTTP/1.1", "X: " + "x" * 200_000, "Connection: close"), id="long-header"
        ),
        pytest.param(
            head("GET /ping HTTP/1.1", *(f"X-{n}: y" for n in range(20_000)), "Connection: close"),
            id="header-bomb",
        ),
        pytest.param(
            head("GET /" + "x" * 200_000 + " HTTP/1.1", "Connection: close"), id="long-path"
        ),
        pytest.param(
            head("GET /ping HTTP/1.1", "Content-Length: abc", "Connection: close"),
            id="length-in-letters",
        ),
        pytest.param(
            head("POST /ping HTTP/1.1", "Content-Length: -1", "Connection: close"),
            id="negative-length",
        ),
        pytest.param(
            head("POST /ping HTTP/1.1", "Content-Length: 5", "Content-Length: 6") + b"hello",
            id="two-lengths",
        ),
        pytest.param(
            head("POST /ping HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked")
            + b"0\r\n\r\n",
            id="length-and-chunks",
        ),
        pytest.param(
            head(f"POST {V1}/missing/scan HTTP/1.1", KEY, "Transfer-Encoding: chunked")
            + b"zz\r\nhello\r\n",
            id="bad-chunk",
        ),
        pytest.param(
            head("GET /ping HTTP/1.1", "Folded: a", " b", "Connection: close"), id="folded-header"
        ),
        pytest.param(
            head("GET /ping HTTP/1.1", "Bad Name: x", "Connection: close"), id="space-in-a-name"
        ),
        pytest.param(
            head(f"GET {V1}/items?q=%ff%00%ed%a0%80 HTTP/1.1", KEY, "Connection: close"),
            id="odd-query",
        ),
        pytest.param(
            head(f"GET {V1}/downloads?" + "a=b&" * 5000 + " HTTP/1.1", KEY, "Connection: close"),
            id="many",
        ),
        pytest.param(
            head("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", KEY, "Connection: close"),
            id="up-and-away",
        ),
        pytest.param(head("TRACE / HTTP/1.1", KEY, "Connection: close"), id="trace"),
        pytest.param(
            head("CONNECT evil.example.invalid:443 HTTP/1.1", KEY, "Connection: close"),
            id="connect",
        ),
        pytest.param(head("PRI * HTTP/2.0", "Connection: close") + b"SM\r\n\r\n", id="http-2"),
    ],
)
def test_bytes_that_are_hardly_http_get_no_server_error(url: str, raw: bytes) -> None:
    assert [status for status in talk(url, raw) if status >= 500] == []
    assert is_well(url)


def test_many_requests_in_one_go_are_answered_one_after_another(url: str) -> None:
    many = head("GET /ping HTTP/1.1") * 50 + head(f"GET {V1}/nothing HTTP/1.1", KEY)

    answers = talk(url, many + head("GET /ping HTTP/1.1", "Connection: close"))

    assert answers == [200] * 50 + [404, 200]


def test_a_body_that_is_announced_and_never_ends_is_cut_off(url: str) -> None:
    announced = head(f"POST {V1}/missing/scan HTTP/1.1", KEY, "Content-Length: 1000000000")

    assert talk(url, announced, *[b" " * 65_536] * 20) in ([413], [])
    assert is_well(url)


MIB = 2**20
CHUNKED = "Transfer-Encoding: chunked"
TRAILERS = {
    "many-short": (b"0\r\n", b"".join(b"a%d: b\r\n" % number for number in range(6000))),
    "one-without-an-end": (b"0\r\na: ", b"x" * 65_536),
    "extension-without-an-end": (b"5;a=", b"x" * 65_536),
}


def flood(url: str, first: bytes, more: bytes) -> int:
    """Send the same again and again until the server hangs up, and say how much that was."""
    parts, sent = urlsplit(url), 0
    address = (parts.hostname or "", parts.port or 0)
    with closing(socket.create_connection(address, timeout=10)) as connection, suppress(OSError):
        connection.sendall(first)
        while sent < 128 * MIB:
            connection.sendall(more)
            sent += len(more)
    return sent


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@pytest.mark.parametrize("name", TRAILERS)
def test_what_is_sent_around_a_body_has_an_end(url: str, name: str) -> None:
    first, more = TRAILERS[name]
    before = resident_bytes()

    sent = flood(url, head("GET /ping HTTP/1.1", CHUNKED) + first, more)

    assert sent < 16 * MIB
    assert resident_bytes() - before < 50 * MIB
    assert is_well(url)


def test_a_body_in_many_chunks_with_extensions_and_trailers_is_taken(url: str) -> None:
    chunk = b"2;name=" + b"x" * 8000 + b"\r\n  \r\n"
    large = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    ending = b"2\r\n{}\r\n0\r\nX-Sum: 1\r\nX-Api-Key: wrong\r\n\r\n"
    asked = head(f"POST {V1}/missing/scan HTTP/1.1", KEY, CHUNKED)
    last = head(f"GET {V1}/stats HTTP/1.1", "Connection: close")

    answers = talk(url, asked, *[chunk] * 40, *[large] * 8, ending, last)

    assert answers == [202, 401]


def test_wrong_basic_credentials_of_every_kind_are_401(url: str) -> None:
    coded = ["====", "YQ==", "Og==", "x" * 100_000, WEBHOOK_PASSWORD.encode("utf-8").hex()]

    answers = [
        talk(url, head("POST /webhooks/radarr HTTP/1.1", f"Authorization: Basic {each}",
                       "Content-Length: 0", "Connection: close"))
        for each in coded
    ]  # fmt: skip

    assert all(answers)
    assert {status for answer in answers for status in answer} <= {400, 401, 431}

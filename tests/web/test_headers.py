"""What stands above every answer, and in front of every path."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.conftest import KEY, House, client_of
from tests.web.seeded import environ_in, started


@pytest.mark.parametrize("path", ["/api/v1/downloads", "/nothing/here", "/ping", "/api/docs"])
def test_every_answer_carries_the_headers_that_bind_a_browser(house: House, path: str) -> None:
    for client in (house.client, house.stranger):
        headers = client.get(path).headers

        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_who_has_seen_an_answer_is_told_that_it_is_the_same(house: House) -> None:
    first = house.client.get("/api/v1/downloads")

    again = house.client.get("/api/v1/downloads", headers={"If-None-Match": first.headers["ETag"]})
    other = house.client.get("/api/v1/downloads", headers={"If-None-Match": '"another"'})

    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


def test_the_document_states_the_path_in_front_of_every_address(
    migrated_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "stalkeer.db").write_bytes(migrated_file.read_bytes())
    with (
        started(tmp_path, environ_in(tmp_path, URL_BASE="/stalkeer")) as service,
        client_of(service.app, **KEY) as client,
    ):
        servers = client.get("/stalkeer/api/openapi.json").json()["servers"]
        page = client.get("/stalkeer/api/docs").text

    assert servers == [{"url": "/stalkeer"}]
    assert 'href="/stalkeer/api/docs.css"' in page

"""What every request meets at both programs: keys, faults, pages, commands, the disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.standins import openapi
from tests.standins.asking import (
    get,
    post,
    recorded,
    request,
    run,
    write,
)
from tests.standins.radarr import Radarr
from tests.standins.server import Fault


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        pytest.param("?apikey={}", {}, id="query"),
        pytest.param("", {"X-Api-Key": "{}"}, id="header"),
        pytest.param("", {"Authorization": "Bearer {}"}, id="bearer"),
    ],
)
def test_the_key_is_taken_from_three_places(
    radarr: Radarr, query: str, headers: dict[str, str]
) -> None:
    given = {name: value.format(radarr.api_key) for name, value in headers.items()}

    path = f"/api/v3/tag{query.format(radarr.api_key)}"

    assert request(radarr, "GET", path, headers=given).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "wrong"}], ids=["missing", "wrong"])
def test_a_request_without_the_right_key_gets_401_and_no_body(
    radarr: Radarr, headers: dict[str, str]
) -> None:
    answer = request(radarr, "GET", "/api/v3/movie", headers=headers)

    assert (answer.status_code, answer.content) == (401, b"")


def test_ping_needs_no_key(radarr: Radarr) -> None:
    assert request(radarr, "GET", "/ping", headers={}).json() == {"status": "OK"}


def test_a_request_without_the_url_base_is_sent_there(tmp_path: Path) -> None:
    with Radarr(root=tmp_path, url_base="/radarr") as radarr:
        root = radarr.url.removesuffix("/radarr")

        answer = httpx.get(f"{root}/api/v3/tag")
        direct = request(radarr, "GET", "/api/v3/tag")

    assert (answer.status_code, answer.headers["Location"]) == (307, "/radarr/api/v3/tag")
    assert direct.json() == []


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        pytest.param(Fault.STARTING, 503, '{"errorMessage":', id="starting"),
        pytest.param(Fault.HTML, 200, "<!doctype html>", id="html"),
        pytest.param(Fault.UNAUTHORIZED, 401, "", id="unauthorized"),
        pytest.param(Fault.GARBAGE, 200, '{"id": 1,', id="garbage"),
    ],
)
def test_a_fault_lasts_for_as_many_requests_as_ordered(
    radarr: Radarr, fault: Fault, status: int, start: str
) -> None:
    radarr.break_with(fault, times=1)

    broken, whole = (request(radarr, "GET", "/api/v3/tag") for _ in range(2))

    assert (broken.status_code, broken.text[: len(start)]) == (status, start)
    assert (whole.status_code, whole.json()) == (200, [])


def test_a_connection_is_closed_without_an_answer_until_mended(radarr: Radarr) -> None:
    radarr.break_with(Fault.DOWN, path="/tag")

    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            get(radarr, "tag")
    radarr.mend()

    assert get(radarr, "tag") == []
    assert [seen.status for seen in radarr.journal] == [None, None, 200]


def test_a_slow_answer_comes_after_the_work_was_done(radarr: Radarr) -> None:
    radarr.break_with(Fault.SLOW, method="POST", seconds=30)

    with pytest.raises(httpx.ReadTimeout):
        request(radarr, "POST", "/api/v3/tag", json={"label": "IPTV"}, timeout=0.3)

    assert get(radarr, "tag") == [{"id": 1, "label": "iptv"}]


def test_a_stopped_program_refuses_connections_and_comes_back_at_its_address(
    radarr: Radarr,
) -> None:
    radarr.stop()
    with pytest.raises(httpx.ConnectError):
        get(radarr, "tag")

    radarr.start()

    assert get(radarr, "tag") == []


def test_the_journal_holds_every_request(radarr: Radarr) -> None:
    post(radarr, "tag", {"label": "iptv"})

    request(radarr, "GET", "/api/v3/movie/99", params={"a": "b"})

    assert [(s.method, s.path, s.query, s.body, s.status) for s in radarr.journal] == [
        ("POST", "/api/v3/tag", {}, {"label": "iptv"}, 201),
        ("GET", "/api/v3/movie/99", {"a": "b"}, None, 404),
    ]
    assert radarr.requests("POST", "/tag") == radarr.journal[:1]


def test_an_equal_command_that_waits_is_not_queued_twice(radarr: Radarr) -> None:
    radarr.commands.hold()

    first, second, other = (
        post(radarr, "command", {"name": "RefreshMovie", "movieIds": [number]})["id"]
        for number in (1, 1, 2)
    )

    assert first == second != other


def test_a_command_waiting_to_act_is_orphaned_by_a_stop(radarr: Radarr) -> None:
    radarr.commands.seconds = 60
    number = post(radarr, "command", {"name": "RefreshMovie"})["id"]
    while get(radarr, f"command/{number}")["status"] != "started":
        pass

    radarr.stop()
    radarr.start()

    assert get(radarr, f"command/{number}")["status"] == "orphaned"


def test_an_unknown_command_is_an_internal_error(radarr: Radarr) -> None:
    answer = request(radarr, "POST", "/api/v3/command", json={"name": "MakeCoffee"})

    assert (answer.status_code, answer.json()) == (500, recorded("api/radarr/error-500"))


def test_only_a_queued_command_can_be_cancelled(radarr: Radarr) -> None:
    done = run(radarr, "RefreshMonitoredDownloads")["id"]
    radarr.commands.hold()
    queued = post(radarr, "command", {"name": "RefreshMovie"})["id"]

    refused, removed = (
        request(radarr, "DELETE", f"/api/v3/command/{number}") for number in (done, queued)
    )

    assert (refused.status_code, refused.json()) == (409, recorded("api/radarr/error-409.cancel"))
    assert removed.status_code == 200
    assert request(radarr, "GET", f"/api/v3/command/{queued}").status_code == 404


def test_the_filesystem_shows_only_what_is_mounted(radarr: Radarr, downloads: Path) -> None:
    write(downloads / "Heat (1995)" / "Heat.mkv")
    write(downloads / "x.mkv", b"1234")

    whole = get(radarr, "filesystem", path="/downloads/", includeFiles="true")
    slashless = get(
        radarr, "filesystem", path="/downloads", allowFoldersWithoutTrailingSlashes="true"
    )
    elsewhere = get(radarr, "filesystem", path="/etc/", includeFiles="true")

    assert whole["parent"] == "/"
    assert [folder["path"] for folder in whole["directories"]] == ["/downloads/Heat (1995)/"]
    assert [(file["path"], file["size"]) for file in whole["files"]] == [("/downloads/x.mkv", 4)]
    assert (len(slashless["directories"]), slashless["files"]) == (1, [])
    assert (elsewhere["directories"], elsewhere["files"]) == ([], [])
    assert get(radarr, "filesystem/type", path="/downloads/x.mkv") == {"type": "file"}
    assert get(radarr, "filesystem/type", path="/nowhere") == {"type": "folder"}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        pytest.param({"pageSize": 2}, ["C", "B"], id="descending-unless-told"),
        pytest.param({"sortDirection": "ascending", "pageSize": 2}, ["A", "B"], id="ascending"),
        pytest.param({"sortKey": "nonsense", "pageSize": 1}, ["C"], id="unknown-key"),
        pytest.param({"sortKey": "movieMetadata.year", "pageSize": 1}, ["A"], id="year"),
        pytest.param({"page": 2, "pageSize": 2}, ["A"], id="second-page"),
        pytest.param({"page": 3, "pageSize": 2}, [], id="beyond-the-end"),
    ],
)
def test_pages_are_cut_as_asked(radarr: Radarr, query: dict[str, Any], titles: list[str]) -> None:
    for title, year in (("A", 2003), ("B", 2002), ("C", 2001)):
        radarr.seed_movie(title, year)

    answer = get(radarr, "wanted/missing", **query)

    assert [record["title"] for record in answer["records"]] == titles
    assert answer["totalRecords"] == 3


def test_many_may_ask_and_add_at_once(radarr: Radarr) -> None:
    def add_and_look(number: int) -> int:
        movie = radarr.add_movie(f"Movie {number}", 2000)
        get(radarr, f"movie/{movie}")
        return movie

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(add_and_look, range(40)))
    radarr.settle()

    assert len(set(ids)) == len(radarr.journal) == 40
    assert all("addOptions" not in movie for movie in get(radarr, "movie"))


def test_an_answer_of_the_wrong_shape_fails_the_test_that_caused_it(tmp_path: Path) -> None:
    if not openapi.document("radarr").exists():
        pytest.skip("the OpenAPI documents are not shipped with the repository")

    def ask_for_a_wrong_movie() -> None:
        with Radarr(root=tmp_path) as radarr:
            radarr.seed_movie("Heat", 1995, imdb_id=7)
            request(radarr, "GET", "/api/v3/movie")

    with pytest.raises(AssertionError, match="GET /api/v3/movie breaks"):
        ask_for_a_wrong_movie()

"""Lists of downloads and jobs: paging, sorting, filters, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from stalkeer.core.jobs import NewJob, done
from stalkeer.core.states import DownloadStatus, JobKind
from tests.builders import LIMITS, add_job, film_on_its_way, learn, movie, take
from tests.web.conftest import API_KEY, House

LISTS = ("/api/v1/downloads", "/api/v1/admin/jobs")


def ids(house: House, query: str) -> list[int]:
    answer = house.client.get(f"/api/v1/admin/jobs{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_list_has_the_form_of_every_list(house: House, path: str) -> None:
    answer = house.client.get(path)

    assert answer.json() == {"data": [], "total": 0, "limit": 50, "offset": 0}


def test_pages_follow_each_other_without_gap_or_repetition(house: House) -> None:
    jobs = [add_job(house.store) for _ in range(7)]

    pages = [ids(house, f"?limit=3&offset={offset}&order=asc") for offset in (0, 3, 6, 9)]

    assert pages == [jobs[:3], jobs[3:6], jobs[6:], []]


def test_a_page_says_which_part_of_how_many_it_is(house: House) -> None:
    for _ in range(7):
        add_job(house.store)

    answer = house.client.get("/api/v1/admin/jobs?limit=3&offset=6").json()

    assert (answer["total"], answer["limit"], answer["offset"]) == (7, 3, 6)
    assert len(answer["data"]) == 1


def test_a_list_starts_with_the_newest(house: House) -> None:
    jobs = [add_job(house.store) for _ in range(3)]

    assert ids(house, "") == jobs[::-1]


def test_a_list_is_sorted_by_the_field_that_is_asked_for(house: House) -> None:
    kinds = [JobKind.WEBHOOK, JobKind.CLEANUP, JobKind.REFRESH_PLAYLIST]
    webhook, cleanup, refresh = (add_job(house.store, kind) for kind in kinds)

    assert ids(house, "?sort=kind&order=asc") == [cleanup, refresh, webhook]
    assert ids(house, "?sort=kind&order=desc") == [webhook, refresh, cleanup]


def test_jobs_are_filtered_by_status_and_kind(house: House) -> None:
    cleanup, ended = add_job(house.store), add_job(house.store)
    webhook = add_job(house.store, JobKind.WEBHOOK)
    _, lease = take(house.store, ended)
    house.store.leases.end(lease, done("cleaned"), LIMITS)

    assert ids(house, "?kind=cleanup&order=asc") == [cleanup, ended]
    assert ids(house, "?kind=cleanup&status=done") == [ended]
    assert ids(house, "?status=ready&order=asc") == [cleanup, webhook]
    assert ids(house, "?status=failed") == []


def test_downloads_are_filtered_by_status(house: House) -> None:
    film_on_its_way(house.store)

    pending = house.client.get("/api/v1/downloads?status=pending").json()
    failed = house.client.get("/api/v1/downloads?status=failed").json()

    assert (pending["total"], failed["total"]) == (1, 0)


@pytest.mark.parametrize("limit", [1, 500])
def test_the_bounds_of_a_page_are_allowed(house: House, limit: int) -> None:
    answer = house.client.get(f"/api/v1/admin/jobs?limit={limit}")

    assert answer.json()["limit"] == limit


QUESTIONS = [
    pytest.param("limit=0", "limit", id="no-rows"),
    pytest.param("limit=501", "limit", id="more-than-500"),
    pytest.param("limit=-1", "limit", id="negative-limit"),
    pytest.param("limit=ten", "limit", id="limit-in-letters"),
    pytest.param("limit=", "limit", id="empty-limit"),
    pytest.param("limit=٣", "limit", id="digits-of-another-script"),
    pytest.param("limit=1.5", "limit", id="half-a-row"),
    pytest.param("offset=-1", "offset", id="negative-offset"),
    pytest.param(f"offset={2**31}", "offset", id="offset-too-large"),
    pytest.param("offset=" + "0" * 12 + "9" * 30, "offset", id="offset-behind-zeros"),
    pytest.param("offset=" + "9" * 5000, "offset", id="offset-of-5000-digits"),
    pytest.param("order=up", "order", id="unknown-order"),
    pytest.param("order=ASC", "order", id="order-in-capitals"),
    pytest.param("sort=colour", "colour", id="unknown-sort"),
    pytest.param("sort=", "''", id="empty-sort"),
    pytest.param("colour=red", "colour", id="unknown-filter"),
    pytest.param("id=seven", "id", id="id-in-letters"),
    pytest.param("id=" + "9" * 30, "id", id="id-too-large"),
    pytest.param("id=" + "9" * 5000, "id", id="id-of-5000-digits"),
    pytest.param("created_at=yesterday", "created_at", id="time-in-words"),
    pytest.param("status=%00", "status", id="nul"),
    pytest.param("status=" + "x" * 5000, "status", id="long-status"),
]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(("query", "field"), QUESTIONS)
def test_a_question_a_list_cannot_answer_is_422_and_names_the_field(
    house: House, path: str, query: str, field: str
) -> None:
    answer = house.client.get(f"{path}?{query}")

    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["code"] == "invalid_query"
    assert field in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", LISTS)
def test_the_key_in_the_query_is_no_filter(house: House, path: str) -> None:
    assert house.stranger.get(f"{path}?apikey={API_KEY}").status_code == 200


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("row", ["7", "0", "9" * 18, "9" * 19, "9" * 5000, "-1", "seven"])
def test_a_row_that_is_not_there_is_404(house: House, path: str, row: str) -> None:
    answer = house.client.get(f"{path}/{row}")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_a_job_shows_everything_about_it_and_its_attempts(house: House) -> None:
    item_id = learn(house.store, movie(12))
    job_id = house.store.jobs.add(
        NewJob(
            kind=JobKind.SEARCH,
            dedup_key="search:radarr:12",
            instance="radarr",
            item_id=item_id,
            title="Heat (1995)",
        )
    )
    assert job_id is not None
    _, lease = take(house.store, job_id)
    house.store.leases.end(lease, done("nothing", "no entry fits"), LIMITS)

    shown = house.client.get(f"/api/v1/admin/jobs/{job_id}").json()

    assert shown["item"] == {
        "instance": "radarr",
        "kind": "movie",
        "arr_id": 12,
        "title": "Heat (1995)",
    }
    assert facts(
        shown, "kind", "queue", "status", "dedup_key", "attempts", "crashes", "replays"
    ) == (
        "search",
        "default",
        "done",
        "search:radarr:12",
        1,
        0,
        0,
    )
    assert shown["error"] is None
    assert shown["result"] == {"outcome": "nothing", "reason": "no entry fits"}
    assert [(run["number"], run["outcome"]) for run in shown["history"]] == [(1, "nothing")]
    assert all(shown[name].endswith("Z") for name in ("run_at", "created_at", "finished_at"))


def test_the_jobs_of_a_list_name_their_items(house: House) -> None:
    film_on_its_way(house.store)
    add_job(house.store)

    rows = house.client.get("/api/v1/admin/jobs?order=asc").json()["data"]

    assert [row["item"]["arr_id"] for row in rows] == [1, 1, None]
    assert [row["item"]["kind"] for row in rows] == ["movie", "movie", None]


def test_a_download_shows_how_far_it_is_and_every_move(house: House) -> None:
    job = film_on_its_way(house.store)
    _, lease = take(house.store, job.id)
    house.store.leases.progress(
        lease, done=250, total=1000, resume_token="{}", speed_bytes_per_s=50
    )

    shown = house.client.get(f"/api/v1/downloads/{job.download_id}").json()

    assert facts(shown, "progress_pct", "speed_bytes_per_s", "eta_s") == (25.0, 50, 15)
    assert facts(shown, "status", "import_status", "title", "bytes_downloaded", "total_bytes") == (
        "downloading",
        None,
        "Heat (1995)",
        250,
        1000,
    )
    assert [(move["from"], move["to"]) for move in shown["events"]] == [
        (None, DownloadStatus.PENDING),
        (DownloadStatus.PENDING, DownloadStatus.DOWNLOADING),
    ]
    assert set(shown["events"][0]) == {"from", "to", "at", "reason"}


def test_a_download_of_unknown_size_has_no_percentage(house: House) -> None:
    job = film_on_its_way(house.store)

    [shown] = house.client.get("/api/v1/downloads").json()["data"]

    assert shown["id"] == job.download_id
    assert facts(shown, "progress_pct", "speed_bytes_per_s", "eta_s") == (None, None, None)


def test_no_answer_holds_the_address_of_an_entry(house: House) -> None:
    job = film_on_its_way(house.store)

    texts = [
        house.client.get(path).text
        for path in (
            *LISTS,
            f"{LISTS[0]}/{job.download_id}",
            f"{LISTS[1]}/{job.id}",
            "/api/v1/system/status",
            "/",
        )
    ]

    assert not [text for text in texts if "films/1.mkv" in text]


def facts(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)

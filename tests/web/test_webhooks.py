"""What Radarr and Sonarr are answered: 202 means that the row is committed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from stalkeer.arr.webhook import parse_webhook
from stalkeer.core.states import JobKind, JobStatus
from stalkeer.db.connect import StoreError
from stalkeer.db.store import Store
from stalkeer.jobs.metrics import Metrics
from stalkeer.jobs.receive import WAITING, WebhookWriter
from stalkeer.jobs.services import Services
from stalkeer.web.webhooks import MAX_BODY_BYTES
from tests.builders import jobs_of
from tests.web.conftest import KEY, House, app_of, client_of, services_of, settings_in, writer_of

RECORDED = sorted((Path(__file__).parents[1] / "contract" / "webhooks").glob("*/*.json"))
NEED_NOTHING = {
    "test",
    "rename",
    "health",
    "health-restored",
    "application-update",
    "manual-interaction-required",
}
ADDED = {"eventType": "MovieAdded", "movie": {"id": 12, "title": "Heat", "year": 1995}}


def refuses(_: Sequence[tuple[str, str]]) -> list[int]:
    raise StoreError("The database did not answer: disk I/O error")


def test_an_answer_of_202_comes_after_the_commit(house: House, tmp_path: Path) -> None:
    body = json.dumps(ADDED)

    answer = house.client.post("/webhooks/radarr", content=body)

    # Another connection sees nothing that is not committed.
    with sqlite3.connect(tmp_path / "stalkeer.db") as other:
        rows = other.execute("SELECT id, kind, instance, payload FROM job").fetchall()
    assert answer.status_code == 202
    assert rows == [(answer.json()["job_id"], "webhook", "radarr", body)]


def test_a_delivery_is_written_before_any_other_work(house: House) -> None:
    job_id = house.client.post("/webhooks/sonarr", json=ADDED).json()["job_id"]

    job = house.store.jobs.get(job_id)

    assert job is not None
    assert (job.kind, job.status, job.instance) == (JobKind.WEBHOOK, JobStatus.READY, "sonarr")
    assert job.priority < 100


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_recorded_delivery_is_taken_or_needs_nothing(house: House, path: Path) -> None:
    needs_nothing = path.stem in NEED_NOTHING

    answer = house.client.post(f"/webhooks/{path.parent.name}", content=path.read_bytes())

    assert answer.status_code == (200 if needs_nothing else 202)
    assert set(answer.json()) == ({"ignored"} if needs_nothing else {"job_id"})
    assert len(jobs_of(house.store, JobKind.WEBHOOK)) == (0 if needs_nothing else 1)


def test_the_same_delivery_twice_makes_two_jobs(house: House) -> None:
    ids = [house.client.post("/webhooks/radarr", json=ADDED).json()["job_id"] for _ in range(2)]

    assert len(set(ids)) == 2


def test_an_event_of_the_future_is_taken(house: House) -> None:
    answer = house.client.post("/webhooks/radarr", json={"eventType": "MoviePolished"})

    assert answer.status_code == 202


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("path", ["/webhooks/radarr", "/webhooks/radarr/", "/webhooks/radarr//"])
def test_post_and_put_do_the_same_with_and_without_a_final_slash(
    house: House, method: str, path: str
) -> None:
    answer = house.client.request(method, path, json=ADDED)

    assert answer.status_code == 202


def test_a_webhook_below_the_url_base_is_taken(services: Services, writer: WebhookWriter) -> None:
    with client_of(app_of(services, writer, url_base="/stalkeer"), **KEY) as client:
        with_base = client.post("/stalkeer/webhooks/radarr/", json=ADDED)
        without = client.post("/webhooks/radarr", json=ADDED)

    assert [with_base.status_code, without.status_code] == [202, 202]


UNREADABLE = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"movie=12", id="a-form"),
    pytest.param(b'{"eventType": "MovieAdded"', id="cut"),
    pytest.param(b'{"eventType": "MovieAdded"} again', id="text-after-the-end"),
    pytest.param(b'["MovieAdded"]', id="a-list"),
    pytest.param(b"null", id="null"),
    pytest.param(b"{}", id="no-event-type"),
    pytest.param(b'{"eventType": ""}', id="an-empty-event-type"),
    pytest.param(b'{"eventType": 7}', id="a-number-as-event-type"),
    pytest.param(b'{"eventType": "Grab", "x": ' + b"[" * 100 + b"]" * 100 + b"}", id="deep"),
    pytest.param(b"[" * 100_000, id="deeper-than-any-stack"),
    pytest.param(b'{"eventType": "Grab", "size": NaN}', id="nan"),
    pytest.param(b'{"eventType": "Grab", "size": Infinity}', id="infinity"),
    pytest.param(b'{"eventType": "Gr\xffab"}', id="bad-utf-8"),
    pytest.param(b'{"eventType": "\\ud800"}', id="half-a-surrogate"),
    pytest.param('{"eventType": "Grab"}'.encode("utf-16"), id="utf-16"),
    pytest.param(
        b'{"eventType": "Grab", "n": ' + b"9" * 5000 + b"}x", id="a-number-of-5000-digits"
    ),
]


@pytest.mark.parametrize("body", UNREADABLE)
def test_a_body_that_is_no_webhook_is_400_and_makes_no_job(house: House, body: bytes) -> None:
    answer = house.client.post("/webhooks/radarr", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "webhook_unreadable"
    assert jobs_of(house.store, JobKind.WEBHOOK) == ()


ODD = [
    pytest.param({**ADDED, "movie": {"id": "twelve"}}, id="id-is-text"),
    pytest.param({**ADDED, "movie": {"id": 2**70}}, id="id-too-large"),
    pytest.param({**ADDED, "movie": None}, id="no-movie"),
    pytest.param({**ADDED, "movie": {"id": 1, "title": "a\0b\x1b[31m\u202e"}}, id="odd-title"),
    pytest.param({**ADDED, "movie": {"id": 1, "title": "x" * 300_000}}, id="long-title"),
    pytest.param({"eventType": "MOVIEADDED", "movie": {"id": 1}}, id="another-case"),
]


@pytest.mark.parametrize("event", ODD)
def test_odd_facts_are_taken_and_can_be_read_back(house: House, event: dict[str, Any]) -> None:
    answer = house.client.post("/webhooks/radarr", json=event)

    assert answer.status_code == 202
    job = house.store.jobs.get(answer.json()["job_id"])
    assert job is not None
    assert parse_webhook(job.payload.encode()).event_type == "MovieAdded"


def test_an_unknown_instance_is_404_and_says_what_to_set(house: House) -> None:
    answer = house.client.post("/webhooks/lidarr", json=ADDED)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_instance"
    assert "STALKEER_RADARR_URL" in answer.json()["error"]["message"]


def test_an_instance_that_is_not_configured_is_404(store: Store, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, SONARR_URL="", SONARR_API_KEY="")
    with (
        services_of(store, settings) as services,
        writer_of(store.deliveries.add) as writer,
        client_of(app_of(services, writer), **KEY) as client,
    ):
        answer = client.post("/webhooks/sonarr", json=ADDED)

    assert answer.status_code == 404


def test_a_body_larger_than_any_webhook_is_413(house: House) -> None:
    answer = house.client.post("/webhooks/radarr", content=b" " * (MAX_BODY_BYTES + 1))

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_the_import_of_a_thousand_episodes_is_taken(house: House) -> None:
    files = [{"path": f"/tv/Show/Season 01/{'x' * 900} {n}.mkv"} for n in range(1000)]
    event = {"eventType": "Download", "series": {"id": 7}, "episodeFiles": files}

    answer = house.client.post("/webhooks/sonarr", json=event)

    assert answer.status_code == 202


def test_a_database_that_cannot_write_is_503_and_asks_to_come_again(services: Services) -> None:
    with (
        writer_of(refuses) as writer,
        client_of(app_of(services, writer), **KEY) as client,
    ):
        answer = client.post("/webhooks/radarr", json=ADDED)

    assert answer.status_code == 503
    services.meters.hand_over(services.store.counters.add)
    figures = Metrics(services).text().decode()
    assert 'stalkeer_unavailable_answers_total{asked="webhooks"} 1.0' in figures
    assert answer.headers["Retry-After"] == "10"
    assert answer.json()["error"]["code"] == "database_unavailable"


def test_a_real_table_that_cannot_be_written_is_503(house: House, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "stalkeer.db") as other:
        other.execute("ALTER TABLE job RENAME TO gone")

    answer = house.client.post("/webhooks/radarr", json=ADDED)

    assert answer.status_code == 503


def test_a_delivery_after_a_failure_is_taken(house: House, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "stalkeer.db") as other:
        other.execute("ALTER TABLE job RENAME TO gone")
        house.client.post("/webhooks/radarr", json=ADDED)
        other.execute("ALTER TABLE gone RENAME TO job")

    answer = house.client.post("/webhooks/radarr", json=ADDED)

    assert answer.status_code == 202


def test_an_error_nobody_foresaw_is_500_in_the_usual_form(services: Services) -> None:
    def fails(_: Sequence[tuple[str, str]]) -> list[int]:
        raise ZeroDivisionError

    with writer_of(fails) as writer, client_of(app_of(services, writer), **KEY) as client:
        answer = client.post("/webhooks/radarr", json=ADDED)

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "unexpected"


def test_more_deliveries_than_can_wait_are_503_at_once(services: Services) -> None:
    # Never started, so nothing leaves the queue.
    writer = WebhookWriter(refuses, lambda: None)

    async def ask() -> httpx.Response:
        waiting = [asyncio.create_task(writer.submit("radarr", "{}")) for _ in range(WAITING)]
        await asyncio.sleep(0)
        answer = (await deliver(app_of(services, writer), [ADDED]))[0]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return answer

    answer = asyncio.run(ask())

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert answer.json()["error"]["code"] == "busy"


def test_deliveries_at_the_same_time_each_get_the_id_of_their_own_row(house: House) -> None:
    events = [{**ADDED, "movie": {"id": number}} for number in range(1, 301)]

    answers = asyncio.run(deliver(house.app, events))

    assert {answer.status_code for answer in answers} == {202}
    ids = [answer.json()["job_id"] for answer in answers]
    written = {job.id: json.loads(job.payload) for job in jobs_of(house.store, JobKind.WEBHOOK)}
    assert [written[job_id] for job_id in ids] == events


async def deliver(app: Starlette, events: list[dict[str, Any]]) -> list[httpx.Response]:
    """Send all events at once."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=KEY
    ) as client:
        return await asyncio.gather(
            *(client.post("/webhooks/radarr", json=event) for event in events)
        )

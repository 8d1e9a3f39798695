"""What a person asks for over HTTP: what is done, what is answered, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr
from stalkeer.core.jobs import URGENT, Ended, ItemMove, Job, NewMatch, done
from stalkeer.core.states import (
    DownloadStatus,
    ItemState,
    JobKind,
    JobStatus,
    MatchState,
    StopRequest,
)
from stalkeer.db.store import Store
from stalkeer.downloader.files import part_path
from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.register import Webhook
from stalkeer.jobs.services import Services
from tests.builders import (
    LIMITS,
    add_job,
    entry,
    episode,
    film_on_its_way,
    jobs_of,
    learn,
    movie,
    publish,
    take,
)
from tests.standins.radarr import Radarr as RadarrStandIn
from tests.standins.receiver import receiving
from tests.standins.server import Fault
from tests.web.conftest import KEY, House, app_of, client_of, writer_of

V1 = "/api/v1"
ROUTES = [
    ("POST", f"{V1}/missing/scan"),
    ("POST", f"{V1}/missing/radarr/1/search"),
    ("POST", f"{V1}/radarr-sync"),
    ("POST", f"{V1}/sonarr-sync"),
    ("POST", f"{V1}/instances/radarr/register"),
    ("POST", f"{V1}/matches"),
    ("POST", f"{V1}/matches/1/confirm"),
    ("DELETE", f"{V1}/matches/1"),
    ("PUT", f"{V1}/downloads/1/pause"),
    ("PUT", f"{V1}/downloads/1/resume"),
    ("PUT", f"{V1}/downloads/1/priority"),
    ("DELETE", f"{V1}/downloads/1"),
    ("POST", f"{V1}/admin/jobs/replay"),
    ("POST", f"{V1}/admin/jobs/1/replay"),
    ("POST", f"{V1}/admin/jobs/1/cancel"),
]
every_route = pytest.mark.parametrize(("method", "path"), ROUTES)


def error(answer: Any, status: int, code: str) -> str:
    """Return the sentence of an error in the usual form."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert list(body) == ["error"]
    assert body["error"]["code"] == code
    return str(body["error"]["message"])


def fail(store: Store, job_id: int) -> None:
    _, lease = take(store, job_id)
    ended = Ended(status=JobStatus.FAILED, error_code="cut", error="it was cut")
    store.leases.end(lease, ended, LIMITS)


def failed(store: Store, kind: JobKind = JobKind.CLEANUP, **facts: Any) -> int:
    job_id = add_job(store, kind, **facts)
    fail(store, job_id)
    return job_id


def status_of(store: Store, job_id: int) -> JobStatus:
    job = store.jobs.get(job_id)
    assert job is not None
    return job.status


def match(store: Store, item_id: int, entry_id: int, score: int = 60) -> int:
    """Let a search ask about an entry; return the id of the match."""
    judged = NewMatch(
        item_id=item_id,
        entry_id=entry_id,
        score=score,
        method="title",
        reasons=("the years differ by one",),
        state=MatchState.TO_CONFIRM,
    )
    _, lease = take(store, add_job(store, JobKind.SEARCH, item_id=item_id))
    moves = (ItemMove(item_id=item_id, state=ItemState.TO_CONFIRM, reason="only 60 sure"),)
    store.leases.end(lease, done("to_confirm", matches=(judged,), items=moves), LIMITS)
    [found] = [one for one in store.matches.of_item(item_id) if one.playlist_item_id == entry_id]
    return found.id


@pytest.fixture
def radarr(tmp_path: Path) -> Iterator[RadarrStandIn]:
    (tmp_path / "movies").mkdir()
    with RadarrStandIn(root=tmp_path / "movies") as stand_in:
        yield stand_in


@pytest.fixture
def house_of_radarr(
    radarr: RadarrStandIn, services: Services, writer: WebhookWriter
) -> Iterator[House]:
    """An application whose Radarr answers."""
    client = Radarr(ArrHttp("radarr", radarr.url, radarr.api_key, wait=lambda _: None))
    services = replace(services, arrs={**services.arrs, "radarr": client})
    app = app_of(services, writer)
    with client_of(app, **KEY) as known, client_of(app) as stranger:
        yield House(services.store, services, app, known, stranger)
    client.close()


# --- every endpoint ---


@every_route
def test_every_endpoint_asks_for_the_key(house: House, method: str, path: str) -> None:
    error(house.stranger.request(method, path), 401, "unauthorized")


@every_route
def test_an_endpoint_refuses_fields_it_does_not_know(house: House, method: str, path: str) -> None:
    answer = house.client.request(method, path, json={"colour": "red"})

    assert "colour" in error(answer, 422, "invalid_body")


@every_route
@pytest.mark.parametrize("body", [b"[]", b"1", b"{", b"null", b"\xff", b'{"a":1'])
def test_a_body_that_is_no_object_is_422(house: House, method: str, path: str, body: bytes) -> None:
    answer = house.client.request(method, path, content=body)

    assert error(answer, 422, "invalid_body").startswith("The body cannot be used")


@every_route
def test_a_body_larger_than_a_mebibyte_is_413(house: House, method: str, path: str) -> None:
    answer = house.client.request(method, path, content=b" " * (1024 * 1024 + 1))

    assert "1 MiB" in error(answer, 413, "too_large")


@every_route
@pytest.mark.parametrize("wrong", ["PATCH", "OPTIONS"])
def test_a_method_that_is_not_offered_is_405(
    house: House, method: str, path: str, wrong: str
) -> None:
    error(house.client.request(wrong, path), 405, "method_not_allowed")


@pytest.mark.parametrize(
    "path", ["radarr-sync", "sonarr-sync", "sync-status", "matches", "missing/movies"]
)
def test_head_answers_as_get_without_a_body(house: House, path: str) -> None:
    answer = house.client.head(f"{V1}/{path}")

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("body", [b"", b"{}", b"  \n"])
def test_an_empty_body_is_as_good_as_an_empty_object(house: House, body: bytes) -> None:
    answer = house.client.post(f"{V1}/missing/scan", content=body)

    assert answer.status_code == 202


def test_get_never_changes_anything(house: House) -> None:
    film_on_its_way(house.store)
    before = (house.store.jobs.counts(), house.store.items.counts())

    for _, path in ROUTES:
        house.client.get(path)

    assert (house.store.jobs.counts(), house.store.items.counts()) == before


# --- sync and search ---


def reconciles(store: Store) -> list[Job]:
    return list(jobs_of(store, JobKind.RECONCILE))


def test_a_scan_reconciles_every_instance(house: House) -> None:
    answer = house.client.post(f"{V1}/missing/scan")

    jobs = reconciles(house.store)
    assert answer.status_code == 202
    assert answer.json() == {"job_ids": [job.id for job in jobs]}
    assert sorted(job.instance or "" for job in jobs) == ["radarr", "sonarr"]
    assert {job.priority for job in jobs} == {URGENT}
    assert all(json.loads(job.payload)["fresh"] for job in jobs)


def test_a_second_scan_names_the_jobs_of_the_first(house: House) -> None:
    first = house.client.post(f"{V1}/missing/scan").json()

    assert house.client.post(f"{V1}/missing/scan").json() == first


@pytest.mark.parametrize("kind", ["radarr", "sonarr"])
def test_a_sync_reconciles_the_instances_of_its_kind(house: House, kind: str) -> None:
    answer = house.client.post(f"{V1}/{kind}-sync")

    [job] = reconciles(house.store)
    assert answer.status_code == 202
    assert answer.json() == {"job_ids": [job.id]}
    assert job.instance == kind


def test_a_sync_takes_the_instance_that_is_named(house: House) -> None:
    answer = house.client.post(f"{V1}/radarr-sync?instance=radarr")

    assert len(answer.json()["job_ids"]) == 1


@pytest.mark.parametrize("name", ["radarr4k", "sonarr", "x" * 5000, ""])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_sync_of_an_instance_that_does_not_exist_is_404(
    house: House, method: str, name: str
) -> None:
    answer = house.client.request(method, f"{V1}/radarr-sync", params={"instance": name})

    sentence = error(answer, 404, "unknown_instance")
    assert "There are: radarr." in sentence
    assert len(sentence) < 200
    assert reconciles(house.store) == []


def test_the_last_sync_shows_its_counts(house: House) -> None:
    house.store.instances.note_sync("radarr", counts={"missing": 3, "no_match": 3})

    [sync] = house.client.get(f"{V1}/radarr-sync").json()["data"]

    assert sync["last_sync_at"].endswith("Z")
    assert sync["counts"] == {"missing": 3, "no_match": 3}
    assert (sync["instance"], sync["service"], sync["error"]) == ("radarr", "radarr", None)
    assert sync["library_age_s"] is None
    assert sync["connection"]


def test_the_sync_status_shows_every_instance_and_the_last_error(house: House) -> None:
    house.store.instances.note_error("sonarr", "sonarr does not answer")

    radarr, sonarr = house.client.get(f"{V1}/sync-status").json()["data"]

    assert (radarr["instance"], radarr["last_sync_at"], radarr["error"]) == ("radarr", None, None)
    assert (sonarr["instance"], sonarr["error"]) == ("sonarr", "sonarr does not answer")


def test_one_item_is_searched_for_now(house_of_radarr: House, radarr: RadarrStandIn) -> None:
    store, heat = house_of_radarr.store, radarr.seed_movie("Heat", 1995)

    answer = house_of_radarr.client.post(f"{V1}/missing/radarr/{heat}/search")

    [job] = jobs_of(store, JobKind.SEARCH)
    assert answer.status_code == 202
    assert answer.json() == {"job_id": job.id}
    assert (job.title, job.priority) == ("Heat (1995)", URGENT)


def test_an_item_that_is_not_wanted_is_409_with_the_reason(
    house_of_radarr: House, radarr: RadarrStandIn
) -> None:
    heat = radarr.seed_movie("Heat", 1995, monitored=False)

    answer = house_of_radarr.client.post(f"{V1}/missing/radarr/{heat}/search")

    assert "it is not monitored" in error(answer, 409, "not_wanted")


@pytest.mark.parametrize(
    ("path", "code"),
    [("radarr/999/search", "not_found"), ("lidarr/1/search", "unknown_instance")],
)
def test_an_item_or_instance_that_does_not_exist_is_404(
    house_of_radarr: House, path: str, code: str
) -> None:
    error(house_of_radarr.client.post(f"{V1}/missing/{path}"), 404, code)


def test_an_arr_that_does_not_answer_is_503_and_asks_to_come_again(
    house_of_radarr: House, radarr: RadarrStandIn
) -> None:
    radarr.break_with(Fault.STARTING)

    answer = house_of_radarr.client.post(f"{V1}/missing/radarr/12/search")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("heard", [200, 401])
def test_our_webhook_is_registered_and_a_refusal_is_told(
    house_of_radarr: House, heard: int
) -> None:
    with receiving() as receiver:
        receiver.answers = [heard]
        webhook = Webhook(f"{receiver.url}/webhooks/radarr", "stalkeer", "word")
        services = replace(house_of_radarr.services, webhooks={"radarr": webhook})
        with (
            writer_of(services.store.deliveries.add) as writer,
            client_of(app_of(services, writer), **KEY) as client,
        ):
            answer = client.post(f"{V1}/instances/radarr/register")

    if heard == 401:
        assert "401" in error(answer, 409, "arr_refused")
    else:
        assert answer.json() == {"instance": "radarr", "webhook": "created"}


def test_the_webhook_of_an_unknown_instance_is_404(house: House) -> None:
    error(house.client.post(f"{V1}/instances/lidarr/register"), 404, "unknown_instance")


# --- what is missing ---


def test_what_is_missing_says_where_it_stands_and_as_of_when(house: House) -> None:
    heat = learn(house.store, movie())
    learn(house.store, episode(31, episode_title="The Target", number=1))
    gone = learn(house.store, movie(2, "Ronin", 1998))
    house.store.items.move(
        [
            ItemMove(item_id=heat, state=ItemState.NO_MATCH, reason="it is in none"),
            ItemMove(item_id=gone, state=ItemState.GONE),
        ]
    )
    house.store.instances.note_sync("radarr", counts={"missing": 1})

    movies = house.client.get(f"{V1}/missing/movies").json()
    episodes = house.client.get(f"{V1}/missing/tvshows").json()

    [film], [first] = movies["data"], episodes["data"]
    assert movies["total"] == episodes["total"] == 1
    assert (film["instance"], film["arr_id"], film["title"], film["year"]) == (
        "radarr", 1, "Heat", 1995,
    )  # fmt: skip
    assert (film["state"], film["reason"]) == ("no_match", "it is in none")
    assert film["as_of"].endswith("Z")
    assert (first["series_id"], first["season"], first["episode"]) == (7, 1, 1)
    assert (first["title"], first["episode_title"]) == ("The Wire", "The Target")
    assert (first["state"], first["as_of"]) == ("searching", None)
    assert first["reason"] == "it is searched for now, or in one of the next reconciles"


def test_what_is_missing_is_filtered_and_sorted(house: House) -> None:
    for number, (title, year) in enumerate((("Heat", 1995), ("Alien", 1979)), start=1):
        learn(house.store, movie(number, title, year))

    by_title = house.client.get(f"{V1}/missing/movies?sort=title&order=asc").json()
    of_year = house.client.get(f"{V1}/missing/movies?year=1995&state=searching").json()
    unknown = house.client.get(f"{V1}/missing/movies?colour=red")

    assert [row["title"] for row in by_title["data"]] == ["Alien", "Heat"]
    assert [row["title"] for row in of_year["data"]] == ["Heat"]
    assert "colour" in error(unknown, 422, "invalid_query")


# --- matches ---


def offered(store: Store) -> tuple[int, int, int]:
    """Learn Heat, publish two entries; return the ids."""
    first, second = publish(
        store,
        entry("Heat 1996", "http://secret-host.example.invalid/user/word/1.mkv"),
        entry("Heat (1995)", "http://secret-host.example.invalid/user/word/2.mkv"),
    )
    return learn(store, movie()), first, second


def test_a_match_shows_its_item_its_reasons_and_the_alternatives(house: House) -> None:
    item_id, first, second = offered(house.store)
    match_id, other = match(house.store, item_id, first), match(house.store, item_id, second, 55)

    shown = house.client.get(f"{V1}/matches/{match_id}").json()

    created_at, updated_at = shown.pop("created_at"), shown.pop("updated_at")
    assert created_at.endswith("Z")
    assert updated_at.endswith("Z")
    assert shown == {
        "id": match_id,
        "playlist_item_id": first,
        "entry_name": "",
        "target_service": "radarr",
        "target_item_id": 1,
        "target_title": "Heat (1995)",
        "match_score": 60,
        "is_confirmed": False,
        "state": "to_confirm",
        "method": "title",
        "reasons": ["the years differ by one"],
        "alternatives": [
            {
                "id": other,
                "playlist_item_id": second,
                "entry_name": "",
                "match_score": 55,
                "method": "title",
                "reasons": ["the years differ by one"],
                "state": "to_confirm",
            }
        ],
    }


def test_matches_are_listed_by_state_and_hold_no_address(house: House) -> None:
    item_id, first, second = offered(house.store)
    asked, taken = match(house.store, item_id, first), match(house.store, item_id, second)
    house.store.matches.say(taken, MatchState.REJECTED)

    answer = house.client.get(f"{V1}/matches?state=to_confirm")

    assert [row["id"] for row in answer.json()["data"]] == [asked]
    assert answer.json()["total"] == 1
    assert "secret-host" not in house.client.get(f"{V1}/matches").text


def test_a_confirmed_match_is_searched_for_at_once(house: House) -> None:
    item_id, first, _ = offered(house.store)
    match_id = match(house.store, item_id, first)

    answer = house.client.post(f"{V1}/matches/{match_id}/confirm")

    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["is_confirmed"]) == ("confirmed", True)
    search = jobs_of(house.store, JobKind.SEARCH)[-1]
    assert (search.status, search.item_id, search.priority) == (JobStatus.READY, item_id, URGENT)


def test_an_entry_that_a_person_calls_by_a_taught_name_is_searched_for(house: House) -> None:
    item_id = learn(house.store, movie(5, "Heat", 1995))
    known, other = publish(house.store, entry("Calor (1995)"), entry("Odd name 17"))
    match_id = match(house.store, item_id, known)
    house.client.post(f"{V1}/matches/{match_id}/confirm").raise_for_status()
    [*_, search] = jobs_of(house.store, JobKind.SEARCH)
    _, lease = take(house.store, search.id)
    no_match = ItemMove(item_id=item_id, state=ItemState.NO_MATCH, reason="the entry is gone")
    house.store.leases.end(lease, done("no_match", items=(no_match,)), LIMITS)

    said = {"title": "Calor", "year": 1995}
    house.client.put(f"{V1}/items/{other}", json=said).raise_for_status()

    [*_, again] = jobs_of(house.store, JobKind.SEARCH)
    assert (again.id > search.id, again.item_id, again.status) == (True, item_id, JobStatus.READY)


def test_a_rejected_match_is_never_proposed_again(house: House) -> None:
    item_id, first, _ = offered(house.store)
    match_id = match(house.store, item_id, first)

    answer = house.client.delete(f"{V1}/matches/{match_id}")
    again = house.client.delete(f"{V1}/matches/{match_id}")

    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    assert again.json()["state"] == "rejected"
    assert house.store.matches.rejected(item_id) == {first}
    searches = [job for job in jobs_of(house.store, JobKind.SEARCH) if job.status == "ready"]
    assert len(searches) == 1


def test_what_a_person_says_of_an_item_that_is_there_starts_nothing(house: House) -> None:
    item_id, first, _ = offered(house.store)
    match_id = match(house.store, item_id, first)
    house.store.items.move([ItemMove(item_id=item_id, state=ItemState.IMPORTED)])

    answer = house.client.delete(f"{V1}/matches/{match_id}")

    assert answer.status_code == 200
    assert [job.status for job in jobs_of(house.store, JobKind.SEARCH)] == [JobStatus.DONE]


def test_an_entry_is_chosen_for_an_item(house_of_radarr: House, radarr: RadarrStandIn) -> None:
    heat = radarr.seed_movie("Heat", 1995)
    [entry_id] = publish(house_of_radarr.store, entry("Hitze"))

    answer = house_of_radarr.client.post(
        f"{V1}/matches", json={"instance": "radarr", "arr_id": heat, "item_id": entry_id}
    )

    shown = answer.json()
    assert answer.status_code == 201
    assert (shown["target_item_id"], shown["playlist_item_id"]) == (heat, entry_id)
    assert (shown["state"], shown["is_confirmed"], shown["method"]) == (
        "confirmed", True, "by_hand",
    )  # fmt: skip
    assert [job.title for job in jobs_of(house_of_radarr.store, JobKind.SEARCH)] == ["Heat (1995)"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"arr_id": 999}, 404, "not_found"),
        ({"item_id": 999}, 404, "not_found"),
        ({"instance": "lidarr"}, 404, "unknown_instance"),
    ],
)
def test_a_choice_of_what_does_not_exist_is_404(
    house_of_radarr: House, radarr: RadarrStandIn, body: dict[str, Any], status: int, code: str
) -> None:
    heat = radarr.seed_movie("Heat", 1995)
    [entry_id] = publish(house_of_radarr.store, entry("Hitze"))
    whole = {"instance": "radarr", "arr_id": heat, "item_id": entry_id, **body}

    error(house_of_radarr.client.post(f"{V1}/matches", json=whole), status, code)

    assert not jobs_of(house_of_radarr.store, JobKind.SEARCH)


def test_every_fault_of_a_body_is_named(house: House) -> None:
    answer = house.client.post(f"{V1}/matches", json={"arr_id": "x", "item_id": 0, "id": 1})

    sentence = error(answer, 422, "invalid_body")
    assert all(f"{name}: " in sentence for name in ("instance", "arr_id", "item_id", "id"))


# --- downloads ---


def test_a_download_is_paused_and_goes_on(house: House) -> None:
    path = f"{V1}/downloads/{film_on_its_way(house.store).download_id}"

    paused = house.client.put(f"{path}/pause")
    twice = house.client.put(f"{path}/pause")
    resumed = house.client.put(f"{path}/resume")
    too_late = house.client.put(f"{path}/resume")

    assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    assert "already" in error(twice, 409, "conflict")
    assert (resumed.status_code, resumed.json()["status"]) == (200, "pending")
    assert "not paused" in error(too_late, 409, "conflict")
    assert [event["to"] for event in resumed.json()["events"]] == ["pending", "paused", "pending"]


def test_a_running_download_is_asked_to_pause(house: House) -> None:
    job = film_on_its_way(house.store)
    _, lease = take(house.store, job.id)

    answer = house.client.put(f"{V1}/downloads/{job.download_id}/pause")

    assert answer.status_code == 200
    assert house.store.leases.stop_requests([lease.token]) == {lease.token: StopRequest.PAUSE}


def test_a_cancelled_download_loses_its_part_and_keeps_its_row(house: House) -> None:
    job = film_on_its_way(house.store)
    part = part_path(house.services.instances["radarr"].parts, job.download_id or 0)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"half a film")

    answer = house.client.delete(f"{V1}/downloads/{job.download_id}")
    again = house.client.delete(f"{V1}/downloads/{job.download_id}")

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert not part.exists()
    assert house.store.downloads.get(job.download_id or 0) is not None
    assert "cancelled" in error(again, 409, "conflict")


def test_a_download_gets_another_place(house: House) -> None:
    job = film_on_its_way(house.store)

    answer = house.client.put(f"{V1}/downloads/{job.download_id}/priority", json={"priority": 3})

    after = house.store.jobs.get(job.id)
    assert answer.status_code == 200
    assert after is not None
    assert after.priority == 3


@pytest.mark.parametrize("priority", [-1, 1001, "first", 1.5, None, 10**30])
def test_a_place_that_does_not_exist_is_422(house: House, priority: object) -> None:
    job = film_on_its_way(house.store)

    answer = house.client.put(
        f"{V1}/downloads/{job.download_id}/priority", json={"priority": priority}
    )

    assert "priority: " in error(answer, 422, "invalid_body")


def test_a_place_must_be_said(house: House) -> None:
    answer = house.client.put(f"{V1}/downloads/1/priority")

    assert "priority: Field required" in error(answer, 422, "invalid_body")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "downloads/99/pause"),
        ("PUT", "downloads/99/resume"),
        ("DELETE", "downloads/99"),
        ("POST", "matches/99/confirm"),
        ("DELETE", "matches/99"),
        ("GET", "matches/99"),
        ("POST", "admin/jobs/99/replay"),
        ("POST", "admin/jobs/99/cancel"),
        ("POST", f"admin/jobs/{'9' * 18}/cancel"),
        ("POST", f"admin/jobs/{'9' * 30}/cancel"),
        ("POST", "admin/jobs/seven/replay"),
    ],
)
def test_a_row_that_does_not_exist_is_404(house: House, method: str, path: str) -> None:
    error(house.client.request(method, f"{V1}/{path}"), 404, "not_found")


def test_the_place_of_a_download_that_does_not_exist_is_404(house: House) -> None:
    answer = house.client.put(f"{V1}/downloads/99/priority", json={"priority": 1})

    error(answer, 404, "not_found")


# --- jobs ---


def test_a_failed_job_is_replayed(house: House) -> None:
    job_id = failed(house.store)

    answer = house.client.post(f"{V1}/admin/jobs/{job_id}/replay")

    shown = answer.json()
    assert answer.status_code == 202
    assert (shown["id"], shown["status"]) == (job_id, "ready")
    assert (shown["attempts"], shown["replays"], shown["finished_at"]) == (0, 1, None)
    history = house.client.get(f"{V1}/admin/jobs/{job_id}").json()["history"]
    assert [attempt["outcome"] for attempt in history] == ["failed"]


@pytest.mark.parametrize("kept", [JobStatus.READY, JobStatus.RUNNING, JobStatus.DONE])
def test_a_job_that_did_not_end_badly_is_not_replayed(house: House, kept: JobStatus) -> None:
    job_id = add_job(house.store)
    if kept is not JobStatus.READY:
        _, lease = take(house.store, job_id)
        if kept is JobStatus.DONE:
            house.store.leases.end(lease, done("cleaned"), LIMITS)

    answer = house.client.post(f"{V1}/admin/jobs/{job_id}/replay")

    assert kept.value in error(answer, 409, "conflict")
    assert status_of(house.store, job_id) is kept


def test_a_job_that_another_one_does_is_409_and_names_the_other(house: House) -> None:
    job_id = failed(house.store, dedup_key="radarr:movie:1")
    other = add_job(house.store, dedup_key="radarr:movie:1")

    answer = house.client.post(f"{V1}/admin/jobs/{job_id}/replay")

    assert f"job {other} " in error(answer, 409, "conflict")


def test_a_job_is_cancelled(house: House) -> None:
    job = film_on_its_way(house.store)

    answer = house.client.post(f"{V1}/admin/jobs/{job.id}/cancel")
    again = house.client.post(f"{V1}/admin/jobs/{job.id}/cancel")

    download = house.store.downloads.get(job.download_id or 0)
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert answer.json()["result"] == {
        "outcome": "cancelled", "reason": "cancelled by a person",
    }  # fmt: skip
    assert download is not None
    assert download.status is DownloadStatus.CANCELLED
    assert "cancelled" in error(again, 409, "conflict")


def test_many_jobs_are_replayed_and_the_refused_ones_are_named(house: House) -> None:
    first, second = failed(house.store), failed(house.store, dedup_key="k")
    other = add_job(house.store, dedup_key="k")
    third = failed(house.store, kind=JobKind.NOTIFY)

    answer = house.client.post(f"{V1}/admin/jobs/replay", json={"status": "failed"})

    body = answer.json()
    assert answer.status_code == 202
    assert sorted(body) == ["refused", "replayed"]
    assert body["replayed"] == [first, third]
    [refused] = body["refused"]
    assert (refused["id"], refused["code"]) == (second, "conflict")
    assert f"job {other} " in refused["message"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "failed", "kind": "notify"}, ["notify"]),
        ({"status": "cancelled"}, ["cancelled"]),
        ({"status": "failed", "after": "2000-01-01T00:00:00Z"}, ["cleanup", "notify"]),
        ({"status": "failed", "after": "2000-01-01T00:00:00"}, ["cleanup", "notify"]),
        ({"status": "failed", "before": "2000-01-01T00:00:00+02:00"}, []),
        ({"status": "failed", "ids": []}, []),
    ],
)
def test_what_is_replayed_is_chosen_by_state_kind_and_time(
    house: House, body: dict[str, Any], expected: list[str]
) -> None:
    jobs = {
        "cleanup": failed(house.store),
        "notify": failed(house.store, kind=JobKind.NOTIFY),
        "cancelled": house.store.control.cancel_job(add_job(house.store)).id,
    }

    answer = house.client.post(f"{V1}/admin/jobs/replay", json=body)

    assert answer.json() == {"replayed": [jobs[name] for name in expected], "refused": []}


def test_a_job_that_is_named_and_does_not_fit_is_refused_and_not_passed_over(
    house: House,
) -> None:
    job_id, ready = failed(house.store), add_job(house.store)

    answer = house.client.post(
        f"{V1}/admin/jobs/replay", json={"status": "failed", "ids": [job_id, ready, 99]}
    )

    body = answer.json()
    assert body["replayed"] == [job_id]
    assert [(one["id"], one["code"]) for one in body["refused"]] == [
        (ready, "conflict"), (99, "not_found"),
    ]  # fmt: skip
    assert "ready" in body["refused"][0]["message"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ["status"]),
        ({"status": "done"}, ["status"]),
        ({"kind": "failed"}, ["status", "kind"]),
        ({"status": "failed", "kind": "unknown", "ids": ["x"]}, ["kind", "ids.0"]),
        ({"status": "failed", "ids": [0]}, ["ids.0"]),
        ({"status": "failed", "ids": [2**63]}, ["ids.0"]),
        ({"status": "failed", "ids": list(range(1, 10_002))}, ["ids"]),
        ({"status": "failed", "before": "yesterday", "after": {}}, ["before", "after"]),
        ({"status": "failed", "before": "9999-12-31T23:59:59-12:00"}, ["before"]),
        ({"status": "failed", "after": "0001-01-01T00:00:00+12:00"}, ["after"]),
        ({"status": "failed", "Ids": [1]}, ["Ids"]),
    ],
)
def test_a_filter_that_cannot_be_used_is_422_and_replays_nothing(
    house: House, body: dict[str, Any], names: list[str]
) -> None:
    job_id = failed(house.store)

    answer = house.client.post(f"{V1}/admin/jobs/replay", json=body)

    sentence = error(answer, 422, "invalid_body")
    assert all(f"{name}: " in sentence for name in names)
    assert status_of(house.store, job_id) is JobStatus.FAILED


def test_as_many_ids_as_are_allowed_can_be_asked_for(house: House) -> None:
    job_id = failed(house.store)

    answer = house.client.post(
        f"{V1}/admin/jobs/replay",
        json={"status": "failed", "ids": [job_id, *range(1000, 10_999)]},
    )

    assert answer.json()["replayed"] == [job_id]


# --- whoever changes something wakes the pulse ---


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "missing/scan"),
        ("PUT", "downloads/{download}/pause"),
        ("DELETE", "downloads/{download}"),
        ("POST", "admin/jobs/{job}/cancel"),
        ("POST", "admin/jobs/{failed}/replay"),
    ],
)
def test_what_is_asked_for_is_done_at_once(
    services: Services, writer: WebhookWriter, method: str, path: str
) -> None:
    rung: list[None] = []
    services = replace(services, ring=lambda: rung.append(None))
    job = film_on_its_way(services.store)
    place = path.format(download=job.download_id, job=job.id, failed=failed(services.store))

    with client_of(app_of(services, writer), **KEY) as client:
        answer = client.request(method, f"{V1}/{place}")

    assert answer.is_success, answer.text
    assert rung

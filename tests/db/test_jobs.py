"""Job rows as a queue, on both databases."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from stalkeer.core.jobs import URGENT, Ended, ItemMove, Lease, NewJob, done, later
from stalkeer.core.states import DownloadStatus, ItemState, JobKind, JobStatus, StopRequest
from stalkeer.db import models
from stalkeer.db.deliveries import WEBHOOK_ATTEMPTS
from stalkeer.db.jobs import RING_AGAIN_S
from stalkeer.db.pages import PageError, PageRequest
from stalkeer.db.providers import SlotLimits
from stalkeer.db.store import Store
from tests.builders import (
    LIMITS,
    OWNER,
    add_job,
    entry,
    episode,
    film_on_its_way,
    learn,
    movie,
    publish,
    start_download,
    take,
)


def rung(store: Store, limits: SlotLimits = LIMITS) -> list[int]:
    return [bell.job_id for bell in store.jobs.ring(limits)]


# --- one job per key ---


def test_a_second_job_with_the_key_of_an_active_one_is_not_written(store: Store) -> None:
    first = add_job(store, dedup_key="radarr:movie:1")

    second = store.jobs.add(NewJob(kind=JobKind.SEARCH, dedup_key="radarr:movie:1"))

    assert second is None
    assert store.jobs.counts() == {"ready": 1}
    take(store, first)
    assert store.jobs.add(NewJob(kind=JobKind.SEARCH, dedup_key="radarr:movie:1")) is None


def test_a_key_is_free_again_when_its_job_has_ended(store: Store) -> None:
    _, lease = take(store, add_job(store, dedup_key="radarr:movie:1"))
    store.leases.end(lease, done("cleaned"), LIMITS)

    assert store.jobs.add(NewJob(kind=JobKind.CLEANUP, dedup_key="radarr:movie:1")) is not None
    assert store.jobs.counts() == {"done": 1, "ready": 1}


def test_a_search_shows_its_item_as_being_searched(store: Store) -> None:
    item_id = learn(store, movie())
    _, lease = take(store, add_job(store, JobKind.SEARCH, item_id=item_id))
    store.leases.end(lease, done("no_match", items=(_move(item_id, ItemState.NO_MATCH),)), LIMITS)

    add_job(store, JobKind.SEARCH, item_id=item_id)

    item = store.items.get(item_id)
    assert item is not None
    assert item.state is ItemState.SEARCHING


def test_a_job_is_read_as_it_was_written(store: Store) -> None:
    job_id = add_job(
        store,
        JobKind.RECONCILE,
        payload={"a": [1, "é"]},
        dedup_key="k",
        priority=URGENT,
        instance="radarr",
        title="reconcile:radarr",
        max_attempts=7,
    )

    job = store.jobs.get(job_id)

    assert job is not None
    assert (job.kind, job.status, job.dedup_key) == (JobKind.RECONCILE, JobStatus.READY, "k")
    assert (job.instance, job.title, job.max_attempts) == ("radarr", "reconcile:radarr", 7)
    assert json.loads(job.payload) == {"a": [1, "é"]}
    assert job.attempts == job.crashes == job.replays == 0
    assert store.jobs.get(job_id + 1) is None


def test_a_job_that_waits_is_found_by_its_key_and_made_as_urgent(store: Store) -> None:
    routine = add_job(store, JobKind.SEARCH, dedup_key="radarr:movie:1")
    urgent = NewJob(kind=JobKind.SEARCH, dedup_key="radarr:movie:1", priority=URGENT)
    relaxed = NewJob(kind=JobKind.SEARCH, dedup_key="radarr:movie:1")
    other = NewJob(kind=JobKind.SEARCH, dedup_key="radarr:movie:2")

    found = [store.jobs.add_or_find(new) for new in (urgent, relaxed)]

    job = store.jobs.get(routine)
    assert found == [routine, routine]
    assert job is not None
    assert job.priority == URGENT
    assert store.jobs.add_or_find(other) != routine


def test_jobs_are_found_by_download_and_by_item(store: Store) -> None:
    job = film_on_its_way(store)
    second = learn(store, episode(5))
    store.db.write(lambda: store.downloads.attach(job.download_id or 0, [second]))

    last = store.jobs.last_of(job.download_id or 0, JobKind.DOWNLOAD)

    assert last is not None
    assert last.id == job.id
    assert store.jobs.last_of(job.download_id or 0, JobKind.IMPORT) is None
    assert store.jobs.active_items("radarr") == {job.item_id, second}
    assert store.jobs.active_items("sonarr") == set()


# --- webhooks ---


def test_webhooks_get_ascending_ids_in_the_order_they_were_given(store: Store) -> None:
    ids = store.deliveries.add([("radarr", f'{{"n": {n}}}') for n in range(3)])

    jobs = [store.jobs.get(job_id) for job_id in ids]
    assert ids == sorted(set(ids))
    assert [job and job.payload for job in jobs] == ['{"n": 0}', '{"n": 1}', '{"n": 2}']
    assert {job and (job.kind, job.instance, job.priority, job.max_attempts) for job in jobs} == {
        (JobKind.WEBHOOK, "radarr", URGENT, WEBHOOK_ATTEMPTS)
    }


def test_five_hundred_webhooks_are_written_at_once_and_each_rings(store: Store) -> None:
    ids = store.deliveries.add([("sonarr", str(n)) for n in range(500)])

    jobs = store.jobs.page(PageRequest(limit=500, descending=False)).rows
    assert [job.id for job in jobs] == ids
    assert [job.payload for job in jobs] == [str(n) for n in range(500)]
    assert rung(store) == ids[:200]
    assert rung(store) == ids[200:400]


def test_a_webhook_written_in_plain_sql_reads_like_any_other_job(store: Store) -> None:
    [webhook] = store.deliveries.add([("radarr", "{}")])
    plain = add_job(store, JobKind.WEBHOOK, instance="radarr", priority=URGENT)

    first, second = store.jobs.get(webhook), store.jobs.get(plain)

    assert first is not None
    assert second is not None
    for name in ("kind", "status", "priority", "instance", "attempts", "crashes", "replays"):
        assert getattr(first, name) == getattr(second, name), name
    assert (first.title, first.error_code, first.last_error) == ("", "", "")
    job, _ = take(store, webhook)
    assert job.attempts == 1


# --- the bell ---


def test_the_most_urgent_job_rings_first(store: Store) -> None:
    routine = add_job(store)
    urgent = add_job(store, priority=URGENT)
    next_routine = add_job(store)

    assert rung(store) == [urgent, routine, next_routine]


def test_a_bell_that_nobody_answered_rings_again_after_half_a_minute(store: Store) -> None:
    job_id = add_job(store)

    assert rung(store) == [job_id]
    assert rung(store) == []
    store.db.clock_offset_s = RING_AGAIN_S - 5
    assert rung(store) == []
    store.db.clock_offset_s = RING_AGAIN_S + 1
    assert rung(store) == [job_id]


def test_the_bells_of_a_dead_process_ring_again_at_once(store: Store) -> None:
    waiting, running = add_job(store), add_job(store)
    rung(store)
    take(store, running)

    store.jobs.forget_bells()

    assert rung(store) == [waiting]


def test_a_job_for_later_rings_when_its_time_has_come(store: Store) -> None:
    job_id = add_job(store, run_in_s=60)

    assert rung(store) == []
    store.db.clock_offset_s = 61
    assert rung(store) == [job_id]


def test_a_job_that_is_put_back_for_now_rings_at_once(store: Store) -> None:
    job_id = add_job(store)
    rung(store)
    _, lease = take(store, job_id)
    store.leases.end(lease, later("interrupted", run_in_s=0), LIMITS)

    assert rung(store) == [job_id]


def downloads(store: Store, *providers: str) -> list[int]:
    """Write a waiting download job for each provider named, and return their ids."""
    jobs = []
    for number, provider in enumerate(providers):
        item_id = learn(store, movie(100 + number, title=f"Film {number}"))
        film = entry(f"Film {number} (1995)", f"http://h.example.invalid/{number}.mkv")
        [entry_row] = publish(store, film, name=f"list-{number}")
        jobs.append(start_download(store, [item_id], entry_row, provider=provider).id)
    return jobs


def test_no_more_downloads_ring_than_one_provider_has_connections(store: Store) -> None:
    first, second, _third = downloads(store, "a", "a", "a")

    assert rung(store, SlotLimits(overall=9, per_provider=2)) == [first, second]


def test_no_more_downloads_ring_than_there_are_connections_in_all(store: Store) -> None:
    jobs = downloads(store, "a", "b", "c")

    assert rung(store, SlotLimits(overall=2, per_provider=2)) == jobs[:2]


def test_running_downloads_leave_room_for_the_others(store: Store) -> None:
    limits = SlotLimits(overall=2, per_provider=1)
    first, second, third = downloads(store, "a", "a", "b")
    take(store, first, limits)

    assert rung(store, limits) == [third]
    take(store, third, limits)
    store.db.clock_offset_s = RING_AGAIN_S + 1
    assert rung(store, limits) == []
    assert second not in rung(store, limits)


def test_a_backlog_of_downloads_does_not_hold_up_other_work(store: Store) -> None:
    downloads(store, *["a"] * 5)
    webhook = store.deliveries.add([("radarr", "{}")])[0]

    assert rung(store, SlotLimits(overall=1, per_provider=1))[0] == webhook
    assert store.jobs.has_active(JobKind.DOWNLOAD)
    assert not store.jobs.has_active(JobKind.IMPORT)


# --- cancelling ---


def test_a_waiting_download_is_cancelled_at_once(store: Store) -> None:
    job = film_on_its_way(store)
    assert job.item_id is not None

    assert store.control.cancel_for_items([job.item_id], "Heat was deleted") == 1

    after = store.jobs.get(job.id)
    download = store.downloads.get(job.download_id or 0)
    assert after is not None
    assert (after.status, after.result) == (
        JobStatus.CANCELLED,
        {"outcome": "cancelled", "reason": "Heat was deleted"},
    )
    assert after.finished_at is not None
    assert download is not None
    assert download.status is DownloadStatus.CANCELLED
    assert store.leases.claim(_lease(job.id), owner="x:1", limits=LIMITS) is None


def test_a_running_download_is_asked_to_stop_and_keeps_the_reason(store: Store) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)

    store.control.cancel_for_items([job.item_id or 0], "Heat was deleted")

    assert store.leases.progress(lease, done=1, total=2, resume_token="{}") is StopRequest.DROP
    assert [renewed.stop_request for renewed in store.leases.renew([lease.token])] == [
        StopRequest.DROP
    ]
    store.leases.end(lease, _cancelled(), LIMITS)
    after = store.jobs.get(job.id)
    moves = store.downloads.moves(job.download_id or 0)
    assert after is not None
    assert after.status is JobStatus.CANCELLED
    assert (moves[-1].to_status, moves[-1].reason) == ("cancelled", "Heat was deleted")


@pytest.mark.parametrize("outcome", ["put-back", "failed-once"])
def test_a_cancel_is_kept_when_the_run_it_meets_puts_the_job_back(
    store: Store, outcome: str
) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    store.control.cancel_for_items([job.item_id or 0], "Heat was deleted")

    ended = later("the provider is busy", run_in_s=60)
    if outcome == "failed-once":
        ended = _failed_once()
    store.leases.end(lease, ended, LIMITS)

    after = store.jobs.get(job.id)
    download = store.downloads.get(job.download_id or 0)
    assert after is not None
    assert after.status is JobStatus.CANCELLED
    assert after.result == {"outcome": "cancelled", "reason": "Heat was deleted"}
    assert download is not None
    assert download.status is DownloadStatus.CANCELLED


def test_a_waiting_search_is_cancelled_and_other_work_is_not(store: Store) -> None:
    item_id = learn(store, movie())
    search = add_job(store, JobKind.SEARCH, item_id=item_id)
    other = add_job(store, JobKind.SEARCH, item_id=learn(store, movie(2, title="Ronin")))
    notify = add_job(store, JobKind.NOTIFY, item_id=item_id)

    assert store.control.cancel_for_items([item_id], "deleted") == 1

    states = {job.id: job.status for job in store.jobs.page(PageRequest()).rows}
    assert states == {
        search: JobStatus.CANCELLED,
        other: JobStatus.READY,
        notify: JobStatus.READY,
    }


def test_a_download_goes_on_for_the_other_episode_in_it(store: Store) -> None:
    job, first, second = double_episode(store)

    assert store.control.cancel_for_items([first], "S01E01 is there") == 0
    assert _status(store, job) is JobStatus.READY

    store.items.move([_move(first, ItemState.IMPORTED)])
    assert store.control.cancel_for_items([second], "S01E02 is there") == 1
    assert _status(store, job) is JobStatus.CANCELLED


def double_episode(store: Store) -> tuple[int, int, int]:
    """Take one entry for two episodes; return the download job and both items."""
    first = learn(store, episode(1, number=1))
    second = learn(store, episode(2, number=2))
    [entry_row] = publish(store, entry("The Wire S01E01-E02"))
    return start_download(store, [first, second], entry_row).id, first, second


# --- waits that are over ---


def test_what_waits_for_a_source_can_be_hurried_and_what_failed_cannot(store: Store) -> None:
    waiting, failed, crashed = add_job(store, run_in_s=3600), add_job(store), add_job(store)
    _, lease = take(store, failed)
    store.leases.end(lease, _failed_once(), LIMITS)
    take(store, crashed)
    store.leases.take_back(expired_only=False)
    take(store, crashed)
    store.leases.take_back(expired_only=False)

    assert store.jobs.hurry() == 1

    assert rung(store) == [waiting]


def test_one_job_that_waits_is_made_due_and_one_that_a_person_paused_is_not(store: Store) -> None:
    waiting, paused = add_job(store, run_in_s=999), add_job(store)
    _, lease = take(store, paused)
    store.leases.end(lease, later("paused", run_in_s=999, is_held=True), LIMITS)

    for job_id in (waiting, paused):
        store.jobs.hasten(job_id)

    assert rung(store) == [waiting]


# --- lists and old rows ---


def test_a_page_is_sorted_filtered_and_counted(store: Store) -> None:
    first = add_job(store, priority=5)
    second = add_job(store, priority=50)
    add_job(store, JobKind.NOTIFY)

    page = store.jobs.page(
        PageRequest(limit=1, sort="priority", descending=False, where={"kind": "cleanup"})
    )
    rest = store.jobs.page(
        PageRequest(limit=1, offset=1, sort="priority", descending=False, where={"kind": "cleanup"})
    )

    assert [job.id for job in page.rows] == [first]
    assert [job.id for job in rest.rows] == [second]
    assert page.total == rest.total == 2


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(PageRequest(sort="payload"), id="sort-by-what-is-not-shown"),
        pytest.param(PageRequest(where={"lease_token": "x"}), id="filter-by-what-is-not-shown"),
        pytest.param(PageRequest(where={"id": "seven"}), id="number-that-is-none"),
        pytest.param(PageRequest(where={"id": "9" * 30}), id="number-that-no-column-holds"),
        pytest.param(PageRequest(where={"run_at": "today"}), id="a-time"),
        pytest.param(PageRequest(where={"kind": "a\0b"}), id="text-that-no-column-holds"),
    ],
)
def test_a_list_refuses_a_question_it_cannot_answer(store: Store, request_: PageRequest) -> None:
    with pytest.raises(PageError):
        store.jobs.page(request_)


def test_rows_of_one_time_stand_on_one_page_each(store: Store) -> None:
    jobs = [add_job(store) for _ in range(5)]

    seen = Counter(
        job.id
        for offset in range(5)
        for job in store.jobs.page(PageRequest(limit=1, offset=offset, sort="created_at")).rows
    )

    assert seen == Counter(jobs)


def test_old_ended_jobs_are_removed_with_their_attempts_and_active_ones_stay(store: Store) -> None:
    ended, waiting = add_job(store), add_job(store)
    _, lease = take(store, ended)
    store.leases.end(lease, done("cleaned"), LIMITS)

    assert store.jobs.prune(older_than_s=3600) == 0
    store.db.clock_offset_s = 3601
    assert store.jobs.count_ended(older_than_s=3600) == 1
    assert store.jobs.prune(older_than_s=3600) == 1

    assert store.jobs.get(ended) is None
    assert store.jobs.attempts(ended) == ()
    assert store.jobs.get(waiting) is not None


def _move(item_id: int, state: ItemState) -> ItemMove:
    return ItemMove(item_id=item_id, state=state)


def _lease(job_id: int) -> Lease:
    return Lease(job_id, "another")


def _cancelled() -> Ended:
    return Ended(status=JobStatus.CANCELLED, costs_attempt=False)


def _failed_once() -> Ended:
    return Ended(status=JobStatus.READY, error_code="cut", error="it was cut", run_in_s=60)


def _status(store: Store, job_id: int) -> JobStatus:
    job = store.jobs.get(job_id)
    assert job is not None
    return job.status


# --- several versions and volumes side by side ---


@pytest.mark.parametrize("newer", [{"kind": "dream"}, {"payload_schema": 99}])
def test_a_job_of_a_later_version_is_left_alone_and_shown(
    store: Store, newer: dict[str, Any]
) -> None:
    job_id, other = add_job(store), add_job(store)
    store.db.write(lambda: models.Job.update(newer).where(models.Job.id == job_id).execute())

    bells = store.jobs.ring(LIMITS)

    assert [bell.job_id for bell in bells] == [other]
    job = store.jobs.get(job_id)
    assert job is not None
    assert job.kind is (JobKind.UNKNOWN if "kind" in newer else JobKind.CLEANUP)
    assert store.leases.claim(Lease(job_id, "t"), owner=OWNER, limits=LIMITS) is None
    assert [row.id for row in store.jobs.page(PageRequest()).rows] == [other, job_id]


def test_what_needs_the_files_of_a_volume_goes_to_its_workers(store: Store) -> None:
    ids = [add_job(store, kind, instance="radarr") for kind in (JobKind.DOWNLOAD, JobKind.SEARCH)]
    store.jobs.volumes = {"radarr": "films"}
    store.jobs.settle_queues()
    ids.append(add_job(store, JobKind.IMPORT, instance="radarr"))

    bells = {bell.job_id: bell.queue for bell in store.jobs.ring(LIMITS)}

    assert [bells[job_id] for job_id in ids] == ["download.films", "default", "download.films"]
    store.jobs.volumes = {}
    store.jobs.settle_queues()
    assert store.jobs.get(ids[0]).queue == "download"  # type: ignore[union-attr] # it is there


def test_the_most_urgent_job_is_rung_for_first_whatever_queue_it_is_on(store: Store) -> None:
    store.jobs.volumes = {"radarr": "films"}
    places = [
        (JobKind.CLEANUP, 40), (JobKind.SEARCH, 20), (JobKind.IMPORT, 10),
        (JobKind.IMPORT, 30), (JobKind.BACKUP, 5), (JobKind.SEARCH, 20),
    ]  # fmt: skip
    ids = [
        add_job(store, kind, priority=priority, instance="radarr" if priority == 10 else "sonarr")
        for kind, priority in places
    ]

    rung = [bell.job_id for bell in store.jobs.ring(LIMITS, at_once=5)]
    later = [bell.job_id for bell in store.jobs.ring(LIMITS, at_once=5)]

    assert rung == [ids[4], ids[2], ids[1], ids[5], ids[3]]
    assert later == [ids[0]]


def test_why_the_jobs_of_an_instance_wait_is_what_their_last_run_said(store: Store) -> None:
    job_id = add_job(store, JobKind.RECONCILE, instance="radarr")
    said: list[dict[str, str]] = []
    for code in ("folder_not_seen", "arr_unreachable"):
        lease = Lease(job_id, code)
        store.leases.claim(lease, owner=OWNER, limits=LIMITS)
        store.leases.end(lease, later(f"said {code}", run_in_s=0, error_code=code), LIMITS)
        said.append(store.jobs.held_up(JobKind.RECONCILE, ["folder_not_seen"]))

    assert said == [{"radarr": "said folder_not_seen"}, {}]
    assert store.jobs.has_any_of("radarr", JobKind.RECONCILE)
    assert not store.jobs.has_any_of("sonarr", JobKind.RECONCILE)

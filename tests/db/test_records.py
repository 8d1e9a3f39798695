"""Schedules, instances, saved settings and the processing log, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from stalkeer.core.items import Service
from stalkeer.core.jobs import done
from stalkeer.core.states import JobKind
from stalkeer.db.models import ProcessingLog, Schedule, Setting
from stalkeer.db.store import Store
from tests.builders import LIMITS, jobs_of, row_of, take

HOUR = 3600.0


@pytest.fixture
def hourly(store: Store) -> Store:
    """A store with one schedule that ran once already."""
    store.schedules.configure(
        "reconcile:radarr",
        JobKind.RECONCILE,
        every_s=HOUR,
        payload={"why": "hourly"},
        instance="radarr",
    )
    [job_id] = store.schedules.tick()
    _, lease = take(store, job_id)
    store.leases.end(lease, done("reconciled"), LIMITS)
    return store


def test_a_new_schedule_is_due_at_once_and_then_after_its_interval(hourly: Store) -> None:
    assert hourly.schedules.tick() == []
    hourly.db.clock_offset_s = HOUR - 5
    assert hourly.schedules.tick() == []
    hourly.db.clock_offset_s = HOUR + 1
    assert len(hourly.schedules.tick()) == 1


def test_a_tick_makes_the_job_that_the_schedule_describes(hourly: Store) -> None:
    [job] = jobs_of(hourly, JobKind.RECONCILE)

    assert (job.instance, job.dedup_key, job.title) == (
        "radarr",
        "reconcile:radarr",
        "reconcile:radarr",
    )
    assert job.payload == '{"why": "hourly"}'


def test_ticks_that_were_missed_are_one(hourly: Store) -> None:
    hourly.db.clock_offset_s = 10 * HOUR + 1

    assert len(hourly.schedules.tick()) == 1
    assert hourly.schedules.tick() == []
    row = row_of(hourly, Schedule, Schedule.name == "reconcile:radarr")
    assert row.next_run_at - row.last_run_at == timedelta(hours=1)


def test_a_tick_makes_no_job_while_the_last_one_is_active(hourly: Store) -> None:
    hourly.db.clock_offset_s = HOUR + 1
    [job_id] = hourly.schedules.tick()
    take(hourly, job_id)

    hourly.db.clock_offset_s = 2 * HOUR + 2

    assert hourly.schedules.tick() == []
    assert len(jobs_of(hourly, JobKind.RECONCILE)) == 2


def test_what_a_newer_version_has_to_do_waits_for_it(hourly: Store) -> None:
    hourly.schedules.configure("defragment", JobKind.CLEANUP, every_s=HOUR)
    hourly.db.write(
        lambda: Schedule.update(kind="defragment").where(Schedule.name == "defragment").execute()
    )

    fired = hourly.schedules.tick()
    hourly.schedules.keep_only({"reconcile:radarr"})

    assert fired == []
    assert row_of(hourly, Schedule, Schedule.name == "defragment").last_run_at is None


def test_processes_that_tick_at_the_same_time_make_one_job(hourly: Store) -> None:
    hourly.db.clock_offset_s = HOUR + 1
    start = threading.Barrier(5)
    made: list[int] = []

    def tick() -> None:
        start.wait()
        made.extend(hourly.schedules.tick())

    tickers = [threading.Thread(target=tick) for _ in range(5)]
    for ticker in tickers:
        ticker.start()
    for ticker in tickers:
        ticker.join()

    assert len(made) == 1
    assert len(jobs_of(hourly, JobKind.RECONCILE)) == 2


def test_a_tick_that_somebody_else_has_made_is_not_made_again(hourly: Store) -> None:
    row = row_of(hourly, Schedule, Schedule.name == "reconcile:radarr")
    hourly.db.clock_offset_s = HOUR + 1
    hourly.schedules.tick()

    assert hourly.schedules._fire(row.id, row.next_run_at) is None
    assert len(jobs_of(hourly, JobKind.RECONCILE)) == 2


def test_a_schedule_that_was_dropped_meanwhile_makes_no_job(hourly: Store) -> None:
    row = row_of(hourly, Schedule, Schedule.name == "reconcile:radarr")
    hourly.db.clock_offset_s = HOUR + 1

    hourly.schedules.keep_only({"cleanup"})

    assert hourly.schedules.tick() == []
    assert hourly.schedules._fire(row.id, row.next_run_at) is None


def test_a_schedule_keeps_its_next_tick_over_a_restart(hourly: Store) -> None:
    before = row_of(hourly, Schedule, Schedule.name == "reconcile:radarr")

    hourly.schedules.configure("reconcile:radarr", JobKind.RECONCILE, every_s=2 * HOUR)

    after = row_of(hourly, Schedule, Schedule.name == "reconcile:radarr")
    assert after.next_run_at == before.next_run_at
    assert after.every_seconds == 2 * HOUR


def test_a_shorter_interval_counts_from_now_on(hourly: Store) -> None:
    hourly.schedules.configure("reconcile:radarr", JobKind.RECONCILE, every_s=60)

    hourly.db.clock_offset_s = 61

    assert len(hourly.schedules.tick()) == 1


# --- instances ---


def test_an_instance_remembers_its_last_sync_and_its_last_error(store: Store) -> None:
    store.instances.configure("radarr", Service.RADARR)
    store.instances.configure("radarr", Service.RADARR)

    store.instances.note_error("radarr", "Radarr does not answer")
    [failed] = store.instances.all()
    store.instances.note_sync("radarr", counts={"missing": 3})
    [synced] = store.instances.all()

    assert (failed.name, failed.service) == ("radarr", Service.RADARR)
    assert (failed.last_error, failed.last_sync_at) == ("Radarr does not answer", None)
    assert (synced.last_error, synced.last_sync) == ("", {"missing": 3})
    assert synced.last_sync_at is not None


# --- settings, log ---


def test_saved_settings_are_read_by_name(store: Store) -> None:
    store.db.write(
        lambda: Setting.insert(
            name="STALKEER_M3U_URL", value="http://x.example.invalid", updated_at=store.db.now()
        ).execute()
    )

    assert store.settings.all() == {"STALKEER_M3U_URL": "http://x.example.invalid"}


@pytest.mark.parametrize(
    ("error", "status"),
    [("", "completed"), ("the server is away", "failed")],
    ids=["well", "badly"],
)
def test_the_log_says_what_a_run_handled_and_how_it_ended(
    store: Store, error: str, status: str
) -> None:
    run_id = store.runs.start("sync", "radarr")
    begun = row_of(store, ProcessingLog, ProcessingLog.id == run_id)

    store.runs.finish(run_id, item_count=3, counts={"missing": 3}, error=error)

    ended = row_of(store, ProcessingLog, ProcessingLog.id == run_id)
    assert (begun.action, begun.subject, begun.status) == ("sync", "radarr", "running")
    assert begun.completed_at is None
    assert (ended.status, ended.item_count, ended.counts) == (status, 3, {"missing": 3})
    assert ended.error_message == error
    assert ended.completed_at is not None


def test_the_newest_runs_come_first(store: Store) -> None:
    store.runs.start("sync", "radarr")
    store.runs.start("sync", "sonarr")
    store.runs.start("refresh_playlist", "list")

    assert [run.subject for run in store.runs.last(2)] == ["list", "sonarr"]


def test_how_a_registration_ended_is_kept(store: Store) -> None:
    store.instances.configure("radarr", Service.RADARR)

    before = store.instances.all()[0].webhook
    store.instances.note_webhook("radarr", "registered")

    assert (before, store.instances.all()[0].webhook) == ("", "registered")

"""The pulse of a process: it keeps leases, finds what is lost, and rings."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from stalkeer.core.states import JobKind, JobStatus
from stalkeer.db.connect import StoreError
from stalkeer.db.jobs import Doorbell
from stalkeer.db.store import Store
from stalkeer.jobs.pulse import AT_A_TIME, PLAN_EVERY_S, Pulse
from stalkeer.jobs.services import Run, Running, StopReason
from tests.builders import LIMITS, add_job, film_on_its_way, jobs_of, take

PATIENCE_S = 10.0


class Sent:
    """The doorbells that were given to the broker."""

    def __init__(self) -> None:
        self.job_ids: list[int] = []
        self.heard = threading.Event()

    def send(self, bells: Sequence[Doorbell]) -> bool:
        self.job_ids += [bell.job_id for bell in bells]
        self.heard.set()
        return True


class Time:
    """A monotonic clock that stands still."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def running() -> Running:
    return Running()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pulse(store: Store, running: Running, sent: Sent, time: Time) -> Iterator[Pulse]:
    pulse = Pulse(store, running, LIMITS, sent.send, monotonic=time)
    yield pulse
    if pulse.is_alive():
        pulse.stop()


def start_run(store: Store, running: Running, job_id: int) -> Run:
    run = Run(*take(store, job_id))
    running.add(run)
    return run


def test_a_beat_rings_for_what_is_due(pulse: Pulse, store: Store, sent: Sent) -> None:
    due, _later = add_job(store), add_job(store, run_in_s=60)

    pulse.beat()

    assert sent.job_ids == [due]


def test_a_beat_without_work_sends_nothing(pulse: Pulse, sent: Sent) -> None:
    pulse.beat()

    assert not sent.heard.is_set()


def test_a_beat_ticks_the_schedules_and_rings_for_their_jobs(
    pulse: Pulse, store: Store, sent: Sent
) -> None:
    store.schedules.configure("cleanup", JobKind.CLEANUP, every_s=3600)

    pulse.beat()

    assert sent.job_ids == [job.id for job in jobs_of(store, JobKind.CLEANUP)]


def test_what_a_person_adds_has_its_schedule_within_ten_seconds(
    store: Store, running: Running, sent: Sent, time: Time
) -> None:
    def plan() -> None:
        store.schedules.configure("cleanup", JobKind.CLEANUP, every_s=3600)

    pulse = Pulse(store, running, LIMITS, sent.send, plan=plan, monotonic=time)
    pulse.beat()
    before = list(sent.job_ids)
    time.now_s += 10

    pulse.beat()
    pulse.beat()

    assert before == []
    [planned] = jobs_of(store, JobKind.CLEANUP)
    assert sent.job_ids == [planned.id]


@pytest.mark.parametrize("step", ["heed", "plan"])
def test_trouble_that_nobody_thought_of_keeps_no_job_and_no_lease_waiting(
    store: Store, running: Running, sent: Sent, time: Time, step: str
) -> None:
    def fail() -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    due, run = add_job(store), start_run(store, running, add_job(store))
    pulse = Pulse(
        store, running, LIMITS, sent.send, monotonic=time,
        heed=fail if step == "heed" else lambda: None,
        plan=fail if step == "plan" else lambda: None,
    )  # fmt: skip
    time.now_s += PLAN_EVERY_S + store.leases.lease_s
    store.db.clock_offset_s = store.leases.lease_s - 5
    pulse.start()

    assert sent.heard.wait(PATIENCE_S)
    pulse.ring()
    pulse.join(0.2)
    is_alive = pulse.is_alive()
    pulse.stop()

    assert is_alive
    assert sent.job_ids == [due]
    store.db.clock_offset_s = 2 * store.leases.lease_s - 10
    assert store.leases.take_back() == []
    assert not run.should_stop()


def test_a_broker_that_takes_its_time_costs_no_lease(
    store: Store, running: Running, time: Time
) -> None:
    def send(bells: Sequence[Doorbell]) -> bool:
        time.now_s += len(bells) * store.leases.lease_s / 20
        store.db.clock_offset_s = time.now_s - began_at
        return True

    for _ in range(40):
        add_job(store)
    run, began_at = start_run(store, running, add_job(store)), time.now_s

    Pulse(store, running, LIMITS, send, monotonic=time).beat()

    assert time.now_s - began_at >= 2 * store.leases.lease_s
    assert store.leases.take_back() == []
    assert not run.should_stop()


def test_a_broker_that_is_away_is_not_asked_again_in_the_same_beat(
    store: Store, running: Running
) -> None:
    asked: list[int] = []

    def send(bells: Sequence[Doorbell]) -> bool:
        asked.append(len(bells))
        return False

    for _ in range(40):
        add_job(store)

    Pulse(store, running, LIMITS, send).beat()

    assert asked == [AT_A_TIME]


def test_a_beat_takes_back_what_a_dead_worker_held(pulse: Pulse, store: Store, sent: Sent) -> None:
    lost, mine = add_job(store), add_job(store)
    take(store, lost)
    store.db.clock_offset_s = store.leases.lease_s + 1

    pulse.beat()

    assert sorted(sent.job_ids) == [lost, mine]


def test_the_leases_of_this_process_are_renewed_four_times_as_often_as_they_run_out(
    pulse: Pulse, store: Store, running: Running, time: Time
) -> None:
    run = start_run(store, running, add_job(store))
    store.db.clock_offset_s = 40
    time.now_s += store.leases.lease_s / 4 - 1
    pulse.beat()
    store.db.clock_offset_s = 61
    assert store.leases.take_back(held=[run.lease.token]) == []

    time.now_s += 2
    pulse.beat()

    assert store.leases.take_back() == []
    assert not run.should_stop()


def test_a_clock_that_jumps_takes_no_job_from_a_living_thread(
    pulse: Pulse, store: Store, running: Running
) -> None:
    run = start_run(store, running, add_job(store))
    store.db.clock_offset_s = 7200

    pulse.beat()

    job = store.jobs.get(run.job.id)
    assert job is not None
    assert (job.status, job.crashes) == (JobStatus.RUNNING, 0)
    assert not run.should_stop()


def test_a_run_whose_lease_is_lost_is_stopped(pulse: Pulse, store: Store, running: Running) -> None:
    run = start_run(store, running, add_job(store))
    store.leases.take_back(expired_only=False)

    pulse.renew()

    assert run.should_stop()
    assert run.reason is StopReason.LOST


def test_a_run_whose_job_is_cancelled_is_stopped(
    pulse: Pulse, store: Store, running: Running
) -> None:
    job = film_on_its_way(store)
    run = start_run(store, running, job.id)
    other = start_run(store, running, add_job(store))
    store.control.cancel_for_items([job.item_id or 0], "Heat was deleted")

    pulse.renew()

    assert run.reason is StopReason.DROPPED
    assert not other.should_stop()


def test_a_database_that_is_away_for_a_while_loses_nothing(
    pulse: Pulse, store: Store, sent: Sent, tmp_path: Path
) -> None:
    due = add_job(store)
    store.db.read(lambda: store.db.execute("PRAGMA busy_timeout = 20"))
    with closing(sqlite3.connect(tmp_path / "stalkeer.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        pulse.beat()
        assert sent.job_ids == []
        other.execute("ROLLBACK")

    pulse.beat()

    assert sent.job_ids == [due]


def test_a_renewal_that_met_no_database_is_made_by_the_next_beat(
    pulse: Pulse, store: Store, running: Running, time: Time, tmp_path: Path
) -> None:
    run = start_run(store, running, add_job(store))
    store.db.read(lambda: store.db.execute("PRAGMA busy_timeout = 20"))
    time.now_s += store.leases.lease_s
    with closing(sqlite3.connect(tmp_path / "stalkeer.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        pulse.beat()
        other.execute("ROLLBACK")
    store.db.clock_offset_s = 61

    pulse.beat()

    assert store.leases.take_back() == []
    assert not run.should_stop()


def test_a_ring_is_heard_at_once_and_a_stop_ends_the_thread(
    pulse: Pulse, store: Store, sent: Sent
) -> None:
    due = add_job(store)
    pulse.start()

    pulse.ring()
    assert sent.heard.wait(PATIENCE_S)
    pulse.stop()

    assert sent.job_ids == [due]
    assert not pulse.is_alive()


def test_after_the_database_was_away_everybody_may_keep_his_leases_first(
    store: Store, pulse: Pulse, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = add_job(store)
    take(store, job_id)
    store.db.clock_offset_s = store.leases.lease_s + 5
    with monkeypatch.context() as patched:
        patched.setattr(store.jobs, "ring", _is_away)
        patched.setattr(store.leases, "take_back", _is_away)
        pulse.beat()

    pulse.beat()
    spared = store.jobs.get(job_id)
    time.now_s += store.leases.lease_s / 4
    pulse.beat()
    taken_back = store.jobs.get(job_id)

    assert spared is not None
    assert (spared.status, spared.crashes) == (JobStatus.RUNNING, 0)
    assert taken_back is not None
    assert (taken_back.status, taken_back.crashes) == (JobStatus.READY, 1)


def _is_away(*_: object, **__: object) -> None:
    raise StoreError("The database did not answer: it is away")


def test_a_job_whose_process_stood_still_past_its_lease_stops_by_itself(
    store: Store, running: Running, pulse: Pulse, time: Time
) -> None:
    run = Run(*take(store, add_job(store)), lease_s=60, clock=time)
    running.add(run)
    time.now_s += 40
    pulse.renew()
    time.now_s += 59
    kept = run.should_stop()

    time.now_s += 1

    assert (kept, run.should_stop(), run.reason) == (False, True, StopReason.LOST)

"""The same actors over both brokers: a bell runs a job once, and a lost bell loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from dramatiq.broker import Broker

from stalkeer.core.jobs import Lease, done
from stalkeer.core.states import KNOWN_KINDS, QUEUES, JobKind
from stalkeer.db.jobs import RING_AGAIN_S, Doorbell
from stalkeer.db.store import Store
from stalkeer.worker.actors import Bell, Workers, declare_actors
from stalkeer.worker.broker import make_broker
from tests.builders import LIMITS, OWNER, add_job
from tests.servers import free_port

PATIENCE_S = 20.0


class Log:
    """What a worker was asked to run; `wait_for` blocks until it was asked so often."""

    def __init__(self) -> None:
        self.job_ids: list[int] = []
        self._changed = threading.Condition()

    def add(self, job_id: int) -> None:
        with self._changed:
            self.job_ids.append(job_id)
            self._changed.notify_all()

    def wait_for(self, count: int) -> list[int]:
        with self._changed:
            heard = self._changed.wait_for(lambda: len(self.job_ids) >= count, PATIENCE_S)
        assert heard, f"only {self.job_ids} were run"
        return self.job_ids


def bell_of(job_id: int, kind: JobKind) -> Doorbell:
    return Doorbell(job_id, kind, kind.queue)


@contextmanager
def working(
    broker: Broker, run_job: Callable[[int], None], *, queues: tuple[str, ...] = QUEUES
) -> Iterator[Bell]:
    """Run the actors in threads while the block lasts."""
    declare_actors(broker, run_job)
    workers = Workers(broker, queues=queues, threads=2)
    workers.start()
    try:
        yield Bell(broker)
    finally:
        workers.stop(5)
        broker.close()


@pytest.fixture(params=["embedded", pytest.param("redis", marks=pytest.mark.redis)])
def broker(request: pytest.FixtureRequest) -> Broker:
    if request.param == "embedded":
        return make_broker("")
    return make_broker(request.getfixturevalue("redis_url"))


def runner(store: Store, log: Log) -> Callable[[int], None]:
    """Run a job as the real runner does, as far as the row is concerned."""

    def run_job(job_id: int) -> None:
        lease = Lease(job_id, f"token-{threading.get_ident()}-{len(log.job_ids)}")
        if store.leases.claim(lease, owner=OWNER, limits=LIMITS) is not None:
            store.leases.end(lease, done("done"), LIMITS)
            log.add(job_id)

    return run_job


def test_a_bell_that_rings_three_times_runs_a_job_once(store: Store, broker: Broker) -> None:
    log, every_kind = Log(), [add_job(store, kind) for kind in KNOWN_KINDS]
    bells = store.jobs.ring(LIMITS)

    with working(broker, runner(store, log)) as bell:
        for _ in range(3):
            bell.send(bells)
        ran = sorted(log.wait_for(len(every_kind)))

    assert ran == sorted(every_kind)
    assert sorted(log.job_ids) == sorted(every_kind)
    assert store.jobs.counts() == {"done": len(every_kind)}


def test_a_job_function_that_fails_does_not_stop_the_thread(broker: Broker) -> None:
    log = Log()

    def run_job(job_id: int) -> None:
        log.add(job_id)
        raise RuntimeError(f"job {job_id} failed")

    with working(broker, run_job) as bell:
        bell.send([bell_of(number, JobKind.SEARCH) for number in range(6)])
        ran = log.wait_for(6)

    assert sorted(ran) == list(range(6))


def test_a_worker_runs_only_its_queues(broker: Broker) -> None:
    log = Log()

    with working(broker, log.add, queues=("control",)) as bell:
        bell.send([bell_of(1, JobKind.DOWNLOAD), bell_of(2, JobKind.WEBHOOK)])
        ran = log.wait_for(1)

    assert ran == [2]


def test_threads_that_come_later_take_what_waits_for_one(broker: Broker) -> None:
    log, all_run = Log(), threading.Barrier(5)

    def run_job(job_id: int) -> None:
        # Nobody gets past it before five run at once.
        all_run.wait(PATIENCE_S)
        log.add(job_id)

    declare_actors(broker, run_job)
    workers = Workers(broker, queues=QUEUES, threads=1)
    workers.start()
    try:
        Bell(broker).send([bell_of(number, JobKind.DOWNLOAD) for number in range(5)])
        workers.grow(5)
        workers.grow(2)
        ran = log.wait_for(5)
    finally:
        workers.stop(5)
        broker.close()

    assert sorted(ran) == list(range(5))


def test_a_stop_waits_for_the_job_that_runs(broker: Broker) -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def run_job(_job_id: int) -> None:
        began.set()
        assert may_end.wait(PATIENCE_S)
        ended.set()

    with working(broker, run_job) as bell:
        assert bell.send([bell_of(1, JobKind.SEARCH)])
        assert began.wait(PATIENCE_S)
        threading.Timer(0.05, may_end.set).start()

    assert ended.is_set()


def test_two_brokers_in_one_process_do_not_hear_each_other() -> None:
    first, second = Log(), Log()

    with (
        working(make_broker(""), first.add) as to_first,
        working(make_broker(""), second.add) as to_second,
    ):
        to_first.send([bell_of(1, JobKind.SEARCH)])
        to_second.send([bell_of(2, JobKind.SEARCH)])
        first.wait_for(1)
        second.wait_for(1)

    assert (first.job_ids, second.job_ids) == ([1], [2])


@pytest.mark.redis
def test_a_job_whose_bell_met_no_broker_is_rung_for_again(store: Store, redis_url: str) -> None:
    log, job_id = Log(), add_job(store)
    away = Bell(make_broker(f"redis://127.0.0.1:{free_port()}/0"))

    assert not away.send(store.jobs.ring(LIMITS))

    assert store.jobs.counts() == {"ready": 1}
    store.db.clock_offset_s = RING_AGAIN_S + 1
    with working(make_broker(redis_url), runner(store, log)) as bell:
        bell.send(store.jobs.ring(LIMITS))
        assert log.wait_for(1) == [job_id]
    assert store.jobs.counts() == {"done": 1}


@pytest.mark.redis
def test_a_bell_that_redis_forgot_is_rung_again(store: Store, redis_url: str) -> None:
    log, job_id, broker = Log(), add_job(store), make_broker(redis_url)
    declare_actors(broker, log.add)
    Bell(broker).send(store.jobs.ring(LIMITS))
    broker.flush_all()
    broker.close()

    store.db.clock_offset_s = RING_AGAIN_S + 1

    with working(make_broker(redis_url), runner(store, log)) as bell:
        bell.send(store.jobs.ring(LIMITS))
        assert log.wait_for(1) == [job_id]


def test_an_embedded_broker_always_answers() -> None:
    assert Bell(make_broker("")).answers()


@pytest.mark.redis
def test_redis_answers_or_does_not(redis_url: str) -> None:
    assert Bell(make_broker(redis_url)).answers()
    assert not Bell(make_broker(f"redis://127.0.0.1:{free_port()}/0")).answers()


def test_a_worker_of_a_volume_hears_its_bells_and_others_do_not(broker: Broker) -> None:
    ran, heard = [], threading.Event()

    def run(job_id: int) -> None:
        ran.append(job_id)
        heard.set()

    with working(broker, run, queues=("default", "download.films")):
        Bell(broker).send(
            [
                Doorbell(1, JobKind.DOWNLOAD, "download"),
                Doorbell(2, JobKind.DOWNLOAD, "download.films"),
            ]
        )
        assert heard.wait(10)

    assert ran == [2]

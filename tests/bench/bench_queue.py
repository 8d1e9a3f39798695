"""Measure the queue: claims by many processes on PostgreSQL, and from the bell to done over Redis.

    python -m tests.bench.bench_queue [--jobs 10000] [--processes 8]

Claims are those of ready jobs by their ids, shuffled, each process trying every one: each must be
claimed once. From the bell to done is one process with 8 worker threads and jobs that do nothing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from multiprocessing.synchronize import Barrier
from typing import Any

import psycopg2

from stalkeer.core.jobs import Lease, NewJob, done
from stalkeer.core.states import QUEUES, JobKind
from stalkeer.db.connect import Database
from stalkeer.db.providers import SlotLimits
from stalkeer.db.store import Store
from stalkeer.worker.actors import Bell, Workers, declare_actors
from stalkeer.worker.broker import make_broker
from tests.bench.load import line
from tests.servers import fresh_database, postgres_server, redis_server

BARE_CLAIM = (
    "UPDATE job SET status = 'running', lease_owner = %s, lease_token = %s "
    "WHERE id = %s AND status = 'ready' RETURNING id"
)
LIMITS = SlotLimits(overall=3, per_provider=1)


def fill(store: Store, count: int) -> list[int]:
    """Write so many ready jobs."""
    new = NewJob(kind=JobKind.CLEANUP)
    ids = store.db.write(lambda: [store.jobs.add(new) for _ in range(count)])
    return [job_id for job_id in ids if job_id is not None]


def claim_all(url: str, ids: list[int], number: int, start: Barrier, answer: Any) -> None:
    """Try to claim every job; say how many were ours, and when the first and last of them."""
    with closing(Store(Database(url, pool_size=2))) as store:
        mine = list(ids)
        random.Random(number).shuffle(mine)
        store.ping()
        start.wait()
        began, won = time.time(), 0
        for job_id in mine:
            lease = Lease(job_id, f"{number}-{job_id}")
            won += store.leases.claim(lease, owner=f"p{number}", limits=LIMITS) is not None
        answer.put((won, began, time.time()))


def update_all(url: str, ids: list[int], number: int, start: Barrier, answer: Any) -> None:
    """Do the least that a claim can be, with the bare driver: what this machine allows."""
    mine = list(ids)
    random.Random(number).shuffle(mine)
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        start.wait()
        began, won = time.time(), 0
        for job_id in mine:
            cursor.execute(BARE_CLAIM, (f"p{number}", f"{number}-{job_id}", job_id))
            won += cursor.fetchone() is not None
    answer.put((won, began, time.time()))


def claims(url: str, jobs: int, processes: int) -> None:
    """Print how many claims a second all processes make together, and how many they could."""
    for what, bar, claim in (
        ("bare UPDATE ... RETURNING a second, the floor here", "-", update_all),
        ("tried claims a second", ">= 3000", claim_all),
    ):
        with closing(Store(Database(url))) as store:
            store.migrate()
            ids = fill(store, jobs)
        won, lasted = race(claim, url, ids, processes)
        line(
            f"{jobs} jobs, {processes} processes: {what}", bar, jobs * processes / lasted, digits=0
        )
        line("of them won, each once", str(jobs), won, digits=0)
        line("won a second", "-", won / lasted, digits=0)


def race(claim: Callable[..., None], url: str, ids: list[int], processes: int) -> tuple[int, float]:
    """Let processes race for the jobs; say how many were won, and in how many seconds."""
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=claim, args=(url, ids, number, start, answers))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    said = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()
    lasted = max(ended for _, _, ended in said) - min(began for _, began, _ in said)
    return sum(count for count, _, _ in said), lasted


def bell_to_done(url: str, redis: str, jobs: int) -> None:
    """Print how many jobs a second go from the bell through Redis to done."""
    with closing(Store(Database(url))) as store:
        store.migrate()
        ids, ended = set(fill(store, jobs)), threading.Event()
        took: list[float] = []

        def run(job_id: int) -> None:
            lease = Lease(job_id, f"t-{job_id}")
            if store.leases.claim(lease, owner="bench", limits=LIMITS) is not None:
                store.leases.end(lease, done("done"), LIMITS)
                took.append(time.perf_counter())
                ids.discard(job_id)
            if not ids:
                ended.set()

        broker = make_broker(redis)
        declare_actors(broker, run)
        workers = Workers(broker, queues=QUEUES, threads=8)
        workers.start()
        began, bell = time.perf_counter(), Bell(broker)
        while not ended.is_set():
            bells = store.jobs.ring(LIMITS)
            bell.send(bells)
            if not bells:
                ended.wait(0.05)
        workers.stop(5)
    line(
        "from the bell to done through Redis, a second",
        ">= 500",
        jobs / (max(took) - began),
        digits=0,
    )


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=8)
    given = parser.parse_args()
    with ExitStack() as stack:
        server, redis = stack.enter_context(postgres_server()), stack.enter_context(redis_server())
        claims(stack.enter_context(fresh_database(server)), given.jobs, given.processes)
        bell_to_done(stack.enter_context(fresh_database(server)), redis, given.jobs // 4)


if __name__ == "__main__":
    main()

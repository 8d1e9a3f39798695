"""One thin actor per job kind, and the threads that run them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any

import dramatiq
from dramatiq.broker import Broker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerError
from redis.exceptions import RedisError

from stalkeer.core.states import KNOWN_KINDS
from stalkeer.db.jobs import Doorbell
from stalkeer.log import get_logger

log = get_logger(__name__)


def declare_actors(broker: Broker, run_job: Callable[[int], None]) -> None:
    """Make the actors of all kinds: each runs one job by its id.

    They are decorated inside a function, with their broker, so that nothing is global and two
    brokers can live in one process.
    """
    for kind in KNOWN_KINDS:
        dramatiq.actor(actor_name=kind.value, queue_name=kind.queue, broker=broker)(run_job)


class Bell:
    """Sends doorbells."""

    def __init__(self, broker: Broker) -> None:
        """Send through this broker."""
        self._broker = broker

    def send(self, bells: Sequence[Doorbell]) -> bool:
        """Ring for each job and say whether that could be done.

        What could not be delivered is rung for again from its row.
        """
        for bell in bells:
            message: dramatiq.Message[None] = dramatiq.Message(
                queue_name=bell.queue,
                actor_name=bell.kind.value,
                args=(bell.job_id,),
                kwargs={},
                options={},
            )
            try:
                self._broker.enqueue(message)
            except (BrokerError, RedisError) as exc:
                log.warning("the broker cannot be reached; jobs wait", error=str(exc))
                return False
        return True

    def answers(self) -> bool:
        """Say whether the broker can be reached."""
        if not isinstance(self._broker, RedisBroker):
            return True
        try:
            return bool(self._broker.client.ping())
        except RedisError:
            return False


class Workers:
    """The worker threads of a process."""

    def __init__(self, broker: Broker, *, queues: Collection[str], threads: int) -> None:
        """Prepare; `start` begins."""
        for queue in queues:
            # Those of the actors are known already; those of volumes are not.
            broker.declare_queue(queue)
        self._worker = dramatiq.Worker(broker, queues=set(queues), worker_threads=threads)
        # A busy process must not hoard doorbells that another one could answer at once.
        self._worker.queue_prefetch = threads
        self._is_running = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the threads; returns at once."""
        with self._lock:
            self._worker.start()
            self._is_running = True

    def grow(self, threads: int) -> None:
        """Have at least so many threads. There are never fewer again: one too many only rests."""
        with self._lock:
            missing = threads - self._worker.worker_threads
            if missing <= 0:
                return
            self._worker.worker_threads = self._worker.queue_prefetch = threads
            for each in tuple(self._worker.consumers.values()):
                each.prefetch = threads
                _hand_out_more(each.consumer, threads)
            if self._is_running:
                for _ in range(missing):
                    # Dramatiq offers no other way, and a second worker would hoard bells.
                    self._worker._add_worker()

    def stop(self, timeout_s: float) -> None:
        """Wait so long for the running jobs, which were told to stop before; end the threads."""
        with self._lock:
            self._is_running = False
        stopping = threading.Thread(
            target=self._worker.stop, kwargs={"timeout": int(timeout_s * 1000)}, daemon=True
        )
        stopping.start()
        # Dramatiq waits several times in turn, and once more for each call to a Redis that hangs.
        stopping.join(timeout_s)


def _hand_out_more(consumer: Any, prefetch: int) -> None:
    """Let a queue have so many bells under way; one that is not listened to yet is None."""
    more = prefetch - consumer.prefetch if consumer is not None else 0
    if more > 0:
        consumer.prefetch = prefetch
        # The embedded one counts down what it may hand out, that of Redis up.
        if hasattr(consumer, "prefetch_semaphore"):
            consumer.prefetch_semaphore.release(more)

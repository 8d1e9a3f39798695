"""The two brokers. They carry doorbells only: what they lose is rung for again from the rows."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from typing import Any

import redis
from dramatiq.broker import Broker, Consumer
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.brokers.stub import StubBroker

NAMESPACE = "stalkeer"


class EmbeddedBroker(StubBroker):
    """An in-process broker for the one process of a home server.

    Dramatiq's own keeps every failed message for tests to look at; a service that runs for months
    must not.
    """

    def __init__(self) -> None:
        """Start without middleware: retries, limits and results live in rows."""
        super().__init__(middleware=[])
        self.dead_letters_by_queue = defaultdict(_forget)  # type: ignore[arg-type]


def _forget() -> deque[object]:
    return deque(maxlen=0)


class _AttentiveConsumer(_RedisConsumer):
    """Fetches the next message as soon as one is done.

    Dramatiq's own sleeps while as many are under way as it may have, each time for longer and up to
    a second: threads that are free again would stand still, and jobs wait.
    """

    def __init__(self, broker: RedisBroker, queue: str, prefetch: int, timeout_ms: int) -> None:
        super().__init__(broker, queue, prefetch, timeout_ms)  # type: ignore[no-untyped-call]
        self._is_done = threading.Event()

    def ack(self, message: Any) -> None:
        try:
            super().ack(message)  # type: ignore[no-untyped-call]
        finally:
            self._is_done.set()

    def nack(self, message: Any) -> None:
        try:
            super().nack(message)  # type: ignore[no-untyped-call]
        finally:
            self._is_done.set()

    def __next__(self) -> Any:
        if not self.message_cache and self._is_full():
            self._is_done.wait(self.timeout / 1000)
            self._is_done.clear()
            if self._is_full():
                return None
        return super().__next__()  # type: ignore[no-untyped-call]

    def _is_full(self) -> bool:
        return bool(self.outstanding_message_count >= self.prefetch)


class SharedBroker(RedisBroker):
    """The broker of several processes, which meet in Redis."""

    @property
    def consumer_class(self) -> type[Consumer]:
        """What listens to a queue."""
        return _AttentiveConsumer


def make_broker(redis_url: str) -> Broker:
    """Return the broker for this setting; an empty URL means the embedded one."""
    if not redis_url:
        return EmbeddedBroker()
    # Made here: beside a URL Dramatiq passes over everything else that is said of the connection.
    client = redis.Redis.from_url(
        redis_url, socket_timeout=5, socket_connect_timeout=2, health_check_interval=30
    )
    return SharedBroker(  # type: ignore[no-untyped-call]
        client=client,
        middleware=[],
        namespace=NAMESPACE,
        # A killed worker's messages come back by the sweep of the rows within a minute; this is
        # only so that they do not pile up in Redis.
        heartbeat_timeout=15_000,
        maintenance_chance=100_000,
    )

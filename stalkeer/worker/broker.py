"""The two brokers. They carry doorbells only: what they lose is rung for again from the rows."""

from __future__ import annotations

from collections import defaultdict, deque

from dramatiq.broker import Broker
from dramatiq.brokers.redis import RedisBroker
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


def make_broker(redis_url: str) -> Broker:
    """Return the broker for this setting; an empty URL means the embedded one."""
    if not redis_url:
        return EmbeddedBroker()
    return RedisBroker(  # type: ignore[no-untyped-call]
        url=redis_url,
        middleware=[],
        namespace=NAMESPACE,
        # A killed worker's messages come back by the sweep of the rows within a minute; this is
        # only so that they do not pile up in Redis.
        heartbeat_timeout=15_000,
        maintenance_chance=100_000,
        socket_timeout=5,
        socket_connect_timeout=2,
        health_check_interval=30,
    )

"""What we rely on in the embedded broker, which Dramatiq documents for tests only."""

from __future__ import annotations

import threading
from typing import Any

import dramatiq
import pytest
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import QueueNotFound
from dramatiq.middleware import Middleware

from stalkeer.worker.broker import NAMESPACE, EmbeddedBroker, make_broker

QUEUE = "default"


@pytest.fixture
def broker() -> EmbeddedBroker:
    broker = EmbeddedBroker()
    broker.declare_queue(QUEUE)
    return broker


def message(number: int = 1, queue: str = QUEUE) -> dramatiq.Message[Any]:
    return dramatiq.Message(
        queue_name=queue, actor_name="search", args=(number,), kwargs={}, options={}
    )


def test_a_message_of_another_thread_arrives(broker: EmbeddedBroker) -> None:
    consumer = broker.consume(QUEUE, prefetch=1, timeout=5000)
    sender = threading.Thread(target=broker.enqueue, args=(message(7),))

    sender.start()
    arrived = next(consumer)
    sender.join()

    assert arrived is not None
    assert arrived.args == (7,)


def test_messages_arrive_in_the_order_they_were_sent(broker: EmbeddedBroker) -> None:
    for number in range(3):
        broker.enqueue(message(number))
    consumer = broker.consume(QUEUE, prefetch=3, timeout=10)

    arrived = [next(consumer) for _ in range(3)]

    assert [each and each.args for each in arrived] == [(0,), (1,), (2,)]


def test_an_idle_queue_gives_nothing_and_does_not_block(broker: EmbeddedBroker) -> None:
    assert next(broker.consume(QUEUE, prefetch=1, timeout=1)) is None


def test_no_more_is_handed_out_than_may_be_fetched_ahead(broker: EmbeddedBroker) -> None:
    broker.enqueue(message(1))
    broker.enqueue(message(2))
    consumer = broker.consume(QUEUE, prefetch=1, timeout=1)
    first = next(consumer)
    assert first is not None

    assert next(consumer) is None
    consumer.ack(first)

    second = next(consumer)
    assert second is not None
    assert second.args == (2,)


@pytest.mark.parametrize("end", ["ack", "nack"])
def test_nothing_is_left_of_a_message_that_was_handled(broker: EmbeddedBroker, end: str) -> None:
    broker.enqueue(message())
    consumer = broker.consume(QUEUE, prefetch=1, timeout=10)
    arrived = next(consumer)
    assert arrived is not None

    getattr(consumer, end)(arrived)

    assert broker.dead_letters == []
    broker.join(QUEUE, timeout=100)


def test_a_queue_that_nobody_declared_is_refused(broker: EmbeddedBroker) -> None:
    with pytest.raises(QueueNotFound):
        broker.enqueue(message(queue="unknown"))


def test_no_middleware_keeps_state_beside_the_rows() -> None:
    kinds: list[type[Middleware]] = [type(each) for each in EmbeddedBroker().middleware]

    assert kinds == []


def test_an_empty_address_means_the_embedded_broker() -> None:
    assert isinstance(make_broker(""), EmbeddedBroker)


@pytest.mark.redis
def test_the_next_message_is_handed_out_as_soon_as_one_is_done(redis_url: str) -> None:
    broker = make_broker(redis_url)
    broker.declare_queue(QUEUE)
    broker.enqueue(message(1))
    broker.enqueue(message(2))
    # As long as may be under way are: until one is done there is nothing to hand out.
    consumer = broker.consume(QUEUE, prefetch=1, timeout=60_000)
    first = next(consumer)
    assert first is not None
    arrived: list[Any] = []
    waiting = threading.Thread(target=lambda: arrived.append(next(consumer)), daemon=True)

    waiting.start()
    consumer.ack(first)
    waiting.join(30)

    assert [each and each.args for each in arrived] == [(2,)]


def test_an_address_means_redis_and_connects_only_when_used() -> None:
    broker = make_broker("redis://127.0.0.1:1/0")

    assert isinstance(broker, RedisBroker)
    assert broker.namespace == NAMESPACE
    assert list(broker.middleware) == []

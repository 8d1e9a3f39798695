"""Webhook deliveries on their way to the table: one answer each, and only for a committed row."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import peewee as pw
import pytest

from stalkeer.core.states import JobKind
from stalkeer.db.connect import StoreError
from stalkeer.db.store import Store
from stalkeer.jobs.receive import BATCH, WAITING, ReceiverFullError, WebhookWriter
from tests.builders import jobs_of

Deliveries = Sequence[tuple[str, str]]
PATIENCE_S = 10.0


class Table:
    """What is written, batch by batch. `hold` keeps the next write waiting until `let_go`."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.fails: Callable[[Deliveries], Exception | None] = lambda _: None
        self.is_writing = threading.Event()
        self._may_go = threading.Event()
        self._may_go.set()

    def hold(self) -> None:
        self._may_go.clear()

    def let_go(self) -> None:
        self._may_go.set()

    def write(self, deliveries: Deliveries) -> list[int]:
        self.is_writing.set()
        assert self._may_go.wait(PATIENCE_S)
        self.batches.append([body for _, body in deliveries])
        error = self.fails(deliveries)
        if error is not None:
            raise error
        return [int(body) for _, body in deliveries]

    async def until_writing(self) -> None:
        assert await asyncio.to_thread(self.is_writing.wait, PATIENCE_S)


@contextmanager
def writing(
    write: Callable[[Deliveries], list[int]], ring: Callable[[], None] = lambda: None
) -> Iterator[WebhookWriter]:
    writer = WebhookWriter(write, ring)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()
        assert not writer.is_alive()


async def all_of(writer: WebhookWriter, *bodies: str) -> list[int | BaseException]:
    asked = [asyncio.create_task(writer.submit("radarr", body)) for body in bodies]
    return await asyncio.gather(*asked, return_exceptions=True)


def test_a_delivery_is_answered_with_the_id_of_its_row(store: Store) -> None:
    with writing(store.deliveries.add) as writer:
        answers = asyncio.run(all_of(writer, "1", "2", "3"))

    jobs = jobs_of(store, JobKind.WEBHOOK)
    assert answers == [job.id for job in jobs]
    assert [job.payload for job in jobs] == ["1", "2", "3"]


def test_nobody_is_answered_before_the_rows_are_written() -> None:
    table = Table()
    table.hold()

    async def scene() -> tuple[bool, int]:
        asked = asyncio.create_task(writer.submit("radarr", "7"))
        await table.until_writing()
        was_answered = asked.done()
        table.let_go()
        return was_answered, await asked

    with writing(table.write) as writer:
        assert asyncio.run(scene()) == (False, 7)


def test_what_arrives_during_a_write_is_written_together() -> None:
    table = Table()
    table.hold()

    async def scene() -> list[int | BaseException]:
        first = asyncio.create_task(writer.submit("radarr", "1"))
        await table.until_writing()
        rest = asyncio.create_task(all_of(writer, *(str(n) for n in range(2, 2 + BATCH + 3))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        table.let_go()
        return [await first, *await rest]

    with writing(table.write) as writer:
        answers = asyncio.run(scene())

    assert answers == list(range(1, 2 + BATCH + 3))
    assert [len(batch) for batch in table.batches] == [1, BATCH, 3]


def test_the_bell_rings_once_after_each_commit() -> None:
    table, rung = Table(), []

    def ring() -> None:
        rung.append(len(table.batches))

    with writing(table.write, ring) as writer:
        asyncio.run(all_of(writer, "1"))
        asyncio.run(all_of(writer, "2"))

    assert rung == [1, 2]


def test_a_bad_row_does_not_take_its_neighbours_along() -> None:
    table = Table()
    table.hold()

    def fails(deliveries: Deliveries) -> Exception | None:
        return pw.DataError("bad") if any(body == "3" for _, body in deliveries) else None

    async def scene() -> list[int | BaseException]:
        first = asyncio.create_task(writer.submit("radarr", "1"))
        await table.until_writing()
        rest = asyncio.create_task(all_of(writer, "2", "3", "4"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        table.let_go()
        return [await first, *await rest]

    table.fails = fails
    with writing(table.write) as writer:
        first, second, third, fourth = asyncio.run(scene())

    assert (first, second, fourth) == (1, 2, 4)
    assert isinstance(third, pw.DataError)
    assert table.batches == [["1"], ["2", "3", "4"], ["2"], ["3"], ["4"]]


def test_a_database_that_is_away_is_asked_once_for_all_that_wait() -> None:
    table = Table()
    table.hold()
    table.fails = lambda _: StoreError("The database did not answer")

    async def scene() -> list[int | BaseException]:
        first = asyncio.create_task(all_of(writer, "1"))
        await table.until_writing()
        rest = asyncio.create_task(all_of(writer, "2", "3", "4"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        table.let_go()
        return [*await first, *await rest]

    with writing(table.write) as writer:
        answers = asyncio.run(scene())

    assert [type(answer) for answer in answers] == [StoreError] * 4
    assert table.batches == [["1"], ["2", "3", "4"]]


def test_a_full_queue_refuses_at_once_and_loses_nothing_it_took() -> None:
    table = Table()
    writer = WebhookWriter(table.write, lambda: None)

    async def scene() -> tuple[BaseException, int]:
        taken = asyncio.create_task(all_of(writer, *(str(n) for n in range(WAITING))))
        for _ in range(3):
            await asyncio.sleep(0)
        [refused] = await all_of(writer, "one too many")
        writer.start()
        answers = await taken
        assert isinstance(refused, BaseException)
        return refused, sum(isinstance(answer, int) for answer in answers)

    refused, answered = asyncio.run(scene())
    writer.stop()

    assert isinstance(refused, ReceiverFullError)
    assert refused.retryable
    assert answered == WAITING


def test_a_stop_writes_what_waits_and_ends() -> None:
    table = Table()
    table.hold()
    writer = WebhookWriter(table.write, lambda: None)
    writer.start()

    def stop_meanwhile(_: Deliveries) -> None:
        # From the writer's own thread, so that it stands surely behind what waits.
        if len(table.batches) == 1:
            with suppress(RuntimeError):
                writer.stop()

    table.fails = stop_meanwhile

    async def scene() -> list[int | BaseException]:
        first = asyncio.create_task(writer.submit("radarr", "1"))
        await table.until_writing()
        rest = asyncio.create_task(all_of(writer, "2", "3"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        table.let_go()
        return [await first, *await rest]

    assert asyncio.run(scene()) == [1, 2, 3]
    writer.join(PATIENCE_S)
    assert not writer.is_alive()
    assert table.batches == [["1"], ["2", "3"]]


@pytest.mark.parametrize("error", [None, StoreError("away")], ids=["written", "refused"])
def test_a_sender_that_hung_up_does_not_disturb_the_others(error: Exception | None) -> None:
    table = Table()
    table.hold()
    table.fails = lambda deliveries: error if deliveries[0][1] == "1" else None

    async def scene() -> int:
        first = asyncio.create_task(writer.submit("radarr", "1"))
        await table.until_writing()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        table.let_go()
        return await writer.submit("radarr", "2")

    with writing(table.write) as writer:
        assert asyncio.run(scene()) == 2


@pytest.mark.parametrize("error", [None, StoreError("away")], ids=["written", "refused"])
def test_the_writer_outlives_the_loop_of_a_sender(error: Exception | None) -> None:
    table = Table()
    table.hold()
    table.fails = lambda deliveries: error if deliveries[0][1] == "1" else None

    async def leave() -> None:
        asked = asyncio.create_task(writer.submit("radarr", "1"))
        await table.until_writing()
        asked.cancel()

    with writing(table.write) as writer:
        asyncio.run(leave())
        table.let_go()

        assert asyncio.run(all_of(writer, "2")) == [2]

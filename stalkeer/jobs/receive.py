"""Takes webhook deliveries in: one thread commits them in groups, so an answer means a row.

Radarr and Sonarr wait for the answer and never send again. One commit for all deliveries that
arrived while the last one was written is what makes a durable answer fast.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import ClassVar, NamedTuple

from stalkeer.errors import StalkeerError
from stalkeer.log import get_logger

log = get_logger(__name__)

BATCH = 500
WAITING = 5000


class ReceiverFullError(StalkeerError):
    """More deliveries wait than can be written: the sender is asked to come again."""

    code: ClassVar[str] = "busy"
    retryable: ClassVar[bool] = True


class _Delivery(NamedTuple):
    instance: str
    body: str
    loop: asyncio.AbstractEventLoop
    written: asyncio.Future[int]
    arrived_at: float


class WebhookWriter(threading.Thread):
    """Writes deliveries as jobs. `write` takes (instance, body) pairs and answers their job ids."""

    def __init__(
        self,
        write: Callable[[Sequence[tuple[str, str]]], list[int]],
        ring: Callable[[], None],
        *,
        took: Callable[[Sequence[float]], None] = lambda _: None,
    ) -> None:
        """Prepare; `start` begins.

        `ring` is called after each commit, and `took` with the seconds each of its deliveries had
        waited.
        """
        super().__init__(name="webhook-writer", daemon=True)
        self._write = write
        self._ring = ring
        self._took = took
        # Of C, and without a limit of its own: a queue that has one costs more than a row.
        self._waiting: queue.SimpleQueue[_Delivery | None] = queue.SimpleQueue()

    async def submit(self, instance: str, body: str) -> int:
        """Write one delivery and return its job id once the row is committed.

        Raises `ReceiverFullError` at once when too many wait, and what the database raised.
        """
        if self._waiting.qsize() >= WAITING:
            raise ReceiverFullError(f"{WAITING} webhooks wait to be written. Send this one again.")
        loop = asyncio.get_running_loop()
        written: asyncio.Future[int] = loop.create_future()
        self._waiting.put(_Delivery(instance, body, loop, written, time.monotonic()))
        return await written

    def stop(self, timeout_s: float = 10.0) -> None:
        """Write what waits, then end; wait so long for it."""
        self._waiting.put(None)
        self.join(timeout_s)

    def run(self) -> None:
        """Write batches until stopped."""
        while batch := self._next_batch():
            self._write_batch(batch)

    def _next_batch(self) -> list[_Delivery]:
        first = self._waiting.get()
        batch = [] if first is None else [first]
        while first is not None and len(batch) < BATCH:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                break
            if following is None:
                # Stopping: this batch is written, and the empty next one ends the thread.
                self._waiting.put(None)
                break
            batch.append(following)
        return batch

    def _write_batch(self, batch: Sequence[_Delivery]) -> None:
        try:
            ids = self._write([(delivery.instance, delivery.body) for delivery in batch])
        except Exception as exc:  # noqa: BLE001  # whatever it is, each request gets its answer
            if len(batch) == 1 or isinstance(exc, StalkeerError):
                # A database that is away is away for all of them, and each wait for it is long.
                _refuse(batch, exc)
                return
            # One by one, so that a bad row does not take its neighbours along.
            log.warning("webhooks could not be written together", error=str(exc))
            for delivery in batch:
                self._write_batch([delivery])
        else:
            _answer(batch, ids)
            self._ring()
            now = time.monotonic()
            self._took([now - delivery.arrived_at for delivery in batch])


def _answer(batch: Sequence[_Delivery], ids: Sequence[int]) -> None:
    """Wake all requests of a batch with one call into the loop."""

    def resolve() -> None:
        for delivery, job_id in zip(batch, ids, strict=True):
            if not delivery.written.done():
                delivery.written.set_result(job_id)

    _in_loop(batch, resolve)


def _refuse(batch: Sequence[_Delivery], exc: Exception) -> None:
    def fail() -> None:
        for delivery in batch:
            if not delivery.written.done():
                delivery.written.set_exception(exc)

    _in_loop(batch, fail)


def _in_loop(batch: Sequence[_Delivery], answer: Callable[[], None]) -> None:
    # A loop that is closed has nobody left who waits for an answer.
    with suppress(RuntimeError):
        batch[0].loop.call_soon_threadsafe(answer)

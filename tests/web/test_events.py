"""Downloads as they move, to whoever listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from stalkeer.db.downloads import Download
from stalkeer.db.store import Store
from stalkeer.web.events import MOST_LISTENERS, Feed
from tests.builders import film_on_its_way, take
from tests.web.conftest import House

EVERY_S = 0.01


class Reader:
    """Reads the downloads of a store, and counts how often."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked: list[datetime] = []

    def __call__(self, since: datetime) -> Sequence[Download]:
        self.asked.append(since)
        return self.store.downloads.changed_since(since)


def feed_of(store: Store, reader: Reader | None = None) -> Feed:
    return Feed(reader or Reader(store), store.clock, every_s=EVERY_S, quiet_s=5)


def read(event: bytes) -> tuple[int, dict[str, Any]]:
    """Take an event apart into its id and its download."""
    lines = dict(line.split(": ", 1) for line in event.decode().splitlines() if line)
    assert lines["event"] == "download"
    return int(lines["id"]), json.loads(lines["data"])


async def first_news(stream: AsyncIterator[bytes]) -> bytes:
    async for event in stream:
        if event.startswith(b"id: "):
            return event
    raise AssertionError("the stream ended")


def test_a_change_is_told_to_everybody_with_one_read(store: Store) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    reader = Reader(store)
    feed = feed_of(store, reader)

    async def listen() -> list[bytes]:
        streams = [feed.follow(None, for_s=5) for _ in range(20)]
        waiting = [asyncio.create_task(first_news(stream)) for stream in streams]
        await asyncio.sleep(5 * EVERY_S)
        store.leases.progress(lease, done=5, total=9, resume_token="{}")
        return await asyncio.gather(*waiting)

    heard = [read(event) for event in asyncio.run(listen())]

    assert {shown["bytes_downloaded"] for _, shown in heard} <= {0, 5}
    assert len(heard) == 20
    assert len(reader.asked) < 20


def test_whoever_comes_back_hears_what_changed_meanwhile(store: Store) -> None:
    film_on_its_way(store)
    began = store.clock()
    store.db.clock_offset_s = 60

    event = asyncio.run(first_news(feed_of(store).follow(began, for_s=5)))

    moment, shown = read(event)
    assert shown["title"] == "Heat (1995)"
    assert began.timestamp() - 2 <= moment <= began.timestamp() + 2


def test_whoever_comes_back_hears_nothing_twice_when_nothing_changed(store: Store) -> None:
    film_on_its_way(store)
    store.db.clock_offset_s = 60

    async def listen() -> list[bytes]:
        stream = feed_of(store).follow(store.clock(), for_s=10 * EVERY_S)
        return [event async for event in stream]

    assert not [event for event in asyncio.run(listen()) if event.startswith(b"id: ")]


def test_of_many_changes_a_slow_listener_hears_the_last(store: Store) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    feed = feed_of(store)

    async def listen() -> list[bytes]:
        stream = feed.follow(store.clock() - timedelta(seconds=5), for_s=2)
        await anext(stream)
        for done in range(1, 6):
            store.leases.progress(lease, done=done, total=9, resume_token="{}")
            await asyncio.sleep(3 * EVERY_S)
        return [await first_news(stream)]

    [event] = asyncio.run(listen())

    assert read(event)[1]["bytes_downloaded"] == 5


def test_for_nobody_the_database_is_not_read(store: Store) -> None:
    reader = Reader(store)
    feed = feed_of(store, reader)

    async def listen_and_leave() -> int:
        async for _ in feed.follow(None, for_s=5 * EVERY_S):
            pass
        await asyncio.sleep(5 * EVERY_S)
        before = len(reader.asked)
        await asyncio.sleep(10 * EVERY_S)
        return len(reader.asked) - before

    assert asyncio.run(listen_and_leave()) == 0
    assert not feed.is_full


def test_every_stream_ends_when_the_service_does(store: Store) -> None:
    feed = feed_of(store)

    async def listen() -> tuple[list[bytes], list[bytes]]:
        stream = feed.follow(None, for_s=3600)
        heard = [await anext(stream)]
        waiting = asyncio.create_task(rest_of(stream))
        await asyncio.sleep(5 * EVERY_S)
        feed.end()
        late = feed.follow(None, for_s=3600)
        async with asyncio.timeout(2):
            return heard + await waiting, await rest_of(late)

    heard, late = asyncio.run(listen())

    assert len(heard) == 2
    assert late == heard[:1]


async def rest_of(stream: AsyncIterator[bytes]) -> list[bytes]:
    return [event async for event in stream]


@pytest.mark.parametrize("said", ["9" * 5000, "99999999999999999", "-1", "²", "12 3", "\x00"])
def test_an_id_that_nobody_was_given_is_no_fault(house: House, said: str) -> None:
    headers = {b"Last-Event-ID": said.encode("latin-1")}

    answer = house.client.get("/api/v1/downloads/events", headers=headers)

    assert answer.status_code == 200
    assert answer.text.startswith("retry: ")


def test_one_listener_too_many_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Feed, "is_full", property(lambda _: True))

    answer = house.client.get("/api/v1/downloads/events")

    assert answer.status_code == 429
    assert str(MOST_LISTENERS) in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda at: {"headers": {"Last-Event-ID": str(at)}}, id="header"),
        pytest.param(lambda at: {"params": {"last_event_id": str(at)}}, id="query"),
    ],
)
def test_the_stream_goes_on_from_the_last_event_a_client_names(
    house: House, ask: Callable[[int], dict[str, Any]]
) -> None:
    film_on_its_way(house.store)

    answer = house.client.get(
        "/api/v1/downloads/events", **ask(int(house.store.clock().timestamp()) - 5)
    )

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.text.startswith("retry: ")

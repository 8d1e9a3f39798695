from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from stalkeer.arr.library import MANY_UNKNOWN, MAX_AGE_S, LibraryCache
from tests.arr.replay import Clock


class Shelf:
    """A library that counts how often it is read."""

    def __init__(self, *ids: int) -> None:
        self.ids = set(ids)
        self.reads = 0
        self.asked: list[int] = []
        self.during: Callable[[], object] = lambda: None

    def read(self) -> Mapping[int, str]:
        self.reads += 1
        items = {number: f"item {number}" for number in self.ids}
        self.during()
        return items

    def one(self, number: int) -> str | None:
        self.asked.append(number)
        return f"item {number}" if number in self.ids else None


def test_two_threads_that_find_it_empty_make_one_request() -> None:
    shelf = Shelf(1)
    cache = LibraryCache(shelf.read, monotonic=Clock().monotonic)
    start = Barrier(8)

    def ask(_: int) -> Mapping[int, str]:
        start.wait()
        return cache.items()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))

    assert shelf.reads == 1
    assert all(answer == {1: "item 1"} for answer in answers)


@pytest.mark.parametrize(("age_s", "reads"), [(MAX_AGE_S - 1, 1), (MAX_AGE_S, 2)])
def test_it_is_read_again_after_six_hours(age_s: float, reads: int) -> None:
    clock, shelf = Clock(), Shelf(1)
    cache = LibraryCache(shelf.read, monotonic=clock.monotonic)
    cache.items()

    clock.wait(age_s)
    cache.items()

    assert shelf.reads == reads


def test_what_was_forgotten_while_it_was_read_is_read_again() -> None:
    shelf = Shelf(1)
    cache = LibraryCache(shelf.read, monotonic=Clock().monotonic)
    shelf.during = cache.forget
    cache.items()
    shelf.during = lambda: None
    shelf.ids.add(2)

    assert set(cache.items()) == {1, 2}
    assert shelf.reads == 2


def test_a_reading_that_failed_is_tried_again() -> None:
    shelf = Shelf(1)
    cache = LibraryCache(shelf.read, monotonic=Clock().monotonic)

    def fail() -> None:
        raise ConnectionError

    shelf.during = fail
    with pytest.raises(ConnectionError):
        cache.items()
    shelf.during = lambda: None

    assert set(cache.items()) == {1}


def test_a_few_new_items_are_asked_for_one_by_one_and_the_gone_are_left_out() -> None:
    shelf = Shelf(1)
    cache = LibraryCache(shelf.read, monotonic=Clock().monotonic)
    cache.items()
    shelf.ids.add(2)

    found = cache.known({1, 2, 3}, shelf.one)

    assert found == {1: "item 1", 2: "item 2"}
    assert shelf.asked == [2, 3]
    assert shelf.reads == 1


def test_many_new_items_are_read_with_the_library() -> None:
    shelf = Shelf(0)
    cache = LibraryCache(shelf.read, monotonic=Clock().monotonic)
    cache.items()
    shelf.ids = set(range(MANY_UNKNOWN + 2))

    found = cache.known(shelf.ids, shelf.one)

    assert found.keys() == shelf.ids
    assert (shelf.reads, shelf.asked) == (2, [])

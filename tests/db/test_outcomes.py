"""What an item remembers of how its work ended: since when, how often, with which entries."""

from __future__ import annotations

import pytest

from stalkeer.core.entries import NewEntry
from stalkeer.core.jobs import DownloadChange, Ended, ItemMove, Job, NewJob, done, later
from stalkeer.core.states import (
    DownloadStatus,
    ImportStatus,
    ItemState,
    JobKind,
    JobStatus,
)
from stalkeer.db.items import Item
from stalkeer.db.store import Store
from tests.builders import (
    LIMITS,
    NOW,
    entry,
    film_on_its_way,
    jobs_of,
    learn,
    movie,
    publish,
    start_download,
    take,
)

HEAT = entry("Heat (1995) 1080p", "http://h.example.invalid/1.mkv")
OTHER = entry("Heat (1995) 720p", "http://h.example.invalid/2.mkv")


def item_of(store: Store, item_id: int) -> Item:
    item = store.items.get(item_id)
    assert item is not None
    return item


def move(store: Store, item_id: int, *states: ItemState) -> None:
    for state in states:
        store.items.move([ItemMove(item_id=item_id, state=state)])


def fail(store: Store, job: Job) -> None:
    """Let a download be given up."""
    _, lease = take(store, job.id)
    given_up = Ended(status=JobStatus.FAILED, error_code="link_gone", error="404")
    store.leases.end(lease, given_up, LIMITS)


def tried(store: Store, item_id: int) -> list[int]:
    return list(store.downloads.tried_entries(item_id))


# --- since when ---


def test_an_item_knows_since_when_it_is_in_its_state(store: Store) -> None:
    item_id = learn(store, movie())
    move(store, item_id, ItemState.NO_MATCH)
    before = item_of(store, item_id)

    store.db.clock_offset_s = 3600
    move(store, item_id, ItemState.NO_MATCH)
    same = item_of(store, item_id)
    move(store, item_id, ItemState.TO_CONFIRM)
    after = item_of(store, item_id)

    assert before.moved_at is not None
    assert after.moved_at is not None
    assert same.moved_at == before.moved_at
    assert same.updated_at > before.updated_at
    assert (after.moved_at - before.moved_at).total_seconds() >= 3600


def test_what_the_arr_says_anew_does_not_move_an_item(store: Store) -> None:
    item_id = learn(store, movie())
    move(store, item_id, ItemState.FAILED)
    before = item_of(store, item_id)

    store.db.clock_offset_s = 3600
    learn(store, movie(title="Heat!"), NOW)

    after = item_of(store, item_id)
    assert (after.moved_at, after.failures) == (before.moved_at, 1)


# --- how often ---


@pytest.mark.parametrize("state", [ItemState.FAILED, ItemState.IMPORT_FAILED])
def test_failures_in_a_row_are_counted_once_each(store: Store, state: ItemState) -> None:
    item_id = learn(store, movie())

    move(store, item_id, state, state, ItemState.SEARCHING, ItemState.WAITING, state)

    assert item_of(store, item_id).failures == 2


def test_a_new_file_is_counted_anew(store: Store) -> None:
    item_id = learn(store, movie())
    move(store, item_id, ItemState.FAILED, ItemState.SEARCHING, ItemState.FAILED)

    move(store, item_id, ItemState.DOWNLOADING, ItemState.OBTAINED, ItemState.IMPORT_FAILED)

    assert item_of(store, item_id).failures == 1


def test_a_file_that_is_asked_for_again_goes_on_counting(store: Store) -> None:
    item_id = learn(store, movie())

    for _ in range(3):
        move(store, item_id, ItemState.OBTAINED, ItemState.OBTAINED, ItemState.IMPORT_FAILED)

    assert item_of(store, item_id).failures == 3


def test_an_import_that_is_refused_twice_counts_two(store: Store) -> None:
    job = film_on_its_way(store)
    item_id = job.item_id or 0
    obtain(store, job)
    refuse(store)

    store.control.replay(jobs_of(store, JobKind.IMPORT)[-1].id)
    refuse(store)

    item = item_of(store, item_id)
    assert (item.state, item.failures) == (ItemState.IMPORT_FAILED, 2)


def obtain(store: Store, job: Job) -> None:
    """Fetch a film; its import waits."""
    _, lease = take(store, job.id)
    change = DownloadChange(
        download_id=job.download_id or 0,
        status=DownloadStatus.COMPLETED,
        import_status=ImportStatus.PENDING,
    )
    follow = NewJob(kind=JobKind.IMPORT, item_id=job.item_id, download_id=job.download_id)
    store.leases.end(lease, done("downloaded", download=change, then=(follow,)), LIMITS)


def refuse(store: Store) -> None:
    """Let the arr refuse the file."""
    _, lease = take(store, jobs_of(store, JobKind.IMPORT)[-1].id)
    refused = Ended(status=JobStatus.FAILED, error_code="import_refused", error="Sample")
    store.leases.end(lease, refused, LIMITS)


# --- with which entries ---


def test_an_entry_that_failed_is_not_tried_again_until_the_item_starts_anew(store: Store) -> None:
    item_id, [heat] = learn(store, movie()), publish(store, HEAT)
    fail(store, start_download(store, [item_id], heat))
    assert tried(store, item_id) == [heat]

    store.items.start_anew(item_id, failures=1)

    assert tried(store, item_id) == []
    item = item_of(store, item_id)
    assert (item.state, item.reason, item.failures) == (ItemState.SEARCHING, "", 1)


def test_only_what_failed_before_is_forgiven(store: Store) -> None:
    item_id, [heat, other] = learn(store, movie()), publish(store, HEAT, OTHER)
    fail(store, start_download(store, [item_id], heat))
    store.items.start_anew(item_id)

    fail(store, start_download(store, [item_id], other))

    assert tried(store, item_id) == [other]


def test_one_item_that_starts_anew_forgives_nothing_for_another(store: Store) -> None:
    item_id, neighbour = learn(store, movie()), learn(store, movie(2, "Ronin", 1998))
    heat, other = publish(store, HEAT, OTHER)
    fail(store, start_download(store, [item_id], heat))
    fail(store, start_download(store, [neighbour], other))

    store.items.start_anew(item_id)

    assert tried(store, item_id) == []
    assert tried(store, neighbour) == [other]


@pytest.mark.parametrize(
    ("now", "left"),
    [
        pytest.param(HEAT, 1, id="the-same"),
        pytest.param(
            entry("Heat (1995) 1080p", "http://h.example.invalid/1.mkv", group="Better VOD"),
            0,
            id="changed",
        ),
    ],
)
def test_an_entry_that_changed_after_it_failed_may_be_tried_again(
    store: Store, now: NewEntry, left: int
) -> None:
    item_id, [heat] = learn(store, movie()), publish(store, HEAT)
    fail(store, start_download(store, [item_id], heat))

    store.db.clock_offset_s = 60
    publish(store, now)

    assert len(tried(store, item_id)) == left


def test_an_entry_that_waits_for_its_next_try_was_not_tried_for_good(store: Store) -> None:
    item_id, [heat] = learn(store, movie()), publish(store, HEAT)
    _, lease = take(store, start_download(store, [item_id], heat).id)

    store.leases.end(lease, later("the provider is down", run_in_s=60), LIMITS)

    assert tried(store, item_id) == []


# --- starting anew ---


@pytest.mark.parametrize("left", [ItemState.IMPORTED, ItemState.GONE])
def test_an_item_that_is_missing_again_starts_anew_with_every_entry(
    store: Store, left: ItemState
) -> None:
    item_id, [heat] = learn(store, movie()), publish(store, HEAT)
    fail(store, start_download(store, [item_id], heat))
    move(store, item_id, left)
    store.db.clock_offset_s = 3600

    learn(store, movie())

    item = item_of(store, item_id)
    assert (item.state, item.failures) == (ItemState.SEARCHING, 0)
    assert item.moved_at == item.updated_at
    assert tried(store, item_id) == []


def test_a_replayed_search_may_take_the_entries_that_failed(store: Store) -> None:
    item_id, [heat] = learn(store, movie()), publish(store, HEAT)
    fail(store, start_download(store, [item_id], heat))
    move(store, item_id, ItemState.FAILED)
    search = store.jobs.add(NewJob(kind=JobKind.SEARCH, item_id=item_id))
    store.control.cancel_job(search or 0)
    assert tried(store, item_id) == [heat]

    store.control.replay(search or 0)

    assert tried(store, item_id) == []
    assert item_of(store, item_id).failures == 0

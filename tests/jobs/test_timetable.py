"""The schedules of playlists follow the playlists."""

from __future__ import annotations

from datetime import timedelta

from stalkeer.core.states import JobKind
from stalkeer.db.store import Store
from stalkeer.jobs.timetable import refresh_soon, schedule_playlists


def intervals(store: Store) -> dict[str, int]:
    return store.schedules.intervals(JobKind.REFRESH_PLAYLIST)


def test_each_playlist_is_read_at_its_own_interval_or_else_as_all_are(store: Store) -> None:
    one = store.playlists.add("one", "/lists/one.m3u")
    two = store.playlists.add("two", "/lists/two.m3u")
    store.sources.change(two, {"refresh_s": 600})

    schedule_playlists(store, every_s=3600)

    assert intervals(store) == {f"refresh_playlist:{one}": 3600, f"refresh_playlist:{two}": 600}


def test_a_new_playlist_is_read_at_once_and_one_that_is_known_keeps_its_turn(
    store: Store,
) -> None:
    store.playlists.add("one", "/lists/one.m3u")
    schedule_playlists(store, every_s=3600)
    [first] = store.schedules.tick()
    store.playlists.add("two", "/lists/two.m3u")

    schedule_playlists(store, every_s=3600)
    [second] = store.schedules.tick()

    assert first != second
    assert store.schedules.tick() == []


def test_a_changed_interval_counts_from_now_on(store: Store) -> None:
    number = store.playlists.add("one", "/lists/one.m3u")
    schedule_playlists(store, every_s=3600)
    store.sources.change(number, {"refresh_s": 60})

    schedule_playlists(store, every_s=3600)

    assert list(intervals(store).values()) == [60]


def test_a_playlist_that_is_not_used_any_more_is_not_read_any_more(store: Store) -> None:
    store.playlists.configure([("one", "/lists/one.m3u")])
    store.schedules.configure("cleanup", JobKind.CLEANUP, every_s=86400)
    schedule_playlists(store, every_s=3600)
    store.playlists.configure([])

    schedule_playlists(store, every_s=3600)

    assert intervals(store) == {}
    assert store.schedules.intervals(JobKind.CLEANUP) == {"cleanup": 86400}


def test_one_that_was_not_read_to_its_end_comes_again_in_five_minutes(store: Store) -> None:
    number = store.playlists.add("one", "/lists/one.m3u")
    schedule_playlists(store, every_s=3600)
    [job_id] = store.schedules.tick()
    store.control.cancel_job(job_id)

    refresh_soon(store, number)

    store.db.clock_offset_s = timedelta(minutes=4).total_seconds()
    early = store.schedules.tick()
    store.db.clock_offset_s = timedelta(minutes=5, seconds=1).total_seconds()
    assert (early, len(store.schedules.tick())) == ([], 1)

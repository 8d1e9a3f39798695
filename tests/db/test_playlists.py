"""Playlists of the settings and of people, and how far each has been read, on both databases."""

from __future__ import annotations

from collections.abc import Iterable

from stalkeer.db.store import Store
from tests.builders import entry, playlist, publish

HEAT = entry("Heat (1995)", "http://tv.example.invalid/films/1.mkv")


def read(store: Store, playlist_id: int) -> None:
    """Finish an import of an empty list."""
    task = store.imports.begin(playlist_id, "token")
    store.imports.publish(task, entry_count=1, is_changed=True, moved={})
    store.imports.finish(task, etag="e", last_modified="m")


def configured(store: Store) -> Iterable[tuple[str, str]]:
    return [(row.name, row.location) for row in store.playlists.all()]


def test_playlists_of_the_settings_come_and_go_with_them(store: Store) -> None:
    store.playlists.configure([("a", "/a.m3u"), ("b", "/b.m3u")])
    first = store.playlists.all()[0].id

    store.playlists.configure([("b", "/b.m3u")])
    assert configured(store) == [("b", "/b.m3u")]

    store.playlists.configure([("a", "/a.m3u"), ("b", "/b.m3u")])
    assert store.playlists.all()[0].id == first


def test_a_playlist_that_a_person_gave_stays(store: Store) -> None:
    playlist_id = store.playlists.add("mine", "/mine.m3u")

    store.playlists.configure([("a", "/a.m3u")])

    assert configured(store) == [("mine", "/mine.m3u"), ("a", "/a.m3u")]
    assert store.playlists.add("mine", "/mine.m3u") == playlist_id


def test_a_list_of_the_same_name_does_not_take_the_place_of_another(store: Store) -> None:
    store.playlists.configure([("list.m3u", "/a/list.m3u")])

    second = store.playlists.add("list.m3u", "/b/list.m3u")
    third = store.playlists.add("list.m3u", "/c/list.m3u")

    assert configured(store) == [
        ("list.m3u", "/a/list.m3u"),
        ("list.m3u-2", "/b/list.m3u"),
        ("list.m3u-3", "/c/list.m3u"),
    ]
    assert second != third


def test_a_playlist_that_left_the_settings_is_in_use_again_when_a_person_gives_it(
    store: Store,
) -> None:
    store.playlists.configure([("a", "/a.m3u")])
    publish(store, HEAT, name="other")
    store.playlists.configure([])

    playlist_id = store.playlists.add("a", "/a.m3u")

    assert ("a", "/a.m3u") in configured(store)
    row = store.playlists.get(playlist_id)
    assert row is not None
    assert row.name == "a"


def test_a_new_address_is_not_asked_whether_the_old_list_has_changed(store: Store) -> None:
    store.playlists.configure([("tv", "http://tv.example.invalid/1")])
    playlist_id = store.playlists.all()[0].id
    read(store, playlist_id)

    store.playlists.configure([("tv", "http://tv.example.invalid/1")])
    same = store.playlists.get(playlist_id)
    store.playlists.configure([("tv", "http://tv.example.invalid/2")])
    moved = store.playlists.get(playlist_id)

    assert same is not None
    assert moved is not None
    assert (same.etag, same.last_modified, same.entry_count) == ("e", "m", 1)
    assert (moved.etag, moved.last_modified, moved.entry_count) == ("", "", 0)


def test_a_refresh_that_failed_says_why_until_one_goes_through(store: Store) -> None:
    playlist_id = playlist(store)

    store.playlists.note(playlist_id, error="the server is away")
    failed = store.playlists.get(playlist_id)
    store.playlists.note(playlist_id)
    unchanged = store.playlists.get(playlist_id)

    assert failed is not None
    assert unchanged is not None
    assert (failed.last_error, failed.refreshed_at) == ("the server is away", None)
    assert unchanged.last_error == ""
    assert unchanged.refreshed_at is not None
    assert store.playlists.get(playlist_id + 1) is None


def test_a_playlist_that_was_never_read_is_dropped_unless_the_settings_name_it(
    store: Store,
) -> None:
    store.playlists.configure([("set", "http://tv.example.invalid/1")])
    typo, good = store.playlists.add("typo", "/typo.m3u"), store.playlists.add("read", "/l.m3u")
    read(store, good)
    for row in store.playlists.all():
        store.playlists.drop_unread(row.id)

    assert store.playlists.get(typo) is None
    assert {row.name for row in store.playlists.all()} == {"set", "read"}

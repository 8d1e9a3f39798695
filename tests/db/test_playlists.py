"""Playlists and entries, on both databases: versions, candidates, sources."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from stalkeer.core.entries import NewEntry
from stalkeer.core.items import Wanted
from stalkeer.db.models import EntryKey, PlaylistItem
from stalkeer.db.playlists import BatchCounts
from stalkeer.db.store import Store
from tests.builders import entry, entry_id, episode, movie, playlist, publish, row_of

HEAT = entry("Heat (1995)", "http://tv.example.invalid/films/1.mkv")
RONIN = entry("Ronin (1998)", "http://tv.example.invalid/films/2.mkv")
WIRE = entry("The Wire S01E01-E02", "http://tv.example.invalid/series/3.mkv")


def begun(store: Store, *entries: NewEntry) -> tuple[int, int, BatchCounts]:
    """Write an import without making it current; return playlist, version and counts."""
    playlist_id, counts = playlist(store), BatchCounts()
    version = store.playlists.begin(playlist_id)
    store.playlists.write(playlist_id, version, entries, counts)
    return playlist_id, version, counts


def finish(store: Store, playlist_id: int, version: int) -> int:
    return store.playlists.publish(playlist_id, version, entry_count=1, etag="e", last_modified="m")


def names(store: Store, wanted: Wanted) -> list[str]:
    return [candidate.name for candidate in store.playlists.candidates(wanted)]


# --- versions ---


def test_an_import_is_invisible_until_it_is_published(store: Store) -> None:
    playlist_id, version, _ = begun(store, HEAT)
    assert names(store, movie()) == []

    finish(store, playlist_id, version)

    assert names(store, movie()) == ["Heat (1995)"]
    row = store.playlists.get(playlist_id)
    assert row is not None
    assert (row.version, row.entry_count, row.etag, row.last_modified) == (1, 1, "e", "m")
    assert row.refreshed_at is not None
    assert row.last_error == ""


def test_the_old_version_stays_visible_while_the_new_one_is_written(store: Store) -> None:
    publish(store, HEAT, RONIN)

    playlist_id, version, _ = begun(store, RONIN)

    assert names(store, movie()) == ["Heat (1995)"]
    assert finish(store, playlist_id, version) == 1, "one is gone"
    assert names(store, movie()) == []
    assert names(store, movie(2, "Ronin", 1998)) == ["Ronin (1998)"]


def test_an_entry_that_did_not_change_keeps_its_row(store: Store) -> None:
    [before] = publish(store, HEAT)
    touched = row_of(store, PlaylistItem, PlaylistItem.id == before).updated_at
    store.db.clock_offset_s = 3600

    _, _, counts = begun(store, HEAT)

    after = row_of(store, PlaylistItem, PlaylistItem.identity == HEAT.identity)
    assert (after.id, after.updated_at) == (before, touched)
    assert (counts.new, counts.changed, counts.same) == (0, 0, 1)


def test_an_entry_whose_address_got_other_credentials_keeps_its_row(store: Store) -> None:
    [before] = publish(store, entry("Heat (1995)", "http://h.example.invalid/movie/u/p/1.mkv"))
    renewed = entry("Heat (1995)", "http://h.example.invalid/movie/u2/p2/1.mkv")

    _, _, counts = begun(store, renewed)

    found = store.playlists.entry(before)
    assert found is not None
    assert found.url == "http://h.example.invalid/movie/u2/p2/1.mkv"
    assert (counts.new, counts.changed, counts.same) == (0, 1, 0)
    assert names(store, movie()) == ["Heat (1995)"]


def test_a_changed_entry_is_found_under_its_new_keys_only(store: Store) -> None:
    [before] = publish(store, entry("Heat (1995)", logo="http://i.example.invalid/a.png"))
    keys = keys_of(store, before)

    publish(store, entry("Heat (1995)", logo="http://image.tmdb.org/t/p/w500/abcdefgh.jpg"))

    assert keys_of(store, before) == {*keys, "poster:abcdefgh"}
    publish(store, entry("Heat (1995)"))
    assert keys_of(store, before) == keys


def keys_of(store: Store, row_id: int) -> set[str]:
    rows = store.db.read(lambda: list(EntryKey.select().where(EntryKey.item == row_id)))
    return {row.key for row in rows}


def test_an_interrupted_import_leaves_nothing(store: Store) -> None:
    publish(store, HEAT)
    begun(store, HEAT, RONIN)

    playlist_id, version, counts = begun(store, HEAT)

    assert version == 2
    assert (counts.new, counts.same) == (0, 1)
    finish(store, playlist_id, version)
    rows = store.db.read(lambda: [row.name for row in PlaylistItem.select()])
    assert rows == ["Heat (1995)"]
    assert store.db.read(lambda: EntryKey.select().count()) == len(HEAT.keys)


def test_an_entry_that_only_an_interrupted_import_saw_is_gone_with_the_next(store: Store) -> None:
    publish(store, HEAT, RONIN)
    begun(store, HEAT, RONIN)

    publish(store, RONIN)

    assert names(store, movie()) == []
    assert names(store, movie(2, "Ronin", 1998)) == ["Ronin (1998)"]


def test_an_entry_that_comes_back_is_new_and_invisible_until_published(store: Store) -> None:
    [heat, _] = publish(store, HEAT, RONIN)
    publish(store, RONIN)

    playlist_id, version, counts = begun(store, HEAT, RONIN)

    assert (counts.new, counts.same) == (1, 1)
    assert names(store, movie()) == []
    assert finish(store, playlist_id, version) == 0
    assert names(store, movie()) == ["Heat (1995)"]
    assert entry_id(store, HEAT) == heat


def test_an_entry_that_stands_twice_in_a_list_is_stored_once(store: Store) -> None:
    playlist_id, version, counts = begun(store, HEAT, HEAT)
    store.playlists.write(playlist_id, version, [HEAT], counts)
    finish(store, playlist_id, version)

    assert names(store, movie()) == ["Heat (1995)"]
    assert (counts.new, counts.changed, counts.same) == (1, 0, 1)


def test_an_entry_without_a_title_is_stored_and_never_found(store: Store) -> None:
    [row_id] = publish(store, entry("", "http://h.example.invalid/9", group=""))

    found = store.playlists.entry(row_id)
    assert found is not None
    assert found.name == ""
    assert keys_of(store, row_id) == set()


# --- candidates ---


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(movie(), ["Heat (1995)"], id="title"),
        pytest.param(movie(title="HEAT!"), ["Heat (1995)"], id="other-spelling"),
        pytest.param(movie(title="Heat 2"), [], id="other-title"),
        pytest.param(movie(alternate_titles=("Ronin",)), ["Heat (1995)", "Ronin (1998)"], id="aka"),
        pytest.param(episode(title="Heat"), [], id="an-episode-is-no-movie"),
        pytest.param(episode(), ["The Wire S01E01-E02"], id="first-of-two"),
        pytest.param(episode(2, number=2), ["The Wire S01E01-E02"], id="second-of-two"),
        pytest.param(episode(3, number=3), [], id="another-episode"),
    ],
)
def test_candidates_are_found_by_any_title_and_kind(
    store: Store, wanted: Wanted, found: list[str]
) -> None:
    publish(store, HEAT, RONIN, WIRE)

    assert names(store, wanted) == found


def test_a_daily_episode_is_found_by_its_date(store: Store) -> None:
    [row_id] = publish(store, entry("The Daily Show 2024-01-26", group="TV Shows"))
    row = row_of(store, EntryKey, EntryKey.item == row_id)

    daily = episode(title="The Daily Show", series_type="daily", air_date=row.air_date)

    assert row.air_date is not None
    assert names(store, daily) == ["The Daily Show 2024-01-26"]


def test_entries_of_a_playlist_that_is_no_longer_set_are_no_candidates(store: Store) -> None:
    store.playlists.configure([("list", "/list.m3u")])
    publish(store, HEAT)

    store.playlists.configure([("other", "/other.m3u")])

    assert names(store, movie()) == []
    store.playlists.configure([("list", "/list.m3u")])
    assert names(store, movie()) == ["Heat (1995)"]


def test_a_candidate_says_what_the_list_says(store: Store) -> None:
    given = entry(
        "Heat (1995)",
        "http://h.example.invalid/movie/u/p/1.mkv",
        tvg_id="tt0113277",
        logo="http://i.example.invalid/heat.png",
        tvg_type="movies",
        user_agent="VLC",
        referrer="http://r.example.invalid/",
    )
    [row_id] = publish(store, given)

    [candidate] = store.playlists.candidates(movie())
    found = store.playlists.entry(row_id)

    assert (candidate.entry_id, candidate.group, candidate.url_kind) == (row_id, "VOD", "movie")
    assert (candidate.tvg_id, candidate.logo) == ("tt0113277", "http://i.example.invalid/heat.png")
    assert candidate.tvg_type == "movies"
    assert found is not None
    assert (found.user_agent, found.referrer) == ("VLC", "http://r.example.invalid/")
    assert store.playlists.entry(row_id + 1) is None


# --- sources ---


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
    finish(store, playlist_id, store.playlists.begin(playlist_id))

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
    typo, read = store.playlists.add("typo", "/typo.m3u"), store.playlists.add("read", "/l.m3u")
    finish(store, read, store.playlists.begin(read))
    for row in store.playlists.all():
        store.playlists.drop_unread(row.id)

    assert store.playlists.get(typo) is None
    assert {row.name for row in store.playlists.all()} == {"set", "read"}

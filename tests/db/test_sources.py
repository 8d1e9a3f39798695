"""Playlists and filters as a person sets them up, and the titles of what they hold."""

from __future__ import annotations

import pytest

from stalkeer.core.collection import Collection, collection_of_movies
from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.core.items import ContentType, Movie
from stalkeer.db.control import ConflictError, NoSuchRowError
from stalkeer.db.models import Playlist, PlaylistItem
from stalkeer.db.pages import PageError, PageRequest
from stalkeer.db.sources import PlaylistSpec
from stalkeer.db.store import Store
from stalkeer.jobs.survey import compare
from tests.builders import entry, playlist, publish

PLACE = "https://tv.example.invalid/list.m3u"
RULE = FilterRule("no adults", Attribute.GROUP_TITLE, ("^VOD", "FR"), ("(?i)adult",))


def spec(name: str = "films", location: str = PLACE, **said: object) -> PlaylistSpec:
    return PlaylistSpec(name=name, kind="m3u", location=location, **said)  # type: ignore[arg-type]


def test_a_playlist_is_kept_as_it_was_said(store: Store) -> None:
    row_id = store.sources.add(spec(username="joe", password="word", refresh_s=600))

    row = store.sources.get(row_id)

    assert (row.name, row.location, row.username, row.password) == ("films", PLACE, "joe", "word")
    assert (row.refresh_s, row.is_enabled, row.is_configured, row.version) == (600, True, False, 0)
    assert store.sources.find(PLACE) == row
    assert store.sources.find("/nowhere") is None


def test_names_and_places_are_taken_once_but_a_panel_may_have_several_accounts(
    store: Store,
) -> None:
    store.sources.add(spec())

    with pytest.raises(ConflictError, match="playlist named 'films' already"):
        store.sources.add(spec(location="/other"))
    with pytest.raises(ConflictError, match="playlist of this location already"):
        store.sources.add(spec("other"))
    store.sources.add(spec("second account", username="jane"))


def test_what_was_noted_of_a_list_is_forgotten_when_it_is_another(store: Store) -> None:
    row_id = store.sources.add(spec())
    noted = {"etag": '"1"', "entry_count": 9}
    store.db.write(lambda: Playlist.update(**noted).execute())

    store.sources.change(row_id, {"user_agent": "VLC"})
    same = store.sources.get(row_id)
    store.sources.change(row_id, {"location": "/other.m3u"})
    other = store.sources.get(row_id)

    assert (same.etag, same.entry_count, same.user_agent) == ('"1"', 9, "VLC")
    assert (other.etag, other.entry_count, other.location) == ("", 0, "/other.m3u")
    assert store.sources.find("/other.m3u") is not None


def test_a_playlist_that_leaves_frees_its_name_and_place_at_once(store: Store) -> None:
    row_id = store.sources.add(spec())

    store.sources.leave(row_id)

    assert store.sources.page(PageRequest()).total == 0
    with pytest.raises(NoSuchRowError):
        store.sources.get(row_id)
    assert store.sources.add(spec()) != row_id


def test_a_playlist_is_removed_a_few_entries_at_a_time(store: Store) -> None:
    publish(store, *(entry(f"Film {n} (1990)", f"http://h.example.invalid/{n}") for n in range(3)))
    row_id = playlist(store)
    store.sources.leave(row_id)

    removed = [store.sources.remove_some(row_id, 2) for _ in range(3)]

    assert removed == [2, 1, 0]
    assert store.db.read(PlaylistItem.select().count) == 0
    assert store.db.read(Playlist.select().count) == 0


def test_a_filter_is_read_as_it_was_written(store: Store) -> None:
    row = store.filters.add(RULE)

    assert store.filters.rules() == (RULE,)
    changed = store.filters.change(row.id, FilterRule("b", Attribute.TVG_NAME))
    assert store.filters.get(row.id) == changed
    store.filters.remove(row.id)
    assert store.filters.get(row.id) is None
    with pytest.raises(NoSuchRowError):
        store.filters.remove(row.id)


def test_filters_of_the_settings_come_first_and_push_a_name_aside(store: Store) -> None:
    store.filters.add(RULE)
    ours = FilterRule(RULE.name, Attribute.TVG_NAME, ("x",), is_runtime=False)

    changed = [store.filters.configure([ours]), store.filters.configure([ours])]

    assert changed == [True, False]
    assert [rule.name for rule in store.filters.rules()] == ["no adults", "no adults-2"]
    [row] = [row for row in store.filters.page(PageRequest()).rows if not row.rule.is_runtime]
    with pytest.raises(ConflictError, match="STALKEER_FILTER_TVG_NAME_INCLUDE"):
        store.filters.change(row.id, RULE)
    assert store.filters.remove_runtime() == 1


def test_filters_of_one_list_go_with_it(store: Store) -> None:
    row_id = store.sources.add(spec())
    rule = FilterRule("own", Attribute.GROUP_TITLE, ("x",), playlist_id=row_id)

    assert store.filters.replace_of(row_id, [rule])
    assert not store.filters.replace_of(row_id, [rule])
    assert [row.rule for row in store.filters.of_playlist(row_id)] == [rule]
    store.sources.leave(row_id)
    store.sources.remove_some(row_id, 1)

    assert store.filters.rules() == ()


def test_titles_are_found_by_a_part_and_paged_by_entries(store: Store) -> None:
    names = ("Heat (1995)", "Heat (1995) 4K", "Reheated (2001)", "The Wire S01E02", "Heat S01E01")
    ids = publish(
        store,
        *(entry(name, f"http://h.example.invalid/{n}.mkv") for n, name in enumerate(names)),
    )
    heat = Movie(id=1, title="Heat", year=1995)
    collections = {
        ContentType.MOVIE: collection_of_movies([heat]),
        ContentType.TVSHOW: Collection(),
    }
    compare(store, collections, go_on=lambda: None)

    found = store.titles.search("heat", list(ContentType))

    assert [(row.title, row.content_type, row.entries) for row in found] == [
        ("Heat", ContentType.MOVIE, 2),
        ("Heat", ContentType.TVSHOW, 1),
        ("Reheated", ContentType.MOVIE, 1),
    ]
    paged = [store.titles.entries_of(found, offset=offset, limit=2) for offset in (0, 1, 3, 9)]
    assert paged == [(ids[0], ids[1]), (ids[1], ids[4]), (ids[2],), ()]
    page = store.titles.uncollected(ContentType.MOVIE, PageRequest(sort="title"))
    assert [row.title for row in page.rows] == ["Reheated"]
    with pytest.raises(PageError, match="sorted by title"):
        store.titles.uncollected(ContentType.MOVIE, PageRequest())


def test_a_search_does_not_take_signs_for_patterns(store: Store) -> None:
    publish(store, entry("Heat (1995)"))
    compare(store, {}, go_on=lambda: None)

    assert store.titles.search("%", list(ContentType)) == ()
    assert store.titles.search("h_at", list(ContentType)) == ()

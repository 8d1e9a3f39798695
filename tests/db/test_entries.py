"""Playlist entries in pages of any order, counted, and said otherwise by a person."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from stalkeer.core.entries import NewEntry
from stalkeer.core.items import ContentType
from stalkeer.core.overrides import Override
from stalkeer.db import listing
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.listing import SORTS, EntryFilter
from stalkeer.db.models import EntryCount, PlaylistItem
from stalkeer.db.pages import PageError, PageRequest
from stalkeer.db.store import Store
from tests.builders import entry, movie, playlist, publish

FILMS = ("Heat (1995) 1080p", "Alien (1979)", "Zodiac (2007) 4K", "Memento", "Brazil (1985)")
EPISODES = ("The Wire S01E01", "The Wire S01E02", "Atlanta S02E03 720p")


def film(number: int, name: str, group: str = "VOD") -> NewEntry:
    return entry(name, f"http://tv.example.invalid/movie/u/p/{number}.mkv", group=group)


def episode(number: int, name: str) -> NewEntry:
    return entry(name, f"http://tv.example.invalid/series/u/p/{number}.mkv", group="SERIES")


def channel(number: int, name: str) -> NewEntry:
    return entry(name, f"http://tv.example.invalid/live/u/p/{number}.ts", group="LIVE")


def shelf(store: Store) -> dict[str, int]:
    """Publish a list of nine entries and give their ids by name."""
    entries = [film(number, name) for number, name in enumerate(FILMS, 1)]
    entries += [episode(number, name) for number, name in enumerate(EPISODES, 11)]
    entries.append(channel(21, "CNN"))
    ids = publish(store, *entries)
    store.tallies.recount(playlist(store))
    return {each.raw.name: entry_id for each, entry_id in zip(entries, ids, strict=True)}


def names(store: Store, wanted: EntryFilter | None = None, **asked: object) -> list[str]:
    request = replace(PageRequest(limit=500), **asked)  # type: ignore[arg-type]
    page = store.entries.page(wanted or EntryFilter(), request)
    assert page.total >= len(page.rows)
    return [row.name for row in page.rows]


def put(store: Store, name: str, **columns: object) -> None:
    store.db.write(
        lambda: PlaylistItem.update(**columns).where(PlaylistItem.name == name).execute()
    )


@pytest.fixture(params=["picks", "walks"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to find a page must find the same one."""
    if request.param == "walks":
        monkeypatch.setattr(listing, "FEW", 0)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(EntryFilter(), 9, id="all"),
        pytest.param(EntryFilter(playlist_id=99), 0, id="another-list"),
        pytest.param(EntryFilter(content_type="tvshow"), 3, id="content-type"),
        pytest.param(EntryFilter(group_title="VOD"), 5, id="group"),
        pytest.param(EntryFilter(group_title="nothing"), 0, id="no-such-group"),
        pytest.param(EntryFilter(resolution="1080p"), 1, id="resolution"),
        pytest.param(EntryFilter(year=1979), 1, id="year"),
        pytest.param(EntryFilter(year=1979, content_type="tvshow"), 0, id="nothing-fits-both"),
        pytest.param(EntryFilter(state="failed"), 1, id="rare-state"),
        pytest.param(EntryFilter(state="processed"), 8, id="common-state"),
        pytest.param(EntryFilter(is_overridden=True), 1, id="overridden"),
        pytest.param(EntryFilter(is_overridden=False), 8, id="not-overridden"),
        pytest.param(EntryFilter(is_overridden=False, state="processed"), 7, id="both-common"),
        pytest.param(EntryFilter(is_overridden=True, state="failed"), 0, id="both-rare"),
        pytest.param(EntryFilter(is_overridden=False, state="failed"), 1, id="rare-and-common"),
    ],
)
@pytest.mark.usefixtures("way")
def test_a_filter_leaves_the_entries_that_fit_and_counts_them(
    store: Store, wanted: EntryFilter, found: int
) -> None:
    ids = shelf(store)
    put(store, "Memento", state="failed")
    store.entries.override(ids["Brazil (1985)"], Override(resolution="720p"), by="api")

    for sort in SORTS:
        page = store.entries.page(wanted, PageRequest(sort=sort))
        assert (len(page.rows), page.total) == (found, found), sort


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(EntryFilter(), id="all"),
        pytest.param(EntryFilter(content_type="movie"), id="films"),
        pytest.param(EntryFilter(content_type="tvshow"), id="episodes"),
        pytest.param(EntryFilter(group_title="VOD"), id="group"),
        pytest.param(EntryFilter(resolution="1080p"), id="resolution"),
        pytest.param(EntryFilter(year=1979), id="year"),
        pytest.param(EntryFilter(state="processed"), id="state"),
        pytest.param(EntryFilter(content_type="movie", year=1979), id="films-of-a-year"),
    ],
)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_page_of_many_entries_is_walked_to_in_its_order_and_never_sorted(
    store: Store,
    wanted: EntryFilter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "FEW", 0)
    shelf(store)

    with asking() as asked:
        for sort in SORTS:
            store.entries.page(wanted, PageRequest(sort=sort))

    pages = [each for each in asked if "playlist_item" in each[0] and "ORDER BY" in each[0]]
    plans = [plan for sql, values in pages for plan in plan_of(store, sql, values)]
    assert len(pages) >= len(SORTS)
    assert not [plan for plan in plans if "TEMP B-TREE" in plan]


@contextmanager
def asking() -> Iterator[list[tuple[str, Sequence[object]]]]:
    """Note the statements that the database is given, as the library logs them."""
    asked: list[Any] = []
    noting, logger = logging.Handler(), logging.getLogger("peewee")
    noting.emit = lambda record: asked.append(record.msg)  # type: ignore[method-assign]
    level = logger.level
    logger.addHandler(noting)
    logger.setLevel(logging.DEBUG)
    try:
        yield asked
    finally:
        logger.removeHandler(noting)
        logger.setLevel(level)


def plan_of(store: Store, sql: str, values: Sequence[object]) -> list[str]:
    """Say how SQLite goes about a statement."""
    explained = f"EXPLAIN QUERY PLAN {sql}"
    return store.db.read(lambda: [row[-1] for row in store.db.execute(explained, values)])


@pytest.mark.parametrize(
    ("sort", "descending", "order"),
    [
        pytest.param("id", False, [*FILMS, *EPISODES, "CNN"], id="id"),
        pytest.param("id", True, ["CNN", *reversed(EPISODES), *reversed(FILMS)], id="newest"),
        pytest.param(
            "title", False,
            [FILMS[1], EPISODES[2], FILMS[4], "CNN", FILMS[0], FILMS[3], *EPISODES[:2], FILMS[2]],
            id="title",
        ),
        pytest.param(
            "year", False,
            [FILMS[1], FILMS[4], FILMS[0], FILMS[2], FILMS[3], *EPISODES, "CNN"], id="year",
        ),
        pytest.param(
            "year", True,
            [FILMS[2], FILMS[0], FILMS[4], FILMS[1], "CNN", *reversed(EPISODES), FILMS[3]],
            id="latest-year",
        ),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("way")
def test_pages_come_in_the_order_that_was_asked_for(
    store: Store, sort: str, descending: bool, order: list[str]
) -> None:
    shelf(store)

    assert names(store, sort=sort, descending=descending) == order
    paged = [
        name
        for offset in range(0, 9, 2)
        for name in names(store, sort=sort, descending=descending, limit=2, offset=offset)
    ]
    assert paged == order


@pytest.mark.usefixtures("way")
def test_what_was_changed_last_comes_first(store: Store) -> None:
    shelf(store)
    put(store, "Memento", updated_at=store.db.now(60))

    assert names(store, sort="updated_at")[0] == "Memento"
    assert names(store, EntryFilter(year=1995), sort="year") == ["Heat (1995) 1080p"]


def test_a_page_behind_the_last_one_is_empty(store: Store) -> None:
    shelf(store)

    page = store.entries.page(EntryFilter(), PageRequest(offset=9))

    assert (page.rows, page.total) == ((), 9)


def test_an_unknown_order_is_refused(store: Store) -> None:
    with pytest.raises(PageError, match="sorted by id, title, year, created_at, updated_at"):
        store.entries.page(EntryFilter(), PageRequest(sort="name"))


def test_entries_that_left_their_list_and_those_of_lists_out_of_use_are_not_listed(
    store: Store,
) -> None:
    ids = shelf(store)
    publish(store, film(1, FILMS[0]))
    publish(store, film(50, "Other (2001)"), name="other")
    for each in (playlist(store), playlist(store, "other")):
        store.tallies.recount(each)
    store.sources.change(playlist(store, "other"), {"is_enabled": False})

    assert names(store) == [FILMS[0]]
    gone = store.entries.get(ids["CNN"])
    assert gone is not None
    assert not gone.is_current


def test_a_list_is_counted_again_as_it_is_now(store: Store) -> None:
    shelf(store)
    publish(store, film(1, FILMS[0]), film(2, FILMS[1], group="NEW"))
    store.tallies.recount(playlist(store))

    groups = {row.group_title: dict(row.by_content_type) for row in store.tallies.groups(1)}

    assert groups == {"VOD": {"movie": 1}, "NEW": {"movie": 1}}
    assert store.tallies.by("content_type") == {"movie": 2}
    assert store.tallies.of_playlists() == {playlist(store): {"movie": 2}}


def test_counting_again_writes_only_what_differs(store: Store) -> None:
    shelf(store)
    before = {row.id for row in store.db.read(lambda: list(EntryCount.select()))}

    store.tallies.recount(playlist(store))

    after = {row.id for row in store.db.read(lambda: list(EntryCount.select()))}
    assert after == before


def test_entries_that_a_filter_keeps_out_are_listed_when_asked_for(store: Store) -> None:
    ids = shelf(store)
    store.entries.keep_out("no channels", [ids["CNN"]])
    store.tallies.recount(playlist(store))

    assert "CNN" not in names(store)
    assert names(store, EntryFilter(is_filtered=True)) == ["CNN"]
    assert len(names(store, EntryFilter(is_filtered=None))) == 9
    [live] = [row for row in store.tallies.groups(playlist(store)) if row.group_title == "LIVE"]
    assert (dict(live.by_content_type), live.filtered) == ({}, 1)
    judged = {row.id: row.filtered_by for row in store.entries.to_judge(0, 50)}
    assert judged[ids["CNN"]] == "no channels"


def test_states_are_counted(store: Store) -> None:
    shelf(store)
    put(store, "Memento", state="failed")

    assert store.entries.states() == {"processed": 8, "failed": 1}


def test_an_entry_shows_the_host_of_its_provider_and_nothing_of_its_address(store: Store) -> None:
    ids = shelf(store)

    found = store.entries.get(ids["Memento"])

    assert found is not None
    assert (found.provider, found.playlist, found.is_current) == (
        "tv.example.invalid", "list", True,
    )  # fmt: skip
    assert "/u/p/" not in repr(found)
    assert store.entries.get(999) is None


def test_what_a_person_says_counts_at_once_in_columns_counts_and_keys(store: Store) -> None:
    ids = shelf(store)

    keys = store.entries.override(
        ids["CNN"], Override(content_type=ContentType.MOVIE, title="Heat", year=1995), by="api"
    )

    row = store.entries.get(ids["CNN"])
    assert row is not None
    assert (row.content_type, row.title, row.year) == (ContentType.MOVIE, "Heat", 1995)
    assert (row.override_by, row.override_at is not None) == ("api", True)
    assert [key.key for key in keys] == ["heat"]
    assert store.tallies.by("content_type") == {"movie": 6, "tvshow": 3}
    found = {each.entry_id for each in store.playlists.candidates(movie())}
    assert ids["CNN"] in found


def test_a_word_taken_back_lets_the_name_count_again(store: Store) -> None:
    ids = shelf(store)
    store.entries.override(ids["Memento"], Override(title="Heat", year=1995), by="api")

    store.entries.override(ids["Memento"], Override(), by="api")

    row = store.entries.get(ids["Memento"])
    assert row is not None
    assert (row.title, row.year, row.override_by, row.override_at) == ("Memento", None, None, None)
    assert ids["Memento"] not in {each.entry_id for each in store.playlists.candidates(movie())}
    assert names(store, EntryFilter(is_overridden=True)) == []


def test_an_entry_that_is_not_there_cannot_be_said_otherwise(store: Store) -> None:
    with pytest.raises(NoSuchRowError, match="no playlist entry 5"):
        store.entries.override(5, Override(year=1999), by="api")

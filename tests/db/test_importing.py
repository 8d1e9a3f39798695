"""What an import writes, on both databases: versions, fences, and what is never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stalkeer.core.entries import NewEntry
from stalkeer.core.states import DownloadStatus
from stalkeer.db.columns import NewAddress, item_columns, key_columns, new_address
from stalkeer.db.importing import Changed, Importing, ImportLostError
from stalkeer.db.models import DownloadInfo, EntryKey, Playlist, PlaylistAddress, PlaylistItem
from stalkeer.db.store import Store
from tests.builders import entry, film_on_its_way, learn, movie, playlist, publish, row_of

HEAT = entry("Heat (1995)", "http://tv.example.invalid/movie/u/p/1.mkv")
RONIN = entry("Ronin (1998)", "http://tv.example.invalid/movie/u/p/2.mkv")
ELSEWHERE = NewAddress("other.example.invalid", '["http://other.example.invalid/\\nx/y/",""]')


def begun(store: Store, *entries: NewEntry) -> tuple[Importing, list[int]]:
    """Write new entries without showing them."""
    task = store.imports.begin(playlist(store), "mine")
    [address] = store.imports.add_addresses(task, [new_address(HEAT.address, HEAT.raw.url)])
    ids = store.imports.insert(task, [item_columns(each, address_id=address) for each in entries])
    keys = [key for each, row in zip(entries, ids, strict=True) for key in key_columns(each, row)]
    store.imports.insert_keys(task, keys)
    return task, ids


def show(store: Store, task: Importing) -> None:
    store.imports.publish(task, entry_count=2, is_changed=True, moved={})


def names(store: Store) -> list[str]:
    wanted = (movie(), movie(2, "Ronin", 1998))
    return [one.name for each in wanted for one in store.playlists.candidates(each)]


def count(store: Store, model: Any) -> int:
    return store.db.read(lambda: int(model.select().count()))


def url_of(store: Store, entry_id: int) -> str:
    found = store.playlists.entry(entry_id)
    assert found is not None
    return found.url


def test_new_entries_are_invisible_until_they_are_published(store: Store) -> None:
    task, _ = begun(store, HEAT, RONIN)
    before = names(store)

    show(store, task)
    store.imports.finish(task, etag="e", last_modified="m")

    row = store.playlists.get(task.playlist_id)
    assert before == []
    assert names(store) == ["Heat (1995)", "Ronin (1998)"]
    assert row is not None
    assert (row.version, row.entry_count, row.etag, row.last_modified) == (1, 2, "e", "m")
    assert row.refreshed_at is not None


def test_what_the_server_says_of_a_list_is_noted_when_all_of_it_is_written(store: Store) -> None:
    task, _ = begun(store, HEAT)
    show(store, task)
    store.imports.finish(task, etag="e", last_modified="m")
    again, _ = begun(store)

    show(store, again)

    row = store.playlists.get(task.playlist_id)
    assert row is not None
    assert (row.version, row.etag, row.last_modified) == (2, "", "")


def test_entries_that_are_gone_are_seen_until_the_new_version_is_shown(store: Store) -> None:
    publish(store, HEAT, RONIN)
    task, _ = begun(store)
    ids = {row.identity: row.id for row in store.imports.known(task.playlist_id)}
    store.imports.mark_gone(task, [ids[HEAT.identity]])
    before = names(store)

    show(store, task)

    assert before == ["Heat (1995)", "Ronin (1998)"]
    assert names(store) == ["Ronin (1998)"]
    store.imports.revive(task, [ids[HEAT.identity]])
    assert names(store) == ["Heat (1995)", "Ronin (1998)"]


def test_a_mark_of_an_interrupted_import_is_taken_back(store: Store) -> None:
    publish(store, HEAT)
    task, _ = begun(store)
    [row] = store.imports.known(task.playlist_id)
    store.imports.mark_gone(task, [row.id])

    store.imports.unmark_gone(task, [row.id])
    show(store, task)

    assert names(store) == ["Heat (1995)"]


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda imports, task: imports.insert(task, []), id="insert"),
        pytest.param(lambda imports, task: imports.insert_keys(task, []), id="keys"),
        pytest.param(lambda imports, task: imports.mark_gone(task, [1]), id="gone"),
        pytest.param(lambda imports, task: imports.remove(task, [1]), id="remove"),
        pytest.param(lambda imports, task: imports.move(task, [1], address_id=1), id="move"),
        pytest.param(lambda imports, task: imports.change(task, []), id="change"),
        pytest.param(lambda imports, task: imports.finish(task, etag="x", last_modified=""), id="end"),
        pytest.param(
            lambda imports, task: imports.publish(task, entry_count=0, is_changed=True, moved={}),
            id="publish",
        ),
    ],
)  # fmt: skip
def test_an_import_that_another_took_over_from_writes_nothing(
    store: Store, write: Callable[[Any, Importing], object]
) -> None:
    publish(store, HEAT)
    old, _ = begun(store)
    store.imports.begin(old.playlist_id, "theirs")

    with pytest.raises(ImportLostError, match="Another import"):
        write(store.imports, old)

    assert names(store) == ["Heat (1995)"]
    row = row_of(store, Playlist, Playlist.id == old.playlist_id)
    assert (row.version, row.import_token, row.etag) == (1, "theirs", "")


def test_an_import_of_a_playlist_that_was_removed_ends(store: Store) -> None:
    task, _ = begun(store)
    store.db.write(lambda: Playlist.delete().execute())

    with pytest.raises(ImportLostError):
        store.imports.insert(task, [])


def test_a_changed_entry_is_found_under_its_new_keys_only(store: Store) -> None:
    [row_id] = publish(store, HEAT)
    task, _ = begun(store)
    renamed = entry("Ronin (1998)", HEAT.raw.url)
    show(store, task)

    columns = item_columns(renamed, address_id=1)
    store.imports.change(task, [Changed(row_id, columns, key_columns(renamed, row_id), None)])

    assert names(store) == ["Ronin (1998)"]
    assert count(store, EntryKey) == len(renamed.keys)
    row = row_of(store, PlaylistItem, PlaylistItem.id == row_id)
    assert row.first_version == 2, "new for whoever looked meanwhile"


def test_what_a_person_says_while_an_entry_is_read_again_is_not_overwritten(store: Store) -> None:
    [row_id] = publish(store, HEAT)
    task, _ = begun(store)
    store.db.write(lambda: PlaylistItem.update(override={"title": "Coco"}).execute())

    columns = item_columns(RONIN, address_id=1)
    store.imports.change(task, [Changed(row_id, columns, key_columns(RONIN, row_id), None)])

    row = row_of(store, PlaylistItem, PlaylistItem.id == row_id)
    assert (row.name, row.override) == ("Heat (1995)", {"title": "Coco"})
    assert count(store, EntryKey) == len(HEAT.keys)


def test_an_address_that_moved_takes_its_entries_with_it(store: Store) -> None:
    task, (first, second) = begun(store, HEAT, RONIN)
    show(store, task)
    address = row_of(store, PlaylistItem, PlaylistItem.id == first).address_id

    store.imports.publish(task, entry_count=2, is_changed=False, moved={address: ELSEWHERE})

    assert url_of(store, first) == "http://other.example.invalid/movie/x/y/1.mkv"
    assert url_of(store, second) == "http://other.example.invalid/movie/x/y/2.mkv"


def test_one_entry_moves_alone(store: Store) -> None:
    task, (first, second) = begun(store, HEAT, RONIN)
    [address] = store.imports.add_addresses(task, [ELSEWHERE])

    store.imports.move(task, [second], address_id=address)

    assert url_of(store, first) == HEAT.raw.url
    assert url_of(store, second) == "http://other.example.invalid/movie/x/y/2.mkv"
    assert (address, store.imports.mark(ELSEWHERE)) in store.imports.addresses(task.playlist_id)
    store.imports.drop_addresses(task, [address])
    assert count(store, PlaylistAddress) == 1


def test_entries_are_removed_with_their_keys(store: Store) -> None:
    task, ids = begun(store, HEAT, RONIN)

    store.imports.remove(task, ids[:1])

    assert [row.id for row in store.imports.known(task.playlist_id)] == ids[1:]
    assert count(store, EntryKey) == len(RONIN.keys)


def test_what_a_person_said_something_of_is_not_removed(store: Store) -> None:
    task, (said, judged, other) = begun(store, HEAT, RONIN, entry("Coco (2017)", "http://h/3"))
    item_id = learn(store, movie())
    update = PlaylistItem.update(override={"year": 1996}).where(PlaylistItem.id == said)
    store.db.write(update.execute)
    store.matches.by_hand(item_id, judged)

    store.imports.remove(task, [said, judged, other])

    assert [row.id for row in store.imports.known(task.playlist_id)] == [said, judged]


@pytest.mark.parametrize(
    ("status", "is_kept"), [(DownloadStatus.PAUSED, True), (DownloadStatus.COMPLETED, False)]
)
def test_an_entry_stays_while_a_download_is_for_it(
    store: Store, status: DownloadStatus, *, is_kept: bool
) -> None:
    film_on_its_way(store)
    store.db.write(lambda: DownloadInfo.update(status=status).execute())
    task, _ = begun(store)
    [row] = store.imports.known(task.playlist_id)

    store.imports.remove(task, [row.id])

    assert bool(list(store.imports.known(task.playlist_id))) is is_kept


@pytest.mark.parametrize(
    "name", ["\\N", "", '"', "a,b", "\\.", "'; DROP TABLE playlist; --", "€ 😀"]
)
def test_any_name_is_stored_as_it_stands(store: Store, name: str) -> None:
    _, [row_id] = begun(store, entry(name))

    row = row_of(store, PlaylistItem, PlaylistItem.id == row_id)
    assert (row.name, row.year, row.tmdb_id) == (name, None, None)

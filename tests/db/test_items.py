"""Wanted items and their matches, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from stalkeer.core.items import ItemKind, Service
from stalkeer.core.jobs import DownloadChange, ItemMove, NewMatch, done
from stalkeer.core.states import DownloadStatus, ImportStatus, ItemState, MatchState
from stalkeer.db.items import Item
from stalkeer.db.models import Match
from stalkeer.db.pages import PageRequest
from stalkeer.db.store import Store
from tests.builders import (
    LIMITS,
    NOW,
    entry,
    episode,
    film_on_its_way,
    learn,
    movie,
    publish,
    row_of,
    take,
)


def item_of(store: Store, item_id: int) -> Item:
    item = store.items.get(item_id)
    assert item is not None
    return item


def move(store: Store, item_id: int, state: ItemState, reason: str = "") -> None:
    store.items.move([ItemMove(item_id=item_id, state=state, reason=reason)])


# --- learning ---


def test_two_webhooks_that_name_a_new_item_at_once_make_one(store: Store) -> None:
    start, learned = threading.Barrier(4), list[int]()

    def hear() -> None:
        for number in range(20):
            start.wait()
            learned.append(learn(store, movie(number)))

    hearers = [threading.Thread(target=hear) for _ in range(4)]
    for hearer in hearers:
        hearer.start()
    for hearer in hearers:
        hearer.join()

    assert len(learned) == 80
    assert len(set(learned)) == 20


def test_an_item_is_read_as_its_arr_described_it(store: Store) -> None:
    wanted = episode(
        31,
        alternate_titles=("Sur écoute",),
        air_date=datetime(2002, 6, 2, tzinfo=UTC).date(),
        seasons=((1, 13), (2, 12)),
        runtime_minutes=58,
    )

    item = item_of(store, learn(store, wanted, NOW))

    assert item.wanted == wanted
    assert (item.instance, item.service, item.added_at) == ("sonarr", Service.SONARR, NOW)
    assert (item.state, item.searched_at) == (ItemState.SEARCHING, None)


def test_a_known_item_keeps_its_id_and_state_and_takes_new_facts(store: Store) -> None:
    item_id = learn(store, movie(title="Heat"))
    move(store, item_id, ItemState.TO_CONFIRM, "only 60 of 100 sure")

    again = learn(store, movie(title="Heat!"))

    item = item_of(store, again)
    assert again == item_id
    assert item.wanted.title == "Heat!"
    assert (item.state, item.reason) == (ItemState.TO_CONFIRM, "only 60 of 100 sure")


@pytest.mark.parametrize("left", [ItemState.IMPORTED, ItemState.GONE])
def test_an_item_that_is_missing_again_starts_anew(store: Store, left: ItemState) -> None:
    item_id = learn(store, movie())
    store.items.mark_searched(item_id)
    move(store, item_id, left, "radarr has the file")

    assert not item_of(store, item_id).is_missing
    learn(store, movie())

    item = item_of(store, item_id)
    assert (item.state, item.reason, item.searched_at) == (ItemState.SEARCHING, "", None)
    assert item.is_missing


def test_one_arr_id_in_two_instances_is_two_items(store: Store) -> None:
    first = store.items.learn("radarr", Service.RADARR, movie(), None)
    second = store.items.learn("radarr4k", Service.RADARR, movie(), None)

    assert first != second
    assert [item.id for item in store.items.of_arr("radarr4k", [1])] == [second]


def test_a_search_is_remembered(store: Store) -> None:
    item_id = learn(store, movie())

    store.items.mark_searched(item_id)

    assert item_of(store, item_id).searched_at is not None


# --- questions ---


def test_items_are_found_by_id_series_and_state(store: Store) -> None:
    heat = learn(store, movie(1), NOW - timedelta(days=1))
    ronin = learn(store, movie(2, "Ronin", 1998), NOW)
    old = learn(store, movie(3, "Alien", 1979))
    wire = learn(store, episode(1))
    move(store, wire, ItemState.NO_MATCH)

    assert [item.id for item in store.items.many([ronin, heat])] == [heat, ronin]
    assert [item.id for item in store.items.of_series("sonarr", 7)] == [wire]
    assert store.items.of_series("sonarr", 8) == ()
    in_order = [item.id for item in store.items.in_state([ItemState.SEARCHING])]
    assert in_order == [ronin, heat, old], "newest first, without a date last"
    assert store.items.counts() == {"searching": 3, "no_match": 1}
    assert store.items.get(99) is None


def test_what_is_missing_leaves_out_what_has_left_and_the_other_kind(store: Store) -> None:
    heat, ronin = learn(store, movie(1)), learn(store, movie(2, "Ronin", 1998))
    gone = learn(store, movie(3, "Alien", 1979))
    learn(store, episode(1))
    move(store, gone, ItemState.GONE)

    page = store.items.missing(ItemKind.MOVIE, PageRequest(sort="title", descending=False))
    by_year = store.items.missing(ItemKind.MOVIE, PageRequest(where={"year": "1998"}))

    assert [item.id for item in page.rows] == [heat, ronin]
    assert page.total == 2
    assert [item.id for item in by_year.rows] == [ronin]


# --- matches ---


def match(item_id: int, entry_id: int, state: MatchState, score: int = 90) -> NewMatch:
    return NewMatch(
        item_id=item_id,
        entry_id=entry_id,
        score=score,
        method="title",
        reasons=(f"scored {score}",),
        state=state,
    )


@pytest.mark.parametrize("said", [MatchState.CONFIRMED, MatchState.REJECTED])
def test_a_judgement_never_overwrites_what_a_person_said(store: Store, said: MatchState) -> None:
    item_id, [entry_id] = learn(store, movie()), publish(store, entry())
    keep(store, match(item_id, entry_id, said, score=60))

    keep(store, match(item_id, entry_id, MatchState.TAKEN, score=95))

    kept = row_of(store, Match, Match.item == item_id)
    assert (kept.state, kept.score, kept.reasons) == (said, 60, ["scored 60"])


def test_a_newer_judgement_takes_the_place_of_an_older_one(store: Store) -> None:
    item_id, [entry_id] = learn(store, movie()), publish(store, entry())
    keep(store, match(item_id, entry_id, MatchState.TO_CONFIRM, score=60))

    keep(store, match(item_id, entry_id, MatchState.TAKEN, score=95))

    kept = row_of(store, Match, Match.item == item_id)
    assert (kept.state, kept.score, kept.reasons) == (MatchState.TAKEN, 95, ["scored 95"])


def test_what_a_person_said_is_told_apart(store: Store) -> None:
    item_id = learn(store, movie())
    entries = publish(
        store, *(entry(f"Heat {n}", f"http://h.example.invalid/{n}.mkv") for n in range(3))
    )
    states = (MatchState.CONFIRMED, MatchState.REJECTED, MatchState.TAKEN)
    keep(store, *(match(item_id, one, state) for one, state in zip(entries, states, strict=True)))

    assert store.matches.confirmed(item_id) == {entries[0]}
    assert store.matches.rejected(item_id) == {entries[1]}
    assert store.matches.rejected(item_id + 1) == frozenset()


def test_what_a_person_says_of_a_match_is_kept(store: Store) -> None:
    item_id, [entry_id] = learn(store, movie()), publish(store, entry())
    keep(store, match(item_id, entry_id, MatchState.TO_CONFIRM, score=60))
    [shown] = store.matches.page(PageRequest(where={"state": "to_confirm"})).rows

    store.matches.say(shown.id, MatchState.REJECTED)

    after = store.matches.get(shown.id)
    assert (shown.item_id, shown.playlist_item_id, shown.score) == (item_id, entry_id, 60)
    assert (shown.method, shown.reasons) == ("title", ("scored 60",))
    assert after is not None
    assert after.state is MatchState.REJECTED
    assert store.matches.get(shown.id + 1) is None


def test_a_match_made_by_hand_is_confirmed(store: Store) -> None:
    item_id, [entry_id] = learn(store, movie()), publish(store, entry())
    keep(store, match(item_id, entry_id, MatchState.REJECTED, score=60))

    made = store.matches.by_hand(item_id, entry_id)

    assert (made.item_id, made.playlist_item_id) == (item_id, entry_id)
    assert made.state is MatchState.CONFIRMED
    assert store.matches.confirmed(item_id) == {entry_id}


def test_an_entry_whose_file_was_deleted_by_hand_is_rejected(store: Store) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    change = DownloadChange(
        download_id=job.download_id or 0,
        status=DownloadStatus.COMPLETED,
        import_status=ImportStatus.IMPORTED,
    )
    store.matches.reject_imported(job.item_id or 0)
    assert store.matches.rejected(job.item_id or 0) == frozenset()
    store.leases.end(lease, done("imported", download=change), LIMITS)

    store.matches.reject_imported(job.item_id or 0)

    download = store.downloads.get(job.download_id or 0)
    assert download is not None
    assert store.matches.rejected(job.item_id or 0) == {download.playlist_item_id}


def keep(store: Store, *matches: NewMatch) -> None:
    store.db.write(lambda: store.matches.keep(matches))

"""Which entry might be which item, and what a person said about it, on both databases."""

from __future__ import annotations

import pytest

from stalkeer.core.jobs import DownloadChange, NewMatch, done
from stalkeer.core.states import DownloadStatus, ImportStatus, JobKind, MatchState
from stalkeer.db.matches import MatchRow
from stalkeer.db.pages import PageRequest
from stalkeer.db.store import Store
from tests.builders import (
    LIMITS,
    add_job,
    entry,
    episode,
    learn,
    movie,
    publish,
    start_download,
    take,
)


def offer(store: Store, count: int) -> list[int]:
    """Publish some entries of one film."""
    return publish(
        store,
        *(entry(f"Heat 1995 {n}", f"http://h.example.invalid/{n}.mkv") for n in range(count)),
    )


def judge(store: Store, item_id: int, entry_id: int, state: MatchState, score: int) -> None:
    """Let a search end that judged an entry."""
    _, lease = take(store, add_job(store, JobKind.SEARCH, item_id=item_id))
    judged = NewMatch(
        item_id=item_id,
        entry_id=entry_id,
        score=score,
        method="title",
        reasons=("the titles are alike",),
        state=state,
    )
    store.leases.end(lease, done("judged", matches=(judged,)), LIMITS)


def fetched(store: Store, item_ids: list[int], entry_id: int, status: ImportStatus) -> None:
    """Fetch an entry and let its import end so."""
    job = start_download(store, item_ids, entry_id)
    _, lease = take(store, job.id)
    change = DownloadChange(
        download_id=job.download_id or 0, status=DownloadStatus.COMPLETED, import_status=status
    )
    store.leases.end(lease, done("downloaded", download=change), LIMITS)


def only(store: Store, item_id: int) -> MatchRow:
    [match] = store.matches.of_item(item_id)
    return match


@pytest.mark.parametrize("word", [MatchState.CONFIRMED, MatchState.REJECTED])
def test_the_next_search_does_not_overwrite_what_a_person_said(
    store: Store, word: MatchState
) -> None:
    item_id, [entry_id] = learn(store, movie()), offer(store, 1)
    judge(store, item_id, entry_id, MatchState.TO_CONFIRM, 60)
    store.matches.say(only(store, item_id).id, word)

    judge(store, item_id, entry_id, MatchState.TAKEN, 95)

    kept = only(store, item_id)
    assert (kept.state, kept.score) == (word, 60)


def test_the_next_search_overwrites_what_the_last_one_thought(store: Store) -> None:
    item_id, [entry_id] = learn(store, movie()), offer(store, 1)
    judge(store, item_id, entry_id, MatchState.TO_CONFIRM, 60)

    judge(store, item_id, entry_id, MatchState.TAKEN, 95)

    kept = only(store, item_id)
    assert (kept.state, kept.score) == (MatchState.TAKEN, 95)


def test_an_entry_that_no_search_found_is_chosen_by_hand(store: Store) -> None:
    item_id, [entry_id] = learn(store, movie()), offer(store, 1)

    made = store.matches.by_hand(item_id, entry_id)

    assert made == store.matches.get(made.id)
    assert (made.state, made.score, made.method) == (MatchState.CONFIRMED, 100, "by_hand")
    assert store.matches.confirmed(item_id) == {entry_id}


def test_an_entry_chosen_by_hand_keeps_what_the_search_thought_of_it(store: Store) -> None:
    item_id, [entry_id] = learn(store, movie()), offer(store, 1)
    judge(store, item_id, entry_id, MatchState.TO_CONFIRM, 60)

    made = store.matches.by_hand(item_id, entry_id)

    assert (made.score, made.method, made.reasons) == (60, "title", ("the titles are alike",))
    assert [match.id for match in store.matches.of_item(item_id)] == [made.id]


def test_matches_of_an_item_come_with_the_best_first(store: Store) -> None:
    item_id, other = learn(store, movie(1)), learn(store, movie(2, "Ronin", 1998))
    entries = offer(store, 3)
    for entry_id, score in zip(entries, (60, 90, 60), strict=True):
        judge(store, item_id, entry_id, MatchState.TO_CONFIRM, score)
    judge(store, other, entries[0], MatchState.TAKEN, 100)

    found = store.matches.of_item(item_id)

    assert [match.playlist_item_id for match in found] == [entries[1], entries[0], entries[2]]


def test_matches_are_listed_by_state_and_score(store: Store) -> None:
    item_id, entries = learn(store, movie()), offer(store, 3)
    states = (MatchState.TAKEN, MatchState.TO_CONFIRM, MatchState.TO_CONFIRM)
    for entry_id, state, score in zip(entries, states, (99, 55, 70), strict=True):
        judge(store, item_id, entry_id, state, score)

    asked = store.matches.page(PageRequest(sort="score", where={"state": "to_confirm"}))
    first = store.matches.page(PageRequest(limit=1, sort="id", descending=False))

    assert [match.score for match in asked.rows] == [70, 55]
    assert asked.total == 2
    assert [match.score for match in first.rows] == [99]
    assert first.total == 3


@pytest.mark.parametrize(
    "status", [ImportStatus.PENDING, ImportStatus.FAILED, ImportStatus.OFF, ImportStatus.IMPORTED]
)
def test_only_an_entry_whose_file_was_in_the_library_is_rejected_with_it(
    store: Store, status: ImportStatus
) -> None:
    item_id, [entry_id] = learn(store, movie()), offer(store, 1)
    fetched(store, [item_id], entry_id, status)

    store.matches.reject_imported(item_id)

    rejected = {entry_id} if status is ImportStatus.IMPORTED else set()
    assert store.matches.rejected(item_id) == rejected


def test_an_entry_of_two_episodes_is_rejected_only_for_the_one_whose_file_was_deleted(
    store: Store,
) -> None:
    first, second = learn(store, episode(1)), learn(store, episode(2, number=2))
    [entry_id] = publish(store, entry("The Wire S01E01-E02"))
    fetched(store, [first, second], entry_id, ImportStatus.IMPORTED)

    store.matches.reject_imported(first)

    assert store.matches.rejected(first) == {entry_id}
    assert store.matches.rejected(second) == frozenset()


def test_a_deleted_file_overrules_that_its_entry_was_once_confirmed(store: Store) -> None:
    item_id, [entry_id] = learn(store, movie()), offer(store, 1)
    store.matches.by_hand(item_id, entry_id)
    fetched(store, [item_id], entry_id, ImportStatus.IMPORTED)

    store.matches.reject_imported(item_id)

    assert only(store, item_id).state is MatchState.REJECTED
    assert store.matches.confirmed(item_id) == frozenset()

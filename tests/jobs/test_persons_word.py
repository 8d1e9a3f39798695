"""What a person says of a match counts, teaches, is kept over refreshes and can be taken back."""

from __future__ import annotations

import pytest

from stalkeer.core.entries import NewEntry
from stalkeer.core.items import Wanted
from stalkeer.core.states import ItemState, JobKind, JobStatus, MatchState
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.learned import target_of
from stalkeer.db.matches import MatchRow
from stalkeer.db.pages import PageRequest
from stalkeer.jobs import by_hand
from tests.builders import add_job, entry, entry_id, episode, jobs_of, learn, publish
from tests.jobs.conftest import House
from tests.standins.sonarr import Sonarr, season

TITLE = "Mistresses (2013)"


def listed(number: int) -> NewEntry:
    """Offer an episode as the list calls it: without the year that tells the two series apart."""
    url = f"http://tv.example.invalid/series/joe/word/{number}.mkv"
    return entry(f"Mistresses S01 E{number:02}", url, group="Series EN")


def missing(house: House, sonarr: Sonarr) -> list[int]:
    """Let Sonarr miss three episodes, and search for them; return the ids of the items."""
    series = sonarr.seed_series(TITLE, 2013, episodes=season(1, 3))
    ids = []
    for number in (1, 2, 3):
        wanted: Wanted = episode(
            sonarr.episode_id(series, 1, number), TITLE, 1, number, series_id=series, year=2013
        )
        ids.append(learn(house.store, wanted))
        add_job(house.store, JobKind.SEARCH, item_id=ids[-1], instance="sonarr")
    drain(house)
    return ids


def drain(house: House) -> None:
    """Run every search that is due."""
    while searches := [
        job for job in jobs_of(house.store, JobKind.SEARCH) if job.status is JobStatus.READY
    ]:
        for job in searches:
            house.run(job.id)


def match_of(house: House, item_id: int) -> MatchRow:
    [match] = house.store.matches.of_item(item_id)
    return match


def states(house: House, ids: list[int]) -> list[ItemState]:
    return [item.state for item in house.store.items.many(ids)]


def test_a_confirmation_teaches_the_name_and_the_other_episodes_follow(
    house: House, sonarr: Sonarr
) -> None:
    publish(house.store, *map(listed, (1, 2, 3)))
    ids = missing(house, sonarr)
    assert states(house, ids) == [ItemState.TO_CONFIRM] * 3

    by_hand.confirm(house.services, match_of(house, ids[0]).id)
    drain(house)

    assert states(house, ids) == [ItemState.WAITING] * 3
    assert match_of(house, ids[0]).state is MatchState.CONFIRMED
    assert match_of(house, ids[1]).method == "taught"
    assert len(jobs_of(house.store, JobKind.DOWNLOAD)) == 3


def test_a_taught_name_outlives_the_entries_of_the_list(house: House, sonarr: Sonarr) -> None:
    publish(house.store, listed(1))
    ids = missing(house, sonarr)
    by_hand.confirm(house.services, match_of(house, ids[0]).id)
    drain(house)

    publish(house.store, entry("Dark (2017) S01 E01"), listed(2))
    add_job(house.store, JobKind.SEARCH, item_id=ids[1], instance="sonarr")
    drain(house)

    assert match_of(house, ids[1]).method == "taught"


def test_what_was_confirmed_and_taken_back_is_asked_again(house: House, sonarr: Sonarr) -> None:
    publish(house.store, *map(listed, (1, 2)))
    ids = missing(house, sonarr)
    match = match_of(house, ids[0])
    by_hand.confirm(house.services, match.id)

    by_hand.take_back(house.services, match.id)
    drain(house)

    item = house.store.items.get(ids[0])
    assert item is not None
    assert house.store.learned.of(target_of("sonarr", item.wanted)) == ()
    assert match_of(house, ids[0]).state is MatchState.TO_CONFIRM


def test_a_rejection_takes_back_what_was_taught_and_is_never_proposed_again(
    house: House, sonarr: Sonarr
) -> None:
    publish(house.store, *map(listed, (1, 2)))
    ids = missing(house, sonarr)
    by_hand.confirm(house.services, match_of(house, ids[0]).id)

    by_hand.reject(house.services, match_of(house, ids[0]).id)
    publish(house.store, *map(listed, (1, 2)))
    add_job(house.store, JobKind.SEARCH, item_id=ids[0], instance="sonarr")
    drain(house)

    item = house.store.items.get(ids[0])
    assert item is not None
    assert match_of(house, ids[0]).state is MatchState.REJECTED
    assert (item.state, item.reason_code) == (ItemState.NO_MATCH, "rejected")
    assert not house.store.learned.all()


def test_an_entry_chosen_by_hand_teaches_too_and_is_gone_when_taken_back(
    house: House, sonarr: Sonarr
) -> None:
    odd = entry("Las Amantes S01 E01", "http://tv.example.invalid/series/joe/word/9.mkv")
    publish(house.store, odd)
    ids = missing(house, sonarr)
    item = house.store.items.get(ids[0])
    assert item is not None

    match = by_hand.choose(house.services, "sonarr", item.wanted.arr_id, entry_id(house.store, odd))
    taught = house.store.learned.page(PageRequest()).rows
    by_hand.take_back(house.services, match.id)

    assert (match.entry_name, match.method) == ("Las Amantes S01 E01", "by_hand")
    assert [learned.alias.title for learned in taught] == ["Las Amantes"]
    assert house.store.matches.of_item(ids[0]) == ()
    assert not house.store.learned.all()


def test_one_taught_name_is_taken_back_alone(house: House, sonarr: Sonarr) -> None:
    publish(house.store, listed(1))
    ids = missing(house, sonarr)
    by_hand.confirm(house.services, match_of(house, ids[0]).id)
    [learned] = house.store.learned.page(PageRequest()).rows

    gone = by_hand.forget_name(house.services, learned.id)

    assert gone == learned
    assert not house.store.learned.all()
    with pytest.raises(NoSuchRowError, match="no taught name"):
        by_hand.forget_name(house.services, learned.id)


def test_a_name_without_a_title_is_confirmed_and_teaches_nothing(
    house: House, sonarr: Sonarr
) -> None:
    nameless = entry("S01E01", "http://tv.example.invalid/series/joe/word/9.mkv")
    publish(house.store, nameless)
    ids = missing(house, sonarr)
    item = house.store.items.get(ids[0])
    assert item is not None

    by_hand.choose(house.services, "sonarr", item.wanted.arr_id, entry_id(house.store, nameless))

    assert not house.store.learned.all()

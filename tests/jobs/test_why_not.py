"""One reason for each missing item, as a code and in words, and what else was considered."""

from __future__ import annotations

from typing import Any

import pytest

from stalkeer.core.entries import NewEntry
from stalkeer.core.matching import MatchRules
from stalkeer.core.states import ItemState, JobKind
from stalkeer.db.items import Item
from stalkeer.db.models import PlaylistItem
from tests.builders import add_job, entry, learn, movie, publish
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr


def film(name: str, number: int = 1) -> NewEntry:
    return entry(name, f"http://tv.example.invalid/movie/joe/word/{number}.mkv")


def searched(house: House, **facts: Any) -> Item:
    """Search for Heat and return how it stands then."""
    item_id = learn(house.store, movie(quality_profile_id=1, **facts))
    house.run(add_job(house.store, JobKind.SEARCH, item_id=item_id, instance="radarr"))
    item = house.store.items.get(item_id)
    assert item is not None
    return item


@pytest.mark.parametrize(
    ("entries", "rules", "code", "words"),
    [
        pytest.param((), MatchRules(), "no_playlist", "no playlist is read yet", id="no-list"),
        pytest.param(
            (film("Dune (2021)"),), MatchRules(), "not_in_lists", "in none of", id="not-listed"
        ),
        pytest.param(
            (film("Heat (1986)"),),
            MatchRules(),
            "not_in_lists",
            "nearest is Heat (1986): title 'Heat' equal after removing '(1986)'; year 1986 differs "
            "from 1995",
            id="only-a-namesake",
        ),
        pytest.param(
            (film("Heat"), film("Heat (1986)", 2)),
            MatchRules(ask=60),
            "low_score",
            "55 < 60: Heat: title 'Heat' equal; shows no year, and the list has the title of other",
            id="low-score",
        ),
        pytest.param(
            (film("Heat"), film("Heat (1986)", 2)),
            MatchRules(),
            "to_confirm",
            "55 < 80: Heat: title 'Heat' equal",
            id="to-confirm",
        ),
        pytest.param(
            (film("Heat (1995) SD"),),
            MatchRules(),
            "wrong_resolution",
            "Heat (1995) SD: its resolution 480p is not one the quality profile allows now (1080p)",
            id="resolution",
        ),
        pytest.param(
            (film("FR - Heat (1995)"),),
            MatchRules(languages=("en",)),
            "wrong_language",
            "FR - Heat (1995): its language fr is not wanted",
            id="language",
        ),
    ],
)
def test_an_item_says_why_it_is_not_fetched(
    house: House,
    radarr: Radarr,
    entries: tuple[NewEntry, ...],
    rules: MatchRules,
    code: str,
    words: str,
) -> None:
    radarr.profiles.set("WEBDL-1080p", cutoff="WEBDL-1080p")
    house.change(matching=rules)
    if entries:
        publish(house.store, *entries)

    item = searched(house)

    assert item.reason_code == code
    assert words in item.reason


def test_a_filter_that_keeps_the_entry_out_is_named(house: House, radarr: Radarr) -> None:
    publish(house.store, film("Heat (1995)"), film("Heat (1986)", 2))
    keep_out = PlaylistItem.update(filtered_by="no films")
    house.store.db.write(keep_out.execute)

    item = searched(house)

    assert (item.state, item.reason_code) == (ItemState.NO_MATCH, "filtered_out")
    assert item.reason == "Heat (1995) is kept out by the filter no films"


def test_a_filter_that_keeps_out_something_else_is_not_blamed(house: House, radarr: Radarr) -> None:
    publish(house.store, film("Heat (1986)"))
    house.store.db.write(PlaylistItem.update(filtered_by="no films").execute)

    assert searched(house).reason_code == "not_in_lists"


def test_a_match_keeps_what_else_was_considered_and_why_not(house: House, radarr: Radarr) -> None:
    publish(house.store, film("Heat (1995)"), film("Heat (1986)", 2), film("Heat (1995) SD", 3))
    radarr.profiles.set("WEBDL-1080p", cutoff="WEBDL-1080p")

    item = searched(house)

    [match] = house.store.matches.of_item(item.id)
    considered = {each.name: (each.score, each.reasons[-1]) for each in match.alternatives}
    assert match.entry_name == "Heat (1995)"
    assert considered == {
        "Heat (1986)": (0, "year 1986 differs from 1995"),
        "Heat (1995) SD": (
            0,
            "its resolution 480p is not one the quality profile allows now (1080p)",
        ),
    }


def test_a_profile_that_radarr_does_not_have_allows_everything(
    house: House, radarr: Radarr
) -> None:
    publish(house.store, film("Heat (1995) SD"))
    radarr.profiles.set("WEBDL-1080p", cutoff="WEBDL-1080p")

    item_id = learn(house.store, movie(quality_profile_id=9))
    house.run(add_job(house.store, JobKind.SEARCH, item_id=item_id, instance="radarr"))

    item = house.store.items.get(item_id)
    assert item is not None
    assert item.state is ItemState.WAITING

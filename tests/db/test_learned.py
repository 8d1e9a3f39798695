"""Names that confirmations taught, and what TMDB answered, as rows."""

from __future__ import annotations

from dataclasses import replace

from stalkeer.core.items import ItemKind
from stalkeer.core.learned import Alias
from stalkeer.core.states import MatchState
from stalkeer.db.learned import target_of
from stalkeer.db.models import PlaylistItem
from stalkeer.db.pages import PageRequest
from stalkeer.db.store import Store
from tests.builders import entry, episode, learn, movie, publish

HEAT = ("radarr", ItemKind.MOVIE, 1)
OTHER = ("radarr", ItemKind.MOVIE, 2)
NAME = Alias(key="hitze", title="Hitze", year=1995, group="VOD DE", languages=("de",))


def confirmed(store: Store, name: str = "Hitze (1995)") -> int:
    """Confirm an entry of this name for Heat and return the match's id."""
    item_id = learn(store, movie())
    [entry_row] = publish(store, entry(name))
    return store.matches.by_hand(item_id, entry_row, name).id


def test_a_movie_and_a_series_are_what_names_are_taught_for() -> None:
    assert target_of("radarr", movie(5)) == ("radarr", ItemKind.MOVIE, 5)
    assert target_of("sonarr", episode(5, series_id=7)) == ("sonarr", ItemKind.EPISODE, 7)


def test_a_taught_name_is_known_for_its_film_and_no_other(store: Store) -> None:
    store.learned.teach(HEAT, NAME, confirmed(store))

    assert store.learned.of(HEAT) == (NAME,)
    assert store.learned.of(OTHER) == ()
    assert store.learned.all() == {HEAT: (NAME,)}


def test_to_confirm_twice_teaches_once(store: Store) -> None:
    match_id = confirmed(store)

    store.learned.teach(HEAT, NAME, match_id)
    store.learned.teach(HEAT, NAME, match_id)

    assert len(store.learned.of(HEAT)) == 1


def test_a_name_that_two_films_were_taught_is_shared(store: Store) -> None:
    first, second = confirmed(store), confirmed(store, "Hitze (1995) FHD")

    store.learned.teach(HEAT, NAME, first)
    store.learned.teach(OTHER, replace(NAME, group="VOD EN"), second)

    assert store.learned.of(HEAT) == (replace(NAME, is_shared=True),)
    assert all(alias.is_shared for names in store.learned.all().values() for alias in names)


def test_a_name_is_forgotten_with_its_match_or_alone(store: Store) -> None:
    match_id = confirmed(store)
    store.learned.teach(HEAT, NAME, match_id)
    store.learned.forget(match_id)
    assert store.learned.of(HEAT) == ()

    store.learned.teach(HEAT, NAME, match_id)
    [learned] = store.learned.page(PageRequest(where={"kind": "movie"})).rows
    assert store.learned.remove(learned.id) == learned

    assert store.learned.remove(learned.id) is None
    assert store.learned.of(HEAT) == ()


def test_a_name_outlives_the_list_it_was_learned_from(store: Store) -> None:
    store.learned.teach(HEAT, NAME, confirmed(store))

    store.db.write(PlaylistItem.delete().execute)

    [learned] = store.learned.page(PageRequest()).rows
    assert (learned.match_id, learned.alias) == (None, NAME)
    assert store.learned.of(HEAT) == (NAME,)


def test_a_word_that_is_taken_back_leaves_what_the_search_thought(store: Store) -> None:
    match_id = confirmed(store)

    store.matches.take_back(match_id, MatchState.TO_CONFIRM)

    assert store.matches.get(match_id) is None, "only the person had proposed it"


def test_an_answer_of_tmdb_is_kept_with_its_time_and_replaced(store: Store) -> None:
    assert store.tmdb.get("movie/949") is None

    store.tmdb.keep("movie/949", {"tmdb_id": 949})
    store.tmdb.keep("movie/949", None)

    kept = store.tmdb.get("movie/949")
    assert kept is not None
    assert kept.answer is None
    assert abs((kept.fetched_at - store.clock()).total_seconds()) < 5

"""The ids of films and series as keys."""

from __future__ import annotations

import pytest

from stalkeer.core.ids import by_source, ids_of


@pytest.mark.parametrize(
    ("tvg_id", "expected"),
    [
        ("tt0133093", ("imdb:tt0133093",)),
        ("TT133093", ("imdb:tt0133093",)),
        ("imdb:tt0133093", ("imdb:tt0133093",)),
        ("tt12345678", ("imdb:tt12345678",)),
        ("tmdb:603", ("tmdb:603",)),
        ("tmdb-603", ("tmdb:603",)),
        ("TMDB_603", ("tmdb:603",)),
        ("tmdb=603", ("tmdb:603",)),
        ("tmdb:movie:603", ("tmdb:603",)),
        ("tmdbid-603", ("tmdb:603",)),
        ("themoviedb:603", ("tmdb:603",)),
        ("tvdb:81189", ("tvdb:81189",)),
        ("thetvdb:81189", ("tvdb:81189",)),
        (" tmdb:603 ", ("tmdb:603",)),
        ("603", ()),
        ("heat.us", ()),
        ("tt12", ()),
        ("", ()),
    ],
)
def test_a_tvg_id_is_an_id_when_it_says_of_what(tvg_id: str, expected: tuple[str, ...]) -> None:
    assert ids_of(tvg_id=tvg_id) == expected


def test_ids_from_several_attributes_stand_beside_each_other_once() -> None:
    ids = ids_of(tvg_id="tmdb:603", tmdb_id=603, imdb_id="tt0133093")

    assert ids == ("tmdb:603", "imdb:tt0133093")


def test_of_two_ids_of_one_source_the_first_counts() -> None:
    assert by_source(("tmdb:603", "imdb:tt0133093", "tmdb:604")) == {
        "tmdb": "tmdb:603",
        "imdb": "imdb:tt0133093",
    }

"""Keys of titles: what is the same title, and what is another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.core.keys import full_key, key_forms, title_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("The Matrix", "Matrix, The", id="moved-article"),
        pytest.param(
            "Lord of the Rings, The: The Two Towers",
            "The Lord of the Rings - The Two Towers",
            id="moved-article-before-a-colon",
        ),
        pytest.param(
            "Breaking Dawn - Part 1, The", "The Breaking Dawn: Part One", id="moved-to-the-end"
        ),
        pytest.param("Les Misérables", "MISERABLES", id="article-accents-case"),
        pytest.param("Fast & Furious", "Fast and Furious", id="ampersand"),
        pytest.param("Flora & Ulysse", "Flora et Ulysse", id="joining-word-of-another-language"),
        pytest.param("Rocky II", "Rocky 2", id="roman"),
        pytest.param("Dune: Part Two", "Dune - Part 2", id="number-word"),
        pytest.param("Kill Bill: Vol. 2", "Kill Bill Volume II", id="volume"),
        pytest.param("Spider-Man: No Way Home", "SpiderMan No Way Home", id="hyphen"),
        pytest.param("Ocean’s Eleven", "Oceans Eleven", id="apostrophe"),
        pytest.param("S.W.A.T.", "SWAT", id="dotted-letters"),
        pytest.param("Agents of S.H.I.E.L.D.", "Agents of SHIELD", id="dotted-letters-with-an-i"),
        pytest.param("WALL·E", "WALL-E", id="middle-dot"),
        pytest.param("Ein großer Fuß", "Ein grosser Fuss", id="sharp-s"),
        pytest.param("Æon Flux", "Aeon Flux", id="ligature"),
        pytest.param("8½", "8 1/2", id="half"),
        pytest.param("Alien³", "Alien 3", id="superscript"),
        pytest.param("Дюна", "ДЮНА", id="cyrillic"),
    ],
)
def test_two_spellings_of_a_title_have_one_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Cars 2", "Cars 3", id="sequels"),
        pytest.param("The Lost City", "The Lost King", id="one-word"),
        pytest.param("Final Destination", "Final Destination 5", id="number"),
        pytest.param("9-1-1", "911", id="numbers-apart"),
        pytest.param("V", "5", id="letter-in-first-place"),
        pytest.param("X", "10", id="x-in-first-place"),
        pytest.param("Title", "Tit", id="article-letters-inside-a-word"),
    ],
)
def test_two_titles_have_two_keys(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


def test_only_the_full_key_tells_the_article() -> None:
    assert title_key("The Wire") == title_key("Wire")
    assert full_key("The Wire") != full_key("Wire")


def test_an_article_that_is_the_whole_title_stays() -> None:
    assert title_key("The") == "the"


def test_an_umlaut_is_found_written_with_two_letters() -> None:
    assert title_key("Die Kuehe") in key_forms("Die Kühe")
    assert key_forms("Cows") == ("cows",)


def test_a_title_without_letters_has_no_key() -> None:
    assert title_key("...") == ""


@given(st.text())
def test_no_title_raises_and_case_never_matters(title: str) -> None:
    assert title_key(title.casefold()) == title_key(title)

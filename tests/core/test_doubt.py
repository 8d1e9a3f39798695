"""When TMDB is worth a question, and what its answer adds."""

from __future__ import annotations

from stalkeer.core.doubt import TmdbFacts, is_in_doubt, with_facts
from stalkeer.core.items import ItemKind, Wanted
from stalkeer.core.matching import Candidate, Library, MatchRules, Ranking, rank

HEAT = Wanted(
    kind=ItemKind.MOVIE, arr_id=1, title="Heat", year=1995, alternate_titles=("Hitze",), tmdb_id=949
)


def ranked(*names: str, logo: str = "", wanted: Wanted = HEAT) -> Ranking:
    entries = [Candidate(place, name, "", "movie", logo=logo) for place, name in enumerate(names)]
    return rank(wanted, entries, library=Library(), rules=MatchRules())


def test_what_is_sure_or_not_there_is_in_no_doubt() -> None:
    assert not is_in_doubt(ranked("Heat (1995)", "Heat (1986)"))
    assert not is_in_doubt(ranked("Dune (2021)"))
    assert not is_in_doubt(ranked())


def test_what_would_be_asked_or_has_the_title_is_in_doubt() -> None:
    assert is_in_doubt(ranked("Heat", "Heat (1986)"))
    assert is_in_doubt(ranked("Heat (1986)"))


def test_facts_add_titles_pictures_and_ids_and_never_overrule_the_arr() -> None:
    facts = TmdbFacts(
        tmdb_id=1,
        titles=("Hitze", "Fuego contra fuego"),
        year=1996,
        imdb_id="tt0113277",
        tvdb_id=5,
        pictures=("/abc.jpg",),
    )

    known = with_facts(HEAT, facts)

    assert known.alternate_titles == ("Hitze", "Fuego contra fuego")
    assert known.poster_urls == ("https://image.tmdb.org/t/p/original/abc.jpg",)
    assert (known.year, known.secondary_year) == (1995, 1996)
    assert (known.tmdb_id, known.imdb_id, known.tvdb_id) == (949, "tt0113277", 5)


def test_a_year_far_away_is_no_second_year() -> None:
    assert with_facts(HEAT, TmdbFacts(tmdb_id=1, year=2001)).secondary_year is None
    assert with_facts(HEAT, TmdbFacts(tmdb_id=1)) == HEAT


def test_a_foreign_name_is_found_by_a_poster_that_only_tmdb_tells() -> None:
    known = with_facts(HEAT, TmdbFacts(tmdb_id=949, pictures=("/abc.jpg",)))

    ranking = ranked("Схватка", logo="https://image.tmdb.org/t/p/w500/abc.jpg", wanted=known)

    assert [one.method for one in ranking.taken] == ["poster"]

"""Which entries are a wanted item, and how surely."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from stalkeer.core.items import ContentType, ItemKind, Movie, Series, Wanted
from stalkeer.core.matching import (
    Alias,
    Candidate,
    Library,
    MatchRules,
    Quality,
    Ranking,
    Scored,
    fits,
    library_of_movies,
    library_of_series,
    lookup_keys,
    rank,
)
from stalkeer.core.overrides import Override
from stalkeer.core.reasons import WhyNot
from stalkeer.core.titles import EntryKey, entry_keys, parse_name

POSTER = "https://image.tmdb.org/t/p/original/abc.jpg"
LOGO = "https://image.tmdb.org/t/p/w600_and_h900_bestv2/abc.jpg"
EMPTY = Library()


def movie(title: str, year: int = 2010, **more: Any) -> Wanted:
    return replace(Wanted(kind=ItemKind.MOVIE, arr_id=1, title=title, year=year), **more)


def episode(title: str, season: int = 1, number: int = 2, **more: Any) -> Wanted:
    wanted = Wanted(
        kind=ItemKind.EPISODE,
        arr_id=70,
        title=title,
        year=2010,
        series_id=7,
        series_type="standard",
        season=season,
        episode=number,
        seasons=((1, 13), (2, 13)),
    )
    return replace(wanted, **more)


def ranked(
    wanted: Wanted,
    *names: str,
    library: Library = EMPTY,
    rules: MatchRules | None = None,
    logo: str = "",
    tvg_id: str = "",
) -> Ranking:
    """Rank entries of these names; their ids are their places."""
    kind = "movie" if wanted.kind is ItemKind.MOVIE else "series"
    candidates = [
        Candidate(place, name, "", kind, logo=logo, tvg_id=tvg_id, order=place)
        for place, name in enumerate(names)
    ]
    return rank(wanted, candidates, library=library, rules=rules or MatchRules())


def band(ranking: Ranking) -> str:
    if ranking.taken:
        return "take"
    return "ask" if ranking.to_confirm else "no"


def everything(ranking: Ranking) -> tuple[Scored, ...]:
    return (*ranking.taken, *ranking.to_confirm, *ranking.rejected)


def score(ranking: Ranking) -> int:
    return max(one.score for one in everything(ranking))


# --- films ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "year", "name", "expected"),
    [
        ("1917", 2019, "1917 (2019)", "take"),
        ("1917", 2019, "1917", "take"),
        ("1917", 2019, "OSN - 1917 - 2019", "take"),
        ("2067", 2020, "|DE| 2067", "take"),
        ("2012", 2009, "2012 (2009)", "take"),
        ("2012", 2009, "2012 2010", "ask"),
        ("The Lost City", 2022, "The Lost King (2022)", "no"),
        ("Cars 2", 2011, "Cars 3 (2017)", "no"),
        ("Cars", 2006, "Cars 2 (2011)", "no"),
        ("Final Destination", 2000, "Final Destination 5 (2011)", "no"),
        ("Final Destination 5", 2011, "Final Destination (2000)", "no"),
        ("Dune", 2021, "Dune (2021)", "take"),
        ("Dune", 2021, "Dune (1984)", "no"),
        ("Dune", 2021, "Dune: Part Two (2024)", "no"),
        ("Dune: Part Two", 2024, "Dune - Part 2 (2024)", "take"),
        ("It", 2017, "IT - 65 (2023)", "no"),
        ("65", 2023, "IT - 65 (2023)", "take"),
        ("It", 2017, "EN - It (2017)", "take"),
        ("It: Chapter Two", 2019, "IT - Chapter Two (2019)", "take"),
        ("Ex Machina", 2015, "EX - Machina (2015)", "take"),
        ("[REC]", 2007, "[REC] (2007)", "take"),
        ("[REC]", 2007, "[REC] 2 (2009)", "no"),
        ("(500) Days of Summer", 2009, "(500) Days of Summer", "take"),
        ("Blade Runner 2049", 2017, "Blade Runner 2049", "take"),
        ("Blade Runner", 1982, "Blade Runner 2049", "no"),
        ("Wonder Woman 1984", 2020, "Wonder Woman 1984", "take"),
        ("Wonder Woman", 2017, "Wonder Woman 1984", "no"),
        ("Heat", 1995, "Heat (1996)", "take"),
        ("Heat", 1995, "Heat (1997)", "no"),
        ("Heat", 0, "Heat (1995)", "ask"),
        ("The Wire", 2010, "Wire (2010)", "take"),
        ("The Wire", 2010, "Wire (2011)", "no"),
        ("The Wire", 2010, "Wire", "no"),
        ("2010", 1984, "The 2010 - 1984", "no"),
        ("Inception", 2010, "Origen (Inception) (2010)", "take"),
        ("Inception", 2010, "Origen (Inception)", "no"),
        ("Kill Bill", 2003, "Kill Bill (2003) Vol. 2", "ask"),
        ("Tokyo", 2010, "Tokyo ESP (2010)", "take"),
        ("Tokyo ESP", 2010, "Tokyo ESP", "take"),
        ("Casi Latino", 2010, "Casi Latino (2010)", "take"),
        ("Heat", 1995, "Heat (1995) - Trailer", "no"),
        ("Heat", 1995, "Heat (1995) S01 E01", "no"),
        ("Heat", 1995, "Heat (1995) (GB)", "take"),
    ],
)
def test_a_film_is_told_from_its_neighbours(
    title: str, year: int, name: str, expected: str
) -> None:
    assert band(ranked(movie(title, year), name)) == expected


def test_the_second_year_of_a_film_is_as_good_as_the_first() -> None:
    assert score(ranked(movie("Heat", 1995, secondary_year=1998), "Heat (1998)")) == 97


def test_an_original_or_alternate_title_is_worth_a_little_less() -> None:
    wanted = movie("Spirited Away", 2001, original_title="Sen to Chihiro")

    (taken,) = ranked(wanted, "Sen to Chihiro (2001)").taken

    assert (taken.score, taken.method) == (94, "alternate_title")


def test_a_film_without_a_year_is_taken_when_the_list_shows_no_other_of_its_name() -> None:
    assert score(ranked(movie("Heat", 1995), "Heat")) == 85


def test_a_film_without_a_year_is_asked_when_the_list_has_only_other_years() -> None:
    (asked,) = ranked(movie("Heat", 1995), "Heat", "Heat (1986)").to_confirm

    assert (asked.entry_id, asked.score) == (0, 55)


def test_the_right_year_in_the_list_does_not_prove_an_entry_without_one() -> None:
    ranking = ranked(movie("Heat", 1995), "Heat", "Heat (1986)", "Heat (1995)")

    assert [one.entry_id for one in ranking.taken] == [2]
    assert [one.score for one in ranking.to_confirm] == [70]


def test_a_year_one_off_gives_way_to_the_right_one() -> None:
    ranking = ranked(movie("Heat", 1995), "Heat (1996)", "Heat (1995)")

    assert [one.entry_id for one in ranking.taken] == [1]


TWINS = library_of_movies(
    [
        Movie(id=1, title="Heat", year=1995),
        Movie(id=2, title="Heat", year=1996, original_title="Hitze", poster_urls=(POSTER,)),
    ]
)


def test_a_year_that_belongs_to_another_film_of_the_library_is_refused() -> None:
    assert band(ranked(movie("Heat", 1995), "Heat (1996)", library=TWINS)) == "no"


def test_a_name_that_two_films_of_the_library_have_is_asked() -> None:
    assert band(ranked(movie("Heat", 1995), "Heat", library=TWINS)) == "ask"


# --- posters and ids --------------------------------------------------------------------------


def test_the_same_poster_is_the_same_film_whatever_its_name() -> None:
    wanted = movie("Heat", 1995, poster_urls=(POSTER, "https://other.example.invalid/x.jpg"))

    (taken,) = ranked(wanted, "Вагон (1995)", logo=LOGO).taken

    assert (taken.score, taken.method) == (92, "poster")
    assert taken.reasons == ("poster equal",)


def test_the_same_poster_does_not_outweigh_another_year() -> None:
    wanted = movie("Heat", 1995, poster_urls=(POSTER,))

    (asked,) = ranked(wanted, "Heat (2013)", logo=LOGO).to_confirm

    assert asked.reasons == ("poster equal", "but year 2013 differs")


def test_the_same_poster_confirms_what_is_certain_already() -> None:
    (taken,) = ranked(movie("Heat", 1995, poster_urls=(POSTER,)), "Heat (1995)", logo=LOGO).taken

    assert (taken.score, taken.method) == (97, "title_year")
    assert "poster equal" in taken.reasons


def test_the_poster_of_another_film_of_the_library_casts_doubt() -> None:
    assert band(ranked(movie("Heat", 1995), "Heat (1995)", library=TWINS, logo=LOGO)) == "ask"


def test_a_poster_nobody_knows_says_nothing() -> None:
    assert score(ranked(movie("Heat", 1995), "Heat (1995)", logo=LOGO)) == 97


def test_the_poster_of_a_series_still_needs_the_right_episode() -> None:
    wanted = episode("The Wire", poster_urls=(POSTER,))

    assert band(ranked(wanted, "Прослушка S01 E02", logo=LOGO)) == "take"
    assert band(ranked(wanted, "Прослушка S01 E03", logo=LOGO)) == "no"


@pytest.mark.parametrize(
    ("tvg_id", "expected"), [("tt0113277", "take"), ("tt0113278", "no"), ("heat.us", "no")]
)
def test_an_imdb_id_decides(tvg_id: str, expected: str) -> None:
    wanted = movie("Heat", 1995, imdb_id="tt0113277")

    assert band(ranked(wanted, "Вагон", tvg_id=tvg_id)) == expected


# --- episodes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "name", "expected", "method"),
    [
        pytest.param(episode("Dark"), "Dark S01 E02", 97, "season_episode", id="no-year"),
        pytest.param(episode("Dark"), "Dark (2010) S01 E02", 98, "season_episode", id="year"),
        pytest.param(episode("Dark"), "Dark (2011) S01 E02", 88, "season_episode", id="near"),
        pytest.param(episode("Dark"), "Dark (1995) S01 E02", 0, "season_episode", id="other-year"),
        pytest.param(episode("Dark"), "Dark S01 E03", 0, "none", id="other-episode"),
        pytest.param(episode("Dark"), "Dark S02 E02", 0, "none", id="other-season"),
        pytest.param(episode("Dark"), "Dark: Chicago S01 E02", 0, "none", id="spin-off"),
        pytest.param(
            episode("Dark", season=12, air_date=date(2021, 5, 1)),
            "Dark (2021) S12 E02",
            82,
            "season_episode",
            id="year-of-the-season",
        ),
        pytest.param(
            episode("Dark", air_date=date(2024, 1, 26)), "Dark 2024-01-26", 94, "air_date", id="day"
        ),
        pytest.param(
            episode("Dark", air_date=date(2024, 1, 26)),
            "Dark 2024-01-27",
            0,
            "none",
            id="other-day",
        ),
        pytest.param(
            episode("Dark", seasons=((0, 2), (1, 13))), "Dark Ep 2", 86, "absolute", id="one-season"
        ),
        pytest.param(episode("Dark"), "Dark Ep 2", 0, "none", id="several-seasons"),
        pytest.param(
            episode("Dark", 2, 5, series_type="anime", absolute_episode=18),
            "Dark Ep 18",
            90,
            "absolute",
            id="anime-absolute",
        ),
        pytest.param(
            episode("Dark", 2, 5, series_type="anime", absolute_episode=18),
            "Dark S01E18",
            86,
            "absolute",
            id="anime-absolute-in-season-one",
        ),
        pytest.param(
            episode("Dark", 2, 5, series_type="anime", absolute_episode=12),
            "Dark S01E12",
            0,
            "none",
            id="anime-number-inside-season-one",
        ),
        pytest.param(
            episode("Dark", scene_season=3, scene_episode=4), "Dark S03E04", 88, "scene", id="scene"
        ),
        pytest.param(
            episode("Dark", scene_season=2, scene_episode=4),
            "Dark S02E04",
            75,
            "scene",
            id="scene-number-of-another-episode",
        ),
        pytest.param(
            episode("Dark", 2, 5, series_type="anime", absolute_episode=18, scene_absolute=19),
            "Dark Ep 19",
            75,
            "absolute",
            id="anime-absolute-of-the-scene",
        ),
    ],
)
def test_an_episode_is_told_by_its_numbers(
    wanted: Wanted, name: str, expected: int, method: str
) -> None:
    (found,) = everything(ranked(wanted, name))

    assert (found.score, found.method) == (expected, method)


def test_an_entry_of_several_episodes_says_which_it_covers() -> None:
    (taken,) = ranked(episode("Dark"), "Dark S01E01-E03").taken

    assert taken.episodes == ((1, 1), (1, 2), (1, 3))


def test_dated_namesakes_in_the_list_cast_doubt_on_an_entry_without_a_year() -> None:
    ranking = ranked(episode("Mistresses"), "Mistresses S01 E02", "Mistresses (2003) S01 E02")

    assert [(one.entry_id, one.score) for one in ranking.to_confirm] == [(0, 64)]


def test_a_title_with_its_year_needs_the_year_in_the_list() -> None:
    wanted = episode("Battlestar Galactica (2003)", year=2003, alternate_titles=("BSG",))

    assert band(ranked(wanted, "Battlestar Galactica S01 E02")) == "ask"
    assert band(ranked(wanted, "Battlestar Galactica (2003) S01 E02")) == "take"
    assert band(ranked(wanted, "Battlestar Galactica (1978) S01 E02")) == "no"


SHAMELESS = library_of_series(
    [
        Series(id=7, title="Shameless (US)", year=2010),
        Series(id=8, title="Shameless", year=2004),
    ]
)


@pytest.mark.parametrize(
    ("title", "year", "name", "expected"),
    [
        pytest.param("The Office (US)", 2005, "The Office (US) S01E02", "take", id="country"),
        pytest.param("The Office (US)", 2005, "The Office US S01E02", "take", id="bare-country"),
        pytest.param("The Office (US)", 2005, "The Office (2005) S01E02", "take", id="year"),
        pytest.param("The Office (US)", 2005, "The Office S01E02", "ask", id="nothing"),
        pytest.param("The Office (US)", 2005, "The Office (UK) S01E02", "no", id="other-country"),
        pytest.param("The Office (US)", 2005, "The Office (2006) S01E02", "ask", id="near-year"),
        pytest.param("The Office", 2001, "The Office (UK) S01E02", "no", id="unknown-country"),
        pytest.param("Dark", 2010, "Dark (US) S01E02", "take", id="us-is-noise"),
        pytest.param("Dark (XYZ)", 2010, "Dark (XYZ) S01E02", "take", id="no-country"),
    ],
)
def test_a_country_tells_series_apart(title: str, year: int, name: str, expected: str) -> None:
    assert band(ranked(episode(title, year=year), name)) == expected


def test_us_is_no_noise_when_the_library_has_a_twin() -> None:
    wanted = episode("Shameless", year=2004, series_id=8)

    assert band(ranked(wanted, "Shameless (US) S01E02", library=SHAMELESS)) == "no"
    assert band(ranked(wanted, "Shameless S01E02", library=SHAMELESS)) == "ask"


def test_a_wanted_item_without_letters_matches_nothing() -> None:
    assert band(ranked(episode("..."), "... S01E02", "Dark S01E02")) == "no"


# --- what a person said, and prefers ----------------------------------------------------------


def test_what_a_person_says_an_entry_is_overrides_its_name() -> None:
    candidate = Candidate(
        1, "Heat (1995)", "", "series", override=Override(content_type=ContentType.MOVIE)
    )

    ranking = rank(movie("Heat", 1995), [candidate], library=EMPTY, rules=MatchRules())

    assert band(ranking) == "take"


def test_among_certain_entries_the_wanted_resolution_comes_first_then_the_newest() -> None:
    ranking = ranked(
        movie("Heat", 1995), "Heat (1995) SD", "Heat (1995)", "Heat (1995) FHD", "Heat (1995) FHD"
    )

    assert [one.entry_id for one in ranking.taken] == [3, 2, 1, 0]


def test_a_certain_entry_comes_before_a_likely_one_in_a_better_resolution() -> None:
    ranking = ranked(movie("Heat", 1995), "Heat (1996) FHD", "Heat SD", "Heat (1995) SD")

    assert ranking.taken[0].entry_id == 2


def test_languages_are_taken_in_the_users_order_and_others_not_at_all() -> None:
    ranking = ranked(
        movie("Heat", 1995),
        "DE - Heat (1995)",
        "Heat (1995)",
        "EN - Heat (1995)",
        "FR - Heat (1995)",
        "Heat (1995) MULTI",
        rules=MatchRules(languages=("fr", "en")),
    )

    assert [one.entry_id for one in ranking.taken] == [3, 2, 4, 1]
    assert ranking.rejected[0].reasons[-1] == "its language de is not wanted"


def test_a_resolution_the_user_left_out_is_rejected() -> None:
    ranking = ranked(
        movie("Heat", 1995), "Heat (1995) 4K", rules=MatchRules(resolutions=("1080p",))
    )

    assert ranking.rejected[0].reasons[-1] == "its resolution 2160p is not wanted"


def test_an_unknown_resolution_is_allowed_even_when_only_one_is_wanted() -> None:
    rules = MatchRules(resolutions=("1080p",))

    assert band(ranked(movie("Heat", 1995), "Heat (1995)", rules=rules)) == "take"


def test_every_decision_has_its_reasons_in_words() -> None:
    ranking = ranked(movie("Heat", 1995), "FR - Heat (1995) 4K", "Heat (2013)", "Ronin (1998)")

    assert ranking.taken[0].reasons == (
        "title 'Heat' equal after removing 'FR' and '(1995)' and '4K'",
        "year 1995 equal",
    )
    assert [one.reasons[-1] for one in ranking.rejected] == [
        "its title is another",
        "year 2013 differs from 1995",
    ]


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("Heat S01E01", "series", "it is an episode, not a movie"),
        ("CNN", "live", "it is a channel"),
        ("####", "movie", "it is neither movie nor episode"),
    ],
)
def test_an_entry_of_another_kind_says_what_it_is(name: str, kind: str, reason: str) -> None:
    ranking = rank(movie("Heat"), [Candidate(1, name, "", kind)], library=EMPTY, rules=MatchRules())

    assert ranking.rejected[0].reasons == (reason,)


def test_a_film_is_no_episode() -> None:
    ranking = rank(
        episode("Dark"), [Candidate(1, "Dark", "", "movie")], library=EMPTY, rules=MatchRules()
    )

    assert ranking.rejected[0].reasons == ("it is a movie, not an episode",)


# --- finding candidates -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        pytest.param(movie("The Wire"), "Wire (2010)", id="article"),
        pytest.param(movie("Die Kühe"), "Die Kuehe (2010)", id="umlaut-here"),
        pytest.param(movie("Die Kuehe"), "Die Kühe (2010)", id="umlaut-there"),
        pytest.param(movie("Heat", original_title="Hitze"), "Hitze (2010)", id="original"),
        pytest.param(movie("Wonder Woman 1984"), "Wonder Woman 1984", id="year-in-the-title"),
        pytest.param(episode("Show (2003)"), "Show 2003 S01E02", id="qualified-by-year"),
        pytest.param(episode("Show (US)"), "Show US S01E02", id="qualified-by-country"),
        pytest.param(movie("Heat", poster_urls=(POSTER,)), "Вагон", id="poster"),
    ],
)
def test_what_rank_would_accept_is_found_by_key(wanted: Wanted, name: str) -> None:
    kind = "movie" if wanted.kind is ItemKind.MOVIE else "series"
    rows = entry_keys(parse_name(name, url_kind=kind), logo=LOGO)

    assert any(row.key in lookup_keys(wanted) and fits(wanted, row) for row in rows)


TVSHOW = ContentType.TVSHOW


@pytest.mark.parametrize(
    ("wanted", "row", "is_near"),
    [
        pytest.param(movie("X"), EntryKey("x", ContentType.MOVIE), True, id="movie"),
        pytest.param(movie("X"), EntryKey("x", TVSHOW), False, id="episode-for-a-movie"),
        pytest.param(
            episode("X"), EntryKey("x", ContentType.MOVIE), False, id="movie-for-an-episode"
        ),
        pytest.param(episode("X"), EntryKey("x", TVSHOW, None, 1, 1, 3), True, id="in-range"),
        pytest.param(episode("X"), EntryKey("x", TVSHOW, None, 1, 3, 5), False, id="out-of-range"),
        pytest.param(episode("X"), EntryKey("x", TVSHOW, None, 2, 2, 2), False, id="other-season"),
        pytest.param(
            episode("X", scene_season=2, scene_episode=9),
            EntryKey("x", TVSHOW, None, 2, 9, 9),
            True,
            id="scene",
        ),
        pytest.param(
            episode("X", 2, 5, absolute_episode=18),
            EntryKey("x", TVSHOW, None, 1, 18, 18),
            True,
            id="absolute-in-season-one",
        ),
        pytest.param(episode("X"), EntryKey("x", TVSHOW, absolute=2), True, id="number"),
        pytest.param(episode("X"), EntryKey("x", TVSHOW, absolute=3), False, id="other-number"),
        pytest.param(
            episode("X", air_date=date(2024, 1, 26)),
            EntryKey("x", TVSHOW, air_date=date(2024, 1, 26)),
            True,
            id="day",
        ),
        pytest.param(episode("X"), EntryKey("x", TVSHOW, season=1), False, id="season-pack"),
    ],
)
def test_only_rows_that_may_be_the_item_are_worth_a_look(
    wanted: Wanted, row: EntryKey, is_near: bool
) -> None:
    assert fits(wanted, row) is is_near


# --- ids, posters and running times ------------------------------------------------------------


def judged(wanted: Wanted, name: str, *, library: Library = EMPTY, **facts: Any) -> Scored:
    kind = "movie" if wanted.kind is ItemKind.MOVIE else "series"
    aliases = facts.pop("aliases", ())
    entry = Candidate(1, name, "", kind, **facts)
    (one,) = everything(rank(wanted, [entry], library=library, rules=MatchRules(), aliases=aliases))
    return one


HEAT = movie("Heat", 1995, tmdb_id=949, imdb_id="tt0113277")
OTHERS = library_of_movies([Movie(id=2, title="Alone", year=2020, tmdb_id=5, imdb_id="tt0000005")])


@pytest.mark.parametrize(
    ("name", "facts", "score", "why"),
    [
        pytest.param("Схватка", {"tmdb_id": 949}, 92, "TMDB id equal", id="equal"),
        pytest.param("Схватка", {"imdb_id": "tt113277"}, 92, "IMDb id equal", id="imdb"),
        pytest.param("Схватка", {"tvg_id": "tmdb:949"}, 92, "TMDB id equal", id="tvg-id"),
        pytest.param("Heat (1995)", {"tmdb_id": 949}, 97, "TMDB id equal", id="confirms"),
        pytest.param("Heat (1995)", {"tmdb_id": 7}, 60, "its TMDB id is another", id="guessed"),
        pytest.param("Heat (1995)", {"tmdb_id": 5}, 0, "its TMDB id is another", id="known"),
        pytest.param("Heat", {"tmdb_id": 7}, 0, "its TMDB id is another", id="no-year"),
        pytest.param("Heat (2013)", {"tmdb_id": 949}, 60, "but year 2013 differs", id="other-year"),
        pytest.param(
            "Heat 2",
            {"tmdb_id": 949},
            60,
            "but the number in its title differs",
            id="sequel",
        ),
        pytest.param(
            "Alone",
            {"tmdb_id": 949},
            60,
            "but its title is that of another title of the library",
            id="other-title",
        ),
        pytest.param(
            "Heat (1995)",
            {"tmdb_id": 949, "imdb_id": "tt0000009"},
            60,
            "its IMDb id is another",
            id="ids-that-disagree",
        ),
    ],
)
def test_an_id_is_evidence_that_the_name_may_contradict(
    name: str, facts: dict[str, Any], score: int, why: str
) -> None:
    one = judged(HEAT, name, library=OTHERS, **facts)

    assert (one.score, one.reasons[-1]) == (score, why)


SERIES = library_of_series(
    [Series(id=7, title="Dark", year=2010), Series(id=8, title="Alone", year=2015, tmdb_id=5)]
)


@pytest.mark.parametrize(
    ("tmdb_id", "score"),
    [
        pytest.param(70, 97, id="the-series"),
        pytest.param(71, 97, id="most-likely-of-the-episode"),
        pytest.param(5, 60, id="another-series-of-the-library"),
    ],
)
def test_another_id_behind_an_episode_counts_only_when_it_is_known(
    tmdb_id: int, score: int
) -> None:
    one = judged(episode("Dark", tmdb_id=70), "Dark S01 E02", library=SERIES, tmdb_id=tmdb_id)

    assert one.score == score


def test_a_tvdb_id_of_the_series_is_evidence_for_its_episode() -> None:
    wanted = episode("Dark", tvdb_id=334824)

    assert judged(wanted, "Тьма S01 E02", tvg_id="tvdb:334824").score == 92
    assert judged(wanted, "Тьма S01 E03", tvg_id="tvdb:334824").score == 0


@pytest.mark.parametrize(
    ("minutes", "score", "why"),
    [
        pytest.param(170, 97, "running time 170 min equal", id="equal"),
        pytest.param(130, 97, "year 1995 equal", id="near-says-nothing"),
        pytest.param(60, 60, "it runs 60 min, not 170", id="too-short"),
        pytest.param(400, 60, "it runs 400 min, not 170", id="too-long"),
        pytest.param(1, 97, "year 1995 equal", id="not-known"),
    ],
)
def test_a_running_time_supports_or_casts_doubt(minutes: int, score: int, why: str) -> None:
    one = judged(movie("Heat", 1995, runtime_minutes=170), "Heat (1995)", duration_s=minutes * 60)

    assert (one.score, one.reasons[-1]) == (score, why)


def test_a_double_episode_runs_twice_as_long() -> None:
    wanted = episode("Dark", runtime_minutes=50)

    assert judged(wanted, "Dark S01E01E02", duration_s=6000).score == 97
    assert judged(wanted, "Dark S01E02", duration_s=6000).score == 60


# --- what a person taught ----------------------------------------------------------------------


TAUGHT = Alias(key="casadepapel", title="La Casa de Papel")


def test_a_taught_name_needs_no_other_proof_but_the_right_episode() -> None:
    wanted = episode("Money Heist (2017)")

    taken = judged(wanted, "La Casa de Papel S01 E02", aliases=(TAUGHT,))
    other = judged(wanted, "La Casa de Papel S01 E03", aliases=(TAUGHT,))

    assert (taken.score, taken.method, taken.episodes) == (95, "taught", ((1, 2),))
    assert taken.reasons[0] == "a person said that 'La Casa de Papel' is it"
    assert other.score == 0


def test_a_taught_name_is_looked_up_by_its_key() -> None:
    assert "casadepapel" in lookup_keys(episode("Money Heist"), [TAUGHT])


def test_ids_and_posters_are_looked_up_beside_the_titles() -> None:
    wanted = movie("Heat", 1995, tmdb_id=949, imdb_id="tt0113277", poster_urls=(POSTER,))

    assert lookup_keys(wanted) == ("heat", "poster:abc", "tmdb:949", "imdb:tt0113277")


# --- quality profiles --------------------------------------------------------------------------


def test_a_resolution_that_the_profile_leaves_out_is_not_taken_and_says_so() -> None:
    entries = [
        Candidate(1, "Heat (1995) SD", "", "movie"),
        Candidate(2, "Heat (1995)", "", "movie"),
    ]

    ranking = rank(
        movie("Heat", 1995),
        entries,
        library=EMPTY,
        rules=MatchRules(),
        quality=Quality(frozenset({"1080p"})),
    )

    assert [one.entry_id for one in ranking.taken] == [2]
    (refused,) = ranking.rejected
    assert (refused.score, refused.identity) == (0, 97)
    assert refused.unwanted is WhyNot.WRONG_RESOLUTION


def test_an_undated_episode_gives_way_to_one_of_the_right_year() -> None:
    ranking = ranked(episode("Dark"), "Dark S01 E02 FHD", "Dark (2010) S01 E02")

    assert [one.entry_id for one in ranking.taken] == [1, 0]


def test_an_undated_episode_is_asked_when_the_list_has_series_of_two_years() -> None:
    ranking = ranked(episode("Dark"), "Dark S01 E02", "Dark (2010) S01 E02", "Dark (1999) S01 E02")

    assert [one.entry_id for one in ranking.taken] == [1]
    assert [one.entry_id for one in ranking.to_confirm] == [0]

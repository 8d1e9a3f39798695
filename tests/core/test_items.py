"""What is wanted, as a search sees it."""

from __future__ import annotations

from datetime import date

from stalkeer.core.items import (
    Episode,
    ItemKind,
    Movie,
    Season,
    Series,
    Service,
    wanted_episode,
    wanted_movie,
)


def test_radarr_collects_movies_and_sonarr_episodes() -> None:
    assert Service.RADARR.item_kind is ItemKind.MOVIE
    assert Service.SONARR.item_kind is ItemKind.EPISODE


def test_a_wanted_movie_is_named_by_title_and_year() -> None:
    assert wanted_movie(Movie(id=1, title="Heat", year=1995)).label == "Heat (1995)"


def test_a_wanted_movie_without_a_year_is_named_by_its_title() -> None:
    assert wanted_movie(Movie(id=1, title="Heat", year=0)).label == "Heat"


def test_a_wanted_episode_takes_titles_and_seasons_from_its_series() -> None:
    series = Series(id=7, title="The Wire", year=2002, runtime_minutes=60, seasons=(Season(1, 13),))
    episode = Episode(id=70, series_id=7, season=1, number=2, air_date=date(2002, 6, 9))

    wanted = wanted_episode(series, episode)

    assert wanted.label == "The Wire S01E02"
    assert wanted.arr_id == 70
    assert wanted.seasons == ((1, 13),)
    assert wanted.runtime_minutes == 60

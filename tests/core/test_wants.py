from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stalkeer.core.items import Episode, Movie, Series
from stalkeer.core.quality import QualityProfile
from stalkeer.core.wants import Scope, Want, judge_episode, judge_movie

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ALL = Scope()


def movie(**facts: object) -> Movie:
    return Movie(id=1, title="Heat", year=1995, **facts)  # type: ignore[arg-type]


def series(**facts: object) -> Series:
    return Series(id=7, title="The Wire", year=2002, **facts)  # type: ignore[arg-type]


def episode(**facts: object) -> Episode:
    facts = {"aired_at": NOW - timedelta(days=1)} | facts
    return Episode(id=2, series_id=7, season=1, number=2, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "scope", "want"),
    [
        pytest.param(movie(), ALL, Want.YES, id="missing"),
        pytest.param(movie(has_file=True), ALL, Want.NO, id="has-a-file"),
        pytest.param(movie(monitored=False), ALL, Want.NO, id="not-monitored"),
        pytest.param(movie(is_available=False), ALL, Want.UNRELEASED, id="not-available"),
        pytest.param(movie(), Scope(frozenset({3})), Want.NO, id="without-the-tag"),
        pytest.param(
            movie(tags=frozenset({3})), Scope(frozenset({3})), Want.YES, id="with-the-tag"
        ),
        pytest.param(movie(), Scope(frozenset()), Want.NO, id="the-tag-does-not-exist"),
        pytest.param(
            movie(quality_profile_id=4),
            Scope(quality_profile_ids=frozenset({1, 4})),
            Want.YES,
            id="with-the-profile",
        ),
        pytest.param(
            movie(quality_profile_id=2),
            Scope(quality_profile_ids=frozenset({1, 4})),
            Want.NO,
            id="with-another-profile",
        ),
    ],
)
def test_a_movie_is_wanted_when_radarr_misses_it_and_the_settings_include_it(
    wanted: Movie, scope: Scope, want: Want
) -> None:
    verdict = judge_movie(wanted, scope)

    assert verdict.want is want
    assert bool(verdict.reason) is (want is not Want.YES)


@pytest.mark.parametrize(
    ("of", "wanted", "scope", "want"),
    [
        pytest.param(series(), episode(), ALL, Want.YES, id="missing"),
        pytest.param(series(), episode(has_file=True), ALL, Want.NO, id="has-a-file"),
        pytest.param(series(), episode(monitored=False), ALL, Want.NO, id="not-monitored"),
        pytest.param(series(monitored=False), episode(), ALL, Want.NO, id="series-not-monitored"),
        pytest.param(series(), episode(aired_at=None), ALL, Want.UNRELEASED, id="no-date"),
        pytest.param(
            series(), episode(aired_at=NOW + timedelta(hours=1)), ALL, Want.UNRELEASED, id="later"
        ),
        pytest.param(series(), episode(), Scope(frozenset({3})), Want.NO, id="without-the-tag"),
    ],
)
def test_an_episode_is_wanted_when_it_has_aired_and_sonarr_misses_it(
    of: Series, wanted: Episode, scope: Scope, want: Want
) -> None:
    verdict = judge_episode(of, wanted, scope, NOW)

    assert verdict.want is want
    assert bool(verdict.reason) is (want is not Want.YES)


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [
        pytest.param("720p", Want.YES, id="below-the-cutoff"),
        pytest.param("1080p", Want.NO, id="good-enough"),
        pytest.param(None, Want.NO, id="nobody-knows"),
    ],
)
def test_a_file_that_falls_short_is_wanted_again_when_upgrades_are_on(
    resolution: str | None, expected: Want
) -> None:
    profile = QualityProfile(
        id=4, name="HD", resolutions=("720p", "1080p"), cutoff="1080p", upgrade_allowed=True
    )
    there = Movie(
        id=1,
        title="Heat",
        year=1995,
        has_file=True,
        file_resolution=resolution,
        quality_profile_id=4,
    )

    assert judge_movie(there, Scope(upgrades={4: profile})).want is expected
    assert judge_movie(there, Scope()).want is Want.NO

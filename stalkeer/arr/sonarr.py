"""Sonarr: its series and episodes, which episodes it misses, and where their files are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from stalkeer.arr.base import SLOW_TIMEOUT_S, Arr, ImportTarget
from stalkeer.arr.http import ArrHttp, Params
from stalkeer.arr.library import LibraryCache
from stalkeer.arr.profiles import quality_resolution
from stalkeer.arr.shapes import (
    Answer,
    Day,
    ImageAnswer,
    MediaFileAnswer,
    Moment,
    PageAnswer,
    TitleAnswer,
    other_titles,
    picture_urls,
    poster_urls,
)
from stalkeer.core.items import Episode, Season, Series, Service


class SeasonStatistics(Answer):
    """`totalEpisodeCount` counts all episodes, aired and monitored or not."""

    total_episode_count: int = 0


class SeasonAnswer(Answer):
    """A season of a series. Inside `wanted/missing` it has no statistics."""

    season_number: int
    monitored: bool = True
    statistics: SeasonStatistics = SeasonStatistics()
    images: tuple[ImageAnswer, ...] = ()


class SeriesAnswer(Answer):
    """A series. Inside `wanted/missing` it has neither alternate titles nor statistics."""

    id: int
    title: str = ""
    year: int = 0
    alternate_titles: tuple[TitleAnswer, ...] = ()
    tvdb_id: int = 0
    tmdb_id: int = 0
    imdb_id: str = ""
    images: tuple[ImageAnswer, ...] = ()
    series_type: str = "standard"
    seasons: tuple[SeasonAnswer, ...] = ()
    runtime: int = 0
    monitored: bool = False
    path: str = ""
    added: Moment = None
    quality_profile_id: int = 0
    tags: tuple[int, ...] = ()


class EpisodeAnswer(Answer):
    """An episode; `airDate` is the day where it was shown, `airDateUtc` the moment."""

    id: int
    series_id: int = 0
    season_number: int = 0
    episode_number: int = 0
    title: str = ""
    absolute_episode_number: int | None = None
    air_date: Day = None
    air_date_utc: Moment = None
    runtime: int = 0
    monitored: bool = False
    has_file: bool = False
    episode_file_id: int = 0
    scene_season_number: int | None = None
    scene_episode_number: int | None = None
    scene_absolute_episode_number: int | None = None
    unverified_scene_numbering: bool = False
    images: tuple[ImageAnswer, ...] = ()
    series: SeriesAnswer | None = None
    episode_file: MediaFileAnswer | None = None


_SERIES = TypeAdapter(SeriesAnswer)
_EPISODES = TypeAdapter(list[EpisodeAnswer])
_EPISODE_PAGE = TypeAdapter(PageAnswer[EpisodeAnswer])
_FILES = TypeAdapter(list[MediaFileAnswer])
_WITH_SEASON_IMAGES: Params = {"includeSeasonImages": True}
_BY_AIR_DATE: Params = {
    "monitored": True,
    "includeSeries": True,
    "includeImages": True,
    "sortKey": "episodes.airDateUtc",
    "sortDirection": "ascending",
}


class Sonarr(Arr):
    """One instance of Sonarr."""

    service = Service.SONARR
    _scan_command = "DownloadedEpisodesScan"

    def __init__(self, http: ArrHttp) -> None:
        super().__init__(http)
        self._library = LibraryCache(self._read_library, monotonic=http.monotonic)

    def series(self) -> tuple[Series, ...]:
        """Give the whole library, up to six hours old: for titles, not for what has a file."""
        return tuple(self._library.items().values())

    def forget_library(self) -> None:
        """Have the next question about the whole library, or the profiles, asked again."""
        self._library.forget()
        self._profiles.forget()

    def library_age_s(self) -> float | None:
        """Say how old the kept library is; None when there is none."""
        return self._library.age_s()

    def one_series(self, series_id: int) -> Series | None:
        """Read one series as it is now; None when Sonarr does not have it."""
        said = self._http.find(f"series/{series_id}", _SERIES, params=_WITH_SEASON_IMAGES)
        return None if said is None else _series(said)

    def episodes(self, series_id: int) -> tuple[Episode, ...]:
        """Read every episode of a series as it is now, with the paths of their files.

        Empty for a series that was just added and whose episodes Sonarr could not read yet.
        """
        query: Params = {"seriesId": series_id}
        said = self._http.get("episode", _EPISODES, params=query)
        return self._with_paths(said, query)

    def episodes_by_ids(self, episode_ids: Sequence[int]) -> tuple[Episode, ...]:
        """Read these episodes as they are now; those that Sonarr does not have are left out."""
        if not episode_ids:
            return ()
        query: Params = {"episodeIds": episode_ids}
        said = self._http.get("episode", _EPISODES, params=query)
        files = sorted({row.episode_file_id for row in said if row.has_file})
        return self._with_paths(said, {"episodeFileIds": files})

    def missing(self) -> tuple[tuple[Series, Episode], ...]:
        """List the monitored, aired episodes without a file, each with its series.

        The series is of now but for its alternate titles and the sizes and posters of its seasons,
        which this list does not hold and the library does. An episode's own `monitored` decides:
        Sonarr sets it with the season's, and a person may switch on one episode of a season that is
        off.
        """
        rows = {row.id: row for row in self._rows("wanted/missing", _EPISODE_PAGE, _BY_AIR_DATE)}
        return self._in_series([row for row in rows.values() if row.monitored and not row.has_file])

    def cutoff_unmet(self) -> tuple[tuple[Series, Episode], ...]:
        """List the monitored episodes with a file that falls short of their quality profile.

        What Sonarr calls unmet is about sources too (HDTV or WEB), not only about resolutions.
        """
        query: Params = {**_BY_AIR_DATE, "includeEpisodeFile": True}
        rows = {row.id: row for row in self._rows("wanted/cutoff", _EPISODE_PAGE, query)}
        return self._in_series([row for row in rows.values() if row.monitored and row.episode_file])

    def imported_file(self, target: ImportTarget) -> str | None:
        """Give the path of the first episode's file; None while any of them has none."""
        episodes = self.episodes_by_ids(target.episode_ids)
        with_file = {
            episode.id: episode
            for episode in episodes
            if episode.has_file and episode.file_id not in target.replaces
        }
        if not target.episode_ids or not with_file.keys() >= set(target.episode_ids):
            return None
        return with_file[target.episode_ids[0]].file_path

    def _with_paths(
        self, said: Sequence[EpisodeAnswer], which_files: Params
    ) -> tuple[Episode, ...]:
        if not any(row.has_file for row in said):
            return tuple(map(_episode, said))
        files = self._http.get("episodefile", _FILES, params=which_files)
        known = {file.id: file for file in files}
        return tuple(_episode(row, known.get(row.episode_file_id)) for row in said)

    def _in_series(self, wanted: Sequence[EpisodeAnswer]) -> tuple[tuple[Series, Episode], ...]:
        series = self._joined(wanted)
        return tuple(
            (series[row.series_id], _episode(row, row.episode_file))
            for row in wanted
            if row.series_id in series
        )

    def _joined(self, wanted: Iterable[EpisodeAnswer]) -> Mapping[int, Series]:
        """Give each series of these rows, by its id."""
        said = {row.series_id: row.series for row in wanted}
        known = self._library.known(said.keys(), self.one_series)
        return {series_id: _merged(series, said[series_id]) for series_id, series in known.items()}

    def _read_library(self) -> Mapping[int, Series]:
        said = self._http.each(
            "series", _SERIES, params=_WITH_SEASON_IMAGES, timeout_s=SLOW_TIMEOUT_S
        )
        return {series.id: _series(series) for series in said}


def _merged(known: Series, said: SeriesAnswer | None) -> Series:
    """Take a series as a row of `wanted/missing` has it, and from the library what that lacks."""
    if said is None:
        return known
    fresh = _series(said)
    counts = {season.number: season.episode_count for season in known.seasons}
    posters = {season.number: season.poster_urls for season in known.seasons}
    seasons = (
        replace(
            season,
            episode_count=counts.get(season.number, 0),
            poster_urls=posters.get(season.number, ()),
        )
        for season in fresh.seasons
    )
    return replace(fresh, alternate_titles=known.alternate_titles, seasons=tuple(seasons))


def _series(said: SeriesAnswer) -> Series:
    return Series(
        id=said.id,
        title=said.title,
        year=said.year,
        alternate_titles=other_titles(said.title, said.alternate_titles),
        tvdb_id=said.tvdb_id or None,
        tmdb_id=said.tmdb_id or None,
        imdb_id=said.imdb_id or None,
        poster_urls=poster_urls(said.images),
        series_type=said.series_type,
        seasons=tuple(
            Season(
                season.season_number,
                season.statistics.total_episode_count,
                season.monitored,
                poster_urls(season.images),
            )
            for season in said.seasons
        ),
        runtime_minutes=said.runtime,
        monitored=said.monitored,
        path=said.path,
        added=said.added,
        quality_profile_id=said.quality_profile_id,
        tags=frozenset(said.tags),
    )


def _episode(said: EpisodeAnswer, file: MediaFileAnswer | None = None) -> Episode:
    # Beyond what TheXEM lists Sonarr counts on by itself; a file of such a number it refuses.
    is_guess = said.unverified_scene_numbering
    return Episode(
        id=said.id,
        series_id=said.series_id,
        season=said.season_number,
        number=said.episode_number,
        title=said.title,
        absolute_number=said.absolute_episode_number,
        air_date=said.air_date,
        aired_at=said.air_date_utc,
        runtime_minutes=said.runtime,
        monitored=said.monitored,
        has_file=said.has_file,
        file_path=file.path if file else None,
        file_id=said.episode_file_id or None,
        file_resolution=quality_resolution(file.quality.quality) if file else None,
        picture_urls=picture_urls(said.images),
        scene_season=None if is_guess else said.scene_season_number,
        scene_number=None if is_guess else said.scene_episode_number,
        scene_absolute_number=None if is_guess else said.scene_absolute_episode_number,
    )

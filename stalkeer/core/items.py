"""The things stalkeer speaks of, as frozen values: what an arr wants, what a playlist offers.

Every room exchanges these; none of them knows where it came from or how it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Service(StrEnum):
    """Which program an instance is."""

    RADARR = "radarr"
    SONARR = "sonarr"

    @property
    def item_kind(self) -> ItemKind:
        """What this program collects."""
        return ItemKind.MOVIE if self is Service.RADARR else ItemKind.EPISODE


class ItemKind(StrEnum):
    """What one wanted item is: a Radarr movie, or one episode of a Sonarr series."""

    MOVIE = "movie"
    EPISODE = "episode"


class ContentType(StrEnum):
    """What a playlist entry is."""

    MOVIE = "movie"
    TVSHOW = "tvshow"
    CHANNEL = "channel"
    UNCATEGORIZED = "uncategorized"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movie:
    """One movie of a Radarr library.

    `title` is in the language Radarr is set to; the other names stand in `original_title` and
    `alternate_titles`. `year` is 0 when Radarr does not know it. `is_scanned` is False while
    `addOptions` is still there: until then `has_file` means nothing, because Radarr announces a
    movie before it looks at the disk (Radarr: Core/Movies/MovieScannedHandler.cs).
    `file_resolution` is None without a file and for one whose quality Radarr does not know.
    """

    id: int
    title: str
    year: int
    original_title: str | None = None
    alternate_titles: tuple[str, ...] = ()
    secondary_year: int | None = None
    tmdb_id: int | None = None
    imdb_id: str | None = None
    poster_urls: tuple[str, ...] = ()
    runtime_minutes: int = 0
    monitored: bool = True
    has_file: bool = False
    is_available: bool = True
    is_scanned: bool = True
    file_path: str | None = None
    file_id: int | None = None
    file_resolution: str | None = None
    path: str = ""
    added: datetime | None = None
    quality_profile_id: int = 0
    tags: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Season:
    """One season of a series: its number (0 holds the specials), its size, its own posters."""

    number: int
    episode_count: int
    monitored: bool = True
    poster_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of a Sonarr library. `series_type` is `standard`, `anime` or `daily`."""

    id: int
    title: str
    year: int
    alternate_titles: tuple[str, ...] = ()
    tvdb_id: int | None = None
    tmdb_id: int | None = None
    imdb_id: str | None = None
    poster_urls: tuple[str, ...] = ()
    series_type: str = "standard"
    seasons: tuple[Season, ...] = ()
    runtime_minutes: int = 0
    monitored: bool = True
    path: str = ""
    added: datetime | None = None
    quality_profile_id: int = 0
    tags: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One episode of a series. `aired_at` is None when Sonarr has no date for it.

    `picture_urls` are stills of it. The scene numbers are None where Sonarr only guesses them.
    """

    id: int
    series_id: int
    season: int
    number: int
    title: str = ""
    absolute_number: int | None = None
    air_date: date | None = None
    aired_at: datetime | None = None
    runtime_minutes: int = 0
    monitored: bool = True
    has_file: bool = False
    file_path: str | None = None
    file_id: int | None = None
    file_resolution: str | None = None
    picture_urls: tuple[str, ...] = ()
    scene_season: int | None = None
    scene_number: int | None = None
    scene_absolute_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a search looks for: one movie or one episode, with everything that tells it apart.

    `arr_id` is the id of the movie or of the episode. For an episode `title`, `alternate_titles`
    and `year` are the series', `poster_urls` hold those of its season and its own stills too; the
    fields from `series_id` on are None or empty for a movie. `seasons` are the (number, episode
    count) pairs of the whole series. With `file_id` it is no longer missing: the arr has a file of
    `file_resolution`, and a better one is to replace it.
    """

    kind: ItemKind
    arr_id: int
    title: str
    year: int = 0
    original_title: str | None = None
    alternate_titles: tuple[str, ...] = ()
    secondary_year: int | None = None
    tmdb_id: int | None = None
    imdb_id: str | None = None
    tvdb_id: int | None = None
    poster_urls: tuple[str, ...] = ()
    runtime_minutes: int = 0
    quality_profile_id: int = 0
    file_id: int | None = None
    file_resolution: str | None = None
    series_id: int | None = None
    series_type: str | None = None
    season: int | None = None
    episode: int | None = None
    absolute_episode: int | None = None
    air_date: date | None = None
    episode_title: str = ""
    scene_season: int | None = None
    scene_episode: int | None = None
    scene_absolute: int | None = None
    seasons: tuple[tuple[int, int], ...] = ()

    @property
    def label(self) -> str:
        """How messages name it: `Heat (1995)`, `The Wire S01E02`."""
        if self.season is not None and self.episode is not None:
            return f"{self.title} S{self.season:02}E{self.episode:02}"
        return f"{self.title} ({self.year})" if self.year else self.title


def wanted_movie(movie: Movie) -> Wanted:
    """Describe a movie as something to search for."""
    return Wanted(
        kind=ItemKind.MOVIE,
        arr_id=movie.id,
        title=movie.title,
        year=movie.year,
        original_title=movie.original_title,
        alternate_titles=movie.alternate_titles,
        secondary_year=movie.secondary_year,
        tmdb_id=movie.tmdb_id,
        imdb_id=movie.imdb_id,
        poster_urls=movie.poster_urls,
        runtime_minutes=movie.runtime_minutes,
        quality_profile_id=movie.quality_profile_id,
        file_id=movie.file_id,
        file_resolution=movie.file_resolution,
    )


def wanted_episode(series: Series, episode: Episode) -> Wanted:
    """Describe an episode, with what its series says of it, as something to search for."""
    return Wanted(
        kind=ItemKind.EPISODE,
        arr_id=episode.id,
        title=series.title,
        year=series.year,
        alternate_titles=series.alternate_titles,
        tmdb_id=series.tmdb_id,
        imdb_id=series.imdb_id,
        tvdb_id=series.tvdb_id,
        poster_urls=_pictures(series, episode),
        runtime_minutes=episode.runtime_minutes or series.runtime_minutes,
        quality_profile_id=series.quality_profile_id,
        file_id=episode.file_id,
        file_resolution=episode.file_resolution,
        series_id=series.id,
        series_type=series.series_type,
        season=episode.season,
        episode=episode.number,
        absolute_episode=episode.absolute_number,
        air_date=episode.air_date,
        episode_title=episode.title,
        scene_season=episode.scene_season,
        scene_episode=episode.scene_number,
        scene_absolute=episode.scene_absolute_number,
        seasons=tuple((season.number, season.episode_count) for season in series.seasons),
    )


def _pictures(series: Series, episode: Episode) -> tuple[str, ...]:
    of_season = (
        url
        for season in series.seasons
        if season.number == episode.season
        for url in season.poster_urls
    )
    return tuple(dict.fromkeys((*series.poster_urls, *of_season, *episode.picture_urls)))

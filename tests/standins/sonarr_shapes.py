"""How Sonarr writes series and episodes: as the REST API shows them and as webhooks carry them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.standins.commands import utc
from tests.standins.files import ENGLISH, LibraryFile
from tests.standins.names import clean_title, sort_title
from tests.standins.server import Json

LONG_AGO = datetime(2001, 1, 7, 20, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewEpisode:
    """What is known of one episode. `aired_at` None: there is no date for it yet.

    A double episode is two of these; what makes it double is one file for both.
    """

    season: int
    number: int
    title: str = "TBA"
    aired_at: datetime | None = LONG_AGO
    absolute: int | None = None
    scene_season: int | None = None
    scene_number: int | None = None
    scene_absolute: int | None = None
    runtime: int = 0
    monitored: bool = True


def season(number: int, count: int, *, first: datetime = LONG_AGO) -> tuple[NewEpisode, ...]:
    """Make a season of so many episodes, one a week from `first` on."""
    return tuple(
        NewEpisode(number, i, f"Episode {i}", first + timedelta(weeks=i - 1))
        for i in range(1, count + 1)
    )


@dataclass(frozen=True, slots=True)
class NewSeries:
    """What is known of a series, and what the user chose for it.

    `tvdb_id` 0: one is made up. `series_type` is `standard`, `anime` or `daily`. With
    `refresh_fails` the metadata cannot be read: the series is announced without any episode.
    """

    title: str
    year: int
    episodes: tuple[NewEpisode, ...] = ()
    tvdb_id: int = 0
    tmdb_id: int = 0
    imdb_id: str | None = None
    series_type: str = "standard"
    alternate_titles: tuple[str, ...] = ()
    runtime: int = 30
    poster_url: str | None = None
    monitored: bool = True
    unmonitored_seasons: tuple[int, ...] = (0,)
    quality_profile_id: int = 1
    tags: tuple[int, ...] = ()
    refresh_fails: bool = False


@dataclass(slots=True)
class Episode:
    """An episode of the library; several may share one file."""

    id: int
    series_id: int
    facts: NewEpisode
    file: LibraryFile | None = None


@dataclass(slots=True)
class Series:
    """A series of the library. It has no episodes before its first refresh."""

    id: int
    facts: NewSeries
    path: str
    added: datetime
    add_options: Json | None
    episodes: list[Episode] = field(default_factory=list)

    @property
    def tvdb_id(self) -> int:
        """The TVDB id; one that nobody gave is made up."""
        return self.facts.tvdb_id or 9_000_000 + self.id

    def minutes(self, episode: Episode) -> int | None:
        """The running time a file is held against; None for specials, which are not."""
        if episode.facts.season == 0:
            return None
        return episode.facts.runtime or self.facts.runtime or 45


def series_json(series: Series, *, now: datetime, bare: bool = False) -> Json:
    """Write a series as GET series does; `bare` is how it stands inside other answers."""
    facts = series.facts
    images = [{"coverType": "poster", "remoteUrl": _poster(series)}]
    aired = sorted(e.aired_at for e in facts.episodes if e.aired_at)
    shown: Json = {
        "id": series.id,
        "title": facts.title,
        "alternateTitles": [
            {"title": title, "seasonNumber": -1} for title in facts.alternate_titles
        ],
        "sortTitle": sort_title(facts.title),
        "status": "ended",
        "ended": True,
        "overview": "Made up one line summary.",
        "network": "CBS",
        "airTime": "20:30",
        "images": images if bare else images_json(series),
        "originalLanguage": ENGLISH,
        "seasons": _seasons_json(series, now, bare=bare),
        "year": facts.year,
        "path": series.path,
        "qualityProfileId": facts.quality_profile_id,
        "seasonFolder": True,
        "monitored": facts.monitored,
        "monitorNewItems": "all",
        "useSceneNumbering": False,
        "runtime": facts.runtime,
        "tvdbId": series.tvdb_id,
        "tvRageId": 0,
        "tvMazeId": 0,
        "tmdbId": facts.tmdb_id,
        "firstAired": utc(aired[0]) if aired else None,
        "lastAired": utc(aired[-1]) if aired else None,
        "seriesType": facts.series_type,
        "cleanTitle": clean_title(facts.title),
        "imdbId": facts.imdb_id,
        "titleSlug": _slug(facts.title),
        "rootFolderPath": series.path.rpartition("/")[0],
        "certification": "TV-G",
        "genres": ["Comedy"],
        "tags": list(facts.tags),
        "added": utc(series.added),
        "addOptions": series.add_options,
        "ratings": {"votes": 120, "value": 7.6},
        "statistics": {**_statistics(series.episodes, now), "seasonCount": _season_count(series)},
        "languageProfileId": 1,
    }
    left_out = ("alternateTitles", "rootFolderPath", "statistics") if bare else ()
    return {k: value for k, value in shown.items() if value is not None and k not in left_out}


def _seasons_json(series: Series, now: datetime, *, bare: bool) -> list[Json]:
    shown: list[Json] = []
    for number in sorted({episode.season for episode in series.facts.episodes}):
        is_monitored = number not in series.facts.unmonitored_seasons
        season: Json = {"seasonNumber": number, "monitored": is_monitored}
        if not bare:
            inside = [e for e in series.episodes if e.facts.season == number]
            season["statistics"] = _statistics(inside, now)
        shown.append(season)
    return shown


def _season_count(series: Series) -> int:
    return len({e.season for e in series.facts.episodes if e.season})


def _statistics(episodes: list[Episode], now: datetime) -> Json:
    """Count; `episodeCount` holds what is monitored or has a file, and has aired."""
    with_file = [e for e in episodes if e.file]
    counted = [
        e
        for e in episodes
        if (e.facts.monitored or e.file) and e.facts.aired_at and e.facts.aired_at <= now
    ]
    files = {e.file.id: e.file for e in with_file if e.file}
    return {
        "episodeFileCount": len(with_file),
        "episodeCount": len(counted),
        "totalEpisodeCount": len(episodes),
        "sizeOnDisk": sum(file.size for file in files.values()),
        "releaseGroups": sorted({f.release_group for f in files.values() if f.release_group}),
        "percentOfEpisodes": 100 * len(with_file) / len(counted) if counted else 0,
    }


def episode_json(episode: Episode) -> Json:
    """Write an episode as GET episode does."""
    facts = episode.facts
    shown: Json = {
        "id": episode.id,
        "seriesId": episode.series_id,
        "tvdbId": 9_100_000 + episode.id,
        "episodeFileId": episode.file.id if episode.file else 0,
        "seasonNumber": facts.season,
        "episodeNumber": facts.number,
        "title": facts.title,
        "airDate": facts.aired_at and f"{facts.aired_at:%Y-%m-%d}",
        "airDateUtc": facts.aired_at and utc(facts.aired_at),
        "runtime": facts.runtime,
        "hasFile": episode.file is not None,
        "monitored": facts.monitored,
        "absoluteEpisodeNumber": facts.absolute,
        "sceneAbsoluteEpisodeNumber": facts.scene_absolute,
        "sceneEpisodeNumber": facts.scene_number,
        "sceneSeasonNumber": facts.scene_season,
        "unverifiedSceneNumbering": False,
    }
    return {name: value for name, value in shown.items() if value is not None}


def episode_file_json(series: Series, episodes: list[Episode], file: LibraryFile) -> Json:
    """Write a file as GET episodefile does; `episodes` are those in it."""
    shown: Json = {
        "id": file.id,
        "seriesId": series.id,
        "seasonNumber": episodes[0].facts.season,
        "relativePath": file.relative_path,
        "path": file.path,
        "size": file.size,
        "dateAdded": utc(file.added),
        "releaseGroup": file.release_group or None,
        "languages": file.languages,
        "quality": file.quality,
        "customFormats": [],
        "customFormatScore": 0,
        "indexerFlags": 0,
        "releaseType": release_type(episodes),
        "qualityCutoffNotMet": False,
    }
    return {name: value for name, value in shown.items() if value is not None}


def release_type(episodes: list[Episode]) -> str:
    """Say what a file is: it is unknown when no episode is known."""
    return {0: "unknown", 1: "singleEpisode"}.get(len(episodes), "multiEpisode")


def webhook_series(series: Series, labels: list[str]) -> Json:
    """Write a series as a webhook carries it: no episodes, no seasons, no monitored."""
    facts = series.facts
    shown: Json = {
        "id": series.id,
        "title": facts.title,
        "titleSlug": _slug(facts.title),
        "path": series.path,
        "tvdbId": series.tvdb_id,
        "tvMazeId": 0,
        "tmdbId": facts.tmdb_id,
        "imdbId": facts.imdb_id,
        "type": facts.series_type,
        "year": facts.year,
        "genres": ["Comedy"],
        "images": images_json(series),
        "tags": labels,
        "originalLanguage": ENGLISH,
    }
    return {name: value for name, value in shown.items() if value is not None}


def webhook_episode(episode: Episode) -> Json:
    """Write an episode as a webhook carries it: no hasFile, no monitored."""
    facts = episode.facts
    shown: Json = {
        "id": episode.id,
        "episodeNumber": facts.number,
        "seasonNumber": facts.season,
        "title": facts.title,
        "airDate": facts.aired_at and f"{facts.aired_at:%Y-%m-%d}",
        "airDateUtc": facts.aired_at and utc(facts.aired_at),
        "seriesId": episode.series_id,
        "tvdbId": 9_100_000 + episode.id,
    }
    return {name: value for name, value in shown.items() if value is not None}


def images_json(series: Series) -> list[Json]:
    """Write the pictures; `remoteUrl` is where the poster came from."""
    url = f"/MediaCover/{series.id}/poster.jpg"
    return [{"coverType": "poster", "url": url, "remoteUrl": _poster(series)}]


def _poster(series: Series) -> str:
    made_up = f"https://images.example.invalid/original/{series.id}-poster.jpg"
    return series.facts.poster_url or made_up


def _slug(title: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())

"""How Radarr writes a movie: as the REST API shows it and as a webhook carries it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tests.standins.commands import utc
from tests.standins.files import ENGLISH, LibraryFile, webhook_file
from tests.standins.names import clean_title, sort_title
from tests.standins.server import Json


@dataclass(frozen=True, slots=True)
class NewMovie:
    """What is known of a movie from the metadata, and what the user chose for it.

    `tmdb_id` 0: one is made up. `year` 0: unknown. `runtime` in minutes, 0 unknown. An announced
    movie has `is_available` False and no dates. With `unknown_to_tmdb` the first refresh finds no
    such movie: it is never scanned and keeps its addOptions.
    """

    title: str
    year: int
    tmdb_id: int = 0
    imdb_id: str | None = None
    original_title: str | None = None
    alternate_titles: tuple[str, ...] = ()
    secondary_year: int | None = None
    runtime: int = 96
    poster_url: str | None = None
    monitored: bool = True
    is_available: bool = True
    quality_profile_id: int = 1
    tags: tuple[int, ...] = ()
    folder: str | None = None
    unknown_to_tmdb: bool = False


@dataclass(slots=True)
class Movie:
    """A movie of the library; `add_options` is None once it was scanned."""

    id: int
    facts: NewMovie
    path: str
    added: datetime
    add_options: Json | None
    file: LibraryFile | None = None

    @property
    def tmdb_id(self) -> int:
        """The TMDB id; one that nobody gave is made up."""
        return self.facts.tmdb_id or 9_000_000 + self.id

    @property
    def released(self) -> date | None:
        """The day of the release on disc; an announced movie has none."""
        if not self.facts.is_available or not self.facts.year:
            return None
        return date(self.facts.year, 3, 12)


def movie_json(movie: Movie, *, in_wanted: bool = False) -> Json:
    """Write a movie as GET movie does; `in_wanted` leaves out what wanted/missing leaves out."""
    facts = movie.facts
    day = movie.released and f"{movie.released}T00:00:00Z"
    refreshed = movie.add_options is None and not in_wanted
    shown: Json = {
        "id": movie.id,
        "title": facts.title,
        "originalTitle": facts.original_title or facts.title,
        "originalLanguage": ENGLISH,
        "alternateTitles": _alternate_titles(movie) if refreshed else [],
        "secondaryYear": facts.secondary_year,
        "secondaryYearSourceId": 0,
        "sortTitle": sort_title(facts.title),
        "sizeOnDisk": movie.file.size if movie.file else 0,
        "status": "released" if day else "announced",
        "overview": "Made up one line summary.",
        "inCinemas": day,
        "physicalRelease": day,
        "releaseDate": day,
        "images": images_json(movie),
        "website": "",
        "year": facts.year,
        "youTubeTrailerId": "",
        "studio": "Public Domain Pictures",
        "path": movie.path,
        "qualityProfileId": facts.quality_profile_id,
        "hasFile": movie.file is not None,
        "movieFileId": movie.file.id if movie.file else 0,
        "monitored": facts.monitored,
        "minimumAvailability": "released",
        "isAvailable": facts.is_available,
        "folderName": movie.path,
        "runtime": facts.runtime,
        "cleanTitle": clean_title(facts.title),
        "imdbId": facts.imdb_id,
        "tmdbId": movie.tmdb_id,
        "titleSlug": str(movie.tmdb_id),
        "rootFolderPath": None if in_wanted else movie.path.rpartition("/")[0],
        "certification": "NR",
        "genres": ["Drama"],
        "keywords": [],
        "tags": list(facts.tags),
        "added": utc(movie.added),
        "addOptions": movie.add_options,
        "ratings": {"tmdb": {"votes": 900, "value": 7.4, "type": "user"}},
        "movieFile": movie_file_json(movie),
        "popularity": 12.5,
        "statistics": _statistics(movie.file),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _alternate_titles(movie: Movie) -> list[Json]:
    return [
        {"id": movie.id * 10 + i, "sourceType": "tmdb", "movieMetadataId": movie.id, "title": title}
        for i, title in enumerate(movie.facts.alternate_titles)
    ]


def _statistics(file: LibraryFile | None) -> Json:
    groups = [file.release_group] if file and file.release_group else []
    size = file.size if file else 0
    return {"movieFileCount": int(file is not None), "sizeOnDisk": size, "releaseGroups": groups}


def images_json(movie: Movie) -> list[Json]:
    """Write the pictures; `remoteUrl` of the poster is where TMDB has it."""
    made_up = f"https://images.example.invalid/original/{movie.id}-poster.jpg"
    poster = {"coverType": "poster", "url": f"/MediaCover/{movie.id}/poster.jpg"}
    return [{**poster, "remoteUrl": movie.facts.poster_url or made_up}]


def movie_file_json(movie: Movie) -> Json | None:
    """Write the file of a movie as `movieFile` of the API."""
    file = movie.file
    if file is None:
        return None
    shown: Json = {
        "id": file.id,
        "movieId": movie.id,
        "relativePath": file.relative_path,
        "path": file.path,
        "size": file.size,
        "dateAdded": utc(file.added),
        "releaseGroup": file.release_group or None,
        "edition": "",
        "languages": file.languages,
        "quality": file.quality,
        "customFormats": [],
        "customFormatScore": 0,
        "indexerFlags": 0,
        "qualityCutoffNotMet": False,
    }
    return {name: value for name, value in shown.items() if value is not None}


def webhook_movie(movie: Movie, labels: list[str]) -> Json:
    """Write a movie as a webhook carries it: no hasFile, no monitored, no other titles."""
    facts = movie.facts
    shown: Json = {
        "id": movie.id,
        "title": facts.title,
        "year": facts.year,
        "releaseDate": str(movie.released or "9999-12-31"),
        "folderPath": movie.path,
        "tmdbId": movie.tmdb_id,
        "imdbId": facts.imdb_id,
        "overview": "Made up one line summary.",
        "genres": ["Drama"],
        "images": images_json(movie),
        "tags": labels,
        "originalLanguage": ENGLISH,
    }
    return {name: value for name, value in shown.items() if value is not None}


def webhook_remote_movie(movie: Movie) -> Json:
    """Write the movie as the release search knows it."""
    facts = movie.facts
    shown = {"tmdbId": movie.tmdb_id, "imdbId": facts.imdb_id}
    known = {name: value for name, value in shown.items() if value is not None}
    return {**known, "title": facts.title, "year": facts.year}


def webhook_movie_file(file: LibraryFile, *, source_path: str | None = None) -> Json:
    """Write a file as a webhook of Radarr carries it; here `indexerFlags` is a string."""
    return {**webhook_file(file, source_path=source_path), "indexerFlags": "0"}

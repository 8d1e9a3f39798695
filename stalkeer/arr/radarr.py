"""Radarr: its movies, which of them it misses, and where their files are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pydantic import TypeAdapter

from stalkeer.arr.base import SLOW_TIMEOUT_S, Arr, ImportTarget
from stalkeer.arr.http import ArrHttp, Params
from stalkeer.arr.library import LibraryCache
from stalkeer.arr.profiles import quality_resolution
from stalkeer.arr.shapes import (
    Answer,
    ImageAnswer,
    Json,
    MediaFileAnswer,
    Moment,
    PageAnswer,
    TitleAnswer,
    other_titles,
    poster_urls,
)
from stalkeer.core.items import Movie, Service


class MovieAnswer(Answer):
    """A movie. `addOptions` is there until Radarr has looked at the disk for the first time."""

    id: int
    title: str = ""
    year: int = 0
    original_title: str = ""
    alternate_titles: tuple[TitleAnswer, ...] = ()
    secondary_year: int = 0
    tmdb_id: int = 0
    imdb_id: str = ""
    images: tuple[ImageAnswer, ...] = ()
    runtime: int = 0
    monitored: bool = False
    has_file: bool = False
    is_available: bool = False
    add_options: Json | None = None
    movie_file: MediaFileAnswer | None = None
    path: str = ""
    added: Moment = None
    quality_profile_id: int = 0
    tags: tuple[int, ...] = ()


_MOVIE = TypeAdapter(MovieAnswer)
_MOVIE_PAGE = TypeAdapter(PageAnswer[MovieAnswer])
_BY_TITLE: Params = {
    "monitored": True,
    "sortKey": "movieMetadata.sortTitle",
    "sortDirection": "ascending",
}


class Radarr(Arr):
    """One instance of Radarr."""

    service = Service.RADARR
    _scan_command = "DownloadedMoviesScan"

    def __init__(self, http: ArrHttp) -> None:
        super().__init__(http)
        self._library = LibraryCache(self._read_library, monotonic=http.monotonic)

    def movies(self) -> tuple[Movie, ...]:
        """Give the whole library, up to six hours old: for titles, not for what has a file."""
        return tuple(self._library.items().values())

    def forget_library(self) -> None:
        """Have the next question about the whole library, or the profiles, asked again."""
        self._library.forget()
        self._profiles.forget()

    def library_age_s(self) -> float | None:
        """Say how old the kept library is; None when there is none."""
        return self._library.age_s()

    def movie(self, movie_id: int) -> Movie | None:
        """Read one movie as it is now; None when Radarr does not have it."""
        said = self._http.find(f"movie/{movie_id}", _MOVIE)
        return None if said is None else _movie(said)

    def missing(self) -> tuple[Movie, ...]:
        """List the monitored movies without a file, also those that are not available yet.

        Everything in them is of now but the alternate titles, which this list does not hold
        (Radarr: Radarr.Api.V3/Wanted/MissingController.cs) and the library does.
        """
        rows = {row.id: row for row in self._rows("wanted/missing", _MOVIE_PAGE, _BY_TITLE)}
        wanted = (row for row in rows.values() if row.monitored and not row.has_file)
        return self._with_titles(map(_movie, wanted))

    def cutoff_unmet(self) -> tuple[Movie, ...]:
        """List the monitored movies with a file that falls short of their quality profile.

        What Radarr calls unmet is about sources too (HDTV or WEB), not only about resolutions.
        """
        rows = {row.id: row for row in self._rows("wanted/cutoff", _MOVIE_PAGE, _BY_TITLE)}
        return self._with_titles(_movie(row) for row in rows.values() if row.movie_file)

    def imported_file(self, target: ImportTarget) -> str | None:
        """Give the path of the movie's file; None while it has none to speak of, or is gone."""
        movie = None if target.movie_id is None else self.movie(target.movie_id)
        if movie is None or not movie.has_file or movie.file_id in target.replaces:
            return None
        return movie.file_path or movie.path

    def _with_titles(self, listed: Iterable[Movie]) -> tuple[Movie, ...]:
        """Add what a list of wanted movies leaves out and the library has."""
        movies = {movie.id: movie for movie in listed}
        known = self._library.known(movies.keys(), self.movie)
        return tuple(
            replace(movie, alternate_titles=known[movie.id].alternate_titles)
            for movie in movies.values()
            if movie.id in known
        )

    def _read_library(self) -> Mapping[int, Movie]:
        said = self._http.each(
            "movie", _MOVIE, params={"excludeLocalCovers": True}, timeout_s=SLOW_TIMEOUT_S
        )
        return {movie.id: _movie(movie) for movie in said}


def _movie(said: MovieAnswer) -> Movie:
    file = said.movie_file
    return Movie(
        id=said.id,
        title=said.title,
        year=said.year,
        original_title=said.original_title or None,
        alternate_titles=other_titles(said.title, said.alternate_titles),
        secondary_year=said.secondary_year or None,
        tmdb_id=said.tmdb_id or None,
        imdb_id=said.imdb_id or None,
        poster_urls=poster_urls(said.images),
        runtime_minutes=said.runtime,
        monitored=said.monitored,
        has_file=said.has_file,
        is_available=said.is_available,
        is_scanned=said.add_options is None,
        file_path=file.path if file else None,
        file_id=file.id if file else None,
        file_resolution=quality_resolution(file.quality.quality) if file else None,
        path=said.path,
        added=said.added,
        quality_profile_id=said.quality_profile_id,
        tags=frozenset(said.tags),
    )

"""A stand-in for Radarr: movies, what happens when one is added, and imports that move files.

with Radarr(root=movies, path_map={"/downloads": downloads}) as radarr:
    radarr.connect.add("http://127.0.0.1:8790/webhooks/radarr", username="u", password="p")
    heat = radarr.add_movie("Heat", 1995, tmdb_id=949)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from tests.standins.arr import Served, found
from tests.standins.files import ENGLISH, NO_FORMATS
from tests.standins.names import read_movie
from tests.standins.paging import page
from tests.standins.radarr_imports import RadarrImports
from tests.standins.radarr_shapes import Movie, NewMovie, movie_json, webhook_remote_movie
from tests.standins.server import Call, Json


class Radarr(RadarrImports):
    """Radarr with an empty library. See `Arr` for the constructor."""

    product = "radarr"
    version = "6.0.4.10291"
    root_path = "/movies"
    first_command_id = 7001

    # What a user does.

    def add_movie(self, title: str, year: int, **facts: Any) -> int:
        """Add a movie in the page; `facts` are fields of `NewMovie`. Returns its id.

        MovieAdded is sent before the disk is looked at, and this returns when it was answered;
        the scan is a RefreshMovie command: `settle` waits for it.
        """
        return self.add_movies([NewMovie(title, year, **facts)])[0]

    def add_movies(
        self, movies: Iterable[NewMovie], *, add_method: str | None = "manual"
    ) -> list[int]:
        """Add many at once, as a list sync or a library import does.

        One MovieAdded after another; the first that is answered 400 or more ends them all.
        `add_method` is `manual`, `list` or `collection`. None: added through the API without
        addOptions, where building the event fails: it is lost, with all that follow.
        """
        with self.lock:
            added = [self._insert(facts, add_method) for facts in movies]
            events = [
                (self._movie_event("MovieAdded", movie, addMethod=add_method), movie.facts.tags)
                for movie in takewhile(lambda movie: movie.add_options, added)
            ]
        self.connect.send_all("onMovieAdded", events)
        for movie in added:
            self.commands.push("RefreshMovie", {"movieIds": [movie.id], "isNewMovie": True})
        return [movie.id for movie in added]

    def import_library(self) -> list[int]:
        """Add every folder under the root folder that is no movie yet, as Library Import does."""
        names = [folder["name"] for folder in self._unmapped_folders()]
        read = [(name, read_movie(name)) for name in names]
        return self.add_movies(
            NewMovie(movie.title, movie.year or 0, folder=name) for name, movie in read
        )

    def seed_movie(self, title: str, year: int, **facts: Any) -> int:
        """Put a movie into the library that was there before us: scanned, and no event."""
        with self.lock:
            movie = self._insert(NewMovie(title, year, **facts), "manual")
            movie.add_options = None
            self._scan(movie)
            return movie.id

    def edit_movie(self, movie_id: int, **facts: Any) -> None:
        """Change fields of `NewMovie` (monitored, is_available, tags…); no event tells of it."""
        with self.lock:
            movie = self._movies[movie_id]
            movie.facts = replace(movie.facts, **facts)

    def delete_movie(self, movie_id: int, *, delete_files: bool = False) -> None:
        """Remove a movie; MovieDelete is sent."""
        with self.lock:
            movie = self._movies.pop(movie_id)
            size = movie.file.size if movie.file and delete_files else 0
            if delete_files:
                self.disk.remove(movie.path)
            event = self._movie_event(
                "MovieDelete", movie, deletedFiles=delete_files, movieFolderSize=size
            )
        self.connect.send("onMovieDelete", event, movie.facts.tags)

    def delete_movie_file(self, movie_id: int) -> None:
        """Delete the file of a movie by hand; MovieFileDelete is sent."""
        with self.lock:
            movie = self._movies[movie_id]
            file, movie.file = found(movie.file), None
            self.disk.remove(file.path)
        self._send_file_delete(movie, file, "manual")

    def grab(self, movie_id: int, title: str) -> None:
        """Have another download client start this release: Grab is sent, the queue shows it."""
        with self.lock:
            movie = self._movies[movie_id]
            record = self.queue.add({"movieId": movie_id}, title)
            release = {"releaseTitle": title, "indexer": "Other", "size": record["size"]}
            release |= {"quality": record["quality"]["quality"]["name"], "qualityVersion": 1}
            release |= {"customFormatScore": 0, "customFormats": [], "languages": [ENGLISH]}
            event = self._movie_event(
                "Grab",
                movie,
                remoteMovie=webhook_remote_movie(movie),
                release={**release, "indexerFlags": []},
                downloadClient="SABnzbd",
                downloadClientType="SABnzbd",
                downloadId=record["downloadId"],
                customFormatInfo=NO_FORMATS,
            )
        self.connect.send("onGrab", event, movie.facts.tags)

    # What a test asks.

    def movie_folder(self, movie_id: int) -> Path:
        """The real folder of a movie, whether or not it exists."""
        return found(self.disk.real(self._movies[movie_id].path))

    def movie_file(self, movie_id: int) -> Path | None:
        """The real file of a movie; None when it has none."""
        with self.lock:
            file = self._movies[movie_id].file
            return self.disk.real(file.path) if file else None

    def count_imports(self, movie_id: int) -> int:
        """Count how often a file was imported for the movie; scans do not count."""
        return self.history.count_imports("movieId", movie_id)

    # Inside.

    def _insert(self, facts: NewMovie, add_method: str | None) -> Movie:
        number = self._next_item_id()
        options: Json = {"ignoreEpisodesWithFiles": False, "ignoreEpisodesWithoutFiles": False}
        options |= {"monitor": "movieOnly", "searchForMovie": False}
        folder = facts.folder or _folder_name(facts)
        self._movies[number] = Movie(
            number,
            facts,
            path=f"{self.root_path}/{folder}",
            added=self.now(),
            add_options={**options, "addMethod": add_method} if add_method else None,
        )
        return self._movies[number]

    # Endpoints.

    def _served(self) -> Served:
        return [
            ("GET", "/api/v3/movie", self._get_movies),
            ("GET", "/api/v3/movie/{id:int}", self._get_movie),
            ("GET", "/api/v3/wanted/missing", self._get_missing),
            ("GET", "/api/v3/wanted/cutoff", self._get_cutoff_unmet),
            ("GET", "/api/v3/history/movie", self._get_movie_history),
            ("POST", "/api/v3/manualimport", self._post_manual_import),
        ]

    def _get_movies(self, call: Call) -> Any:
        tmdb_id = call.number("tmdbId")
        movies = self._movies.values()
        return [movie_json(m) for m in movies if tmdb_id in (0, m.tmdb_id)]

    def _get_movie(self, call: Call) -> Any:
        return movie_json(found(self._movies.get(call.params["id"])))

    def _get_missing(self, call: Call) -> Any:
        monitored = call.flag("monitored", default=True)
        rows = [
            movie
            for movie in self._movies.values()
            if movie.file is None and movie.facts.year and movie.facts.monitored is monitored
        ]
        return page(call, rows, keys=_SORTED_BY, default=_BY_TITLE, show=_wanted_json)

    def _get_cutoff_unmet(self, call: Call) -> Any:
        monitored = call.flag("monitored", default=True)
        rows = [
            movie
            for movie in self._movies.values()
            if movie.file
            and self.profiles.falls_short(movie.file.quality)
            and movie.facts.monitored is monitored
        ]
        return page(call, rows, keys=_SORTED_BY, default=_BY_TITLE, show=_wanted_json)

    def _get_movie_history(self, call: Call) -> Any:
        return self.history.of("movieId", call.number("movieId"))

    def _post_manual_import(self, call: Call) -> Any:
        return [self._reprocessed(item) for item in call.body]

    def _reprocessed(self, item: Json) -> Json:
        movie = found(self._movies.get(item["movieId"]))
        offered = self.files.offered(item)
        return {
            "id": 0,
            "path": offered.path,
            "movieId": movie.id,
            "movie": movie_json(movie),
            "quality": offered.quality,
            "languages": offered.languages,
            "releaseGroup": offered.release_group,
            "downloadId": item.get("downloadId") or "",
            **NO_FORMATS,
            "indexerFlags": item.get("indexerFlags") or 0,
            "rejections": self._rejections(offered, movie),
        }


_BY_TITLE = "movieMetadata.sortTitle"
_SORTED_BY: Mapping[str, Callable[[Movie], Any]] = {
    _BY_TITLE: lambda m: movie_json(m)["sortTitle"],
    "movieMetadata.year": lambda m: m.facts.year,
    "movieMetadata.digitalRelease": lambda m: str(m.released or ""),
    "movieMetadata.inCinemas": lambda m: str(m.released or ""),
    "movieMetadata.physicalRelease": lambda m: str(m.released or ""),
}


def _wanted_json(movie: Movie) -> Json:
    return movie_json(movie, in_wanted=True)


def _folder_name(facts: NewMovie) -> str:
    safe = facts.title.replace(": ", " - ").replace(":", "-").replace("/", "+")
    safe = safe.replace("?", "!").replace("*", "-").translate(dict.fromkeys(map(ord, '<>|"')))
    return f"{safe} ({facts.year})" if facts.year else safe

"""What Radarr's commands do to the library: scans of the disk and imports of files."""

from __future__ import annotations

import posixpath
import zlib
from typing import Any

from tests.standins.arr import Arr, found
from tests.standins.commands import CommandFailedError, Executor
from tests.standins.disk import basename, is_inside
from tests.standins.files import NO_FORMATS, Incoming, LibraryFile
from tests.standins.judge import rejection
from tests.standins.names import clean_title, read_movie
from tests.standins.radarr_shapes import (
    Movie,
    movie_json,
    webhook_movie,
    webhook_movie_file,
    webhook_remote_movie,
)
from tests.standins.server import Call, Json


class RadarrImports(Arr[Movie]):
    """The movies, and how files get to them."""

    @property
    def _movies(self) -> dict[int, Movie]:
        return self._items

    def _executors(self) -> dict[str, Executor]:
        return {
            "ManualImport": self._manual_import,
            "DownloadedMoviesScan": self._downloaded_movies_scan,
            "RefreshMovie": self._refresh,
            "RescanMovie": lambda body: self._rescan([body["movieId"]]),
            "RefreshMonitoredDownloads": lambda _: True,
        }

    def _library_file_paths(self) -> set[str]:
        return {movie.file.path for movie in self._movies.values() if movie.file}

    def _movie(self, movie_id: int | None) -> Movie:
        if movie_id is None or movie_id not in self._movies:
            words = f"Movie with ID {movie_id or 0} does not exist"
            raise CommandFailedError(f"NzbDrone.Core.Datastore.ModelNotFoundException: {words}")
        return self._movies[movie_id]

    # Scans.

    def _refresh(self, body: Json) -> bool:
        with self.lock:
            known = [
                number
                for number in body.get("movieIds") or list(self._movies)
                if number in self._movies and not self._movies[number].facts.unknown_to_tmdb
            ]
        return self._rescan(known)

    def _rescan(self, movie_ids: list[int]) -> bool:
        for number in movie_ids:
            with self.lock:
                movie = self._movie(number)
                vanished = self._scan(movie)
                movie.add_options = None
            if vanished is not None:
                self._send_file_delete(movie, vanished, "missingFromDisk")
        return True

    def _scan(self, movie: Movie) -> LibraryFile | None:
        """Look into the folder of a movie; returns the file that is no longer there."""
        had = movie.file
        if had is not None and self.disk.is_file(had.path):
            return None
        movie.file = None
        videos = self.disk.videos(movie.path)
        if videos:
            largest = self.files.read(max(videos, key=self.disk.size))
            movie.file = self.files.take(largest, movie.path, "", copy=False)
        return had

    # Imports.

    def _manual_import(self, body: Json) -> bool:
        for file in body["files"]:
            with self.lock:
                movie = self._movie(file.get("movieId"))
                incoming = self.files.ordered(file)
            if not self.judge.loses_this_import():
                self._import(movie, incoming, body.get("importMode", "auto"))
        return True

    def _downloaded_movies_scan(self, body: Json) -> bool:
        path = body.get("path") or ""
        if not path:
            words = "A path must be provided (Parameter 'path')"
            raise CommandFailedError(f"System.ArgumentException: {words}")
        with self.lock:
            candidates = [path] if self.disk.is_file(path) else self.disk.videos(path)
            movie = self._named(path)
            if movie is None or path.rstrip("/") in self._known_folders():
                return False
            files = [self.files.read(candidate) for candidate in candidates]
            approved = [file for file in files if not self._rejections(file, movie)]
        for incoming in approved:
            self._import(movie, incoming, body.get("importMode", "auto"))
        if approved and self.disk.is_folder(path) and not self.disk.videos(path):
            self.disk.remove(path)
        return bool(approved)

    def _named(self, path: str) -> Movie | None:
        """Find the movie a folder or file is named after: title and year must fit exactly."""
        name = basename(path)
        read = read_movie(posixpath.splitext(name)[0] if self.disk.is_file(path) else name)
        fitting = [m for m in self._movies.values() if _is_called(m, read.title, read.year)]
        if len(fitting) > 1:
            words = f"Expected one movie, but found {len(fitting)}"
            raise CommandFailedError(f"NzbDrone.Core.Movies.MultipleMoviesFoundException: {words}")
        return fitting[0] if fitting else None

    def _import(self, movie: Movie, incoming: Incoming, mode: str) -> None:
        is_new = not is_inside(incoming.path, movie.path)
        with self.lock:
            old = movie.file
            movie.file = self.files.take(incoming, movie.path, "", copy=mode == "copy")
            if old and old.path != movie.file.path:
                self.disk.remove(old.path)
            if not is_new:
                return
            self.history.add_import({"movieId": movie.id}, incoming, movie.file)
            event = self._download_event(movie, movie.file, incoming, old)
        if old:
            self._send_file_delete(movie, old, "upgrade")
        upgrade = "onUpgrade" if old else None
        self.connect.send("onDownload", event, movie.facts.tags, also=upgrade)

    # Verdicts.

    def _rejections(self, incoming: Incoming, movie: Movie) -> list[Json]:
        return self.judge.rejections(
            incoming, minutes=movie.facts.runtime, existing=movie.file, kind="movie file"
        )

    def _own_folder(self, call: Call) -> str:
        movie_id = call.number("movieId")
        return found(self._movies.get(movie_id)).path if movie_id else ""

    def _candidate(self, path: str, folder: str, folder_name: str | None) -> Json:
        inside = next((m for m in self._movies.values() if is_inside(path, m.path)), None)
        movie = inside or self._named(posixpath.dirname(path)) or self._named(path)
        incoming = self.files.read(path)
        rejected = self._rejections(incoming, movie) if movie else [rejection("Unknown Movie")]
        shown: Json = {
            "id": zlib.crc32(path.encode()) & 0x7FFFFFFF,
            "path": path,
            "relativePath": posixpath.relpath(path, folder),
            "folderName": folder_name,
            "name": posixpath.splitext(basename(path))[0],
            "size": self.disk.size(path),
            "movie": movie and movie_json(movie),
            "quality": incoming.quality,
            "languages": incoming.languages,
            "qualityWeight": 801,
            **NO_FORMATS,
            "indexerFlags": 0,
            "rejections": rejected,
        }
        return {name: value for name, value in shown.items() if value is not None}

    # Events.

    def _movie_event(self, event: str, movie: Movie, **payload: Any) -> Json:
        shown = webhook_movie(movie, self.tags.labels(movie.facts.tags))
        return self._event(event, {"movie": shown, **payload})

    def _download_event(
        self, movie: Movie, file: LibraryFile, incoming: Incoming, old: LibraryFile | None
    ) -> Json:
        return self._movie_event(
            "Download",
            movie,
            remoteMovie=webhook_remote_movie(movie),
            movieFile=webhook_movie_file(file, source_path=incoming.path),
            isUpgrade=old is not None,
            deletedFiles=[webhook_movie_file(old)] if old else None,
            customFormatInfo=NO_FORMATS,
            release={"indexerFlags": []},
        )

    def _send_file_delete(self, movie: Movie, file: LibraryFile, reason: str) -> None:
        shown = webhook_movie_file(file)
        event = self._movie_event("MovieFileDelete", movie, movieFile=shown, deleteReason=reason)
        upgrade = "onMovieFileDeleteForUpgrade" if reason == "upgrade" else None
        self.connect.send("onMovieFileDelete", event, movie.facts.tags, also=upgrade)


def _is_called(movie: Movie, title: str, year: int | None) -> bool:
    facts = movie.facts
    names = {facts.title, facts.original_title or facts.title, *facts.alternate_titles}
    years = {facts.year, facts.secondary_year}
    fits = clean_title(title) in {clean_title(name) for name in names}
    return fits and (year is None or year in years)

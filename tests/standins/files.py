"""The files of imports: what a request says of one, and how it gets into the library."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.standins.commands import CommandFailedError
from tests.standins.disk import Disk, basename, is_inside
from tests.standins.names import read_quality
from tests.standins.server import AnswerError, Json

ENGLISH: Json = {"id": 1, "name": "English"}
NO_FORMATS: Json = {"customFormats": [], "customFormatScore": 0}


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A file of the library, as Radarr's movieFile and Sonarr's episodeFile show it."""

    id: int
    path: str
    relative_path: str
    size: int
    quality: Json
    languages: list[Json]
    release_group: str
    added: datetime


@dataclass(frozen=True, slots=True)
class Incoming:
    """One file that may be imported, with what it is taken for."""

    path: str
    quality: Json
    languages: list[Json]
    release_group: str = ""


class Files:
    """Reads what is asked for, and moves it."""

    def __init__(self, disk: Disk, product: str, now: Callable[[], datetime]) -> None:
        self._disk = disk
        self._product = product
        self._now = now
        self._last_id = 300

    def read(self, path: str) -> Incoming:
        """Take a file for what its name says."""
        return Incoming(path, read_quality(path, self._product), [ENGLISH])

    def ordered(self, file: Json) -> Incoming:
        """Read one of `files` of ManualImport; nothing is defended against null there."""
        path, quality, languages = file.get("path"), file.get("quality"), file.get("languages")
        if not path:
            raise CommandFailedError("System.ArgumentNullException: Value cannot be null.")
        if not self._disk.is_file(path):
            raise CommandFailedError(f"System.IO.FileNotFoundException: File doesn't exist: {path}")
        if quality is None or languages is None:
            words = "Object reference not set to an instance of an object."
            raise CommandFailedError(f"System.NullReferenceException: {words}")
        return Incoming(path, quality, languages, file.get("releaseGroup") or "")

    def offered(self, item: Json) -> Incoming:
        """Read one item of POST manualimport: what is unknown (id 0) is filled from the name."""
        path, read = item["path"], self.read(item["path"])
        if not self._disk.is_file(path):
            words = f"File doesn't exist: {path}"
            exception = f"System.IO.FileNotFoundException: {words}"
            raise AnswerError(500, {"message": words, "description": exception})
        quality = item.get("quality") or {"quality": {"id": 0}}
        languages = [language for language in item.get("languages") or [] if language["id"]]
        return Incoming(
            path,
            quality if quality["quality"]["id"] else read.quality,
            languages or read.languages,
            item.get("releaseGroup") or "",
        )

    def take(self, incoming: Incoming, folder: str, place: str, *, copy: bool) -> LibraryFile:
        """Bring a file into the folder of its item, unless it is there already."""
        relative = posixpath.join(place, basename(incoming.path))
        if is_inside(incoming.path, folder):
            relative = posixpath.relpath(incoming.path, folder)
        else:
            self._disk.place(incoming.path, posixpath.join(folder, relative), copy=copy)
        self._last_id += 1
        path = posixpath.join(folder, relative)
        return LibraryFile(
            id=self._last_id,
            path=path,
            relative_path=relative,
            size=self._disk.size(path),
            quality=incoming.quality,
            languages=incoming.languages,
            release_group=incoming.release_group,
            added=self._now(),
        )


def webhook_file(file: LibraryFile, *, source_path: str | None = None) -> Json:
    """Write a file as webhooks of both programs carry it; `source_path` only after an import."""
    shown: Json = {
        "id": file.id,
        "relativePath": file.relative_path,
        "path": file.path,
        "quality": file.quality["quality"]["name"],
        "qualityVersion": 1,
        "releaseGroup": file.release_group or None,
        "size": file.size,
        "dateAdded": f"{file.added:%Y-%m-%dT%H:%M:%S}.{file.added.microsecond * 10:07}Z",
        "languages": file.languages,
        "sourcePath": source_path,
    }
    return {name: value for name, value in shown.items() if value is not None}

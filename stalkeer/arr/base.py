"""What Radarr and Sonarr have in common: who they are, what they see, and how they import a file.

Their libraries differ: `radarr` and `sonarr` read those.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from pydantic import TypeAdapter

from stalkeer.arr.errors import ArrAnswerError
from stalkeer.arr.http import ArrHttp, InstanceHealth, Params
from stalkeer.arr.import_file import import_file, import_question
from stalkeer.arr.library import LibraryCache
from stalkeer.arr.profiles import quality_profile
from stalkeer.arr.shapes import (
    CommandAnswer,
    FolderAnswer,
    ImportAnswer,
    Json,
    PageAnswer,
    ProfileAnswer,
    QueueAnswer,
    RootFolderAnswer,
    StatusAnswer,
    TagAnswer,
)
from stalkeer.core.items import Service
from stalkeer.core.quality import QualityProfile

RowT = TypeVar("RowT")

PAGE_SIZE = 1000
MAX_PAGES = 1000
# The arr reads the file with ffprobe, or its whole library, before it answers.
SLOW_TIMEOUT_S = 120.0
POLL_WAITS_S = (0.2, 0.4, 0.8, 1.5, 2.0)

_FINISHED = frozenset({"completed", "failed", "aborted", "cancelled", "orphaned"})
_STATUS = TypeAdapter(StatusAnswer)
_ROOT_FOLDERS = TypeAdapter(list[RootFolderAnswer])
_TAGS = TypeAdapter(list[TagAnswer])
_PROFILES = TypeAdapter(list[ProfileAnswer])
_QUEUE = TypeAdapter(PageAnswer[QueueAnswer])
_FOLDER = TypeAdapter(FolderAnswer)
_COMMAND = TypeAdapter(CommandAnswer)
_COMMANDS = TypeAdapter(list[CommandAnswer])
_IMPORTS = TypeAdapter(list[ImportAnswer])
_OBJECT = TypeAdapter(Json)
_OBJECTS = TypeAdapter(list[Json])
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """Who answers at the address: `app_name` is `Radarr` or `Sonarr`."""

    app_name: str
    version: str
    url_base: str
    is_docker: bool
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class RootFolder:
    """A library folder, as the arr sees it. `free_bytes` is None when it does not know."""

    path: str
    accessible: bool
    free_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTarget:
    """What a file is: one movie, or one or more episodes of one series.

    `replaces` are the ids of the arr's own files that it is better than: while the arr has one of
    these, the file is not imported yet.
    """

    movie_id: int | None = None
    series_id: int | None = None
    episode_ids: tuple[int, ...] = ()
    replaces: frozenset[int] = frozenset()

    @property
    def ids(self) -> Json:
        """The target as the arr's import calls want it."""
        if self.movie_id is not None:
            return {"movieId": self.movie_id}
        return {"seriesId": self.series_id, "episodeIds": list(self.episode_ids)}


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the arr would not take a file, in its own words. A temporary reason may pass."""

    reason: str
    is_permanent: bool


@dataclass(frozen=True, slots=True)
class ImportVerdict:
    """What the arr says of a file before it is told to import it.

    `visible` is False when its file system does not hold the path; the rest is empty then. `file`
    goes into the ManualImport command as it is.
    """

    visible: bool
    rejections: tuple[Rejection, ...]
    file: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CommandState:
    """Where a command is. `status` and `result` are the arr's words (`completed`, `successful`).

    `succeeded` is not proof of an import: a ManualImport that took nothing ends the same way, so
    ask for `imported_file` afterwards. A scan that took nothing says `unsuccessful`.
    """

    id: int
    status: str
    result: str
    message: str

    @property
    def is_finished(self) -> bool:
        """Whether it will not change any more."""
        return self.status in _FINISHED

    @property
    def succeeded(self) -> bool:
        """Whether it ended without saying that it did nothing."""
        return self.status == "completed" and self.result != "unsuccessful"


class Arr(ABC):
    """One instance of Radarr or Sonarr. Safe to share between threads."""

    service: ClassVar[Service]
    _scan_command: ClassVar[str]

    def __init__(self, http: ArrHttp) -> None:
        self._http = http
        self.name = http.name
        self._profiles = LibraryCache(self._read_profiles, monotonic=http.monotonic)

    def health(self) -> InstanceHealth:
        """Say how the instance fares, without asking it."""
        return self._http.health()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def status(self) -> SystemStatus:
        """Ask who answers; the cheapest proof that address and key are right."""
        said = self._http.get("system/status", _STATUS)
        return SystemStatus(
            said.app_name, said.version, said.url_base, said.is_docker, said.start_time
        )

    def check_product(self) -> SystemStatus:
        """Raise ArrAnswerError unless the program at the address is the one we take it for."""
        status = self.status()
        if status.app_name.casefold() != self.service.value:
            raise ArrAnswerError(
                f"The address of {self.name} leads to {status.app_name}, not to "
                f"{self.service.value.title()}. Correct the address and the API key."
            )
        return status

    def root_folders(self) -> tuple[RootFolder, ...]:
        """List the library folders."""
        return tuple(
            RootFolder(folder.path, folder.accessible, folder.free_space)
            for folder in self._http.get("rootfolder", _ROOT_FOLDERS)
        )

    def tags(self) -> dict[str, int]:
        """Give the id of every tag, by its label (the arrs keep labels in lower case)."""
        return {tag.label: tag.id for tag in self._http.get("tag", _TAGS)}

    def quality_profiles(self) -> Mapping[int, QualityProfile]:
        """Give every quality profile by its id, up to six hours old."""
        return self._profiles.items()

    def busy_items(self) -> frozenset[int]:
        """Say which movies or episodes are in the arr's own download queue."""
        rows = self._rows("queue", _QUEUE, {})
        return frozenset(item_id for row in rows for item_id in row.item_ids)

    @abstractmethod
    def forget_library(self) -> None:
        """Have the next question about the whole library asked again."""

    @abstractmethod
    def library_age_s(self) -> float | None:
        """Say how old the kept list of the whole library is; None when there is none."""

    @abstractmethod
    def imported_file(self, target: ImportTarget) -> str | None:
        """Give the path of a library file of the target, or None.

        None as long as any movie or episode of the target is without a file, or is gone.
        """

    def sees_file(self, path: str) -> bool | None:
        """Say whether the arr's own file system holds this file; None when it cannot tell.

        `path` is the file's name in the arr's file system. Versions without `filesystem` are asked
        through `manualimport`, which lists videos only: what it does not list may still be there.
        """
        query: Params = {
            "path": _folder(path),
            "includeFiles": True,
            "allowFoldersWithoutTrailingSlashes": True,
        }
        folder = self._http.find("filesystem", _FOLDER, params=query)
        if folder is None:
            return True if self._guess(path) else None
        return any(_same_path(file.path, path) for file in folder.files)

    def folders(self, path: str) -> tuple[str, ...]:
        """List the folders inside a folder of the arr's file system; empty when it has none."""
        query: Params = {"path": path, "allowFoldersWithoutTrailingSlashes": True}
        listed = self._http.find("filesystem", _FOLDER, params=query)
        return () if listed is None else tuple(folder.path for folder in listed.directories)

    def server_time(self) -> datetime | None:
        """Say what time it is for the arr's machine, by its answer; None when it did not say."""
        self.status()
        return self._http.server_time

    def verdict(self, path: str, target: ImportTarget) -> ImportVerdict:
        """Ask what the arr thinks of this file as exactly this movie or these episodes.

        The ManualImport command checks nothing itself, so this is the only guard before it. The
        first call shows whether the file is visible and what its name says, the second one judges.
        """
        guess = self._guess(path)
        if guess is None:
            return ImportVerdict(visible=False, rejections=(), file={})
        question = [import_question(path, target.ids, guess)]
        answers = self._http.post("manualimport", _IMPORTS, body=question, timeout_s=SLOW_TIMEOUT_S)
        if not answers:
            raise ArrAnswerError(f"{self.name} gave no verdict on {path}. Try again.")
        return ImportVerdict(
            visible=True,
            rejections=tuple(
                Rejection(said.message or said.reason, said.type != "temporary")
                for said in answers[0].rejections
            ),
            file=import_file(path, target.ids, answers[0], guess),
        )

    def start_import(self, verdict: ImportVerdict) -> int:
        """Have the arr move a visible file into its library; answers the command's id."""
        return self._start(
            {"name": "ManualImport", "files": [dict(verdict.file)], "importMode": "move"}
        )

    def start_scan(self, path: str) -> int:
        """Have the arr find out itself what a file or folder is, and move it; the command's id.

        It goes by the names, so it may take nothing: a fallback for `start_import`.
        """
        return self._start({"name": self._scan_command, "path": path, "importMode": "move"})

    def running_import(self, path: str) -> int | None:
        """Give the id of a ManualImport of this path that has not ended yet, if there is one."""
        for command in self._http.get("command", _COMMANDS):
            if command.name != "ManualImport" or command.status in _FINISHED:
                continue
            if any(_same_path(file.path, path) for file in command.body.files or ()):
                return command.id
        return None

    def command(self, command_id: int) -> CommandState | None:
        """Say where a command is; None when the arr has forgotten it (after about a day)."""
        said = self._http.find(f"command/{command_id}", _COMMAND)
        if said is None:
            return None
        # A command that failed only says "Failed"; the first line of its stack trace says why.
        message = said.exception.partition("\n")[0].strip() or said.message
        return CommandState(said.id, said.status, said.result, message)

    def wait_for_command(
        self, command_id: int, *, timeout_s: float, should_stop: Callable[[], bool]
    ) -> CommandState | None:
        """Poll a command until it ended, and answer its last state.

        The state is unfinished when the time is over or `should_stop` says so: the command goes on
        in the arr. None when the arr has forgotten the command.
        """
        ends_at = self._http.monotonic() + timeout_s
        waits = iter(POLL_WAITS_S)
        while True:
            state = self.command(command_id)
            if state is None or state.is_finished or should_stop():
                return state
            if self._http.monotonic() >= ends_at:
                return state
            self._http.wait(next(waits, POLL_WAITS_S[-1]))

    def notifications(self) -> list[Json]:
        """List the Connect connections as the arr keeps them; passwords read as `********`."""
        return self._http.get("notification", _OBJECTS)

    def notification_schema(self) -> Json:
        """Give the empty form of a Connect webhook: which fields and events this version knows."""
        for form in self._http.get("notification/schema", _OBJECTS):
            if form.get("implementation") == "Webhook":
                return form
        raise ArrAnswerError(f"{self.name} offers no webhooks under Settings > Connect. Update it.")

    def save_notification(self, connection: Json) -> Json:
        """Create a Connect connection, or replace the one whose id it holds.

        A new one with any event switched on is tested by the arr before it is saved, and a failed
        test is an `ArrRefusedError` (Radarr: ProviderControllerBase.CreateProvider).
        """
        force: Params = {"forceSave": True}
        if "id" not in connection:
            return self._http.post("notification", _OBJECT, body=connection, params=force)
        path = f"notification/{connection['id']}"
        return self._http.put(path, _OBJECT, body=connection, params=force)

    def test_notification(self, connection: Json) -> None:
        """Have the arr send its Test webhook; `ArrRefusedError` holds what went wrong."""
        self._http.post("notification/test", _ANYTHING, body=connection)

    def _read_profiles(self) -> Mapping[int, QualityProfile]:
        said = self._http.get("qualityprofile", _PROFILES)
        return {profile.id: quality_profile(profile) for profile in said}

    def _start(self, command: Json) -> int:
        return self._http.post("command", _COMMAND, body=command).id

    def _guess(self, path: str) -> ImportAnswer | None:
        """Ask what the file's name says; None when the arr does not see the file.

        Without the ids: with them `folder` is ignored and the library folder is listed instead
        (Radarr: Radarr.Api.V3/ManualImport/ManualImportController.cs).
        """
        query: Params = {"folder": path, "filterExistingFiles": False}
        listed = self._http.get("manualimport", _IMPORTS, params=query, timeout_s=SLOW_TIMEOUT_S)
        return next((file for file in listed if _same_path(file.path, path)), None)

    def _rows(
        self, path: str, shape: TypeAdapter[PageAnswer[RowT]], params: Params
    ) -> Iterator[RowT]:
        """Read every page of a list. A row may come twice when the list changes meanwhile."""
        for number in range(1, MAX_PAGES + 1):
            query: Params = {**params, "page": number, "pageSize": PAGE_SIZE}
            page = self._http.get(path, shape, params=query, timeout_s=SLOW_TIMEOUT_S)
            yield from page.records
            size = page.page_size or PAGE_SIZE
            if not page.records or number * size >= page.total_records:
                return


def _folder(path: str) -> str:
    """The folder of a path of the arr, with its last separator: the arr may run on Windows."""
    separator = "/" if "/" in path else "\\"
    return path[: path.rfind(separator) + 1]


def _same_path(one: str, other: str) -> bool:
    # A file system of macOS answers the same name in another Unicode form.
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)

"""What the stand-ins for Radarr and Sonarr share: the server, the disk, commands, webhooks.

A subclass adds the library: what it holds, its endpoints, and how a file gets into it.
"""

from __future__ import annotations

import json
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, Generic, Protocol, Self, TypeVar

from tests.standins.commands import Commands, Executor, command_json
from tests.standins.connect import Connect, not_found
from tests.standins.disk import Disk, basename, sha256
from tests.standins.files import Files
from tests.standins.judge import Judge
from tests.standins.openapi import checker
from tests.standins.profiles import Profiles
from tests.standins.records import History, Queue, Tags
from tests.standins.sender import Delivery, Sender
from tests.standins.server import (
    Answer,
    AnswerError,
    Call,
    Fault,
    Front,
    Handler,
    Json,
    LoopbackServer,
    Seen,
    Watcher,
    application,
    route,
)

RECORDED = Path(__file__).parents[1] / "contract"

Found = TypeVar("Found")

Served = list[tuple[str, str, Handler]]
"""Endpoints: method, path, and what answers it."""


def now_utc() -> datetime:
    """Read the clock; a test may give the stand-in another one."""
    return datetime.now(UTC)


class LibraryItem(Protocol):
    """A movie or a series: it has a folder."""

    path: str


Item = TypeVar("Item", bound=LibraryItem)


class Arr(ABC, Generic[Item]):
    """A stand-in. Use it in a `with` block, or call `start` and `stop`.

    `root` is the real folder behind the root folder (`/movies` or `/tv`), `path_map` names the
    other mounted folders: `{"/downloads": tmp_path / "downloads"}`; every other path is not
    visible. `command_seconds` is how long each command stays `started` before it acts.
    """

    product: str
    version: str
    root_path: str
    first_command_id: int

    def __init__(
        self,
        *,
        root: Path,
        path_map: Mapping[str, Path] | None = None,
        api_key: str = "0123456789abcdef0123456789abcdef",
        url_base: str = "",
        command_seconds: float = 0,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self.api_key = api_key
        self.url_base = url_base
        self.now = now
        self.lock = RLock()
        self.root = root
        self.disk = Disk({**(path_map or {}), self.root_path: root})
        self.judge = Judge(self.disk)
        self.files = Files(self.disk, self.product, now)
        self.profiles = Profiles(self.product)
        self._sender = Sender(f"{self.name}/{self.version} (alpine 3.22.2)")
        template = self._recorded("notification-schema.webhook")[0]
        self.connect = Connect(template, self._sender, self._test_event)
        self.commands = Commands(
            self._executors(), first_id=self.first_command_id, seconds=command_seconds, now=now
        )
        self._items: dict[int, Item] = {}
        self.tags = Tags()
        self.queue = Queue(self.product, now)
        self.history = History(now)
        self._last_item_id = 11
        self._broken: list[AssertionError] = []
        self._check = checker(self.product)
        routes = [route(*served, check=self._checked) for served in self._all_served()]
        self._front = Front(
            application(routes), product=self.name, api_key=api_key, url_base=url_base
        )
        self._server = LoopbackServer(self._front)

    @property
    def name(self) -> str:
        """How the program calls itself: `Radarr`."""
        return self.product.capitalize()

    @property
    def url(self) -> str:
        """The address to configure, with the URL base; it stays the same over a restart."""
        return f"http://127.0.0.1:{self._server.port}{self.url_base}"

    def start(self) -> Self:
        """Answer requests and work on commands."""
        self.commands.start()
        self._server.start()
        return self

    def stop(self) -> None:
        """End as a program does: connections are refused, commands wait for the next `start`."""
        self._server.stop()
        self.commands.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.stop()
        if error is None and self._broken:
            raise self._broken[0]

    # What a test asks afterwards.

    @property
    def journal(self) -> list[Seen]:
        """Every request so far."""
        return self._front.journal

    def requests(self, method: str, path: str) -> list[Seen]:
        """Every request of that method whose path ends so: `("POST", "/command")`."""
        return [s for s in self.journal if s.method == method and s.path.endswith(path)]

    @property
    def deliveries(self) -> list[Delivery]:
        """Every webhook sent so far, with the status it got and the seconds it took."""
        return self._sender.deliveries

    def library_files(self) -> dict[str, str]:
        """Every video under the root folder, by its path there, with its SHA-256."""
        hashes: dict[str, str] = {}
        for path in self.disk.videos(self.root_path):
            real = self.disk.real(path)
            if real is not None:
                hashes[path] = sha256(real)
        return hashes

    def settle(self) -> None:
        """Wait until every command has ended, and every event those sent."""
        self.commands.settle()

    # What a test orders.

    def break_with(
        self,
        fault: Fault,
        *,
        times: int | None = None,
        path: str = "",
        method: str | None = None,
        seconds: float = 0,
    ) -> None:
        """Break the next `times` requests (None: until `mend`) whose path holds `path`."""
        self._front.plan(fault, times=times, path=path, method=method, seconds=seconds)

    def watch(self, watcher: Watcher | None) -> None:
        """Have somebody hear of each request, when it comes and before it is answered."""
        self._front.watcher = watcher

    def mend(self) -> None:
        """End every fault and every refusal."""
        self._front.clear()
        self.judge.clear()

    def press_test(self) -> Answer:
        """Press Test on the only connection; returns what the API answers to the page."""
        return self.connect.press_test()

    # For the subclasses.

    @abstractmethod
    def _served(self) -> Served:
        """List the endpoints of the library."""

    @abstractmethod
    def _executors(self) -> dict[str, Executor]:
        """List what does each command."""

    @abstractmethod
    def _library_file_paths(self) -> set[str]:
        """List the files that are in the library already."""

    @abstractmethod
    def _own_folder(self, call: Call) -> str:
        """Find the folder of the item a manualimport request names; empty when it names none."""

    @abstractmethod
    def _candidate(self, path: str, folder: str, folder_name: str | None) -> Json:
        """Show what a file below `folder` would be imported as."""

    def _test_event(self) -> Json:
        body: Json = json.loads((RECORDED / "webhooks" / self.product / "test.json").read_text())
        return body

    def _next_item_id(self) -> int:
        # Never used twice: a deleted item does not give its id to the next one.
        self._last_item_id += 1
        return self._last_item_id

    def _event(self, event: str, payload: Json) -> Json:
        shown = {name: value for name, value in payload.items() if value is not None}
        return {**shown, "eventType": event, "instanceName": self.name, "applicationUrl": ""}

    # The endpoints both have.

    def _all_served(self) -> Served:
        served = [(m, p, self._locked(handler)) for m, p, handler in self._served_by_both()]
        served += [(m, p, self._locked(handler)) for m, p, handler in self._served()]
        connections = "/api/v3/notification"
        # Not under the lock: they wait for the receiver, which may ask us back meanwhile.
        return [
            *served,
            ("GET", f"{connections}/schema", self.connect.schema),
            ("POST", f"{connections}/test", self.connect.test),
            ("GET", connections, self.connect.list_all),
            ("POST", connections, self.connect.create),
            ("GET", f"{connections}/{{id:int}}", self.connect.get),
            ("PUT", f"{connections}/{{id:int}}", self.connect.update),
            ("DELETE", f"{connections}/{{id:int}}", self.connect.delete),
        ]

    def _served_by_both(self) -> Served:
        return [
            ("GET", "/ping", lambda _: {"status": "OK"}),
            ("GET", "/api/v3/system/status", self._get_status),
            ("GET", "/api/v3/qualityprofile", self.profiles.get),
            ("GET", "/api/v3/config/naming", lambda _: self._recorded("config-naming")),
            ("GET", "/api/v3/tag", self.tags.get),
            ("POST", "/api/v3/tag", self.tags.post),
            ("GET", "/api/v3/rootfolder", self._get_root_folders),
            ("GET", "/api/v3/filesystem", self._get_filesystem),
            ("GET", "/api/v3/filesystem/type", lambda call: self.disk.kind(call.text("path"))),
            ("GET", "/api/v3/manualimport", self._get_manual_import),
            ("GET", "/api/v3/command", self._get_commands),
            ("POST", "/api/v3/command", self._post_command),
            ("GET", "/api/v3/command/{id:int}", self._get_command),
            ("DELETE", "/api/v3/command/{id:int}", self._delete_command),
            ("GET", "/api/v3/queue", self.queue.get),
            ("GET", "/api/v3/history", self.history.get),
        ]

    def _locked(self, handler: Handler) -> Handler:
        def answer(call: Call) -> Any:
            with self.lock:
                return handler(call)

        return answer

    def _checked(self, method: str, path: str, body: Any) -> None:
        try:
            self._check(method, path, body)
        except AssertionError as error:
            self._broken.append(error)
            raise

    def _recorded(self, name: str) -> Any:
        return json.loads((RECORDED / "api" / self.product / f"{name}.json").read_text())

    def _get_status(self, _: Call) -> Any:
        versions = {"version": self.version, "packageVersion": self.version}
        return {**self._recorded("system-status"), **versions, "urlBase": self.url_base}

    def _get_root_folders(self, _: Call) -> Any:
        folder = {"id": 1, "path": self.root_path, "accessible": True}
        free = {"freeSpace": self.judge.free_space}
        return [{**folder, **free, "unmappedFolders": self._unmapped_folders()}]

    def _known_folders(self) -> set[str]:
        return {item.path for item in self._items.values()}

    def _unmapped_folders(self) -> list[Json]:
        shown = self.disk.listing(self.root_path, files=False, slashless=True)["directories"]
        return [
            {"name": f["name"], "path": f["path"].rstrip("/"), "relativePath": f["name"]}
            for f in shown
            if f["path"].rstrip("/") not in self._known_folders()
        ]

    def _get_filesystem(self, call: Call) -> Any:
        slashless = call.flag("allowFoldersWithoutTrailingSlashes")
        files = call.flag("includeFiles")
        return self.disk.listing(call.text("path") or "/", files=files, slashless=slashless)

    def _get_manual_import(self, call: Call) -> Any:
        own, folder = self._own_folder(call), call.text("folder")
        if call.text("downloadId"):
            return []
        if own:
            # The folder that was asked for is ignored: the item's own is listed.
            return [self._candidate(p, own, basename(own)) for p in self.disk.videos(own)]
        if self.disk.is_file(folder):
            return [self._candidate(folder, posixpath.dirname(folder), None)]
        hidden = call.flag("filterExistingFiles", default=True)
        known = self._library_file_paths() if hidden else set()
        videos = [path for path in self.disk.videos(folder) if path not in known]
        return [self._candidate(path, folder, basename(folder)) for path in videos]

    def _get_commands(self, _: Call) -> Any:
        return [command_json(command) for command in self.commands.all()]

    def _post_command(self, call: Call) -> Answer:
        fields = {name: value for name, value in call.body.items() if name != "name"}
        command = self.commands.push(call.body.get("name", ""), fields)
        return Answer(201, command_json(command))

    def _get_command(self, call: Call) -> Any:
        command = self.commands.find(call.params["id"])
        return command_json(found(command))

    def _delete_command(self, call: Call) -> Any:
        if not self.commands.cancel(call.params["id"]):
            words = "Unable to cancel task"
            exception = f"NzbDrone.Core.Exceptions.NzbDroneClientException: {words}"
            raise AnswerError(409, {"message": words, "description": exception})
        return {}


def found(item: Found | None) -> Found:
    """Answer 404 for what is not there."""
    if item is None:
        raise AnswerError(404, not_found())
    return item

"""The command queue of a stand-in: what is asked by POST /command and done in a thread.

One command runs at a time, because every one of ours touches the disk; ManualImport goes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Condition, Event, Thread

from tests.standins.server import AnswerError, Json

Executor = Callable[[Json], bool]
"""Does what a command body asks; False ends it `completed` with the result `unsuccessful`."""

IDLE_LIMIT_S = 10.0

Outcome = tuple[str | None, str, str, str | None]
"""Message, status, result and exception of a command that has ended."""

_ORPHANED: Outcome = (None, "orphaned", "unknown", None)
_LONG_RUNNING = ("DownloadedMoviesScan", "DownloadedEpisodesScan")


class CommandFailedError(Exception):
    """Ends a command `failed`; the message is the .NET exception the API shows."""


@dataclass(slots=True)
class Command:
    """One command and how far it is. `fields` is what the caller sent beside the name."""

    id: int
    name: str
    fields: Json
    queued: datetime
    status: str = "queued"
    result: str = "unknown"
    message: str | None = None
    exception: str | None = None
    started: datetime | None = None
    ended: datetime | None = None


class Commands:
    """A queue with one worker thread, which `start` starts and `stop` ends."""

    def __init__(
        self,
        executors: Mapping[str, Executor],
        *,
        first_id: int,
        seconds: float,
        now: Callable[[], datetime],
    ) -> None:
        self.seconds = seconds
        self._executors = executors
        self._now = now
        self._next_id = first_id
        self._commands: list[Command] = []
        self._failures: list[tuple[str | None, str]] = []
        self._changed = Condition()
        self._is_held = False
        self._stopping = Event()
        self._thread = Thread()

    def start(self) -> None:
        """Begin to work; what was queued before a stop goes on."""
        if not self._thread.is_alive():
            self._stopping.clear()
            self._thread = Thread(target=self._work, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the worker; a command that waited to act is `orphaned`, as after a restart."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def push(self, name: str, fields: Json) -> Command:
        """Queue a command; an equal one that has not ended is returned instead of a second."""
        if name not in self._executors:
            words = "Sequence contains no matching element"
            error = {"message": words, "description": f"System.InvalidOperationException: {words}"}
            raise AnswerError(500, error)
        with self._changed:
            for command in self._commands:
                if not command.ended and (command.name, command.fields) == (name, fields):
                    return command
            command = Command(self._next_id, name, fields, self._now())
            self._next_id += 1
            self._commands.append(command)
            self._changed.notify_all()
            return command

    def find(self, command_id: int) -> Command | None:
        """Look one up by its id."""
        with self._changed:
            return next((c for c in self._commands if c.id == command_id), None)

    def all(self) -> list[Command]:
        """Every command so far; the programs drop ended ones from this list after 5 minutes."""
        with self._changed:
            return list(self._commands)

    def cancel(self, command_id: int) -> bool:
        """Remove a command that is still queued; False when it is not."""
        with self._changed:
            command = self.find(command_id)
            if command is None or command.status != "queued":
                return False
            self._commands.remove(command)
            return True

    def hold(self) -> None:
        """Leave what comes from now on `queued`, as behind a long running command."""
        with self._changed:
            self._is_held = True

    def release(self) -> None:
        """Work again after `hold`."""
        with self._changed:
            self._is_held = False
            self._changed.notify_all()

    def fail_next(self, exception: str, *, name: str | None = None, times: int = 1) -> None:
        """End the next commands (of that name) `failed`, before they do anything."""
        with self._changed:
            self._failures += [(name, exception)] * times

    def settle(self) -> None:
        """Wait until every command has ended."""
        with self._changed:
            done = self._changed.wait_for(
                lambda: all(command.ended for command in self._commands), IDLE_LIMIT_S
            )
        if not done:
            raise TimeoutError(f"Commands still run after {IDLE_LIMIT_S} s: {self.all()}")

    def _work(self) -> None:
        while (command := self._next()) is not None:
            was_stopped = self._stopping.wait(self.seconds)
            message, status, result, exception = (
                _ORPHANED if was_stopped else self._outcome(command)
            )
            with self._changed:
                command.message, command.result = message, result
                command.exception, command.ended = exception, self._now()
                # Last, because requests read without waiting for us.
                command.status = status
                self._changed.notify_all()

    def _next(self) -> Command | None:
        with self._changed:
            while not self._stopping.is_set():
                queued = [c for c in self._commands if c.status == "queued"]
                if queued and not self._is_held:
                    command = min(queued, key=lambda c: (c.name != "ManualImport", c.id))
                    command.status, command.started = "started", self._now()
                    return command
                self._changed.wait()
        return None

    def _outcome(self, command: Command) -> Outcome:
        try:
            self._fail_as_planned(command.name)
            if self._executors[command.name](command.fields):
                return "Completed", "completed", "successful", None
            return "Failed to import", "completed", "unsuccessful", None
        except CommandFailedError as error:
            return "Failed", "failed", "unknown", str(error)
        except Exception as error:  # noqa: BLE001 - the programs catch all here, too
            return "Failed", "failed", "unknown", repr(error)

    def _fail_as_planned(self, name: str) -> None:
        with self._changed:
            for planned in self._failures:
                if planned[0] in (None, name):
                    self._failures.remove(planned)
                    raise CommandFailedError(planned[1])


def command_json(command: Command) -> Json:
    """Show a command as GET /command/{id} does."""
    shown: Json = {
        "id": command.id,
        "name": command.name,
        "commandName": re.sub(r"(?<!^)(?=[A-Z])", " ", command.name),
        "message": command.message,
        "body": _body_json(command),
        "priority": "high" if command.name == "ManualImport" else "normal",
        "status": command.status,
        "result": command.result,
        "queued": utc(command.queued),
        "started": command.started and utc(command.started),
        "ended": command.ended and utc(command.ended),
        "duration": _duration(command),
        "exception": command.exception,
        "trigger": "manual",
        "stateChangeTime": command.started and utc(command.started),
        "sendUpdatesToClient": True,
        "updateScheduledTask": True,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _body_json(command: Command) -> Json:
    return {
        "sendUpdatesToClient": True,
        **command.fields,
        "updateScheduledTask": True,
        "requiresDiskAccess": True,
        "isExclusive": False,
        "isTypeExclusive": False,
        "isLongRunning": command.name in _LONG_RUNNING,
        "name": command.name,
        "trigger": "manual",
        "suppressMessages": False,
    }


def _duration(command: Command) -> str | None:
    if command.started is None or command.ended is None:
        return None
    whole = timedelta(seconds=(command.ended - command.started).total_seconds())
    hours, rest = divmod(whole.seconds, 3600)
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}.{whole.microseconds * 10:07}"


def utc(moment: datetime) -> str:
    """Write a time as the REST API does: `2025-11-16T10:20:30Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

"""The service itself over HTTP: does it live, can it work, what keeps it from working."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from starlette.responses import Response

from stalkeer.arr.breaker import BreakerState
from stalkeer.core.items import Service
from stalkeer.jobs.status import Status
from stalkeer.web.answers import page
from stalkeer.web.operations import Reply, get
from stalkeer.web.shapes import Answer, Stamp

_TAG = "system"
Check = Literal["ok", "failed"]


class PingAnswer(Answer):
    """The process lives."""

    example: ClassVar[Mapping[str, Any]] = {"status": "OK"}

    status: Literal["OK"] = "OK"


class HealthAnswer(Answer):
    """Whether work can be done: names of checks only, because no key is asked for."""

    example: ClassVar[Mapping[str, Any]] = {
        "status": "ok",
        "checks": {"database": "ok", "queue": "ok", "disk": "ok"},
    }

    status: Check
    checks: dict[str, Check]


class DatabaseStatus(Answer):
    """Where the rows are."""

    kind: Literal["sqlite", "postgresql"]


class QueueStatus(Answer):
    """What carries messages, and whether it answers."""

    kind: Literal["embedded", "redis"]
    answers: bool


class InstanceStatus(Answer):
    """What the last look at an instance said."""

    name: str
    service: Service
    last_sync_at: Stamp | None
    last_sync: dict[str, int] | None
    last_error: str | None
    connection: BreakerState
    webhook: str | None


class PlaylistStatus(Answer):
    """How current a playlist is."""

    name: str
    kind: str
    entries: int
    refreshed_at: Stamp | None
    age_s: int | None
    is_reachable: bool | None
    last_error: str | None
    last_error_code: str | None
    max_connections: int | None
    expires_at: Stamp | None


class FolderStatus(Answer):
    """A folder of finished files and the space on its disk."""

    path: str
    instance: str
    free_bytes: int | None


class ProviderStatus(Answer):
    """A provider that files come from, and how many connections it is asked for now."""

    name: str
    configured: int
    limit: int
    in_use: int
    paused_until: Stamp | None
    pauses: int
    reason: str


class RunStatus(Answer):
    """One run of an import or a sync."""

    action: str
    subject: str
    status: str
    item_count: int
    started_at: Stamp
    completed_at: Stamp | None
    error_message: str | None


class ProblemAnswer(Answer):
    """Something that keeps work from being done, and its remedy."""

    code: str
    message: str
    remedy: str


class StatusAnswer(Answer):
    """Everything about the service itself."""

    example: ClassVar[Mapping[str, Any]] = {
        "app_name": "stalkeer",
        "version": "1.0.0",
        "python": "3.13.1",
        "uptime_s": 3600,
        "database": {"kind": "sqlite"},
        "queue": {"kind": "embedded", "answers": True},
        "jobs": {"done": 12, "ready": 1},
        "items": {"no_match": 3},
        "instances": [
            {
                "name": "radarr",
                "service": "radarr",
                "last_sync_at": "2026-01-31T12:00:00Z",
                "last_sync": {"missing": 3},
                "last_error": None,
                "connection": "closed",
                "webhook": "registered",
            }
        ],
        "playlists": [
            {
                "name": "films",
                "kind": "xtream",
                "entries": 4711,
                "refreshed_at": "2026-01-31T12:00:00Z",
                "age_s": 1800,
                "is_reachable": True,
                "last_error": None,
                "last_error_code": None,
                "max_connections": 2,
                "expires_at": "2026-12-31T00:00:00Z",
            }
        ],
        "folders": [
            {"path": "/media/movies", "instance": "radarr", "free_bytes": 1_000_000_000_000}
        ],
        "providers": [
            {
                "name": "tv.example.invalid",
                "configured": 2,
                "limit": 1,
                "in_use": 1,
                "paused_until": None,
                "pauses": 0,
                "reason": "",
            }
        ],
        "runs": [
            {
                "action": "reconcile",
                "subject": "radarr",
                "status": "completed",
                "item_count": 3,
                "started_at": "2026-01-31T12:00:00Z",
                "completed_at": "2026-01-31T12:00:01Z",
                "error_message": None,
            }
        ],
        "problems": [
            {
                "code": "no_playlist",
                "message": "No playlist is set.",
                "remedy": "Set STALKEER_M3U_URL.",
            }
        ],
    }

    app_name: str
    version: str
    python: str
    uptime_s: int
    database: DatabaseStatus
    queue: QueueStatus
    jobs: dict[str, int]
    items: dict[str, int]
    instances: tuple[InstanceStatus, ...]
    playlists: tuple[PlaylistStatus, ...]
    folders: tuple[FolderStatus, ...]
    providers: tuple[ProviderStatus, ...]
    runs: tuple[RunStatus, ...]
    problems: tuple[ProblemAnswer, ...]


@dataclass(frozen=True, slots=True)
class System:
    """The operations on the service itself."""

    status: Status

    @get("/", tag=_TAG, produces="text/html")
    def home(self) -> Response:
        """Show the state and the next step in a few lines."""
        return page("stalkeer", "\n".join(self.status.lines()))

    @get("/ping", tag=_TAG)
    def ping(self) -> PingAnswer:
        """Say that the process lives; touches nothing that could hang."""
        return PingAnswer()

    @get("/health", tag=_TAG, also={503: HealthAnswer})
    def health(self) -> Reply[HealthAnswer]:
        """Say whether work can be done."""
        checks = self.status.checks()
        is_well = all(checks.values())
        shown: dict[str, Check] = {
            name: "ok" if passed else "failed" for name, passed in checks.items()
        }
        answer = HealthAnswer(status="ok" if is_well else "failed", checks=shown)
        return Reply(answer, 200 if is_well else 503)

    @get("/api/v1/system/status", tag=_TAG)
    def report(self) -> StatusAnswer:
        """Show everything about the service itself, with problems and remedies."""
        return StatusAnswer.model_validate(self.status.report())

"""Downloads over HTTP: how far they are; pause, resume, priority, cancel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from stalkeer.core.items import Service
from stalkeer.core.states import DownloadStatus, ImportStatus
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.downloads import Download, Move
from stalkeer.jobs import by_hand
from stalkeer.jobs.services import Services
from stalkeer.jobs.status import free_space
from stalkeer.web.faults import FROM_ARR
from stalkeer.web.operations import delete, get, post, put
from stalkeer.web.shapes import Answer, Body, Listing, Name, Paged, PathId, RowId, Stamp, Word

_TAG = "downloads"
_DOWNLOAD: dict[str, Any] = {
    "id": 7,
    "status": "downloading",
    "import_status": None,
    "playlist_item_id": 4711,
    "instance": "radarr",
    "target_service": "radarr",
    "target_item_id": 12,
    "title": "Heat (1995)",
    "provider": "tv.example.invalid",
    "download_path": None,
    "imported_path": None,
    "file_size": None,
    "bytes_downloaded": 250_000_000,
    "total_bytes": 1_000_000_000,
    "speed_bytes_per_s": 5_000_000,
    "resume_token": None,
    "retry_count": 0,
    "last_retry_at": None,
    "locked_at": "2026-01-31T12:00:00Z",
    "locked_by": "nas:42",
    "started_at": "2026-01-31T12:00:00Z",
    "completed_at": None,
    "error_message": None,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:50Z",
    "container": None,
    "resolution": None,
    "duration_s": None,
    "length_verified": None,
    "checksum": None,
    "verdict": "",
    "progress_pct": 25.0,
    "eta_s": 150,
}


class DownloadQuery(Paged):
    """Which downloads to list."""

    sort: Literal[
        "id", "status", "import_status", "instance", "title", "created_at", "updated_at"
    ] = "id"
    id: RowId | None = None
    status: DownloadStatus | None = None
    import_status: ImportStatus | None = None
    instance: Word | None = None
    title: Word | None = None


class DownloadAnswer(Answer):
    """A download: the columns of its row, and how far it is."""

    example: ClassVar[Mapping[str, Any]] = _DOWNLOAD

    id: int
    status: DownloadStatus
    import_status: ImportStatus | None
    playlist_item_id: int | None
    instance: str
    target_service: Service | Literal[""]
    target_item_id: int
    title: str
    provider: str
    download_path: str | None
    imported_path: str | None
    file_size: int | None
    bytes_downloaded: int
    total_bytes: int | None
    speed_bytes_per_s: int | None
    resume_token: str | None
    retry_count: int
    last_retry_at: Stamp | None
    locked_at: Stamp | None
    locked_by: str | None
    started_at: Stamp | None
    completed_at: Stamp | None
    error_message: str | None
    created_at: Stamp
    updated_at: Stamp
    container: str | None
    resolution: str | None
    duration_s: int | None
    length_verified: bool | None
    checksum: str | None
    verdict: str
    progress_pct: float | None
    eta_s: int | None


class MoveAnswer(Answer):
    """One move of a download, and why."""

    from_: Annotated[str | None, Field(alias="from")]
    to: str
    at: Stamp
    reason: str


class DownloadHistoryAnswer(DownloadAnswer):
    """A download with its moves."""

    example: ClassVar[Mapping[str, Any]] = _DOWNLOAD | {
        "events": [{"from": None, "to": "pending", "at": "2026-01-31T12:00:00Z", "reason": ""}]
    }

    events: tuple[MoveAnswer, ...]


class DiskAnswer(Answer):
    """The disk of one folder that finished files go to; None when it cannot be seen."""

    path: str
    free_bytes: int | None


class DownloadStatsAnswer(Answer):
    """How downloads go: `success_rate` of those that ended, `bytes_per_s` the mean of a week."""

    example: ClassVar[Mapping[str, Any]] = {
        "by_status": {"completed": 40, "downloading": 2, "failed": 1},
        "by_import_status": {"imported": 39, "pending": 1},
        "success_rate": 0.976,
        "bytes_fetched": 123_000_000_000,
        "bytes_per_s": 5_400_000.0,
        "speed_bytes_per_s": 9_800_000,
        "disk": [{"path": "/data/downloads/movies", "free_bytes": 800_000_000_000}],
    }

    by_status: dict[str, int]
    by_import_status: dict[str, int]
    success_rate: float | None
    bytes_fetched: int
    bytes_per_s: float | None
    speed_bytes_per_s: int
    disk: tuple[DiskAnswer, ...]


_BOTH: JsonDict = {"instance": {"type": "string"}, "arr_id": {"type": "integer"}}
_NEITHER: JsonDict = {"instance": {"type": "null"}, "arr_id": {"type": "null"}}


class StartBody(Body):
    """An entry to download: for an item of an arr, or as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [*_BOTH], "properties": _BOTH}, {"properties": _NEITHER}]
        }
    )

    example: ClassVar[Mapping[str, Any]] = {"item_id": 4711, "instance": "radarr", "arr_id": 12}

    item_id: RowId
    instance: Name | None = None
    arr_id: RowId | None = None

    @model_validator(mode="after")
    def _names_both_or_neither(self) -> Self:
        if (self.instance is None) is not (self.arr_id is None):
            raise ValueError("needs both instance and arr_id, or neither of them")
        return self


class StartedAnswer(Answer):
    """The job that fetches an entry, or searches first; then there is no download yet."""

    example: ClassVar[Mapping[str, Any]] = {"job_id": 99, "download_id": 7}

    job_id: int
    download_id: int | None


class PriorityBody(Body):
    """The new place of a download; lower comes first."""

    example: ClassVar[Mapping[str, Any]] = {"priority": 10}

    priority: Annotated[int, Field(ge=0, le=1000)]


@dataclass(frozen=True, slots=True)
class Downloads:
    """The operations on downloads."""

    services: Services

    @get("/api/v1/downloads", tag=_TAG)
    def page(self, query: DownloadQuery) -> Listing[DownloadAnswer]:
        """List downloads."""
        return Listing.of(
            self.services.store.downloads.page(query.request()), query, download_answer
        )

    @get("/api/v1/downloads/{download_id}", tag=_TAG)
    def one(self, download_id: PathId) -> DownloadHistoryAnswer:
        """Show one download with its moves."""
        found = self.services.store.downloads.get(download_id)
        if found is None:
            raise NoSuchRowError(f"There is no download {download_id}.")
        return _history(found, self.services.store.downloads.moves(download_id))

    @get("/api/v1/downloads/stats", tag=_TAG)
    def stats(self) -> DownloadStatsAnswer:
        """Count the downloads, and say how well and how fast they go."""
        totals, disk = asdict(self.services.store.totals.downloads()), free_space(self.services)
        disks = tuple(DiskAnswer(path=str(path), free_bytes=free) for path, free in disk.items())
        return DownloadStatsAnswer(**totals, disk=disks)

    @post(
        "/api/v1/downloads",
        tag=_TAG,
        status=202,
        errors=("not_found", "not_wanted", "live_channel", "conflict", *FROM_ARR),
    )
    def start(self, body: StartBody) -> StartedAnswer:
        """Download an entry now.

        For an item of an arr its file is imported there; without one it is published in the folder
        of its kind, and nobody imports it.
        """
        started = by_hand.start_download(
            self.services, body.item_id, instance=body.instance, arr_id=body.arr_id
        )
        return StartedAnswer(job_id=started.job_id, download_id=started.download_id)

    @put("/api/v1/downloads/{download_id}/pause", tag=_TAG, errors=("conflict",))
    def pause(self, download_id: PathId) -> DownloadHistoryAnswer:
        """Let a download rest."""
        self.services.store.control.pause(download_id)
        self.services.ring()
        return self.one(download_id)

    @put("/api/v1/downloads/{download_id}/resume", tag=_TAG, errors=("conflict",))
    def resume(self, download_id: PathId) -> DownloadHistoryAnswer:
        """Let a paused download go on."""
        self.services.store.control.resume(download_id)
        self.services.ring()
        return self.one(download_id)

    @put("/api/v1/downloads/{download_id}/priority", tag=_TAG, errors=("conflict",))
    def prioritise(self, download_id: PathId, body: PriorityBody) -> DownloadHistoryAnswer:
        """Change the place of a download."""
        self.services.store.control.prioritise(download_id, body.priority)
        return self.one(download_id)

    @delete("/api/v1/downloads/{download_id}", tag=_TAG, errors=("conflict",))
    def cancel(self, download_id: PathId) -> DownloadHistoryAnswer:
        """Cancel a download: its part file is removed, its row stays."""
        by_hand.cancel_download(self.services, download_id)
        self.services.ring()
        return self.one(download_id)


def download_answer(download: Download) -> DownloadAnswer:
    """Show a download."""
    return DownloadAnswer(**_shown(download))


def _history(download: Download, moves: Iterable[Move]) -> DownloadHistoryAnswer:
    return DownloadHistoryAnswer(**_shown(download), events=tuple(_move(move) for move in moves))


def _shown(download: Download) -> dict[str, Any]:
    return asdict(download) | {"progress_pct": _percent(download), "eta_s": _eta_s(download)}


def _move(move: Move) -> MoveAnswer:
    return MoveAnswer.model_validate(
        {"from": move.from_status, "to": move.to_status, "at": move.at, "reason": move.reason}
    )


def _percent(download: Download) -> float | None:
    if not download.total_bytes:
        return None
    return round(100 * download.bytes_downloaded / download.total_bytes, 1)


def _eta_s(download: Download) -> int | None:
    """Guess how many seconds are left at the present speed."""
    if not download.total_bytes or not download.speed_bytes_per_s:
        return None
    return round((download.total_bytes - download.bytes_downloaded) / download.speed_bytes_per_s)

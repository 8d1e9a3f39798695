"""A row of `download_info` and a move of one, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stalkeer.core.states import DownloadStatus, ImportStatus
from stalkeer.db.models import DownloadInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A row of `download_info`. `resume_token` is what the engine needs to go on.

    `instance` is empty for one that is for no item; the fields from `container` on are those of
    `FileFacts`.
    """

    id: int
    status: DownloadStatus
    import_status: ImportStatus | None
    playlist_item_id: int | None
    instance: str
    target_service: str
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
    last_retry_at: datetime | None
    locked_at: datetime | None
    locked_by: str | None
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    container: str | None = None
    resolution: str | None = None
    duration_s: int | None = None
    length_verified: bool | None = None
    checksum: str | None = None
    verdict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move of a download, and why."""

    from_status: str | None
    to_status: str
    at: datetime
    reason: str


def read_download(row: DownloadInfo) -> Download:
    """Turn a row into a value."""
    return Download(
        id=row.id,
        status=DownloadStatus(row.status),
        import_status=None if row.import_status is None else ImportStatus(row.import_status),
        playlist_item_id=row.playlist_item_id,
        instance=row.instance,
        target_service=row.target_service,
        target_item_id=row.target_item_id,
        title=row.title,
        provider=row.provider,
        download_path=row.download_path,
        imported_path=row.imported_path,
        file_size=row.file_size,
        bytes_downloaded=row.bytes_downloaded,
        total_bytes=row.total_bytes,
        speed_bytes_per_s=row.speed_bytes_per_s,
        resume_token=row.resume_token,
        retry_count=row.retry_count,
        last_retry_at=row.last_retry_at,
        locked_at=row.locked_at,
        locked_by=row.locked_by,
        started_at=row.started_at,
        completed_at=row.completed_at,
        error_message=row.error_message,
        created_at=row.created_at,
        updated_at=row.updated_at,
        container=row.container,
        resolution=row.resolution,
        duration_s=row.duration_s,
        length_verified=row.length_verified,
        checksum=row.checksum,
        verdict=row.verdict,
    )

"""What people and arrs ask of jobs and downloads: cancel, replay, pause, go on, go first.

A waiting job moves at once; a running one is asked to, and hears it with its next sign of life.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import peewee as pw

from stalkeer.core.jobs import DownloadChange, Job
from stalkeer.core.states import (
    ACTIVE_JOB_STATUSES,
    REPLAYABLE_JOB_STATUSES,
    DownloadStatus,
    ImportStatus,
    ItemState,
    JobKind,
    JobStatus,
    StopRequest,
)
from stalkeer.db import models
from stalkeer.db.connect import Database, UnfitStateError, reads, writes
from stalkeer.db.downloads import Downloads
from stalkeer.db.items import Items
from stalkeer.db.jobs import read_job

_ACTIVE = models.Job.status.in_(ACTIVE_JOB_STATUSES)


class NoSuchRowError(UnfitStateError):
    """The row that was named does not exist."""

    code: ClassVar[str] = "not_found"


class ConflictError(UnfitStateError):
    """The state of a job or a download does not allow what was asked for."""

    code: ClassVar[str] = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFilter:
    """Which ended jobs to replay; what stays None does not matter. Times are of their ends."""

    status: JobStatus
    kind: JobKind | None = None
    ids: tuple[int, ...] | None = None
    before: datetime | None = None
    after: datetime | None = None


class Control:
    """Moves jobs on behalf of a person or an arr."""

    def __init__(self, db: Database, downloads: Downloads, items: Items) -> None:
        """Work on this database."""
        self.db = db
        self._downloads = downloads
        self._items = items

    @writes
    def cancel_for_items(
        self,
        item_ids: Collection[int],
        reason: str,
        *,
        show: ItemState = ItemState.CANCELLED,
    ) -> int:
        """Cancel the searches and unfinished downloads of items; return how many.

        `show` is the state the items are in afterwards. A download that is also for another item
        which is still missing goes on.
        """
        linked = models.DownloadItem.select(models.DownloadItem.download).where(
            models.DownloadItem.item.in_(item_ids)
        )
        query = models.Job.select().where(
            (models.Job.item.in_(item_ids) | models.Job.download.in_(linked))
            & models.Job.kind.in_((JobKind.SEARCH, JobKind.DOWNLOAD))
            & _ACTIVE
        )
        rows = self.db.lock(query)
        doomed = [row for row in rows if self._nobody_else_needs(row, item_ids)]
        for row in doomed:
            self._cancel(row, reason, StopRequest.DROP, show)
        return len(doomed)

    @writes
    def cancel_job(self, job_id: int) -> Job:
        """Cancel a ready or running job; what it fetched stays, for a replay.

        Raises `NoSuchRowError` and `ConflictError`.
        """
        row = self._job(job_id)
        if row.status not in ACTIVE_JOB_STATUSES:
            raise ConflictError(
                f"Job {job_id} is {row.status}: only ready and running jobs can be cancelled."
            )
        self._cancel(row, "cancelled by a person", StopRequest.CANCEL, ItemState.CANCELLED)
        if row.kind == JobKind.SEARCH and row.item_id is not None:
            self._items.show([row.item_id], ItemState.CANCELLED, "cancelled by a person")
        return read_job(self._job(job_id))

    @writes
    def replay(self, job_id: int) -> Job:
        """Let a failed or cancelled job run again, with all its attempts; its history stays.

        Raises `NoSuchRowError`, and `ConflictError` when it may not or another one is active.
        """
        row = self._job(job_id)
        if row.status not in REPLAYABLE_JOB_STATUSES:
            raise ConflictError(
                f"Job {job_id} is {row.status}: only failed and cancelled jobs can be replayed."
            )
        self._refuse_double(row)
        try:
            self._put_back(job_id)
        except pw.IntegrityError:
            # Another job with the same key was written between the look and this.
            self._refuse_double(row)
            raise
        self._show_replay(row)
        return read_job(self._job(job_id))

    @reads
    def replayable(self, chosen: ReplayFilter) -> list[int]:
        """Return the ids of the ended jobs that fit, oldest first."""
        query = models.Job.select(models.Job.id).where(models.Job.status == chosen.status)
        if chosen.kind is not None:
            query = query.where(models.Job.kind == chosen.kind)
        if chosen.ids is not None:
            query = query.where(models.Job.id.in_(chosen.ids))
        if chosen.before is not None:
            query = query.where(models.Job.finished_at < chosen.before)
        if chosen.after is not None:
            query = query.where(models.Job.finished_at > chosen.after)
        return [row.id for row in query.order_by(models.Job.id)]

    @reads
    def statuses(self, job_ids: Collection[int]) -> dict[int, JobStatus]:
        """Return the states of these jobs; those that do not exist are left out."""
        rows = models.Job.select(models.Job.id, models.Job.status).where(models.Job.id.in_(job_ids))
        return {row.id: JobStatus(row.status) for row in rows}

    @writes
    def pause(self, download_id: int) -> None:
        """Let a download rest until `resume`. Raises `NoSuchRowError` and `ConflictError`."""
        row = self._download_job(download_id, "pause")
        if row.is_held or row.stop_request:
            raise ConflictError(f"Download {download_id} is paused or being stopped already.")
        held = (
            models.Job.update(is_held=True, updated_at=self.db.now())
            .where((models.Job.id == row.id) & (models.Job.status == JobStatus.READY))
            .execute()
        )
        if held:
            self._show_download(download_id, DownloadStatus.PAUSED, "paused by a person")
        else:
            self._ask(row, StopRequest.PAUSE, {"reason": "paused by a person"})

    @writes
    def resume(self, download_id: int) -> None:
        """Let a paused download go on. Raises `NoSuchRowError` and `ConflictError`."""
        row = self._download_job(download_id, "resume")
        if not row.is_held:
            raise ConflictError(f"Download {download_id} is not paused.")
        models.Job.update(
            is_held=False, run_at=self.db.now(), enqueued_at=None, updated_at=self.db.now()
        ).where(models.Job.id == row.id).execute()
        self._show_download(download_id, DownloadStatus.PENDING, "")

    @writes
    def cancel(self, download_id: int) -> bool:
        """Cancel a download for good; return whether it stopped at once.

        Raises `NoSuchRowError` and `ConflictError`.
        """
        row = self._download_job(download_id, "cancel")
        reason = "cancelled by a person"
        return self._cancel(row, reason, StopRequest.DROP, ItemState.CANCELLED)

    @writes
    def prioritise(self, download_id: int, priority: int) -> None:
        """Change the place of a waiting download; lower comes first."""
        row = self._download_job(download_id, "reorder")
        models.Job.update(priority=priority, updated_at=self.db.now()).where(
            models.Job.id == row.id
        ).execute()

    def _put_back(self, job_id: int) -> None:
        values = models.Job.update(
            status=JobStatus.READY,
            attempts=0,
            crashes=0,
            replays=models.Job.replays + 1,
            run_at=self.db.now(),
            enqueued_at=None,
            finished_at=None,
            result=None,
            is_held=False,
            updated_at=self.db.now(),
        )
        with self.db.peewee.atomic():
            values.where(models.Job.id == job_id).execute()

    def _job(self, job_id: int) -> models.Job:
        query = models.Job.select().where(models.Job.id == job_id)
        # Locked: a run that ends between two statements would miss what it is asked.
        row: models.Job | None = self.db.lock(query).first()
        if row is None:
            raise NoSuchRowError(f"There is no job {job_id}.")
        return row

    def _download_job(self, download_id: int, verb: str) -> models.Job:
        """Return the active job that fetches a download."""
        download = models.DownloadInfo.get_or_none(models.DownloadInfo.id == download_id)
        if download is None:
            raise NoSuchRowError(f"There is no download {download_id}.")
        query = models.Job.select().where(
            (models.Job.download == download_id) & (models.Job.kind == JobKind.DOWNLOAD) & _ACTIVE
        )
        row: models.Job | None = self.db.lock(query).first()
        if row is None:
            raise ConflictError(f"Download {download_id} is {download.status}: nothing to {verb}.")
        return row

    def _refuse_double(self, row: models.Job) -> None:
        if row.dedup_key is None:
            return
        other = models.Job.get_or_none((models.Job.dedup_key == row.dedup_key) & _ACTIVE)
        if other is not None:
            raise ConflictError(
                f"Job {row.id} cannot be replayed: job {other.id} does the same at this moment."
            )

    def _nobody_else_needs(self, row: models.Job, item_ids: Collection[int]) -> bool:
        if row.download_id is None:
            return True
        others = set(self._downloads.item_ids(row.download_id)) - set(item_ids)
        return not any(item.is_missing for item in self._items.many(others))

    def _cancel(self, row: models.Job, reason: str, request: StopRequest, show: ItemState) -> bool:
        """Cancel a waiting job now, and ask a running one to stop; say which it was."""
        result = {"outcome": "cancelled", "reason": reason}
        now = self.db.now()
        waiting = (
            models.Job.update(
                status=JobStatus.CANCELLED,
                result=result,
                cancelled_state=show,
                is_held=False,
                finished_at=now,
                updated_at=now,
            )
            .where((models.Job.id == row.id) & (models.Job.status == JobStatus.READY))
            .execute()
        )
        if not waiting:
            self._ask(row, request, result, show)
            return False
        if row.download_id is not None and row.kind == JobKind.DOWNLOAD:
            self._show_download(row.download_id, DownloadStatus.CANCELLED, reason, show)
        if row.download_id is not None and row.kind == JobKind.IMPORT:
            change = DownloadChange(
                download_id=row.download_id,
                import_status=ImportStatus.FAILED,
                reason=reason,
                item_state=show,
            )
            self._downloads.change(change)
        return True

    def _ask(
        self,
        row: models.Job,
        request: StopRequest,
        result: dict[str, Any],
        show: ItemState | None = None,
    ) -> None:
        models.Job.update(stop_request=request, result=result, cancelled_state=show).where(
            (models.Job.id == row.id) & (models.Job.status == JobStatus.RUNNING)
        ).execute()

    def _show_replay(self, row: models.Job) -> None:
        if row.kind == JobKind.DOWNLOAD and row.download_id is not None:
            self._show_download(row.download_id, DownloadStatus.PENDING, "replayed")
        elif row.kind == JobKind.IMPORT and row.download_id is not None:
            change = DownloadChange(
                download_id=row.download_id, import_status=ImportStatus.PENDING, reason="replayed"
            )
            self._downloads.change(change)
        elif row.kind == JobKind.SEARCH and self._is_free(row.item_id):
            self._items.start_anew(row.item_id or 0)

    def _is_free(self, item_id: int | None) -> bool:
        """Say whether no file of an item is here or on its way."""
        return item_id is not None and self._downloads.held_for(item_id) is None

    def _show_download(
        self,
        download_id: int,
        status: DownloadStatus,
        reason: str,
        item_state: ItemState | None = None,
    ) -> None:
        self._downloads.change(
            DownloadChange(
                download_id=download_id, status=status, reason=reason, item_state=item_state
            )
        )

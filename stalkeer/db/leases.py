"""Jobs under a lease: claimed, renewed, ended, taken back from who died.

A claim is one conditional UPDATE with a new token; every later write of that run names the token,
so a worker that was paused past its lease and wakes again changes nothing. What people read about
downloads and items is written in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import peewee as pw

from stalkeer.core.jobs import (
    MAX_CRASHES,
    DownloadChange,
    Ended,
    Job,
    Lease,
    NewDownload,
    later,
)
from stalkeer.core.states import (
    DownloadStatus,
    JobKind,
    JobStatus,
    StopRequest,
    download_status,
    import_status,
)
from stalkeer.db import models
from stalkeer.db.claims import Claims
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.downloads import Downloads
from stalkeer.db.endings import Endings
from stalkeer.db.items import Items
from stalkeer.db.jobs import Jobs, read_job
from stalkeer.db.matches import Matches
from stalkeer.db.providers import SlotLimits
from stalkeer.db.slots import Slots
from stalkeer.errors import StalkeerError

_CRASH_PAUSE_S = 60.0


class LeaseLostError(StalkeerError):
    """The job was given to somebody else, or has ended: this run must write nothing more."""

    code: ClassVar[str] = "lease_lost"


@dataclass(frozen=True, slots=True)
class Renewed:
    """A lease that still holds, and whether somebody asked its job to stop."""

    token: str
    stop_request: StopRequest | None


class Leases:
    """Moves jobs between ready, running and their ends."""

    def __init__(
        self,
        db: Database,
        jobs: Jobs,
        downloads: Downloads,
        items: Items,
        matches: Matches,
        slots: Slots,
        *,
        lease_s: float,
    ) -> None:
        """Work on this database; a worker that says nothing for `lease_s` counts as dead."""
        self.db = db
        self.lease_s = lease_s
        self._jobs = jobs
        self._downloads = downloads
        self._items = items
        self._matches = matches
        self._slots = slots
        self._claims = Claims(db)
        self._endings = Endings(db)

    def claim(self, lease: Lease, *, owner: str, limits: SlotLimits) -> Job | None:
        """Take a job that is ready and due; None when it is not, or no connection is free.

        `owner` is `host:pid`. A download takes a slot of its provider in the same step.
        """
        looked = self._claims.look(lease)
        if looked is None:
            return None
        if not looked.is_ours and not looked.is_download and not looked.provider:
            claimed = self._claims.claim_at_once(lease, owner, self.lease_s)
            if claimed is not None:
                return read_job(claimed)
        return self._claim(lease, owner, limits)

    @writes
    def _claim(self, lease: Lease, owner: str, limits: SlotLimits) -> Job | None:
        # Again: what was seen before may be old, or this the second try after a lost answer.
        looked = self._claims.look(lease)
        if looked is not None and looked.is_ours:
            return read_job(models.Job.get_by_id(lease.job_id))
        if looked is None or not self._has_slot(looked.provider, lease, limits):
            return None
        claimed = self._claims.claim(lease, owner, self.lease_s)
        if claimed is None:
            self._slots.release(lease.token)
            return None
        job = read_job(claimed)
        self._claims.note(claimed, lease, owner)
        if job.download_id is not None and job.kind is JobKind.DOWNLOAD:
            self._downloads.lock(job.download_id, owner, is_retry=bool(job.last_error))
        return job

    @writes
    def renew(self, tokens: Collection[str]) -> tuple[Renewed, ...]:
        """Keep these leases for their whole time again; the ones not in the answer are lost."""
        rows = (
            models.Job.update(lease_until=self.db.now(self.lease_s))
            .where(models.Job.lease_token.in_(tokens) & (models.Job.status == JobStatus.RUNNING))
            .returning(models.Job.lease_token, models.Job.stop_request)
            .execute()
        )
        held = tuple(Renewed(row.lease_token or "", _request(row)) for row in rows)
        self._slots.renew([renewed.token for renewed in held], self.lease_s)
        return held

    @reads
    def stop_requests(self, tokens: Collection[str]) -> dict[str, StopRequest]:
        """Return what the jobs under these leases were asked to do, by token, where they were."""
        rows = models.Job.select(models.Job.lease_token, models.Job.stop_request).where(
            models.Job.lease_token.in_(tokens) & models.Job.stop_request.is_null(False)
        )
        return {row.lease_token or "": StopRequest(row.stop_request or "") for row in rows}

    @writes
    def progress(
        self,
        lease: Lease,
        *,
        done: int,
        total: int | None,
        resume_token: str,
        speed_bytes_per_s: int | None = None,
    ) -> StopRequest | None:
        """Write how far a download has come; return what it was asked to do, if anything.

        Only new bytes are progress: a job that kills its worker over bytes that were there before
        must not go on for ever. Raises `LeaseLostError` when the lease is no longer ours.
        """
        known = models.DownloadInfo.select(models.DownloadInfo.bytes_downloaded).where(
            models.DownloadInfo.id == models.Job.download
        )
        has_more = pw.fn.COALESCE(known, 0) < done
        progress_at = pw.Case(None, ((has_more, self.db.now()),), models.Job.progress_at)
        rows = list(
            models.Job.update(progress_at=progress_at, lease_until=self.db.now(self.lease_s))
            .where(_held(lease))
            .returning(models.Job.stop_request, models.Job.download, models.Job.provider)
            .execute()
        )
        if not rows:
            raise LeaseLostError(f"The lease of job {lease.job_id} was lost.")
        download_id = rows[0].download_id
        if download_id is not None:
            self._downloads.progress(download_id, done, total, resume_token, speed_bytes_per_s)
            self._slots.works(rows[0].provider or "")
        return _request(rows[0])

    @writes
    def check(self, lease: Lease, change: DownloadChange | None = None) -> None:
        """Make sure the lease is still ours, as the last thing before an effect outside.

        `change` is what people should see from here on. Raises `LeaseLostError` when it is not.
        """
        held = (
            models.Job.update(lease_until=self.db.now(self.lease_s)).where(_held(lease)).execute()
        )
        if not held:
            raise LeaseLostError(f"The lease of job {lease.job_id} was lost.")
        if change is not None:
            self._downloads.change(change)

    @writes
    def tell(self, lease: Lease, outcome: str, reason: str) -> None:
        """Write how far a job is, in words: a run after a crash begins anew all the same.

        Raises `LeaseLostError` when the lease is no longer ours.
        """
        result = {"outcome": outcome, "reason": reason}
        held = models.Job.update(result=result).where(_held(lease))
        if not held.execute():
            raise LeaseLostError(f"The lease of job {lease.job_id} was lost.")

    def end(self, lease: Lease, ended: Ended, limits: SlotLimits) -> None:
        """Write how a run ended, and all that follows from it, in one transaction.

        Raises `LeaseLostError`, and writes nothing, when the lease is no longer ours.
        """
        if not self._endings.leave(lease, ended):
            self._end(lease, ended, limits)

    @writes
    def _end(self, lease: Lease, ended: Ended, limits: SlotLimits) -> None:
        row = self._held_row(lease)
        if row is None:
            raise LeaseLostError(f"The lease of job {lease.job_id} was lost.")
        request = _request(row)
        if request is not None and _stops(request, ended, JobKind(row.kind)):
            ended = _STOPPED[request]
        if ended.provider_pause is not None and row.provider:
            # While the slot is still ours: it is one of those that were too many.
            pause_s = self._slots.pause(row.provider, ended.provider_pause, limits)
            ended = replace(ended, run_in_s=pause_s)
        job = self._leave(row, self._endings.job_columns(ended))
        self._close_attempt(lease, ended)
        if job.provider:
            self._slots.release(lease.token)
        self._show(job, ended)
        self._matches.keep(ended.matches)
        self._items.move(ended.items)
        for download in ended.downloads:
            self._start(download)
        for new in ended.then:
            self._jobs.add(new)

    def take_back(self, *, held: Collection[str] = (), expired_only: bool = True) -> list[int]:
        """Make jobs ready again whose worker is gone, and return their ids.

        `held` are tokens of this very process, whose threads live whatever the clock says.
        Without `expired_only` every lease is taken back: for the one process of an embedded
        service, at its start. The third crash in a row without progress fails the job.
        """
        rows = self._abandoned(held, expired_only=expired_only)
        return [lease.job_id for lease in rows if self._take_back(lease, expired_only=expired_only)]

    @reads
    def _abandoned(self, held: Collection[str], *, expired_only: bool) -> list[Lease]:
        where = models.Job.status == JobStatus.RUNNING
        if expired_only:
            where &= self._is_over()
        rows = models.Job.select(models.Job.id, models.Job.lease_token).where(where)
        return [Lease(row.id, row.lease_token or "") for row in rows if row.lease_token not in held]

    def _is_over(self) -> Any:
        # Not in its last second: rows hold whole ones, and whoever has the lease trusts it to its end.
        return models.Job.lease_until < self.db.now()

    @writes
    def _take_back(self, lease: Lease, *, expired_only: bool) -> bool:
        # Again, now that nobody else can change it: it may have been renewed after the look.
        where = _held(lease) & self._is_over() if expired_only else _held(lease)
        row: models.Job | None = self.db.lock(models.Job.select().where(where)).first()
        if row is None:
            return False
        crashes = 0 if row.progress_at is not None else row.crashes + 1
        ended = _after_crash(crashes, _request(row))
        job = self._leave(row, self._endings.job_columns(ended) | {"crashes": crashes})
        self._close_attempt(lease, replace(ended, outcome="crashed"))
        self._slots.release(lease.token)
        self._show(job, ended)
        return True

    def _has_slot(self, provider: str, lease: Lease, limits: SlotLimits) -> bool:
        if not provider:
            return True
        if self._slots.take(provider, lease, self.lease_s, limits):
            return True
        # Rung for a connection that somebody else got: the next free one rings again at once.
        self._slots.release(lease.token)
        models.Job.update(enqueued_at=None).where(models.Job.id == lease.job_id).execute()
        return False

    def _held_row(self, lease: Lease) -> models.Job | None:
        row: models.Job | None = self.db.lock(models.Job.select().where(_held(lease))).first()
        return row

    def _leave(self, row: models.Job, values: dict[str, Any]) -> Job:
        rows = models.Job.update(**values).where(models.Job.id == row.id).returning(models.Job)
        return read_job(next(iter(rows.execute())))

    def _close_attempt(self, lease: Lease, ended: Ended) -> None:
        # By the job too: of tokens there is no index.
        of_run = (models.JobAttempt.job == lease.job_id) & (models.JobAttempt.token == lease.token)
        models.JobAttempt.update(**self._endings.attempt_columns(ended)).where(of_run).execute()

    @writes
    def start(self, new: NewDownload) -> int | None:
        """Write a download that a person asked for; return its id.

        None when its file is here, or on its way, or another job works on its item.
        """
        return self._start(new)

    def _start(self, new: NewDownload) -> int | None:
        """Write a download and its job, or join the one that fetches the same entry already.

        Nothing is written for an item that got its file, or a download, while the search ran.
        """
        # Two searches may take one entry at the same moment: it holds an episode for each.
        self._downloads.lock_entry(new.entry_id)
        if new.item_ids and not self._needs_download(new.item_ids[0]):
            return None
        active = self._downloads.active_for_entry(new.entry_id)
        if active is not None:
            self._downloads.attach(active, new.item_ids)
            return active
        job_id = self._jobs.add(new.job)
        if job_id is None:
            return None
        download_id = self._downloads.create(new)
        models.Job.update(download=download_id).where(models.Job.id == job_id).execute()
        return download_id

    def _needs_download(self, item_id: int) -> bool:
        item = self._items.get(item_id)
        is_missing = item is not None and item.is_missing
        return is_missing and self._downloads.held_for(item_id) is None

    def _show(self, job: Job, ended: Ended) -> None:
        """Let the download behind a job, its items and its entry say what became of it."""
        if job.download_id is None or job.kind not in (JobKind.DOWNLOAD, JobKind.IMPORT):
            return
        change = ended.download or DownloadChange(download_id=job.download_id)
        if not change.reason:
            change = replace(change, reason=ended.reason or (job.result or {}).get("reason", ""))
        if not change.item_code:
            change = replace(change, item_code=ended.error_code)
        if ended.is_held:
            change = replace(change, status=DownloadStatus.PAUSED)
        if ended.status is JobStatus.CANCELLED:
            change = replace(change, item_state=job.cancelled_state)
        if job.kind is JobKind.DOWNLOAD and change.status is None:
            status = download_status(ended.status, had_error=bool(ended.error))
            change = replace(change, status=status)
        if job.kind is JobKind.IMPORT and change.import_status is None:
            change = replace(change, import_status=import_status(ended.status))
        self._downloads.change(change, error=ended.error)


_CANCELLED = Ended(status=JobStatus.CANCELLED, costs_attempt=False)
_STOPPED = {
    StopRequest.CANCEL: _CANCELLED,
    StopRequest.DROP: _CANCELLED,
    StopRequest.PAUSE: Ended(status=JobStatus.READY, costs_attempt=False, is_held=True),
}


def _stops(request: StopRequest, ended: Ended, kind: JobKind) -> bool:
    """Say whether a request that a run did not hear in time still decides how it ends.

    What would come back waits or ends; a cancelled failure starts no other search, and a cancelled
    search, which never looks, starts no download.
    """
    if request is StopRequest.PAUSE:
        return ended.status is JobStatus.READY
    if ended.status is JobStatus.DONE:
        return kind is JobKind.SEARCH
    return ended.status is not JobStatus.CANCELLED


def _held(lease: Lease) -> Any:
    return (
        (models.Job.id == lease.job_id)
        & (models.Job.lease_token == lease.token)
        & (models.Job.status == JobStatus.RUNNING)
    )


def _request(row: models.Job) -> StopRequest | None:
    return None if row.stop_request is None else StopRequest(row.stop_request)


def _after_crash(crashes: int, request: StopRequest | None) -> Ended:
    """Decide what becomes of a job whose worker died for the given time in a row."""
    if request is not None:
        return _STOPPED[request]
    if crashes >= MAX_CRASHES:
        return Ended(
            status=JobStatus.FAILED,
            error_code="crashed",
            error=(
                f"The worker died {crashes} times in a row while it ran this job. "
                f"Look at the log of that time; replay the job when the cause is gone."
            ),
            costs_attempt=False,
        )
    # The first crash is taken for a reboot and costs no time; from the second on it may be the
    # job itself that kills its worker.
    pause_s = 0.0 if crashes < 2 else _CRASH_PAUSE_S * 2.0 ** (crashes - 2)
    return later("its worker was interrupted", run_in_s=pause_s)

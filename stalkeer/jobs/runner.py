"""Runs one job under a lease, and turns every way it can end into a row.

The only place that decides between retry and failure, and where `except Exception` stands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from stalkeer.core.backoff import retry_delay_s
from stalkeer.core.jobs import DownloadChange, Ended, Job, Lease, NewJob, later
from stalkeer.core.states import ItemState, JobKind, JobStatus
from stalkeer.db.connect import StoreError
from stalkeer.db.leases import LeaseLostError
from stalkeer.errors import StalkeerError
from stalkeer.jobs import (
    backup,
    cleanup,
    download,
    filtering,
    importing,
    notify,
    reconcile,
    refresh,
    removal,
    search,
    survey,
    webhook,
)
from stalkeer.jobs.meters import JOBS_ENDED, LEASES_LOST
from stalkeer.jobs.services import Run, Services, StoppedError, StopReason, since_boot
from stalkeer.log import context, get_logger

log = get_logger(__name__)

SOURCE_PAUSE_S = 60.0
"""The longest a job waits for a source that is down and did not say for how long."""
END_AGAIN_S = 1.0
"""How often the end of a job is written again while the database is away."""

HANDLERS: Mapping[JobKind, Callable[[Run, Services], Ended]] = {
    JobKind.WEBHOOK: webhook.handle,
    JobKind.RECONCILE: reconcile.handle,
    JobKind.REFRESH_PLAYLIST: refresh.handle,
    JobKind.SEARCH: search.handle,
    JobKind.DOWNLOAD: download.handle,
    JobKind.IMPORT: importing.handle,
    JobKind.NOTIFY: notify.handle,
    JobKind.FILTER: filtering.handle,
    JobKind.SURVEY: survey.handle,
    JobKind.REMOVE_PLAYLIST: removal.handle,
    JobKind.CLEANUP: cleanup.handle,
    JobKind.BACKUP: backup.handle,
}
_SHUT_DOWN = later("interrupted by a shutdown", run_in_s=0)
AFTER_FAILURE: Mapping[JobKind, Callable[[Job, Services], tuple[NewJob, ...]]] = {
    JobKind.DOWNLOAD: download.after_failure,
}


def run_job(job_id: int, services: Services) -> None:
    """Run a job if it is ready and due; otherwise do nothing.

    Called for every doorbell, so it may be called twice, late, or for a job that has ended.
    """
    lease, asked_at = Lease(job_id, services.new_id()), since_boot()
    job = services.store.leases.claim(lease, owner=services.owner, limits=services.limits)
    if job is None:
        return
    run = Run(job, lease, lease_s=services.store.leases.lease_s)
    run.keep(asked_at)
    services.running.add(run)
    try:
        with context(job_id=job.id, kind=job.kind.value):
            _end(run, _run(run, services), services)
    finally:
        services.running.remove(run)
        services.ring()


def hand_back(services: Services) -> None:
    """Make ready again what did not stop in time: the end of a process is no crash of its jobs.

    A thread that lives on for a moment has lost its lease, and does nothing more outside.
    """
    for run in services.running.by_token().values():
        run.stop(StopReason.LOST)
        if not _wrote_end(run, _SHUT_DOWN, services):
            return


def _run(run: Run, services: Services) -> Ended:
    try:
        ended = HANDLERS[run.job.kind](run, services)
    except StoppedError:
        ended = _stopped(run, services)
    except LeaseLostError:
        run.stop(StopReason.LOST)
        ended = _stopped(run, services)
    except StalkeerError as exc:
        ended = after_error(run.job, exc, services)
    except Exception as exc:
        log.exception("job met an unexpected error")
        ended = after_error(run.job, _unexpected(exc), services)
    if ended.status is JobStatus.FAILED:
        log.warning("job failed", title=run.job.title, code=ended.error_code, error=ended.error)
        return _with_follow_up(run.job, ended, services)
    return ended


def after_error(job: Job, error: StalkeerError, services: Services) -> Ended:
    """Decide what becomes of a job after an error: wait for a source, try again, or give up."""
    if error.retryable and not error.costs_attempt:
        pause_s = min(services.downloads.retry_delay_s, SOURCE_PAUSE_S)
        return later(str(error), run_in_s=error.retry_in_s or pause_s, error_code=error.code)
    failed = Ended(status=JobStatus.FAILED, error_code=error.code, error=str(error))
    if not error.retryable or job.attempts >= job.max_attempts:
        return failed
    delay_s = retry_delay_s(
        job.attempts, base_s=services.downloads.retry_delay_s, jitter=services.rng.random()
    )
    return replace(failed, status=JobStatus.READY, run_in_s=error.retry_in_s or delay_s)


def _end(run: Run, ended: Ended, services: Services) -> None:
    """Write how it ended, however long the database is away: it must not count as a crash.

    Until then it counts as running here, so the pulse keeps its lease once the database is back.
    A process that ends does not wait: the job runs again, and its effects are harmless twice.
    """
    try:
        _write_end(run, ended, services)
    except Exception as exc:
        # It would be no end at the next run either: as an error of the job it costs an attempt.
        log.exception("the end of a job is none that can be written", title=run.job.title)
        _write_end(run, after_error(run.job, _unexpected(exc), services), services)


def _write_end(run: Run, ended: Ended, services: Services) -> None:
    while not _wrote_end(run, ended, services) and not services.running.is_closing:
        threading.Event().wait(END_AGAIN_S)


def _wrote_end(run: Run, ended: Ended, services: Services) -> bool:
    try:
        services.store.leases.end(run.lease, ended, services.limits)
    except LeaseLostError:
        services.meters.count(LEASES_LOST)
        log.warning("job was taken over by another worker", title=run.job.title)
    except StoreError as exc:
        log.warning("the end of a job could not be written", title=run.job.title, error=str(exc))
        return False
    else:
        log.info(
            "job ended",
            title=run.job.title,
            status=ended.status.value,
            outcome=ended.outcome,
            reason=ended.reason,
        )
        services.meters.count(JOBS_ENDED, kind=run.job.kind.value, status=ended.status.value)
    return True


def _stopped(run: Run, services: Services) -> Ended:
    if run.reason in (StopReason.CANCELLED, StopReason.DROPPED):
        then = _search_instead(run.job, services)
        return Ended(status=JobStatus.CANCELLED, costs_attempt=False, then=then)
    if run.reason is StopReason.PAUSED:
        return later("paused by a person", run_in_s=0, is_held=True)
    if run.reason is StopReason.LOST:
        return later("its worker stood still for longer than its lease", run_in_s=0)
    return _SHUT_DOWN


def _search_instead(job: Job, services: Services) -> tuple[NewJob, ...]:
    """Search again when only the entry was the wrong one: until now its key kept others away."""
    cancelled = services.store.jobs.get(job.id)
    if cancelled is None or cancelled.cancelled_state is not ItemState.SEARCHING:
        return ()
    return download.after_failure(job, services)


def _with_follow_up(job: Job, ended: Ended, services: Services) -> Ended:
    """Add what comes next: then the items have not failed yet, only one of their entries has."""
    follow_up = AFTER_FAILURE.get(job.kind)
    then = () if follow_up is None else follow_up(job, services)
    if not then or job.download_id is None:
        return ended
    shown = DownloadChange(download_id=job.download_id, item_state=ItemState.SEARCHING)
    return replace(ended, then=then, download=shown)


class UnexpectedError(StalkeerError):
    """A fault in stalkeer itself. Tried again, because it may be one of timing."""

    code = "unexpected"
    retryable = True


def _unexpected(exc: Exception) -> UnexpectedError:
    return UnexpectedError(
        f"Unexpected error in stalkeer ({type(exc).__name__}). The log of this moment says more; "
        f"please report it."
    )

"""What a job is, how one is asked for, and how one ends.

A job function answers an `Ended`; the database writes it, with everything it says about
downloads and items, in one transaction. So a decision is a value that a test can look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stalkeer.core.connections import ProviderPause
from stalkeer.core.states import (
    DownloadStatus,
    ImportStatus,
    ItemState,
    JobKind,
    JobStatus,
    MatchState,
)

URGENT = 10
"""Priority of what a webhook or a person asked for. Lower numbers come first."""
ROUTINE = 100
"""Priority of what a reconcile or a schedule asked for."""
MAX_CRASHES = 3
"""So many lost leases in a row without progress make a job failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be written.

    `dedup_key` is unique among ready and running jobs: a second one with the same key is not
    written. `item_id` and `download_id` name the rows it works on; `provider` is the host whose
    connection limit a download obeys.
    """

    kind: JobKind
    payload: Mapping[str, Any] = field(default_factory=dict)
    dedup_key: str | None = None
    priority: int = ROUTINE
    instance: str | None = None
    item_id: int | None = None
    download_id: int | None = None
    provider: str | None = None
    title: str = ""
    run_in_s: float = 0.0
    max_attempts: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job row as it was when it was read.

    `attempts` counts the claims that used up a try, this one included while it runs.
    `last_error` is empty when the job never failed. `cancelled_state` is what its items show after
    a cancel.
    """

    id: int
    kind: JobKind
    queue: str
    status: JobStatus
    payload: str
    dedup_key: str | None
    priority: int
    instance: str | None
    item_id: int | None
    download_id: int | None
    provider: str | None
    title: str
    attempts: int
    max_attempts: int
    crashes: int
    replays: int
    run_at: datetime
    error_code: str
    last_error: str
    result: Mapping[str, Any] | None
    cancelled_state: ItemState | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of a job: who ran it, when, and why it ended."""

    number: int
    worker: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    error_code: str
    error: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's claim on a job. Every write of a running job carries the token."""

    job_id: int
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMove:
    """A wanted item's new state and the one sentence that says why.

    `code` is a `reasons.WhyNot`; empty for the one that goes with the state.
    """

    item_id: int
    state: ItemState
    reason: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What was found out about a finished file, as its download shows it.

    `checksum` is `xxh3:` and 16 hexadecimal digits, None unless it was asked for; `verdict` says in
    words what was checked and what could not be. `length_verified` is False when nothing told how
    long the file should be.
    """

    container: str | None = None
    resolution: str | None = None
    duration_s: int | None = None
    length_verified: bool | None = None
    checksum: str | None = None
    verdict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadChange:
    """What a job found out about its download. Fields that stay None are left as they are.

    `item_state` is what its items show in place of what follows from the status, `item_code` is
    why, as a `reasons.WhyNot` or the code of an error.
    """

    download_id: int
    status: DownloadStatus | None = None
    import_status: ImportStatus | None = None
    reason: str = ""
    download_path: str | None = None
    imported_path: str | None = None
    file_size: int | None = None
    facts: FileFacts | None = None
    item_state: ItemState | None = None
    item_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDownload:
    """An entry taken for one item, or for several when it holds several episodes.

    Without items a person wants the entry as it is. The first of `item_ids` is the one the search
    was for. `job` is the download job; the database fills in its `download_id`.
    """

    entry_id: int
    item_ids: tuple[int, ...]
    job: NewJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """An entry that was considered for an item beside the one that was chosen, and why not it."""

    entry_id: int
    name: str
    score: int
    method: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMatch:
    """The judgement of one entry for one item, kept so that a person can see why."""

    item_id: int
    entry_id: int
    score: int
    method: str
    reasons: tuple[str, ...]
    state: MatchState
    entry_name: str = ""
    alternatives: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run of a job ended.

    `status` `ready` puts it back for `run_in_s` seconds; `costs_attempt` is False when it was not
    the job's fault (a shutdown, a source that is down, waiting for a scan). `provider_pause` keeps
    everybody from its provider, this job too; `is_held` keeps a job that is put back until somebody
    lets it go on. `outcome` and `reason` are the job's result; `error` is empty unless it failed,
    and `error_code` unless it failed or waits for something that has a code.
    """

    status: JobStatus
    outcome: str = ""
    reason: str = ""
    error_code: str = ""
    error: str = ""
    run_in_s: float = 0.0
    costs_attempt: bool = True
    provider_pause: ProviderPause | None = None
    is_held: bool = False
    then: tuple[NewJob, ...] = ()
    downloads: tuple[NewDownload, ...] = ()
    matches: tuple[NewMatch, ...] = ()
    items: tuple[ItemMove, ...] = ()
    download: DownloadChange | None = None


def done(outcome: str, reason: str = "", **effects: Any) -> Ended:
    """End a job well."""
    return Ended(status=JobStatus.DONE, outcome=outcome, reason=reason, **effects)


def skipped(reason: str, **effects: Any) -> Ended:
    """End a job that found nothing to do."""
    return done("skipped", reason, **effects)


def later(reason: str, *, run_in_s: float, **effects: Any) -> Ended:
    """Put a job back until something that is nobody's fault has passed."""
    return Ended(
        status=JobStatus.READY,
        reason=reason,
        run_in_s=run_in_s,
        costs_attempt=False,
        **effects,
    )

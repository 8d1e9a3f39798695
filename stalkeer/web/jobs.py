"""Jobs over HTTP: what the service does and did, replay, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from stalkeer.core.items import ItemKind
from stalkeer.core.jobs import Attempt, Job
from stalkeer.core.states import KNOWN_KINDS, JobKind, JobStatus
from stalkeer.db.control import ConflictError, NoSuchRowError, ReplayFilter
from stalkeer.db.items import Item
from stalkeer.jobs.services import Services
from stalkeer.web.operations import get, post
from stalkeer.web.shapes import (
    Answer,
    Body,
    Fault,
    Listing,
    Moment,
    Paged,
    PathId,
    RowId,
    Stamp,
    Word,
)

_TAG = "jobs"
_JOB: dict[str, Any] = {
    "id": 7,
    "kind": "search",
    "queue": "default",
    "status": "done",
    "dedup_key": "search:radarr:12",
    "item": {"instance": "radarr", "kind": "movie", "arr_id": 12, "title": "Heat (1995)"},
    "attempts": 1,
    "crashes": 0,
    "replays": 0,
    "run_at": "2026-01-31T12:00:00Z",
    "error": None,
    "result": {"outcome": "taken", "reason": ""},
    "created_at": "2026-01-31T12:00:00Z",
    "started_at": "2026-01-31T12:00:01Z",
    "finished_at": "2026-01-31T12:00:02Z",
}


def _known(kind: object) -> object:
    # The kinds of a newer stalkeer are read as unknown; nobody can ask for one of them.
    if kind not in _KINDS:
        raise ValueError(f"should be one of {', '.join(_KINDS)}")
    return kind


_KINDS = [kind.value for kind in KNOWN_KINDS]
Kind = Annotated[
    JobKind, BeforeValidator(_known), WithJsonSchema({"type": "string", "enum": _KINDS})
]


class JobQuery(Paged):
    """Which jobs to list."""

    sort: Literal["id", "kind", "status", "created_at", "finished_at", "run_at"] = "id"
    id: RowId | None = None
    instance: Word | None = None
    kind: Kind | None = None
    status: JobStatus | None = None


class JobItem(Answer):
    """What a job is about."""

    instance: str | None
    kind: ItemKind | None
    arr_id: int | None
    title: str | None


class JobResult(Answer):
    """What became of a job; without an outcome, what is the matter with one that waits."""

    outcome: str | None
    reason: str


class JobAnswer(Answer):
    """A job."""

    example: ClassVar[Mapping[str, Any]] = _JOB

    id: int
    kind: JobKind
    queue: str
    status: JobStatus
    dedup_key: str | None
    item: JobItem
    attempts: int
    crashes: int
    replays: int
    run_at: Stamp
    error: Fault | None
    result: JobResult | None
    created_at: Stamp
    started_at: Stamp | None
    finished_at: Stamp | None


class AttemptAnswer(Answer):
    """One run of a job."""

    number: int
    worker: str
    started_at: Stamp
    finished_at: Stamp | None
    outcome: str
    error_code: str
    error: str


class JobHistoryAnswer(JobAnswer):
    """A job with its attempts."""

    example: ClassVar[Mapping[str, Any]] = _JOB | {
        "history": [
            {
                "number": 1,
                "worker": "nas:42",
                "started_at": "2026-01-31T12:00:01Z",
                "finished_at": "2026-01-31T12:00:02Z",
                "outcome": "taken",
                "error_code": "",
                "error": "",
            }
        ]
    }

    history: tuple[AttemptAnswer, ...]


class ReplayBody(Body):
    """Which jobs to replay: a filter is required, so that nobody replays everything by accident."""

    example: ClassVar[Mapping[str, Any]] = {"status": "failed", "kind": "download"}

    status: Literal["failed", "cancelled"]
    kind: Kind | None = None
    ids: Annotated[tuple[RowId, ...], Field(max_length=10_000)] | None = None
    before: Moment | None = None
    after: Moment | None = None


class Refused(Answer):
    """A job that was not replayed, and why."""

    id: int
    code: str
    message: str


class ReplayAnswer(Answer):
    """What was replayed."""

    example: ClassVar[Mapping[str, Any]] = {
        "replayed": [7],
        "refused": [{"id": 8, "code": "conflict", "message": "Job 8 is done."}],
    }

    replayed: tuple[int, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Jobs:
    """The operations on jobs."""

    services: Services

    @get("/api/v1/admin/jobs", tag=_TAG)
    def page(self, query: JobQuery) -> Listing[JobAnswer]:
        """List jobs."""
        found = self.services.store.jobs.page(query.request())
        items = self._items(found.rows)
        return Listing.of(found, query, lambda job: job_answer(job, items.get(job.item_id or 0)))

    @get("/api/v1/admin/jobs/{job_id}", tag=_TAG)
    def one(self, job_id: PathId) -> JobHistoryAnswer:
        """Show one job with its attempts."""
        found = self.services.store.jobs.get(job_id)
        if found is None:
            raise NoSuchRowError(f"There is no job {job_id}.")
        attempts = self.services.store.jobs.attempts(job_id)
        return JobHistoryAnswer(
            **dict(self._shown(found)), history=tuple(_attempt(each) for each in attempts)
        )

    @post("/api/v1/admin/jobs/{job_id}/replay", tag=_TAG, status=202, errors=("conflict",))
    def replay(self, job_id: PathId) -> JobAnswer:
        """Let one failed or cancelled job run again."""
        job = self.services.store.control.replay(job_id)
        self.services.ring()
        return self._shown(job)

    @post("/api/v1/admin/jobs/{job_id}/cancel", tag=_TAG, status=202, errors=("conflict",))
    def cancel(self, job_id: PathId) -> JobAnswer:
        """Cancel a ready or running job."""
        job = self.services.store.control.cancel_job(job_id)
        self.services.ring()
        return self._shown(job)

    @post("/api/v1/admin/jobs/replay", tag=_TAG, status=202)
    def replay_many(self, body: ReplayBody) -> ReplayAnswer:
        """Let all ended jobs that fit run again; say which could not."""
        chosen = ReplayFilter(
            status=JobStatus(body.status),
            kind=body.kind,
            ids=body.ids,
            before=body.before,
            after=body.after,
        )
        control = self.services.store.control
        replayed: list[int] = []
        refused: list[Refused] = []
        fitting = control.replayable(chosen)
        for job_id in fitting:
            try:
                replayed.append(control.replay(job_id).id)
            except (ConflictError, NoSuchRowError) as exc:
                refused.append(_refusal(job_id, exc))
        # Whoever names a job hears of it, also when it does not fit.
        left_out = sorted(set(body.ids or ()) - set(fitting))
        statuses = control.statuses(left_out)
        refused += [_refusal(job_id, _misfit(job_id, statuses.get(job_id))) for job_id in left_out]
        self.services.ring()
        return ReplayAnswer(replayed=tuple(replayed), refused=tuple(refused))

    def _shown(self, job: Job) -> JobAnswer:
        return job_answer(job, self._items([job]).get(job.item_id or 0))

    def _items(self, jobs: Sequence[Job]) -> dict[int, Item]:
        ids = {job.item_id for job in jobs if job.item_id is not None}
        return {item.id: item for item in self.services.store.items.many(ids)}


def job_answer(job: Job, item: Item | None) -> JobAnswer:
    """Show a job."""
    return JobAnswer(
        id=job.id,
        kind=job.kind,
        queue=job.queue,
        status=job.status,
        dedup_key=job.dedup_key,
        item=JobItem(
            instance=job.instance,
            kind=item.wanted.kind if item else None,
            arr_id=item.wanted.arr_id if item else None,
            title=job.title or None,
        ),
        attempts=job.attempts,
        crashes=job.crashes,
        replays=job.replays,
        run_at=job.run_at,
        error=Fault(code=job.error_code, message=job.last_error) if job.last_error else None,
        result=_result(job.result) if job.result else None,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def _result(result: Mapping[str, Any]) -> JobResult:
    return JobResult(outcome=result.get("outcome"), reason=result.get("reason", ""))


def _attempt(attempt: Attempt) -> AttemptAnswer:
    return AttemptAnswer.model_validate(attempt, from_attributes=True)


def _misfit(job_id: int, status: JobStatus | None) -> NoSuchRowError | ConflictError:
    if status is None:
        return NoSuchRowError(f"There is no job {job_id}.")
    return ConflictError(f"Job {job_id} is {status}: the filter does not fit it.")


def _refusal(job_id: int, error: NoSuchRowError | ConflictError) -> Refused:
    return Refused(id=job_id, code=error.code, message=str(error))

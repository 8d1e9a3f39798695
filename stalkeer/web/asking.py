"""What a person asks for over HTTP: sync, search, replay, cancel, pause, this entry and not that.

Every endpoint reads its body, calls one function of `jobs.by_hand` or `db.control`, and answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stalkeer.core.items import Service
from stalkeer.core.states import JobKind, JobStatus
from stalkeer.db.control import ConflictError, NoSuchRowError, ReplayFilter
from stalkeer.jobs import by_hand
from stalkeer.jobs.orders import Order
from stalkeer.jobs.services import Services
from stalkeer.web.answers import BodyError, error_answer
from stalkeer.web.api import Api

BodyT = TypeVar("BodyT", bound=BaseModel)
MAX_BODY_BYTES = 1024 * 1024

Id = Annotated[int, Field(gt=0, lt=2**63)]


def _in_utc(moment: datetime) -> datetime:
    """Read a time without a zone as UTC, which is what every answer shows."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside of the years 1 to 9999 in UTC") from None


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Body(BaseModel):
    """What a request may hold. A field that is not known is a mistake worth an answer."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Body):
    """An empty body, or `{}`."""


class ReplayBody(Body):
    """Which jobs to replay: a filter is required, so that nobody replays everything by accident."""

    status: Literal["failed", "cancelled"]
    kind: JobKind | None = None
    ids: Annotated[tuple[Id, ...], Field(max_length=10_000)] | None = None
    before: Moment | None = None
    after: Moment | None = None


class SyncBody(Body):
    """What a sync is asked for beyond itself: see `jobs.orders.Order`."""

    limit: Annotated[int, Field(ge=1, le=100_000)] | None = None
    force: bool = False
    arr_id: Id | None = None
    series_id: Id | None = None


class PriorityBody(Body):
    """The new place of a download; lower comes first."""

    priority: Annotated[int, Field(ge=0, le=1000)]


class ChoiceBody(Body):
    """A playlist entry chosen for an item of an arr."""

    instance: str
    arr_id: Id
    item_id: Id


@dataclass(frozen=True, slots=True)
class Asking:
    """The endpoints that change something."""

    services: Services
    api: Api

    def routes(self) -> list[Route]:
        """Return every path with its endpoint."""
        return [
            _route("POST", "/api/v1/missing/scan", Nothing, self.scan),
            _route("POST", "/api/v1/missing/{instance}/{id:row}/search", Nothing, self.search),
            _route("POST", "/api/v1/radarr-sync", SyncBody, self.sync(Service.RADARR)),
            _route("POST", "/api/v1/sonarr-sync", SyncBody, self.sync(Service.SONARR)),
            _route("POST", "/api/v1/instances/{instance}/register", Nothing, self.register),
            _route("POST", "/api/v1/matches", ChoiceBody, self.choose),
            _route("POST", "/api/v1/matches/{id:row}/confirm", Nothing, self.confirm),
            _route("DELETE", "/api/v1/matches/{id:row}", Nothing, self.reject),
            _route("PUT", "/api/v1/downloads/{id:row}/pause", Nothing, self.pause),
            _route("PUT", "/api/v1/downloads/{id:row}/resume", Nothing, self.resume),
            _route("PUT", "/api/v1/downloads/{id:row}/priority", PriorityBody, self.prioritise),
            _route("DELETE", "/api/v1/downloads/{id:row}", Nothing, self.cancel_download),
            _route("POST", "/api/v1/admin/jobs/replay", ReplayBody, self.replay_many),
            _route("POST", "/api/v1/admin/jobs/{id:row}/replay", Nothing, self.replay),
            _route("POST", "/api/v1/admin/jobs/{id:row}/cancel", Nothing, self.cancel_job),
        ]

    def scan(self, _request: Request, _body: Nothing) -> Response:
        """Reconcile every instance."""
        job_ids = by_hand.sync(self.services, self.services.instances)
        return JSONResponse({"job_ids": job_ids}, status_code=202)

    def sync(self, service: Service) -> Callable[[Request, SyncBody], Response]:
        """Reconcile all instances of a kind, or the one named in `?instance=`."""

        def endpoint(request: Request, body: SyncBody) -> Response:
            names = self.api.instances_of(service, request.query_params.get("instance"))
            order = Order(fresh=True, **body.model_dump())
            job_ids = by_hand.sync(self.services, names, order)
            return JSONResponse({"job_ids": job_ids}, status_code=202)

        return endpoint

    def search(self, request: Request, _body: Nothing) -> Response:
        """Search for one item now."""
        params = request.path_params
        job_id = by_hand.search(self.services, params["instance"], params["id"])
        return JSONResponse({"job_id": job_id}, status_code=202)

    def register(self, request: Request, _body: Nothing) -> Response:
        """Create or repair our Connect webhook in an instance."""
        name = request.path_params["instance"]
        done = by_hand.register_webhook(self.services, name)
        return JSONResponse({"instance": name, "webhook": done})

    def choose(self, _request: Request, body: ChoiceBody) -> Response:
        """Take an entry for an item, whatever it scores."""
        match = by_hand.choose(self.services, body.instance, body.arr_id, body.item_id)
        return JSONResponse(self.api.match_view(match), status_code=201)

    def confirm(self, request: Request, _body: Nothing) -> Response:
        """Take the entry of a match."""
        match = by_hand.confirm(self.services, request.path_params["id"])
        return JSONResponse(self.api.match_view(match))

    def reject(self, request: Request, _body: Nothing) -> Response:
        """Never propose the entry of a match again for its item."""
        match = by_hand.reject(self.services, request.path_params["id"])
        return JSONResponse(self.api.match_view(match))

    def pause(self, request: Request, _body: Nothing) -> Response:
        """Let a download rest."""
        self.services.store.control.pause(request.path_params["id"])
        self.services.ring()
        return self._download(request)

    def resume(self, request: Request, _body: Nothing) -> Response:
        """Let a paused download go on."""
        self.services.store.control.resume(request.path_params["id"])
        self.services.ring()
        return self._download(request)

    def prioritise(self, request: Request, body: PriorityBody) -> Response:
        """Change the place of a download."""
        self.services.store.control.prioritise(request.path_params["id"], body.priority)
        return self._download(request)

    def cancel_download(self, request: Request, _body: Nothing) -> Response:
        """Cancel a download: its part file is removed, its row stays."""
        by_hand.cancel_download(self.services, request.path_params["id"])
        self.services.ring()
        return self._download(request)

    def replay(self, request: Request, _body: Nothing) -> Response:
        """Let one failed or cancelled job run again."""
        job = self.services.store.control.replay(request.path_params["id"])
        self.services.ring()
        return JSONResponse(self.api.job_view(job), status_code=202)

    def replay_many(self, _request: Request, body: ReplayBody) -> Response:
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
        refused: list[dict[str, object]] = []
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
        return JSONResponse({"replayed": replayed, "refused": refused}, status_code=202)

    def cancel_job(self, request: Request, _body: Nothing) -> Response:
        """Cancel a ready or running job."""
        job = self.services.store.control.cancel_job(request.path_params["id"])
        self.services.ring()
        return JSONResponse(self.api.job_view(job), status_code=202)

    def _download(self, request: Request) -> Response:
        return self.api.download(request)


def _misfit(job_id: int, status: JobStatus | None) -> NoSuchRowError | ConflictError:
    if status is None:
        return NoSuchRowError(f"There is no job {job_id}.")
    return ConflictError(f"Job {job_id} is {status}: the filter does not fit it.")


def _refusal(job_id: int, error: NoSuchRowError | ConflictError) -> dict[str, object]:
    return {"id": job_id, "code": error.code, "message": str(error)}


def _route(
    method: str, path: str, shape: type[BodyT], endpoint: Callable[[Request, BodyT], Response]
) -> Route:
    """Make a route whose endpoint runs in a thread with the body it was promised."""

    async def handle(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return error_answer(413, "too_large", "The body is larger than 1 MiB.")
        return await run_in_threadpool(endpoint, request, _parsed(bytes(body), shape))

    return Route(path, handle, methods=[method])


def _parsed(body: bytes, shape: type[BodyT]) -> BodyT:
    """Read a body; an empty one is as good as `{}`. Raises `BodyError` naming every fault."""
    try:
        return shape.model_validate_json(body.strip() or b"{}")
    except ValidationError as exc:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {fault['msg']}"
            for fault in exc.errors(include_url=False)
        ]
        raise BodyError("The body cannot be used: " + "; ".join(faults)) from None

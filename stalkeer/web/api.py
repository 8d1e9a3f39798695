"""The REST API under /api/v1: reads rows and shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stalkeer.core.items import ItemKind, Service
from stalkeer.core.jobs import Job
from stalkeer.db.items import Item
from stalkeer.db.matches import MatchRow
from stalkeer.db.pages import Page, PageRequest
from stalkeer.db.store import Store
from stalkeer.jobs.services import UnknownInstanceError
from stalkeer.jobs.status import Status
from stalkeer.web.answers import list_answer, not_found, page
from stalkeer.web.views import (
    attempt_view,
    download_view,
    job_view,
    match_view,
    missing_view,
)

Endpoint = Callable[[Request], Response]


class _RowId(IntegerConvertor):
    """An id in a path: as many digits as every database takes, so that a longer one is a 404."""

    regex = "[0-9]{1,18}"


register_url_convertor("row", _RowId())


@dataclass(frozen=True, slots=True)
class Api:
    """The endpoints. Plain methods: Starlette runs them in threads, where the database may wait."""

    store: Store
    status: Status

    def routes(self) -> list[Route]:
        """Return every path with its endpoint."""
        return [
            Route("/", self.home),
            Route("/ping", self.ping),
            Route("/health", self.health),
            Route("/api/v1/system/status", self.system_status),
            Route("/api/v1/missing/movies", self.missing(ItemKind.MOVIE)),
            Route("/api/v1/missing/tvshows", self.missing(ItemKind.EPISODE)),
            Route("/api/v1/radarr-sync", self.last_sync(Service.RADARR)),
            Route("/api/v1/sonarr-sync", self.last_sync(Service.SONARR)),
            Route("/api/v1/sync-status", self.sync_status),
            Route("/api/v1/matches", self.matches),
            Route("/api/v1/matches/{id:row}", self.match),
            Route("/api/v1/downloads", self.downloads),
            Route("/api/v1/downloads/{id:row}", self.download),
            Route("/api/v1/admin/jobs", self.jobs),
            Route("/api/v1/admin/jobs/{id:row}", self.job),
        ]

    def ping(self, _request: Request) -> Response:
        """Say that the process lives; touches nothing that could hang."""
        return JSONResponse({"status": "OK"})

    def health(self, _request: Request) -> Response:
        """Say whether work can be done: names of checks only, because no key is asked for."""
        checks = self.status.checks()
        is_well = all(checks.values())
        shown = {name: "ok" if passed else "failed" for name, passed in checks.items()}
        return JSONResponse(
            {"status": "ok" if is_well else "failed", "checks": shown},
            status_code=200 if is_well else 503,
        )

    def home(self, _request: Request) -> Response:
        """Show the state and the next step in a few lines."""
        return page("stalkeer", "\n".join(self.status.lines()))

    def system_status(self, _request: Request) -> Response:
        """Show everything about the service itself, with problems and remedies."""
        return JSONResponse(self.status.report())

    def missing(self, kind: ItemKind) -> Endpoint:
        """List what the arrs miss, as of their last sync."""

        def endpoint(request: Request) -> Response:
            as_of = self.status.synced_at()

            def fetch(asked: PageRequest) -> Page[Item]:
                return self.store.items.missing(kind, asked)

            return list_answer(request, fetch, lambda item: missing_view(item, as_of))

        return endpoint

    def last_sync(self, service: Service) -> Endpoint:
        """Show the last sync of the instances of a kind."""

        def endpoint(request: Request) -> Response:
            names = self.instances_of(service, request.query_params.get("instance"))
            syncs = [sync for sync in self.status.syncs() if sync["instance"] in names]
            return JSONResponse({"data": syncs})

        return endpoint

    def sync_status(self, _request: Request) -> Response:
        """Show for each instance its last sync, its counts and its health."""
        return JSONResponse({"data": self.status.syncs()})

    def instances_of(self, service: Service, name: str | None) -> list[str]:
        """Return the instances of a kind, or the one with this name.

        Raises `UnknownInstanceError`.
        """
        found = self.status.instances_of(service)
        if name is None:
            return found
        if name not in found:
            raise UnknownInstanceError(
                f"There is no {service.title()} instance {name[:64]!r}. There are: "
                f"{', '.join(found) or 'none'}."
            )
        return [name]

    def matches(self, request: Request) -> Response:
        """List which entry might be which item."""
        return list_answer(request, self.store.matches.page, self.match_view)

    def match(self, request: Request) -> Response:
        """Show one match."""
        match_id = request.path_params["id"]
        found = self.store.matches.get(match_id)
        if found is None:
            return not_found(f"match {match_id}")
        return JSONResponse(self.match_view(found))

    def match_view(self, match: MatchRow) -> dict[str, Any]:
        """Show a match with its item and the other entries that were judged for it."""
        return match_view(
            match, self.store.items.get(match.item_id), self.store.matches.of_item(match.item_id)
        )

    def downloads(self, request: Request) -> Response:
        """List downloads."""
        return list_answer(request, self.store.downloads.page, download_view)

    def download(self, request: Request) -> Response:
        """Show one download with its moves."""
        download_id = request.path_params["id"]
        found = self.store.downloads.get(download_id)
        if found is None:
            return not_found(f"download {download_id}")
        return JSONResponse(download_view(found, self.store.downloads.moves(download_id)))

    def jobs(self, request: Request) -> Response:
        """List jobs."""
        items: dict[int, Item] = {}

        def fetch(asked: PageRequest) -> Page[Job]:
            found = self.store.jobs.page(asked)
            items.update(self._items(found.rows))
            return found

        return list_answer(request, fetch, lambda job: job_view(job, items.get(job.item_id or 0)))

    def job(self, request: Request) -> Response:
        """Show one job with its attempts."""
        job_id = request.path_params["id"]
        found = self.store.jobs.get(job_id)
        if found is None:
            return not_found(f"job {job_id}")
        view = self.job_view(found)
        attempts = [attempt_view(attempt) for attempt in self.store.jobs.attempts(job_id)]
        return JSONResponse(view | {"history": attempts})

    def job_view(self, job: Job) -> dict[str, Any]:
        """Show a job with its item."""
        return job_view(job, self._items([job]).get(job.item_id or 0))

    def _items(self, jobs: Sequence[Job]) -> dict[int, Item]:
        ids = {job.item_id for job in jobs if job.item_id is not None}
        return {item.id: item for item in self.store.items.many(ids)}

"""Syncs with Radarr and Sonarr over HTTP: start them, and see what the last ones found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from stalkeer.arr.breaker import BreakerState
from stalkeer.core.items import Service
from stalkeer.jobs import by_hand
from stalkeer.jobs.orders import Order
from stalkeer.jobs.services import Services, UnknownInstanceError
from stalkeer.jobs.status import Status
from stalkeer.web.operations import get, post
from stalkeer.web.shapes import Answer, Body, JobsStarted, Query, RowId, Stamp

_TAG = "syncs"


class SyncQuery(Query):
    """Which instance; all of the kind when none is named."""

    instance: str | None = None


class SyncBody(Body):
    """What a sync is asked for beyond itself: see `jobs.orders.Order`."""

    example: ClassVar[Mapping[str, Any]] = {"limit": 5, "force": True}

    limit: Annotated[int, Field(ge=1, le=100_000)] | None = None
    force: bool = False
    arr_id: RowId | None = None
    series_id: RowId | None = None


class SyncAnswer(Answer):
    """The last sync of an instance, what it counted, and how the instance fares."""

    instance: str
    service: Service
    last_sync_at: Stamp | None
    counts: dict[str, int] | None
    error: str | None
    connection: BreakerState
    library_age_s: float | None


class SyncsAnswer(Answer):
    """The last syncs."""

    example: ClassVar[Mapping[str, Any]] = {
        "data": [
            {
                "instance": "radarr",
                "service": "radarr",
                "last_sync_at": "2026-01-31T12:00:00Z",
                "counts": {"missing": 3, "no_match": 3},
                "error": None,
                "connection": "closed",
                "library_age_s": 12.5,
            }
        ]
    }

    data: tuple[SyncAnswer, ...]


@dataclass(frozen=True, slots=True)
class Syncs:
    """The operations on syncs."""

    services: Services
    status: Status

    @post("/api/v1/radarr-sync", tag=_TAG, status=202, errors=("unknown_instance",))
    def radarr(self, query: SyncQuery, body: SyncBody) -> JobsStarted:
        """Reconcile all Radarr instances, or one."""
        return self._start(Service.RADARR, query, body)

    @post("/api/v1/sonarr-sync", tag=_TAG, status=202, errors=("unknown_instance",))
    def sonarr(self, query: SyncQuery, body: SyncBody) -> JobsStarted:
        """Reconcile all Sonarr instances, or one."""
        return self._start(Service.SONARR, query, body)

    @get("/api/v1/radarr-sync", tag=_TAG, errors=("unknown_instance",))
    def last_radarr(self, query: SyncQuery) -> SyncsAnswer:
        """Show the last sync of the Radarr instances."""
        return self._last(Service.RADARR, query)

    @get("/api/v1/sonarr-sync", tag=_TAG, errors=("unknown_instance",))
    def last_sonarr(self, query: SyncQuery) -> SyncsAnswer:
        """Show the last sync of the Sonarr instances."""
        return self._last(Service.SONARR, query)

    @get("/api/v1/sync-status", tag=_TAG)
    def every(self) -> SyncsAnswer:
        """Show for each instance its last sync, its counts and its health."""
        return _syncs(self.status.syncs())

    def _start(self, service: Service, query: SyncQuery, body: SyncBody) -> JobsStarted:
        names = self._instances(service, query.instance)
        order = Order(fresh=True, **body.model_dump())
        return JobsStarted(job_ids=tuple(by_hand.sync(self.services, names, order)))

    def _last(self, service: Service, query: SyncQuery) -> SyncsAnswer:
        names = self._instances(service, query.instance)
        return _syncs([sync for sync in self.status.syncs() if sync["instance"] in names])

    def _instances(self, service: Service, name: str | None) -> list[str]:
        found = self.status.instances_of(service)
        if name is None:
            return found
        if name not in found:
            raise UnknownInstanceError(
                f"There is no {service.title()} instance {name[:64]!r}. There are: "
                f"{', '.join(found) or 'none'}."
            )
        return [name]


def _syncs(syncs: list[dict[str, Any]]) -> SyncsAnswer:
    return SyncsAnswer(data=tuple(SyncAnswer.model_validate(sync) for sync in syncs))

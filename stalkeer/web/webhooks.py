"""Takes the webhooks of Radarr and Sonarr: 202 means that the row is committed.

They wait for the answer, never send again and drop the rest of a bulk add on the first error. So
nothing is asked of anybody here, and an authenticated delivery that can be written is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.types import Receive

from stalkeer.arr.webhook import type_of
from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.services import Services, UnknownInstanceError
from stalkeer.jobs.webhook import NEEDS_NOTHING
from stalkeer.web.operations import Reply, post, put
from stalkeer.web.reading import BODY_DEADLINE_S, read_all
from stalkeer.web.shapes import Answer, JobStarted, Name

# An import of a thousand episodes has 1.15 MB.
MAX_BODY_BYTES = 4 * 1024 * 1024

_TAG = "webhooks"
_DELIVERY: Mapping[str, Any] = {
    "type": "object",
    "description": "What Radarr and Sonarr send; of the rest only ids and titles are read.",
    "required": ["eventType"],
    "properties": {"eventType": {"type": "string", "pattern": "^[A-Za-z]+$"}},
    "example": {"eventType": "MovieAdded", "movie": {"id": 12, "title": "Heat", "year": 1995}},
}
_ERRORS = ("unknown_instance", "webhook_unreadable", "too_large", "too_slow", "busy")


class IgnoredAnswer(Answer):
    """A delivery that needs nothing, and why."""

    example: ClassVar[Mapping[str, Any]] = {"ignored": "a test"}

    ignored: str


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The endpoint. The name of an instance stands in the path.

    A body has `deadline_s` seconds to arrive: a silent sender must not hold a connection.
    """

    writer: WebhookWriter
    services: Services
    deadline_s: float = BODY_DEADLINE_S

    # The same under both: Connect offers either method.
    @post(
        "/webhooks/{instance}",
        tag=_TAG,
        status=202,
        also={200: IgnoredAnswer},
        errors=_ERRORS,
        accepts=_DELIVERY,
    )
    @put(
        "/webhooks/{instance}",
        tag=_TAG,
        status=202,
        also={200: IgnoredAnswer},
        errors=_ERRORS,
        accepts=_DELIVERY,
    )
    async def receive(
        self, instance: Name, request: Request
    ) -> Reply[JobStarted] | Reply[IgnoredAnswer]:
        """Take one delivery: 202 when its row is committed, 200 when it needs nothing."""
        if instance not in self.services.instances:
            raise UnknownInstanceError(
                f"No instance is called {instance[:64]!r}. Set STALKEER_RADARR_URL or "
                f"STALKEER_SONARR_URL and use /webhooks/radarr or /webhooks/sonarr, or add it "
                f"with POST /api/v1/instances."
            )
        return await self.take(instance, request.receive)

    async def take(
        self, instance: str, receive: Receive
    ) -> Reply[JobStarted] | Reply[IgnoredAnswer]:
        """Read the body of a delivery of a known instance, and write it down."""
        body = await read_all(receive, limit=MAX_BODY_BYTES, deadline_s=self.deadline_s)
        ignored = NEEDS_NOTHING.get(type_of(body))
        if ignored is not None:
            return Reply(IgnoredAnswer(ignored=ignored))
        # PostgreSQL stores no NUL; JSON has none but in strings, escaped.
        job_id = await self.writer.submit(instance, body.decode().replace("\0", ""))
        return Reply(JobStarted(job_id=job_id), 202)

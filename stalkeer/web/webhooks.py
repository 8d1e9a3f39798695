"""Takes the webhooks of Radarr and Sonarr: 202 means that the row is committed.

They wait for the answer, never send again and drop the rest of a bulk add on the first error. So
nothing is asked of anybody here, and an authenticated delivery that can be written is accepted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from stalkeer.arr.webhook import WebhookError, parse_webhook
from stalkeer.db.connect import StoreError
from stalkeer.jobs.receive import ReceiverFullError, WebhookWriter
from stalkeer.jobs.webhook import NEEDS_NOTHING
from stalkeer.web.answers import error_answer

# An import of a thousand episodes has 1.15 MB.
MAX_BODY_BYTES = 4 * 1024 * 1024
BODY_DEADLINE_S = 10.0

# The rest of the body is still on its way, and nobody is going to read it.
_HANG_UP = {"Connection": "close"}


class BodyTooLargeError(Exception):
    """The body is longer than any webhook."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The endpoint. `instances` are the names that may stand in the path.

    A body has `deadline_s` seconds to arrive: a silent sender must not hold a connection.
    """

    writer: WebhookWriter
    instances: Collection[str]
    deadline_s: float = BODY_DEADLINE_S

    async def receive(self, request: Request) -> Response:
        """Write one delivery."""
        name = request.path_params["instance"]
        if name not in self.instances:
            return error_answer(
                404,
                "unknown_instance",
                f"No instance is called {name[:64]!r}. Set STALKEER_RADARR_URL or "
                f"STALKEER_SONARR_URL, and use /webhooks/radarr or /webhooks/sonarr.",
            )
        try:
            async with asyncio.timeout(self.deadline_s):
                body = await _read(request)
            event = parse_webhook(body)
        except TimeoutError:
            text = f"The body did not arrive within {self.deadline_s:g} seconds."
            return error_answer(408, "too_slow", text, headers=_HANG_UP)
        except BodyTooLargeError:
            return error_answer(
                413, "too_large", "The body is larger than 4 MiB.", headers=_HANG_UP
            )
        except WebhookError as exc:
            return error_answer(400, exc.code, str(exc))
        ignored = NEEDS_NOTHING.get(event.event_type)
        if ignored is not None:
            return JSONResponse({"ignored": ignored})
        return await self._accept(name, body.decode())

    async def _accept(self, name: str, body: str) -> Response:
        try:
            # PostgreSQL stores no NUL; JSON has none but in strings, escaped.
            job_id = await self.writer.submit(name, body.replace("\0", ""))
        except (StoreError, ReceiverFullError) as exc:
            return error_answer(503, exc.code, str(exc), headers={"Retry-After": "10"})
        return JSONResponse({"job_id": job_id}, status_code=202)


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise BodyTooLargeError
    except ClientDisconnect:
        raise WebhookError("The sender went away in the middle of the body.") from None
    return bytes(body)

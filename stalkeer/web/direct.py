"""The direct way of a webhook: past the router and everything else that it does not need.

A bulk add sends thousands of them, and what every other request goes through costs more than the
row they are written to. Only what is sure to be taken in goes this way: a known instance, by the
right method, with the right key. All else takes the usual way and is told there what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stalkeer.errors import StalkeerError
from stalkeer.web.answers import fault_answer
from stalkeer.web.auth import WEBHOOKS, Asker, Doorman, key_holder
from stalkeer.web.headers import RAW_HEADERS, Headers
from stalkeer.web.operations import JSON
from stalkeer.web.unavailable import Unavailable
from stalkeer.web.webhooks import Webhooks

_HEAD = [(b"content-type", JSON.encode()), *RAW_HEADERS]
_METHODS = ("POST", "PUT")


class Direct:
    """ASGI middleware that takes deliveries in itself."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        webhooks: Webhooks,
        doorman: Doorman,
        url_base: str,
        unavailable: Callable[[str], None],
        unexpected: Callable[[Request, Exception], Response],
    ) -> None:
        """Leave to `app` what is not sure to be taken; `url_base` is empty or like `/stalkeer`.

        `unavailable` is told of answers with status 503, as `Unavailable` tells of all others.
        `unexpected` makes the answer to an error that nobody thought of.
        """
        self._app = app
        self._webhooks = webhooks
        self._doorman = doorman
        self._url_base = url_base
        self._unavailable = unavailable
        self._unexpected = unexpected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a delivery in, or pass the request on."""
        instance = self._sender(scope)
        if instance is None:
            await self._app(scope, receive, send)
            return
        try:
            reply = await self._webhooks.take(instance, receive)
        except StalkeerError as exc:
            fault = Unavailable(Headers(fault_answer(exc)), tell=self._unavailable)
            await fault(scope, receive, send)
            return
        except Exception as exc:  # noqa: BLE001 # nothing else stands in front of this way
            await self._unexpected(Request(scope), exc)(scope, receive, send)
            return
        body = reply.body.model_dump_json().encode()
        headers = [(b"content-length", str(len(body)).encode()), *_HEAD]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _sender(self, scope: Scope) -> str | None:
        """Name the instance that sends a delivery; None for everything else."""
        if scope["type"] != "http" or scope["method"] not in _METHODS:
            return None
        path = plain_path(scope["path"], self._url_base)
        instance = path.removeprefix(WEBHOOKS)
        if instance == path or instance not in self._webhooks.services.instances:
            return None
        asker = key_holder(scope, path, self._doorman.credentials())
        return None if asker is Asker.NOBODY else instance


def plain_path(path: str, url_base: str) -> str:
    """Leave out the URL base in front of a path, and the slash behind it."""
    if url_base and (path + "/").startswith(url_base + "/"):
        path = path[len(url_base) :]
    return path.rstrip("/") or "/"

"""Puts the web application together: routes, the guard in front, and one form for every error."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from stalkeer.db.control import NoSuchRowError
from stalkeer.db.pages import PageError
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import UnknownInstanceError
from stalkeer.log import get_logger
from stalkeer.web.answers import BodyError, error_answer
from stalkeer.web.api import Api
from stalkeer.web.asking import Asking
from stalkeer.web.auth import Credentials, Guard
from stalkeer.web.webhooks import Webhooks

log = get_logger(__name__)

_STATUSES = {
    PageError.code: 422,
    BodyError.code: 422,
    NoSuchRowError.code: 404,
    UnknownInstanceError.code: 404,
}
"""What an error of ours answers; the others are conflicts with how things stand."""
_CODES = {404: "not_found", 405: "method_not_allowed"}


class PlainPath:
    """ASGI middleware: `/x/` is `/x`, and the URL base in front of a path is left out.

    A redirect would do for a browser; Radarr and Sonarr count one as success and lose the event.
    """

    def __init__(self, app: ASGIApp, url_base: str) -> None:
        """Wrap `app`; `url_base` is empty or like `/stalkeer`."""
        self._app = app
        self._url_base = url_base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its plain path."""
        if scope["type"] == "http":
            scope = {**scope, "path": self._plain(scope["path"])}
        await self._app(scope, receive, send)

    def _plain(self, path: str) -> str:
        if self._url_base and (path + "/").startswith(self._url_base + "/"):
            path = path[len(self._url_base) :]
        return path.rstrip("/") or "/"


def make_app(
    api: Api,
    asking: Asking,
    webhooks: Webhooks,
    credentials: Credentials,
    *,
    url_base: str = "",
) -> Starlette:
    """Make the application."""
    routes = [
        *api.routes(),
        *asking.routes(),
        Route("/webhooks/{instance}", webhooks.receive, methods=["POST", "PUT"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(PlainPath, url_base=url_base),
            Middleware(Guard, credentials=credentials),
        ],
        exception_handlers={
            HTTPException: _http_error,
            StalkeerError: _our_error,
            Exception: _unexpected,
        },
    )


def _http_error(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    headers = exc.headers if isinstance(exc, HTTPException) else None
    code = _CODES.get(status, "http_error")
    text = f"{request.method} {request.scope['path'][:200]} is not offered here."
    return error_answer(status, code, text, headers=headers)


def _our_error(_request: Request, exc: Exception) -> Response:
    """Answer an error of ours with its own sentence and code."""
    assert isinstance(exc, StalkeerError)  # noqa: S101 # it is registered for this class alone
    if exc.retryable:
        return error_answer(503, exc.code, str(exc), headers={"Retry-After": "10"})
    return error_answer(_STATUSES.get(exc.code, 409), exc.code, str(exc))


def _unexpected(request: Request, exc: Exception) -> Response:
    log.error("a request met an unexpected error", path=request.scope["path"], exc_info=exc)
    return error_answer(
        500, "unexpected", "Unexpected error in stalkeer. The log of this moment says more."
    )

"""Puts the web application together: routes, the guard in front, and one form for every error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stalkeer.errors import StalkeerError
from stalkeer.log import get_logger
from stalkeer.web.answers import error_answer, fault_answer
from stalkeer.web.auth import Doorman, Guard
from stalkeer.web.direct import Direct, plain_path
from stalkeer.web.document import Document
from stalkeer.web.dryrun import DryRun
from stalkeer.web.events import DownloadEvents
from stalkeer.web.headers import HEADERS, Headers
from stalkeer.web.operations import operations_of
from stalkeer.web.reading import BODY_DEADLINE_S
from stalkeer.web.routing import routes_of
from stalkeer.web.unavailable import Unavailable
from stalkeer.web.webhooks import Webhooks

log = get_logger(__name__)

_LONG = (DownloadEvents, DryRun)
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
            scope = {**scope, "path": plain_path(scope["path"], self._url_base)}
        await self._app(scope, receive, send)


class _Application(Starlette):
    """Starlette, and something in front of all of it."""

    def __init__(self, front: Callable[[ASGIApp], ASGIApp], **options: Any) -> None:
        super().__init__(**options)
        self._front = front(super().__call__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._front(scope, receive, send)


def make_app(
    resources: Iterable[object],
    doorman: Doorman,
    *,
    url_base: str = "",
    deadline_s: float = BODY_DEADLINE_S,
    unavailable: Callable[[str], None] = lambda _: None,
) -> Starlette:
    """Make the application of what the resources offer; a body has `deadline_s` to arrive.

    `unavailable` is told of each answer with status 503 what it was an answer to. What has the
    long answers end is kept as `state.end`.
    """
    resources = list(resources)
    operations = [one for resource in resources for one in operations_of(resource)]
    document = Document(operations, url_base)
    operations += operations_of(document)
    app = _Application(
        lambda usual: _in_front(usual, resources, doorman, url_base, unavailable),
        routes=routes_of(operations, deadline_s=deadline_s),
        middleware=[
            Middleware(Unavailable, tell=unavailable),
            Middleware(Headers),
            Middleware(PlainPath, url_base=url_base),
            Middleware(Guard, doorman=doorman),
        ],
        exception_handlers={
            HTTPException: _http_error,
            StalkeerError: _our_error,
            Exception: _unexpected,
        },
    )
    app.state.end = partial(_end, [one for one in resources if isinstance(one, _LONG)])
    return app


def _in_front(
    usual: ASGIApp,
    resources: Iterable[object],
    doorman: Doorman,
    url_base: str,
    unavailable: Callable[[str], None],
) -> ASGIApp:
    for webhooks in (one for one in resources if isinstance(one, Webhooks)):
        usual = Direct(
            usual,
            webhooks=webhooks,
            doorman=doorman,
            url_base=url_base,
            unavailable=unavailable,
            unexpected=_unexpected,
        )
    return usual


def _end(resources: Iterable[DownloadEvents | DryRun]) -> None:
    for resource in resources:
        resource.end()


def _http_error(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    headers = exc.headers if isinstance(exc, HTTPException) else None
    code = _CODES.get(status, "http_error")
    text = f"{request.method} {request.scope['path'][:200]} is not offered here."
    return error_answer(status, code, text, headers=headers)


def _our_error(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, StalkeerError)  # noqa: S101 # it is registered for this class alone
    return fault_answer(exc)


def _unexpected(request: Request, exc: Exception) -> Response:
    log.error("a request met an unexpected error", path=request.scope["path"], exc_info=exc)
    text = "Unexpected error in stalkeer. The log of this moment says more."
    # Starlette answers it outside of every middleware.
    return error_answer(500, "unexpected", text, headers=HEADERS)

"""Who may ask: one layer in front of every route. What is not allowed here is refused."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from stalkeer.web.answers import error_answer, page

PUBLIC = frozenset({"/ping", "/health"})
WEBHOOKS = "/webhooks/"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys of the service. `webhook` is the (username, password) pair for the arrs."""

    api_key: str = field(repr=False)
    webhook: tuple[str, str] = field(repr=False)


class Guard:
    """ASGI middleware that lets a request through only with the right key for its path."""

    def __init__(self, app: ASGIApp, credentials: Credentials) -> None:
        """Guard `app`."""
        self._app = app
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401."""
        if scope["type"] != "http" or self._may_pass(Request(scope)):
            await self._app(scope, receive, send)
            return
        await _refusal(scope["path"])(scope, receive, send)

    def _may_pass(self, request: Request) -> bool:
        # The path the router sees: `request.url` is put together from headers of the sender.
        path = request.scope["path"]
        if path in PUBLIC:
            return True
        if any(_same(key, self._credentials.api_key) for key in _keys(request)):
            return True
        return path.startswith(WEBHOOKS) and self._is_arr(request)

    def _is_arr(self, request: Request) -> bool:
        user, password = self._credentials.webhook
        if any(_same(key, password) for key in _keys(request)):
            return True
        pairs = _basic(request.headers)
        return any(_same(name, user) & _same(word, password) for name, word in pairs)


def _keys(request: Request) -> Iterable[str]:
    for header in request.headers.getlist("x-api-key"):
        yield from _readings(header.encode("latin-1"))
    yield from request.query_params.getlist("apikey")


def _basic(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Read Basic credentials, in both encodings they come in.

    Radarr and Sonarr send ISO-8859-1 (Radarr: Common/Http/BasicNetworkCredential.cs), most other
    clients UTF-8.
    """
    scheme, _, coded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        raw = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        return []
    pairs = [text.partition(":") for text in _readings(raw)]
    return [(name, word) for name, _, word in pairs]


def _readings(raw: bytes) -> tuple[str, str]:
    """Read the bytes of a header both ways: HTTP does not say which encoding they have."""
    return raw.decode("latin-1"), raw.decode("utf-8", "replace")


def _same(one: str, other: str) -> bool:
    """Compare in constant time, so that the time tells nothing about the key."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def _refusal(path: str) -> ASGIApp:
    if path == "/":
        return page(
            "stalkeer",
            "This page needs the API key: open it as /?apikey=KEY. "
            "The key is in the file secrets/api_key of the data directory.",
            status=401,
        )
    return error_answer(
        401,
        "unauthorized",
        "The key is missing or wrong. Send it as X-Api-Key header or ?apikey=; it is in the file "
        "secrets/api_key of the data directory.",
    )

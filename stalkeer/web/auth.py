"""Who may ask: one layer in front of every route. What is not allowed here is refused.

There is no other way in: no local address, no header of a proxy opens anything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from stalkeer.web.answers import error_answer, page
from stalkeer.web.throttle import Rate, Throttle

PUBLIC = frozenset({"/ping", "/health", "/api/v1/login", "/api/v1/setup", "/api/docs.css"})
WEBHOOKS = "/webhooks/"
COOKIE = "stalkeer_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = ("GET", "HEAD")
_OWN = ("same-origin", "none")


class Door(Enum):
    """Who gets through to a path."""

    PUBLIC = auto()
    """Everybody."""
    WEBHOOK = auto()
    """An arr with the credentials of its webhook, and whoever holds the API key."""
    GUARDED = auto()
    """Whoever holds the API key or is logged in."""


class Asker(Enum):
    """How a request got in."""

    NOBODY = auto()
    KEY = auto()
    ARR = auto()
    SESSION = auto()


def door_of(path: str) -> Door:
    """Say who may ask for a path; one that nobody thought of is guarded."""
    if path in PUBLIC:
        return Door.PUBLIC
    return Door.WEBHOOK if path.startswith(WEBHOOKS) else Door.GUARDED


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys of the service. A webhook's is a (username, password) pair, by instance."""

    api_key: str = field(repr=False)
    webhooks: Mapping[str, tuple[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """How often who has no key may ask."""

    refused: Throttle = field(
        default_factory=lambda: Throttle(Rate(300, 5), Rate(2000, 50)), repr=False
    )
    public: Throttle = field(
        default_factory=lambda: Throttle(Rate(200, 20), Rate(2000, 200)), repr=False
    )


@dataclass(frozen=True, slots=True)
class Doorman:
    """What the guard goes by. `credentials` are asked for each time, because they may change.

    `is_open` says whether a session holds, by the digest of its cookie.
    """

    credentials: Callable[[], Credentials]
    is_open: Callable[[str], bool] = field(repr=False)
    limits: Limits = field(default_factory=Limits)


class Guard:
    """ASGI middleware that lets a request through only with the right key for its path.

    It notes in `request.state.asker` how the request got in.
    """

    def __init__(self, app: ASGIApp, doorman: Doorman) -> None:
        """Guard `app`."""
        self._app = app
        self._doorman = doorman

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401, 403 or 429."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal, asker = await self._judge(request)
        request.state.asker = asker
        await (refusal or self._app)(scope, receive, send)

    async def _judge(self, request: Request) -> tuple[ASGIApp | None, Asker]:
        # The path the router sees: `request.url` is put together from headers of the sender.
        path = request.scope["path"]
        door, limits = door_of(path), self._doorman.limits
        if door is Door.PUBLIC:
            return self._judge_public(request, limits), Asker.NOBODY
        asker = key_holder(request.scope, path, self._doorman.credentials())
        if asker is not Asker.NOBODY:
            return None, asker
        if door is Door.GUARDED and await self._has_session(request):
            return _forgery(request), Asker.SESSION
        wait_s = limits.refused.take(_client(request))
        return (_too_many(wait_s) if wait_s else _refusal(path)), Asker.NOBODY

    def _judge_public(self, request: Request, limits: Limits) -> ASGIApp | None:
        if request.method not in _SAFE:
            return _foreign(request)
        # Who asks whether the process lives is always told.
        wait_s = 0.0 if request.scope["path"] == "/ping" else limits.public.take(_client(request))
        return _too_many(wait_s) if wait_s else None

    async def _has_session(self, request: Request) -> bool:
        cookie = request.cookies.get(COOKIE, "")
        return bool(cookie) and await run_in_threadpool(self._doorman.is_open, mark_of(cookie))


def key_holder(scope: Scope, path: str, credentials: Credentials) -> Asker:
    """Say what key a request holds that opens a path; without one it comes from nobody yet.

    From the bare scope, because every webhook is asked: an object of each header would cost more
    than the comparisons.
    """
    keys = _keys(scope)
    if any(_same(key, credentials.api_key) for key in keys):
        return Asker.KEY
    if door_of(path) is Door.WEBHOOK and _is_arr(scope, path, keys, credentials):
        return Asker.ARR
    return Asker.NOBODY


def mark_of(cookie: str) -> str:
    """Give the digest of a cookie that is kept of it."""
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


def csrf_of(cookie: str) -> str:
    """Give the token that a page of ours sends beside the cookie; no other page can know it."""
    return hmac.digest(cookie.encode("utf-8", "replace"), b"csrf", "sha256").hex()


def _forgery(request: Request) -> ASGIApp | None:
    """Refuse what another site had a browser send with our cookie."""
    if request.method in _SAFE:
        return None
    token = csrf_of(request.cookies.get(COOKIE, ""))
    if not _same(request.headers.get(CSRF_HEADER, ""), token):
        return _forbidden(f"The {CSRF_HEADER} header is missing or wrong: log in again.")
    return _foreign(request)


def _foreign(request: Request) -> ASGIApp | None:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_own = site in _OWN if site else not origin or _is_own(origin, request)
    return None if is_own else _forbidden("Another site sent this. Open the page of stalkeer.")


def _is_own(origin: str, request: Request) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower() != ""
    except ValueError:
        return False


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _is_arr(scope: Scope, path: str, keys: Sequence[str], credentials: Credentials) -> bool:
    name, known = path.removeprefix(WEBHOOKS), credentials.webhooks
    # An arr whose instance was renamed is told so; a stranger does not learn which names there are.
    opening = [known[name]] if name in known else list(known.values())
    pairs = _basic(scope)
    return any(
        any(_same(key, password) for key in keys)
        or any(_same(one, user) & _same(word, password) for one, word in pairs)
        for user, password in opening
        if password
    )


def _keys(scope: Scope) -> list[str]:
    keys = [key for raw in _sent(scope, b"x-api-key") for key in _readings(raw)]
    if scope["query_string"]:
        keys += QueryParams(scope["query_string"]).getlist("apikey")
    return keys


def _sent(scope: Scope, name: bytes) -> list[bytes]:
    """Give the values of a header; a server writes the names in small letters."""
    return [value for key, value in scope["headers"] if key == name]


def _basic(scope: Scope) -> list[tuple[str, str]]:
    """Read Basic credentials, in both encodings they come in.

    Radarr and Sonarr send ISO-8859-1 (Radarr: Common/Http/BasicNetworkCredential.cs), most other
    clients UTF-8.
    """
    sent = _sent(scope, b"authorization")
    scheme, _, coded = sent[0].partition(b" ") if sent else (b"", b"", b"")
    if scheme.lower() != b"basic":
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


def _forbidden(message: str) -> ASGIApp:
    return error_answer(403, "forbidden", message)


def _too_many(wait_s: float) -> ASGIApp:
    return error_answer(
        429,
        "too_many",
        "Too many requests without a valid key. Wait, and send the right one.",
        headers={"Retry-After": str(math.ceil(wait_s))},
    )

"""One request and the head of its answer: redirects, credentials, and what can go wrong."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

import httpx

from stalkeer.downloader.answers import SetbackError
from stalkeer.downloader.body import cut
from stalkeer.downloader.errors import LinkGoneError, ProviderDownError, TlsError
from stalkeer.downloader.resume import Ask
from stalkeer.downloader.terms import EngineRules, FetchRequest
from stalkeer.outgoing import address
from stalkeer.outgoing.transport import Patience
from stalkeer.outgoing.trust import REMEDY, certificate_fault

MAX_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What every request of a download says of itself, and how long it waits."""

    user_agent: str
    referrer: str | None
    connect_timeout_s: float
    answer_timeout_s: float | None


def caller_of(request: FetchRequest, rules: EngineRules) -> Caller:
    """Say how a request of a download is made."""
    return Caller(
        user_agent=request.user_agent,
        referrer=request.referrer,
        connect_timeout_s=rules.connect_timeout_s,
        answer_timeout_s=rules.stall_timeout_s or None,
    )


def parse_url(text: str) -> httpx.URL:
    """Read the address of a film; raises `LinkGoneError` or `AddressRefusedError`."""
    try:
        url = httpx.URL(text)
        # Only now is the host read: that of `http://xn--/` is none.
        address.check_url(url)
    except (httpx.InvalidURL, UnicodeError) as exc:
        # The message of httpx may quote the address, so it is not shown.
        raise LinkGoneError("The link is no address. Refresh the playlist.") from exc
    return url


@contextmanager
def open_answer(
    transport: httpx.BaseTransport, url: httpx.URL, ask: Ask, caller: Caller, patience: Patience
) -> Iterator[tuple[httpx.Response, str]]:
    """Ask for a file, follow redirects, and yield the answer with the host that gave it.

    The answer is closed at the end, and with it the connection. Raises `SetbackError` for what
    may pass, `TlsError` and `AddressRefusedError` for what will not.
    """
    origin = url
    for _ in range(MAX_REDIRECTS + 1):
        response = _send(transport, _request(url, origin, ask, caller), caller, patience)
        try:
            if response.status_code not in _REDIRECTS:
                yield response, url.host
                return
            url = _next_url(url, response.headers.get("location", ""))
        finally:
            response.close()
    raise SetbackError(
        LinkGoneError(f"{origin.host} redirects more than {MAX_REDIRECTS} times."), tries=2
    )


def _request(url: httpx.URL, origin: httpx.URL, ask: Ask, caller: Caller) -> httpx.Request:
    headers = {
        "User-Agent": caller.user_agent,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **ask.headers(),
    }
    if caller.referrer is not None:
        headers["Referer"] = caller.referrer
    if address.same_origin(url, origin):
        headers.update(_credentials(origin))
    timeout = {
        "connect": caller.connect_timeout_s,
        "read": caller.answer_timeout_s,
        "write": caller.connect_timeout_s,
        "pool": None,
    }
    return httpx.Request("GET", url, headers=headers, extensions={"timeout": timeout})


def _credentials(url: httpx.URL) -> dict[str, str]:
    if not url.userinfo:
        return {}
    name, _, password = url.userinfo.partition(b":")
    pair = f"{unquote(name.decode())}:{unquote(password.decode())}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _send(
    transport: httpx.BaseTransport, request: httpx.Request, caller: Caller, patience: Patience
) -> httpx.Response:
    host = request.url.host
    if caller.answer_timeout_s is not None:
        patience.answer_until = patience.monotonic() + caller.answer_timeout_s
    try:
        return transport.handle_request(request)
    except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
        raise _not_connected(host, exc) from exc
    except httpx.TransportError as exc:
        raise cut(host, str(exc) or type(exc).__name__) from exc
    finally:
        patience.answer_until = None


def _not_connected(host: str, error: Exception) -> Exception:
    fault = certificate_fault(error)
    if fault is not None:
        return TlsError(
            f"The certificate of {host} is not trusted: {fault}. Nothing was sent. {REMEDY}."
        )
    return SetbackError(
        ProviderDownError(f"{host} cannot be reached: {str(error) or type(error).__name__}.")
    )


def _next_url(url: httpx.URL, location: str) -> httpx.URL:
    nowhere = SetbackError(LinkGoneError(f"{url.host} redirects to no address."), tries=2)
    if not location:
        raise nowhere
    try:
        target = url.join(location)
        address.check_url(target)
    except (httpx.InvalidURL, ValueError):
        raise nowhere from None
    return target

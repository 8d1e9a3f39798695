"""Asks for a playlist over http(s): redirects, credentials, refusals, and the bytes of the answer.

Where an address may lead is judged by the transport it is given, or by `check_address`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from stalkeer.core.backoff import told_wait_s
from stalkeer.log import redact
from stalkeer.outgoing.trust import REMEDY, certificate_fault, system_trust
from stalkeer.playlist.errors import (
    PlaylistBusyError,
    PlaylistNotFoundError,
    PlaylistTruncatedError,
    PlaylistUnreachableError,
)
from stalkeer.playlist.stream import Meter, SourceLimits, decoded, judged
from stalkeer.playlist.terms import NotModified, OpenSource, SourceInfo

MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 15.0

_REDIRECTS = (301, 302, 303, 307, 308)
_NAME = re.compile(r"[\w.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a server, and of those it redirects to."""

    url: httpx.URL = field(repr=False)
    auth: tuple[str, str] | None = field(repr=False)
    headers: dict[str, str]
    check_address: Callable[[str], None] | None = None

    @property
    def name(self) -> str:
        """Host and port."""
        return self.url.netloc.decode("ascii")


def parse_address(location: str) -> httpx.URL:
    """Read the address of a playlist; raises `PlaylistNotFoundError` without showing it."""
    url = _read(location)
    if url is None:
        # Its text may hold the half of a password.
        raise PlaylistNotFoundError("A playlist address cannot be read: see STALKEER_M3U_URL.")
    if url.scheme not in ("http", "https") or not url.host:
        raise PlaylistNotFoundError(
            f"A playlist may be a file or behind http and https, not {url.scheme}://: "
            "see STALKEER_M3U_URL."
        )
    return url


def _read(location: str) -> httpx.URL | None:
    """Read an address; None for one that httpx alone can read: to it `[` is a host."""
    try:
        url, parts = httpx.URL(location), urlsplit(location)
        host = parts.hostname or ""
        # What the resolver does first: it refuses an empty part, and one of more than 63 letters.
        host.encode("idna")
        is_host = ":" in host or _NAME.fullmatch(host) is not None
        is_read_alike = is_host and parts.port != 0 and bool(url.host) == bool(host)
    except (httpx.InvalidURL, ValueError):
        return None
    return url if is_read_alike else None


@contextmanager
def asking(transport: httpx.BaseTransport | None, limits: SourceLimits) -> Iterator[httpx.Client]:
    """Make what asks the questions about one playlist."""
    timeout = httpx.Timeout(limits.silence_s, connect=CONNECT_TIMEOUT_S)
    transport = transport or httpx.HTTPTransport(verify=system_trust())
    with httpx.Client(transport=transport, timeout=timeout, trust_env=False) as client:
        yield client


@contextmanager
def open_list(
    client: httpx.Client, question: Question, *, meter: Meter
) -> Iterator[OpenSource | NotModified]:
    """Ask for a list. It may be the known one when the question holds a condition."""
    with answered(client, question) as response:
        info = _info(response, question.name)
        if _is_known(response, question.headers):
            yield NotModified(info)
            return
        chunks = content(response, question.name, meter)
        is_page = response.headers.get("Content-Type", "").lower().startswith("text/html")
        listed = judged(chunks, name=info.name, is_page=is_page)
        yield OpenSource(info, listed, lambda: meter.raw_bytes)


@contextmanager
def answered(client: httpx.Client, question: Question) -> Iterator[httpx.Response]:
    """Follow redirects by hand: credentials stay with their host, each address is checked."""
    url = question.url
    for _ in range(MAX_REDIRECTS + 1):
        response = _ask(client, question, url)
        try:
            if response.status_code not in _REDIRECTS or "Location" not in response.headers:
                yield response
                return
            url = _next(question, url, response.headers["Location"])
        finally:
            response.close()
    raise PlaylistUnreachableError(f"The playlist at {question.name} is redirected too often.")


def content(response: httpx.Response, name: str, meter: Meter) -> Iterator[bytes]:
    """Give the unpacked bytes of an answer; raises whatever speaks against it."""
    if response.status_code != 200:
        kind = PlaylistBusyError if response.status_code == 429 else PlaylistUnreachableError
        raise kind(
            f"The playlist at {name} answered {response.status_code}{_hint(response.status_code)}.",
            retry_in_s=told_wait_s(response.headers.get("Retry-After", "")),
        )
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise PlaylistUnreachableError(
            f"The playlist at {name} came packed as {encoding!r} without being asked."
        )
    size_bytes = _length(response)
    if size_bytes is not None and size_bytes > meter.limits.raw_bytes:
        raise meter.too_large()
    return decoded(_body(response, name), meter, is_packed=encoding == "deflate")


def _ask(client: httpx.Client, question: Question, url: httpx.URL) -> httpx.Response:
    is_theirs = _is_same_site(question.url, url)
    auth = (question.auth or _own_auth(question.url)) if is_theirs else _own_auth(url)
    url = url.copy_with(userinfo=b"")
    if question.check_address is not None:
        question.check_address(str(url))
    request = client.build_request("GET", url, headers=question.headers)
    try:
        return client.send(request, auth=auth, stream=True, follow_redirects=False)
    except httpx.TimeoutException as error:
        raise PlaylistUnreachableError(
            f"The playlist at {question.name} did not answer in time."
        ) from error
    except (httpx.TransportError, UnicodeError) as error:
        # It is no text when the server redirects to a host that cannot be one.
        raise PlaylistUnreachableError(
            f"The playlist at {question.name} cannot be reached: {_trouble(error)}."
        ) from error


def _trouble(error: Exception) -> str:
    fault = certificate_fault(error)
    if fault is None:
        return redact(str(error))
    return f"its certificate is not trusted ({fault}). {REMEDY}"


def _own_auth(url: httpx.URL) -> tuple[str, str] | None:
    return (url.username, url.password) if url.userinfo else None


def _is_same_site(first: httpx.URL, other: httpx.URL) -> bool:
    return first.host == other.host and (first.port == other.port or other.scheme == "https")


def _next(question: Question, url: httpx.URL, location: str) -> httpx.URL:
    target = url.join(location)
    is_open = target.scheme == "https" or (
        target.scheme == "http" and question.url.scheme == "http"
    )
    if not is_open or not target.host:
        raise PlaylistUnreachableError(
            f"The playlist at {question.name} is redirected to an address that is not followed: "
            "one without encryption, or none of http and https."
        )
    return target


def _is_known(response: httpx.Response, asked: dict[str, str]) -> bool:
    etag = asked.get("If-None-Match")
    if response.status_code == 304:
        return etag is not None or "If-Modified-Since" in asked
    # Some servers send a mark and ignore the question that quotes it.
    is_same = etag is not None and etag == response.headers.get("ETag")
    return is_same and response.status_code == 200


def _info(response: httpx.Response, name: str) -> SourceInfo:
    return SourceInfo(
        name=name,
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
        size_bytes=_length(response),
    )


def _length(response: httpx.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _hint(status: int) -> str:
    return ": check its user name and password" if status in (401, 403) else ""


def _body(response: httpx.Response, name: str) -> Iterator[bytes]:
    expected, size_bytes = _length(response), 0
    try:
        for chunk in response.iter_raw():
            size_bytes += len(chunk)
            yield chunk
    except httpx.TimeoutException as error:
        raise PlaylistTruncatedError(f"The playlist at {name} stopped coming.") from error
    except httpx.TransportError as error:
        raise PlaylistTruncatedError(
            f"The playlist at {name} broke off: {redact(str(error))}."
        ) from error
    if expected is not None and size_bytes < expected:
        raise PlaylistTruncatedError(
            f"The playlist at {name} ended after {size_bytes} of {expected} bytes."
        )

"""Opens a playlist, on disk or behind http(s), as a bounded stream of decoded bytes.

It knows nothing of M3U: it refuses what cannot be a list (a web page, nothing, a cut transfer, a
gzip bomb, a list without end), so that the list we have stays. The last refusals can only come
while the chunks are read: nothing read may count before the last chunk came without an error.
"""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import httpx

from stalkeer.log import redact
from stalkeer.playlist.errors import (
    PlaylistNotFoundError,
    PlaylistTruncatedError,
    PlaylistUnreachableError,
)
from stalkeer.playlist.stream import MAX_CHUNK, Meter, SourceLimits, decoded, judged

__all__ = [
    "DEFAULT_LIMITS",
    "NotModified",
    "OpenSource",
    "Source",
    "SourceInfo",
    "SourceLimits",
    "open_source",
]

MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0

_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Source:
    """One configured playlist: a path or an http(s) address, which may hold a password."""

    name: str
    location: str = field(repr=False)


DEFAULT_LIMITS = SourceLimits()


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known before the first byte.

    `name` is the name of the file, or host and port. `etag` and `last_modified` are to be given
    to the next `open_source`; a file has an `etag` of our own. `size_bytes` counts as sent, so
    packed, and is None when the server does not tell.
    """

    name: str
    etag: str | None
    last_modified: str | None
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The playlist is the one that was read last time."""

    info: SourceInfo


@dataclass(frozen=True, slots=True)
class OpenSource:
    """An open playlist: iterate over it once for its decoded chunks, 256 KiB at most each."""

    info: SourceInfo
    chunks: Iterator[bytes]

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks; raises a `PlaylistError` where the list is refused."""
        return self.chunks


@contextmanager
def open_source(
    location: str,
    *,
    user_agent: str,
    auth: tuple[str, str] | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
    limits: SourceLimits = DEFAULT_LIMITS,
    transport: httpx.BaseTransport | None = None,
    check_address: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[OpenSource | NotModified]:
    """Open a path or an http(s) address.

    `etag` and `last_modified` are those of the last `SourceInfo`; with them the answer may be
    `NotModified`. `auth` goes to the host of the location and to no other. `check_address` is
    given the address of every hop before it is asked, and raises to refuse it.
    """
    meter = Meter(limits, clock)
    if not re.match(r"[a-z][a-z0-9+.-]*://", location, re.IGNORECASE):
        with _open_file(Path(location), etag=etag, meter=meter) as opened:
            yield opened
        return
    url = _parsed(location)
    known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    question = _Question(
        url=url,
        auth=auth or _own_auth(url),
        headers={
            "User-Agent": user_agent,
            "Accept": "*/*",
            # httpx unpacks without a bound; what comes packed all the same is unpacked below.
            "Accept-Encoding": "identity",
            **{name: value for name, value in known.items() if value},
        },
        check_address=check_address,
    )
    timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    with (
        httpx.Client(transport=transport, timeout=timeout, trust_env=False) as client,
        _answer(client, question) as response,
    ):
        yield _opened(response, question=question, meter=meter)


# --- files ---


@contextmanager
def _open_file(path: Path, *, etag: str | None, meter: Meter) -> Iterator[OpenSource | NotModified]:
    with _opened_file(path) as (stream, info):
        if etag is not None and etag == info.etag:
            yield NotModified(info)
            return
        yield OpenSource(info, judged(decoded(_read(stream, info.name), meter), name=info.name))


@contextmanager
def _opened_file(path: Path) -> Iterator[tuple[BinaryIO, SourceInfo]]:
    try:
        status = path.stat()
        # Opening a pipe would wait for its writer.
        if not stat.S_ISREG(status.st_mode):
            raise PlaylistNotFoundError(
                f"The playlist {path} is no file: see STALKEER_M3U_FILE_PATH."
            )
        stream = path.open("rb")
    except OSError as error:
        raise PlaylistNotFoundError(
            f"The playlist {path} cannot be opened: {error.strerror}. "
            "Mount its folder, or correct STALKEER_M3U_FILE_PATH."
        ) from error
    with stream:
        mark = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        yield stream, SourceInfo(path.name, mark, None, status.st_size)


def _read(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while chunk := stream.read(MAX_CHUNK):
            yield chunk
    except OSError as error:
        raise PlaylistUnreachableError(
            f"The playlist {name} cannot be read: {error.strerror}."
        ) from error


# --- http ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    url: httpx.URL
    auth: tuple[str, str] | None
    headers: dict[str, str]
    check_address: Callable[[str], None] | None

    @property
    def name(self) -> str:
        return self.url.netloc.decode("ascii")


def _parsed(location: str) -> httpx.URL:
    try:
        url = httpx.URL(location)
    except httpx.InvalidURL:
        # Its text may hold the half of a password.
        raise PlaylistNotFoundError(
            "A playlist address cannot be read: see STALKEER_M3U_URL."
        ) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise PlaylistNotFoundError(
            f"A playlist may be a file or behind http and https, not {url.scheme}://: "
            "see STALKEER_M3U_URL."
        )
    return url


def _own_auth(url: httpx.URL) -> tuple[str, str] | None:
    return (url.username, url.password) if url.userinfo else None


@contextmanager
def _answer(client: httpx.Client, question: _Question) -> Iterator[httpx.Response]:
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


def _ask(client: httpx.Client, question: _Question, url: httpx.URL) -> httpx.Response:
    auth = question.auth if _is_same_site(question.url, url) else _own_auth(url)
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
    except httpx.TransportError as error:
        raise PlaylistUnreachableError(
            f"The playlist at {question.name} cannot be reached: {redact(str(error))}."
        ) from error


def _is_same_site(first: httpx.URL, other: httpx.URL) -> bool:
    return first.host == other.host and (first.port == other.port or other.scheme == "https")


def _next(question: _Question, url: httpx.URL, location: str) -> httpx.URL:
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


def _opened(
    response: httpx.Response, *, question: _Question, meter: Meter
) -> OpenSource | NotModified:
    info = _info(response, question.name)
    if _is_known(response, question.headers):
        return NotModified(info)
    if response.status_code != 200:
        raise PlaylistUnreachableError(
            f"The playlist at {info.name} answered {response.status_code}"
            f"{_hint(response.status_code)}.",
            retry_in_s=_retry_after(response),
        )
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise PlaylistUnreachableError(
            f"The playlist at {info.name} came packed as {encoding!r} without being asked."
        )
    if info.size_bytes is not None and info.size_bytes > meter.limits.raw_bytes:
        raise meter.too_large()
    is_page = response.headers.get("Content-Type", "").lower().startswith("text/html")
    chunks = decoded(_body(response, info), meter, is_packed=encoding == "deflate")
    return OpenSource(info, judged(chunks, name=info.name, is_page=is_page))


def _is_known(response: httpx.Response, asked: dict[str, str]) -> bool:
    etag = asked.get("If-None-Match")
    if response.status_code == 304:
        return etag is not None or "If-Modified-Since" in asked
    # Some servers send a mark and ignore the question that quotes it.
    is_same = etag is not None and etag == response.headers.get("ETag")
    return is_same and response.status_code == 200


def _info(response: httpx.Response, name: str) -> SourceInfo:
    length = response.headers.get("Content-Length", "")
    return SourceInfo(
        name=name,
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
        size_bytes=int(length) if length.isascii() and length.isdigit() else None,
    )


def _hint(status: int) -> str:
    return ": check its user name and password" if status in (401, 403) else ""


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _body(response: httpx.Response, info: SourceInfo) -> Iterator[bytes]:
    size_bytes = 0
    try:
        for chunk in response.iter_raw():
            size_bytes += len(chunk)
            yield chunk
    except httpx.TimeoutException as error:
        raise PlaylistTruncatedError(f"The playlist at {info.name} stopped coming.") from error
    except httpx.TransportError as error:
        raise PlaylistTruncatedError(
            f"The playlist at {info.name} broke off: {redact(str(error))}."
        ) from error
    if info.size_bytes is not None and size_bytes < info.size_bytes:
        raise PlaylistTruncatedError(
            f"The playlist at {info.name} ended after {size_bytes} of {info.size_bytes} bytes."
        )

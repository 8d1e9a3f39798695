"""One raw answer of an arr, and what its bytes say before anybody knows its shape. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from json import JSONDecodeError, JSONDecoder
from typing import Any

import httpx
from pydantic_core import from_json

from stalkeer.core.backoff import told_wait_s

LONGEST_WORDS = 300

_OPENING = re.compile(r"\s*\[\s*")
_NEXT = re.compile(r"\s*,\s*")
_CLOSING = re.compile(r"\s*\]\s*\Z")


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back. `body` is None when it was longer than we read."""

    status: int
    body: bytes | None
    location: str = ""
    retry_after: str = ""

    @property
    def is_page(self) -> bool:
        """Whether it is HTML or XML: the arrs answer `/api` with JSON or with nothing."""
        return self.body is not None and self.body[:99].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"

    @property
    def is_own_404(self) -> bool:
        """Whether it is a 404 of the arr itself: a JSON document or nothing at all.

        The 404 of a proxy is HTML or a line of text, and says nothing about the item.
        """
        return self.status == 404 and (self.body == b"" or isinstance(self._json, dict))

    @property
    def retry_in_s(self) -> float | None:
        """How long it asks us to wait."""
        return told_wait_s(self.retry_after)

    @property
    def redirects_to(self) -> str:
        """Where a redirect leads, without a query: login pages keep secrets there."""
        return self.location.partition("?")[0]

    @property
    def words(self) -> str:
        """What the arr says in an error, `""` when it says nothing.

        Validation faults are a list of `{propertyName, errorMessage}`; other errors are
        `{message, description}`, `{message, content}` or, while starting, `{errorMessage}`
        (Radarr: Radarr.Http/ErrorManagement). `description` is a stack trace: not for people.
        """
        faults = self._json if isinstance(self._json, list) else [self._json]
        return "; ".join(filter(None, map(_sentence, faults)))[:LONGEST_WORDS]

    @property
    def _json(self) -> Any:
        try:
            return from_json(self.body or b"null")
        except ValueError:
            return None


def _sentence(fault: object) -> str:
    if not isinstance(fault, dict):
        return ""
    said = fault.get("errorMessage") or fault.get("message") or fault.get("title") or ""
    return str(said).strip().rstrip(".")


def elements(body: bytes) -> Iterator[Any]:
    """Read the elements of a JSON array one by one; ValueError when it is none.

    A library of 20,000 movies is 90 MB: read as a whole it takes 700 MB of memory and keeps every
    other thread waiting for seconds.
    """
    text = body.decode()
    decode = JSONDecoder().raw_decode
    before = _OPENING.match(text)
    if before is not None and _CLOSING.match(text, before.end()):
        return
    place = 0
    while before is not None:
        value, place = decode(text, before.end())
        yield value
        before = _NEXT.match(text, place)
    if _CLOSING.match(text, place) is None:
        raise JSONDecodeError("no JSON array", text, place)


def same_origin_redirect(request: httpx.Request, response: httpx.Response) -> httpx.Request | None:
    """Give the request to send next when a 307 or 308 stays on the same server, else None.

    Radarr answers a request without its URL base with a 307 to the path with it
    (UrlBaseMiddleware). Anything else would carry our key to somebody else.
    """
    onward = response.next_request
    if response.status_code not in (307, 308) or onward is None:
        return None
    here, there = request.url, onward.url
    is_same = (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port)
    return onward if is_same else None


def server_date(text: str) -> datetime | None:
    """Read a Date header; None for an empty or odd one."""
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None

"""Opens a playlist, on disk or behind http(s), as a bounded stream of decoded bytes.

It knows nothing of M3U: it refuses what cannot be a list (a web page, nothing, a cut transfer, a
gzip bomb, a list without end), so that the list we have stays. The last refusals can only come
while the chunks are read: nothing read may count before the last chunk came without an error.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from stalkeer.playlist.files import open_file
from stalkeer.playlist.stream import Meter, SourceLimits
from stalkeer.playlist.terms import (
    DEFAULT_LIMITS,
    NotModified,
    OpenSource,
    Source,
    SourceInfo,
    SourceKind,
    SourceRules,
)
from stalkeer.playlist.web import Question, asking, open_list, parse_address

__all__ = [
    "DEFAULT_LIMITS",
    "NotModified",
    "OpenSource",
    "Source",
    "SourceInfo",
    "SourceKind",
    "SourceLimits",
    "SourceRules",
    "is_address",
    "open_source",
]

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def is_address(location: str) -> bool:
    """Say whether a location is an address and not a path."""
    return _SCHEME.match(location) is not None


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
    if not is_address(location):
        with open_file(Path(location), etag=etag, meter=meter) as opened:
            yield opened
        return
    known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    question = Question(
        url=parse_address(location),
        auth=auth,
        headers={
            "User-Agent": user_agent,
            "Accept": "*/*",
            # httpx unpacks without a bound; what comes packed all the same is unpacked below.
            "Accept-Encoding": "identity",
            **{name: value for name, value in known.items() if value},
        },
        check_address=check_address,
    )
    with asking(transport, limits) as client, open_list(client, question, meter=meter) as opened:
        yield opened

"""What a download must remember to go on later, and what it then asks the server for.

The part file says how many bytes are there; this says which file they belong to.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

OVERLAP_BYTES = 64 * 1024
"""How much of what is on disk is asked for again and compared, because servers lie about ranges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeState:
    """Which file the bytes on disk belong to, and what is known of its server.

    `etag` is a strong one only: RFC 9110 section 13.1.5 forbids a weak one in If-Range.
    `last_modified` is kept only if it was 60 s older than the answer, which makes it strong
    (section 8.8.2.2). Both belong to the host in `origin` and to no other. `no_range`: the server
    cannot do ranges. `no_if_range`: its validators are not to be trusted. `restarts` counts how
    often the remote file changed. `durable_bytes` are safe on the disk even after a power loss,
    `boot` is the start of the machine they were counted in.
    """

    total_bytes: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    no_range: bool = False
    no_if_range: bool = False
    restarts: int = 0
    durable_bytes: int = 0
    origin: str | None = None
    boot: str | None = None
    digest: str | None = None

    def to_token(self) -> str:
        """Write it as compact JSON, never empty, without address or credentials.

        >>> ResumeState(total_bytes=9).to_token()
        '{"total_bytes":9}'
        """
        default = asdict(ResumeState())
        kept = {name: value for name, value in asdict(self).items() if value != default[name]}
        return json.dumps(kept, separators=(",", ":"))

    @staticmethod
    def from_token(token: str | None) -> ResumeState:
        """Read a token; None, other text and unknown or odd fields count as nothing known."""
        try:
            values = json.loads(token or "{}")
        except ValueError:
            return ResumeState()
        if not isinstance(values, dict):
            return ResumeState()
        return ResumeState(**{name: values[name] for name in values if _fits(name, values[name])})


def _fits(name: str, value: Any) -> bool:
    if name in _NUMBERS:
        return type(value) is int and value >= 0
    return isinstance(value, bool if name in _FLAGS else str) and name in _NAMES


_NAMES = frozenset(field.name for field in fields(ResumeState))
_NUMBERS = frozenset({"total_bytes", "restarts", "durable_bytes"})
_FLAGS = frozenset({"no_range", "no_if_range"})


def for_origin(state: ResumeState, host: str) -> ResumeState:
    """Fit the state to the host it will be used with.

    A playlist that moved to another host voids the validators; the size and the compared overlap
    then decide whether it is still the same file.
    """
    if state.origin == host:
        return state
    return replace(
        state,
        origin=host,
        etag=None,
        last_modified=None,
        no_range=False,
        no_if_range=False,
        digest=None,
    )


def trusted_bytes(state: ResumeState, size_bytes: int, *, boot: str | None) -> int:
    """Say how many bytes of a part file of that size can be relied on.

    After a kill all of them; after the machine itself went down only what was flushed, because a
    filesystem may then show blocks of zeros that were never written.
    """
    if state.boot is None or state.boot == boot:
        return size_bytes
    return min(size_bytes, state.durable_bytes)


@dataclass(frozen=True, slots=True)
class Ask:
    """What one request asks for: everything from byte `start`; 0 asks for the whole file."""

    start: int = 0
    if_range: str | None = None

    @property
    def is_ranged(self) -> bool:
        """Whether a Range header is sent."""
        return self.start > 0

    def headers(self) -> dict[str, str]:
        """Build the headers of the request that depend on it."""
        if not self.is_ranged:
            return {}
        headers = {"Range": f"bytes={self.start}-"}
        if self.if_range is not None:
            headers["If-Range"] = self.if_range
        return headers


def next_ask(state: ResumeState, have: int, *, whole: bool = False, probe: bool = False) -> Ask:
    """Decide what to ask for when `have` bytes are on disk.

    `whole` asks for everything: the server is not trusted with ranges, or the file may have
    changed. `probe` asks whether anything follows a body that ended without a length.
    """
    if probe:
        return Ask(max(have - OVERLAP_BYTES, 1))
    if whole or state.no_range or have <= OVERLAP_BYTES:
        return Ask()
    return Ask(have - OVERLAP_BYTES, if_range=_validator(state))


def _validator(state: ResumeState) -> str | None:
    if state.no_if_range:
        return None
    return state.etag or state.last_modified

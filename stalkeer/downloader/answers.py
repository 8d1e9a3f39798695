"""What an answer of a media server means for the file being fetched.

Pure decisions about status and headers; reading the body and acting on the verdict is left to
others. Sections are those of RFC 9110.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from stalkeer.downloader.digests import digest_of
from stalkeer.downloader.errors import (
    LinkForbiddenError,
    LinkGoneError,
    NotMediaError,
    ProviderBusyError,
    ProviderDownError,
    TransferCutError,
)
from stalkeer.downloader.resume import Ask, ResumeState
from stalkeer.errors import StalkeerError

LONGEST_WAIT_S = 24 * 3600.0
ALL_TRIES = 1000


class SetbackError(Exception):
    """Inside the engine: the exchange failed, and may be repeated at once `tries` times at most.

    `error` is what the caller of the engine gets when it does not help.
    """

    def __init__(
        self, error: StalkeerError, *, tries: int = ALL_TRIES, wait_s: float | None = None
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.tries = tries
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class ContentRange:
    """`bytes 5-9/20` is (5, 10, 20), `bytes 5-9/*` (5, 10, None). `end` is exclusive."""

    start: int
    end: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What counts of the status and headers of an answer.

    `content_range` is None when there is none or it cannot be read; `known_total` is the 20 of
    the `bytes */20` of a 416. `last_modified` and `etag` are there only as strong validators;
    `digest` only when it is one of the whole file.
    """

    status: int
    host: str = ""
    content_length: int | None = None
    content_range: ContentRange | None = None
    known_total: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_type: str = ""
    is_encoded: bool = False
    is_chunked: bool = False
    retry_after_s: float | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The body holds the file from byte `start` on, up to `end` (exclusive, None: unknown).

    `state` is what to remember once everything compared was the same. `is_changed`: the server
    says that it is another file than the one we have.
    """

    start: int
    end: int | None
    state: ResumeState
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """The server says that the file ends where ours does."""

    state: ResumeState


@dataclass(frozen=True, slots=True)
class Changed:
    """The file may be another one now: ask for all of it and compare."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The body is of no use; ask again with what was learned."""

    state: ResumeState
    reason: str


@dataclass(frozen=True, slots=True)
class BadRange:
    """The answer is no answer to the range that was asked for."""

    reason: str


Verdict = Body | Finished | Changed | AskAgain | BadRange


def read_head(status: int, headers: Mapping[str, str], *, host: str) -> Head:
    """Read what counts from the headers of an answer. `headers` ignores case."""
    encoding = headers.get("content-encoding", "").strip().lower()
    return Head(
        status=status,
        host=host,
        content_length=_number(headers.get("content-length")),
        content_range=parse_content_range(headers.get("content-range", "")),
        known_total=_unsatisfied_total(headers.get("content-range", "")),
        etag=_strong_etag(headers.get("etag", "")),
        last_modified=_strong_date(headers),
        content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
        is_encoded=encoding not in ("", "identity"),
        is_chunked="chunked" in headers.get("transfer-encoding", "").lower(),
        retry_after_s=parse_retry_after(
            headers.get("retry-after", ""), _date(headers.get("date", ""))
        ),
        digest=digest_of(headers, is_whole=status == 200 and "content-range" not in headers),
    )


def judge(head: Head, ask: Ask, state: ResumeState, have: int) -> Verdict:
    """Say what to do with a 200, 206 or 416 when `have` bytes are on disk."""
    if head.status == 416:
        return _judge_416(head, ask, state, have)
    if head.status == 206 or head.content_range is not None:
        return _judge_range(head, state, have)
    return _judge_whole(head, ask, state)


def refusal(head: Head) -> SetbackError | None:
    """Say how an answer without a file fails, None for 200, 206 and 416."""
    status, host = head.status, head.host
    if status in (200, 206, 416):
        return None
    if status == 401:
        error: StalkeerError = LinkForbiddenError(
            f"{host} refuses the user name or password in the link (401). "
            "Check the account, then refresh the playlist."
        )
        return SetbackError(error, tries=0)
    if status in (404, 410, 451):
        error = LinkGoneError(f"{host} no longer has this file ({status}). Refresh the playlist.")
        return SetbackError(error, tries=0)
    if status in (429, 503) and head.retry_after_s is not None:
        return _told_to_wait(head, head.retry_after_s)
    if status in (403, 429) or status in _BUSY or (450 <= status < 500):
        return SetbackError(_busy(head, None), tries=0)
    if status in (408, 425) or status >= 500:
        return SetbackError(ProviderDownError(f"{host} fails with status {status} at the moment."))
    if 200 <= status < 300:
        return SetbackError(NotMediaError(f"{host} sent no file (status {status})."), tries=2)
    return SetbackError(TransferCutError(f"{host} answered with status {status}."), tries=2)


_BUSY = frozenset({509, 512, 513, *range(880, 890)})
"""Statuses of IPTV panels for "too many connections", beside everything from 450 to 499."""


def _told_to_wait(head: Head, wait_s: float) -> SetbackError:
    # A short wait is sat out here; a worker must not sleep through a long one.
    tries = ALL_TRIES if wait_s <= 30 else 0
    return SetbackError(_busy(head, wait_s), tries=tries, wait_s=wait_s)


def _busy(head: Head, wait_s: float | None) -> ProviderBusyError:
    return ProviderBusyError(
        f"{head.host} turns us away for now (status {head.status}): usually too many connections "
        "or requests.",
        status=head.status,
        retry_in_s=wait_s,
    )


def _judge_416(head: Head, ask: Ask, state: ResumeState, have: int) -> Verdict:
    total = head.known_total
    if total == have and have > 0:
        return Finished(replace(state, total_bytes=total))
    if total is not None and ask.is_ranged:
        return Changed(f"it has {total} bytes now")
    if ask.is_ranged:
        return AskAgain(replace(state, no_range=True), "it answers 416 to every range")
    return BadRange("it answers 416 to a question without range")


def _judge_range(head: Head, state: ResumeState, have: int) -> Verdict:
    part = _usable_range(head, have)
    if isinstance(part, BadRange):
        return part
    # A total that differs from the announced one but ends where our file does is the truth:
    # some servers announce more than they have.
    if None not in (part.total, state.total_bytes) and part.total not in (state.total_bytes, have):
        return Changed(f"it has {part.total} bytes instead of {state.total_bytes}")
    if _other_version(head, state):
        return Changed("its ETag or date is another one")
    found = replace(
        state,
        total_bytes=part.total or state.total_bytes,
        digest=head.digest or state.digest,
    )
    if _trusts_validators(state):
        found = _learn(found, head)
    return Body(part.start, part.end, found)


def _usable_range(head: Head, have: int) -> ContentRange | BadRange:
    """Find the range a 206 holds, or why it cannot be used (section 15.3.7: look first)."""
    if head.content_type == "multipart/byteranges":
        return BadRange("it sends several ranges at once")
    if head.is_encoded:
        # Ranges count encoded bytes, which are not the bytes of the file (section 14.2).
        return BadRange("it sends ranges of compressed data")
    part = head.content_range
    if part is None:
        return BadRange("it sends a range without saying which")
    if part.end <= part.start or part.end > (part.total or part.end):
        return BadRange("it sends an impossible range")
    if head.content_length not in (None, part.end - part.start):
        return BadRange("the length of its range is wrong")
    # A range that starts right at our end would be added without any proof.
    if part.start > have or (part.start == have and have > 0):
        return BadRange("its range starts too late")
    return part


def _judge_whole(head: Head, ask: Ask, state: ResumeState) -> Verdict:
    total = None if head.is_chunked else head.content_length
    same_size = total is not None and total == state.total_bytes
    if ask.if_range is not None and same_size and _same_version(head, state):
        return AskAgain(replace(state, no_if_range=True), "it ignores If-Range")
    is_changed = None not in (state.total_bytes, total) and not same_size
    fresh = replace(state, total_bytes=total, etag=None, last_modified=None, digest=head.digest)
    if _trusts_validators(state):
        fresh = _learn(fresh, head)
    return Body(0, total, fresh, is_changed)


def _learn(state: ResumeState, head: Head) -> ResumeState:
    return replace(
        state,
        etag=state.etag or head.etag,
        last_modified=state.last_modified or head.last_modified,
    )


def _trusts_validators(state: ResumeState) -> bool:
    # A server whose ETag differs for the same bytes is remembered as `no_if_range` without any.
    return not state.no_if_range or state.etag is not None


def _same_version(head: Head, state: ResumeState) -> bool:
    if state.etag is not None:
        return head.etag == state.etag
    return head.last_modified == state.last_modified


def _other_version(head: Head, state: ResumeState) -> bool:
    if not _trusts_validators(state):
        return False
    if head.etag is not None and state.etag is not None:
        return head.etag != state.etag
    dates = (head.last_modified, state.last_modified)
    return None not in dates and dates[0] != dates[1]


_RANGE = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(?:(\d{1,18})|\*)", re.ASCII)
_NO_RANGE = re.compile(r"bytes\s+\*/(\d{1,18})", re.ASCII)


def parse_content_range(text: str) -> ContentRange | None:
    """Read the Content-Range of a 206 (section 14.4); None for anything odd."""
    match = _RANGE.fullmatch(text.strip().lower())
    if match is None:
        return None
    first, last, total = match.groups()
    return ContentRange(int(first), int(last) + 1, None if total is None else int(total))


def _unsatisfied_total(text: str) -> int | None:
    match = _NO_RANGE.fullmatch(text.strip().lower())
    return None if match is None else int(match[1])


def parse_retry_after(text: str, sent: datetime | None) -> float | None:
    """Read Retry-After (section 10.2.3) as seconds, at most a day; None if absent or odd.

    A date counts from the server's own Date, so that its clock may be wrong.
    """
    seconds = _number(text)
    if seconds is None:
        until = _date(text)
        if until is None or sent is None:
            return None
        seconds = int((until - sent).total_seconds())
    return min(max(float(seconds), 0.0), LONGEST_WAIT_S)


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _strong_etag(text: str) -> str | None:
    return text.strip() if re.fullmatch(r'\s*"[\x21\x23-\x7e]*"\s*', text) else None


def _strong_date(headers: Mapping[str, str]) -> str | None:
    modified, sent = _date(headers.get("last-modified", "")), _date(headers.get("date", ""))
    if modified is None or sent is None or sent - modified < timedelta(seconds=60):
        return None
    return headers["last-modified"]

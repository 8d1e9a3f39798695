"""One fetch: the loop over exchanges until all of the file is on disk or nothing helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from stalkeer.downloader.answers import (
    AskAgain,
    BadRange,
    Body,
    Changed,
    Finished,
    Head,
    SetbackError,
    Verdict,
    judge,
    read_head,
    refusal,
)
from stalkeer.downloader.body import (
    BUFFER_BYTES,
    BodyReader,
    OtherBytesError,
    Sink,
    Watch,
    cut,
    open_source,
)
from stalkeer.downloader.digests import has_digest
from stalkeer.downloader.errors import (
    DownloadStoppedError,
    NotMediaError,
    TransferCutError,
    WrongFileError,
)
from stalkeer.downloader.exchange import caller_of, open_answer
from stalkeer.downloader.files import disk_errors
from stalkeer.downloader.limiter import Limits
from stalkeer.downloader.media import HEAD_BYTES, container_of
from stalkeer.downloader.part import HeldPart
from stalkeer.downloader.resume import Ask, next_ask
from stalkeer.downloader.sniff import refuse_page
from stalkeer.downloader.terms import Chance, EngineRules, Fetched, FetchRequest, Progress
from stalkeer.outgoing.transport import Patience

FIRST_LOOK_BYTES = 4 * 1024 * 1024
"""How much is on disk when `on_head` is called."""
_PROGRESS_BYTES = 1024 * 1024
"""How many new bytes make the failures before them forgotten."""
_MAX_TURNS = 20
_MAX_BACKOFF_S = 9.0
"""So that bytes flow again within ten seconds of a server's return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a fetch calls of its caller, and of the world."""

    on_progress: Callable[[Progress], None]
    on_head: Callable[[Path, int], None]
    before_write: Callable[[], object]
    should_stop: Callable[[], bool]
    monotonic: Callable[[], float]
    wait: Callable[[float], object]
    rng: Chance


class Transfer:
    """Fetches into one held part file, by as many exchanges as it takes.

    Each ends with the whole file, with a turn (ask for the rest, or differently, at once), with a
    setback (wait, then ask again) or with an error. Turns and setbacks in a row are limited; a new
    MiB forgives both.
    """

    def __init__(
        self,
        request: FetchRequest,
        url: httpx.URL,
        part: HeldPart,
        rules: EngineRules,
        hooks: Hooks,
        transport: httpx.BaseTransport,
        patience: Patience,
    ) -> None:
        self._request = request
        self._url = url
        self._part = part
        self._rules = rules
        self._hooks = hooks
        self._transport = transport
        self._patience = patience
        self._caller = caller_of(request, rules)
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._deadline = hooks.monotonic() + rules.timeout_s if rules.timeout_s else None
        self._content_type = ""
        self._is_probe = False
        self._is_verified = True
        self._is_adopted = False
        self._is_seen = False
        self._was_spoiled = False
        self._limits = Limits(rules.limiter, *([request.limiter] if request.limiter else ()))
        self._avoids_range = not rules.resume_enabled
        self._bad_ranges = 0
        self._range_refusals = 0
        self._failures = 0
        self._turns = 0
        self._gained = 0

    def run(self) -> Fetched:
        """Exchange until the file is complete."""
        with self._limits.stream():
            is_done = self._part.is_complete and self._is_genuine()
            if not is_done:
                # First of all: where a look at the file kills the process, as a fault in its
                # reader does, each run would fetch a little more, and that looks like progress.
                self._show_head()
            while not is_done:
                try:
                    is_done = self._exchange() and self._is_intact() and self._is_genuine()
                except SetbackError as setback:
                    self._recover(setback)
            return self._finish()

    def _exchange(self) -> bool:
        """Make one request and use its answer; True when the file is complete."""
        whole = self._part.in_doubt or self._avoids_range
        ask = next_ask(self._part.state, self._part.have, whole=whole, probe=self._is_probe)
        with open_answer(self._transport, self._url, ask, self._caller, self._patience) as (
            response,
            host,
        ):
            head = read_head(response.status_code, response.headers, host=host)
            verdict = self._judge(head, ask)
            return self._follow(verdict, head, response, ask)

    def _judge(self, head: Head, ask: Ask) -> Verdict:
        is_probe, self._is_probe = self._is_probe, False
        setback = refusal(head)
        verdict = judge(head, ask, self._part.state, self._part.have)
        if is_probe and (
            setback is not None or head.status == 200 or isinstance(verdict, BadRange)
        ):
            # It cannot say where the file ends, and so nobody can.
            self._is_verified = False
            return Finished(self._part.state)
        if setback is not None:
            self._note_range_refusal(head, ask)
            raise setback
        return verdict

    def _follow(self, verdict: Verdict, head: Head, response: httpx.Response, ask: Ask) -> bool:
        if isinstance(verdict, Body):
            return self._copy(verdict, head, response)
        if isinstance(verdict, Finished):
            self._part.state = verdict.state
            return True
        if isinstance(verdict, Changed):
            self._part.doubt(head.host, verdict.reason)
        elif isinstance(verdict, AskAgain):
            self._part.state = verdict.state
        elif ask.is_ranged:
            self._note_bad_range()
        else:
            raise cut(head.host, verdict.reason)
        self._turn(head.host, verdict.reason)
        return False

    def _note_bad_range(self) -> None:
        self._bad_ranges += 1
        if self._bad_ranges >= 2:
            self._part.state = replace(self._part.state, no_range=True)

    def _turn(self, host: str, reason: str) -> None:
        """Ask differently at once, but not for ever."""
        self._report(None)
        self._turns += 1
        if self._turns > _MAX_TURNS:
            raise WrongFileError(
                f"{host} answers without ever sending the file: {reason}. Choose another entry."
            )

    def _note_range_refusal(self, head: Head, ask: Ask) -> None:
        if head.status >= 500 and ask.is_ranged:
            self._range_refusals += 1
            # Some servers fail on every range and on nothing else.
            self._avoids_range = self._avoids_range or self._range_refusals >= 3

    def _is_intact(self) -> bool:
        """Look whether the file on disk is as long as what was written to it."""
        with disk_errors(self._request.part):
            if self._part.is_intact():
                return True
        self._part.doubt(self._url.host, "somebody shortens the part file")
        self._end_at(0)
        return False

    def _is_genuine(self) -> bool:
        """Look whether the file has the checksum that the server said, if it said one."""
        part, host = self._part, self._url.host
        digest, should_stop = part.state.digest, self._hooks.should_stop
        with disk_errors(self._request.part):
            if digest is None or has_digest(part.descriptor, digest, should_stop=should_stop):
                return True
        if self._was_spoiled:
            raise WrongFileError(
                f"What {host} sends has not the checksum that it says, twice in a row. "
                "Choose another entry."
            )
        self._was_spoiled = True
        part.doubt(host, "its checksum is another one")
        self._end_at(0)
        return False

    def _end_at(self, size: int) -> None:
        self._hooks.before_write()
        with disk_errors(self._request.part):
            self._part.end_at(size)

    def _recover(self, setback: SetbackError) -> None:
        """Wait before the next exchange, or give up with the error of the last."""
        self._failures += 1
        if self._failures > min(setback.tries, self._rules.in_attempt_tries):
            raise setback.error from setback
        backoff_s = min(2.0 ** (self._failures - 1), _MAX_BACKOFF_S)
        jittered_s = min(backoff_s * (0.5 + self._hooks.rng.random()), _MAX_BACKOFF_S)
        self._pause(jittered_s if setback.wait_s is None else setback.wait_s)

    def _pause(self, seconds: float) -> None:
        """Wait in steps of a second, so that a stop is heard."""
        while seconds > 0:
            if self._hooks.should_stop():
                raise DownloadStoppedError("The download was stopped; it goes on where it was.")
            step_s = min(seconds, 1.0)
            self._hooks.wait(step_s)
            seconds -= step_s

    def _copy(self, body: Body, head: Head, response: httpx.Response) -> bool:
        """Compare and write one body; True when the file is complete."""
        part = self._part
        self._check_size(body.end if body.state.total_bytes is None else body.state.total_bytes)
        self._content_type = head.content_type
        self._is_adopted = False
        had = part.have
        before_write = self._hooks.before_write
        sink = Sink(part.descriptor, start=body.start, have=had, before_write=before_write)
        try:
            self._pour(body, head, response, sink)
        except OtherBytesError:
            # Either the file changed or its ranges lie: a whole body settles both.
            part.state = replace(part.state, no_range=True)
            part.doubt(head.host, "the same range holds other bytes")
            self._turn(head.host, "its ranges hold other bytes than its whole")
            return False
        return self._after(body, head, sink, gained=part.have - had)

    def _pour(self, body: Body, head: Head, response: httpx.Response, sink: Sink) -> None:
        watch = self._new_watch(head.host)
        reader = BodyReader(
            open_source(response, step_s=self._rules.read_step_s),
            self._buffer,
            host=head.host,
            watch=watch,
            limiter=self._limits,
            pause=self._pause,
            monotonic=self._hooks.monotonic,
        )
        length = None if body.end is None else body.end - body.start
        for view in reader.views(length):
            if sink.position == 0:
                self._refuse_page(view, head)
                if body.is_changed:
                    self._part.doubt(head.host, "its size is another one")
            self._keep(view, body, head, sink)
            self._report(watch)
            self._show_head()

    def _new_watch(self, host: str) -> Watch:
        return Watch(
            host=host,
            should_stop=self._hooks.should_stop,
            monotonic=self._hooks.monotonic,
            stall_timeout_s=self._rules.stall_timeout_s,
            low_speed_bytes_s=self._rules.low_speed_bytes_s,
            deadline=self._deadline,
        )

    def _keep(self, view: memoryview, body: Body, head: Head, sink: Sink) -> None:
        part = self._part
        differed = sink.differed
        with disk_errors(self._request.part):
            sink.put(view)
        if sink.differed and not differed:
            self._is_seen = False
            part.doubt(head.host, "its bytes are others")
        if not sink.is_compared:
            return
        self._check_size(sink.position)
        self._adopt(body, sink)
        self._gain(sink.position - part.have)
        part.have = sink.position
        with disk_errors(self._request.part):
            part.sync(self._hooks.monotonic())

    def _adopt(self, body: Body, sink: Sink) -> None:
        """Make the state of this answer ours, once."""
        if not self._is_adopted:
            self._is_adopted = True
            self._part.adopt(body.state, differed=sink.differed)

    def _gain(self, count: int) -> None:
        self._gained += max(count, 0)
        if self._gained >= _PROGRESS_BYTES:
            self._gained = self._failures = self._turns = 0

    def _after(self, body: Body, head: Head, sink: Sink, *, gained: int) -> bool:
        """Decide, at the clean end of a body, whether the file is complete."""
        part = self._part
        if body.start == 0:
            if sink.position == 0:
                raise self._empty(head)
            self._adopt(body, sink)
            self._end_at(sink.position)
        if part.is_complete:
            return True
        if body.end is None:
            # The end of a chunked body is said; that of any other may be a cut.
            self._is_probe = not head.is_chunked
            return head.is_chunked
        if part.state.total_bytes is None and not gained:
            return True
        if not gained:
            self._note_bad_range()
        self._turn(head.host, "its ranges are too short")
        return False

    def _empty(self, head: Head) -> SetbackError:
        message = f"{head.host} sent an empty file."
        error = TransferCutError(message) if self._part.have else NotMediaError(message)
        return SetbackError(error, tries=2)

    def _refuse_page(self, view: memoryview, head: Head) -> None:
        setback = refuse_page(
            bytes(view[:HEAD_BYTES]),
            head,
            url=self._url,
            expect_media=self._request.expect_media,
            is_resumed=self._part.have > 0,
        )
        if setback is not None:
            raise setback

    def _check_size(self, size: int | None) -> None:
        if size is not None and size > self._request.max_bytes:
            raise WrongFileError(
                f"The file at {self._url.host} is larger than {self._request.max_bytes} bytes."
            )

    def _report(self, watch: Watch | None) -> None:
        part = self._part
        speed = watch.speed_bytes_s() if watch is not None else None
        self._hooks.on_progress(Progress(part.have, part.state.total_bytes, part.state, speed))

    def _show_head(self) -> None:
        if self._is_seen or self._part.have < FIRST_LOOK_BYTES or self._part.in_doubt:
            return
        self._is_seen = True
        self._hooks.on_head(self._request.part, self._part.have)

    def _finish(self) -> Fetched:
        part = self._part
        with disk_errors(self._request.part):
            first = part.first(HEAD_BYTES)
        container = container_of(first)
        if container is None and self._request.expect_media:
            raise NotMediaError(f"What {self._url.host} sent is no known video format.")
        part.state = replace(part.state, total_bytes=part.have)
        self._report(None)
        return Fetched(
            path=self._request.part,
            size_bytes=part.have,
            resume=part.state,
            length_verified=self._is_verified,
            content_type=self._content_type,
            container=container,
            digest_verified=part.state.digest is not None,
        )

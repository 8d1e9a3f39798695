"""Fetches files straight from an address to a name: no database, no queue, no service.

What a resume needs lies beside the file that is to be `film.mkv`: the bytes in `.film.mkv.part`,
one line of JSON about them in `.film.mkv.part.json`. It never holds the address. A second run
goes on where the first stopped, whatever stopped it, and leaves alone what is complete.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Protocol, TypeVar

from stalkeer.core.backoff import retry_delay_s
from stalkeer.downloader.errors import (
    DownloadStoppedError,
    FolderUnavailableError,
    NameTakenError,
    PartInUseError,
    ProviderBusyError,
    ProviderDownError,
    TransferCutError,
)
from stalkeer.downloader.exchange import parse_url
from stalkeer.downloader.files import disk_errors, publish_as, remove_part
from stalkeer.downloader.http import Engine, EngineRules, FetchRequest, Progress
from stalkeer.downloader.resume import ResumeState
from stalkeer.downloader.terms import Chance
from stalkeer.errors import StalkeerError

LARGEST_BYTES = 200_000_000_000
TRIES = 5
"""Failures in a row without a new MiB that end a file; the engine repeats each by itself first."""
RETRY_BASE_S = 5.0
BUSY_BASE_S = 30.0
"""The same for who turned us away: a panel counts a connection that is gone for about a minute."""
LONGEST_WAIT_S = 15 * 60.0
"""Who asks for a longer wait than this is believed, and the file is given up for now."""
_PROGRESS_BYTES = 1024 * 1024
_PASSING = (TransferCutError, ProviderBusyError, ProviderDownError)
"""What is worth a wait; about a disk or a name somebody has to do something first."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Order:
    """One file to fetch: where from, and exactly where to. The address stays out of the repr."""

    url: str = field(repr=False)
    path: Path

    @property
    def part(self) -> Path:
        """The unfinished file, on the same filesystem."""
        return self.path.parent / f".{self.path.name}.part"

    @property
    def side(self) -> Path:
        """What is known about the unfinished file."""
        return self.path.parent / f".{self.path.name}.part.json"


class Status(StrEnum):
    """How a file ended."""

    COMPLETE = "complete"
    """All of it has its name, now or already before."""
    FAILED = "failed"
    """It was given up; what arrived is kept."""
    STOPPED = "stopped"
    """Somebody ended the command; what arrived is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one order. `size_bytes` are on disk, complete or not.

    `was_there`: nothing had to be fetched. `is_length_verified` is False when nothing said how
    long the file is.
    """

    order: Order
    status: Status
    size_bytes: int = 0
    seconds: float = 0.0
    error: StalkeerError | None = None
    was_there: bool = False
    is_length_verified: bool = True


class Audience(Protocol):
    """Who is told what happens, from the threads that fetch."""

    def begins(self, order: Order, held_bytes: int) -> None:
        """Hear that a file is asked for, and how much of it is here."""
        ...

    def moved(self, order: Order, progress: Progress) -> None:
        """Hear about twice a MiB how far a file is."""
        ...

    def waits(self, order: Order, error: StalkeerError, wait_s: float) -> None:
        """Hear why a file is not fetched for so long."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """Hear how a file ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How files are fetched. Set `stopped` to end it; it is heard within a second or two."""

    rules: EngineRules
    audience: Audience
    user_agent: str
    rng: Chance
    expect_media: bool = False
    ssl_context: ssl.SSLContext | None = None
    stopped: Event = field(default_factory=Event)
    wait: Callable[[float], object] | None = None
    """Waits in place of the event; for tests."""


def fetch_all(orders: Sequence[Order], terms: Terms, *, parallel: int = 1) -> list[Outcome]:
    """Fetch all files, so many at once, and say how each ended, in their order.

    One that fails does not keep the others from being fetched. Running it twice is harmless.
    """
    with ThreadPoolExecutor(parallel) as threads:
        return list(threads.map(lambda order: _Fetch(order, terms).run(), orders))


def next_wait_s(error: StalkeerError, failures: int, *, jitter: float) -> float | None:
    """Say how long to wait after so many failures in a row; None to give up.

    A provider that said how long is waited for that long, unless it is longer than a person who
    looks on would wait.
    """
    if failures >= TRIES or not isinstance(error, _PASSING):
        return None
    if error.retry_in_s is None:
        base_s = BUSY_BASE_S if isinstance(error, ProviderBusyError) else RETRY_BASE_S
        return retry_delay_s(failures, base_s=base_s, jitter=jitter)
    return error.retry_in_s if error.retry_in_s <= LONGEST_WAIT_S else None


class _Fetch:
    """The way of one file, from what is on disk to its name."""

    def __init__(self, order: Order, terms: Terms) -> None:
        self._order = order
        self._terms = terms
        self._saved: str | None = None

    def run(self) -> Outcome:
        """Fetch it and tell how it ended; errors of ours become part of the outcome."""
        started_at = time.monotonic()
        try:
            outcome = self._fetch()
        except DownloadStoppedError:
            outcome = self._unfinished(Status.STOPPED, None)
        except StalkeerError as exc:
            outcome = self._unfinished(Status.FAILED, exc)
        outcome = replace(outcome, seconds=time.monotonic() - started_at)
        self._terms.audience.ended(outcome)
        return outcome

    def _fetch(self) -> Outcome:
        order, terms = self._order, self._terms
        self._check_stopped()
        engine = self._engine()
        if self._is_there(engine):
            return self._complete(was_there=True)
        terms.audience.begins(order, _size(order.part))
        fetched = self._patiently(
            lambda: engine.fetch(
                self._request(), on_progress=self._note, should_stop=terms.stopped.is_set
            )
        )
        publish_as(order.part, order.path)
        return self._complete(is_length_verified=fetched.length_verified)

    def _engine(self) -> Engine:
        """Make an engine that may fetch from the host that was typed, and from no other of ours."""
        terms = self._terms
        host = parse_url(self._order.url).host
        rules = replace(terms.rules, allowed_hosts=frozenset({host}))
        return Engine(rules, rng=terms.rng, ssl_context=terms.ssl_context, wait=terms.wait)

    def _request(self) -> FetchRequest:
        return FetchRequest(
            url=self._order.url,
            part=self._order.part,
            user_agent=self._terms.user_agent,
            max_bytes=LARGEST_BYTES,
            resume=_read_state(self._order.side),
            expect_media=self._terms.expect_media,
        )

    def _is_there(self, engine: Engine) -> bool:
        """Say whether the name has the whole file; raises `NameTakenError` if it has another."""
        path, should_stop = self._order.path, self._terms.stopped.is_set
        if _is_free(path):
            return False
        if path.is_file() and self._patiently(
            lambda: engine.holds(path, self._request(), should_stop=should_stop)
        ):
            return True
        raise NameTakenError(
            f"{path} is there already and is not what the address holds. Nothing was fetched: "
            "move it away, or choose another name."
        )

    def _complete(self, *, was_there: bool = False, is_length_verified: bool = True) -> Outcome:
        self._clean_up()
        return Outcome(
            order=self._order,
            status=Status.COMPLETE,
            size_bytes=_size(self._order.path),
            was_there=was_there,
            is_length_verified=is_length_verified,
        )

    def _clean_up(self) -> None:
        remove_part(self._order.part)
        with disk_errors(self._order.side):
            self._order.side.unlink(missing_ok=True)

    def _unfinished(self, status: Status, error: StalkeerError | None) -> Outcome:
        size_bytes = _size(self._order.part)
        # Of a file that never came nothing stays behind; a part in use is another command's.
        if not size_bytes and not isinstance(error, PartInUseError | FolderUnavailableError):
            self._clean_up()
        return Outcome(order=self._order, status=status, size_bytes=size_bytes, error=error)

    def _patiently(self, step: Callable[[], T]) -> T:
        """Repeat what fails for a while; new bytes make the failures before them forgotten."""
        failures, held = 0, _size(self._order.part)
        while True:
            try:
                return step()
            except _PASSING as exc:
                had, held = held, _size(self._order.part)
                failures = 1 if held - had >= _PROGRESS_BYTES else failures + 1
                self._wait(exc, failures)

    def _wait(self, error: StalkeerError, failures: int) -> None:
        wait_s = next_wait_s(error, failures, jitter=self._terms.rng.random())
        if wait_s is None:
            raise error
        self._terms.audience.waits(self._order, error, wait_s)
        (self._terms.wait or self._terms.stopped.wait)(wait_s)
        self._check_stopped()

    def _check_stopped(self) -> None:
        if self._terms.stopped.is_set():
            raise DownloadStoppedError("The download was stopped; it goes on where it was.")

    def _note(self, progress: Progress) -> None:
        token = progress.resume.to_token()
        if token != self._saved:
            _write_state(self._order.side, token)
            self._saved = token
        self._terms.audience.moved(self._order, progress)


def _is_free(path: Path) -> bool:
    """Say whether nothing has the name, or an empty file: a killed run had reserved it."""
    if path.is_symlink() or not path.exists():
        return not path.is_symlink()
    return path.is_file() and not _size(path)


def _read_state(side: Path) -> ResumeState:
    """Read what is known of a part file; without it not one byte of it is relied on."""
    with disk_errors(side):
        try:
            return ResumeState.from_token(side.read_text("utf-8", "replace"))
        except FileNotFoundError:
            return ResumeState(boot="")


def _write_state(side: Path, token: str) -> None:
    """Replace the side file in one step, flushed: it says which bytes survived a power loss."""
    unfinished = side.with_name(f"{side.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with disk_errors(side):
        with os.fdopen(os.open(unfinished, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{token}\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(side)


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0

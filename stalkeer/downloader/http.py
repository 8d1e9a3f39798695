"""Fetch one file over HTTP: ask, judge the answer, read the body, go on after a cut.

Where the link comes from, when to try again after an error and where the file goes are the
caller's business. A server is trusted with nothing: what it sends is held against what is on
disk before anything is added to it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event

import httpx

from stalkeer.downloader.compare import Comparison
from stalkeer.downloader.exchange import caller_of, parse_url
from stalkeer.downloader.files import disk_errors, open_part
from stalkeer.downloader.part import HeldPart
from stalkeer.downloader.sniff import refuse_playlist_address
from stalkeer.downloader.terms import Chance, EngineRules, Fetched, FetchRequest, Progress
from stalkeer.downloader.transfer import Hooks, Transfer
from stalkeer.outgoing.address import check
from stalkeer.outgoing.transport import (
    JudgedBackend,
    JudgedTransport,
    Patience,
    Resolve,
    resolve,
)
from stalkeer.outgoing.trust import Trust

__all__ = ["Engine", "EngineRules", "FetchRequest", "Fetched", "Progress"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Engine:
    """Fetches files; threads share one engine. `rules` may be replaced while it runs."""

    def __init__(
        self,
        rules: EngineRules,
        *,
        rng: Chance,
        resolve: Resolve = resolve,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
        boot: str | None = None,
    ) -> None:
        """Take what differs in tests: `transport` answers in place of the network.

        `ssl_context` holds whose certificates are believed; None: those of the system.

        `boot` names this start of the machine; None reads it from the system.
        """
        self.rules = rules
        self._rng = rng
        self._monotonic = monotonic
        self._wait = wait or Event().wait
        self._boot = boot or _boot_id()
        self._resolve = resolve
        self._transport = transport
        self._ssl_context = ssl_context

    def fetch(
        self,
        request: FetchRequest,
        *,
        on_progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
        on_head: Callable[[Path, int], None] | None = None,
        before_write: Callable[[], object] | None = None,
    ) -> Fetched:
        """Fetch the file, or the rest of it, and return when all of it is in the part file.

        `on_progress` is called about twice a MiB and whenever `resume` changes; `on_head(part,
        bytes)` once, when 4 MiB are on disk; `before_write` each time before the part file is
        changed. All run in this thread, and what they raise ends the fetch. `should_stop` and
        `before_write` are called thousands of times and must be cheap. Whatever ends a fetch, the
        part file keeps what was written. Running it twice is harmless: a complete part file is not
        fetched again. Raises the errors of `downloader.errors`.
        """
        rules, url = self.rules, parse_url(request.url)
        refuse_playlist_address(url)
        may_write = before_write or _permit
        with open_part(request.part) as descriptor:
            # Bytes that cannot be relied on are cut off at once.
            may_write()
            with disk_errors(request.part):
                part = HeldPart.take(
                    descriptor,
                    request.resume,
                    url.host,
                    boot=self._boot,
                    keep=rules.resume_enabled,
                )
            hooks = Hooks(
                on_progress=on_progress,
                on_head=on_head or _look_away,
                before_write=may_write,
                should_stop=should_stop,
                monotonic=self._monotonic,
                wait=self._wait,
                rng=self._rng,
            )
            patience = Patience(rules.read_step_s, should_stop, self._monotonic)
            with self._open_transport(rules, patience) as transport:
                return Transfer(request, url, part, rules, hooks, transport, patience).run()

    def holds(self, path: Path, request: FetchRequest, *, should_stop: Callable[[], bool]) -> bool:
        """Say whether the file at `path` is what the address of the request holds.

        It is when it is as long and ends with the same 64 KiB; from a server without ranges its
        first MiB is compared, from one that says no length all of it. Nothing is written. Raises
        the errors of `downloader.errors`.
        """
        rules = self.rules
        patience = Patience(rules.read_step_s, should_stop, self._monotonic)
        url, caller = parse_url(request.url), caller_of(request, rules)
        with self._open_transport(rules, patience) as transport:
            return Comparison(url, transport, caller, patience, self._rng).holds(path)

    @contextmanager
    def _open_transport(
        self, rules: EngineRules, patience: Patience
    ) -> Iterator[httpx.BaseTransport]:
        """Make the way to the network for one fetch."""
        if self._transport is not None:
            yield self._transport
            return
        judge = partial(check, allowed_hosts=rules.allowed_hosts, private_hosts=rules.private_hosts)
        backend = JudgedBackend(self._resolve, judge, patience)
        transport = JudgedTransport(backend, Trust(rules.unverified_hosts, self._ssl_context))
        try:
            yield transport
        finally:
            transport.close()


def _permit() -> None:
    """Let bytes be written."""


def _look_away(part: Path, count: int) -> None:
    """Nobody wants to see the first bytes."""


def _boot_id() -> str | None:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return None

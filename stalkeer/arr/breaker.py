"""The circuit breaker: an arr that does not answer is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from threading import Lock

PROBE_WAIT_S = 5.0


class BreakerState(StrEnum):
    """Whether calls are let through."""

    CLOSED = "closed"
    """All of them."""
    OPEN = "open"
    """None: the last ones all failed."""
    HALF_OPEN = "half_open"
    """One, to see whether the arr is back."""


class CircuitBreaker:
    """Stops asking an arr that does not answer. Safe to share between threads.

    Who calls `enter` and gets 0 must end with `succeeded`, `failed` or `abandoned`.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        open_s: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._open_s = open_s
        self._monotonic = monotonic
        self._lock = Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def failures(self) -> int:
        """How many calls in a row failed."""
        return self._failures

    @property
    def state(self) -> BreakerState:
        """What a call made now would meet."""
        with self._lock:
            if self._opened_at is None:
                return BreakerState.CLOSED
            return BreakerState.OPEN if self._left_s() > 0 else BreakerState.HALF_OPEN

    def enter(self) -> float:
        """Let a call through by answering 0; else say in how many seconds to ask again."""
        with self._lock:
            if self._opened_at is None:
                return 0.0
            if self._left_s() > 0:
                return self._left_s()
            if self._probing:
                return PROBE_WAIT_S
            self._probing = True
            return 0.0

    def succeeded(self) -> None:
        """The arr answered, whatever it said."""
        with self._lock:
            self._failures, self._opened_at, self._probing = 0, None, False

    def failed(self) -> None:
        """The arr could not be reached."""
        with self._lock:
            self._failures += 1
            self._probing = False
            if self._failures >= self._limit:
                self._opened_at = self._monotonic()

    def abandoned(self) -> None:
        """The call ended without telling anything about the arr."""
        with self._lock:
            self._probing = False

    def _left_s(self) -> float:
        opened_at = self._opened_at or 0.0
        return opened_at + self._open_s - self._monotonic()

"""A limit on bytes a second that all downloads share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

BURST_S = 0.1
MIN_READ_BYTES = 16 * 1024


class TokenBucket:
    """Lets at most `rate_bytes_s` through, 0 meaning no limit; threads share it.

    Bytes are taken first and paid for afterwards by waiting, so that no read has to be split.
    What was not used is saved up for 0.1 s at most.
    """

    def __init__(
        self, rate_bytes_s: float = 0, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate_bytes_s
        self._monotonic = monotonic
        self._lock = Lock()
        self._tokens = 0.0
        self._at = monotonic()
        self._streams = 0

    @property
    def rate_bytes_s(self) -> float:
        """The limit now; may be set while downloads run."""
        return self._rate

    @rate_bytes_s.setter
    def rate_bytes_s(self, rate_bytes_s: float) -> None:
        with self._lock:
            self._rate = rate_bytes_s
            self._tokens = 0.0

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Count one more download among those that share the limit."""
        with self._lock:
            self._streams += 1
        try:
            yield
        finally:
            with self._lock:
                self._streams -= 1

    def read_limit(self, buffer_bytes: int) -> int:
        """Say how much to read at once, at most the buffer.

        Under a limit reads are small, or one download would take the share of all for seconds.
        """
        rate = self._rate
        if not rate:
            return buffer_bytes
        fair = int(rate / max(self._streams, 1) / 20)
        return min(buffer_bytes, max(MIN_READ_BYTES, fair))

    def take(self, count: int) -> float:
        """Count bytes that were read, and say for how many seconds to wait before the next."""
        if not self._rate:
            return 0.0
        with self._lock:
            now = self._monotonic()
            saved = self._tokens + (now - self._at) * self._rate
            self._tokens = min(saved, self._rate * BURST_S) - count
            self._at = now
            return max(0.0, -self._tokens / self._rate) if self._rate else 0.0

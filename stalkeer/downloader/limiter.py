"""A limit on bytes a second that all downloads share: those of all threads and processes."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock

BURST_S = 0.1
MIN_READ_BYTES = 16 * 1024
_STATE = struct.Struct("<ddd")
"""The rate in bytes a second, the bytes saved up (or owed, below 0), and when that was counted."""
_RATE = struct.Struct("<d")


class TokenBucket:
    """Lets at most `rate_bytes_s` through, 0 meaning no limit; threads share it.

    Bytes are taken first and paid for afterwards by waiting, so that no read has to be split.
    What was not used is saved up for 0.1 s at most. With a file, every process of this host that
    names the same one shares the limit too, and hears at once when another changes it.
    """

    def __init__(
        self,
        rate_bytes_s: float = 0,
        *,
        file: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._file = None if file is None else _open(file)
        self._state = memoryview(bytearray(_STATE.size) if self._file is None else _map(self._file))
        self._streams = 0
        if self._file is None or rate_bytes_s != self.rate_bytes_s:
            self.rate_bytes_s = rate_bytes_s

    @property
    def rate_bytes_s(self) -> float:
        """The limit now; may be set while downloads run."""
        rate: float = _RATE.unpack_from(self._state)[0]
        return rate

    @rate_bytes_s.setter
    def rate_bytes_s(self, rate_bytes_s: float) -> None:
        with self._held():
            _STATE.pack_into(self._state, 0, rate_bytes_s, 0.0, self._monotonic())

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
        rate = self.rate_bytes_s
        if not rate:
            return buffer_bytes
        fair = int(rate / max(self._streams, 1) / 20)
        return min(buffer_bytes, max(MIN_READ_BYTES, fair))

    def take(self, count: int) -> float:
        """Count bytes that were read, and say for how many seconds to wait before the next."""
        if not self.rate_bytes_s:
            return 0.0
        with self._held():
            rate, tokens, at = _STATE.unpack_from(self._state)
            now = self._monotonic()
            # The clock starts anew with the machine, and the file may be older.
            passed = max(now - at, 0.0)
            tokens = min(tokens + passed * rate, rate * BURST_S) - count
            _STATE.pack_into(self._state, 0, rate, tokens, now)
            return max(0.0, -tokens / rate) if rate else 0.0

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep threads and processes away while the state is read and written."""
        with self._lock:
            if self._file is None:
                yield
                return
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


class Limits:
    """The buckets that one download obeys at once: the one of all, and its provider's."""

    def __init__(self, *buckets: TokenBucket) -> None:
        self._buckets = buckets

    def read_limit(self, buffer_bytes: int) -> int:
        """See `TokenBucket`: the strictest counts."""
        return min((each.read_limit(buffer_bytes) for each in self._buckets), default=buffer_bytes)

    def take(self, count: int) -> float:
        """See `TokenBucket`: every one is paid, and who waits longest has waited for all."""
        return max((each.take(count) for each in self._buckets), default=0.0)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """See `TokenBucket`."""
        with ExitStack() as streams:
            for bucket in self._buckets:
                streams.enter_context(bucket.stream())
            yield


class Bandwidth:
    """The buckets of a host: one for all downloads, one for each provider.

    `folder` is where they are shared with other processes; None for a process that is alone.
    """

    def __init__(self, rate_bytes_s: float = 0, *, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = Lock()
        self._of: dict[str, TokenBucket] = {}
        self.overall = TokenBucket(rate_bytes_s, file=self._file("all"))

    def of(self, provider: str, rate_bytes_s: float) -> TokenBucket:
        """Return the bucket of a provider, with its limit of this moment."""
        with self._lock:
            bucket = self._of.get(provider)
            if bucket is None:
                bucket = TokenBucket(rate_bytes_s, file=self._file(f"provider {provider}"))
                self._of[provider] = bucket
        if bucket.rate_bytes_s != rate_bytes_s:
            bucket.rate_bytes_s = rate_bytes_s
        return bucket

    def _file(self, name: str) -> Path | None:
        if self._folder is None:
            return None
        # Names of providers are no file names.
        return self._folder / hashlib.blake2b(name.encode(), digest_size=8).hexdigest()


def _open(file: Path) -> int:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.fstat(descriptor).st_size < _STATE.size:
        os.ftruncate(descriptor, _STATE.size)
    return descriptor


def _map(descriptor: int) -> mmap.mmap:
    return mmap.mmap(descriptor, _STATE.size)

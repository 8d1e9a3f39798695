"""The bytes of an answer: out of the connection, past the watch, against or onto the disk.

One buffer a download: it is filled from the socket, compared with what the part file already
holds, and written where the part file ends.
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol, cast

import httpx

from stalkeer.downloader.answers import SetbackError
from stalkeer.downloader.errors import DownloadStoppedError, TransferCutError
from stalkeer.downloader.limiter import Limits

BUFFER_BYTES = 512 * 1024
"""What a stream costs in memory, and at most what a kill costs of bytes that had arrived."""
SNIFF_BYTES = 512
"""How much of a body is collected before any of it is kept, to see what it is."""
_FLUSH_S = 1.0
_SPEED_S = 10.0
_GATHER_S = 0.2
"""How long records are gathered before anybody looks at what came."""
_GATHER_PLAIN_S = 0.5
"""The same for a plain connection, where the kernel gathers."""
_WAKE_BYTES = 256 * 1024
"""How much must be there before the kernel wakes a thread that fills its buffer."""
# A `struct timeval` of 64-bit Linux.
_TIMEVAL = struct.Struct("@ll")
_COMPARE_BYTES = 64 * 1024
# A large write makes the kernel take its memory in large pieces, and those are the ones a virtual
# machine has given back to its host: for eight files at once that made writes of 64 KiB twice as
# dear as those of 32 KiB (Linux 6.18, ext4). With less, ten slow streams pay for the many calls.
_WRITE_BYTES = 32 * 1024


class Watch:
    """Looks after one body: a stop, silence, a trickle, the end of the time it may take."""

    def __init__(
        self,
        *,
        host: str,
        should_stop: Callable[[], bool],
        monotonic: Callable[[], float],
        stall_timeout_s: float,
        low_speed_bytes_s: float,
        deadline: float | None,
    ) -> None:
        self._host = host
        self._should_stop = should_stop
        self._monotonic = monotonic
        self._stall_timeout_s = stall_timeout_s
        self._low_speed_bytes_s = low_speed_bytes_s
        self._deadline = deadline
        self._started = self._looked = monotonic()
        self._count = 0
        self._marks = deque([(self._started, 0)])
        self._idle_s = 0.0

    def count(self, count: int) -> None:
        """Note bytes that arrived."""
        self._count += count

    def forgive(self, seconds: float) -> None:
        """Leave out time in which we ourselves did not read, such as a bandwidth limit's."""
        self._idle_s += seconds

    def fault(self) -> Exception | None:
        """Say why the body must end now; None if it may go on. Cheap: looks 4 times a second."""
        now = self._monotonic()
        if now - self._looked < 0.25:
            return None
        self._looked = now
        if self._should_stop():
            return DownloadStoppedError("The download was stopped; it goes on where it was.")
        if self._deadline is not None and now >= self._deadline:
            return SetbackError(TransferCutError(f"{self._host} took too long."), tries=0)
        self._mark(now - self._idle_s)
        if self._is_too_slow(now - self._idle_s):
            return SetbackError(TransferCutError(f"{self._host} sends next to nothing."))
        return None

    def speed_bytes_s(self) -> float | None:
        """Say how fast the last ten seconds were; None before the first second is over."""
        now = self._monotonic() - self._idle_s
        since = next((mark for mark in self._marks if now - mark[0] <= _SPEED_S), self._marks[-1])
        passed = now - since[0]
        return (self._count - since[1]) / passed if passed >= 1 else None

    def _mark(self, now: float) -> None:
        if now - self._marks[-1][0] >= 1:
            self._marks.append((now, self._count))
        while len(self._marks) > 1 and now - self._marks[1][0] >= self._stall_timeout_s:
            self._marks.popleft()

    def _is_too_slow(self, now: float) -> bool:
        at, count = self._marks[0]
        if not self._stall_timeout_s or now - at < self._stall_timeout_s:
            return False
        return self._count - count <= self._low_speed_bytes_s * self._stall_timeout_s


class Source(Protocol):
    """Where the bytes of a body come from."""

    def read_into(self, view: memoryview) -> int | None:
        """Fill the start of the view; 0 is the end of the body, None that nothing came yet."""
        ...


class SocketSource:
    """Reads the socket below httpx straight into the buffer.

    httpx copies each byte four times (0.7 against 2.2 CPU seconds a GiB, measured). Only for a
    body that is `Content-Length` bytes as they are.

    The kernel fills the whole view before it returns, or as much of it as comes within half a
    second. Of ten slow streams that took 0.74 CPU seconds a GiB, and 0.85 when every few KiB were
    asked for as they came (measured, receiving and writing alone).
    """

    def __init__(self, items: Iterator[bytes], sock: socket.socket, *, step_s: float) -> None:
        # Kept to the end, because dropping it would close the connection.
        self._items = items
        self._first: memoryview | None = None
        self._sock = sock
        self._step_s = step_s
        self._wakes_at = 0

    def read_into(self, view: memoryview) -> int | None:
        """See `Source`; a closed connection is the end, complete or not."""
        if self._first is None:
            # One item empties the buffer of httpx's parser (httpcore 1.0, h11 0.16): everything
            # else of the body is still in the socket.
            self._first = memoryview(next(self._items, b""))
            self._set_patience(self._step_s)
        if self._first:
            count = min(len(self._first), len(view))
            view[:count] = self._first[:count]
            self._first = self._first[count:]
            return count
        return self._receive(view)

    def _set_patience(self, step_s: float) -> None:
        """Have the kernel end each wait: with a timeout of Python's it would gather nothing."""
        self._sock.settimeout(None)
        seconds, fraction = divmod(min(step_s, _GATHER_PLAIN_S), 1)
        patience = _TIMEVAL.pack(int(seconds), int(fraction * 1_000_000))
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)

    def _receive(self, view: memoryview) -> int | None:
        wakes_at = min(len(view), _WAKE_BYTES)
        if wakes_at != self._wakes_at:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wakes_at)
            self._wakes_at = wakes_at
        try:
            return self._sock.recv_into(view, 0, socket.MSG_WAITALL)
        except BlockingIOError:
            return None


class TlsSource(SocketSource):
    """The same over TLS, where one read gives no more than one record of 16 KiB.

    Reading record by record in a loop that does nothing else costs a third less than doing all
    that a read means for each of them.
    """

    def __init__(
        self,
        items: Iterator[bytes],
        sock: ssl.SSLSocket,
        *,
        step_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__(items, sock, step_s=step_s)
        # `recv_into` is a detour to the same method, which fills a buffer when it is given one.
        self._read = cast("Callable[[int, memoryview], int]", sock.read)
        self._monotonic = monotonic
        self._failure: OSError | None = None

    def _set_patience(self, step_s: float) -> None:
        self._sock.settimeout(step_s)

    def _receive(self, view: memoryview) -> int | None:
        if self._failure is not None:
            raise self._failure
        read, monotonic, room = self._read, self._monotonic, len(view)
        until, filled = monotonic() + _GATHER_S, 0
        try:
            while filled < room:
                count = read(room - filled, view[filled:])
                if not count:
                    return filled
                filled += count
                if monotonic() >= until:
                    break
        except TimeoutError:
            return filled or None
        except OSError as exc:
            # What was read before it counts.
            if not filled:
                raise
            self._failure = exc
        return filled


class HttpxSource:
    """Reads what httpx decodes: chunked bodies, and those that end with the connection."""

    def __init__(self, items: Iterator[bytes]) -> None:
        self._items = items
        self._item = memoryview(b"")

    def read_into(self, view: memoryview) -> int | None:
        """See `Source`; httpx itself waits, and raises when the body is cut."""
        if not self._item:
            self._item = memoryview(next(self._items, b""))
        count = min(len(self._item), len(view))
        view[:count] = self._item[:count]
        self._item = self._item[count:]
        return count


def open_source(response: httpx.Response, *, step_s: float) -> Source:
    """Find the fastest way to read the body of an answer."""
    items = response.iter_raw()
    sock = _plain_socket(response)
    if sock is None:
        return HttpxSource(items)
    if isinstance(sock, ssl.SSLSocket):
        return TlsSource(items, sock, step_s=step_s, monotonic=time.monotonic)
    return SocketSource(items, sock, step_s=step_s)


def _plain_socket(response: httpx.Response) -> socket.socket | None:
    length = response.headers.get("content-length", "0")
    if "transfer-encoding" in response.headers or not length.strip("0"):
        return None
    if response.extensions.get("http_version") not in (b"HTTP/1.1", b"HTTP/1.0"):
        return None
    stream = response.extensions.get("network_stream")
    sock = stream.get_extra_info("socket") if stream is not None else None
    return sock if isinstance(sock, socket.socket) else None


class BodyReader:
    """Reads one body into one buffer, under the eyes of the watch and at the limiter's pace."""

    def __init__(
        self,
        source: Source,
        buffer: memoryview,
        *,
        host: str,
        watch: Watch,
        limiter: Limits,
        pause: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._source = source
        self._buffer = buffer
        self._host = host
        self._watch = watch
        self._limiter = limiter
        self._pause = pause
        self._monotonic = monotonic
        self._failure: Exception | None = None
        self._is_over = False

    def views(self, length: int | None) -> Iterator[memoryview]:
        """Yield the body in views of the buffer, each to be used before the next is asked for.

        Stops after `length` bytes whatever follows; None reads to the end. What goes wrong is
        raised only after everything that arrived was yielded: `SetbackError` for a cut,
        `DownloadStoppedError` for a stop.
        """
        left = length
        while not self._is_over and (left is None or left > 0):
            filled = self._fill(len(self._buffer) if left is None else min(len(self._buffer), left))
            if filled:
                yield self._buffer[:filled]
            left = None if left is None else left - filled
            if self._failure is not None:
                raise self._failure
        if left:
            raise cut(self._host, "the connection was closed early")

    def _fill(self, room: int) -> int:
        """Fill the buffer, or as much of it as comes within a second."""
        filled = 0
        flush_at = self._monotonic() + _FLUSH_S
        while filled < room and self._failure is None and not self._is_over:
            filled += self._read(filled, room)
            if filled >= SNIFF_BYTES and self._monotonic() >= flush_at:
                break
        return filled

    def _read(self, filled: int, room: int) -> int:
        size = min(room - filled, self._limiter.read_limit(len(self._buffer)))
        try:
            count = self._source.read_into(self._buffer[filled : filled + size])
        except DownloadStoppedError as exc:
            self._failure = exc
            return 0
        except (httpx.HTTPError, OSError) as exc:
            self._failure = cut(self._host, str(exc) or type(exc).__name__)
            return 0
        self._is_over = count == 0
        self._watch.count(count or 0)
        self._failure = self._pay(count or 0) or self._watch.fault()
        return count or 0

    def _pay(self, count: int) -> Exception | None:
        wait_s = self._limiter.take(count)
        if not wait_s:
            return None
        self._watch.forgive(wait_s)
        try:
            self._pause(wait_s)
        except DownloadStoppedError as exc:
            return exc
        return None


def cut(host: str, reason: str) -> SetbackError:
    """Make the error of a transfer that broke, worth every try."""
    return SetbackError(TransferCutError(f"The transfer from {host} broke: {reason}."))


class OtherBytesError(Exception):
    """A range does not hold the bytes that are on disk: the file changed, or the server lies."""


def _permit() -> None:
    """Let bytes be written."""


class Sink:
    """Compares a body with the part file up to its end, and writes what comes after.

    `before_write` is called before every few KiB, and raises when they must not be written: a
    process may stand still for minutes between any two of them.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        start: int,
        have: int,
        before_write: Callable[[], object] = _permit,
    ) -> None:
        self._descriptor = descriptor
        self._start = start
        self._compare_until = have
        self._before_write = before_write
        self.position = start
        self.differed = False

    @property
    def is_compared(self) -> bool:
        """Whether everything on disk is known to be the start of this body."""
        return self.position >= self._compare_until

    def put(self, view: memoryview) -> None:
        """Take the next bytes of the body.

        A whole body that differs from the disk replaces it from the first other byte on; a range
        that differs raises `OtherBytesError` and leaves the disk as it is.
        """
        known = min(len(view), max(self._compare_until - self.position, 0))
        same = self._count_same(view[:known])
        if same < known:
            if self._start > 0:
                raise OtherBytesError
            self._compare_until = self.position + same
            self._before_write()
            os.ftruncate(self._descriptor, self._compare_until)
            self.differed = True
        self._write(view[same:], self.position + same)
        self.position += len(view)

    def _count_same(self, view: memoryview) -> int:
        for at in range(0, len(view), _COMPARE_BYTES):
            piece = view[at : at + _COMPARE_BYTES]
            disk = os.pread(self._descriptor, len(piece), self.position + at)
            if disk != piece:
                pairs = zip(disk, piece, strict=False)
                return at + next((i for i, (a, b) in enumerate(pairs) if a != b), len(disk))
        return len(view)

    def _write(self, view: memoryview, at: int) -> None:
        while view:
            self._before_write()
            count = os.pwrite(self._descriptor, view[:_WRITE_BYTES], at)
            view, at = view[count:], at + count

"""The bytes of a playlist on their way in: counted, unpacked, judged, never held.

Everything here has a bound. What a server sends may be a gzip bomb, may have no end, or may be no
list at all.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from stalkeer.playlist.errors import (
    PlaylistEmptyError,
    PlaylistIsHtmlError,
    PlaylistTooLargeError,
    PlaylistTruncatedError,
)

MAX_CHUNK = 256 * 1024

_GIB = 1024**3
GZIP_MAGIC = b"\x1f\x8b"
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_BLANK = b"\xef\xbb\xbf\x00 \t\r\n"
# A member costs CPU even when it is empty; a good compressor makes one of every 64 KiB.
_MAX_GZIP_MEMBERS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLimits:
    """What a playlist may cost. `ratio` counts once `ratio_from_bytes` were unpacked.

    `seconds` are those we wait for its bytes, not those that are spent on what came. Less than
    `floor_bytes_s` over `floor_s` such seconds is a server that holds us up, `silence_s` without
    any a dead one: panels take a minute to put a large list together.
    """

    raw_bytes: int = 2 * _GIB
    decoded_bytes: int = 4 * _GIB
    ratio: int = 200
    ratio_from_bytes: int = 64 * 1024**2
    seconds: float = 30 * 60.0
    floor_bytes_s: int = 1024
    floor_s: float = 60.0
    silence_s: float = 120.0


@dataclass(slots=True)
class Meter:
    """Counts what one playlist costs and stops it at its limits."""

    limits: SourceLimits
    clock: Callable[[], float]
    raw_bytes: int = 0
    decoded_bytes: int = 0
    waited_s: float = 0.0
    _slow_s: float = 0.0
    _slow_bytes: int = 0

    def waiting(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass on the chunks as they were sent, counting them and the time they are waited for.

        Raises `PlaylistTooLargeError` past a limit, and `PlaylistTruncatedError` below the floor.
        """
        asked_at = self.clock()
        for chunk in chunks:
            self._count(len(chunk), self.clock() - asked_at)
            yield chunk
            asked_at = self.clock()

    def _count(self, size_bytes: int, waited_s: float) -> None:
        limits = self.limits
        self.raw_bytes += size_bytes
        self.waited_s += waited_s
        if self.waited_s > limits.seconds or self.raw_bytes > limits.raw_bytes:
            raise self.too_large()
        # A panel may think for a minute before it sends the first byte of a long list.
        is_first = self.raw_bytes == size_bytes
        self._slow_s += 0.0 if is_first else waited_s
        self._slow_bytes += size_bytes
        if self._slow_s < limits.floor_s:
            return
        if self._slow_bytes < limits.floor_bytes_s * self._slow_s:
            raise PlaylistTruncatedError(
                f"A playlist came too slowly to be read: {self._slow_bytes} bytes in "
                f"{self._slow_s:.0f} s."
            )
        self._slow_s, self._slow_bytes = 0.0, 0

    def count_decoded(self, chunk: bytes) -> None:
        """Count unpacked bytes; raises `PlaylistTooLargeError` past a limit."""
        self.decoded_bytes += len(chunk)
        is_bomb = (
            self.decoded_bytes > self.limits.ratio_from_bytes
            and self.decoded_bytes > self.limits.ratio * self.raw_bytes
        )
        if is_bomb or self.decoded_bytes > self.limits.decoded_bytes:
            raise self.too_large()

    def too_large(self) -> PlaylistTooLargeError:
        """Make the error that says how far it came and what it may have."""
        limits = self.limits
        return PlaylistTooLargeError(
            f"A playlist was given up after {self.raw_bytes} bytes, {self.decoded_bytes} unpacked. "
            f"It may have {limits.raw_bytes} and {limits.decoded_bytes}, unpack to "
            f"{limits.ratio} times its size and take {limits.seconds:.0f} s: "
            "see STALKEER_M3U_MAX_FILE_SIZE_MB."
        )


def decoded(chunks: Iterator[bytes], meter: Meter, *, is_packed: bool = False) -> Iterator[bytes]:
    """Count the chunks, unpack them where their first bytes say gzip, and cut them to size.

    `is_packed` says that they are packed though they do not look it: zlib has no magic.
    """
    counted = meter.waiting(chunks)
    head = b""
    for chunk in counted:
        head += chunk
        if len(head) >= len(GZIP_MAGIC):
            break
    rest = _chain(head, counted)
    is_gzip = is_packed or head.startswith(GZIP_MAGIC)
    for piece in _inflated(rest) if is_gzip else _cut(rest):
        meter.count_decoded(piece)
        yield piece


def _chain(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from chunks


def _cut(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), MAX_CHUNK):
            yield chunk[start : start + MAX_CHUNK]


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = _Unpacker()
    try:
        for chunk in chunks:
            yield from unpacker.feed(chunk)
    except zlib.error as error:
        raise PlaylistTruncatedError(f"A packed playlist is damaged: {error}.") from error
    if not unpacker.is_complete:
        raise PlaylistTruncatedError("A packed playlist ended in the middle.")


class _Unpacker:
    """Unpacks gzip, also several members in a row, in pieces of a bounded size."""

    def __init__(self) -> None:
        self._members = 1
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._is_padding = False

    @property
    def is_complete(self) -> bool:
        """Whether the last member has its end."""
        return self._member.eof

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Yield what the next packed bytes hold."""
        while packed and not self._is_padding:
            if self._member.eof:
                self._next_member(packed)
            else:
                yield from self._member_pieces(packed)
                packed = self._member.unused_data

    def _next_member(self, packed: bytes) -> None:
        # Only the first byte of the magic: the second may be in the next chunk.
        self._is_padding = not packed.startswith(GZIP_MAGIC[:1])
        self._members += 1
        if self._members > _MAX_GZIP_MEMBERS:
            raise PlaylistTooLargeError("A packed playlist has too many parts.")
        if not self._is_padding:
            self._member = zlib.decompressobj(_GZIP_OR_ZLIB)

    def _member_pieces(self, packed: bytes) -> Iterator[bytes]:
        piece = self._member.decompress(packed, MAX_CHUNK)
        while piece:
            yield piece
            piece = self._member.decompress(self._member.unconsumed_tail, MAX_CHUNK)


def judged(chunks: Iterator[bytes], *, name: str, is_page: bool = False) -> Iterator[bytes]:
    """Refuse a list without content, and what is a page by its first letter.

    The type alone proves nothing: many panels call their lists text/html.
    """
    is_empty = True
    for chunk in chunks:
        start = chunk.lstrip(_BLANK) if is_empty else b""
        if start.startswith((b"<", b"{")) or (start and is_page and not start.startswith(b"#")):
            raise PlaylistIsHtmlError(
                f"The playlist {name} came as a web page or an error, not as a list: "
                "open its address in a browser, or check its user name and password."
            )
        is_empty = is_empty and not start
        yield chunk
    if is_empty:
        raise PlaylistEmptyError(f"The playlist {name} is empty.")

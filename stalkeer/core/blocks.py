"""Cut what arrives of a playlist into blocks of whole lines, and bytes into text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

MAX_LINE_BYTES = 64 * 1024

_BLOCK_BYTES = MAX_LINE_BYTES + 1
# Control characters become spaces: PostgreSQL takes no NUL, and nobody wants the others. Done on
# whole chunks of bytes, where it costs next to nothing.
_TO_SPACE = bytes(32 if (byte < 32 and byte != 10) or byte == 127 else byte for byte in range(256))


class Blocks:
    """The blocks of a playlist, each of whole lines and up to 64 KiB long: iterate over it once.

    A line longer than that is in none; `too_long` says how many there were. Blocks hold no ASCII
    control characters but line feeds, and end with one.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        """Prepare to read chunks of any size."""
        self._chunks = chunks
        self._carry: list[bytes] = []
        self._carry_bytes = 0
        self.too_long = 0

    def __iter__(self) -> Iterator[bytes]:
        """Give the blocks as they are complete, and at the end the line without an end."""
        for chunk in self._chunks:
            for at in range(0, len(chunk), MAX_LINE_BYTES):
                yield from self._blocks(chunk[at : at + MAX_LINE_BYTES].translate(_TO_SPACE))
        if self._carry:
            yield from self._unless_too_long(b"".join([*self._carry, b"\n"]))

    def _blocks(self, text: bytes) -> Iterator[bytes]:
        if b"\n" in text:
            text, at = b"".join([*self._carry, text]), 0
            while end := _block_end(text, at):
                yield from self._unless_too_long(text[at:end])
                at = end
            text, self._carry, self._carry_bytes = text[at:], [], 0
        # Of a line that is too long, so much that it is seen to be.
        if text and self._carry_bytes < _BLOCK_BYTES:
            self._carry.append(text[: _BLOCK_BYTES - self._carry_bytes])
            self._carry_bytes += len(self._carry[-1])

    def _unless_too_long(self, block: bytes) -> Iterator[bytes]:
        if len(block) <= _BLOCK_BYTES:
            yield block
        else:
            self.too_long += 1


def text_of(lines: bytes) -> str:
    """Give lines as text: each is UTF-8, or else cp1252."""
    try:
        return lines.decode()
    except UnicodeDecodeError:
        return "".join(map(_text_of_line, lines.splitlines(keepends=True)))


def _text_of_line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _block_end(text: bytes, at: int) -> int:
    """Give the end of the longest block from `at`, else that of a longer line; 0 without any."""
    return text.rfind(b"\n", at, at + _BLOCK_BYTES) + 1 or text.find(b"\n", at) + 1

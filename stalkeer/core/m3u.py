"""Read the entries of an M3U playlist as they really are: broken in many ways, and very long.

It splits lines and attributes and judges nothing: what a name means is `titles`' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

MAX_LINE_BYTES = 64 * 1024

# Control characters become spaces: PostgreSQL takes no NUL, and nobody wants the others. Done on
# whole chunks of bytes, where it costs next to nothing.
_TO_SPACE = bytes(32 if (byte < 32 and byte != 10) or byte == 127 else byte for byte in range(256))
_BOM = b"\xef\xbb\xbf"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ADDRESS = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*://")
_ADDRESS_IN_NAME = re.compile(r"(?:^|\s)([A-Za-z][A-Za-z0-9+.\-]*://\S+)$")
_DURATION = re.compile(r"[:\s]*(?:[^,\s\"'=]*(?=[,\s]|$))?")
_BEFORE_VALUE = re.compile(r"(?:#EXTINF:[\s\d.-]*)?\s*(?<=[\s:])([\w:.\-]+)=", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w:.\-]+)\s*=\s*")
# A quote closes its value only before what may follow a value; others belong to the text.
_AFTER_VALUE = r"(?=\s*,|\s*$|\s*[\w:.\-]+\s*=)"
_CLOSING = {quote: re.compile(rf"(?<!\\){quote}{_AFTER_VALUE}") for quote in "\"'"}
# The next attribute inside a value says that the closing quote is missing.
_SWALLOWED = re.compile(r"\s+[\w:.\-]+=[\"']")
_UNCLOSED = re.compile(r"[^,]*?(?=,|\s+[\w:.\-]+=|$)")
_LOST_OPENING = re.compile(rf"([^\"'=]*)[\"']{_AFTER_VALUE}")
_LONG_GAP = re.compile(r"\s{9,}")
_STRAY = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One address of a playlist with what the lines before it say of it.

    `index` counts from 0 the lines that hold an address (`scheme://…`), whether or not an
    #EXTINF precedes them. An address that stands on the #EXTINF line itself is no such line: its
    entry has the index of the next one. `name` is the text after the comma, else `tvg_name`, and
    empty for an address nobody describes. No field holds a control character.
    """

    index: int
    name: str
    url: str
    group: str = ""
    tvg_name: str = ""
    tvg_id: str = ""
    logo: str = ""
    tvg_type: str = ""
    user_agent: str | None = None
    referrer: str | None = None


@dataclass(slots=True)
class ReadCounts:
    """What was met while reading; filled as far as the entries were taken.

    `too_long` are skipped lines over 64 KiB, `without_address` are #EXTINF lines no address
    followed, `undescribed` are addresses without an #EXTINF.
    """

    lines: int = 0
    entries: int = 0
    too_long: int = 0
    without_address: int = 0
    undescribed: int = 0


def read_entries(
    chunks: Iterable[bytes], *, counts: ReadCounts | None = None
) -> Iterator[RawEntry]:
    """Yield the entries of a playlist that comes in chunks of any size.

    Memory is bounded by the chunk size and the longest line. No input is an error: lines are
    UTF-8 or else cp1252, and what makes no sense is passed over.
    """
    return _Reader(counts or ReadCounts()).entries(chunks)


class _Reader:
    """Walks the lines; holds what was said since the last address."""

    def __init__(self, counts: ReadCounts) -> None:
        self._counts = counts
        self._addresses = 0
        self._forget()

    def _forget(self) -> None:
        self._extinf: bytes | None = None
        self._group = ""
        self._user_agent: str | None = None
        self._referrer: str | None = None

    def entries(self, chunks: Iterable[bytes]) -> Iterator[RawEntry]:
        """Yield every entry; see `read_entries`."""
        for raw in _lines(chunks, self._counts):
            line = raw.removeprefix(_BOM).strip()
            if line.startswith(b"#"):
                if line[:7].upper() == b"#EXTINF":
                    if self._extinf is not None:
                        yield from self._without_address(self._extinf)
                    self._extinf = line
                else:
                    self._directive(line)
            elif _ADDRESS.match(line):
                yield self._with_address(line)
            elif line:
                self._continue_quote(line)
        if self._extinf is not None:
            yield from self._without_address(self._extinf)

    def _with_address(self, line: bytes) -> RawEntry:
        values: dict[str, str] = {}
        name = ""
        if self._extinf is None:
            self._counts.undescribed += 1
        else:
            values, name = _described(_text(self._extinf))
        entry = self._made(_text(line), values, name)
        self._addresses += 1
        return entry

    def _without_address(self, extinf: bytes) -> Iterator[RawEntry]:
        values, name = _described(_text(extinf))
        inline = _ADDRESS_IN_NAME.search(name)
        if inline:
            yield self._made(inline[1], values, name[: inline.start()].strip())
            return
        self._counts.without_address += 1
        self._forget()

    def _made(self, address: str, values: dict[str, str], name: str) -> RawEntry:
        user_agent, referrer = self._user_agent, self._referrer
        if "|" in address:
            address, user_agent, referrer = _with_options(address, user_agent, referrer)
        get = values.get
        tvg_name = get("tvg-name", "")
        entry = RawEntry(
            self._addresses,
            name or tvg_name,
            address,
            get("group-title") or self._group,
            tvg_name,
            get("tvg-id", ""),
            get("tvg-logo", ""),
            get("tvg-type", ""),
            user_agent,
            referrer,
        )
        self._counts.entries += 1
        self._forget()
        return entry

    def _directive(self, line: bytes) -> None:
        word, _, value = _text(line).partition(":")
        if word.upper() == "#EXTGRP":
            self._group = value.strip()
        elif word.upper() == "#EXTVLCOPT":
            option, _, value = value.partition("=")
            if option.strip().lower() == "http-user-agent":
                self._user_agent = value.strip()
            elif option.strip().lower() in ("http-referrer", "http-referer"):
                self._referrer = value.strip()

    def _continue_quote(self, line: bytes) -> None:
        """Join a line to an #EXTINF whose quoted value was broken over two; pass over others."""
        if self._extinf is None or self._extinf.count(b'"') % 2 == 0:
            return
        if len(self._extinf) + len(line) <= MAX_LINE_BYTES:
            self._extinf += b" " + line


def _lines(chunks: Iterable[bytes], counts: ReadCounts) -> Iterator[bytes]:
    """Yield the lines up to 64 KiB; never holds more than that of a longer one."""
    carry = b""
    is_skipping = False
    for chunk in chunks:
        lines = (carry + chunk.translate(_TO_SPACE)).split(b"\n")
        carry = lines.pop()
        if is_skipping and lines:
            del lines[0]
            is_skipping = False
        counts.lines += len(lines)
        for line in lines:
            if len(line) <= MAX_LINE_BYTES:
                yield line
            else:
                counts.too_long += 1
        if is_skipping:
            carry = b""
        elif len(carry) > MAX_LINE_BYTES:
            carry = b""
            is_skipping = True
            counts.lines += 1
            counts.too_long += 1
    if carry:
        counts.lines += 1
        yield carry


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _described(extinf: str) -> tuple[dict[str, str], str]:
    """Split an #EXTINF line into its attributes (names in lower case) and the name shown."""
    parts = extinf.split('"')
    # Well formed: text and quoted values take turns, and the name follows the last quote. Every
    # other line takes the slow way.
    if len(parts) % 2 and parts[-1][:1] == "," and "\\" not in extinf:
        values = {}
        for before, value in zip(parts[::2], parts[1::2], strict=False):
            key = _attribute_before(before)
            if key is None:
                break
            values[key] = value.strip()
        else:
            return values, parts[-1][1:].strip()
    return _described_badly(extinf)


@lru_cache(maxsize=1024)
def _attribute_before(text: str) -> str | None:
    """Give the attribute whose value follows, or None when the text is anything but ` name=`.

    Remembered, because a list has the same few texts in each of its lines.
    """
    match = _BEFORE_VALUE.fullmatch(text)
    return match[1].lower() if match else None


def _described_badly(extinf: str) -> tuple[dict[str, str], str]:
    # Long runs of spaces would make the patterns below try every start of every run.
    extinf = _LONG_GAP.sub(" ", extinf)
    values: dict[str, str] = {}
    stray: list[str] = []
    at = _end(_DURATION, extinf, 7)
    while at < len(extinf):
        if extinf[at] == ",":
            return values, extinf[at + 1 :].strip()
        if extinf[at].isspace():
            at += 1
        elif key := _ATTRIBUTE.match(extinf, at):
            values[key[1].lower()], at = _value(extinf, key.end())
        else:
            start, at = at, _end(_STRAY, extinf, at)
            stray.append(extinf[start:at])
    return values, " ".join(stray)


def _value(extinf: str, at: int) -> tuple[str, int]:
    """Read the value that starts at `at`; give it and the place after it."""
    quote = extinf[at : at + 1]
    if quote in _CLOSING:
        at += 1
        closing = _CLOSING[quote].search(extinf, at)
        if closing and not _SWALLOWED.search(extinf, at, closing.start()):
            value = extinf[at : closing.start()]
            return value.replace("\\" + quote, quote).strip(), closing.end()
    elif lost := _LOST_OPENING.match(extinf, at):
        return lost[1].strip(), lost.end()
    end = _end(_UNCLOSED, extinf, at)
    return extinf[at:end].strip(), end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _with_options(
    address: str, user_agent: str | None, referrer: str | None
) -> tuple[str, str | None, str | None]:
    """Take the request headers off an address written as `url|User-Agent=…&Referer=…`."""
    address, _, options = address.partition("|")
    for option in options.split("&"):
        name, _, value = option.partition("=")
        text = _CONTROL.sub(" ", unquote(value)).strip()
        if name.lower() == "user-agent":
            user_agent = text
        elif name.lower() in ("referer", "referrer"):
            referrer = text
    return address.strip(), user_agent, referrer

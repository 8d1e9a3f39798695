"""Read the entries of an M3U playlist as they really are: broken in many ways, and very long.

It splits lines and attributes and judges nothing: what a name means is `titles`' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

MAX_LINE_BYTES = 64 * 1024

# Control characters become spaces: PostgreSQL takes no NUL, and nobody wants the others. Done on
# whole chunks of bytes, where it costs next to nothing.
_TO_SPACE = bytes(32 if (byte < 32 and byte != 10) or byte == 127 else byte for byte in range(256))
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ADDRESS = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*://")
_ADDRESS_IN_NAME = re.compile(r"(?:^|\s)([A-Za-z][A-Za-z0-9+.\-]*://\S+)$")
_DURATION = re.compile(r"[^,\s\"'=]*(?=[,\s]|$)")
_ATTRIBUTE = re.compile(r"\s*([\w:.\-]+)\s*=\s*")
# A quote closes its value only before what may follow a value; others belong to the text.
_AFTER_VALUE = r"(?=\s*,|\s*$|\s*[\w:.\-]+\s*=)"
_CLOSING = {quote: re.compile(rf"(?<!\\){quote}{_AFTER_VALUE}") for quote in "\"'"}
_SWALLOWED = re.compile(r"\s+[\w:.\-]+=[\"']")
_UNCLOSED = re.compile(r"[^,]*?(?=,|\s+[\w:.\-]+=|$)")
_LOST_OPENING = re.compile(rf"([^\"'=]*)[\"']{_AFTER_VALUE}")
_JUNK = re.compile(r"[^\s,]+")


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
            line = raw.strip()
            if line.startswith(b"#"):
                if line[:7].upper() == b"#EXTINF":
                    yield from self._without_address()
                    self._extinf = line
                else:
                    self._directive(line)
            elif _ADDRESS.match(line):
                yield self._entry(_text(line))
            elif line:
                self._continue_quote(line)
        yield from self._without_address()

    def _entry(self, address: str) -> RawEntry:
        index = self._addresses
        self._addresses += 1
        self._counts.entries += 1
        if self._extinf is None:
            self._counts.undescribed += 1
            values, name = {}, ""
        else:
            values, name = _described(_text(self._extinf))
        return self._made(index, address, values, name)

    def _made(self, index: int, address: str, values: dict[str, str], name: str) -> RawEntry:
        user_agent, referrer = self._user_agent, self._referrer
        if "|" in address:
            address, user_agent, referrer = _with_options(address, user_agent, referrer)
        tvg_name = values.get("tvg-name", "")
        entry = RawEntry(
            index,
            name or tvg_name,
            address,
            values.get("group-title") or self._group,
            tvg_name,
            values.get("tvg-id", ""),
            values.get("tvg-logo", ""),
            values.get("tvg-type", ""),
            user_agent,
            referrer,
        )
        self._forget()
        return entry

    def _without_address(self) -> Iterator[RawEntry]:
        if self._extinf is None:
            return
        values, name = _described(_text(self._extinf))
        inline = _ADDRESS_IN_NAME.search(name)
        if inline:
            self._counts.entries += 1
            yield self._made(self._addresses, inline[1], values, name[: inline.start()].strip())
        else:
            self._counts.without_address += 1
        self._forget()

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
    carry = b""
    is_skipping = False
    for chunk in chunks:
        lines = (carry + chunk.translate(_TO_SPACE)).split(b"\n")
        carry = lines.pop()
        for line in lines:
            if is_skipping:
                is_skipping = False
                continue
            counts.lines += 1
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
    if len(parts) % 2 and parts[-1].startswith(",") and "\\" not in extinf:
        values = {}
        for before, value in zip(parts[0::2], parts[1::2], strict=False):
            key = before.rpartition(" ")[2]
            if not key.endswith("=") or len(key) == 1 or "," in before or before.count("=") != 1:
                break
            values[key[:-1].lower()] = value.strip()
        else:
            return values, parts[-1][1:].strip()
    return _described_badly(extinf)


def _described_badly(extinf: str) -> tuple[dict[str, str], str]:
    values: dict[str, str] = {}
    junk = ""
    at = _after_duration(extinf)
    while at < len(extinf):
        if extinf[at] == ",":
            return values, extinf[at + 1 :].strip()
        if extinf[at].isspace():
            at += 1
        elif key := _ATTRIBUTE.match(extinf, at):
            values[key[1].lower()], at = _value(extinf, key.end())
        else:
            word = _JUNK.match(extinf, at)
            assert word is not None  # noqa: S101
            junk = f"{junk} {word[0]}".strip()
            at = word.end()
    return values, junk


def _after_duration(extinf: str) -> int:
    at = 7
    while at < len(extinf) and extinf[at] in ": \t":
        at += 1
    duration = _DURATION.match(extinf, at)
    return duration.end() if duration else at


def _value(extinf: str, at: int) -> tuple[str, int]:
    """Read the value that starts at `at`; give it and the place after it."""
    quote = extinf[at : at + 1]
    if quote in _CLOSING:
        closing = _CLOSING[quote].search(extinf, at + 1)
        end = closing.start() if closing else len(extinf)
        swallowed = _SWALLOWED.search(extinf, at + 1, end)
        if closing and not swallowed:
            return extinf[at + 1 : end].replace("\\" + quote, quote).strip(), closing.end()
        at += 1
    elif lost := _LOST_OPENING.match(extinf, at):
        return lost[1].strip(), lost.end()
    bare = _UNCLOSED.match(extinf, at)
    assert bare is not None  # noqa: S101
    return bare[0].strip(), bare.end()


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

"""Read the entries of an M3U playlist as they really are: broken in many ways, and very long.

It pairs lines and judges nothing: what a line says is `extinf`'s business, what a name means is
that of `titles`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from urllib.parse import urljoin

from stalkeer.core.blocks import MAX_LINE_BYTES, Blocks, text_of
from stalkeer.core.extinf import NO_VALUES, described, heard, options_of

_BOM = b"\xef\xbb\xbf"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*+://"
_ADDRESS = re.compile(_SCHEME.encode())
_DIRECTIVE = re.compile(rb"#(?:EXTGRP|EXTVLCOPT|KODIPROP):", re.IGNORECASE)
_PATH = re.compile(r"\S*/.*|.*\.\w{2,4}(?:\?.*)?")
_IMDB_ID = re.compile(r"tt\d{5,10}", re.ASCII)
# Both give one match for an #EXTINF line with its address behind it, else one for any line, which
# is then the last group. Possessive, since nothing that was read could be read otherwise.
_PAIR = re.compile(rf"(?:(#EXTINF:.*+)\n(?={_SCHEME}))?+(.*+)\n".encode())
# Where the name is the tvg-name over again, as nearly always, it is not taken out a second time.
_USUAL_PAIR = re.compile(
    r'(?:#EXTINF:[-\d.]*+(?: xui-id="[^"]*+")?+(?: tvg-id="([^"]*+)")?+(?: CUID="[^"]*+")?+'
    r'(?: tvg-name="([^"]*+)")?+(?: tvg-logo="([^"]*+)")?+(?: group-title="([^"]*+)")?+'
    r'(?: tvg-type="([^"]*+)")?+,'
    r"(?:\2(?=\n)|(.++))\n((?:#(?:EXTGRP|EXTVLCOPT|KODIPROP):.*+\n)*+)"
    rf"({_SCHEME}.*+)|(.*+))\n"
)


# Neither this class nor the next is frozen: a list has a million of each, and to make a frozen one
# takes five times as long.
@dataclass(slots=True)
class Lines:
    """What stands in a list for one address, not yet understood: see `entry_of`.

    `index` is that of the entry. `extinf` is the whole #EXTINF line and empty when there is none,
    `said` are the directives beside it, joined by line feeds.
    """

    index: int
    extinf: bytes
    said: bytes
    address: bytes


@dataclass(slots=True)
class RawEntry:
    """One address of a playlist with what the lines before it say of it.

    `index` counts from 0 the lines that hold an address (`scheme://…`), whether or not an
    #EXTINF precedes them. An address that is relative or stands on the #EXTINF line itself is not
    counted: such entries have -1, -2 and so on. `name` is the text after the comma, else
    `tvg_name`, and empty for an address nobody describes. No text holds an ASCII control
    character or half of a surrogate pair. The ids of TMDB and IMDb (`tt0113277`) and the running
    time in seconds are those of the attributes; the number behind `#EXTINF:` is noise.
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
    tmdb_id: int | None = None
    imdb_id: str = ""
    duration_s: int | None = None


@dataclass(slots=True)
class ReadCounts:
    """What was met while reading; it may be up to 64 KiB ahead of the entries taken.

    `too_long` are skipped lines over 64 KiB, `without_address` are #EXTINF lines no address
    followed, `relative` are those with an address that cannot be completed, `undescribed` are
    addresses without an #EXTINF.
    """

    lines: int = 0
    entries: int = 0
    too_long: int = 0
    without_address: int = 0
    relative: int = 0
    undescribed: int = 0


def read_lines(
    chunks: Iterable[bytes], *, counts: ReadCounts | None = None, base: str = ""
) -> Iterator[Lines]:
    """Yield what a playlist says of each of its addresses. It comes in chunks of any size.

    Memory is bounded by the chunk size and the longest line. No input is an error: what makes no
    sense is passed over. `base` is the list's own address, if it has one: relative addresses are
    completed with it as a browser would. Without it they are counted and left out.
    """
    reader = _Reader(chunks, counts or ReadCounts(), base)
    return chain(chain.from_iterable(map(reader.lines, reader.blocks)), reader.rest())


def read_entries(
    chunks: Iterable[bytes], *, counts: ReadCounts | None = None, base: str = ""
) -> Iterator[RawEntry]:
    """Yield the entries of a playlist: what `entry_of` makes of each of `read_lines`.

    It is faster than the two, since it splits the usual lines many at a time.
    """
    reader = _Reader(chunks, counts or ReadCounts(), base)
    entries = chain.from_iterable(map(reader.entries, reader.blocks))
    return chain(entries, map(entry_of, reader.rest()))


def entry_of(lines: Lines) -> RawEntry:
    """Understand what a list says of an address."""
    values, name = described(text_of(lines.extinf)) if lines.extinf else (NO_VALUES, "")
    group, tvg_name, tvg_id, logo, tvg_type, tmdb_id, imdb_id, duration = values
    entry = RawEntry(
        lines.index,
        name or tvg_name.strip(),
        text_of(lines.address).strip(),
        group,
        tvg_name,
        tvg_id,
        logo,
        tvg_type,
        None,
        None,
        _number(tmdb_id) if tmdb_id else None,
        imdb_id if imdb_id and _IMDB_ID.fullmatch(imdb_id) else "",
        _number(duration) if duration else None,
    )
    if lines.said or "|" in entry.url:
        _complete(entry, text_of(lines.said))
    return entry


class _Reader:
    """Pairs the lines of a list; holds what was said since the last address."""

    def __init__(self, chunks: Iterable[bytes], counts: ReadCounts, base: str) -> None:
        self.blocks = Blocks(chunks)
        self._counts = counts
        self._base = base
        self._lines = 0
        self._index = 0
        self._uncounted = 0
        self._forget()

    def _forget(self) -> None:
        self._is_idle = True
        self._extinf: bytes | None = None
        # Further lines of an #EXTINF in which a quote is open.
        self._continued: list[bytes] = []
        self._is_open = False
        self._said: list[bytes] = []
        self._path = b""
        self._size = 0

    def lines(self, block: bytes) -> list[Lines]:
        """Give what the lines of a block say of each address."""
        found: list[Lines] = []
        matches = _PAIR.findall(block)
        singles = 0
        for extinf, line in matches:
            if not extinf:
                singles += 1
                found += self._line(line)
            elif self._is_idle:
                found.append(Lines(self._index, extinf, b"", line.strip()))
                self._index += 1
            else:
                found += self._line(extinf) + self._line(line)
        self._count(2 * len(matches) - singles)
        return found

    def entries(self, block: bytes) -> list[RawEntry]:
        """Give the entries of a block: the usual ones at once, all others by `entry_of`."""
        found: list[RawEntry] = []
        rest = self._usual(block, found)
        if rest:
            found += map(entry_of, self.lines(rest))
        return found

    def rest(self) -> Iterator[Lines]:
        """Give what the end of the list completes, when all blocks were read."""
        found = self._given_up()
        self._count(0)
        yield from found

    def _usual(self, block: bytes, found: list[RawEntry]) -> bytes:
        """Read into `found` up to what takes a closer look; give that and all behind it."""
        text = text_of(block)
        # What a backslash does to a quote is no matter for one pattern.
        if "\\" in text:
            return block
        matches = _USUAL_PAIR.findall(text)
        singles = directives = 0
        add = found.append
        for at, match in enumerate(matches):
            tvg_id, tvg_name, logo, group, tvg_type, name, said, url, line = match
            if not url:
                singles += 1
                if line:
                    found += map(entry_of, self._line(line.encode()))
                continue
            # A quote ran on over the end of its line.
            if "\n" in tvg_name or "\n" in group or "\n" in logo or "\n" in tvg_id + tvg_type:
                self._count(2 * at - singles + directives)
                return _behind(text, at)
            name = name.strip() or tvg_name.strip()
            url = url.strip()
            entry = RawEntry(self._index, name, url, group, tvg_name, tvg_id, logo, tvg_type)
            if said or "|" in url or not self._is_idle:
                directives += said.count("\n")
                _complete(entry, said if self._is_idle else self._interrupted(found) + said)
            add(entry)
            self._index += 1
        self._count(2 * len(matches) - singles + directives)
        return b""

    def _interrupted(self, found: list[RawEntry]) -> str:
        """Make way for an #EXTINF line that is read elsewhere; give the directives before it."""
        found += map(entry_of, self._given_up())
        said = b"".join(line + b"\n" for line in self._said)
        self._forget()
        return text_of(said)

    def _count(self, lines: int) -> None:
        self._lines += lines
        self._counts.lines = self._lines + self.blocks.too_long
        self._counts.too_long = self.blocks.too_long
        self._counts.entries = self._index - self._uncounted

    def _line(self, raw: bytes) -> list[Lines]:
        """Take one line, with care; give what it completes."""
        line = raw.removeprefix(_BOM).strip()
        if line[:7].upper() == b"#EXTINF":
            found = self._given_up()
            self._extinf = line
            self._is_open = line.count(b'"') % 2 == 1
            self._is_idle = False
            return found
        if line[:1] == b"#":
            if _DIRECTIVE.match(line) and self._has_room(line):
                self._said.append(line)
                self._is_idle = False
        elif _ADDRESS.match(line):
            return [self._addressed(line)]
        elif line and self._extinf is not None:
            self._loose(line)
        return []

    def _addressed(self, address: bytes) -> Lines:
        # What stood behind an open quote belongs to it when the quote was closed at last, or when
        # the name is still to come; it is a stray line otherwise.
        if self._extinf is None:
            self._counts.undescribed += 1
        elif self._continued and (not self._is_open or b"," not in self._extinf):
            self._extinf = b" ".join([self._extinf, *self._continued])
        lines = Lines(self._index, self._extinf or b"", b"\n".join(self._said), address)
        self._index += 1
        self._forget()
        return lines

    def _loose(self, line: bytes) -> None:
        """Keep a line that continues a quoted value, or may be a relative address."""
        if self._is_open:
            if self._has_room(line):
                self._continued.append(line)
                self._is_open = line.count(b'"') % 2 == 0
        elif not self._path:
            self._path = line

    def _has_room(self, line: bytes) -> bool:
        self._size += len(line) + 1
        return self._size <= MAX_LINE_BYTES

    def _given_up(self) -> list[Lines]:
        """Give the entry of an #EXTINF line that no line with an address followed, if it has one.

        The directives before it are its own and go with it.
        """
        if self._extinf is None:
            return []
        extinf, address = _inline(self._extinf) or (self._extinf, self._completed_path())
        said = b"\n".join(self._said)
        self._forget()
        if not address:
            return []
        self._uncounted -= 1
        return [Lines(self._uncounted, extinf, said, address)]

    def _completed_path(self) -> bytes:
        """Give the address that a path behind the #EXTINF means; empty when there is none."""
        path = text_of(self._path)
        if not _PATH.fullmatch(path):
            self._counts.without_address += 1
            return b""
        try:
            address = urljoin(self._base, path).encode()
        except ValueError:
            address = b""
        if not _ADDRESS.match(address):
            self._counts.relative += 1
            return b""
        return address


def _behind(text: str, at: int) -> bytes:
    """Give the text from the match numbered `at` on."""
    start = next(islice(_USUAL_PAIR.finditer(text), at, None)).start()
    return text[start:].encode()


def _inline(extinf: bytes) -> tuple[bytes, bytes] | None:
    """Take an address off the end of an #EXTINF line, if one stands there in the name's place."""
    _, name = described(text_of(extinf))
    word = name.split()[-1].encode() if name else b""
    if not _ADDRESS.match(word) or not extinf.endswith(word):
        return None
    return extinf.removesuffix(word).rstrip(), word


def _complete(entry: RawEntry, said: str) -> None:
    """Add what the directives and the options behind the address say to an entry just made."""
    facts = heard(said) if said else {}
    if "|" in entry.url:
        url, _, options = entry.url.partition("|")
        entry.url = url.strip()
        facts |= options_of(options)
    entry.group = entry.group or facts.get("group", "")
    entry.user_agent = facts.get("user-agent")
    entry.referrer = facts.get("referrer")


def _number(text: str) -> int | None:
    """Give a positive number up to nine digits, as every database takes it."""
    text = text.strip()
    return int(text) or None if text.isascii() and text.isdecimal() and len(text) < 10 else None

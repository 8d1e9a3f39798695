"""Read what a playlist says of an entry: the attributes and the name of its #EXTINF line, and the
directives (#EXTGRP, #EXTVLCOPT, #KODIPROP) and the address's own options beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from urllib.parse import unquote

# The attributes that are kept, in the order in which `described` gives them.
ATTRIBUTES = (
    "group-title", "tvg-name", "tvg-id", "tvg-logo", "tvg-type", "tmdb-id", "imdb-id", "duration"
)  # fmt: skip
NO_VALUES = ("",) * len(ATTRIBUTES)

_OTHER_NAMES = {"tvg-tmdb": "tmdb-id", "tvg-imdb": "imdb-id"}
# What a list writes before its values is a few words; more is no list, and must not be remembered.
_LONGEST_PLAIN = 4096
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_START = re.compile(r"#EXTINF:[\s\d.-]*", re.IGNORECASE)
_BEFORE_VALUE = re.compile(r"\s*([\w:.\-]+)=")
_DURATION = re.compile(r"[:\s]*(?:[^,\s\"'=]*(?=[,\s]|$))?")
_ATTRIBUTE = re.compile(r"([\w:.\-]+)\s*=\s*")
# A quote closes its value only before what may follow a value; others belong to the text. The
# next attribute inside a value says that the closing quote is missing.
_AFTER_VALUE = r"(?=\s*,|\s*$|\s*[\w:.\-]+\s*=)"
_CLOSING = {
    quote: re.compile(rf"(?<!\\)({quote}){_AFTER_VALUE}|\s+[\w:.\-]+=[\"']") for quote in "\"'"
}
_UNCLOSED = re.compile(r"[^,]*?(?=,|\s+[\w:.\-]+=|$)")
_LOST_OPENING = re.compile(rf"([^\"'=]*)[\"']{_AFTER_VALUE}")
_LONG_GAP = re.compile(r"\s{9,}")
_STRAY = re.compile(r"[^\s,]+")
# The header is misspelt, VLC's option for it is not.
_HEADERS = {"user-agent": "user-agent", "referrer": "referrer", "referer": "referrer"}
_HEADER_PROPERTIES = ("stream_headers", "manifest_headers", "common_headers")


def described(extinf: str) -> tuple[tuple[str, ...], str]:
    """Split an #EXTINF line into the values of `ATTRIBUTES` and the name shown.

    A value nobody gives is empty. Values in quotes are given as they stand there, spaces at their
    ends included.
    """
    quote = '"' if '"' in extinf else "'"
    head, closed, name = extinf.partition(quote + ",")
    parts = head.split(quote)
    # Well formed: text and quoted values take turns up to the last quote, and the name is what
    # follows. Every other line takes the slow way.
    if closed and len(parts) % 2 == 0 and "\\" not in head and len(head) <= _LONGEST_PLAIN:
        values_of = _layout(tuple(parts[::2]))
        if values_of is not None:
            parts.append("")
            return values_of(parts), name.strip()
    return _described_badly(extinf)


def heard(said: str) -> dict[str, str]:
    """Read the directives between an #EXTINF line and its address, one a line.

    What matters is under `group`, `user-agent` and `referrer`.
    """
    facts: dict[str, str] = {}
    for line in said.rstrip("\n").split("\n"):
        directive, _, value = line.partition(":")
        directive = directive.upper()
        if directive == "#EXTGRP":
            facts["group"] = value.strip()
            continue
        name, _, option = value.partition("=")
        name = name.strip().lower()
        if directive == "#EXTVLCOPT":
            _hear(facts, name.removeprefix("http-"), option)
        elif name.endswith(_HEADER_PROPERTIES):
            facts |= options_of(option)
    return facts


def options_of(text: str) -> dict[str, str]:
    """Read request headers written as `User-Agent=…&Referer=…`, with what `%` hides."""
    facts: dict[str, str] = {}
    for option in text.split("&"):
        name, _, value = option.partition("=")
        _hear(facts, name.strip().lower(), unquote(value) if "%" in value else value)
    return facts


def _hear(facts: dict[str, str], name: str, value: str) -> None:
    kept = _HEADERS.get(name)
    if kept:
        facts[kept] = _CONTROL.sub(" ", value).strip()


@lru_cache(maxsize=1024)
def _layout(texts: tuple[str, ...]) -> Callable[[list[str]], tuple[str, ...]] | None:
    """Give what takes the values of `ATTRIBUTES` out of a line split at its quotes.

    `texts` are what stands before each value; None when one of them is not ` name=`. A last part,
    that is empty, stands for all values that are missing. Remembered, because a list has the same
    few texts in each of its lines.
    """
    start = _START.match(texts[0])
    texts = (texts[0][start.end() :] if start else "", *texts[1:])
    found = [_BEFORE_VALUE.fullmatch(text) for text in texts]
    places = {_known(match[1]): 2 * at + 1 for at, match in enumerate(found) if match}
    if not all(found):
        return None
    return itemgetter(*(places.get(name, -1) for name in ATTRIBUTES))


def _known(attribute: str) -> str:
    name = attribute.lower()
    return _OTHER_NAMES.get(name, name)


def _described_badly(extinf: str) -> tuple[tuple[str, ...], str]:
    # Long runs of spaces would make the patterns below try every start of every run.
    extinf = _LONG_GAP.sub(" ", extinf)
    values: dict[str, str] = {}
    stray: list[str] = []
    at = _end(_DURATION, extinf, 7)
    while at < len(extinf):
        if extinf[at] == ",":
            return _kept(values), extinf[at + 1 :].strip()
        if extinf[at].isspace():
            at += 1
        elif key := _ATTRIBUTE.match(extinf, at):
            values[_known(key[1])], at = _value(extinf, key.end())
        else:
            start, at = at, _end(_STRAY, extinf, at)
            stray.append(extinf[start:at])
    return _kept(values), " ".join(stray)


def _kept(values: dict[str, str]) -> tuple[str, ...]:
    return tuple(values.get(name, "") for name in ATTRIBUTES)


def _value(extinf: str, at: int) -> tuple[str, int]:
    """Read the value that starts at `at`; give it and the place after it."""
    quote = extinf[at : at + 1]
    if quote in _CLOSING:
        at += 1
        closing = _CLOSING[quote].search(extinf, at)
        if closing and closing[1]:
            return extinf[at : closing.start()].replace("\\" + quote, quote), closing.end()
    elif lost := _LOST_OPENING.match(extinf, at):
        return lost[1], lost.end()
    end = _end(_UNCLOSED, extinf, at)
    return extinf[at:end].strip(), end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at

"""What stands before a title: `EN - `, `4K-DE - `, `|FR|VO| `, `[VOSTFR] `, `Netflix: `."""

from __future__ import annotations

import re

from stalkeer.core.layers import Peeled, read_year
from stalkeer.core.tags import (
    LABELS,
    RESOLUTIONS,
    TITLE_WORDS,
    Tags,
    is_silent,
    language_of,
    read_tags,
)

_BRACKET = re.compile(r"[(\[]([^()\[\]]{1,14})[)\]]\s*(?=\S)")
_WORDS = re.compile(r"([A-Z0-9][A-Z0-9+&/() -]{0,13}?)(\s+-+\s*|\s*:\s*)(?=\S)")
_SERVICE_NAME = (
    r"(?:Netflix|Disney ?(?:\+|Plus)?(?: Hotstar)?|Amazon(?: Prime)?(?: Video)?|Prime(?: Video)?|Hulu|"
    r"Apple ?TV ?(?:\+|Plus)?|HBO(?: Max)?|Paramount ?(?:\+|Plus)|Discovery ?(?:\+|Plus)|Canal ?\+|"
    r"RTL ?\+|Star ?\+|Peacock|Crunchyroll|Globoplay|Viaplay|Videoland|Shahid(?: VIP)?|Hotstar|"
    r"SonyLIV|Rakuten(?: TV)?|BluTV|Starzplay|Showtime|Shudder|Mubi)"
)
_SERVICE = re.compile(rf"{_SERVICE_NAME}(?:\s+-\s+|\s*:\s*)(?=\S)", re.IGNORECASE)
_SERVICE_SEGMENT = re.compile(_SERVICE_NAME, re.IGNORECASE)
_GLUED = re.compile(r"(4K|UHD|FHD|HD)(?:-|\s+)(?=\w)")
# Nobody knows it, and it looks like a tag: capitals before a title that is not all in capitals, or
# a number that counts the entries.
_UNKNOWN = re.compile(
    r"(?:[A-Z0-9+]{2,5}\s+-\s+|[A-Z][A-Z0-9+]{2,11}(?:\s+-\s+|\s*:\s+)|[A-Z]{2,4}[.>]+\s+"
    r"|\d{1,4}\.\s+)(?=\w.*[a-z])"
)
_BAR_TAG = re.compile(r"[A-Z0-9][A-Z0-9+& -]{0,11}")
_RATING = re.compile(r"\d{1,2}(?:[.,]\d{1,2})?(?:/10)?")


def take_bars(peeled: Peeled) -> None:
    """Read the segments between bars: tags at the left, year, rating and tags at the right."""
    is_led = peeled.title.startswith("|")
    segments = [part for part in (piece.strip() for piece in peeled.title.split("|")) if part]
    while is_led and len(segments) > 1 and _leads(peeled, segments[0], longest=12):
        segments.pop(0)
    _cut_behind_year(peeled, segments)
    while len(segments) > 1 and not _are_tags(segments[:-1]) and _ends(peeled, segments[-1]):
        segments.pop()
    while len(segments) > 1 and _leads(peeled, segments[0], longest=6):
        segments.pop(0)
    peeled.title = " | ".join(segments)


def take_prefixes(peeled: Peeled) -> None:
    """Take tags off the front until something else stands there."""
    while match := _first(peeled):
        peeled.title = peeled.title[match.end() :]
    loose = _UNKNOWN.match(peeled.title)
    if loose:
        peeled.loose_prefix = loose[0]


def _cut_behind_year(peeled: Peeled, segments: list[str]) -> None:
    """Take off the segments behind one that is a year: genres, ratings, names of actors."""
    place = next((i for i, part in enumerate(segments) if i and read_year(part)), None)
    if place is None or _are_tags(segments[:place]):
        return
    for segment in segments[place + 1 :]:
        peeled.take(segment, read_tags(segment))
    del segments[place + 1 :]


def _are_tags(segments: list[str]) -> bool:
    return all(read_tags(segment) is not None for segment in segments)


def _leads(peeled: Peeled, segment: str, *, longest: int) -> bool:
    """Take a segment before a bar; between two bars even an unknown word in capitals is a tag."""
    tags = read_tags(segment)
    is_service = _SERVICE_SEGMENT.fullmatch(segment) is not None
    if tags is None and not is_service and not _is_unknown_tag(segment, longest):
        return False
    peeled.take(segment, tags)
    return True


def _is_unknown_tag(segment: str, longest: int) -> bool:
    return len(segment) <= longest and _BAR_TAG.fullmatch(segment) is not None


def _ends(peeled: Peeled, segment: str) -> bool:
    year = read_year(segment)
    if year is not None and peeled.year is None:
        peeled.year = year
        peeled.take(segment)
        return True
    tags = read_tags(segment)
    if tags is None and not _RATING.fullmatch(segment):
        return False
    peeled.take(segment, tags)
    return True


def _first(peeled: Peeled) -> re.Match[str] | None:
    return _bracket(peeled) or _service(peeled) or _words(peeled) or _glued(peeled)


def _bracket(peeled: Peeled) -> re.Match[str] | None:
    match = _BRACKET.match(peeled.title)
    tags = read_tags(match[1]) if match else None
    if match is None or tags is None:
        return None
    peeled.take(match[0], tags)
    return match


def _service(peeled: Peeled) -> re.Match[str] | None:
    match = _SERVICE.match(peeled.title)
    if match:
        peeled.take(match[0])
    return match


def _words(peeled: Peeled) -> re.Match[str] | None:
    match = _WORDS.match(peeled.title)
    tags = _read_prefix(match[1], is_colon=":" in match[2]) if match else None
    if match is None or tags is None:
        return None
    if match[1] in TITLE_WORDS or match[1] in LABELS:
        if read_year(peeled.title[match.end() :]) is not None:
            return None
        peeled.kept_prefix = match[0]
    peeled.take(match[0], tags)
    return match


def _read_prefix(word: str, *, is_colon: bool) -> Tags | None:
    if word in LABELS:
        return Tags()
    # Before a colon stands a title more often than a tag ("HIT: 2").
    if is_colon and word not in RESOLUTIONS and (language_of(word) is None or len(word) != 2):
        return None
    tags = read_tags(word)
    first, _, rest = word.partition("-")
    if tags is None and rest and not is_silent(first):
        # "4K-XYZ": one part that is surely a tag vouches for the other.
        return read_tags(first)
    return tags


def _glued(peeled: Peeled) -> re.Match[str] | None:
    match = _GLUED.match(peeled.title)
    if match:
        peeled.take(match[0], Tags(RESOLUTIONS[match[1]]))
    return match

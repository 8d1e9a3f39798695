"""Take off a name what providers put around the title, and keep what each layer says."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field

from stalkeer.core.tags import (
    COUNTRIES,
    EXACT_RESOLUTIONS,
    RESOLUTIONS,
    TITLE_WORDS,
    Tags,
    is_silent,
    is_title_word,
    language_of,
    read_last_word,
    read_suffix,
    read_tags,
)

FIRST_YEAR = 1880
# A later number belongs to the title ("Blade Runner 2049", "2067"). A fixed year and not the
# clock's: the same name must give the same key next year.
LAST_YEAR = 2035

_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("┃│¦❘∣║▎▏｜★☆✪✫✬✭✮✯❖•◆●▪■⭐", "|"),
        **dict.fromkeys("–—−‐‑‒―", "-"),
        **dict.fromkeys("◉✺©®™", " "),
        "½": " 1/2",
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e"),
    }
)
# UTF-8 that somebody read as cp1252: every letter became a run of these.
_MOJIBAKE = re.compile(r"[\x80-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2,}")
_FORMATTING = re.compile(r"\[/?(?:COLOR|B|I|UPPERCASE)\b[^\]]*\]")
_EXTENSION = re.compile(r"\.(?:mkv|mp4|avi|ts|m4v)$", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_SCENE_MARK = re.compile(
    r"\.(?:(?:19|20)\d\d|S\d{1,2}E\d{1,3}|2160p|1080p|720p|480p|WEB|BluRay)(?:\.|$)", re.IGNORECASE
)
_SUFFIX = re.compile(r"(?:(_)|(--)|-)([A-Za-z]{2,5})$")
_BRACKET_YEAR = re.compile(r"[(\[{]\s*(\d{4})(?:\s*[-/]\s*\d{0,4})?\s*(?:[)\]}]|$)")
_BRACKET_PREFIX = re.compile(r"[(\[]([^()\[\]]{1,14})[)\]]\s*(?=\S)")
_WORD_PREFIX = re.compile(r"([A-Z0-9][A-Z0-9+&/() -]{0,13}?)(\s+-+\s*|\s*:\s*)(?=\S)")
_SERVICE_PREFIX = re.compile(
    r"(?:Netflix|Disney\+?|Amazon|Prime(?: Video)?|Hulu|Apple ?TV\+?|HBO(?: Max)?|Paramount\+)"
    r"(?:\s+-\s+|\s*:\s*)(?=\S)",
    re.IGNORECASE,
)
_GLUED_PREFIX = re.compile(r"(4K|UHD|FHD|HD)(?:-|\s+)(?=\w)")
_UNKNOWN_PREFIX = re.compile(r"[A-Z0-9+]{2,5}\s+-\s+(?=\w.*[a-z])")
_BAR_TAG = re.compile(r"[A-Z0-9][A-Z0-9+& -]{0,11}")
_LAST_BRACKET = re.compile(r"[\s\-|_]*[(\[{]([^()\[\]{}]*)[)\]}]?$")
_LAST_YEAR = re.compile(r"(\s*-\s*|\s+)(\d{4})$")
_LAST_WORD = re.compile(r"[\s\-,]+([^\s,]+)$")
_LAST_SUBTITLE = re.compile(
    r"[\s\-,]+((?:[A-Za-z]{2,5}[ -])?(?:SUB|SUBS|SUBT|Sub|Subs)(?:[ -][A-Z]{2,5})?)$"
)
_EDITION = re.compile(
    r"[\s\-([]+(?:(?:the\s+)?(?:director'?s|extended|theatrical|final|special|ultimate|collector'?s|"
    r"\d+th anniversary|anniversary|international)\s+(?:cut|edition|version)|extended|unrated|uncut)"
    r"[)\]]?$",
    re.IGNORECASE,
)
_GROUP_NAME = re.compile(r"\s*\[(?!part|vol|cd|disc)[A-Za-z][\w.\-]*\]$", re.IGNORECASE)
_RATING = re.compile(r"\d{1,2}(?:[.,]\d{1,2})?(?:/10)?")
_ALIAS = re.compile(r"(.{2,}?)\s*[(\[]([^()\[\]]*[^\W\d_]{2}[^()\[\]]*)[)\]]")
_EDGES = " \t|-,;_"


@dataclass(slots=True)
class Peeled:
    """A name without its layers.

    `year_is_bare` says that the year stood there as a plain last word and may belong to the title.
    `kept_prefix` and `kept_words` are removed tags that may be words of the title, `loose_prefix`
    is one that was left because nobody knows it. `removed` are the layers as they were written.
    """

    title: str
    year: int | None = None
    year_is_bare: bool = False
    country: str | None = None
    kept_prefix: str = ""
    loose_prefix: str = ""
    kept_words: str = ""
    tail: str = ""
    tags: Tags = field(default_factory=Tags)
    removed: list[str] = field(default_factory=list)


def clean(name: str) -> str:
    """Give the name with one spelling of each sign: entities, mojibake, bars, spaces, dots."""
    text = html.unescape(name) if "&" in name else name
    text = _FORMATTING.sub("", text) if "[/" in text else text
    if not text.isascii():
        text = _MOJIBAKE.sub(_repaired, text)
        text = unicodedata.normalize("NFKC", text.translate(_LOOKALIKES))
    if " " not in text.strip():
        text = _unglued(text.strip())
    return _EXTENSION.sub("", _SPACES.sub(" ", text).strip())


def plausible_year(digits: str) -> int | None:
    """Give the year four digits stand for, or None when no film is from then."""
    year = int(digits)
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


def has_bracket_year(text: str) -> bool:
    """Say whether a year in brackets stands in the text."""
    return any(plausible_year(match[1]) for match in _BRACKET_YEAR.finditer(text))


def peel(text: str) -> Peeled:
    """Take all layers off a cleaned name, or off the part of it before an episode marker."""
    peeled = Peeled(text.strip(_EDGES + ":") if text[:1] != "|" else text)
    _suffix(peeled)
    peeled.title = peeled.title.replace("_", " ").strip()
    if "|" in peeled.title:
        _bars(peeled)
    _prefixes(peeled)
    _bracket_year(peeled)
    _endings(peeled)
    peeled.title = peeled.title.strip(_EDGES).rstrip(":([{").strip() or peeled.title
    return peeled


def aliases(title: str) -> tuple[str, ...]:
    """Give the two names of a title written as `Origen (Inception)` or `Мумия | The Mummy`."""
    for separator in (" | ", " / "):
        if separator in title:
            return tuple(part.strip() for part in title.split(separator) if len(part.strip()) > 1)
    match = _ALIAS.fullmatch(title)
    return (match[1].strip(), match[2].strip()) if match else ()


def _repaired(match: re.Match[str]) -> str:
    for encoding in ("cp1252", "latin-1"):
        try:
            return match[0].encode(encoding).decode()
        except UnicodeError:
            continue
    return match[0]


def _unglued(text: str) -> str:
    """Give a name written without spaces its spaces: dots of scene releases, underscores."""
    if "_" in text and not _SUFFIX.search(text):
        return text.replace("_", " ")
    if _SCENE_MARK.search(text):
        return text.replace(".", " ")
    return text


def _suffix(peeled: Peeled) -> None:
    match = _SUFFIX.search(peeled.title)
    if match is None or match.start() == 0:
        return
    underscore, double, word = match.groups()
    before = peeled.title[: match.start()].rstrip()
    tags = read_suffix(word)
    # A single hyphen joins words ("Kick-It"): there the tag is in capitals, of three letters, or
    # behind a bracket.
    is_tag = underscore or double or len(word) > 2 or word.isupper() or before.endswith(")")
    if (tags is not None and is_tag and before) or double:
        _keep(peeled, match[0], tags or Tags())
        peeled.title = before


def _keep(peeled: Peeled, layer: str, tags: Tags) -> None:
    peeled.tags.add(tags)
    peeled.removed.append(layer.strip())


def _bars(peeled: Peeled) -> None:
    """Read the segments between bars: tags at the left, year, rating and tags at the right."""
    is_led = peeled.title.startswith("|")
    segments = [part for part in (piece.strip() for piece in peeled.title.split("|")) if part]
    while is_led and len(segments) > 1 and _leads(peeled, segments[0], is_closed=True):
        segments.pop(0)
    while len(segments) > 1 and not _only_tags(segments[:-1]) and _ends(peeled, segments[-1]):
        segments.pop()
    while len(segments) > 1 and _leads(peeled, segments[0], is_closed=False):
        segments.pop(0)
    peeled.title = " | ".join(segments)


def _only_tags(segments: list[str]) -> bool:
    return all(read_tags(segment) is not None for segment in segments)


def _leads(peeled: Peeled, segment: str, *, is_closed: bool) -> bool:
    tags = read_tags(segment)
    if tags is None and not (_BAR_TAG.fullmatch(segment) and (is_closed or len(segment) <= 6)):
        return False
    _keep(peeled, f"{segment} |", tags or Tags())
    return True


def _ends(peeled: Peeled, segment: str) -> bool:
    year = plausible_year(segment) if len(segment) == 4 and segment.isdecimal() else None
    if year is not None and peeled.year is None:
        peeled.year = year
        peeled.removed.append(segment)
        return True
    tags = read_tags(segment)
    if tags is None and not _RATING.fullmatch(segment):
        return False
    _keep(peeled, segment, tags or Tags())
    return True


def _prefixes(peeled: Peeled) -> None:
    while True:
        match = (
            _bracket_prefix(peeled)
            or _service_prefix(peeled)
            or _word_prefix(peeled)
            or _glued_prefix(peeled)
        )
        if match is None:
            break
        peeled.title = peeled.title[match.end() :]
    loose = _UNKNOWN_PREFIX.match(peeled.title)
    if loose:
        peeled.loose_prefix = loose[0]


def _bracket_prefix(peeled: Peeled) -> re.Match[str] | None:
    match = _BRACKET_PREFIX.match(peeled.title)
    tags = read_tags(match[1]) if match else None
    if match is None or tags is None:
        return None
    _keep(peeled, match[0], tags)
    return match


def _service_prefix(peeled: Peeled) -> re.Match[str] | None:
    match = _SERVICE_PREFIX.match(peeled.title)
    if match:
        _keep(peeled, match[0], Tags())
    return match


def _word_prefix(peeled: Peeled) -> re.Match[str] | None:
    match = _WORD_PREFIX.match(peeled.title)
    if match is None:
        return None
    word, separator = match.groups()
    tags = _prefix_tags(word, is_colon=":" in separator)
    if tags is None:
        return None
    if word in TITLE_WORDS:
        if _is_year(peeled.title[match.end() :]):
            return None
        peeled.kept_prefix = match[0]
    _keep(peeled, match[0], tags)
    return match


def _prefix_tags(word: str, *, is_colon: bool) -> Tags | None:
    if is_colon and word not in RESOLUTIONS and (language_of(word) is None or len(word) != 2):
        return None
    tags = read_tags(word.replace("(", " ").replace(")", " "))
    if tags is None and "-" in word:
        # "4K-XYZ": one part that is surely a tag vouches for the others.
        first, _, rest = word.partition("-")
        return read_tags(first) if read_tags(first) and not is_silent(first) and rest else None
    return tags


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdecimal() and plausible_year(text) is not None


def _glued_prefix(peeled: Peeled) -> re.Match[str] | None:
    match = _GLUED_PREFIX.match(peeled.title)
    if match:
        _keep(peeled, match[0], read_tags(match[1]) or Tags())
    return match


def _bracket_year(peeled: Peeled) -> None:
    """Cut at the last year in brackets: what stands before it is the title."""
    found = None
    for match in _BRACKET_YEAR.finditer(peeled.title):
        if match.start() > 0 and plausible_year(match[1]) is not None:
            found = match
    if found is None or peeled.year is not None:
        return
    peeled.year = plausible_year(found[1])
    peeled.removed.append(found[0].strip())
    before, after = peeled.title[: found.start()].rstrip(), peeled.title[found.end() :]
    read_tail(peeled, after)
    peeled.title = _without_same_year(before, peeled.year)


def _without_same_year(title: str, year: int | None) -> str:
    """Drop a year that is written twice: `Tales of the City (1993) (1993)`."""
    twice = f"({year})"
    return title.removesuffix(twice).rstrip() if len(title) > len(twice) else title


def read_tail(peeled: Peeled, text: str) -> None:
    """Read what follows the year or the episode: its tags are kept, the rest is the `tail`."""
    peeled.title = _MARK + text
    _endings(peeled)
    peeled.tail = peeled.title.removeprefix(_MARK).strip(_EDGES)
    for word in peeled.tail.upper().split():
        peeled.tags.add(Tags(EXACT_RESOLUTIONS.get(word)))


# Stands for the year that was cut out, so that the endings behind it know they follow one.
_MARK = "\x00"


def _endings(peeled: Peeled) -> None:
    """Take tags, countries and the year off the end until something else stands there."""
    while True:
        before = peeled.title.rstrip(_EDGES)
        shorter = (
            _last_bracket(peeled, before)
            or _last_year(peeled, before)
            or _last_word(peeled, before)
            or _last_edition(peeled, before)
        )
        if shorter is None:
            return
        peeled.title = shorter


def _last_bracket(peeled: Peeled, text: str) -> str | None:
    if text[-1:] not in ")]}":
        return None
    match = _LAST_BRACKET.search(text)
    if match is None or match.start() == 0:
        return None
    content = match[1].strip()
    if peeled.year is None and _is_year(content):
        peeled.year = int(content)
        peeled.removed.append(match[0].strip())
        return text[: match.start()]
    country = COUNTRIES.get(content)
    tags = read_tags(content) if country is None else Tags()
    if tags is None:
        return None
    # The innermost is the title's own: "The Office (UK) (2001) (US)".
    peeled.country = country or peeled.country
    _keep(peeled, match[0], tags)
    return text[: match.start()]


def _last_year(peeled: Peeled, text: str) -> str | None:
    match = _LAST_YEAR.search(text) if text[-1:].isdecimal() else None
    if match is None or match.start() == 0 or peeled.year is not None:
        return None
    year = plausible_year(match[2])
    if year is None:
        return None
    peeled.year = year
    peeled.year_is_bare = "-" not in match[1]
    peeled.removed.append(match[2])
    return text[: match.start()]


def _last_word(peeled: Peeled, text: str) -> str | None:
    match = _LAST_WORD.search(text)
    if match is None or match.start() == 0:
        return None
    pair = _LAST_SUBTITLE.search(text)
    if pair and pair.start() > 0 and (tags := read_tags(pair[1])):
        _keep(peeled, pair[1], tags)
        return text[: pair.start()]
    is_behind = text.startswith(_MARK)
    tags = read_last_word(match[1], is_behind=is_behind) or _last_code(
        match[1], text[: match.start()]
    )
    if tags is None:
        return None
    _keep(peeled, match[1], tags)
    if is_title_word(match[1].upper()) and not is_behind:
        peeled.kept_words = f"{match[1]} {peeled.kept_words}".rstrip()
    return text[: match.start()]


def _last_edition(peeled: Peeled, text: str) -> str | None:
    """Read the edition, or who released it, behind the year: it is the same film."""
    if not text.startswith(_MARK):
        return None
    match = _EDITION.search(text) or _GROUP_NAME.search(text)
    if match is None:
        return None
    peeled.removed.append(match[0].strip())
    return text[: match.start()]


def _last_code(word: str, before: str) -> Tags | None:
    """Read a language code at the very end: not in a title all in capitals, nor after a colon."""
    # A country there tells twins apart ("The Office UK") or is the title's ("Made in UK").
    if not word.isupper() or before.endswith(":") or word in COUNTRIES:
        return None
    if not before.startswith(_MARK) and before.upper() == before:
        return None
    codes = word.split("-")
    is_behind = before.startswith(_MARK)
    if all(len(code) == 2 and (language_of(code) or is_behind) for code in codes):
        return read_tags(word)
    return None

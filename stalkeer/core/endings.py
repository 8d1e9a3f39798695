"""What stands behind a title: `(2019)`, `[4K]`, `(MULTI)`, `FHD VOSTFR`, `- 2019`, `(US)`."""

from __future__ import annotations

import re

from stalkeer.core.layers import EDGES, Peeled, read_year
from stalkeer.core.tags import (
    COUNTRIES,
    EXACT_RESOLUTIONS,
    Tags,
    is_title_word,
    language_of,
    read_last_word,
    read_suffix,
    read_tags,
)

# Stands for the year or the episode that was cut out, so that the endings behind it know.
_CUT = "\x00"

_SUFFIX = re.compile(r"(?:(_)|(--)|-)([a-z]{2,5}|[A-Z]{2,5})$")
_BRACKET_YEAR = re.compile(r"[(\[{]\s*(\d{4})(?:\s*[-/]\s*\d{0,4})?\s*(?:[)\]}]|$)")
_BRACKET = re.compile(r"[\s\-|_]*[(\[{]([^()\[\]{}]*)[)\]}]$")
_YEAR = re.compile(r"(\s*-\s*|\s+)(\d{4})$")
_WORD = re.compile(r"[\s\-,]+([^\s,]+)$")
_SUBTITLES = re.compile(
    r"[\s\-,]+((?:[A-Za-z]{2,5}[ -])?(?:SUB|SUBS|SUBT|Sub|Subs)(?:[ -][A-Z]{2,5})?)$"
)
_EDITION_NAME = (
    r"(?:the\s+)?(?:director'?s|extended|theatrical|final|special|ultimate|collector'?s|"
    r"(?:\d+th )?anniversary|international)\s+(?:cut|edition|version)"
)
_EDITION = re.compile(
    rf"[\s\-([]+(?:{_EDITION_NAME}|(?-i:EXTENDED|UNRATED|UNCUT))[)\]]?$"
    r"|\s*[(\[](?:extended|unrated|uncut)[)\]]$",
    re.IGNORECASE,
)
_RATING = re.compile(
    r"[\s\-([]*(?:imdb|tmdb|rating)?[\s:]*\d{1,2}[.,]\d(?:/10)?[)\]]?$", re.IGNORECASE
)
# Nothing that stands behind the year and a number of lines is title, whoever released it.
_RELEASE = re.compile(
    r"(\S.*)[\s(]+((?:19|20)\d\d)\)?\s+((?:.*\s)?(?:2160|1080|720|576|480)[pi](?:\s.*)?)",
    re.IGNORECASE,
)
_GROUP_NAME = re.compile(r"\s*[\[{](?!part|vol|cd|disc)[A-Za-z][\w.\-]*[\]}]$", re.IGNORECASE)


def take_suffix(peeled: Peeled) -> None:
    """Take off what is glued to the very end: `_eng`, `--esp`, `-DE`."""
    match = _SUFFIX.search(peeled.title)
    before = peeled.title[: match.start()].rstrip() if match else ""
    if match is None or not before:
        return
    underscore, double, word = match.groups()
    tags = read_suffix(word)
    # A single hyphen joins words ("Kick-It"): there the tag is in capitals, of three letters, or
    # behind a bracket.
    is_tag = underscore or double or len(word) > 2 or word.isupper() or before.endswith(")")
    if (tags is not None and is_tag) or double:
        peeled.take(match[0], tags)
        peeled.title = before


def take_bracket_year(peeled: Peeled) -> None:
    """Cut at the last year in brackets: what stands before it is the title."""
    years = [match for match in _BRACKET_YEAR.finditer(peeled.title) if read_year(match[1])]
    if not years or years[-1].start() == 0 or peeled.year is not None:
        return
    found = years[-1]
    before, after = peeled.title[: found.start()].rstrip(), peeled.title[found.end() :]
    peeled.year = read_year(found[1])
    peeled.take(found[0])
    take_tail(peeled, after)
    # "Tales of the City (1993) (1993)".
    twice = f"({found[1]})"
    peeled.title = before.removesuffix(twice).rstrip() or before


def has_bracket_year(text: str) -> bool:
    """Say whether a year in brackets stands in the text."""
    return any(read_year(match[1]) for match in _BRACKET_YEAR.finditer(text))


def take_tail(peeled: Peeled, text: str) -> None:
    """Read what follows the year or the episode: its tags are kept, the rest is the `tail`."""
    peeled.title = _CUT + text
    take_endings(peeled)
    peeled.tail = peeled.title.removeprefix(_CUT).strip(EDGES)
    for word in peeled.tail.upper().split():
        peeled.say(Tags(EXACT_RESOLUTIONS.get(word)))


def take_release(peeled: Peeled) -> None:
    """Cut at the year of a release name, `Heat 1995 1080p BluRay x264 GROUP`."""
    match = _RELEASE.fullmatch(peeled.title) if peeled.year is None else None
    year = read_year(match[2]) if match else None
    if match is None or year is None:
        return
    peeled.year, peeled.year_is_bare, peeled.title = year, True, match[1]
    peeled.take(f"{match[2]} {match[3]}")
    for word in match[3].split():
        peeled.say(read_tags(word) or Tags())


def take_endings(peeled: Peeled) -> None:
    """Take tags, countries and the year off the end until something else stands there."""
    shorter: str | None = peeled.title
    while shorter is not None:
        peeled.title = shorter.rstrip(EDGES)
        shorter = _shorter(peeled, peeled.title)


def _shorter(peeled: Peeled, text: str) -> str | None:
    """Give the text without its last layer, or None when there is none."""
    if text[-1:] in ")]}":
        return _without_bracket(peeled, text) or _without_edition(peeled, text)
    return (
        _without_year(peeled, text) or _without_word(peeled, text) or _without_edition(peeled, text)
    )


def _without_bracket(peeled: Peeled, text: str) -> str | None:
    match = _BRACKET.search(text)
    if match is None or match.start() == 0:
        return None
    content = match[1].strip()
    year = read_year(content) if peeled.year is None else None
    country = COUNTRIES.get(content)
    tags = read_tags(content)
    if year is None and country is None and tags is None:
        return None
    peeled.year = peeled.year or year
    # The innermost is the title's own: "The Office (UK) (2001) (US)".
    peeled.country = country or peeled.country
    peeled.take(match[0], None if country else tags)
    return text[: match.start()]


def _without_year(peeled: Peeled, text: str) -> str | None:
    match = _YEAR.search(text) if peeled.year is None else None
    year = read_year(match[2]) if match else None
    if match is None or match.start() == 0 or year is None:
        return None
    peeled.year = year
    peeled.year_is_bare = "-" not in match[1]
    peeled.take(match[2])
    return text[: match.start()]


def _without_word(peeled: Peeled, text: str) -> str | None:
    pair = _SUBTITLES.search(text) if "SUB" in text or "Sub" in text else None
    if pair and pair.start() > 0 and (tags := read_tags(pair[1])):
        peeled.take(pair[1], tags)
        return text[: pair.start()]
    match = _WORD.search(text)
    if match is None or match.start() == 0:
        return None
    word, before, is_behind = match[1], text[: match.start()], text.startswith(_CUT)
    tags = read_last_word(word, is_behind=is_behind) or _read_code(word, before)
    if tags is None:
        return None
    peeled.take(word, tags)
    if is_title_word(word) and not is_behind:
        peeled.kept_words = f"{word} {peeled.kept_words}".rstrip()
    return before


def _read_code(word: str, before: str) -> Tags | None:
    """Read a language code at the very end: not in a title all in capitals, nor after a colon."""
    is_behind = before.startswith(_CUT)
    if not word.isupper() or before.endswith(":"):
        return None
    # A country there tells twins apart ("The Office UK") or is the title's ("Made in UK").
    if not is_behind and (word in COUNTRIES or before.upper() == before):
        return None
    codes = re.split(r"[-/]", word)
    if all((len(code) == 2 or is_behind) and language_of(code) for code in codes):
        return read_tags(word)
    return read_tags(word) if is_behind and all(len(code) == 2 for code in codes) else None


def _without_edition(peeled: Peeled, text: str) -> str | None:
    """Take off edition, rating, or who released it, behind the year: it is the same film."""
    if not text.startswith(_CUT):
        return None
    match = _EDITION.search(text) or _GROUP_NAME.search(text) or _RATING.search(text)
    if match is None:
        return None
    peeled.take(match[0])
    return text[: match.start()]

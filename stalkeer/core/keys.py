"""The form of a title under which two spellings of it are the same.

A key is compared for equality and nothing else: there is no distance between keys.
"""

from __future__ import annotations

import re
import unicodedata

_ARTICLES = (
    "the|a|an|le|la|les|un|une|el|los|las|una|il|lo|gli|der|die|das|ein|eine|de|het|een|o|os|as|um|"
    "uma"
)
_LEADING_ARTICLE = re.compile(rf"(?:{_ARTICLES})\s+(?=\S)", re.IGNORECASE)
# "Matrix, The" and "Lord of the Rings, The: The Two Towers".
_MOVED_ARTICLE = re.compile(
    rf"(.+),\s+({_ARTICLES}|l')$|([^,:]+),\s+({_ARTICLES}|l')(?=\s*[:(]|\s-\s)", re.IGNORECASE
)
_NOT_WORD = re.compile(r"[\W_]+")
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘`´ʼ＇"))
# What ASCII has beside letters and digits, so that most titles need no regular expression.
_ASCII_SIGNS = {
    code: " " for code in range(128) if not chr(code).isalnum() and chr(code) not in "'`"
} | {ord("'"): None, ord("`"): None, ord("&"): " and "}
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "ı": "i", "đ": "d", "ð": "d", "þ": "th"}
    | {"½": " 1 2"}
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
# Which joining word stands between two names is a matter of language and taste.
_JOINING = frozenset({"and", "et", "und"})
_SAME_WORD = {"vol": "volume", "pt": "part", "chap": "chapter"}
_NUMBERED = frozenset({"part", "chapter", "volume", "book", "episode", "act"})
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip
_ROMAN = {
    "i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8",
    "ix": "9", "x": "10", "xi": "11", "xii": "12", "xiii": "13", "xiv": "14", "xv": "15",
    "xvi": "16", "xvii": "17", "xviii": "18", "xix": "19", "xx": "20",
}  # fmt: skip


def title_key(title: str) -> str:
    """Give the key of a title.

    `The Lord of the Rings: Part II` and `lord of the rings part two` both give
    `lordoftheringspart2`. Case, accents, punctuation, spaces, a leading article, joining words and
    the way of writing numbers are gone; a space is left only between two numbers, so that `9 11`
    is not `911`. Empty only when the title has neither letter nor digit.
    """
    text = _article_first(title).strip()
    article = _LEADING_ARTICLE.match(text)
    return _joined(text[article.end() :] if article else text)


def full_key(title: str) -> str:
    """Give the key with its leading article kept: it tells `The Wire` from `Wire`."""
    return _joined(_article_first(title))


def key_forms(title: str) -> tuple[str, ...]:
    """Give the keys a title may be listed under: its own, and with `ue` for `ü` and the like."""
    plain = title_key(title)
    if title.isascii():
        return (plain,)
    return tuple(dict.fromkeys((plain, title_key(title.casefold().translate(_UMLAUTS)))))


def _article_first(title: str) -> str:
    moved = _MOVED_ARTICLE.match(title.strip()) if ", " in title else None
    if moved is None:
        return title
    before, article = moved[1] or moved[3], moved[2] or moved[4]
    return f"{article} {before}{title.strip()[moved.end() :]}"


def _joined(title: str) -> str:
    words = _words(title.casefold())
    if not words:
        return ""
    key = ""
    for word in _same_words(words):
        key += f" {word}" if key[-1:].isdigit() and word[0].isdigit() else word
    return key


def _words(title: str) -> list[str]:
    if title.isascii():
        return title.translate(_ASCII_SIGNS).split()
    text = title.translate(_APOSTROPHES).replace("&", " and ").translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _NOT_WORD.sub(" ", letters).split()


def _same_words(words: list[str]) -> list[str]:
    """Write the same word and number the same way everywhere but in the first place.

    There `V` and `X` are letters, and a title may be a joining word and nothing else.
    """
    same = [_SAME_WORD.get(words[0], words[0])]
    for before, word, after in zip(words, words[1:], [*words[2:], "end"], strict=False):
        if word in _JOINING:
            continue
        word = _SAME_WORD.get(word, word)
        if same[-1] in _NUMBERED:
            word = _NUMBER_WORDS.get(word, word)
        # The "I" of "S.H.I.E.L.D." is no number.
        is_letter = len(word) == 1 and (len(before) == 1 or len(after) == 1)
        same.append(word if is_letter else _ROMAN.get(word, word))
    return same

"""One spelling of each sign in a name: entities, mojibake, bars, spaces, dots and underscores."""

from __future__ import annotations

import html
import re
import unicodedata

# No title is longer, and patterns that look for endings take their time with a whole page.
_LONGEST = 500
_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("┃│¦❘∣║▎▏▕｜★☆✪✫✬✭✮✯❖•◆◇●○▪■□⭐", "|"),
        **dict.fromkeys("»›►▶▷▸‣→➔➙➜➝➞➡➤➥➾⇒⇨❯❱⟩", "|"),
        **dict.fromkeys("–—−‐‑‒―", "-"),
        **dict.fromkeys("◉✺©®™", " "),
        "½": " 1/2",
        # Marks nobody sees, that say how to join or in which direction to write.
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e"),
    }
)
# UTF-8 that somebody read as cp1252: every letter became a run of these.
_MOJIBAKE = re.compile(r"[\x80-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2,}")
# Kodi's formatting: "[COLOR red]Dune[/COLOR]".
_FORMATTING = re.compile(r"\[/?(?:COLOR|B|I|UPPERCASE)\b[^\]]*\]")
_EXTENSION = re.compile(r"\.(?:mkv|mp4|avi|ts|m4v)$", re.IGNORECASE)
_TAG_BEHIND = re.compile(r"_(?:[a-z]{2,5}|[A-Z]{2,5})$")
_SCENE_MARK = re.compile(
    r"\.(?:(?:19|20)\d\d|S\d{1,2}E\d{1,3}|\d{1,2}x\d{2}|2160p|1080p|720p|480p|WEB|BluRay)(?:\.|$)",
    re.IGNORECASE,
)


def clean(name: str) -> str:
    """Give the name in the spelling that the rest of the reading expects, on one line."""
    text = name[:_LONGEST]
    text = html.unescape(text) if "&" in text else text
    text = _FORMATTING.sub("", text) if "[/" in text else text
    if not text.isascii():
        text = _MOJIBAKE.sub(_repaired, text)
        text = unicodedata.normalize("NFKC", text.translate(_LOOKALIKES))
    words = text.split()
    return _EXTENSION.sub("", _unglued(words[0]) if len(words) == 1 else " ".join(words))


def _repaired(match: re.Match[str]) -> str:
    for encoding in ("cp1252", "latin-1"):
        try:
            return match[0].encode(encoding).decode()
        except UnicodeError:
            continue
    return match[0]


def _unglued(text: str) -> str:
    """Give a name written without spaces its spaces: dots of scene releases, underscores."""
    if "_" in text and not _TAG_BEHIND.search(text):
        return text.replace("_", " ")
    return text.replace(".", " ") if _SCENE_MARK.search(text) else text

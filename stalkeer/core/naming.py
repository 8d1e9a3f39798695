"""The names our finished files get: safe on every file system, readable for Radarr and Sonarr."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

# As Radarr replaces them with "smart" colons (Radarr: Core/Organizer/FileNameBuilder.cs).
_ILLEGAL = str.maketrans(
    {"\\": "+", "/": "+", "<": None, ">": None, "|": None, '"': None, "?": "!", "*": "-", ":": "-"}
)
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs"})
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)
# Leaves room in the 255 bytes of a name for the year, the quality and the extension.
_LONGEST_TITLE = 180


def safe_component(text: str, *, max_bytes: int = 200) -> str:
    """Make one folder or file name of any text: `Alien: Romulus?` gives `Alien - Romulus!`.

    Never empty, never `.` or `..`, never with a separator; cut between code points so that it
    holds at most `max_bytes` (8 or more) of UTF-8. Giving it its own result changes nothing.
    """
    name = _trimmed(_cut(_printable(text), max_bytes))
    name = _trimmed(_cut(_RESERVED.sub(r"\1_", name, count=1), max_bytes))
    return name or "_"


def movie_name(title: str, year: int, *, resolution: str | None, extension: str) -> str:
    """Give the path of a movie below its root: `Heat (1995)/Heat (1995) WEBDL-1080p.mkv`.

    Year 0 is unknown and leaves the parentheses out. The resolution is said only when it is
    known: an arr takes it from the name before it looks into the file, and a name without one
    gets a low default that any later release replaces.
    """
    folder = _with_end(title, f" ({year})" if year else "")
    return f"{folder}/{folder}{_quality(resolution)}.{extension.lstrip('.')}"


def episode_name(
    series_title: str,
    season: int,
    episodes: Sequence[int],
    *,
    series_type: str,
    air_date: date | None,
    resolution: str | None,
    extension: str,
) -> str:
    """Give the path of an episode below its root: `Title/Season 01/Title - S01E02.mkv`.

    Season 0 lives in `Specials`. A daily series is named by the date (`Title - 2024-01-26`) when
    it has one. Several episodes are `S01E01-E02`, or `S01E01E03` when one between is missing.
    """
    folder = "Specials" if season == 0 else f"Season {season:02}"
    number = _number(season, sorted(episodes))
    if series_type == "daily" and air_date is not None:
        number = air_date.isoformat()
    stem = _with_end(series_title, f" - {number}{_quality(resolution)}")
    return f"{_with_end(series_title, '')}/{folder}/{stem}.{extension.lstrip('.')}"


def _number(season: int, episodes: Sequence[int]) -> str:
    first, last = episodes[0], episodes[-1]
    if first == last:
        return f"S{season:02}E{first:02}"
    if last - first + 1 == len(episodes):
        return f"S{season:02}E{first:02}-E{last:02}"
    return f"S{season:02}" + "".join(f"E{episode:02}" for episode in episodes)


def _quality(resolution: str | None) -> str:
    return f" WEBDL-{resolution}" if resolution else ""


def _with_end(title: str, end: str) -> str:
    return safe_component(safe_component(title, max_bytes=_LONGEST_TITLE) + end, max_bytes=240)


def _printable(text: str) -> str:
    spaced = re.sub(r"\s+", " ", text)
    kept = "".join(char for char in spaced if unicodedata.category(char) not in _UNPRINTABLE)
    legal = unicodedata.normalize("NFC", kept).replace(": ", " - ").translate(_ILLEGAL)
    # Composed again, because a removed character may have stood between a letter and its accent.
    return re.sub(r" {2,}", " ", unicodedata.normalize("NFC", legal))


def _trimmed(name: str) -> str:
    return name.lstrip(" .").rstrip(" .")


def _cut(name: str, max_bytes: int) -> str:
    return name.encode()[:max_bytes].decode(errors="ignore")

"""What Radarr and Sonarr read out of a file or folder name: title, year, episodes, quality.

Far simpler than theirs, but wrong where theirs are: numbers at the end of a title are lost before
a year, and ids in a name are not used.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from tests.standins.server import Json

VIDEO_SUFFIXES = frozenset(
    {".avi", ".flv", ".iso", ".m2ts", ".m3u", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".ogm", ".ogv", ".strm", ".ts", ".vob", ".webm", ".wmv"}
)
"""Files that are looked at; everything else does not exist for an import."""

_SMALL_WORD = r"\b(?:an?|the|and|or|of)\b"
_YEARED = re.compile(r"^(?P<title>.+?)(?:[\s._(\[-]+(?P<year>(?:18|19|20)\d\d)(?=\D|$))+")
_EPISODES = re.compile(
    r"^(?P<title>.*?)[\s._-]*S(?P<season>\d+)(?P<all>(?:[-\s._]*E\d+)+)", re.IGNORECASE
)
_DAILY = re.compile(r"^(?P<title>.*?)[\s._-]+(?P<day>\d{4}[-.]\d\d[-.]\d\d)(?=\D|$)")
_TAGS = re.compile(
    r"(?:(?P<source>web-?dl|webrip|hdtv|blu-?ray)[\s._-]*)?(?P<height>480|720|1080|2160)p",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class MovieName:
    """`Heat (1995)` read: the title and the year, None when the name has none."""

    title: str
    year: int | None


@dataclass(frozen=True, slots=True)
class EpisodeName:
    """`The Wire - S01E01-E02` read. `air_date` is there instead of numbers for a daily show."""

    title: str
    season: int | None
    episodes: tuple[int, ...]
    air_date: date | None


def read_movie(name: str) -> MovieName:
    """Read a folder name, or a file name without its extension."""
    found = _YEARED.match(name)
    if found is None:
        return MovieName(name, None)
    return MovieName(_spaced(found["title"]), int(found["year"]))


def read_episodes(name: str) -> EpisodeName | None:
    """Read a file name; None when no episode stands in it."""
    found = _EPISODES.match(name)
    if found is not None:
        numbers = [int(number) for number in re.findall(r"\d+", found["all"])]
        episodes = tuple(range(numbers[0], numbers[-1] + 1))
        return EpisodeName(_spaced(found["title"]), int(found["season"]), episodes, None)
    found = _DAILY.match(name)
    if found is not None:
        day = date.fromisoformat(found["day"].replace(".", "-"))
        return EpisodeName(_spaced(found["title"]), None, (), day)
    return None


def clean_title(title: str) -> str:
    """Reduce a title to what is compared: `Night of the Living Dead` → `nightlivingdead`."""
    plain = unicodedata.normalize("NFKD", title.lower())
    return re.sub(r"[\W_]", "", re.sub(rf"(?<=\W){_SMALL_WORD}", "", plain))


def sort_title(title: str) -> str:
    """Reduce a title to what is sorted by: `Night of the Living Dead` → `night living dead`."""
    return " ".join(re.sub(_SMALL_WORD, "", re.sub(r"[^\w\s]", "", title.lower())).split())


def _spaced(title: str) -> str:
    return re.sub(r"[\s._-]+", " ", title).strip(" ([")


_QUALITIES = {
    "Unknown": (0, "unknown", 0),
    "SDTV": (1, "tv", 480),
    "DVD": (2, "dvd", 0),
    "WEBDL-480p": (8, "webdl", 480),
    "WEBRip-480p": (12, "webrip", 480),
    "HDTV-720p": (4, "tv", 720),
    "WEBDL-720p": (5, "webdl", 720),
    "WEBRip-720p": (14, "webrip", 720),
    "Bluray-720p": (6, "bluray", 720),
    "HDTV-1080p": (9, "tv", 1080),
    "WEBDL-1080p": (3, "webdl", 1080),
    "WEBRip-1080p": (15, "webrip", 1080),
    "Bluray-1080p": (7, "bluray", 1080),
    "HDTV-2160p": (16, "tv", 2160),
    "WEBDL-2160p": (18, "webdl", 2160),
    "WEBRip-2160p": (17, "webrip", 2160),
    "Bluray-2160p": (19, "bluray", 2160),
}
"""Id, source and resolution of a quality, in the order from worse to better."""
QUALITY_NAMES = tuple(_QUALITIES)

_SOURCE_IN_SONARR = {"tv": "television", "webdl": "web", "webrip": "webRip"}
_SOURCE_NAMES = {"webdl": "WEBDL", "webrip": "WEBRip", "bluray": "Bluray", "hdtv": "HDTV"}
_DEFAULTS = {
    "radarr": {".mkv": "WEBDL-720p", ".webm": "Unknown"},
    "sonarr": {".mkv": "HDTV-720p", ".ts": "HDTV-720p", ".webm": "WEBDL-480p"},
}


def read_quality(file_name: str, product: str) -> Json:
    """Judge a file by the tag in its name, else by its extension; it is not opened."""
    path = PurePosixPath(file_name)
    found = _TAGS.search(path.stem)
    if found is None:
        default = _DEFAULTS[product].get(path.suffix.lower(), "SDTV")
        return quality_json(default, product)
    source = _SOURCE_NAMES[(found["source"] or "hdtv").lower().replace("-", "")]
    name = f"{source}-{found['height']}p"
    return quality_json(name if name in _QUALITIES else "SDTV", product)


def quality_json(name: str, product: str) -> Json:
    """Write a quality as the APIs do; only Radarr has a modifier."""
    number, source, resolution = _QUALITIES[name]
    quality: Json = {"id": number, "name": name, "source": source, "resolution": resolution}
    if product == "radarr":
        quality["modifier"] = "none"
    else:
        quality["source"] = _SOURCE_IN_SONARR.get(source, source)
    revision = {"version": 1, "real": 0, "isRepack": False}
    return {"quality": quality, "revision": revision}


def quality_rank(quality: Json) -> int:
    """Place a quality among the others; more is better."""
    ranks = {name: rank for rank, name in enumerate(_QUALITIES)}
    return ranks.get(quality["quality"]["name"], 0)

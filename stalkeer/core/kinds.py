"""Tell films, episodes and channels apart by address, name, group and episode marker."""

from __future__ import annotations

import re

from stalkeer.core.endings import has_bracket_year
from stalkeer.core.items import ContentType
from stalkeer.core.markers import Marker

_VIDEO_EXTENSIONS = frozenset(
    {"mkv", "mp4", "avi", "m4v", "mov", "wmv", "webm", "mpg", "mpeg", "flv", "m2ts", "vob", "divx"}
)
_LIVE_EXTENSIONS = frozenset({"m3u8", "ts", "mpd"})
_QUERY_TYPE = re.compile(r"(?:^|&)type=(movie|series|vod|live)", re.IGNORECASE)
_FOLDERS = {
    "movie": "movie", "movies": "movie", "series": "series", "serie": "series", "live": "live",
    "hls": "live",
}  # fmt: skip
_DECLARED = {"movie": "movie", "serie": "series", "live": "live"}

_HEADING = re.compile(r"[#=*~✺◉─-]{2,}.*|✺.*✺")
# "24: Legacy S01 E05" and "24: Redemption (2008)" are of the series "24".
_LOOP = re.compile(
    r"(?<!\d)24\s?/\s?7(?!\d)|^24\s?[|:-](?!.*(?:\bS\d{1,2}\s?E\d|\(\d{4}\)))"
    r"|(?<!\w)24H(?:RS)?(?!\w)|^PPV\b",
    re.IGNORECASE,
)
_LIVE_GROUP = re.compile(r"(?<!\w)(?:24/7|ppv|live|radio)(?!\w)", re.IGNORECASE)
_EXTRA_FIRST = re.compile(
    r"(?:official\s+)?(?:trailer|teaser)\s?[:|-]|(?:the\s+)?making[ -]of\b", re.IGNORECASE
)
_EXTRA_LAST = re.compile(
    r"\W(?:trailer|teaser|bande[ -]annonce|featurette|making[ -]of)\W*$", re.IGNORECASE
)


def url_kind(url: str) -> str | None:
    """Say what an address is by its look: `movie`, `series`, `live`, `file`, or None.

    `file` is a video without a telling path (`/files/x.mkv`, `/vod/9001`). The paths are those
    of Xtream panels: `/movie/USER/PASSWORD/ID.mkv`, live channels also as `/USER/PASSWORD/ID`.
    """
    address, _, query = url.partition("?")
    parts = address.partition("://")[2].split("/")[1:]
    for part in parts[:-1]:
        if part in _FOLDERS:
            return _FOLDERS[part]
    typed = _QUERY_TYPE.search(query)
    if typed:
        return "file" if typed[1].lower() == "vod" else typed[1].lower()
    return _kind_of_path(parts)


def declared_kind(tvg_type: str) -> str | None:
    """Give the kind that a tvg-type attribute (`movies`, `serie`, `live`) declares."""
    return _DECLARED.get(tvg_type.strip().lower().rstrip("s"))


def kind_without_title(text: str, *, name: str, group: str, kind: str | None) -> ContentType | None:
    """Say what an entry is that has no title to look for, or None when it may have one.

    `text` is the cleaned `name`. Headings, trailers and making-ofs are uncategorized; channels
    and 24/7 loops of one series are channels whatever they are named after.
    """
    if not text or _HEADING.fullmatch(name.strip()):
        return ContentType.UNCATEGORIZED
    if kind == "live":
        return ContentType.CHANNEL
    if _EXTRA_FIRST.match(text) or _EXTRA_LAST.search(text):
        return ContentType.UNCATEGORIZED
    is_told = kind in ("movie", "series")
    if not is_told and (_LOOP.search(text) or _LIVE_GROUP.search(group)):
        return ContentType.CHANNEL
    return None


def kind_with_title(text: str, marker: Marker | None, kind: str | None) -> ContentType:
    """Say whether an entry is a film or an episode.

    An episode marker beats the address of a film; an address of a series without any marker is
    no episode anybody could ask for.
    """
    if marker is not None and marker.is_strong:
        return ContentType.TVSHOW
    # "Star Wars: Episode 4 - A New Hope (1977)": the year of a series stands before the number.
    if kind == "movie" or (marker and kind != "series" and has_bracket_year(text[marker.end :])):
        return ContentType.MOVIE
    if marker is not None:
        return ContentType.TVSHOW
    return ContentType.UNCATEGORIZED if kind == "series" else ContentType.MOVIE


def _kind_of_path(parts: list[str]) -> str | None:
    name, _, extension = (parts[-1] if parts else "").rpartition(".")
    if name and extension.lower() in _VIDEO_EXTENSIONS:
        return "file"
    if name and extension.lower() in _LIVE_EXTENSIONS:
        return "live"
    if parts[:1] == ["vod"]:
        return "file"
    is_panel = len(parts) == 3 and parts[2].isdecimal()
    return "live" if is_panel or parts[:1] == ["play"] else None

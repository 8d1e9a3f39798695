"""Writes what a panel has as the lines of a list, so that everything behind reads one kind."""

from __future__ import annotations

import re
from urllib.parse import quote

from stalkeer.playlist.panel import Episode, Film, Series, Title

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\s]+")
_BRACKET_YEAR = re.compile(r"[(\[](?:19|20)\d\d[)\]]")


class Rendering:
    """Writes the entries of one account. `base` is the panel's address without a final slash."""

    def __init__(self, base: str, username: str, password: str) -> None:
        """Prepare what all addresses have in common."""
        self._account = f"{quote(username, safe='')}/{quote(password, safe='')}"
        self._base = base

    def film(self, film: Film, group: str) -> bytes:
        """Give the two lines of a film."""
        path = f"movie/{self._account}/{film.id}.{film.extension}"
        return self._lines(film, "movie", _with_year(film), path, group, film.duration_s)

    def episode(self, series: Series, episode: Episode, group: str) -> bytes:
        """Give the two lines of an episode, named as panels name them: `Dark S01 E02`."""
        path = f"series/{self._account}/{episode.id}.{episode.extension}"
        name = f"{_with_year(series)} S{episode.season:02d} E{episode.number:02d}"
        return self._lines(series, "series", name, path, group, episode.duration_s)

    def _lines(
        self, title: Title, kind: str, name: str, path: str, group: str, duration_s: int | None
    ) -> bytes:
        attributes = {
            "tvg-logo": title.logo,
            "tvg-type": kind,
            "group-title": group,
            "tmdb-id": title.tmdb_id,
            "imdb-id": title.imdb_id,
            "rating": title.rating,
            "duration": duration_s,
        }
        said = "".join(
            f' {attribute}="{_value(str(value))}"'
            for attribute, value in attributes.items()
            if value not in (None, "")
        )
        text = f"#EXTINF:-1{said},{_name(name)}\n{self._base}/{path}\n"
        # A lone half of a surrogate pair is valid JSON and no valid text.
        return text.encode("utf-8", "replace")


def _with_year(title: Title) -> str:
    """Give the name with the year of the panel, unless the name shows one itself.

    `2012` of 2009 becomes `2012 (2009)`; `Heat 1995` and `Heat (1996)` stay.
    """
    year = title.year
    is_shown = year is None or re.search(rf"(?<!\d){year}(?!\d)", title.name)
    if is_shown or _BRACKET_YEAR.search(title.name):
        return title.name
    return f"{title.name} ({year})"


def _value(text: str) -> str:
    return _CONTROL.sub(" ", text).replace('"', "'").strip()


def _name(text: str) -> str:
    # An address in a name would be read as the address of the entry.
    return _CONTROL.sub(" ", text).replace("://", ":/").strip()

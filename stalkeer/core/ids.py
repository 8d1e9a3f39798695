"""The ids of films and series in TMDB, IMDb and TheTVDB, as keys that can be looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_IMDB = re.compile(r"(?:imdb(?:id)?[:=/_-]?)?tt(\d{4,10})", re.IGNORECASE)
_NUMBERED = re.compile(
    r"(tmdb|tvdb|themoviedb|thetvdb)(?:[-_]?id)?[:=/_-](?:(?:movie|tv|series)[:/_-])?(\d{1,9})",
    re.IGNORECASE,
)
_SOURCES = {"themoviedb": "tmdb", "thetvdb": "tvdb"}


def ids_of(*, tvg_id: str = "", tmdb_id: int | None = None, imdb_id: str = "") -> tuple[str, ...]:
    """Give the ids an entry or an item says it has: `tmdb:603`, `imdb:tt0133093`, `tvdb:81189`.

    A tvg-id is read when it names its source (`tt0133093`, `tmdb:603`, `tvdb-81189`); a bare
    number is the provider's own.
    """
    ids = [f"tmdb:{tmdb_id}"] if tmdb_id else []
    said = (_read(text.strip()) for text in (imdb_id, tvg_id))
    return tuple(dict.fromkeys((*ids, *(each for each in said if each))))


def by_source(ids: Iterable[str]) -> Mapping[str, str]:
    """Give the ids by what they are ids of; of two of one source the first counts."""
    found: dict[str, str] = {}
    for each in ids:
        found.setdefault(each.partition(":")[0], each)
    return found


def _read(text: str) -> str | None:
    if match := _IMDB.fullmatch(text):
        # Written with seven digits at least; some panels cut the zeros off.
        return f"imdb:tt{int(match[1]):07}"
    if match := _NUMBERED.fullmatch(text):
        source = match[1].lower()
        return f"{_SOURCES.get(source, source)}:{int(match[2])}"
    return None

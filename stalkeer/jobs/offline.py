"""The work behind `stalkeer match`: the same reading and ranking as in service, without a database.

It loads nothing but `core`, so that the command starts at once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from stalkeer.core.ids import ids_of
from stalkeer.core.items import ContentType, ItemKind, Movie, Season, Series, Wanted
from stalkeer.core.m3u import RawEntry, read_entries
from stalkeer.core.matching import (
    Candidate,
    Library,
    MatchRules,
    fits,
    library_of_movies,
    library_of_series,
    lookup_keys,
    rank,
)
from stalkeer.core.titles import EntryKey, entry_keys, parse_name, url_kind

_CHUNK_BYTES = 1 << 20
_KINDS = {
    ContentType.MOVIE: "movie",
    ContentType.TVSHOW: "episode",
    ContentType.CHANNEL: "live",
    ContentType.UNCATEGORIZED: "other",
}


def match_files(playlist: Path, wanted: Path, *, rules: MatchRules) -> dict[str, dict[str, Any]]:
    """Say which entry each wanted item of a JSON list would get.

    Gives `{wanted id: {"index": the entry's index or None, "confidence": 0 to 100}}`. The wanted
    items are all the library that is known. Raises OSError when a file cannot be read and
    ValueError, KeyError or TypeError when the list is not one of wanted items.
    """
    rows = json.loads(wanted.read_bytes())
    items = {row["id"]: _wanted(place, row) for place, row in enumerate(rows)}
    index = _Index(key for item in items.values() for key in lookup_keys(item))
    with playlist.open("rb") as file:
        index.add(read_entries(iter(lambda: file.read(_CHUNK_BYTES), b"")))
    libraries = _libraries(items.values())
    return {
        wanted_id: _prediction(item, index, libraries[item.kind], rules)
        for wanted_id, item in items.items()
    }


def parse_names(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Say what each name is read as; a line is a JSON object with `raw`, `group`, `url_kind`."""
    for line in lines:
        if not line.strip():
            continue
        row = json.loads(line)
        parsed = parse_name(row["raw"], group=row.get("group") or "", url_kind=row.get("url_kind"))
        yield {
            "kind": _KINDS[parsed.content_type],
            "title": parsed.title,
            "year": parsed.year,
            "season": parsed.season,
            "episodes": list(parsed.episodes),
            "absolute": parsed.absolute,
            "date": parsed.air_date.isoformat() if parsed.air_date else None,
            "resolution": parsed.resolution,
            "language": list(parsed.languages),
        }


class _Index:
    """The entries of a playlist under the keys somebody will ask for; all others are forgotten."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._rows: dict[str, list[tuple[EntryKey, Candidate]]] = {key: [] for key in keys}

    def add(self, entries: Iterable[RawEntry]) -> None:
        """Read entries into the index."""
        for entry in entries:
            kind = url_kind(entry.url)
            parsed = parse_name(
                entry.name, group=entry.group, url_kind=kind, tvg_type=entry.tvg_type
            )
            ids = ids_of(tvg_id=entry.tvg_id, tmdb_id=entry.tmdb_id, imdb_id=entry.imdb_id)
            for row in entry_keys(parsed, logo=entry.logo, ids=ids):
                if row.key in self._rows:
                    self._rows[row.key].append((row, _candidate(entry, kind)))

    def candidates(self, wanted: Wanted) -> list[Candidate]:
        """Give the entries that may be the wanted item, each once."""
        found = {
            candidate.entry_id: candidate
            for key in lookup_keys(wanted)
            for row, candidate in self._rows[key]
            if fits(wanted, row)
        }
        return list(found.values())


def _candidate(entry: RawEntry, kind: str | None) -> Candidate:
    return Candidate(
        entry_id=entry.index,
        name=entry.name,
        group=entry.group,
        url_kind=kind,
        tvg_type=entry.tvg_type,
        tvg_id=entry.tvg_id,
        logo=entry.logo,
        order=entry.index,
        tmdb_id=entry.tmdb_id,
        imdb_id=entry.imdb_id,
        duration_s=entry.duration_s,
    )


def _prediction(
    wanted: Wanted, index: _Index, library: Library, rules: MatchRules
) -> dict[str, Any]:
    ranking = rank(wanted, index.candidates(wanted), library=library, rules=rules)
    best = next(iter((*ranking.taken, *ranking.to_confirm)), None)
    if best is None:
        return {"index": None, "confidence": 0}
    return {"index": best.entry_id, "confidence": best.score}


def _wanted(place: int, row: Mapping[str, Any]) -> Wanted:
    is_movie = row["kind"] == "movie"
    return Wanted(
        kind=ItemKind.MOVIE if is_movie else ItemKind.EPISODE,
        arr_id=place,
        title=row["title"],
        year=row.get("year") or 0,
        original_title=row.get("originalTitle"),
        alternate_titles=tuple(row.get("alternateTitles") or ()),
        tmdb_id=row.get("tmdbId"),
        imdb_id=row.get("imdbId"),
        tvdb_id=row.get("tvdbId"),
        series_id=None if is_movie else row.get("tvdbId") or place,
        series_type=row.get("seriesType"),
        season=row.get("seasonNumber"),
        episode=row.get("episodeNumber"),
        absolute_episode=row.get("absoluteEpisodeNumber"),
        air_date=date.fromisoformat(row["airDate"]) if row.get("airDate") else None,
        episode_title=row.get("episodeTitle") or "",
        seasons=tuple(
            (season["seasonNumber"], season["episodeCount"]) for season in row.get("seasons") or ()
        ),
    )


def _libraries(items: Iterable[Wanted]) -> dict[ItemKind, Library]:
    by_kind: defaultdict[ItemKind, dict[int, Wanted]] = defaultdict(dict)
    for item in items:
        by_kind[item.kind][item.series_id or item.arr_id] = item
    movies = (
        Movie(
            id=item.arr_id,
            title=item.title,
            year=item.year,
            original_title=item.original_title,
            alternate_titles=item.alternate_titles,
        )
        for item in by_kind[ItemKind.MOVIE].values()
    )
    series = (
        Series(
            id=series_id,
            title=item.title,
            year=item.year,
            alternate_titles=item.alternate_titles,
            seasons=tuple(Season(number, count) for number, count in item.seasons),
        )
        for series_id, item in by_kind[ItemKind.EPISODE].items()
    )
    return {
        ItemKind.MOVIE: library_of_movies(movies),
        ItemKind.EPISODE: library_of_series(series),
    }

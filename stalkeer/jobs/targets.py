"""What one file is for the arr: its ids there, and the name it gets."""

from __future__ import annotations

from collections.abc import Sequence

from stalkeer.arr.base import ImportTarget
from stalkeer.core.items import ItemKind
from stalkeer.core.naming import episode_name, movie_name
from stalkeer.db.items import Item


def import_target(items: Sequence[Item]) -> ImportTarget:
    """Give the ids of the movie or the episodes that one file holds."""
    first = items[0].wanted
    replaces = frozenset(item.wanted.file_id for item in items if item.wanted.file_id)
    if first.kind is ItemKind.MOVIE:
        return ImportTarget(movie_id=first.arr_id, replaces=replaces)
    return ImportTarget(
        series_id=first.series_id,
        episode_ids=tuple(item.wanted.arr_id for item in items),
        replaces=replaces,
    )


def file_name(items: Sequence[Item], *, resolution: str | None, extension: str) -> str:
    """Give the name of a finished file below its instance's folder, with `/` between folders.

    Title and year come from the arr, never from the playlist.
    """
    first = items[0].wanted
    if first.kind is ItemKind.MOVIE:
        return movie_name(first.title, first.year, resolution=resolution, extension=extension)
    return episode_name(
        first.title,
        first.season or 0,
        sorted(item.wanted.episode or 0 for item in items),
        series_type=first.series_type or "standard",
        air_date=first.air_date,
        resolution=resolution,
        extension=extension,
    )

"""The titles of every instance's whole library: the universe a search tells its item apart in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.matching import Library, library_of_movies, library_of_series
from stalkeer.jobs.meters import CACHE_READS, Meters

T = TypeVar("T")


class Libraries:
    """Builds the index of a library once for each list the arr gave. Safe between threads."""

    def __init__(self, meters: Meters | None = None) -> None:
        """Start with none."""
        self._meters = meters or Meters()
        self._lock = threading.Lock()
        self._built: dict[str, tuple[tuple[Any, ...], Library]] = {}

    def of(self, arr: Radarr | Sonarr) -> Library:
        """Return the titles of an instance, as old as the list its client keeps."""
        if isinstance(arr, Radarr):
            return self._index(arr.name, arr.movies(), library_of_movies)
        return self._index(arr.name, arr.series(), library_of_series)

    def _index(
        self, name: str, items: tuple[T, ...], build: Callable[[tuple[T, ...]], Library]
    ) -> Library:
        with self._lock:
            known = self._built.get(name)
            is_known = known is not None and known[0] == items
            self._meters.count(CACHE_READS, cache="library", result="hit" if is_known else "miss")
            if known is not None and is_known:
                return known[1]
            self._built[name] = (items, build(items))
            return self._built[name][1]

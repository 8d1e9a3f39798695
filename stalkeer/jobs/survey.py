"""Counts what is in the lists, and compares their titles with what Radarr and Sonarr have.

So that a list of a million entries answers at once how many of a kind it has, what it calls a
film, and what of it nobody has yet. A second run finds nothing to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.collection import (
    Collection,
    collection_of_movies,
    collection_of_series,
    reading_confidence,
)
from stalkeer.core.items import ContentType
from stalkeer.core.jobs import ROUTINE, Ended, NewJob, done
from stalkeer.core.keys import title_key
from stalkeer.core.states import JobKind
from stalkeer.core.titles import parse_name
from stalkeer.db.store import Store
from stalkeer.db.titles import Sample, Stretch, Title
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import Run, Services
from stalkeer.log import get_logger

log = get_logger(__name__)

WRITE = 250
EVERY_S = 3600.0
LIBRARY_S = 600.0
"""The oldest library that is compared with; matching is content with one of this morning."""

Collections = Mapping[ContentType, Collection | None]
"""What is had of films and of series; None when an instance could not be asked."""


def survey_job() -> NewJob:
    """Describe a survey; one is enough for all that changed before it began."""
    return NewJob(
        kind=JobKind.SURVEY, dedup_key="survey", priority=ROUTINE, title="survey", max_attempts=3
    )


def handle(run: Run, services: Services) -> Ended:
    """Survey every list."""
    for playlist in services.store.playlists.all():
        services.store.tallies.recount(playlist.id)
    changed = compare(services.store, collections_of(services), go_on=run.go_on_or_stop)
    return done("surveyed", f"{changed} titles changed")


def collections_of(services: Services) -> Collections:
    """Ask every instance what it has; what it said a few minutes ago still holds."""
    arrs = tuple(services.arrs.values())
    for arr in arrs:
        if (arr.library_age_s() or 0) > LIBRARY_S:
            arr.forget_library()

    def movies() -> Collection:
        mine = (arr for arr in arrs if isinstance(arr, Radarr))
        return collection_of_movies(movie for arr in mine for movie in arr.movies())

    def series() -> Collection:
        mine = (arr for arr in arrs if isinstance(arr, Sonarr))
        return collection_of_series(each for arr in mine for each in arr.series())

    return {ContentType.MOVIE: _asked(movies), ContentType.TVSHOW: _asked(series)}


def compare(store: Store, collections: Collections, *, go_on: Callable[[], None]) -> int:
    """Bring the titles up to date, stretch by stretch; return how many changed.

    `go_on` is called between two stretches and may raise to stop.
    """
    changed = 0
    for content_type in ContentType:
        task = _Comparison(store, collections.get(content_type))
        after: str | None = ""
        while after is not None:
            go_on()
            stretch = store.titles.stretch(content_type, after)
            changed += task.compare(stretch)
            after = stretch.upto
    return changed


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The titles of one content type against the collection they may be in."""

    store: Store
    collection: Collection | None

    def compare(self, stretch: Stretch) -> int:
        """Write what differs in a stretch; return how much that was."""
        known = self.store.titles.known(stretch)
        ids = {(title.title, title.year): row_id for row_id, title in known.items()}
        fresh: list[Title] = []
        new: list[Sample] = []
        for sample in self.store.titles.counted(stretch):
            row_id = ids.get((sample.title, sample.year))
            before = known.get(row_id) if row_id is not None else None
            if before is None:
                new.append(sample)
            else:
                after = self._again(before, sample)
                if after == before:
                    del known[row_id or 0]
                else:
                    fresh.append(after)
        fresh += self._read(stretch.content_type, new)
        # What is left of the known ones is gone, changed, or there twice.
        stale = list(known)
        for start in range(0, max(len(stale), len(fresh)), WRITE):
            part = slice(start, start + WRITE)
            self.store.titles.change(stale[part], fresh[part])
        return max(len(stale), len(fresh))

    def _again(self, before: Title, sample: Sample) -> Title:
        return replace(
            before,
            entries=sample.entries,
            item_id=sample.item_id,
            is_collected=self._is_collected(before.title, before.year, before.is_collected),
        )

    def _read(self, content_type: ContentType, samples: Iterable[Sample]) -> list[Title]:
        """Read the titles that were not known from the name of one of their entries."""
        by_id = {sample.item_id: sample for sample in samples}
        names = self.store.titles.names(list(by_id))
        return [
            Title(
                content_type=content_type,
                title=sample.title,
                year=sample.year,
                key=title_key(sample.title),
                entries=sample.entries,
                item_id=item_id,
                confidence=_confidence(*names[item_id]) if item_id in names else 0,
                is_collected=self._is_collected(sample.title, sample.year, None),
            )
            for item_id, sample in by_id.items()
        ]

    def _is_collected(self, title: str, year: int, known: bool | None) -> bool | None:
        return known if self.collection is None else self.collection.holds(title, year or None)


def _asked(collect: Callable[[], Collection]) -> Collection | None:
    try:
        return collect()
    except StalkeerError as exc:
        # What was found the last time stays until the instance answers.
        log.warning("a library could not be compared with the playlists", error=str(exc))
        return None


def _confidence(name: str, group: str, url_kind: str | None, tvg_type: str) -> int:
    parsed = parse_name(name, group=group, url_kind=url_kind, tvg_type=tvg_type)
    return reading_confidence(parsed)

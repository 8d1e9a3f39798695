"""What an arr wants from us, written down, and the searches that follow from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.items import (
    Episode,
    Movie,
    Series,
    Service,
    Wanted,
    wanted_episode,
    wanted_movie,
)
from stalkeer.core.jobs import URGENT, ItemMove, NewJob
from stalkeer.core.states import ItemState, JobKind
from stalkeer.core.wants import Scope, Verdict, Want, judge_episode, judge_movie
from stalkeer.db.downloads import Download
from stalkeer.db.items import Item
from stalkeer.jobs.services import InstanceRules, Services

SCAN_PATIENCE_S = 600.0
"""So long an arr may take to look at its disk after an item was added."""
STILL_MISSING = (ItemState.NO_MATCH, ItemState.TO_CONFIRM, ItemState.FAILED)
"""Items for which lists that changed may hold something new."""
SOUGHT = (*STILL_MISSING, ItemState.SEARCHING)
"""The same, and what is being searched for at this moment."""


def item_key(instance: str, wanted: Wanted) -> str:
    """Give the key under which all work on one item is unique while it is active."""
    return f"{instance}:{wanted.kind}:{wanted.arr_id}"


def search_job(item: Item, *, priority: int) -> NewJob:
    """Describe the search for an item."""
    return NewJob(
        kind=JobKind.SEARCH,
        dedup_key=item_key(item.instance, item.wanted),
        priority=priority,
        instance=item.instance,
        item_id=item.id,
        title=item.wanted.label,
    )


def import_job(item: Item, download: Download, *, priority: int, max_attempts: int) -> NewJob:
    """Describe the import of a finished download; `item` is the first it is for."""
    return NewJob(
        kind=JobKind.IMPORT,
        # Not the item's key: a search for another episode of the same file may hold that one, and
        # an import that is not written is never made up for.
        dedup_key=f"import:{download.id}",
        priority=min(priority, URGENT),
        instance=item.instance,
        item_id=item.id,
        download_id=download.id,
        title=download.title,
        max_attempts=max_attempts,
    )


def scope_of(arr: Radarr | Sonarr, rules: InstanceRules, *, upgrade: bool = False) -> Scope:
    """Read which items of an instance are ours; tags are names in the settings, ids in the arr.

    With `upgrade` an item whose file falls short of its quality profile is ours too.
    """
    tag_ids = None
    if rules.tags:
        known = arr.tags()
        tag_ids = frozenset(known[tag] for tag in rules.tags if tag in known)
    upgrades = arr.quality_profiles() if upgrade else None
    return Scope(tag_ids, rules.quality_profile_ids or None, upgrades)


def want_movie(
    services: Services, instance: str, movie: Movie, scope: Scope
) -> tuple[Verdict, Item | None]:
    """Write down a movie that Radarr misses; the item is None when it does not want it from us."""
    verdict = judge_movie(movie, scope)
    item = _learn(services, instance, Service.RADARR, wanted_movie(movie), verdict, movie.added)
    return verdict, item


def want_episodes(
    services: Services, instance: str, series: Series, episodes: Iterable[Episode], scope: Scope
) -> list[tuple[Verdict, Item | None]]:
    """Write down the episodes of a series that Sonarr misses, as `want_movie` does."""
    judged = []
    for episode in episodes:
        verdict = judge_episode(series, episode, scope, services.now())
        wanted = wanted_episode(series, episode)
        item = _learn(services, instance, Service.SONARR, wanted, verdict, series.added)
        judged.append((verdict, item))
    return judged


def _learn(
    services: Services,
    instance: str,
    service: Service,
    wanted: Wanted,
    verdict: Verdict,
    added: datetime | None,
) -> Item | None:
    items = services.store.items
    if verdict.want is Want.NO:
        return None
    item_id = items.learn(instance, service, wanted, added)
    if verdict.want is Want.UNRELEASED:
        items.move([ItemMove(item_id=item_id, state=ItemState.UNRELEASED, reason=verdict.reason)])
    return items.get(item_id)

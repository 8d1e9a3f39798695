"""What a person asks for: sync now, search now, replay, cancel, this entry and not that one.

Called by the API and by the commands. Each writes rows and leaves the work to jobs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import ClassVar

from stalkeer.arr.radarr import Radarr
from stalkeer.core.jobs import URGENT, NewJob
from stalkeer.core.learned import alias_of
from stalkeer.core.matching import read
from stalkeer.core.states import ImportStatus, ItemState, JobKind, MatchState
from stalkeer.core.wants import Scope
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.items import Item
from stalkeer.db.learned import Learned, target_of
from stalkeer.db.matches import MatchRow
from stalkeer.downloader.files import part_path, remove_part
from stalkeer.errors import StalkeerError
from stalkeer.jobs import unwanted
from stalkeer.jobs.orders import Order
from stalkeer.jobs.register import Registration, register
from stalkeer.jobs.services import Services
from stalkeer.jobs.wanted import search_job, want_episodes, want_movie

LOOK_NOW = Order(fresh=True)


class NotWantedError(StalkeerError):
    """The arr does not want this item."""

    code: ClassVar[str] = "not_wanted"


def sync(services: Services, instances: Iterable[str], order: Order = LOOK_NOW) -> list[int]:
    """Reconcile these instances now; return the job ids.

    One that is under way already is not started twice: its id is returned.
    """
    wishes = {name: wish for name, wish in asdict(order).items() if wish not in (None, False)}
    # What is under way without these wishes is no substitute.
    suffix = "" if order == LOOK_NOW else f":{json.dumps(wishes, sort_keys=True)}"
    jobs = [
        NewJob(
            kind=JobKind.RECONCILE,
            payload=wishes,
            dedup_key=f"reconcile:{name}{suffix}",
            priority=URGENT,
            instance=name,
            title=f"reconcile:{name}",
        )
        for name in instances
    ]
    ids = [services.store.jobs.add_or_find(job) for job in jobs]
    services.ring()
    return ids


def start(services: Services, kind: JobKind) -> int:
    """Do what a schedule does, now; return the job, which may be under way already."""
    job = NewJob(kind=kind, dedup_key=kind.value, priority=URGENT, title=kind.value)
    job_id = services.store.jobs.add_or_find(job)
    services.ring()
    return job_id


def read_new_playlists(services: Services) -> None:
    """Have the playlists read that never were: searches wait for them."""
    for row in services.store.playlists.all():
        if not row.version:
            services.store.jobs.add(
                NewJob(
                    kind=JobKind.REFRESH_PLAYLIST,
                    payload={"playlist_id": row.id},
                    dedup_key=f"refresh_playlist:{row.id}",
                    priority=URGENT,
                    title=f"refresh_playlist:{row.id}",
                )
            )


def search(services: Services, instance: str, arr_id: int) -> int:
    """Search for one item now, also one that was cancelled or given up; return the job's id.

    Raises `NoSuchRowError`, and `NotWantedError` with the arr's reason.
    """
    return _search_anew(services, _wanted_now(services, instance, arr_id))


def register_webhook(services: Services, instance: str) -> Registration:
    """Create or repair our Connect webhook in an instance, and write down how that ended.

    Raises what the arr says, most often that it does not reach us.
    """
    arr, rules = services.instance(instance)
    try:
        done = register(arr, services.webhooks[rules.name])
    except StalkeerError:
        services.store.instances.note_webhook(rules.name, "failed")
        raise
    services.store.instances.note_webhook(rules.name, "registered")
    return done


def cancel_download(services: Services, download_id: int) -> None:
    """Cancel a download for good: what was fetched of it is removed, its row stays.

    Raises `NoSuchRowError` and `ConflictError`.
    """
    store = services.store
    if store.control.cancel(download_id):
        download = store.downloads.get(download_id)
        for places in services.places_of(download.instance) if download else ():
            remove_part(part_path(places.parts, download_id))


def confirm(services: Services, match_id: int) -> MatchRow:
    """Take the entry of a match: a person says that it is the item.

    The name of the entry is from then on a name of the film or the series: its other episodes are
    searched for again under it.
    """
    match = _match(services, match_id)
    _teach(services, match)
    return _say(services, match, MatchState.CONFIRMED)


def reject(services: Services, match_id: int) -> MatchRow:
    """Never propose the entry of a match again for its item, and look for another one.

    What a confirmation of it taught is taken back.
    """
    services.store.learned.forget(match_id)
    return _say(services, _match(services, match_id), MatchState.REJECTED)


def choose(services: Services, instance: str, arr_id: int, entry_id: int) -> MatchRow:
    """Take an entry that a person found, whatever it scores; it teaches as `confirm` does."""
    entry = services.store.playlists.candidate(entry_id)
    if entry is None:
        raise NoSuchRowError(f"There is no playlist entry {entry_id}.")
    item = _wanted_now(services, instance, arr_id)
    match = services.store.matches.by_hand(item.id, entry_id, entry.name)
    _teach(services, match)
    return _say(services, match, MatchState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Started:
    """The job that fetches an entry, or searches first; then there is no download yet."""

    job_id: int
    download_id: int | None


def start_download(
    services: Services, entry_id: int, *, instance: str | None, arr_id: int | None
) -> Started:
    """Fetch an entry now: for an item of an arr, as `choose` does, or for none as it is."""
    store = services.store
    if instance is None or arr_id is None:
        download_id = unwanted.start(services, entry_id)
        job = store.jobs.last_of(download_id, JobKind.DOWNLOAD)
        services.ring()
        return Started(job.id if job else 0, download_id)
    match = choose(services, instance, arr_id, entry_id)
    held = store.downloads.held_for(match.item_id)
    (item,) = store.items.many([match.item_id])
    job_id = store.jobs.add_or_find(search_job(item, priority=URGENT))
    return Started(job_id, None if held is None else held.id)


def take_back(services: Services, match_id: int) -> None:
    """Take back what a person said of a match, with what it taught, and search again.

    The match is then what the search thought of it; one that was chosen by hand is gone.
    """
    match = _match(services, match_id)
    services.store.learned.forget(match_id)
    is_sure = match.score >= services.matching.auto
    state = MatchState.TAKEN if is_sure else MatchState.TO_CONFIRM
    services.store.matches.take_back(match_id, state)
    item = services.store.items.get(match.item_id)
    if item is not None and item.is_missing:
        _search_anew(services, item)


def forget_name(services: Services, learned_id: int) -> Learned:
    """Take back one name that a confirmation taught. Raises `NoSuchRowError`."""
    learned = services.store.learned.remove(learned_id)
    if learned is None:
        raise NoSuchRowError(f"There is no taught name {learned_id}.")
    return learned


def _teach(services: Services, match: MatchRow) -> None:
    """Learn the name of a confirmed entry, and search under it for the rest of the series."""
    store = services.store
    item, entry = store.items.get(match.item_id), store.playlists.candidate(match.playlist_item_id)
    alias = None if entry is None else alias_of(read(entry), entry.group)
    if item is None or alias is None:
        return
    store.learned.teach(target_of(item.instance, item.wanted), alias, match.id)
    if item.wanted.series_id is None:
        return
    for other in store.items.of_series(item.instance, item.wanted.series_id):
        if other.id != item.id and other.state in _MAY_FOLLOW:
            store.jobs.add(search_job(other, priority=URGENT))


_MAY_FOLLOW = (ItemState.NO_MATCH, ItemState.TO_CONFIRM)


def _say(services: Services, match: MatchRow, state: MatchState) -> MatchRow:
    """Write a person's word and search again: the search obeys it."""
    services.store.matches.say(match.id, state)
    item = services.store.items.get(match.item_id)
    if item is not None and item.is_missing:
        _let_go(services, item, match, state)
        _search_anew(services, item)
    return _match(services, match.id)


def _let_go(services: Services, item: Item, match: MatchRow, state: MatchState) -> None:
    """Stop fetching, or holding for a later import, what a person's word made the wrong entry."""
    store = services.store
    held = store.downloads.held_for(item.id)
    if held is None:
        return
    is_this_entry = held.playlist_item_id == match.playlist_item_id
    if is_this_entry is (state is MatchState.CONFIRMED):
        if is_this_entry and item.state is ItemState.TO_CONFIRM:
            # Its file was in doubt: now it goes on where it was.
            store.control.resume(held.id)
        return
    reason = "another entry is wanted"
    store.control.cancel_for_items([item.id], reason, show=ItemState.SEARCHING)
    if item.state is ItemState.TO_CONFIRM:
        # Nobody writes to what waited for this word.
        for places in services.places_of(held.instance):
            remove_part(part_path(places.parts, held.id))
    if held.import_status in _NOT_UNDER_WAY:
        store.downloads.give_up([item.id], reason)


_NOT_UNDER_WAY = (ImportStatus.FAILED, ImportStatus.OFF)


def _search_anew(services: Services, item: Item) -> int:
    """Search for an item at once; what is under way for it already stays as it is."""
    store = services.store
    held = store.downloads.held_for(item.id)
    if held is None or held.import_status in _NOT_UNDER_WAY:
        store.items.start_anew(item.id)
    job_id = store.jobs.add_or_find(search_job(item, priority=URGENT))
    services.ring()
    return job_id


def _match(services: Services, match_id: int) -> MatchRow:
    match = services.store.matches.get(match_id)
    if match is None:
        raise NoSuchRowError(f"There is no match {match_id}.")
    return match


def _wanted_now(services: Services, instance: str, arr_id: int) -> Item:
    """Read an item from its arr and write down what it says."""
    arr, rules = services.instance(instance)
    # Without the tags and profiles of the settings: a person asks for this very item.
    scope = Scope(upgrades=arr.quality_profiles() if services.matching.upgrade else None)
    if isinstance(arr, Radarr):
        movie = arr.movie(arr_id)
        judged = [] if movie is None else [want_movie(services, instance, movie, scope)]
    else:
        episodes = arr.episodes_by_ids([arr_id])
        series = arr.one_series(episodes[0].series_id) if episodes else None
        judged = (
            [] if series is None else want_episodes(services, instance, series, episodes, scope)
        )
    if not judged:
        raise NoSuchRowError(f"{rules.name} has no item {arr_id}.")
    verdict, item = judged[0]
    if item is None:
        raise NotWantedError(f"{rules.name} does not want item {arr_id}: {verdict.reason}.")
    return item

"""What a person asks for: sync now, search now, replay, cancel, this entry and not that one.

Called by the API and by the commands. Each writes rows and leaves the work to jobs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import ClassVar

from stalkeer.arr.radarr import Radarr
from stalkeer.core.jobs import URGENT, NewJob
from stalkeer.core.states import ImportStatus, ItemState, JobKind, MatchState
from stalkeer.core.wants import Scope
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.items import Item
from stalkeer.db.matches import MatchRow
from stalkeer.downloader.files import part_path, remove_part
from stalkeer.errors import StalkeerError
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
        rules = services.instances.get(download.instance) if download else None
        if rules is not None:
            remove_part(part_path(rules.parts, download_id))


def confirm(services: Services, match_id: int) -> MatchRow:
    """Take the entry of a match: a person says that it is the item."""
    return _say(services, _match(services, match_id), MatchState.CONFIRMED)


def reject(services: Services, match_id: int) -> MatchRow:
    """Never propose the entry of a match again for its item, and look for another one."""
    return _say(services, _match(services, match_id), MatchState.REJECTED)


def choose(services: Services, instance: str, arr_id: int, entry_id: int) -> MatchRow:
    """Take an entry that a person found, whatever it scores."""
    if services.store.playlists.entry(entry_id) is None:
        raise NoSuchRowError(f"There is no playlist entry {entry_id}.")
    item = _wanted_now(services, instance, arr_id)
    match = services.store.matches.by_hand(item.id, entry_id)
    return _say(services, match, MatchState.CONFIRMED)


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
        return
    reason = "another entry is wanted"
    store.control.cancel_for_items([item.id], reason, show=ItemState.SEARCHING)
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
    if isinstance(arr, Radarr):
        movie = arr.movie(arr_id)
        judged = [] if movie is None else [want_movie(services, instance, movie, Scope())]
    else:
        episodes = arr.episodes_by_ids([arr_id])
        series = arr.one_series(episodes[0].series_id) if episodes else None
        judged = (
            [] if series is None else want_episodes(services, instance, series, episodes, Scope())
        )
    if not judged:
        raise NoSuchRowError(f"{rules.name} has no item {arr_id}.")
    verdict, item = judged[0]
    if item is None:
        raise NotWantedError(f"{rules.name} does not want item {arr_id}: {verdict.reason}.")
    return item

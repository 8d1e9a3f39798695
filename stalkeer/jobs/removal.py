"""Removes a playlist with its entries, a few at a time: a list may have a million of them.

A second run goes on where the first one stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from stalkeer.core.jobs import URGENT, Ended, NewJob, done
from stalkeer.core.states import JobKind
from stalkeer.db.store import Store
from stalkeer.jobs.logged import logged
from stalkeer.jobs.services import Run, Services
from stalkeer.jobs.survey import survey_job

AT_ONCE = 200


def remove(services: Services, playlist_id: int) -> int:
    """Take a playlist out of use at once and have it removed; return the job's id.

    Raises `NoSuchRowError` and `ConflictError`.
    """
    services.store.sources.leave(playlist_id)
    job_id = services.store.jobs.add_or_find(removal_job(playlist_id))
    services.ring()
    return job_id


def removal_job(playlist_id: int) -> NewJob:
    """Describe the removal of a playlist."""
    name = f"remove_playlist:{playlist_id}"
    return NewJob(
        kind=JobKind.REMOVE_PLAYLIST,
        payload={"playlist_id": playlist_id},
        dedup_key=name,
        priority=URGENT,
        title=name,
    )


def handle(run: Run, services: Services) -> Ended:
    """Remove what is left of a playlist."""
    playlist_id = json.loads(run.job.payload)["playlist_id"]
    with logged(services.store, "remove_playlist", str(playlist_id)) as log:
        log.item_count = clear(services.store, playlist_id, go_on=run.go_on_or_stop)
    return done("removed", f"{log.item_count} entries removed", then=(survey_job(),))


def clear(store: Store, playlist_id: int, *, go_on: Callable[[], None]) -> int:
    """Remove everything of a playlist that leaves; `go_on` is called before each few entries."""
    removed = 0
    while True:
        go_on()
        count = store.sources.remove_some(playlist_id, AT_ONCE)
        if not count:
            return removed
        removed += count

"""Reads one playlist again and makes what it holds now the current version.

A second run writes the same version again and changes nothing. The old version stays current when
the new one cannot be read to its end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from stalkeer.core.entries import NewEntry
from stalkeer.core.jobs import ROUTINE, Ended, done, skipped
from stalkeer.core.states import ItemState
from stalkeer.db.playlists import BatchCounts, PlaylistRow
from stalkeer.db.store import Store
from stalkeer.errors import StalkeerError
from stalkeer.jobs.reading import Summary, classified
from stalkeer.jobs.services import PlaylistRules, Run, Services
from stalkeer.jobs.wanted import search_job
from stalkeer.playlist.source import NotModified, OpenSource, open_source

BATCH = 250
STILL_MISSING = (ItemState.NO_MATCH, ItemState.TO_CONFIRM, ItemState.FAILED)
"""Items for which a changed playlist may hold something new."""


class PlaylistShrunkError(StalkeerError):
    """The list has less than half of its entries of last time: probably it is broken."""

    code: ClassVar[str] = "playlist_shrunk"


def handle(run: Run, services: Services) -> Ended:
    """Refresh the playlist of a job."""
    playlist = services.store.playlists.get(json.loads(run.job.payload)["playlist_id"])
    if playlist is None:
        return skipped("the playlist is gone")

    def keep_going(_summary: Summary) -> None:
        run.go_on_or_stop()

    summary = import_playlist(
        services.store, playlist, services.playlists, on_batch=keep_going, how=How()
    )
    search_again(services.store, playlist.id)
    if summary is None:
        return skipped(f"{playlist.name} has not changed")
    return done(
        "imported",
        f"{playlist.name}: {summary.entries} entries, {summary.new} new, {summary.gone} gone",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How to import. `limit` takes only so many entries (0: all); `force` reads an unchanged list
    too, and takes one that has shrunk."""

    limit: int = 0
    force: bool = False
    batch_size: int = BATCH


@dataclass(frozen=True, slots=True)
class _Import:
    """One import on its way."""

    store: Store
    playlist: PlaylistRow
    on_batch: Callable[[Summary], None]
    how: How
    summary: Summary = field(default_factory=Summary)


def import_playlist(
    store: Store,
    playlist: PlaylistRow,
    rules: PlaylistRules,
    *,
    on_batch: Callable[[Summary], None],
    how: How,
) -> Summary | None:
    """Import a playlist and note the run in the processing log; None when it has not changed.

    `on_batch` is called after each batch and may raise to stop. Raises `PlaylistError` and
    `PlaylistShrunkError`.
    """
    run_id = store.runs.start("refresh_playlist", playlist.name)
    started_at = time.monotonic()
    task = _Import(store, playlist, on_batch, how)
    summary = task.summary
    try:
        is_changed = _import(task, rules)
    except StalkeerError as exc:
        store.playlists.note(playlist.id, error=str(exc))
        store.runs.finish(
            run_id, item_count=summary.entries, counts=summary.counts(), error=str(exc)
        )
        raise
    summary.seconds = time.monotonic() - started_at
    store.runs.finish(run_id, item_count=summary.entries, counts=summary.counts())
    return summary if is_changed else None


def search_again(store: Store, playlist_id: int) -> int:
    """Search for everything that is still missing, if the playlist changed; return how many.

    What was searched for is noted afterwards: after a kill it is done again, which the jobs' keys
    make harmless.
    """
    playlist = store.playlists.get(playlist_id)
    if playlist is None or playlist.searched_version == playlist.version:
        return 0
    items = store.items.in_state(STILL_MISSING)
    for item in items:
        store.jobs.add(search_job(item, priority=ROUTINE))
    store.playlists.mark_searched(playlist_id, playlist.version)
    return len(items)


def _import(task: _Import, rules: PlaylistRules) -> bool:
    playlist = task.playlist
    # A list that was never read, or must be read, is asked for without conditions.
    is_known = bool(playlist.version) and not task.how.force
    with open_source(
        playlist.location,
        user_agent=rules.user_agent,
        auth=rules.auth,
        etag=(playlist.etag or None) if is_known else None,
        last_modified=(playlist.last_modified or None) if is_known else None,
        limits=rules.limits,
    ) as source:
        if isinstance(source, NotModified):
            task.store.playlists.note(playlist.id)
            return False
        _store(task, source)
        return True


def _store(task: _Import, source: OpenSource) -> None:
    playlists, playlist, summary = task.store.playlists, task.playlist, task.summary
    version = playlists.begin(playlist.id)
    counts = BatchCounts()
    entries = classified(source, summary, limit=task.how.limit)
    for batch in _batches(entries, task.how.batch_size):
        playlists.write(playlist.id, version, batch, counts)
        summary.new, summary.changed = counts.new, counts.changed
        task.on_batch(summary)
    _check_not_shrunk(task)
    # Of a list that was not read to its end the server must not say that it has not changed.
    is_whole = not task.how.limit
    summary.gone = playlists.publish(
        playlist.id,
        version,
        entry_count=summary.entries,
        etag=(source.info.etag or "") if is_whole else "",
        last_modified=(source.info.last_modified or "") if is_whole else "",
        is_changed=bool(counts.new + counts.changed),
    )


def _check_not_shrunk(task: _Import) -> None:
    before, entries = task.playlist.entry_count, task.summary.entries
    if task.how.force or task.how.limit or entries >= before / 2:
        return
    raise PlaylistShrunkError(
        f"{task.playlist.name} has {entries} entries, last time it had {before}. The old list "
        f"stays; run `stalkeer process --force` if the new one is right."
    )


def _batches(entries: Iterable[NewEntry], size: int) -> Iterator[list[NewEntry]]:
    batch: list[NewEntry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch

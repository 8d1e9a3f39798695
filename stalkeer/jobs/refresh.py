"""Reads one playlist again and makes what it holds now the current version.

The import itself is done by a process of its own, see `child` and `intake`. A second run writes
the same version again and changes nothing. The old version stays current when the new one cannot
be read to its end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stalkeer.core.items import ItemKind
from stalkeer.core.jobs import ROUTINE, Ended, done, skipped
from stalkeer.core.matching import lookup_keys
from stalkeer.db.importing import ImportLostError
from stalkeer.db.items import Item
from stalkeer.db.learned import target_of
from stalkeer.db.playlists import PlaylistRow
from stalkeer.db.store import Store
from stalkeer.errors import StalkeerError
from stalkeer.jobs.child import Imported, ImportOrder, run_import
from stalkeer.jobs.intake import Intake
from stalkeer.jobs.reading import Summary
from stalkeer.jobs.services import PlaylistRules, Run, Services, StoppedError
from stalkeer.jobs.sources import source_of
from stalkeer.jobs.survey import survey_job
from stalkeer.jobs.timetable import refresh_soon
from stalkeer.jobs.wanted import SOUGHT, STILL_MISSING, search_job
from stalkeer.log import get_logger
from stalkeer.playlist.source import is_address
from stalkeer.playlist.terms import SourceKind

log = get_logger(__name__)

TELL_EVERY_S = 2.0
Runner = Callable[..., Imported]
"""What carries out an order, as `run_import` does."""


def handle(run: Run, services: Services) -> Ended:
    """Refresh the playlist of a job."""
    order = json.loads(run.job.payload)
    playlist = services.store.playlists.get(order.pop("playlist_id"))
    if playlist is None:
        return skipped("the playlist is gone")
    try:
        summary = import_playlist(
            services.store,
            playlist,
            services.playlists,
            token=services.new_id(),
            on_progress=_Watched(run, services).tell,
            look=run.go_on_or_stop,
            how=How(**order),
        )
    except ImportLostError as exc:
        return skipped(str(exc))
    search_again(services.store, playlist.id)
    if summary is None:
        return skipped(f"{playlist.name} has not changed")
    return done(
        "imported",
        f"{playlist.name}: {summary.entries} entries, {summary.new} new, {summary.gone} gone",
        then=(survey_job(),) if summary.is_changed else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How to import. `limit` takes only so many entries (0: all); `force` reads an unchanged list
    too, and takes one that is suspicious. A transaction has at most `batch_size` entries (0: as
    many as it has time for)."""

    limit: int = 0
    force: bool = False
    batch_size: int = 0


def import_playlist(
    store: Store,
    playlist: PlaylistRow,
    rules: PlaylistRules,
    *,
    token: str,
    on_progress: Callable[[Summary], None],
    look: Callable[[], None] = lambda: None,
    run: Runner = run_import,
    how: How,
) -> Summary | None:
    """Import a playlist and note the run in the processing log; None when it has not changed.

    `token` is a new one for each import. `on_progress` is called several times a second with the
    figures so far, and `look` as often whether there are any; both may raise to stop. Raises a
    `PlaylistError`, `PlaylistShrunkError`, `ImportLostError` or `ImportCrashedError`.
    """
    task = _Import(store, playlist, rules, token, on_progress, how)
    run_id, started_at = store.runs.start("refresh_playlist", playlist.name), time.monotonic()
    try:
        imported = run(task.order(), tell=task.tell, look=look)
    except StalkeerError as exc:
        task.failed(exc)
        store.runs.finish(
            run_id, item_count=task.seen.entries, counts=task.seen.counts(), error=str(exc)
        )
        raise
    task.seen = imported.summary or Summary(seconds=time.monotonic() - started_at)
    task.note(imported)
    if task.seen.is_changed:
        store.tallies.recount(playlist.id)
    store.runs.finish(run_id, item_count=task.seen.entries, counts=task.seen.counts())
    if imported.summary is not None:
        log.info("playlist read", playlist=playlist.name, **imported.summary.skipped())
    return imported.summary


def search_again(store: Store, playlist_id: int) -> int:
    """Search for what is still missing and may be among the new entries; return how many.

    What was searched for is noted afterwards: after a kill it is done again, which the jobs' keys
    make harmless.
    """
    playlist = store.playlists.get(playlist_id)
    if playlist is None or playlist.searched_version == playlist.version:
        return 0
    items = {item.id: item for item in store.items.in_state(STILL_MISSING)}
    found = _fitting(store, playlist, items)
    for item_id in found:
        store.jobs.add(search_job(items[item_id], priority=ROUTINE))
    store.playlists.mark_searched(playlist_id, playlist.version)
    return len(found)


def _fitting(store: Store, playlist: PlaylistRow, items: Mapping[int, Item]) -> tuple[int, ...]:
    if not items:
        return ()
    taught = store.learned.all()
    targets = {item.id: target_of(item.instance, item.wanted) for item in items.values()}
    return store.playlists.new_for(
        playlist.id,
        {item.id: item.wanted for item in items.values()},
        since_version=playlist.searched_version,
        aliases={item_id: taught.get(target, ()) for item_id, target in targets.items()},
    )


class _Watched:
    """Shows how far a refresh is in the row of its job."""

    def __init__(self, run: Run, services: Services) -> None:
        self._run = run
        self._leases = services.store.leases
        self._told_at = -TELL_EVERY_S

    def tell(self, summary: Summary) -> None:
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            self._leases.tell(self._run.lease, "importing", summary.words())


class _Import:
    """One import as its parent sees it."""

    def __init__(
        self,
        store: Store,
        playlist: PlaylistRow,
        rules: PlaylistRules,
        token: str,
        on_progress: Callable[[Summary], None],
        how: How,
    ) -> None:
        self.seen = Summary()
        self._store = store
        self._playlist = playlist
        self._rules = rules
        self._token = token
        self._on_progress = on_progress
        self._how = how

    def order(self) -> ImportOrder:
        """Say what the process has to know."""
        playlist, store, how = self._playlist, self._store, self._how
        # A list that was never read, or must be read, is asked for without conditions.
        is_known = bool(playlist.version) and not how.force
        source = source_of(playlist)
        return ImportOrder(
            database_url=store.db.url,
            keys=store.playlists.vault.keys,
            intake=Intake(
                name=playlist.name,
                playlist_id=playlist.id,
                token=self._token,
                entry_count=playlist.entry_count,
                base=source.location if is_address(source.location) else "",
                filters=store.filters.rules(),
                limit=how.limit,
                force=how.force,
                batch_size=how.batch_size,
            ),
            source=source,
            rules=self._rules,
            etag=(playlist.etag or None) if is_known else None,
            last_modified=(playlist.last_modified or None) if is_known else None,
            wanted=_wanted_keys(store) if source.kind is SourceKind.XTREAM else frozenset(),
        )

    def tell(self, summary: Summary) -> None:
        """Pass on how far it is."""
        self.seen = summary
        self._on_progress(summary)

    def failed(self, error: StalkeerError) -> None:
        """Note why the old version stays."""
        if not isinstance(error, ImportLostError | StoppedError):
            self._store.playlists.note(self._playlist.id, error=str(error), code=error.code)

    def note(self, imported: Imported) -> None:
        """Note what the source said beside its entries."""
        store, playlist_id = self._store, self._playlist.id
        if imported.summary is None:
            store.playlists.note(playlist_id)
        if imported.info.account is not None:
            account = imported.info.account
            store.playlists.note_account(
                playlist_id,
                max_connections=account.max_connections,
                expires_at=account.expires_at,
            )
        if imported.info.unread_series:
            refresh_soon(store, playlist_id)


def _wanted_keys(store: Store) -> frozenset[str]:
    items, taught = store.items.in_state(SOUGHT), store.learned.all()
    return frozenset(
        key
        for item in items
        if item.wanted.kind is ItemKind.EPISODE
        for key in lookup_keys(item.wanted, taught.get(target_of(item.instance, item.wanted), ()))
    )

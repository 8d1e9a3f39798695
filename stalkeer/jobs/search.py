"""Finds the playlist entry that is one wanted item, and starts its download.

Running twice is harmless: a download is unique per item and per entry while it is active.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from stalkeer.core.entries import provider_of
from stalkeer.core.jobs import Ended, ItemMove, NewDownload, NewJob, NewMatch, done, later, skipped
from stalkeer.core.matching import Ranking, Scored, rank
from stalkeer.core.states import ImportStatus, ItemState, JobKind, MatchState
from stalkeer.core.titles import parse_name
from stalkeer.db.downloads import Download
from stalkeer.db.items import Item
from stalkeer.db.playlists import PlaylistRow
from stalkeer.jobs.services import Run, Services
from stalkeer.jobs.wanted import import_job, item_key

IMPORT_LOOK_AGAIN_S = 2.0


def handle(run: Run, services: Services) -> Ended:
    """Search for one item."""
    item = None if run.job.item_id is None else services.store.items.get(run.job.item_id)
    if item is None or not item.is_missing:
        return skipped("nothing misses it any more")
    held = services.store.downloads.held_for(item.id)
    if held is not None:
        return _held(run, services, item, held)
    if _first_import_runs(services):
        return later("the first import of a playlist is running", run_in_s=IMPORT_LOOK_AGAIN_S)
    ranking = _rank(item, services)
    services.store.items.mark_searched(item.id)
    return _decide(run, services, item, ranking)


def _held(run: Run, services: Services, item: Item, held: Download) -> Ended:
    """Leave an item alone whose file is here or on its way; have a refused one imported again."""
    if held.import_status is not ImportStatus.FAILED:
        return skipped(f"download {held.id} is for it already")
    again = import_job(
        item, held, priority=run.job.priority, max_attempts=services.downloads.attempts
    )
    return done("import_again", f"download {held.id} has the file", then=(again,))


def _first_import_runs(services: Services) -> bool:
    unread = [row for row in services.store.playlists.all() if not row.version]
    # A playlist that failed may fail for days; the others are searched meanwhile.
    return bool(unread) and services.store.jobs.has_active(JobKind.REFRESH_PLAYLIST, unfailed=True)


def _rank(item: Item, services: Services) -> Ranking:
    arr, _ = services.instance(item.instance)
    candidates = services.store.playlists.candidates(item.wanted)
    library = services.libraries.of(arr)
    return rank(item.wanted, candidates, library=library, rules=services.matching)


def _decide(run: Run, services: Services, item: Item, ranking: Ranking) -> Ended:
    """Take the best entry that was not tried or rejected; else ask; else say why not."""
    tried = services.store.downloads.tried_entries(item.id)
    rejected = services.store.matches.rejected(item.id)
    confirmed = services.store.matches.confirmed(item.id)
    out = rejected | set(tried)
    both = (*ranking.taken, *ranking.to_confirm)
    sure = [one for one in both if one.entry_id in confirmed]
    sure += _chosen(services, confirmed - {one.entry_id for one in both})
    sure += [one for one in ranking.taken if one.entry_id not in confirmed]
    choice = _first(sure, out)
    if choice is not None:
        return _take(run, services, item, choice)
    doubtful = _first(ranking.to_confirm, out)
    if doubtful is not None:
        return _ask(item, doubtful)
    return _nothing(services, item, tried)


def _chosen(services: Services, entry_ids: Collection[int]) -> list[Scored]:
    """Return the entries that a person chose and no search would propose."""
    found = (services.store.playlists.entry(entry_id) for entry_id in sorted(entry_ids))
    reasons = ("a person chose it",)
    return [
        Scored(entry.id, 100, "by_hand", reasons, parse_name(entry.name))
        for entry in found
        if entry is not None
    ]


def _first(scored: Collection[Scored], out: Collection[int]) -> Scored | None:
    return next((one for one in scored if one.entry_id not in out), None)


def _take(run: Run, services: Services, item: Item, choice: Scored) -> Ended:
    entry = services.store.playlists.entry(choice.entry_id)
    if entry is None:
        return later("the playlist changed under the search", run_in_s=0)
    job = NewJob(
        kind=JobKind.DOWNLOAD,
        dedup_key=item_key(item.instance, item.wanted),
        priority=run.job.priority,
        instance=item.instance,
        item_id=item.id,
        provider=provider_of(entry.url),
        title=item.wanted.label,
        max_attempts=services.downloads.attempts,
    )
    others = _also_in(services, item, choice)
    return done(
        "taken",
        f"{entry.name} ({choice.score} of 100): {'; '.join(choice.reasons)}",
        matches=(_match(item, choice, MatchState.TAKEN),),
        downloads=(NewDownload(entry_id=entry.id, item_ids=(item.id, *others), job=job),),
    )


def _also_in(services: Services, item: Item, choice: Scored) -> tuple[int, ...]:
    """Return the other missing episodes that the chosen entry holds."""
    if len(choice.episodes) < 2 or item.wanted.series_id is None:
        return ()
    siblings = services.store.items.of_series(item.instance, item.wanted.series_id)
    return tuple(
        one.id
        for one in siblings
        if one.id != item.id
        and one.is_missing
        and (one.wanted.season, one.wanted.episode) in choice.episodes
    )


def _ask(item: Item, choice: Scored) -> Ended:
    reason = f"only {choice.score} of 100 sure: {'; '.join(choice.reasons)}"
    return done(
        "to_confirm",
        reason,
        matches=(_match(item, choice, MatchState.TO_CONFIRM),),
        items=(ItemMove(item_id=item.id, state=ItemState.TO_CONFIRM, reason=reason),),
    )


def _nothing(services: Services, item: Item, tried: Mapping[int, str]) -> Ended:
    if tried:
        last = list(tried.values())[-1]
        reason = f"all {len(tried)} fitting entries failed; the last one: {last}"
        return done("failed", reason, items=(_move(item, ItemState.FAILED, reason),))
    reason = _why_in_none(services.store.playlists.all())
    return done("no_match", reason, items=(_move(item, ItemState.NO_MATCH, reason),))


def _why_in_none(playlists: Sequence[PlaylistRow]) -> str:
    if any(row.version for row in playlists):
        return "it is in none of the playlists"
    trouble = next((row.last_error for row in playlists if row.last_error), None)
    return f"no playlist is read yet: {trouble or 'set STALKEER_M3U_URL or STALKEER_M3U_FILE_PATH'}"


def _move(item: Item, state: ItemState, reason: str) -> ItemMove:
    return ItemMove(item_id=item.id, state=state, reason=reason)


def _match(item: Item, choice: Scored, state: MatchState) -> NewMatch:
    return NewMatch(
        item_id=item.id,
        entry_id=choice.entry_id,
        score=choice.score,
        method=choice.method,
        reasons=choice.reasons,
        state=state,
    )

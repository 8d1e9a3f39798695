"""Finds the playlist entry that is one wanted item, and starts its download.

Running twice is harmless: a download is unique per item and per entry while it is active.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from stalkeer.core.entries import provider_of
from stalkeer.core.jobs import Ended, ItemMove, NewDownload, NewJob, NewMatch, done, later, skipped
from stalkeer.core.matching import Scored
from stalkeer.core.quality import ANY_QUALITY
from stalkeer.core.reasons import WhyNot
from stalkeer.core.states import ImportStatus, ItemState, JobKind, MatchState
from stalkeer.core.titles import parse_name
from stalkeer.db.downloads import Download
from stalkeer.db.items import Item
from stalkeer.jobs.judging import Judged, Nothing, looked_up, why_nothing
from stalkeer.jobs.quality import quality_payload
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
    found = looked_up(services, item.instance, item.wanted)
    services.store.items.mark_searched(item.id)
    return _decide(run, services, item, found)


def _held(run: Run, services: Services, item: Item, held: Download) -> Ended:
    """Leave an item alone whose file is here or on its way; have a refused one imported again."""
    if held.import_status is not ImportStatus.FAILED:
        return skipped(f"download {held.id} is for it already")
    again = import_job(
        item, held, priority=run.job.priority, max_attempts=services.downloads.attempts
    )
    return done("import_again", f"download {held.id} has the file", then=(again,))


def _first_import_runs(services: Services) -> bool:
    unread = [row for row in services.store.playlists.all() if not (row.version or row.last_error)]
    # A playlist that failed may fail for days; the others are searched meanwhile.
    return bool(unread) and services.store.jobs.has_active(JobKind.REFRESH_PLAYLIST, unfailed=True)


def _decide(run: Run, services: Services, item: Item, found: Judged) -> Ended:
    """Take the best entry that was not tried or rejected; else ask; else say why not."""
    ranking = found.ranking
    tried = services.store.downloads.tried_entries(item.id)
    rejected = services.store.matches.rejected(item.id)
    confirmed = services.store.matches.confirmed(item.id)
    out = rejected | set(tried)
    if item.wanted.file_id is not None:
        # A better file is looked for: not the one that is there already.
        out |= services.store.matches.imported(item.id)
    both = (*ranking.taken, *ranking.to_confirm)
    sure = [one for one in both if one.entry_id in confirmed]
    sure += _chosen(services, confirmed - {one.entry_id for one in both})
    by_hand = _first(sure, out)
    if by_hand is not None:
        # A person's word counts more than the quality profile.
        return _take(run, services, item, by_hand, replace(found, quality=ANY_QUALITY))
    choice = _first(ranking.taken, out)
    if choice is not None:
        return _take(run, services, item, choice, found)
    doubtful = _first(ranking.to_confirm, out)
    if doubtful is not None:
        return _ask(services, item, doubtful, found)
    why = why_nothing(services, item.instance, item.wanted, found, rejected)
    return _nothing(item, tried, why)


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


def _take(run: Run, services: Services, item: Item, choice: Scored, found: Judged) -> Ended:
    entry = services.store.playlists.entry(choice.entry_id)
    if entry is None:
        return later("the playlist changed under the search", run_in_s=0)
    job = NewJob(
        kind=JobKind.DOWNLOAD,
        payload=quality_payload(found.quality),
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
        matches=(_match(item, choice, MatchState.TAKEN, found, entry.name),),
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


def _ask(services: Services, item: Item, choice: Scored, found: Judged) -> Ended:
    name = found.names[choice.entry_id]
    reason = f"{choice.score} < {services.matching.auto}: {name}: {'; '.join(choice.reasons)}"
    return done(
        "to_confirm",
        reason,
        matches=(_match(item, choice, MatchState.TO_CONFIRM, found, name),),
        items=(_move(item, ItemState.TO_CONFIRM, WhyNot.TO_CONFIRM, reason),),
    )


def _nothing(item: Item, tried: Mapping[int, str], why: Nothing) -> Ended:
    if tried:
        last = list(tried.values())[-1]
        reason = f"all {len(tried)} fitting entries failed; the last one: {last}"
        move = _move(item, ItemState.FAILED, WhyNot.FAILED_N_TIMES, reason)
        return done("failed", reason, items=(move,))
    move = _move(item, ItemState.NO_MATCH, why.code, why.reason)
    return done("no_match", why.reason, items=(move,))


def _move(item: Item, state: ItemState, code: WhyNot, reason: str) -> ItemMove:
    return ItemMove(item_id=item.id, state=state, code=code, reason=reason)


def _match(item: Item, choice: Scored, state: MatchState, found: Judged, name: str) -> NewMatch:
    return NewMatch(
        item_id=item.id,
        entry_id=choice.entry_id,
        score=choice.score,
        method=choice.method,
        reasons=choice.reasons,
        state=state,
        entry_name=name,
        alternatives=found.considered(choice),
    )

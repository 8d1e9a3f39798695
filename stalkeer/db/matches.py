"""Matches: which entry might be which item, how surely, and what a person said about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import peewee as pw

from stalkeer.core.jobs import Considered, NewMatch
from stalkeer.core.states import ImportStatus, MatchState
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import DownloadInfo, DownloadItem, Match
from stalkeer.db.pages import Page, PageRequest, fetch_page

BY_HAND = "by_hand"
"""The method of a match that a person made."""

_FIELDS: dict[str, pw.Field[Any]] = {
    "id": Match.id,
    "state": Match.state,
    "score": Match.score,
    "updated_at": Match.updated_at,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """The judgement of one entry for one item, and what a person said about it.

    `entry_name` is how the list called the entry; `alternatives` are those considered beside it.
    """

    id: int
    item_id: int
    playlist_item_id: int
    score: int
    method: str
    reasons: tuple[str, ...]
    state: MatchState
    entry_name: str
    alternatives: tuple[Considered, ...]
    created_at: datetime
    updated_at: datetime


class Matches:
    """Reads and writes matches."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def rejected(self, item_id: int) -> frozenset[int]:
        """Return the entries a person rejected for an item."""
        rows = Match.select(Match.entry).where(
            (Match.item == item_id) & (Match.state == MatchState.REJECTED)
        )
        return frozenset(row.playlist_item_id for row in rows)

    @reads
    def confirmed(self, item_id: int) -> frozenset[int]:
        """Return the entries a person confirmed for an item."""
        rows = Match.select(Match.entry).where(
            (Match.item == item_id) & (Match.state == MatchState.CONFIRMED)
        )
        return frozenset(row.playlist_item_id for row in rows)

    @reads
    def imported(self, item_id: int) -> frozenset[int]:
        """Return the entries whose files were imported for an item."""
        return self._imported(item_id)

    @writes
    def reject_imported(self, item_id: int) -> None:
        """Reject the entries whose files were imported for an item: their file was deleted."""
        for entry_id in self._imported(item_id):
            self._say(item_id, entry_id, MatchState.REJECTED)

    @writes
    def say(self, match_id: int, state: MatchState) -> None:
        """Write what a person said of a match."""
        Match.update(state=state, updated_at=self.db.now()).where(Match.id == match_id).execute()

    @writes
    def by_hand(self, item_id: int, entry_id: int, entry_name: str = "") -> MatchRow:
        """Write a match that a person made, confirmed."""
        self._say(item_id, entry_id, MatchState.CONFIRMED, entry_name)
        return _match(Match.get((Match.item == item_id) & (Match.entry == entry_id)))

    @writes
    def take_back(self, match_id: int, state: MatchState) -> None:
        """Take back what a person said of a match, so that it is what the search thought of it.

        One that was chosen by hand is nothing a search thought of, and is removed.
        """
        Match.delete().where((Match.id == match_id) & (Match.method == BY_HAND)).execute()
        Match.update(state=state, updated_at=self.db.now()).where(Match.id == match_id).execute()

    @reads
    def get(self, match_id: int) -> MatchRow | None:
        """Return one match, or None."""
        row = Match.get_or_none(Match.id == match_id)
        return None if row is None else _match(row)

    @reads
    def of_item(self, item_id: int) -> tuple[MatchRow, ...]:
        """Return everything that was judged for an item, the best first."""
        rows = Match.select().where(Match.item == item_id).order_by(Match.score.desc(), Match.id)
        return tuple(_match(row) for row in rows)

    @reads
    def of_items(self, item_ids: Collection[int]) -> dict[int, list[MatchRow]]:
        """Return everything that was judged for items, by their ids, the best first."""
        rows = Match.select().where(Match.item.in_(list(item_ids)))
        found: defaultdict[int, list[MatchRow]] = defaultdict(list)
        for row in rows.order_by(Match.score.desc(), Match.id):
            found[row.item_id].append(_match(row))
        return dict(found)

    @reads
    def page(self, request: PageRequest) -> Page[MatchRow]:
        """Return one page of the matches."""
        return fetch_page(Match.select(), request, _FIELDS, _match)

    def _imported(self, item_id: int) -> frozenset[int]:
        rows = (
            DownloadInfo.select(DownloadInfo.playlist_item)
            .join(DownloadItem)
            .where(
                (DownloadItem.item == item_id)
                & (DownloadInfo.import_status == ImportStatus.IMPORTED)
                & DownloadInfo.playlist_item.is_null(False)
            )
        )
        return frozenset(int(row.playlist_item_id or 0) for row in rows)

    def _say(self, item_id: int, entry_id: int, state: MatchState, entry_name: str = "") -> None:
        now = self.db.now()
        Match.insert(
            item=item_id,
            entry=entry_id,
            score=100,
            method=BY_HAND,
            reasons=[],
            state=state,
            entry_name=entry_name,
            created_at=now,
            updated_at=now,
        ).on_conflict(
            conflict_target=(Match.item, Match.entry), update={"state": state, "updated_at": now}
        ).execute()

    def keep(self, matches: Iterable[NewMatch]) -> None:
        """Write judgements; what a person said is never overwritten. Inside a transaction."""
        for match in matches:
            now = self.db.now()
            judged = {
                "score": match.score,
                "method": match.method,
                "reasons": match.reasons,
                "state": match.state,
                "entry_name": match.entry_name,
                "alternatives": [asdict(each) for each in match.alternatives],
                "updated_at": now,
            }
            Match.insert(
                item=match.item_id, entry=match.entry_id, created_at=now, **judged
            ).on_conflict(
                conflict_target=(Match.item, Match.entry),
                update=judged,
                where=Match.state.in_((MatchState.TAKEN, MatchState.TO_CONFIRM)),
            ).execute()


def _match(row: Match) -> MatchRow:
    return MatchRow(
        id=row.id,
        item_id=row.item_id,
        playlist_item_id=row.playlist_item_id,
        score=row.score,
        method=row.method,
        reasons=tuple(row.reasons),
        state=MatchState(row.state),
        entry_name=row.entry_name,
        alternatives=tuple(_considered(each) for each in row.alternatives or ()),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _considered(said: dict[str, Any]) -> Considered:
    return Considered(**said | {"reasons": tuple(said["reasons"])})

"""Wanted items: what the arrs miss, and how the work on each stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import peewee as pw
from pydantic import TypeAdapter

from stalkeer.core.items import ItemKind, Service, Wanted
from stalkeer.core.jobs import ItemMove
from stalkeer.core.notices import Event
from stalkeer.core.reasons import WhyNot, code_of
from stalkeer.core.states import ItemState
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import DownloadInfo, Notice, WantedItem
from stalkeer.db.pages import Page, PageRequest, count_by, fetch_page

ENDED = (ItemState.IMPORTED, ItemState.GONE)
"""States of items that are no longer missing."""

_WANTED = TypeAdapter(Wanted)
_FIELDS: dict[str, pw.Field[Any]] = {
    "id": WantedItem.id,
    "instance": WantedItem.instance,
    "kind": WantedItem.kind,
    "state": WantedItem.state,
    "reason_code": WantedItem.reason_code,
    "title": WantedItem.title,
    "year": WantedItem.year,
    "added_at": WantedItem.added_at,
    "updated_at": WantedItem.updated_at,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A wanted item with its state. `wanted` is what was last read from the arr."""

    id: int
    instance: str
    service: Service
    wanted: Wanted
    state: ItemState
    reason: str
    reason_code: WhyNot
    moved_at: datetime | None
    failures: int
    added_at: datetime | None
    searched_at: datetime | None
    updated_at: datetime

    @property
    def is_missing(self) -> bool:
        """Whether the arr still lacks it, as far as we know."""
        return self.state not in ENDED


class Items:
    """Reads and writes wanted items."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def get(self, item_id: int) -> Item | None:
        """Return one item, or None."""
        row = WantedItem.get_or_none(WantedItem.id == item_id)
        return None if row is None else _item(row)

    @reads
    def many(self, item_ids: Collection[int]) -> tuple[Item, ...]:
        """Return these items, in the order of their ids."""
        rows = WantedItem.select().where(WantedItem.id.in_(item_ids)).order_by(WantedItem.id)
        return tuple(_item(row) for row in rows)

    @reads
    def of_arr(self, instance: str, arr_ids: Collection[int]) -> tuple[Item, ...]:
        """Return the items with these ids in the arr."""
        rows = WantedItem.select().where(
            (WantedItem.instance == instance) & WantedItem.arr_id.in_(arr_ids)
        )
        return tuple(_item(row) for row in rows)

    @reads
    def of_series(self, instance: str, series_id: int) -> tuple[Item, ...]:
        """Return the episodes of a series."""
        rows = WantedItem.select().where(
            (WantedItem.instance == instance) & (WantedItem.series_id == series_id)
        )
        return tuple(_item(row) for row in rows)

    @reads
    def in_state(self, states: Collection[ItemState]) -> tuple[Item, ...]:
        """Return every item in one of these states, newest first."""
        rows = (
            WantedItem.select()
            .where(WantedItem.state.in_(states))
            .order_by(WantedItem.added_at.desc(nulls="LAST"), WantedItem.id.desc())
        )
        return tuple(_item(row) for row in rows)

    @reads
    def missing(self, kind: ItemKind, request: PageRequest) -> Page[Item]:
        """Return one page of what is missing."""
        query = WantedItem.select().where(
            (WantedItem.kind == kind)
            & WantedItem.state.not_in(ENDED)
            # What has a file and waits for a better one is not missing.
            & WantedItem.file_resolution.is_null()
        )
        return fetch_page(query, request, _FIELDS, _item)

    @reads
    def missing_of(self, instance: str) -> tuple[Item, ...]:
        """Return everything that is missing in one instance."""
        rows = WantedItem.select().where(
            (WantedItem.instance == instance) & WantedItem.state.not_in(ENDED)
        )
        return tuple(_item(row) for row in rows)

    @reads
    def counts(self) -> dict[str, int]:
        """Count the items by state."""
        return count_by(WantedItem.state)

    @writes
    def learn(
        self, instance: str, service: Service, wanted: Wanted, added_at: datetime | None
    ) -> int:
        """Write what the arr says of a missing item and return its id.

        A known item keeps its state, unless it had left the missing ones: then it starts anew.
        """
        found = WantedItem.get_or_none(
            (WantedItem.instance == instance) & (WantedItem.arr_id == wanted.arr_id)
        )
        values = _columns(wanted) | {"added_at": added_at, "updated_at": self.db.now()}
        if found is None:
            return self._add(instance, service, values)
        if found.state in ENDED:
            values |= {"searched_at": None} | self._anew()
        WantedItem.update(**values).where(WantedItem.id == found.id).execute()
        return int(found.id)

    def _add(self, instance: str, service: Service, values: dict[str, Any]) -> int:
        """Write an item that nobody knew a moment ago; two webhooks may name it at once."""
        begun = {"state": ItemState.SEARCHING, "reason_code": code_of(ItemState.SEARCHING)}
        named = {"instance": instance, "service": service, "created_at": self.db.now()}
        rows = (
            WantedItem.insert(**values | begun | named)
            .on_conflict(conflict_target=(WantedItem.instance, WantedItem.arr_id), update=values)
            .returning(WantedItem.id)
            .execute()
        )
        return int(next(iter(rows)).id)

    @writes
    def move(self, moves: Iterable[ItemMove]) -> None:
        """Write new states, as `show_items` does."""
        for move in moves:
            show_items(self.db, [move.item_id], move.state, move.reason, move.code)

    def show(self, item_ids: Collection[int], state: ItemState, reason: str) -> None:
        """Write one state of several items. Inside a transaction."""
        show_items(self.db, item_ids, state, reason)

    @writes
    def start_anew(self, item_id: int, *, failures: int = 0) -> None:
        """Let an item be searched for again, with the entries that failed before."""
        WantedItem.update(self._anew() | {"failures": failures}).where(
            WantedItem.id == item_id
        ).execute()

    def _anew(self) -> dict[str, Any]:
        now = self.db.now()
        last_download = DownloadInfo.select(pw.fn.COALESCE(pw.fn.MAX(DownloadInfo.id), 0))
        return {
            "state": ItemState.SEARCHING,
            "reason": "",
            "reason_code": code_of(ItemState.SEARCHING),
            "failures": 0,
            "forgiven_id": last_download,
            "moved_at": now,
            "updated_at": now,
        }

    @writes
    def mark_searched(self, item_id: int) -> None:
        """Note that the playlists were searched for an item."""
        WantedItem.update(searched_at=self.db.now()).where(WantedItem.id == item_id).execute()


def show_items(
    db: Database, item_ids: Collection[int], state: ItemState, reason: str, code: str = ""
) -> None:
    """Write the state of items, with why, since when and how often. Inside a transaction.

    What is no longer missing stays so, whatever a job that began before found out: only `learn`
    makes it missing again.
    """
    is_new = WantedItem.state != state
    values: dict[str, Any] = {"state": state, "reason": reason, "updated_at": db.now()}
    values["reason_code"] = code_of(state, code)
    values["moved_at"] = pw.Case(None, [(is_new, db.now())], WantedItem.moved_at)
    if state in (ItemState.FAILED, ItemState.IMPORT_FAILED):
        values["failures"] = pw.Case(None, [(is_new, WantedItem.failures + 1)], WantedItem.failures)
    if state is ItemState.OBTAINED:
        # A new file counts anew; one that is only asked for again goes on counting.
        is_same_file = WantedItem.state.in_((ItemState.IMPORT_FAILED, ItemState.OBTAINED))
        values["failures"] = pw.Case(None, [(is_same_file, WantedItem.failures)], 0)
    where = WantedItem.id.in_(item_ids)
    if state not in ENDED:
        where &= WantedItem.state.not_in(ENDED)
    if state in _TOLD:
        _tell(db, where & is_new, state, reason)
    WantedItem.update(values).where(where).execute()


def _tell(db: Database, where: Any, state: ItemState, reason: str) -> None:
    """Write down what the user is to be told of items that come into a state."""
    event, came_from = _TOLD[state]
    if came_from:
        where &= WantedItem.state.in_(came_from)
    for row in WantedItem.select().where(where):
        wanted = _WANTED.validate_python(row.detail)
        text = f"{wanted.label}: {reason}" if event is Event.FAILED and reason else wanted.label
        Notice.insert(event=event, text=text, created_at=db.now()).execute()


_TOLD: dict[ItemState, tuple[Event, tuple[ItemState, ...]]] = {
    # What the arr got elsewhere is no news of ours.
    ItemState.IMPORTED: (Event.IMPORTED, (ItemState.OBTAINED, ItemState.IMPORT_FAILED)),
    ItemState.FAILED: (Event.FAILED, ()),
    ItemState.IMPORT_FAILED: (Event.FAILED, ()),
    ItemState.TO_CONFIRM: (Event.TO_CONFIRM, ()),
}
"""The states that are news, and from which states when not from all."""


def _columns(wanted: Wanted) -> dict[str, Any]:
    return {
        "kind": wanted.kind,
        "arr_id": wanted.arr_id,
        "series_id": wanted.series_id,
        "title": wanted.label if wanted.kind is ItemKind.EPISODE else wanted.title,
        "year": wanted.year,
        "season": wanted.season,
        "episode": wanted.episode,
        "file_resolution": wanted.file_resolution,
        "detail": asdict(wanted),
    }


def _item(row: WantedItem) -> Item:
    return Item(
        id=row.id,
        instance=row.instance,
        service=Service(row.service),
        wanted=_WANTED.validate_python(row.detail),
        state=ItemState(row.state),
        reason=row.reason,
        reason_code=WhyNot(row.reason_code),
        moved_at=row.moved_at,
        failures=row.failures,
        added_at=row.added_at,
        searched_at=row.searched_at,
        updated_at=row.updated_at,
    )

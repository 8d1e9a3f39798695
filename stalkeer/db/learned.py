"""Names of films and series that a person's confirmations taught. They outlive the entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee as pw

from stalkeer.core.items import ItemKind, Wanted
from stalkeer.core.learned import Alias
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import LearnedTitle
from stalkeer.db.pages import Page, PageRequest, fetch_page

Target = tuple[str, ItemKind, int]
"""A film or a series: its instance, the kind of its items, its id in the arr."""

_FIELDS: dict[str, pw.Field[Any]] = {
    "id": LearnedTitle.id,
    "instance": LearnedTitle.instance,
    "kind": LearnedTitle.kind,
    "target_id": LearnedTitle.target_id,
    "title": LearnedTitle.title,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A name that was taught: for which film or series, by which match, and when."""

    id: int
    match_id: int | None
    instance: str
    kind: ItemKind
    target_id: int
    alias: Alias
    created_at: datetime


def target_of(instance: str, wanted: Wanted) -> Target:
    """Give the film or the series that an item is of."""
    target_id = wanted.arr_id if wanted.series_id is None else wanted.series_id
    return instance, wanted.kind, target_id


class LearnedTitles:
    """Reads and writes taught names."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @writes
    def teach(self, target: Target, alias: Alias, match_id: int) -> None:
        """Write that a film or series has this name, because a person confirmed a match."""
        self._forget(match_id)
        instance, kind, target_id = target
        now = self.db.now()
        LearnedTitle.insert(
            match=match_id,
            instance=instance,
            kind=kind,
            target_id=target_id,
            key=alias.key,
            title=alias.title,
            year=alias.year,
            country=alias.country,
            group_title=alias.group,
            languages=alias.languages,
            created_at=now,
            updated_at=now,
        ).execute()

    @writes
    def forget(self, match_id: int) -> None:
        """Take back what the confirmation of a match taught."""
        self._forget(match_id)

    @writes
    def remove(self, learned_id: int) -> Learned | None:
        """Take back one name and return it, or None when there is no such."""
        row = LearnedTitle.get_or_none(LearnedTitle.id == learned_id)
        LearnedTitle.delete().where(LearnedTitle.id == learned_id).execute()
        return None if row is None else _learned(row)

    @reads
    def of(self, target: Target) -> tuple[Alias, ...]:
        """Return the names that were taught for a film or a series."""
        instance, kind, target_id = target
        rows = list(
            LearnedTitle.select().where(
                (LearnedTitle.instance == instance)
                & (LearnedTitle.kind == kind)
                & (LearnedTitle.target_id == target_id)
            )
        )
        if not rows:
            return ()
        same = LearnedTitle.select().where(LearnedTitle.key.in_({row.key for row in rows}))
        return tuple(_aliases(rows, _holders(same)))

    @reads
    def all(self) -> dict[Target, tuple[Alias, ...]]:
        """Return every name that was taught, by what it is the name of."""
        rows = list(LearnedTitle.select().order_by(LearnedTitle.id))
        holders = _holders(rows)
        by_target: defaultdict[Target, list[LearnedTitle]] = defaultdict(list)
        for row in rows:
            by_target[_target(row)].append(row)
        return {target: tuple(_aliases(some, holders)) for target, some in by_target.items()}

    @reads
    def page(self, request: PageRequest) -> Page[Learned]:
        """Return one page of the taught names."""
        return fetch_page(LearnedTitle.select(), request, _FIELDS, _learned)

    def _forget(self, match_id: int) -> None:
        LearnedTitle.delete().where(LearnedTitle.match == match_id).execute()


def _target(row: LearnedTitle) -> Target:
    return row.instance, ItemKind(row.kind), row.target_id


def _name(row: LearnedTitle) -> tuple[str, int | None, str | None]:
    return row.key, row.year, row.country


def _holders(rows: Iterable[LearnedTitle]) -> dict[Any, set[Target]]:
    """Give for each name the films and series it was taught for."""
    holders: defaultdict[Any, set[Target]] = defaultdict(set)
    for row in rows:
        holders[_name(row)].add(_target(row))
    return holders


def _aliases(rows: Iterable[LearnedTitle], holders: dict[Any, set[Target]]) -> Iterable[Alias]:
    return (_alias(row, is_shared=len(holders[_name(row)]) > 1) for row in rows)


def _alias(row: LearnedTitle, *, is_shared: bool) -> Alias:
    return Alias(
        key=row.key,
        title=row.title,
        year=row.year,
        country=row.country,
        group=row.group_title,
        languages=tuple(row.languages),
        is_shared=is_shared,
    )


def _learned(row: LearnedTitle) -> Learned:
    return Learned(
        id=row.id,
        match_id=row.match_id,
        instance=row.instance,
        kind=ItemKind(row.kind),
        target_id=row.target_id,
        alias=_alias(row, is_shared=False),
        created_at=row.created_at,
    )

"""Filters: those of the settings and those made at run time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee as pw

from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.control import ConflictError, NoSuchRowError
from stalkeer.db.models import Filter
from stalkeer.db.pages import Page, PageRequest, fetch_page

_FIELDS: dict[str, pw.Field[Any]] = {
    "id": Filter.id,
    "name": Filter.name,
    "attribute": Filter.attribute,
    "playlist_id": Filter.playlist,
    "is_runtime": Filter.is_runtime,
    "updated_at": Filter.updated_at,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRow:
    """A filter with its row."""

    id: int
    rule: FilterRule
    created_at: datetime
    updated_at: datetime


class Filters:
    """Reads and writes filters; whether patterns can be used is checked before."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def page(self, request: PageRequest) -> Page[FilterRow]:
        """Return one page of the filters."""
        return fetch_page(Filter.select(), request, _FIELDS, _filter)

    @reads
    def get(self, filter_id: int) -> FilterRow | None:
        """Return one filter, or None."""
        row = Filter.get_or_none(Filter.id == filter_id)
        return None if row is None else _filter(row)

    @reads
    def rules(self) -> tuple[FilterRule, ...]:
        """Return every filter, those of the settings first."""
        rows = Filter.select().order_by(Filter.is_runtime, Filter.id)
        return tuple(_filter(row).rule for row in rows)

    @reads
    def of_playlist(self, playlist_id: int) -> tuple[FilterRow, ...]:
        """Return the filters that are for one list only."""
        rows = Filter.select().where(Filter.playlist == playlist_id).order_by(Filter.id)
        return tuple(_filter(row) for row in rows)

    @writes
    def configure(self, rules: Iterable[FilterRule]) -> bool:
        """Make these the filters of the settings; return whether that changed anything.

        A filter made at run time that has the name of one gets a number behind it.
        """
        wanted = {rule.name: rule for rule in rules}
        rows = Filter.select().where(~Filter.is_runtime)
        known = {row.name: _filter(row).rule for row in rows}
        if known == wanted:
            return False
        Filter.delete().where(~Filter.is_runtime).execute()
        for rule in wanted.values():
            self._make_room(rule.name)
            self._insert(rule)
        return True

    @writes
    def add(self, rule: FilterRule) -> FilterRow:
        """Write a new filter; raises `ConflictError` when its name is taken."""
        self._check_free(rule.name)
        return _filter(Filter.get_by_id(self._insert(rule)))

    @writes
    def change(self, filter_id: int, rule: FilterRule) -> FilterRow:
        """Write what a filter is now.

        Raises `NoSuchRowError`, and `ConflictError` when its name is taken or the settings hold it.
        """
        self._changeable(filter_id)
        self._check_free(rule.name, but=filter_id)
        Filter.update(**_columns(rule), updated_at=self.db.now()).where(
            Filter.id == filter_id
        ).execute()
        return _filter(Filter.get_by_id(filter_id))

    @writes
    def remove(self, filter_id: int) -> None:
        """Remove a filter; raises as `change` does."""
        self._changeable(filter_id)
        Filter.delete().where(Filter.id == filter_id).execute()

    @writes
    def remove_runtime(self) -> int:
        """Remove every filter that was made at run time; return how many."""
        return int(Filter.delete().where(Filter.is_runtime).execute())

    @writes
    def replace_of(self, playlist_id: int, rules: Iterable[FilterRule]) -> bool:
        """Make these the filters for one list; return whether that changed anything.

        Raises `ConflictError` when a name is taken by a filter that is not for this list.
        """
        wanted = list(rules)
        mine = Filter.playlist == playlist_id
        if [_filter(row).rule for row in Filter.select().where(mine).order_by(Filter.id)] == wanted:
            return False
        Filter.delete().where(mine).execute()
        for rule in wanted:
            self._check_free(rule.name)
            self._insert(rule)
        return True

    def _insert(self, rule: FilterRule) -> int:
        now = self.db.now()
        return int(Filter.insert(**_columns(rule), created_at=now, updated_at=now).execute())

    def _changeable(self, filter_id: int) -> None:
        row = Filter.get_or_none(Filter.id == filter_id)
        if row is None:
            raise NoSuchRowError(f"There is no filter {filter_id}.")
        if not row.is_runtime:
            raise ConflictError(
                f"The filter {row.name!r} stands in the settings: change "
                f"STALKEER_FILTER_{row.attribute.upper()}_INCLUDE or _EXCLUDE instead."
            )

    def _check_free(self, name: str, *, but: int = 0) -> None:
        if Filter.select().where((Filter.name == name) & (Filter.id != but)).exists():
            raise ConflictError(
                f"There is a filter {name!r} already. Change it, or take a new name."
            )

    def _make_room(self, name: str) -> None:
        """Rename the filter that was made at run time under a name the settings need."""
        names = {row.name for row in Filter.select(Filter.name)}
        if name in names:
            numbered = (f"{name}-{number}" for number in range(2, len(names) + 3))
            free = next(each for each in numbered if each not in names)
            Filter.update(name=free).where(Filter.name == name).execute()


def _columns(rule: FilterRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "attribute": rule.attribute.value,
        "include": "\n".join(rule.include),
        "exclude": "\n".join(rule.exclude),
        "is_runtime": rule.is_runtime,
        "playlist": rule.playlist_id,
    }


def _filter(row: Filter) -> FilterRow:
    return FilterRow(
        id=row.id,
        rule=FilterRule(
            name=row.name,
            attribute=Attribute(row.attribute),
            include=tuple(row.include.split("\n")) if row.include else (),
            exclude=tuple(row.exclude.split("\n")) if row.exclude else (),
            playlist_id=row.playlist_id,
            is_runtime=row.is_runtime,
        ),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )

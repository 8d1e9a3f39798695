"""How many entries there are of each kind: counted when they change, not when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import peewee as pw

from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import EntryCount, Playlist, PlaylistItem

BATCH = 500
MOST_CELLS = 200_000
"""A list with more kinds of entries than this is counted as far as that: nobody's list has them,
and a hostile one must not fill the memory."""


class Cell(NamedTuple):
    """What some entries of a list have in common; without a year 0, without a resolution ""."""

    content_type: str
    group_title: str
    resolution: str
    year: int
    is_filtered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A group of a list: its entries that stay, by content type, and those kept out."""

    group_title: str
    by_content_type: Mapping[str, int]
    filtered: int


class Tallies:
    """Counts entries, and reads the counts."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    def recount(self, playlist_id: int) -> None:
        """Count the current entries of a list anew and write what differs, in small batches.

        The second of two at the same time makes good what they did to each other.
        """
        counted = self._counted(playlist_id)
        stale: list[int] = []
        for cell_id, cell, entries in self._known(playlist_id):
            if counted.get(cell) == entries:
                del counted[cell]
            else:
                stale.append(cell_id)
        for ids in _batches(stale):
            self._drop(ids)
        for cells in _batches(counted.items()):
            self._insert(playlist_id, cells)

    def shift(self, playlist_id: int, before: Cell, after: Cell) -> None:
        """Count one entry as another kind than before. Inside a transaction."""
        for cell, by in ((before, -1), (after, 1)):
            changed = (
                EntryCount.update(entries=EntryCount.entries + by)
                .where((EntryCount.playlist == playlist_id) & _is(cell))
                .execute()
            )
            if by > 0 and not changed:
                self._insert(playlist_id, [(cell, 1)])

    @reads
    def groups(self, playlist_id: int) -> tuple[GroupRow, ...]:
        """Return the groups of a list by name, with their counts."""
        kept: dict[str, dict[str, int]] = {}
        filtered: dict[str, int] = {}
        query: Any = (
            EntryCount.select(
                EntryCount.group_title,
                EntryCount.content_type,
                EntryCount.is_filtered,
                pw.fn.SUM(EntryCount.entries),
            )
            .where(EntryCount.playlist == playlist_id)
            .group_by(EntryCount.group_title, EntryCount.content_type, EntryCount.is_filtered)
        )
        for group, content_type, is_filtered, entries in query.tuples():
            counts = kept.setdefault(group, {})
            if is_filtered:
                filtered[group] = filtered.get(group, 0) + int(entries)
            else:
                counts[content_type] = counts.get(content_type, 0) + int(entries)
        return tuple(
            GroupRow(
                group_title=group, by_content_type=kept[group], filtered=filtered.get(group, 0)
            )
            for group in sorted(kept)
        )

    @reads
    def by(self, column: str, *, is_filtered: bool = False) -> dict[Any, int]:
        """Count the entries of the lists in use by one column of `Cell`, or by `playlist_id`."""
        field = EntryCount.playlist if column == "playlist_id" else getattr(EntryCount, column)
        query: Any = (
            EntryCount.select(field, pw.fn.SUM(EntryCount.entries))
            .join(Playlist)
            .where(Playlist.is_enabled & (EntryCount.is_filtered == is_filtered))
            .group_by(field)
        )
        return {value: int(entries) for value, entries in query.tuples() if entries}

    @reads
    def of_playlists(self) -> dict[int, dict[str, int]]:
        """Count the entries that stay by list and content type, and those kept out."""
        found: dict[int, dict[str, int]] = {}
        kind = pw.Case(None, [(EntryCount.is_filtered, "filtered")], EntryCount.content_type)
        query: Any = EntryCount.select(
            EntryCount.playlist, kind, pw.fn.SUM(EntryCount.entries)
        ).group_by(EntryCount.playlist, kind)
        for playlist_id, name, entries in query.tuples():
            found.setdefault(playlist_id, {})[name] = int(entries)
        return found

    @reads
    def _counted(self, playlist_id: int) -> dict[Cell, int]:
        version = Playlist.get_by_id(playlist_id).version
        columns: list[Any] = [
            PlaylistItem.content_type,
            PlaylistItem.group_title,
            pw.fn.COALESCE(PlaylistItem.resolution, ""),
            pw.fn.COALESCE(PlaylistItem.year, 0),
            PlaylistItem.filtered_by.is_null(False),
        ]
        query: Any = (
            PlaylistItem.select(*columns, pw.fn.COUNT(PlaylistItem.id))
            .where(
                (PlaylistItem.playlist == playlist_id)
                & (PlaylistItem.first_version <= version)
                & (PlaylistItem.gone_version.is_null() | (PlaylistItem.gone_version > version))
            )
            .group_by(*(pw.SQL(str(place)) for place in range(1, len(columns) + 1)))
            .limit(MOST_CELLS)
        )
        return {_cell(row): int(row[-1]) for row in query.tuples().iterator()}

    @reads
    def _known(self, playlist_id: int) -> list[tuple[int, Cell, int]]:
        query: Any = EntryCount.select(
            EntryCount.content_type,
            EntryCount.group_title,
            EntryCount.resolution,
            EntryCount.year,
            EntryCount.is_filtered,
            EntryCount.id,
            EntryCount.entries,
        ).where(EntryCount.playlist == playlist_id)
        return [(row[5], _cell(row), row[6]) for row in query.tuples().iterator()]

    @writes
    def _drop(self, ids: list[int]) -> None:
        EntryCount.delete().where(EntryCount.id.in_(ids)).execute()

    @writes
    def _insert(self, playlist_id: int, cells: Iterable[tuple[Cell, int]]) -> None:
        rows = [
            {"playlist": playlist_id, **cell._asdict(), "entries": entries}
            for cell, entries in cells
        ]
        # A list that was removed meanwhile has no counts.
        if Playlist.select().where(Playlist.id == playlist_id).exists():
            EntryCount.insert_many(rows).execute()


def cell_of(row: PlaylistItem) -> Cell:
    """Say as what an entry is counted."""
    return Cell(
        row.content_type,
        row.group_title,
        row.resolution or "",
        row.year or 0,
        row.filtered_by is not None,
    )


def _cell(row: tuple[Any, ...]) -> Cell:
    return Cell(row[0], row[1], row[2], int(row[3]), bool(row[4]))


def _is(cell: Cell) -> Any:
    where = pw.SQL("1 = 1")
    for name, value in cell._asdict().items():
        where = (getattr(EntryCount, name) == value) & where
    return where


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch

"""Which entries stand on a page of a list of a million, and how many there are in all.

Plain SQL, because a page is fast only when the database goes the right way, and it cannot be told
the way through Peewee: either it walks an index in the order of the page until the page is full,
or it picks the rows of the rarest filter and sorts them. Which of the two is known beforehand,
because `entry_count` knows how many rows every filter leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stalkeer.core.items import ContentType
from stalkeer.core.states import EntryState
from stalkeer.db.connect import Database
from stalkeer.db.models import Playlist, PlaylistItem
from stalkeer.db.pages import PageError, PageRequest

FEW = 5000
"""So many rows are sorted faster than an index is walked in search of them."""
SORTS = ("id", "title", "year", "created_at", "updated_at")
_RARE_STATES = tuple(state.value for state in EntryState if state is not EntryState.PROCESSED)
# What two of the indexes hold, in their own words: else no database would look into them.
_IS_RARE = f"state <> '{EntryState.PROCESSED.value}'"
_NO_FILM = f"content_type <> '{ContentType.MOVIE.value}'"
_BY_KIND = ("title", "updated_at")
"""Columns in whose order an index has the entries of each content type."""
_BEFORE_ID = ("content_type", "resolution", "year")
"""Columns with an index that goes on with the id."""
_WITH_ID_ORDER = (
    "content_type",
    "group_title",
    "resolution",
    "year",
    "state",
    "override_at",
    "filtered_by",
)
"""Columns with an index that gives the rows with one value in the order of their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries are wanted; None does not matter.

    `is_filtered` None wants those that a filter keeps out, too.
    """

    playlist_id: int | None = None
    content_type: str | None = None
    group_title: str | None = None
    resolution: str | None = None
    year: int | None = None
    state: str | None = None
    is_filtered: bool | None = False
    is_overridden: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One condition: `column` and a `test` of it against `values`.

    `cell` is the same condition on `entry_count`, which knows nothing of states and overrides. Of
    these, `is_rare` says that few rows fulfil it, and `rest` is the condition of the few others.
    """

    column: str
    test: str
    values: tuple[object, ...] = ()
    cell: str = ""
    is_rare: bool = False
    rest: str = ""

    def sql(self, *, by_index: bool = True, is_sqlite: bool = True) -> str:
        """Write the condition; not `by_index` keeps SQLite from looking for it in an index."""
        return f"{'' if by_index or not is_sqlite else '+'}{self.column} {self.test}"


class Listing:
    """Finds the ids of pages. Inside a unit of the store."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self._db = db

    def page(self, wanted: EntryFilter, request: PageRequest) -> tuple[list[int], int]:
        """Return the ids of one page, and how many entries fit. Raises `PageError`."""
        if request.sort not in SORTS:
            raise PageError(f"Entries are sorted by {', '.join(SORTS)}, not by {request.sort!r}.")
        visible, parts = _versions(), _parts(wanted)
        counts = self._counts(parts, visible)
        total = counts["total"]
        if request.offset >= total:
            return [], total
        if request.sort == "year":
            return self._by_year(parts, request, visible), total
        return self._ids(parts, request, counts, visible), total

    def states(self) -> dict[str, int]:
        """Count by state the current entries that no filter keeps out."""
        visible, kept = _versions(), _parts(EntryFilter())
        rare = {state: self._live([*kept, _state(state)], visible) for state in _RARE_STATES}
        common = self._counts(kept, visible)["total"] - sum(rare.values())
        counts = {EntryState.PROCESSED.value: common} | rare
        return {state: count for state, count in counts.items() if count}

    def is_current(self, row: PlaylistItem) -> bool:
        """Say whether an entry stands in a list in use as it is now."""
        version = _versions().get(row.playlist_id, 0)
        return bool(
            row.first_version <= version
            and (row.gone_version is None or row.gone_version > version)
        )

    def _counts(self, parts: Sequence[_Part], visible: Mapping[int, int]) -> dict[str, int]:
        """Count what fits all conditions (`total`), and what fits each alone, by its column."""
        counted = [part for part in parts if part.cell]
        columns = [_sum(counted), *(_sum([part]) for part in counted)]
        ids = ", ".join(str(playlist_id) for playlist_id in visible) or "0"
        sql = f"SELECT {', '.join(columns)} FROM entry_count WHERE playlist_id IN ({ids})"  # noqa: S608 # columns and ids of ours
        [(total, *alone)] = self._rows(sql, (*_values(counted), *_values(counted)))
        counts = {part.column: int(count or 0) for part, count in zip(counted, alone, strict=True)}
        rare = [part for part in parts if part.is_rare]
        common = [part.rest for part in parts if part.rest]
        if rare:
            total = self._live(parts, visible)
            counts |= {part.column: int(total) for part in rare}
        elif common:
            others = _Part(column="", test=f"({' OR '.join(common)})")
            total = int(total or 0) - self._live([*counted, others], visible)
        return counts | {"total": int(total or 0)}

    def _live(self, parts: Sequence[_Part], visible: Mapping[int, int]) -> int:
        """Count rows one by one: only where one of the conditions is rare."""
        where = [part.sql(by_index=not part.cell, is_sqlite=self._db.is_sqlite) for part in parts]
        sql = f"SELECT COUNT(*) FROM playlist_item WHERE {' AND '.join(where)} AND {_current(visible)}"  # noqa: S608 # conditions of ours
        [(count,)] = self._rows(sql, _values(parts))
        return count

    def _by_year(
        self, parts: Sequence[_Part], request: PageRequest, visible: Mapping[int, int]
    ) -> list[int]:
        """Find a page in the order of years; what has none comes last, whatever the order."""
        dated = [*map(_dated, parts), _Part(column="year", test="IS NOT NULL", cell="year <> 0")]
        undated = [*parts, _Part(column="year", test="IS NULL", cell="year = 0")]
        counts = self._counts(dated, visible)
        is_there = request.offset < counts["total"]
        ids = self._ids(dated, request, counts, visible) if is_there else []
        rest = replace(
            request,
            sort="id",
            limit=request.limit - len(ids),
            offset=max(request.offset - counts["total"], 0),
        )
        if rest.limit:
            ids += self._ids(undated, rest, self._counts(undated, visible), visible)
        return ids

    def _ids(
        self,
        parts: Sequence[_Part],
        request: PageRequest,
        counts: Mapping[str, int],
        visible: Mapping[int, int],
    ) -> list[int]:
        column = {"title": "title", "updated_at": "updated_at", "year": "year"}.get(
            request.sort, "id"
        )
        way = "DESC" if request.descending else "ASC"
        order = ", ".join(f"{name} {way}" for name in dict.fromkeys((column, "id")))
        is_whole = all(part.column != "content_type" for part in parts)
        if (
            column in _BY_KIND
            and is_whole
            and not _is_resolved(parts, column)
            and counts["total"] > FEW
        ):
            return self._merged(parts, column, order, request, visible)
        if column == "id" and not self._db.is_sqlite:
            parts, lead = _led(parts, counts)
            order = ", ".join(f"{name} {way}" for name in (*lead, "id"))
        sql = f"{self._select(parts, counts, visible, column)} ORDER BY {order} LIMIT ? OFFSET ?"
        values = (*_values(parts), request.limit, request.offset)
        return [row[0] for row in self._rows(sql, values)]

    def _select(
        self,
        parts: Sequence[_Part],
        counts: Mapping[str, int],
        visible: Mapping[int, int],
        column: str,
    ) -> str:
        """Write the statement for the rows of a list, as (id, the column of its order)."""
        is_picked = column != "id" and _are_few(counts, column)
        indexed = _indexed(parts, counts, column, is_picked=is_picked)
        sql = self._db.is_sqlite
        tests = [part.sql(by_index=part.column in indexed, is_sqlite=sql) for part in parts]
        where = " AND ".join([*tests, _current(visible)])
        chosen = ", ".join(dict.fromkeys(("id", column)))
        select = f"SELECT {chosen} FROM playlist_item WHERE {where}"  # noqa: S608 # conditions of ours
        if is_picked:
            # With a limit of its own no index is walked in the order of what stands around it.
            select = f"SELECT * FROM ({select} LIMIT {2 * FEW}) AS picked"  # noqa: S608 # the same
        return select

    def _merged(
        self,
        parts: Sequence[_Part],
        column: str,
        order: str,
        request: PageRequest,
        visible: Mapping[int, int],
    ) -> list[int]:
        """Find a page in an order that is indexed by content type: all types side by side.

        SQLite takes from each no more than the page needs. PostgreSQL would sort them all, and is
        told how many it may take.
        """
        branches: list[str] = []
        values: list[object] = []
        for kind in ContentType:
            branch = [_equal("content_type", kind.value), *parts]
            counts = self._counts(branch, visible)
            if counts["total"]:
                select = self._select(branch, counts, visible, column)
                values += _values(branch)
                if not self._db.is_sqlite:
                    select = f"SELECT * FROM ({select} ORDER BY {order} LIMIT ?) AS {kind}"  # noqa: S608 # the same
                    values.append(request.limit + request.offset)
                branches.append(select)
        sql = f"{' UNION ALL '.join(branches)} ORDER BY {order} LIMIT ? OFFSET ?"
        return [row[0] for row in self._rows(sql, (*values, request.limit, request.offset))]

    def _rows(self, sql: str, values: Sequence[object]) -> list[tuple[int, ...]]:
        if not self._db.is_sqlite:
            sql = sql.replace("?", "%s")
        return list(self._db.execute(sql, tuple(values)).fetchall())


def _versions() -> dict[int, int]:
    """Give the current version of each list in use."""
    rows = Playlist.select(Playlist.id, Playlist.version).where(Playlist.is_enabled)
    return {row.id: row.version for row in rows}


def _current(visible: Mapping[int, int]) -> str:
    """Write the condition that an entry is current, in a form that no index tempts."""
    whens = " ".join(f"WHEN {playlist} THEN {version}" for playlist, version in visible.items())
    version = f"CASE playlist_id {whens} ELSE 0 END" if whens else "0"
    return f"first_version <= {version} AND (gone_version IS NULL OR gone_version > {version})"


def _parts(wanted: EntryFilter) -> list[_Part]:
    return list(_conditions(wanted))


def _conditions(wanted: EntryFilter) -> Iterator[_Part]:
    equal = {
        "playlist_id": wanted.playlist_id,
        "content_type": wanted.content_type,
        "group_title": wanted.group_title,
        "resolution": wanted.resolution,
        "year": wanted.year,
    }
    for column, value in equal.items():
        if value is not None:
            yield _equal(column, value)
    if wanted.is_filtered is True:
        yield _Part(column="filtered_by", test="IS NOT NULL", cell="is_filtered")
    if wanted.is_filtered is False:
        yield _Part(column="filtered_by", test="IS NULL", cell="NOT is_filtered")
    if wanted.state is not None:
        yield _state(wanted.state)
    if wanted.is_overridden is True:
        yield _Part(column="override_at", test="IS NOT NULL", is_rare=True)
    if wanted.is_overridden is False:
        yield _Part(column="override_at", test="IS NULL", rest="override_at IS NOT NULL")


def _equal(column: str, value: object) -> _Part:
    return _Part(column=column, test="= ?", values=(value,), cell=f"{column} = ?")


def _state(state: str) -> _Part:
    if state in _RARE_STATES:
        return _Part(column="state", test=f"= ? AND {_IS_RARE}", values=(state,), is_rare=True)
    others = ", ".join(f"'{each}'" for each in _RARE_STATES)
    rest = f"state IN ({others}) AND {_IS_RARE}"
    return _Part(column="state", test="= ?", values=(state,), rest=rest)


def _dated(part: _Part) -> _Part:
    """Let a content type be found by its years: few entries but films have one."""
    if part.column != "content_type" or part.values == (ContentType.MOVIE.value,):
        return part
    return replace(part, test=f"{part.test} AND {_NO_FILM}")


def _indexed(
    parts: Sequence[_Part], counts: Mapping[str, int], order: str, *, is_picked: bool
) -> tuple[str | None, ...]:
    """Choose the columns whose index leads to the rows; None walks the order of the page."""
    if order == "year" and any(_NO_FILM in part.test for part in parts):
        return ("content_type", "year")
    if not is_picked and _is_resolved(parts, order):
        return ("resolution",)
    if not is_picked and order in _BY_KIND:
        return ("content_type",)
    if not is_picked and order != "id":
        return (order,)
    sizes = {part.column: counts[part.column] for part in parts if part.column in counts}
    usable = {
        column: size for column, size in sizes.items() if column in _WITH_ID_ORDER or size <= FEW
    }
    return (min(usable, key=lambda column: usable[column], default=None),)


def _led(
    parts: Sequence[_Part], counts: Mapping[str, int]
) -> tuple[Sequence[_Part], tuple[str, ...]]:
    """Have PostgreSQL walk the index of a filter: it would rather walk all ids in search of it.

    A column that equals a value is no part of an order, one between two values is.
    """
    [index] = _indexed(parts, counts, "id", is_picked=False)
    leading = [part for part in parts if part.column == index and len(part.values) == 1]
    if index not in _BEFORE_ID or not leading:
        return parts, ()
    between = [
        replace(part, test="BETWEEN ? AND ?", values=2 * part.values) if part in leading else part
        for part in parts
    ]
    return between, (index,)


def _are_few(counts: Mapping[str, int], order: str) -> bool:
    """Say whether rows are better picked and sorted than met on a walk in their order."""
    total = counts["total"]
    # Where most of a content type is wanted, the walk meets nearly nothing else.
    is_dense = order in _BY_KIND and 2 * total > counts.get("content_type", 2 * total)
    return total <= FEW and not is_dense


def _is_resolved(parts: Sequence[_Part], order: str) -> bool:
    """Say whether an index has the entries of the one resolution in the order of the page."""
    return order == "updated_at" and any(part.column == "resolution" for part in parts)


def _sum(parts: Sequence[_Part]) -> str:
    where = " AND ".join(part.cell for part in parts) or "1 = 1"
    return f"SUM(CASE WHEN {where} THEN entries ELSE 0 END)"


def _values(parts: Sequence[_Part]) -> tuple[object, ...]:
    return tuple(value for part in parts for value in part.values)

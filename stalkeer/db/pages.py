"""One page of a list: which rows, in which order, and how many there are in all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

import peewee as pw

from stalkeer.errors import StalkeerError

T = TypeVar("T")
U = TypeVar("U")

LONGEST = 500
_LARGEST = 2**63 - 1


class PageError(StalkeerError):
    """A list was asked for in a way it cannot be sorted or filtered."""

    code: ClassVar[str] = "invalid_query"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What part of a list is asked for. `where` holds exact values by field name."""

    limit: int = 50
    offset: int = 0
    sort: str = "id"
    descending: bool = True
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and the number of all that fit the filter."""

    rows: tuple[T, ...]
    total: int


def fetch_page(
    query: Any, request: PageRequest, fields: Mapping[str, pw.Field], read: Callable[[Any], T]
) -> Page[T]:
    """Run `query` for one page. `fields` are the names a caller may sort and filter by.

    Raises `PageError` for any other name, and for a value that its field cannot have.
    """
    for name, value in request.where.items():
        query = query.where(_known(name, fields) == _value(name, fields, value))
    # Ids are given in the order of creation, and have an index.
    is_by_age = request.sort == "created_at" and "created_at" in fields
    order = _known("id" if is_by_age else request.sort, fields)
    # The id makes the order total: without it a row may show up on two pages.
    orders = [order.desc() if request.descending else order.asc(), fields["id"].desc()]
    rows = query.order_by(*orders).limit(request.limit).offset(request.offset)
    return Page(tuple(read(row) for row in rows), query.count())


def count_by(column: Any) -> dict[str, int]:
    """Count the rows of a table by the values of one of its columns."""
    query = column.model.select(column, pw.fn.COUNT(column.model.id)).group_by(column)
    return {str(value): int(count) for value, count in query.tuples()}


def _known(name: str, fields: Mapping[str, pw.Field]) -> Any:
    try:
        return fields[name]
    except KeyError:
        known = ", ".join(sorted(fields))
        raise PageError(f"This list knows no field {name!r}. It knows: {known}.") from None


def _value(name: str, fields: Mapping[str, pw.Field], text: str) -> str | int:
    """Read a value to compare a field with; PostgreSQL takes no number that is none, and no NUL."""
    if isinstance(fields[name], pw.DateTimeField) or "\0" in text:
        raise PageError(f"This list cannot be filtered by {name} {text!r}.")
    if not isinstance(fields[name], pw.IntegerField):
        return text
    if not text.isdecimal() or int(text) > _LARGEST:
        raise PageError(f"{name} is a number, and {text!r} is none.")
    return int(text)

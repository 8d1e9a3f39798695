"""Paging as both programs do it (Radarr.Http/PagingResource.cs, Core/Datastore/BasicRepository.cs).

There is no largest page. An omitted direction is descending; an unknown sort key silently becomes
the default one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tests.standins.server import Call, Json

Row = TypeVar("Row")


def page(
    call: Call,
    rows: Sequence[Row],
    *,
    keys: Mapping[str, Callable[[Row], Any]],
    default: str,
    show: Callable[[Row], Any] = lambda row: row,
) -> Json:
    """Cut the asked page out of the rows; a page beyond the end is empty."""
    number, size = call.number("page", 1), call.number("pageSize", 10)
    sort_key = call.text("sortKey") if call.text("sortKey") in keys else default
    is_ascending = call.text("sortDirection").lower() in ("ascending", "asc")
    ordered = sorted(rows, key=keys[sort_key], reverse=not is_ascending)
    return {
        "page": number,
        "pageSize": size,
        "sortKey": sort_key,
        "sortDirection": "ascending" if is_ascending else "descending",
        "totalRecords": len(rows),
        "records": [show(row) for row in ordered[(number - 1) * size : number * size]],
    }

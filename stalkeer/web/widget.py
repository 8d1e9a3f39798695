"""A few figures in one flat answer, for the home pages people keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from stalkeer.core.states import ItemState
from stalkeer.jobs.services import Services
from stalkeer.web.operations import get
from stalkeer.web.shapes import Answer

_NOT_MISSING = (ItemState.IMPORTED, ItemState.GONE)
_MATCHED = (
    ItemState.WAITING,
    ItemState.DOWNLOADING,
    ItemState.PAUSED,
    ItemState.OBTAINED,
    ItemState.IMPORT_FAILED,
)
_FAILED = (ItemState.FAILED, ItemState.IMPORT_FAILED)
WEEK_S = 7 * 86400.0


class WidgetAnswer(Answer):
    """How the work stands, in numbers. `speed` is in bytes a second, over all downloads."""

    example: ClassVar[Mapping[str, Any]] = {
        "missing": 12,
        "matched": 3,
        "to_confirm": 2,
        "downloading": 1,
        "failed": 0,
        "imported_7d": 5,
        "speed": 5_000_000,
    }

    missing: int
    matched: int
    to_confirm: int
    downloading: int
    failed: int
    imported_7d: int
    speed: int


@dataclass(frozen=True, slots=True)
class Widget:
    """The operation."""

    services: Services

    @get("/api/v1/widget", tag="system")
    def show(self) -> WidgetAnswer:
        """Count what people look at first."""
        store = self.services.store
        items = store.items.counts()

        def count(*states: ItemState) -> int:
            return sum(items.get(state, 0) for state in states)

        return WidgetAnswer(
            missing=sum(items.values()) - count(*_NOT_MISSING),
            matched=count(*_MATCHED),
            to_confirm=count(ItemState.TO_CONFIRM),
            downloading=count(ItemState.DOWNLOADING),
            failed=count(*_FAILED),
            imported_7d=store.totals.imported(within_s=WEEK_S),
            speed=store.totals.speed(),
        )

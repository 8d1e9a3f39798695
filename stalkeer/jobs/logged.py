"""Writes one row of the processing log around a piece of work, however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stalkeer.db.store import Store
from stalkeer.errors import StalkeerError


@dataclass(slots=True)
class RunLog:
    """What the row will say at the end."""

    item_count: int = 0
    counts: dict[str, Any] = field(default_factory=dict)


@contextmanager
def logged(store: Store, action: str, subject: str) -> Iterator[RunLog]:
    """Note that a run begins, and how it ends; an error of ours is noted and goes on."""
    run_id = store.runs.start(action, subject)
    log = RunLog()
    try:
        yield log
    except StalkeerError as exc:
        store.runs.finish(run_id, item_count=log.item_count, counts=log.counts, error=str(exc))
        raise
    store.runs.finish(run_id, item_count=log.item_count, counts=log.counts)

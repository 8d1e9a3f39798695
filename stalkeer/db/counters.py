"""Counts of all processes together: they outlive each of them, and any web process shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import Counter

Labels = tuple[tuple[str, str], ...]
"""Names with their values, sorted: `(("kind", "download"),)`."""


class Counters:
    """Adds to counters and reads them."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @writes
    def add(self, counted: Mapping[tuple[str, Labels], int]) -> None:
        """Add what one process has counted, by name and labels."""
        # What was added when the answer to its commit is lost is added again. To tell, each flush of
        # each process would have to leave a mark: too much for one step in a graph.
        # In one order everywhere, so that two processes never wait for each other.
        for (name, labels), count in sorted(counted.items()):
            Counter.insert(name=name, labels=json.dumps(labels), value=count).on_conflict(
                conflict_target=(Counter.name, Counter.labels),
                update={Counter.value: Counter.value + count},
            ).execute()

    @reads
    def all(self) -> dict[tuple[str, Labels], int]:
        """Return every counter by name and labels."""
        return {
            (row.name, tuple((key, value) for key, value in json.loads(row.labels))): row.value
            for row in Counter.select()
        }

"""What the user is still to be told: written where it happens, sent together later."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from stalkeer.core.notices import Event
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import Notice

MOST = 1000
"""So many are told of at once; nobody reads more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """Something to tell: a name, with the reason where there is one."""

    id: int
    event: Event
    text: str


class Notices:
    """Keeps what is to be told."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @writes
    def add_once(self, event: Event, text: str, *, key: str) -> None:
        """Write something to tell, unless it was written under this key before."""
        Notice.insert(
            event=event, text=text, key=key, created_at=self.db.now()
        ).on_conflict_ignore().execute()

    @reads
    def is_due(self, *, after_s: float) -> bool:
        """Say whether something has waited so long that it should be told."""
        waiting = Notice.select().where(
            Notice.sent_at.is_null() & (Notice.created_at <= self.db.now(-after_s))
        )
        return bool(waiting.exists())

    @reads
    def waiting(self) -> tuple[NoticeRow, ...]:
        """Return what is to be told, the oldest first.

        In a transaction nobody else gets it until that ends.
        """
        rows = Notice.select().where(Notice.sent_at.is_null()).order_by(Notice.id).limit(MOST)
        return tuple(
            NoticeRow(id=row.id, event=Event(row.event), text=row.text)
            for row in self.db.lock(rows)
        )

    @writes
    def mark_sent(self, ids: Collection[int]) -> None:
        """Note that these were told, or that somebody sees to it."""
        Notice.update(sent_at=self.db.now()).where(Notice.id.in_(ids)).execute()

    @writes
    def forget(self, *, older_than_s: float) -> None:
        """Drop what is old, told or not."""
        Notice.delete().where(Notice.created_at < self.db.now(-older_than_s)).execute()

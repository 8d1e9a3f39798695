"""What TMDB answered, kept so that the same question is not asked again for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import TmdbAnswer


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What TMDB said, None when it knows nothing, and when it was asked."""

    answer: Any
    fetched_at: datetime


class TmdbAnswers:
    """Reads and writes answers of TMDB."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def get(self, key: str) -> KeptAnswer | None:
        """Return what was answered to a question, or None when it was never asked."""
        row = TmdbAnswer.get_or_none(TmdbAnswer.key == key)
        return None if row is None else KeptAnswer(row.answer, row.fetched_at)

    @writes
    def keep(self, key: str, answer: Any) -> None:
        """Write what was answered just now."""
        values = {"answer": answer, "fetched_at": self.db.now()}
        TmdbAnswer.insert(key=key, **values).on_conflict(
            conflict_target=(TmdbAnswer.key,), update=values
        ).execute()

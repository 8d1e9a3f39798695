"""How downloads go, counted and summed over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import peewee as pw

from stalkeer.core.states import DownloadStatus, ImportStatus
from stalkeer.db.connect import Database, reads
from stalkeer.db.models import DownloadInfo
from stalkeer.db.pages import count_by

_SUMMED_S = 7 * 86400.0
"""The mean speed is that of the downloads which ended in this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadStats:
    """How downloads go. `success_rate` is 0 to 1, `bytes_per_s` the mean of the last week's.

    Both are None while nothing has ended. `bytes_fetched` counts what is on disk of all of them.
    """

    by_status: Mapping[str, int]
    by_import_status: Mapping[str, int]
    success_rate: float | None
    bytes_fetched: int
    bytes_per_s: float | None
    speed_bytes_per_s: int


class Totals:
    """Counts and sums downloads."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def downloads(self) -> DownloadStats:
        """Count and sum all downloads."""
        by_status = count_by(DownloadInfo.status)
        ended = by_status.get(DownloadStatus.COMPLETED, 0), by_status.get(DownloadStatus.FAILED, 0)
        by_import = count_by(DownloadInfo.import_status)
        return DownloadStats(
            by_status=by_status,
            by_import_status={name: count for name, count in by_import.items() if name},
            success_rate=ended[0] / sum(ended) if sum(ended) else None,
            bytes_fetched=self._sum(DownloadInfo.bytes_downloaded),
            bytes_per_s=self._mean_speed(),
            speed_bytes_per_s=self._sum(DownloadInfo.speed_bytes_per_s),
        )

    @reads
    def imported(self, *, within_s: float) -> int:
        """Count the files that an arr took in the last so many seconds."""
        query = DownloadInfo.select().where(
            (DownloadInfo.import_status == ImportStatus.IMPORTED)
            & (DownloadInfo.completed_at > self.db.now(-within_s))
        )
        return int(query.count())

    @reads
    def speed(self) -> int:
        """Return the bytes a second of all downloads together."""
        return self._sum(DownloadInfo.speed_bytes_per_s)

    def _mean_speed(self) -> float | None:
        rows = DownloadInfo.select(
            DownloadInfo.file_size, DownloadInfo.started_at, DownloadInfo.completed_at
        ).where(
            (DownloadInfo.status == DownloadStatus.COMPLETED)
            & (DownloadInfo.completed_at > self.db.now(-_SUMMED_S))
            & DownloadInfo.started_at.is_null(False)
        )
        taken = [((row.completed_at - row.started_at).total_seconds(), row) for row in rows]
        # A time of whole seconds says nothing about a file that took none.
        sizes = sum(row.file_size or 0 for seconds, row in taken if seconds > 0)
        seconds = sum(seconds for seconds, _ in taken)
        return sizes / seconds if seconds else None

    def _sum(self, column: pw.Field[Any]) -> int:
        return int(DownloadInfo.select(pw.fn.COALESCE(pw.fn.SUM(column), 0)).scalar())

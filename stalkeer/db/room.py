"""Room on disks, reserved by the downloads that run: over all processes, in rows.

Counted in rows, because a file that is half there does not tell the system how long it will get.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stalkeer.db.connect import Database, writes
from stalkeer.db.models import DownloadInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Room on a disk that a running download has reserved: `left_bytes` are still to be written.

    `instance` says where it writes to; the whole of it has `reserved_bytes`.
    """

    instance: str
    left_bytes: int
    reserved_bytes: int


class Room:
    """Reserves room for downloads, until one ends, is put back or loses its worker."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @writes
    def reserve(
        self, download_id: int, total_bytes: int, fits: Callable[[Sequence[Claim]], None]
    ) -> None:
        """Reserve room for a whole file, unless `fits` raises about what the others have reserved.

        What it raises is raised, and nothing is reserved. Two that ask at once are asked in turn.
        """
        mine = DownloadInfo.id == download_id
        running = DownloadInfo.reserved_bytes.is_null(False) | mine
        query = DownloadInfo.select().where(running).order_by(DownloadInfo.id)
        rows = [row for row in self.db.lock(query) if row.id != download_id]
        fits(
            [
                Claim(
                    instance=row.instance,
                    left_bytes=max(int(row.reserved_bytes or 0) - row.bytes_downloaded, 0),
                    reserved_bytes=int(row.reserved_bytes or 0),
                )
                for row in rows
            ]
        )
        DownloadInfo.update(reserved_bytes=total_bytes).where(mine).execute()

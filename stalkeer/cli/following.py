"""Waits for work that was asked for, through the API, and shows how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from stalkeer.cli.client import Client
from stalkeer.cli.progress import Display, Line

TICK_S = 0.5
PATIENCE_S = 90.0
"""So long nothing may move before the rest counts as waiting for something outside: longer than
the minute after which a source that is down is asked again."""
IDLE_LOOKS = 2
"""Ready and running jobs are asked for one after the other, so one look may miss a job that moves
from one to the other between the two questions."""
NEWEST = 1000
"""Of so many downloads the ones are found that are shown: they were started just now."""
ENDED = ("done", "failed", "cancelled")

Row = dict[str, Any]
Key = tuple[str, int]
"""An item: its instance and its id there."""


@dataclass(slots=True)
class _Pace:
    """How fast the bytes of one download come. They are written every few seconds only."""

    bytes_done: int
    seen_at: float
    rate: float | None = None

    def see(self, bytes_done: int, now: float) -> None:
        if bytes_done > self.bytes_done and now > self.seen_at:
            self.rate = (bytes_done - self.bytes_done) / (now - self.seen_at)
        if bytes_done != self.bytes_done:
            self.bytes_done, self.seen_at = bytes_done, now


@dataclass(slots=True, kw_only=True)
class Follower:
    """Waits for jobs. `stopped` ends every wait; what happens by itself goes on."""

    client: Client
    display: Display
    stopped: threading.Event
    patience_s: float = PATIENCE_S
    monotonic: Callable[[], float] = time.monotonic
    _paces: dict[int, _Pace] = field(default_factory=dict)

    def job(self, job_id: int, title: str, words: str) -> Row:
        """Wait for a job and return it.

        One that was put back to wait for something outside is returned as it is, and so is every
        job once `stopped` is set.
        """
        while True:
            job: Row = self.client.get(f"admin/jobs/{job_id}")
            if job["status"] in ENDED or _was_put_back(job) or self.stopped.is_set():
                return job
            self.display.show([Line(title=title, words=words)])
            self.stopped.wait(TICK_S)

    def items(self, keys: Collection[Key]) -> None:
        """Wait until nothing works on these items, or nothing moves for a while."""
        seen: object = None
        moved_at = self.monotonic()
        idle = 0
        while keys and idle < IDLE_LOOKS and not self.stopped.is_set():
            everything = active_jobs(self.client)
            active = [job for job in everything if key_of(job) in keys]
            idle = 0 if active else idle + 1
            downloads = newest(self.client, keys)
            self.display.show([self._line(row) for row in downloads])
            now = _signature(active, downloads)
            if now != seen or _is_moving(everything, downloads):
                seen, moved_at = now, self.monotonic()
            if self.monotonic() - moved_at > self.patience_s:
                break
            self.stopped.wait(TICK_S)
        self.display.show([self._line(row) for row in newest(self.client, keys)])

    def _line(self, row: Row) -> Line:
        now, done = self.monotonic(), row["bytes_downloaded"]
        pace = self._paces.setdefault(row["id"], _Pace(done, now))
        pace.see(done, now)
        is_moving = row["status"] == "downloading"
        total = row["total_bytes"]
        return Line(
            title=row["title"],
            words=_words(row),
            percent=row["progress_pct"],
            rate=pace.rate if is_moving else None,
            left_s=(total - done) / pace.rate if is_moving and total and pace.rate else None,
        )


def active_jobs(client: Client) -> list[Row]:
    """Return the jobs about items that are ready or running."""
    rows: list[Row] = []
    for status in ("ready", "running"):
        rows += client.page("admin/jobs", status=status)["data"]
    return [row for row in rows if row["kind"] in ("search", "download", "import")]


def jobs_after(client: Client, instance: str, job_id: int) -> list[Row]:
    """Return the jobs of an instance that were written after this one, newest first."""
    found: list[Row] = []
    size = 100
    while True:
        rows = client.page("admin/jobs", instance=instance, limit=size)["data"]
        found = [row for row in rows if row["id"] > job_id]
        if len(found) < len(rows) or len(rows) < size:
            return found
        size *= 4


def newest(client: Client, keys: Collection[Key]) -> list[Row]:
    """Return the newest download of each item, the oldest first."""
    rows: dict[Key, Row] = {}
    for instance in {name for name, _ in keys}:
        for row in client.page("downloads", instance=instance, limit=NEWEST)["data"]:
            rows.setdefault((row["instance"], row["target_item_id"]), row)
    return sorted((row for key, row in rows.items() if key in keys), key=lambda row: row["id"])


def key_of(job: Row) -> Key:
    """Name the item of a job."""
    return job["item"]["instance"], job["item"]["arr_id"]


def keys_of(jobs: Iterable[Row]) -> set[Key]:
    """Name the items of jobs about items."""
    kinds = ("search", "download", "import")
    return {key_of(job) for job in jobs if job["kind"] in kinds and job["item"]["arr_id"]}


def _was_put_back(job: Row) -> bool:
    return job["status"] == "ready" and bool(job["started_at"] and (job["result"] or job["error"]))


def _signature(active: list[Row], downloads: list[Row]) -> object:
    """Give a value that changes whenever something of this moves on."""
    return (
        sorted(job["id"] for job in active),
        [(row["id"], row["status"], row["bytes_downloaded"]) for row in downloads],
    )


def _is_moving(active: list[Row], downloads: list[Row]) -> bool:
    """Say whether it goes on by itself: a job runs that may be waited for, or one tries again."""
    return any(job["status"] == "running" for job in active) or any(
        row["status"] == "retrying" for row in downloads
    )


def _words(row: Row) -> str:
    status = row["import_status"] if row["status"] == "completed" else row["status"]
    words = f"import {status}" if status == "pending" and row["import_status"] else status
    if row["import_status"] == "failed":
        words = "not imported"
    return f"{words}: {row['error_message']}" if row["error_message"] else str(words)

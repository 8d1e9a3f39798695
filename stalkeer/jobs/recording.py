"""Follows a running download: writes how far it is, keeps room for it, hears what it should do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from stalkeer.core.windows import closed_for_s
from stalkeer.db.room import Claim
from stalkeer.downloader.files import check_space, disk_errors, existing
from stalkeer.downloader.http import Progress
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import Places, Services
from stalkeer.jobs.tasks import Task

UNKNOWN_BYTES = 4_000_000_000
"""Room for a file whose length nobody says, and again when it turns out to be longer."""


class WindowClosedError(StalkeerError):
    """The time of the day is none at which files are fetched."""

    code: ClassVar[str] = "waiting_window"
    retryable: ClassVar[bool] = True
    costs_attempt: ClassVar[bool] = False


def require_window(services: Services) -> None:
    """Raise `WindowClosedError`, with when the next window opens, unless one is open now."""
    windows = services.downloads.windows
    wait_s = closed_for_s(windows, services.now().astimezone())
    if wait_s:
        shown = ", ".join(str(window) for window in windows)
        raise WindowClosedError(f"waits for the download window ({shown})", retry_in_s=wait_s)


class Recorder:
    """Writes how far a download is: every few seconds or megabytes, whichever comes first."""

    def __init__(self, task: Task) -> None:
        """Follow one download."""
        self._task = task
        self._rules = task.services.downloads
        self._last: Progress | None = None
        self._written_at = -self._rules.progress_every_s
        self._written_bytes = 0
        self._reserved_bytes = 0

    def record(self, progress: Progress) -> None:
        """Keep the newest figures and write them when it is time.

        Raises `DiskFullError` when there is no room for the whole file beside what others have
        reserved, and `WindowClosedError` when the download window closes.
        """
        self.reserve(progress.bytes_done, progress.total_bytes)
        self._last = progress
        waited_s = time.monotonic() - self._written_at
        new_bytes = progress.bytes_done - self._written_bytes
        if (
            waited_s >= self._rules.progress_every_s
            or new_bytes >= self._rules.progress_every_bytes
        ):
            self.write()
            self._require_floor()
            require_window(self._task.services)

    def reserve(self, done_bytes: int, total_bytes: int | None) -> None:
        """Reserve room for the whole file, or raise `DiskFullError`."""
        needed = total_bytes or (done_bytes // UNKNOWN_BYTES + 1) * UNKNOWN_BYTES
        if needed == self._reserved_bytes:
            return
        task, claims = self._task, self._claims(done_bytes, needed)
        task.services.store.room.reserve(task.download.id, needed, claims)
        self._reserved_bytes = needed

    def write(self) -> None:
        """Write the newest figures, and hear what the job was asked to do meanwhile."""
        if self._last is None:
            return
        self._written_at = time.monotonic()
        self._written_bytes = self._last.bytes_done
        task = self._task
        request = task.services.store.leases.progress(
            task.run.lease,
            done=self._last.bytes_done,
            total=self._last.total_bytes,
            resume_token=self._last.resume.to_token(),
            speed_bytes_per_s=int(self._last.speed_bytes_s or 0) or None,
        )
        task.run.obey(request)
        task.limit_bandwidth()

    def _require_floor(self) -> None:
        """Stop when the disk is almost full, whoever fills it; so do all who write there."""
        check_space(self._task.rules.parts, 0, self._rules.min_free_bytes)

    def _claims(self, done_bytes: int, needed_bytes: int) -> _Fits:
        return _Fits(self._task, left_bytes=max(needed_bytes - done_bytes, 0), whole=needed_bytes)


class _Fits:
    """Asks each disk that a download writes to whether there is room beside what others claim."""

    def __init__(self, task: Task, *, left_bytes: int, whole: int) -> None:
        self._services = task.services
        self._places = Places(folder=task.rules.folder, parts=task.rules.parts)
        self._left_bytes = left_bytes
        self._whole = whole

    def __call__(self, claims: Sequence[Claim]) -> None:
        """Raise `DiskFullError` unless the file fits."""
        floor = self._services.downloads.min_free_bytes
        for path, needed in _writes(self._places, self._left_bytes, self._whole):
            claimed = sum(self._claimed(claim, _device(path)) for claim in claims)
            check_space(path, needed, floor, claimed_bytes=claimed)

    def _claimed(self, claim: Claim, device: int) -> int:
        return sum(
            count
            for places in self._services.places_of(claim.instance)
            for path, count in _writes(places, claim.left_bytes, claim.reserved_bytes)
            if _device(path) == device
        )


def _writes(places: Places, left_bytes: int, whole_bytes: int) -> Iterator[tuple[Path, int]]:
    """Say how much is written where: across disks the finished file is copied whole."""
    yield places.parts, left_bytes
    if _device(places.parts) != _device(places.folder):
        yield places.folder, whole_bytes


def _device(path: Path) -> int:
    """Give the number of the disk on which a path is, or will be."""
    with disk_errors(path):
        return existing(path).stat().st_dev

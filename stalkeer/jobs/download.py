"""Fetches one entry to a complete, checked file in its place, and hands it to the import.

A second run goes on at the byte where the first stopped; one that was killed after the file got
its name finds it there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.items import ItemKind
from stalkeer.core.jobs import DownloadChange, Ended, ItemMove, Job, NewJob, done, later
from stalkeer.core.states import DownloadStatus, ImportStatus, ItemState
from stalkeer.db.downloads import Download
from stalkeer.db.items import Item
from stalkeer.db.playlists import Entry
from stalkeer.downloader.errors import (
    DownloadStoppedError,
    ProviderBusyError,
    ProviderDownError,
)
from stalkeer.downloader.files import check_space, part_path, publish, published, remove_part
from stalkeer.downloader.http import Fetched, FetchRequest, Progress
from stalkeer.downloader.media import MediaFacts, RuntimeDecision, inspect, judge_runtime
from stalkeer.downloader.resume import ResumeState
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import (
    ImportMode,
    InstanceRules,
    Run,
    Services,
    StoppedError,
    StopReason,
)
from stalkeer.jobs.targets import file_name, import_target
from stalkeer.jobs.wanted import import_job, search_job

LARGEST_BYTES = 200_000_000_000
PROVIDER_PAUSE_S = 60.0


class EntryGoneError(StalkeerError):
    """The entry is no longer in its playlist."""

    code: ClassVar[str] = "entry_gone"


class NotTheItemError(StalkeerError):
    """The file is not the film or episode it was taken for."""

    code: ClassVar[str] = "not_the_item"


@dataclass(frozen=True, slots=True)
class _Task:
    """All that one download is about."""

    run: Run
    services: Services
    download: Download
    entry: Entry
    items: tuple[Item, ...]
    arr: Radarr | Sonarr
    rules: InstanceRules

    @property
    def part(self) -> Path:
        return part_path(self.rules.parts, self.download.id)


def handle(run: Run, services: Services) -> Ended:
    """Fetch one download."""
    download = services.store.downloads.get(run.job.download_id or 0)
    if download is None:
        return done("skipped", "its row is gone")
    arr, rules = services.instance(run.job.instance)
    items = _missing_items(services, download)
    if not items:
        return _drop(rules, download, "nothing misses it any more")
    if arr.imported_file(import_target(items)) is not None:
        return _already_there(services, rules, download, items)
    task = _Task(run, services, download, _entry(services, download), items, arr, rules)
    services.seen_folders.require(arr, rules.folder, rules.path_map, setting=rules.setting)
    return _published_before(task) or _fetch(task)


def after_failure(job: Job, services: Services) -> tuple[NewJob, ...]:
    """Search again for what a failed download was for: another entry may be it too."""
    items = services.store.items.many(services.store.downloads.item_ids(job.download_id or 0))
    return tuple(search_job(item, priority=job.priority) for item in items if item.is_missing)


def _missing_items(services: Services, download: Download) -> tuple[Item, ...]:
    items = services.store.items.many(services.store.downloads.item_ids(download.id))
    return tuple(item for item in items if item.is_missing)


def _entry(services: Services, download: Download) -> Entry:
    entry = services.store.playlists.entry(download.playlist_item_id or 0)
    if entry is None:
        raise EntryGoneError(f"The playlist no longer has the entry taken for {download.title}.")
    return entry


def _drop(rules: InstanceRules, download: Download, reason: str) -> Ended:
    """End a download that nobody needs; its part file goes with it."""
    remove_part(part_path(rules.parts, download.id))
    change = DownloadChange(download_id=download.id, status=DownloadStatus.CANCELLED, reason=reason)
    return done("skipped", reason, download=change)


def _already_there(
    services: Services,
    rules: InstanceRules,
    download: Download,
    items: Sequence[Item],
) -> Ended:
    reason = f"{rules.name} has the file already"
    services.store.items.move(
        ItemMove(item_id=item.id, state=ItemState.IMPORTED, reason=reason) for item in items
    )
    return _drop(rules, download, reason)


def _fetch(task: _Task) -> Ended:
    resume = ResumeState.from_token(task.download.resume_token)
    _require_space(task, (resume.total_bytes or 0) - task.download.bytes_downloaded)
    request = FetchRequest(
        url=task.entry.url,
        part=task.part,
        user_agent=task.entry.user_agent or task.services.downloads.user_agent,
        referrer=task.entry.referrer or None,
        resume=resume,
        max_bytes=LARGEST_BYTES,
    )
    recorder = _Recorder(task)
    try:
        fetched = task.services.engine.fetch(
            request,
            on_progress=recorder.record,
            should_stop=task.run.should_stop,
            on_head=lambda part, _size_bytes: _judge(task, inspect(part)),
        )
        recorder.write()
        return _finish(task, fetched)
    except NotTheItemError:
        # Nothing ever goes on with the bytes of something else.
        remove_part(task.part)
        raise
    except DownloadStoppedError as exc:
        raise _stopped(task, recorder) from exc
    except (ProviderBusyError, ProviderDownError) as exc:
        pause_s = exc.retry_in_s or PROVIDER_PAUSE_S
        return later(str(exc), run_in_s=pause_s, pause_provider_s=pause_s)


def _require_space(task: _Task, bytes_left: int) -> None:
    """Raise `DiskFullError` when the rest of the file does not fit beside what must stay free."""
    check_space(task.rules.parts, max(bytes_left, 0), task.services.downloads.min_free_bytes)


def _stopped(task: _Task, recorder: _Recorder) -> StoppedError:
    """Save the offset, unless the job is somebody else's by now."""
    if task.run.reason is StopReason.DROPPED:
        remove_part(task.part)
    elif task.run.reason is not StopReason.LOST:
        recorder.write()
    return StoppedError(f"{task.download.title} was stopped: {task.run.reason}.")


class _Recorder:
    """Writes how far a download is: every few seconds or megabytes, whichever comes first."""

    def __init__(self, task: _Task) -> None:
        self._task = task
        self._rules = task.services.downloads
        self._last: Progress | None = None
        self._written_at = -self._rules.progress_every_s
        self._written_bytes = 0
        self._fits = False

    def record(self, progress: Progress) -> None:
        """Keep the newest figures and write them when it is time.

        Once the server said how long the file is, raises `DiskFullError` if it does not fit.
        """
        if not self._fits and progress.total_bytes is not None:
            _require_space(self._task, progress.total_bytes - progress.bytes_done)
            self._fits = True
        self._last = progress
        waited_s = time.monotonic() - self._written_at
        new_bytes = progress.bytes_done - self._written_bytes
        if (
            waited_s >= self._rules.progress_every_s
            or new_bytes >= self._rules.progress_every_bytes
        ):
            self.write()

    def write(self) -> None:
        """Write the newest figures, and hear what the job was asked to do meanwhile."""
        if self._last is None:
            return
        self._written_at = time.monotonic()
        self._written_bytes = self._last.bytes_done
        request = self._task.services.store.leases.progress(
            self._task.run.lease,
            done=self._last.bytes_done,
            total=self._last.total_bytes,
            resume_token=self._last.resume.to_token(),
            speed_bytes_per_s=int(self._last.speed_bytes_s or 0) or None,
        )
        self._task.run.obey(request)


def _judge(task: _Task, facts: MediaFacts) -> None:
    """Raise `NotTheItemError` when the running time says that this is something else."""
    if not task.services.downloads.verify:
        return
    verdict = judge_runtime(
        facts.duration_s,
        task.items[0].wanted.runtime_minutes,
        low=task.services.downloads.runtime_low,
        high=task.services.downloads.runtime_high,
        episodes=len(task.items),
    )
    if verdict.decision in (RuntimeDecision.REFUSE, RuntimeDecision.ASK):
        raise NotTheItemError(f"{task.download.title}: {verdict.sentence}")


def _finish(task: _Task, fetched: Fetched) -> Ended:
    """Check the whole file and give it its name."""
    facts = inspect(fetched.path)
    _check(task, fetched, facts)
    relative = file_name(
        task.items,
        resolution=facts.resolution or task.entry.resolution,
        extension=facts.extension or fetched.container or "mkv",
    )
    # The name is noted under the lease before the file gets it: whoever runs this again after a
    # kill between the two looks there, and a worker that lost its lease stops here.
    planned = DownloadChange(
        download_id=task.download.id, download_path=relative, file_size=fetched.size_bytes
    )
    task.services.store.leases.check(task.run.lease, planned)
    path = publish(fetched.path, task.rules.folder, relative)
    return _complete(task, path, fetched.size_bytes)


def _check(task: _Task, fetched: Fetched, facts: MediaFacts) -> None:
    rules = task.services.downloads
    is_movie = task.items[0].wanted.kind is ItemKind.MOVIE
    floor = rules.min_movie_bytes if is_movie else rules.min_episode_bytes
    if fetched.size_bytes < floor:
        raise NotTheItemError(
            f"{task.download.title}: the file has {fetched.size_bytes / 1e6:.1f} MB; under "
            f"{floor / 1e6:.0f} MB nothing is taken for "
            f"{'a film' if is_movie else 'an episode'} (STALKEER_DOWNLOADS_MIN_SIZE_"
            f"{'MOVIE' if is_movie else 'EPISODE'})."
        )
    if rules.verify and facts.is_truncated:
        raise NotTheItemError(f"{task.download.title}: the file is cut off, its own header says.")
    _judge(task, facts)


def _published_before(task: _Task) -> Ended | None:
    """Find the file of a run that was killed after it gave the file its name."""
    relative, size = task.download.download_path, task.download.file_size
    if relative is None or size is None:
        return None
    path = published(task.part, task.rules.folder, relative, size)
    return None if path is None else _complete(task, path, size)


def _complete(task: _Task, path: Path, size_bytes: int) -> Ended:
    is_off = task.rules.import_mode is ImportMode.OFF
    change = DownloadChange(
        download_id=task.download.id,
        status=DownloadStatus.COMPLETED,
        import_status=ImportStatus.OFF if is_off else ImportStatus.PENDING,
        reason="importing is switched off" if is_off else "",
        download_path=str(path),
        file_size=size_bytes,
    )
    return done(
        "downloaded", str(path), download=change, then=() if is_off else (_import_job(task),)
    )


def _import_job(task: _Task) -> NewJob:
    return import_job(
        task.items[0],
        task.download,
        priority=task.run.job.priority,
        max_attempts=task.services.downloads.attempts,
    )

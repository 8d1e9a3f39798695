"""Fetches one entry to a complete, checked file in its place, and hands it to the import.

A second run goes on at the byte where the first stopped; one that was killed after the file got
its name finds it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stalkeer.core.connections import ProviderPause
from stalkeer.core.jobs import (
    DownloadChange,
    Ended,
    FileFacts,
    ItemMove,
    Job,
    NewJob,
    NewMatch,
    done,
    later,
)
from stalkeer.core.states import DownloadStatus, ImportStatus, ItemState, MatchState
from stalkeer.db.downloads import Download
from stalkeer.db.items import Item
from stalkeer.db.playlists import Entry
from stalkeer.downloader.errors import (
    DiskFullError,
    DownloadStoppedError,
    ProviderBusyError,
    ProviderDownError,
)
from stalkeer.downloader.files import (
    disk_errors,
    part_path,
    publish,
    published,
    remove_part,
)
from stalkeer.downloader.http import Fetched, FetchRequest
from stalkeer.downloader.resume import ResumeState
from stalkeer.jobs import unwanted
from stalkeer.jobs.present import find_present
from stalkeer.jobs.recording import Recorder, require_window
from stalkeer.jobs.services import (
    ImportMode,
    InstanceRules,
    Run,
    Services,
    StoppedError,
    StopReason,
)
from stalkeer.jobs.targets import file_name, import_target
from stalkeer.jobs.tasks import DoubtfulFileError, EntryGoneError, NotTheItemError, Task
from stalkeer.jobs.verdicts import judge_start, judge_whole
from stalkeer.jobs.wanted import import_job, search_job

LARGEST_BYTES = 200_000_000_000
_UNAVAILABLE = 503


def handle(run: Run, services: Services) -> Ended:
    """Fetch one download."""
    download = services.store.downloads.get(run.job.download_id or 0)
    if download is None:
        return done("skipped", "its row is gone")
    require_window(services)
    if not download.instance:
        task = unwanted.task_of(run, services, download, _entry(services, download))
        return _published_before(task) or _fetch(task)
    arr, rules = services.instance(run.job.instance)
    items = _missing_items(services, download)
    if not items:
        return _drop(rules, download, "nothing misses it any more")
    if arr.imported_file(import_target(items)) is not None:
        return _already_there(services, rules, download, items)
    task = Task(run, services, download, _entry(services, download), items, arr, rules)
    services.seen_folders.require(arr, rules.folder, rules.path_map, setting=rules.setting)
    return _published_before(task) or _present(task) or _fetch(task)


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


def _fetch(task: Task) -> Ended:
    resume = ResumeState.from_token(task.download.resume_token)
    recorder = Recorder(task)
    request = FetchRequest(
        url=task.entry.url,
        part=task.part,
        user_agent=task.entry.user_agent or task.services.downloads.user_agent,
        referrer=task.entry.referrer or None,
        resume=resume,
        max_bytes=LARGEST_BYTES,
        limiter=task.limit_bandwidth(),
    )
    try:
        recorder.reserve(task.download.bytes_downloaded, resume.total_bytes)
        fetched = task.services.engine.fetch(
            request,
            on_progress=recorder.record,
            should_stop=task.run.should_stop,
            on_head=lambda part, _size_bytes: judge_start(task, part),
            before_write=task.run.require_lease,
        )
        recorder.write()
        return _finish(task, fetched)
    except NotTheItemError:
        # Nothing ever goes on with the bytes of something else, unless they are another's by now.
        task.run.require_lease()
        remove_part(task.part)
        raise
    except DoubtfulFileError as exc:
        recorder.write()
        return _ask(task, str(exc))
    except DownloadStoppedError as exc:
        raise _stopped(task, recorder) from exc
    except DiskFullError as exc:
        reason = f"{exc} Then the download goes on by itself."
        return later(reason, run_in_s=exc.retry_in_s or 0.0, error_code=exc.code)
    except ProviderBusyError as exc:
        is_too_many = exc.status != _UNAVAILABLE
        return _leave_alone(task, exc, told_s=exc.retry_in_s, is_too_many=is_too_many)
    except ProviderDownError as exc:
        return _leave_alone(task, exc, told_s=None, is_too_many=False)


def _leave_alone(
    task: Task,
    error: ProviderBusyError | ProviderDownError,
    *,
    told_s: float | None,
    is_too_many: bool,
) -> Ended:
    """Let the provider rest: no attempt of this or any other entry is spent on it meanwhile."""
    pause = ProviderPause(
        base_s=task.services.downloads.retry_delay_s,
        told_s=told_s,
        is_too_many=is_too_many,
        reason=str(error),
    )
    return later(
        f"{error} The download goes on by itself.",
        run_in_s=pause.base_s,
        error_code=error.code,
        provider_pause=pause,
    )


def _ask(task: Task, sentence: str) -> Ended:
    """Let the download rest until a person confirms or rejects its entry."""
    change = DownloadChange(
        download_id=task.download.id, item_state=ItemState.TO_CONFIRM, reason=sentence
    )
    return later(
        sentence,
        run_in_s=0,
        is_held=True,
        error_code=DoubtfulFileError.code,
        matches=(_doubted(task, sentence),),
        download=change,
    )


def _doubted(task: Task, sentence: str) -> NewMatch:
    """Put the match of the entry to the person again, with the new reason."""
    item = task.items[0]
    known = [
        match
        for match in task.services.store.matches.of_item(item.id)
        if match.playlist_item_id == task.entry.id
    ]
    before = known[0] if known else None
    # Asked again after another run, it does not say the same twice.
    reasons = [reason for reason in before.reasons if reason != sentence] if before else []
    return NewMatch(
        item_id=item.id,
        entry_id=task.entry.id,
        score=before.score if before else 0,
        method=before.method if before else "running_time",
        reasons=(*reasons, sentence),
        state=MatchState.TO_CONFIRM,
        entry_name=task.entry.name,
    )


def _stopped(task: Task, recorder: Recorder) -> StoppedError:
    """Save the offset, unless the job is somebody else's by now."""
    if task.run.reason is StopReason.DROPPED:
        remove_part(task.part)
    elif task.run.reason is not StopReason.LOST:
        recorder.write()
    return StoppedError(f"{task.download.title} was stopped: {task.run.reason}.")


def _finish(task: Task, fetched: Fetched) -> Ended:
    """Check the whole file and give it its name."""
    facts = judge_whole(task, fetched)
    relative = _name(task, facts)
    # The name is noted under the lease before the file gets it: whoever runs this again after a
    # kill between the two looks there, and a worker that lost its lease stops here.
    planned = DownloadChange(
        download_id=task.download.id,
        download_path=relative,
        file_size=fetched.size_bytes,
        facts=facts,
    )

    def permit() -> None:
        task.services.store.leases.check(task.run.lease, planned)
        task.run.require_lease()

    path = publish(
        fetched.path,
        task.rules.folder,
        relative,
        permit=permit,
        should_stop=task.run.should_stop,
    )
    return _complete(task, path, fetched.size_bytes)


def _name(task: Task, facts: FileFacts) -> str:
    extension = facts.container or "mkv"
    if not task.items:
        return unwanted.file_name(task, resolution=facts.resolution, extension=extension)
    return file_name(task.items, resolution=facts.resolution, extension=extension)


def _published_before(task: Task) -> Ended | None:
    """Find the file of a run that was killed after it gave the file its name."""
    relative, size = task.download.download_path, task.download.file_size
    if relative is None or size is None:
        return None
    path = published(task.part, task.rules.folder, relative, size)
    return None if path is None else _complete(task, path, size)


def _present(task: Task) -> Ended | None:
    with disk_errors(task.rules.folder):
        found = find_present(task)
        if found is None:
            return None
        path, facts = found
        size_bytes = path.stat().st_size
    return _complete(task, path, size_bytes, facts)


def _complete(task: Task, path: Path, size_bytes: int, facts: FileFacts | None = None) -> Ended:
    is_off = task.rules.import_mode is ImportMode.OFF
    change = DownloadChange(
        download_id=task.download.id,
        status=DownloadStatus.COMPLETED,
        import_status=ImportStatus.OFF if is_off else ImportStatus.PENDING,
        reason="importing is switched off" if is_off else "",
        download_path=str(path),
        file_size=size_bytes,
        facts=facts,
    )
    return done(
        "downloaded", str(path), download=change, then=() if is_off else (_import_job(task),)
    )


def _import_job(task: Task) -> NewJob:
    return import_job(
        task.items[0],
        task.download,
        priority=task.run.job.priority,
        max_attempts=task.services.downloads.attempts,
    )

"""Has Radarr or Sonarr take one finished file into its library, and makes sure that it did.

It asks first whether the file is there already, or on its way: a run that was killed between the
command and its end finds what it had done, so the arr is never told twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from stalkeer.arr.base import CommandState, ImportTarget, ImportVerdict
from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.jobs import DownloadChange, Ended, done, later
from stalkeer.core.states import ImportStatus
from stalkeer.db.downloads import Download
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import ImportMode, InstanceRules, Run, Services
from stalkeer.jobs.targets import import_target

POLL_S = 20.0
LOOK_AGAIN_S = 5.0


class ImportRefusedError(StalkeerError):
    """The arr does not take the file; the message holds its own words."""

    code: ClassVar[str] = "import_refused"


class ImportNotVisibleError(ImportRefusedError):
    """The arr does not see the file; it is asked again once it does."""

    code: ClassVar[str] = "import_not_visible"


class ImportUnprovenError(StalkeerError):
    """The arr says it is done, and yet has no file."""

    code: ClassVar[str] = "import_unproven"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class _Task:
    """All that one import is about. `theirs` is the file's name in the arr's file system."""

    run: Run
    services: Services
    download: Download
    arr: Radarr | Sonarr
    rules: InstanceRules
    target: ImportTarget
    theirs: str


def handle(run: Run, services: Services) -> Ended:
    """Import the file of one download."""
    download = services.store.downloads.get(run.job.download_id or 0)
    if download is None or download.download_path is None:
        return done("skipped", "its download is gone")
    arr, rules = services.instance(run.job.instance)
    items = services.store.items.many(services.store.downloads.item_ids(download.id))
    theirs = rules.path_map.theirs(download.download_path)
    task = _Task(run, services, download, arr, rules, import_target(items), theirs)
    imported = arr.imported_file(task.target)
    if imported is not None:
        return _imported(task, imported)
    command_id = arr.running_import(theirs)
    return _follow(task, _start(task) if command_id is None else command_id)


def _start(task: _Task) -> int:
    """Tell the arr to import, after the last look at the lease, and return the command's id."""
    if task.rules.import_mode is ImportMode.SCAN:
        _show_importing(task)
        task.run.require_lease()
        return task.arr.start_scan(task.theirs)
    verdict = task.arr.verdict(task.theirs, task.target)
    _refuse(task, verdict)
    _show_importing(task)
    task.run.require_lease()
    return task.arr.start_import(verdict)


def _refuse(task: _Task, verdict: ImportVerdict) -> None:
    name = task.rules.name.title()
    if not Path(task.download.download_path or "").exists():
        raise ImportRefusedError(
            f"{task.download.title}: the file {task.download.download_path} is gone. "
            f"Replay the download to fetch it again."
        )
    if not verdict.visible:
        raise ImportNotVisibleError(
            f"{task.download.title}: {name} does not see {task.theirs}. Mount the same folder in "
            f"both containers, or set {task.rules.named('PATH_MAP')}; then replay this job."
        )
    if verdict.rejections:
        words = "; ".join(rejection.reason for rejection in verdict.rejections)
        raise ImportRefusedError(f"{task.download.title}: {name} refuses the file: {words}")


def _show_importing(task: _Task) -> None:
    change = DownloadChange(download_id=task.download.id, import_status=ImportStatus.IMPORTING)
    task.services.store.leases.check(task.run.lease, change)


def _follow(task: _Task, command_id: int) -> Ended:
    state = task.arr.wait_for_command(
        command_id, timeout_s=POLL_S, should_stop=task.run.should_stop
    )
    if state is not None and not state.is_finished:
        task.run.go_on_or_stop()
        return _wait_more(task, f"{task.rules.name} is still importing it")
    imported = task.arr.imported_file(task.target)
    if imported is not None:
        return _imported(task, imported)
    raise _not_taken(task, state)


def _wait_more(task: _Task, reason: str) -> Ended:
    change = DownloadChange(
        download_id=task.download.id, import_status=ImportStatus.IMPORTING, reason=reason
    )
    return later(reason, run_in_s=LOOK_AGAIN_S, download=change)


def _not_taken(task: _Task, state: CommandState | None) -> StalkeerError:
    name, words = task.rules.name.title(), "" if state is None else state.message
    if state is None or state.succeeded:
        return ImportUnprovenError(
            f"{task.download.title}: {name} ended the import and has no file. {words}".strip()
        )
    return ImportRefusedError(
        f"{task.download.title}: {name} imported nothing from {task.theirs} "
        f"({state.status}, {state.result}). {words}".strip()
    )


def _imported(task: _Task, path: str) -> Ended:
    change = DownloadChange(
        download_id=task.download.id, import_status=ImportStatus.IMPORTED, imported_path=path
    )
    return done("imported", path, download=change)

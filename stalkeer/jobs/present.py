"""Finds the finished file of an item that no row knows, so that it is not fetched a second time.

That is how a house looks after an older backup was brought back: the file is in its place, and
the download it came from is not in the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from stalkeer.core.jobs import FileFacts
from stalkeer.downloader.http import Fetched
from stalkeer.downloader.media import inspect
from stalkeer.downloader.resume import ResumeState
from stalkeer.errors import StalkeerError
from stalkeer.jobs.targets import file_name
from stalkeer.jobs.tasks import Task
from stalkeer.jobs.verdicts import judge_whole
from stalkeer.log import get_logger

log = get_logger(__name__)

# What may stand behind title and year: a resolution (core.naming), and a number (files.publish).
_ENDING = re.compile(r"( WEBDL-\d{3,4}p)?( \(\d+\))?")


def find_present(task: Task) -> tuple[Path, FileFacts] | None:
    """Return the file that is in the place of this download, and what it is; None without one.

    Only what its running time shows to be the item counts; of anything else, or where files are
    not looked into (`STALKEER_DOWNLOADS_VERIFY`), the name alone would be believed.
    """
    if not task.items or not task.services.downloads.verify:
        return None
    for path in _files_named_like(task):
        if task.services.store.downloads.is_named(str(path)):
            continue
        facts = _judged(task, path)
        if facts is not None:
            return path, facts
    return None


def _files_named_like(task: Task) -> Iterator[Path]:
    relative = PurePosixPath(file_name(task.items, resolution=None, extension="mkv"))
    folder = task.rules.folder / relative.parent
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            named = path.stem.startswith(relative.stem)
            if named and _ENDING.fullmatch(path.stem.removeprefix(relative.stem)):
                yield path


def _judged(task: Task, path: Path) -> FileFacts | None:
    if path.is_symlink() or inspect(path).duration_s is None:
        return None
    fetched = Fetched(
        path=path,
        size_bytes=path.stat().st_size,
        resume=ResumeState(),
        length_verified=False,
        content_type="",
        container=None,
    )
    try:
        facts = judge_whole(task, fetched)
    except StalkeerError as exc:
        log.info("a file in the place of this download is not it", path=path, reason=str(exc))
        return None
    return replace(facts, verdict=f"It was there already. {facts.verdict}")

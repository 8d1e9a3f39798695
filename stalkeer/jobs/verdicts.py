"""Whether a file is the film or episode it was taken for: by size, running time and resolution.

What its header does not say is not guessed: the verdict says that it could not be judged.
"""

from __future__ import annotations

from pathlib import Path

from stalkeer.core.items import ItemKind
from stalkeer.core.jobs import FileFacts
from stalkeer.downloader.digests import xxh3_of
from stalkeer.downloader.http import Fetched
from stalkeer.downloader.media import MediaFacts, RuntimeDecision, inspect, judge_runtime
from stalkeer.jobs.quality import allowed_resolutions
from stalkeer.jobs.tasks import DoubtfulFileError, NotTheItemError, Task, WrongResolutionError

_SAYS_WHEN_WHOLE = frozenset({"ts", "m2ts", "mpg"})
"""Containers without a running time of their own: their length is that of what has arrived."""
_NAMES_ITS_TRACKS = frozenset({"mkv", "webm", "mp4", "mov", "avi", "wmv", "flv"})


def judge_start(task: Task, part: Path) -> None:
    """Judge the first megabytes, so that nothing is spent on what will be refused.

    Raises `NotTheItemError`, and `DoubtfulFileError` when a person should decide.
    """
    if not task.services.downloads.verify:
        return
    facts = inspect(part)
    _judge_resolution(task, facts)
    if facts.extension not in _SAYS_WHEN_WHOLE:
        _judge_runtime(task, facts)


def judge_whole(task: Task, fetched: Fetched) -> FileFacts:
    """Judge the complete file and say what was found; raises as `judge_start` does."""
    facts = inspect(fetched.path)
    _judge_size(task, fetched.size_bytes)
    verdict = _judge_header(task, facts) if task.services.downloads.verify else "not looked into"
    checksum = None
    if task.services.downloads.checksum:
        checksum = xxh3_of(fetched.path, should_stop=task.run.should_stop)
    return FileFacts(
        container=facts.extension or fetched.container,
        resolution=facts.resolution or task.entry.resolution,
        duration_s=None if facts.duration_s is None else round(facts.duration_s),
        length_verified=fetched.length_verified,
        checksum=checksum,
        verdict=" ".join([verdict, *_about_transfer(fetched)]),
    )


def _about_transfer(fetched: Fetched) -> list[str]:
    said = []
    if not fetched.length_verified:
        said.append("Nothing said how long the file is.")
    if fetched.digest_verified:
        said.append("It has the checksum that the server said.")
    return said


def _judge_size(task: Task, size_bytes: int) -> None:
    rules, is_movie = task.services.downloads, _is_movie(task)
    floor = rules.min_movie_bytes if is_movie else rules.min_episode_bytes
    if size_bytes < floor:
        raise NotTheItemError(
            f"{task.download.title}: the file has {size_bytes / 1e6:.1f} MB; under "
            f"{floor / 1e6:.0f} MB nothing is taken for "
            f"{'a film' if is_movie else 'an episode'} (STALKEER_DOWNLOADS_MIN_SIZE_"
            f"{'MOVIE' if is_movie else 'EPISODE'})."
        )


def _is_movie(task: Task) -> bool:
    if task.items:
        return task.items[0].wanted.kind is ItemKind.MOVIE
    return task.rules.folder == task.services.downloads.folders[ItemKind.MOVIE].folder


def _judge_header(task: Task, facts: MediaFacts) -> str:
    if facts.is_truncated:
        raise NotTheItemError(f"{task.download.title}: the file is cut off, its own header says.")
    if facts.container is None:
        return "Its header could not be read."
    if not facts.video_tracks and (facts.audio_tracks or facts.extension in _NAMES_ITS_TRACKS):
        raise NotTheItemError(f"{task.download.title}: the file holds no video.")
    _judge_resolution(task, facts)
    return _judge_runtime(task, facts)


def _judge_resolution(task: Task, facts: MediaFacts) -> None:
    allowed = allowed_resolutions(task.run.job)
    if allowed is None or facts.resolution is None or facts.resolution in allowed:
        return
    raise WrongResolutionError(
        f"{task.download.title}: the file is {facts.resolution}; its quality profile allows "
        f"{', '.join(sorted(allowed)) or 'none better'} only."
    )


def _judge_runtime(task: Task, facts: MediaFacts) -> str:
    """Compare the running time with what the arr expects, and say what came of it."""
    rules = task.services.downloads
    verdict = judge_runtime(
        facts.duration_s,
        task.items[0].wanted.runtime_minutes if task.items else 0,
        low=rules.runtime_low,
        high=rules.runtime_high,
        episodes=len(task.items),
    )
    if verdict.decision is RuntimeDecision.REFUSE:
        raise NotTheItemError(f"{task.download.title}: {verdict.sentence}")
    if verdict.decision is RuntimeDecision.ASK and not _is_confirmed(task):
        raise DoubtfulFileError(f"{task.download.title}: {verdict.sentence}")
    return verdict.sentence


def _is_confirmed(task: Task) -> bool:
    """Say whether a person said that the entry is the item."""
    confirmed = task.services.store.matches.confirmed
    return any(task.entry.id in confirmed(item.id) for item in task.items)

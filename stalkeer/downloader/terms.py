"""What is asked of the download engine, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from stalkeer.downloader.limiter import TokenBucket
from stalkeer.downloader.resume import ResumeState


class Chance(Protocol):
    """What is needed of `random.Random`."""

    def random(self) -> float:
        """Give a number from 0 to 1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One file to fetch into `part`, going on where `resume` and the part file say.

    `url` holds credentials and stays out of the repr. `expect_media` refuses whatever is no video
    container; pages and playlists always are. `limiter` is the limit of its provider, which counts
    beside that of all.
    """

    url: str = field(repr=False)
    part: Path
    user_agent: str
    max_bytes: int
    resume: ResumeState = field(default_factory=ResumeState)
    referrer: str | None = None
    expect_media: bool = True
    limiter: TokenBucket | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRules:
    """How patient an engine is, and what it may fetch.

    A stop is heard within `read_step_s`. Silence, or less than `low_speed_bytes_s`, for
    `stall_timeout_s` is a cut; 0 waits for ever. `timeout_s` bounds a whole fetch, 0 does not.
    `in_attempt_tries` failures in a row without a new MiB end a fetch. `allowed_hosts` may have
    any address, `private_hosts` also private ones. Certificates of `unverified_hosts` are taken as
    they are.
    """

    connect_timeout_s: float = 15
    read_step_s: float = 5
    stall_timeout_s: float = 60
    low_speed_bytes_s: float = 10 * 1024
    timeout_s: float = 0
    resume_enabled: bool = True
    limiter: TokenBucket = field(default_factory=TokenBucket)
    allowed_hosts: frozenset[str] = frozenset()
    private_hosts: frozenset[str] = frozenset()
    unverified_hosts: frozenset[str] = frozenset()
    in_attempt_tries: int = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is: `bytes_done` are on disk, `resume` is what to store beside them.

    `total_bytes` is None while the server has not said; `speed_bytes_s` is of the last seconds.
    """

    bytes_done: int
    total_bytes: int | None
    resume: ResumeState
    speed_bytes_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete file, still at `path`, the part file; `files.publish` flushes it to the disk.

    `length_verified` is False when nothing said how long the file is, `digest_verified` True when
    the server sent a checksum and the file has it. `container` is a file extension, None for other
    files than films.
    """

    path: Path
    size_bytes: int
    resume: ResumeState
    length_verified: bool
    content_type: str
    container: str | None
    digest_verified: bool = False

"""What the jobs need, built once by `wiring`, and what a running job knows of itself."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.arr.tmdb import Tmdb
from stalkeer.core.items import ItemKind, Service
from stalkeer.core.jobs import Job, Lease
from stalkeer.core.matching import MatchRules
from stalkeer.core.pathmap import PathMap
from stalkeer.core.states import StopRequest
from stalkeer.core.windows import Window
from stalkeer.db.providers import SlotLimits
from stalkeer.db.store import Store
from stalkeer.downloader.http import Engine
from stalkeer.downloader.limiter import Bandwidth
from stalkeer.downloader.terms import Chance
from stalkeer.errors import StalkeerError
from stalkeer.jobs.folders import SeenFolders
from stalkeer.jobs.libraries import Libraries
from stalkeer.jobs.meters import Meters
from stalkeer.jobs.register import Webhook
from stalkeer.playlist.terms import SourceRules


class ImportMode(StrEnum):
    """How a finished file reaches the arr's library."""

    MANUAL = "manual"
    """The arr is told which movie or episode the file is."""
    SCAN = "scan"
    """The arr scans the folder and guesses from the names."""
    OFF = "off"
    """Not at all: the file stays where it was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRules:
    """The user's settings for one instance.

    `folder` is where its finished files are published, `parts` where the unfinished ones are kept.

    `setting` is the prefix of its environment variables, for messages: `STALKEER_RADARR`; empty
    for one that was added through the API.
    Without `tags` and `quality_profile_ids` every item counts.
    """

    name: str
    service: Service
    setting: str
    folder: Path
    parts: Path
    path_map: PathMap
    import_mode: ImportMode = ImportMode.MANUAL
    search_limit: int = 20
    tags: frozenset[str] = frozenset()
    quality_profile_ids: frozenset[int] = frozenset()

    def named(self, key: str) -> str:
        """Name one of its settings in a message, by the end of its variable's name."""
        if self.setting:
            return f"{self.setting}_{key}"
        return f"the {key.lower()} of the instance {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where finished files are published, and where the unfinished ones are kept."""

    folder: Path
    parts: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRules:
    """The user's settings for downloads. Times in seconds, sizes in bytes.

    Without `windows` files are fetched at any time; `checksum` keeps one of each file. `folders`
    are for what is for no instance.
    """

    attempts: int = 5
    retry_delay_s: float = 60.0
    min_free_bytes: int = 2_000_000_000
    min_movie_bytes: int = 50_000_000
    min_episode_bytes: int = 20_000_000
    verify: bool = True
    runtime_low: float = 0.5
    runtime_high: float = 1.75
    progress_every_s: float = 2.0
    progress_every_bytes: int = 10_000_000
    part_retention_s: float = 7 * 86400.0
    user_agent: str = ""
    checksum: bool = False
    windows: tuple[Window, ...] = ()
    folders: Mapping[ItemKind, Places] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistRules(SourceRules):
    """How playlists are fetched, and how often those that say nothing of their own."""

    every_s: float = 3600.0


class StopReason(StrEnum):
    """Why a running job has to stop."""

    SHUTDOWN = "shutdown"
    """The process ends: the job goes on after the next start."""
    CANCELLED = "cancelled"
    """A person or the arr said so."""
    DROPPED = "dropped"
    """The same, and nothing of it is needed any more."""
    PAUSED = "paused"
    """A person wants it to rest."""
    LOST = "lost"
    """Its lease is somebody else's: it must not write anything."""


class StoppedError(StalkeerError):
    """A job stopped because it was told to."""

    code: ClassVar[str] = "stopped"


class UnknownInstanceError(StalkeerError):
    """A job is for an instance that is not configured any more."""

    code: ClassVar[str] = "unknown_instance"


def since_boot() -> float:
    """Return seconds of a clock that goes on while the process, or the whole machine, sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(slots=True)
class Run:
    """A job that runs in this process. `stop` may be called from any thread.

    When its lease was not kept for `lease_s`, it may be somebody else's: a process that stood
    still that long and wakes stops before it writes anything, without asking the database first.
    """

    job: Job
    lease: Lease
    reason: StopReason | None = None
    lease_s: float = math.inf
    clock: Callable[[], float] = since_boot
    _kept_at: float = field(init=False)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._kept_at = self.clock()

    def keep(self, asked_at: float) -> None:
        """Note that its lease began anew no earlier than at this time of its clock."""
        self._kept_at = asked_at

    def stop(self, reason: StopReason) -> None:
        """Ask the job to stop; the first reason counts, except that a lost lease beats all."""
        if self.reason is None or reason is StopReason.LOST:
            self.reason = reason
        self._stopped.set()

    def obey(self, request: StopRequest | None) -> None:
        """Stop as somebody asked for through the job's row."""
        if request is not None:
            self.stop(_REASONS[request])

    def should_stop(self) -> bool:
        """Say whether it was asked to stop, or its lease has run out."""
        if self.clock() - self._kept_at >= self.lease_s:
            self.stop(StopReason.LOST)
        return self._stopped.is_set()

    def wait(self, seconds: float) -> None:
        """Wait, but not past a stop."""
        self._stopped.wait(seconds)

    def require_lease(self) -> None:
        """Raise `StoppedError` when the lease may be somebody else's; other stops are passed over.

        For the last moment before an effect outside the database.
        """
        if self.should_stop() and self.reason is StopReason.LOST:
            raise StoppedError(f"Job {self.job.id} was stopped: {self.reason}.")

    def go_on_or_stop(self) -> None:
        """Return, or raise `StoppedError` when it was asked to stop."""
        if self.should_stop():
            raise StoppedError(f"Job {self.job.id} was stopped: {self.reason}.")


_REASONS = {
    StopRequest.CANCEL: StopReason.CANCELLED,
    StopRequest.DROP: StopReason.DROPPED,
    StopRequest.PAUSE: StopReason.PAUSED,
}


class Running:
    """The jobs that run in this process, for the heartbeat and the shutdown."""

    def __init__(self) -> None:
        """Start with none."""
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        self._closing = False

    @property
    def is_closing(self) -> bool:
        """Whether the process is about to end."""
        return self._closing

    def add(self, run: Run) -> None:
        """Remember a run; one that starts during a shutdown is stopped at once."""
        with self._lock:
            self._runs[run.lease.token] = run
            closing = self._closing
        if closing:
            run.stop(StopReason.SHUTDOWN)

    def remove(self, run: Run) -> None:
        """Forget a run."""
        with self._lock:
            self._runs.pop(run.lease.token, None)

    def by_token(self) -> dict[str, Run]:
        """Return the runs of this moment by their lease tokens."""
        with self._lock:
            return dict(self._runs)

    def stop_all(self) -> None:
        """Stop every run, and every one that still starts."""
        with self._lock:
            self._closing = True
        for run in self.by_token().values():
            run.stop(StopReason.SHUTDOWN)


@dataclass(slots=True, kw_only=True)
class Services:
    """Everything the jobs use. `arrs` and `instances` have the same keys: the instances' names.

    The one thing of the house that is not frozen: when a setting is saved, `adopt` puts in what was
    made of it, and whoever asks next works by it. `ring` wakes this process's pulse, which rings
    for due jobs; `owner` is `host:pid`. `webhooks` are what the instances should hold to send us
    their events. `tmdb` is None without a key. `notify_events` are what the user is told of; none
    named means all.
    """

    store: Store
    arrs: Mapping[str, Radarr | Sonarr]
    instances: Mapping[str, InstanceRules]
    engine: Engine
    downloads: DownloadRules
    playlists: PlaylistRules
    matching: MatchRules
    limits: SlotLimits
    running: Running
    libraries: Libraries
    seen_folders: SeenFolders
    ring: Callable[[], None]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    rng: Chance
    owner: str
    notify_urls: tuple[str, ...] = ()
    notify_events: frozenset[str] = frozenset()
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    backups: Path | None = None
    meters: Meters = field(default_factory=Meters)
    bandwidth: Bandwidth = field(default_factory=Bandwidth)
    tmdb: Tmdb | None = None

    def adopt(self, newer: Services) -> None:
        """Take over all that settings decide. Runs under way end by what they began with."""
        for name in _DECIDED:
            setattr(self, name, getattr(newer, name))

    def places_of(self, instance: str) -> tuple[Places, ...]:
        """Say where the downloads of an instance write; empty for those that are for none."""
        if not instance:
            return tuple(self.downloads.folders.values())
        rules = self.instances.get(instance)
        return () if rules is None else (Places(folder=rules.folder, parts=rules.parts),)

    def instance(self, name: str | None) -> tuple[Radarr | Sonarr, InstanceRules]:
        """Return the client and the rules of an instance.

        Raises `UnknownInstanceError` when it was taken out of the settings.
        """
        if name is None or name not in self.instances:
            raise UnknownInstanceError(
                f"The instance {name!r} is no longer in the settings. Set its URL and API key "
                f"again and replay this job, or leave it."
            )
        return self.arrs[name], self.instances[name]


_DECIDED = (
    "arrs",
    "instances",
    "engine",
    "downloads",
    "playlists",
    "matching",
    "limits",
    "libraries",
    "seen_folders",
    "notify_urls",
    "notify_events",
    "webhooks",
    "bandwidth",
    "tmdb",
)
"""The parts that settings and saved instances decide."""

"""Builds everything from the settings: the only place that does.

A `Service` is one process: the web application, worker threads, or both. `up` has both with the
embedded broker; `web` and `worker` meet in Redis.
"""

from __future__ import annotations

import fcntl
import os
import random  # noqa: TID251 # the random source that everything else is given
import secrets
import socket
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from starlette.applications import Starlette

from stalkeer import __version__
from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core import items
from stalkeer.core.matching import MatchRules
from stalkeer.core.pathmap import PathMap
from stalkeer.core.states import JobKind
from stalkeer.db.connect import Database
from stalkeer.db.slots import SlotLimits
from stalkeer.db.store import Store
from stalkeer.downloader.http import Engine
from stalkeer.downloader.limiter import TokenBucket
from stalkeer.downloader.terms import EngineRules
from stalkeer.errors import StalkeerError
from stalkeer.jobs.folders import SeenFolders
from stalkeer.jobs.libraries import Libraries
from stalkeer.jobs.pulse import Pulse
from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.runner import run_job
from stalkeer.jobs.services import (
    DownloadRules,
    ImportMode,
    InstanceRules,
    PlaylistRules,
    Running,
    Services,
)
from stalkeer.jobs.status import Status
from stalkeer.log import get_logger, register_secret
from stalkeer.playlist.source import SourceLimits
from stalkeer.settings import Secrets, Settings
from stalkeer.settings.sections import Radarr as RadarrSection
from stalkeer.settings.sections import Sonarr as SonarrSection
from stalkeer.web.api import Api
from stalkeer.web.app import make_app
from stalkeer.web.auth import Credentials
from stalkeer.web.webhooks import Webhooks
from stalkeer.worker.actors import Bell, Workers, declare_actors
from stalkeer.worker.broker import make_broker

log = get_logger(__name__)

CLEANUP_EVERY_S = 86400.0
SPARE_THREADS = 4
"""Worker threads beyond those for downloads, so that an hour-long film never holds up a search."""
STOP_S = 7.0
USER_AGENT = f"stalkeer/{__version__}"
_CHANCE = random.Random()  # noqa: S311 # for jitter only


class AlreadyRunningError(StalkeerError):
    """Another process uses the same data directory."""

    code: ClassVar[str] = "already_running"


def open_store(settings: Settings) -> Store:
    """Connect to the database of the settings; `migrate` is the caller's business."""
    url = settings.database_url.get_secret_value()
    if urlsplit(url).password:
        register_secret(str(urlsplit(url).password))
    database = Database(
        url,
        pool_size=settings.database.pool_size,
        pool_timeout_s=settings.database.pool_timeout,
    )
    return Store(database, lease_s=settings.downloads.lock_timeout)


def playlist_sources(settings: Settings) -> list[tuple[str, str]]:
    """Give the (name, location) pairs of the playlists in the settings."""
    addresses = [url.get_secret_value() for url in settings.m3u.url]
    if settings.m3u.file_path is not None:
        addresses.insert(0, str(settings.m3u.file_path))
    return name_sources(addresses)


def name_sources(locations: Sequence[str]) -> list[tuple[str, str]]:
    """Name playlists: a file by its name, an address by its host, the second of a name `-2`."""
    names = [urlsplit(location).hostname or Path(location).name for location in locations]
    return [
        (name if name not in names[:place] else f"{name}-{names[:place].count(name) + 1}", location)
        for place, (name, location) in enumerate(zip(names, locations, strict=True))
    ]


def playlist_rules(settings: Settings) -> PlaylistRules:
    """Say how playlists are fetched."""
    m3u = settings.m3u
    password = m3u.auth_password.get_secret_value()
    return PlaylistRules(
        limits=SourceLimits(decoded_bytes=m3u.max_file_size_mb * 1_000_000),
        user_agent=m3u.user_agent or USER_AGENT,
        auth=(m3u.auth_username, password) if m3u.auth_username else None,
    )


def instance_rules(settings: Settings) -> dict[str, InstanceRules]:
    """Describe the instances that have an address, by name."""
    sections = {
        items.Service.RADARR: (settings.radarr, settings.movies_dir),
        items.Service.SONARR: (settings.sonarr, settings.tvshows_dir),
    }
    return {
        service.value: InstanceRules(
            name=service.value,
            service=service,
            setting=f"STALKEER_{service.name}",
            folder=folder.absolute(),
            parts=(settings.directories.temp or folder).absolute(),
            path_map=PathMap(section.path_map),
            import_mode=ImportMode(section.import_mode),
            search_limit=section.limit,
            tags=frozenset(tag.lower() for tag in section.tags),
            quality_profile_ids=frozenset(section.quality_profile_id),
        )
        for service, (section, folder) in sections.items()
        if section.url
    }


def download_rules(settings: Settings) -> DownloadRules:
    """Say how downloads are done."""
    given = settings.downloads
    return DownloadRules(
        attempts=given.retry_attempts,
        retry_delay_s=given.retry_delay,
        min_free_bytes=given.min_free_space,
        min_movie_bytes=given.min_size_movie,
        min_episode_bytes=given.min_size_episode,
        verify=given.verify,
        runtime_low=given.runtime_low,
        runtime_high=given.runtime_high,
        progress_every_s=given.progress_interval_seconds,
        progress_every_bytes=given.progress_interval_mb * 1_000_000,
        part_retention_s=given.part_retention,
        user_agent=given.user_agent or USER_AGENT,
    )


def make_engine(settings: Settings) -> Engine:
    """Make the download engine."""
    given = settings.downloads
    rules = EngineRules(
        read_step_s=2,
        stall_timeout_s=given.stall_timeout,
        timeout_s=given.timeout,
        resume_enabled=given.resume_enabled,
        limiter=TokenBucket(given.bandwidth_limit),
        allowed_hosts=frozenset(given.allowed_hosts),
        private_hosts=_own_hosts(settings),
    )
    return Engine(rules, rng=_CHANCE)


def _own_hosts(settings: Settings) -> frozenset[str]:
    """The hosts a person configured: files may come from their private addresses."""
    addresses = [url.get_secret_value() for url in settings.m3u.url]
    addresses += [settings.radarr.url, settings.sonarr.url, settings.xtream.url]
    return frozenset(urlsplit(address).hostname or "" for address in addresses) - {""}


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 # the clock that everything else is given


class Service:
    """One process of stalkeer, built and not yet started.

    `queues` are the queues it runs jobs of; none for a process that only serves the web.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Secrets,
        *,
        queues: Collection[str],
        threads: int | None = None,
    ) -> None:
        """Build every part."""
        for secret in (keys.api_key, keys.webhook_password, keys.secret_key):
            register_secret(secret)
        self._settings = settings
        self._closing = threading.Event()
        redis_url = settings.queue.redis_url.get_secret_value()
        self._is_embedded = not redis_url
        broker = make_broker(redis_url)
        self.store = open_store(settings)
        self.running = Running()
        self._limits = SlotLimits(
            overall=settings.downloads.concurrent_limit,
            per_provider=settings.downloads.per_provider_limit,
        )
        self._bell = Bell(broker)
        # Every process rings for all queues: the broker carries a bell to whoever listens.
        self._pulse = Pulse(self.store, self.running, self._limits, self._bell.send)
        self.services = self._services()
        declare_actors(broker, self._run_job)
        count = threads or settings.downloads.concurrent_limit + SPARE_THREADS
        self._workers = Workers(broker, queues=queues, threads=count) if queues else None
        self._writer = WebhookWriter(self.store.jobs.add_webhooks, self._pulse.ring)
        self.app = self._app(keys)

    def start(self) -> None:
        """Bring the schema up to date, take up what a dead process left, and begin."""
        self.store.migrate()
        self._configure()
        if self._is_embedded:
            # Nobody else runs jobs of this database: whatever was running died with its process.
            taken_back = self.store.leases.take_back(expired_only=False)
            if taken_back:
                log.info("jobs of the last run go on", job_ids=taken_back)
        self._writer.start()
        self._pulse.start()
        if self._workers is not None:
            self._workers.start()
        self._pulse.ring()

    def stop(self) -> None:
        """Stop the running jobs at a byte they can go on from, and end every thread."""
        self._closing.set()
        self.running.stop_all()
        if self._workers is not None:
            self._workers.stop(STOP_S)
        self._writer.stop()
        self._pulse.stop()
        for arr in self.services.arrs.values():
            arr.close()
        self.store.close()

    def problems(self) -> list[str]:
        """Say what keeps work from being done, a sentence each."""
        return [problem.message for problem in self._status.problems()]

    def _run_job(self, job_id: int) -> None:
        run_job(job_id, self.services)

    def _services(self) -> Services:
        rules = instance_rules(self._settings)
        return Services(
            store=self.store,
            arrs={name: self._arr(one) for name, one in rules.items()},
            instances=rules,
            engine=make_engine(self._settings),
            downloads=download_rules(self._settings),
            playlists=playlist_rules(self._settings),
            matching=MatchRules(
                auto=self._settings.matching.auto,
                ask=self._settings.matching.ask,
                resolutions=self._settings.matching.resolutions,
            ),
            limits=self._limits,
            running=self.running,
            libraries=Libraries(),
            seen_folders=SeenFolders(),
            ring=self._pulse.ring,
            now=_now,
            new_id=lambda: secrets.token_hex(16),
            rng=_CHANCE,
            owner=f"{socket.gethostname()}:{os.getpid()}",
            notify_urls=tuple(url.get_secret_value() for url in self._settings.notifications.urls),
        )

    def _arr(self, rules: InstanceRules) -> Radarr | Sonarr:
        section = self._section(rules)
        key = section.api_key.get_secret_value()
        register_secret(key)
        http = ArrHttp(rules.name, section.url, key, wait=self._wait)
        return Radarr(http) if rules.service is items.Service.RADARR else Sonarr(http)

    def _section(self, rules: InstanceRules) -> RadarrSection | SonarrSection:
        is_radarr = rules.service is items.Service.RADARR
        return self._settings.radarr if is_radarr else self._settings.sonarr

    def _wait(self, seconds: float) -> None:
        self._closing.wait(seconds)

    def _app(self, keys: Secrets) -> Starlette:
        self._status = Status(
            services=self.services,
            queue_kind="embedded" if self._is_embedded else "redis",
            queue_answers=self._bell.answers,
            started_at=_now(),
        )
        return make_app(
            Api(self.store, self._status),
            Webhooks(self._writer, self.services.instances),
            Credentials(keys.api_key, (keys.webhook_username, keys.webhook_password)),
            url_base=self._settings.general.url_base,
        )

    def _configure(self) -> None:
        """Write down what the settings name: instances, playlists, and what comes again."""
        store = self.store
        names = {"cleanup"}
        store.schedules.configure("cleanup", JobKind.CLEANUP, every_s=CLEANUP_EVERY_S)
        for rules in self.services.instances.values():
            store.instances.configure(rules.name, rules.service)
            names.add(f"reconcile:{rules.name}")
            store.schedules.configure(
                f"reconcile:{rules.name}",
                JobKind.RECONCILE,
                every_s=self._section(rules).sync_interval,
                instance=rules.name,
            )
        store.playlists.configure(playlist_sources(self._settings))
        for playlist in store.playlists.all():
            names.add(f"refresh_playlist:{playlist.id}")
            store.schedules.configure(
                f"refresh_playlist:{playlist.id}",
                JobKind.REFRESH_PLAYLIST,
                every_s=self._settings.m3u.update_interval,
                payload={"playlist_id": playlist.id},
            )
        store.schedules.keep_only(names)


@contextmanager
def sole_process(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for one embedded service.

    Raises `AlreadyRunningError` when another one does.
    """
    descriptor = os.open(data_dir / "stalkeer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(
                f"stalkeer already runs on {data_dir}. Stop it first, or give this one another "
                f"folder with --data."
            ) from None
        yield
    finally:
        os.close(descriptor)

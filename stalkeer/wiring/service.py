"""One process of stalkeer: the web application, worker threads, or both.

`up` has both with the embedded broker; `web` and `worker` meet in Redis.
"""

from __future__ import annotations

import os
import random  # noqa: TID251 # the random source that everything else is given
import secrets
import socket
import threading
from collections.abc import Collection
from datetime import UTC, datetime

from starlette.applications import Starlette

from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core import items
from stalkeer.core.states import JobKind
from stalkeer.downloader.http import Engine
from stalkeer.jobs.doctor import Doctor
from stalkeer.jobs.folders import SeenFolders
from stalkeer.jobs.libraries import Libraries
from stalkeer.jobs.pulse import Pulse
from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.runner import run_job
from stalkeer.jobs.services import InstanceRules, Running, Services
from stalkeer.jobs.status import Status
from stalkeer.log import get_logger, register_secret
from stalkeer.settings import Secrets, Settings
from stalkeer.web.api import Api
from stalkeer.web.app import make_app
from stalkeer.web.asking import Asking
from stalkeer.web.auth import Credentials
from stalkeer.web.webhooks import Webhooks
from stalkeer.wiring.database import open_store
from stalkeer.wiring.matching import match_rules
from stalkeer.wiring.rules import (
    download_rules,
    engine_rules,
    instance_rules,
    playlist_rules,
    section_of,
    slot_limits,
    webhooks,
)
from stalkeer.wiring.sources import playlist_sources
from stalkeer.worker.actors import Bell, Workers, declare_actors
from stalkeer.worker.broker import make_broker

log = get_logger(__name__)

CLEANUP_EVERY_S = 86400.0
SPARE_THREADS = 4
"""Worker threads beyond those for downloads, so that an hour-long film never holds up a search."""
STOP_S = 7.0
_CHANCE = random.Random()  # noqa: S311 # for jitter only


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 # the clock that everything else is given


class Service:
    """One process of stalkeer, built and not yet started.

    `queues` are the queues it runs jobs of; none for a process that only serves the web. One that
    is not scheduled does what it is asked for and nothing else: for a command that ends.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Secrets,
        *,
        queues: Collection[str],
        threads: int | None = None,
        is_scheduled: bool = True,
    ) -> None:
        """Build every part."""
        for secret in (keys.api_key, keys.webhook_password, keys.secret_key):
            register_secret(secret)
        self._settings = settings
        self._is_scheduled = is_scheduled
        self._closing = threading.Event()
        redis_url = settings.queue.redis_url.get_secret_value()
        self._is_embedded = not redis_url
        broker = make_broker(redis_url)
        self.store = open_store(settings)
        self.running = Running()
        self._limits = slot_limits(settings)
        self._bell = Bell(broker)
        # Every process rings for all queues: the broker carries a bell to whoever listens.
        self._pulse = Pulse(
            self.store,
            self.running,
            self._limits,
            self._bell.send,
            ticks_schedules=is_scheduled,
        )
        self.services = self._services(keys)
        declare_actors(broker, self._run_job)
        count = threads or settings.downloads.concurrent_limit + SPARE_THREADS
        self._workers = Workers(broker, queues=queues, threads=count) if queues else None
        self._writer = WebhookWriter(self.store.jobs.add_webhooks, self._pulse.ring)
        self.app = self._app(keys)

    def prepare(self) -> None:
        """Bring the schema up to date and write down what the settings name."""
        self.store.migrate()
        for rules in self.services.instances.values():
            self.store.instances.configure(rules.name, rules.service)
        sources = playlist_sources(self._settings)
        # A command without any was called without the service's settings: they stay as they are.
        if sources or self._is_scheduled:
            self.store.playlists.configure(sources)
        if self._is_scheduled:
            self._schedule()

    def start(self) -> None:
        """Prepare, take up what a dead process left, and begin."""
        self.prepare()
        if self._is_embedded:
            # Nobody else runs jobs of this database: whatever was running died with its process.
            taken_back = self.store.leases.take_back(expired_only=False)
            if taken_back:
                log.info("jobs of the last run go on", job_ids=taken_back)
            self.store.jobs.forget_bells()
        if self._workers is not None:
            # Whoever mends a setting starts again, and wants to see what comes of it.
            self.store.jobs.hurry()
        self._writer.start()
        self._pulse.start()
        if self._workers is not None:
            self._workers.start()
        self._pulse.ring()

    def stop(self) -> None:
        """Stop the running jobs at a byte they can go on from, and end every thread."""
        self._closing.set()
        if self._pulse.ident is None:
            # It was never started.
            self.close()
            return
        self.running.stop_all()
        # First, because it would ring for the jobs that stop, and nobody here takes them any more.
        self._pulse.stop()
        if self._workers is not None:
            self._workers.stop(STOP_S)
        self._writer.stop()
        self.close()

    def close(self) -> None:
        """Close every connection: all that one which was never started needs."""
        for arr in self.services.arrs.values():
            arr.close()
        self.store.close()

    def problems(self) -> list[str]:
        """Say what keeps work from being done, a sentence each."""
        return [problem.message for problem in self._status.problems()]

    def _run_job(self, job_id: int) -> None:
        run_job(job_id, self.services)

    def doctor(self) -> Doctor:
        """Make the doctor of this service."""
        return Doctor(
            services=self.services,
            warnings=self._settings.unknown,
            queue_kind="the embedded queue" if self._is_embedded else "Redis",
            queue_answers=self._bell.answers,
            webhooks=self.services.webhooks,
            playlist_every_s=self._settings.m3u.update_interval,
        )

    def _services(self, keys: Secrets) -> Services:
        rules = instance_rules(self._settings)
        return Services(
            store=self.store,
            arrs={name: self._arr(one) for name, one in rules.items()},
            instances=rules,
            engine=Engine(engine_rules(self._settings), rng=_CHANCE),
            downloads=download_rules(self._settings),
            playlists=playlist_rules(self._settings),
            matching=match_rules(self._settings),
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
            webhooks=webhooks(self._settings, keys, hostname=socket.gethostname()),
        )

    def _arr(self, rules: InstanceRules) -> Radarr | Sonarr:
        section = section_of(self._settings, rules.service)
        key = section.api_key.get_secret_value()
        register_secret(key)
        http = ArrHttp(rules.name, section.url, key, wait=self._wait)
        return Radarr(http) if rules.service is items.Service.RADARR else Sonarr(http)

    def _wait(self, seconds: float) -> None:
        self._closing.wait(seconds)

    def _app(self, keys: Secrets) -> Starlette:
        self._status = Status(
            services=self.services,
            queue_kind="embedded" if self._is_embedded else "redis",
            queue_answers=self._bell.answers,
            started_at=_now(),
        )
        api = Api(self.store, self._status)
        return make_app(
            api,
            Asking(self.services, api),
            Webhooks(self._writer, self.services.instances),
            Credentials(keys.api_key, (keys.webhook_username, keys.webhook_password)),
            url_base=self._settings.general.url_base,
        )

    def _schedule(self) -> None:
        """Write down what comes again."""
        store = self.store
        names = {"cleanup"}
        store.schedules.configure("cleanup", JobKind.CLEANUP, every_s=CLEANUP_EVERY_S)
        for rules in self.services.instances.values():
            names.add(f"reconcile:{rules.name}")
            store.schedules.configure(
                f"reconcile:{rules.name}",
                JobKind.RECONCILE,
                every_s=section_of(self._settings, rules.service).sync_interval,
                instance=rules.name,
            )
        for playlist in store.playlists.all():
            names.add(f"refresh_playlist:{playlist.id}")
            store.schedules.configure(
                f"refresh_playlist:{playlist.id}",
                JobKind.REFRESH_PLAYLIST,
                every_s=self._settings.m3u.update_interval,
                payload={"playlist_id": playlist.id},
            )
        store.schedules.keep_only(names)

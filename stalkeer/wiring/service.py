"""One process of stalkeer: the web application, worker threads, or both.

`up` has both with the embedded broker; `web` and `worker` meet in Redis.
"""

from __future__ import annotations

import os
import random  # noqa: TID251 # the random source that everything else is given
import secrets
import socket
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from starlette.applications import Starlette

from stalkeer.core.states import JobKind
from stalkeer.db.jobs import AT_ONCE
from stalkeer.downloader.http import Engine
from stalkeer.errors import StalkeerError
from stalkeer.jobs import filtering, notify, survey
from stalkeer.jobs.doctor import Doctor
from stalkeer.jobs.folders import SeenFolders
from stalkeer.jobs.instances import InstanceConfig, KnownInstance, Trial, try_out
from stalkeer.jobs.libraries import Libraries
from stalkeer.jobs.meters import UNAVAILABLE, Meters
from stalkeer.jobs.metrics import Metrics
from stalkeer.jobs.pulse import FEW, Pulse
from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.register import Webhook
from stalkeer.jobs.runner import hand_back, run_job
from stalkeer.jobs.services import Running, Services
from stalkeer.jobs.sources import probe, source_of
from stalkeer.jobs.status import Status
from stalkeer.jobs.timetable import schedule_playlists
from stalkeer.log import get_logger, register_secret
from stalkeer.settings import Secrets, Settings
from stalkeer.web.app import make_app
from stalkeer.web.auth import Credentials, Doorman, Limits
from stalkeer.web.care import Care
from stalkeer.web.instances import Instances
from stalkeer.web.metrics import MetricsPage
from stalkeer.web.resources import STREAM_S, resources
from stalkeer.web.sessions import Sessions
from stalkeer.web.settings import SettingsOf
from stalkeer.web.webhooks import Webhooks
from stalkeer.wiring.backups import before_migration, folder_of
from stalkeer.wiring.clients import Clients, Leave
from stalkeer.wiring.current import Current, Reload
from stalkeer.wiring.database import open_store
from stalkeer.wiring.instances import rules_of
from stalkeer.wiring.matching import match_rules
from stalkeer.wiring.rules import (
    bandwidth,
    download_rules,
    engine_rules,
    playlist_rules,
    slot_limits,
    webhooks,
)
from stalkeer.wiring.sources import configure_playlists, filter_rules, playlist_sources
from stalkeer.wiring.tmdb import tmdb_client
from stalkeer.worker.actors import Bell, Workers, declare_actors
from stalkeer.worker.broker import make_broker

log = get_logger(__name__)

DAY_S = 86400.0
SPARE_THREADS = 4
"""Worker threads beyond those for downloads, so that an hour-long film never holds up a search."""
STOP_S = 6.0
"""With the second that the web part has for its last answers, less than a container grants."""
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
        reload: Reload | None = None,
    ) -> None:
        """Build every part; `reload` reads the settings again, with those that were saved."""
        for secret in (keys.api_key, keys.webhook_password, keys.secret_key):
            register_secret(secret)
        self._is_scheduled = is_scheduled
        self._is_prepared = False
        self._closing = threading.Event()
        redis_url = settings.queue.redis_url.get_secret_value()
        self._is_embedded = not redis_url
        broker = make_broker(redis_url)
        self.store = open_store(settings)
        self.current = Current(settings, keys, self.store, reload=reload, apply=self._apply)
        self.running = Running()
        self._meters = Meters()
        self._clients = Clients(self._wait, self._meters)
        self._limits = slot_limits(settings)
        self._bell = Bell(broker)
        # Every process rings for all queues: the broker carries a bell to whoever listens.
        self._pulse = Pulse(
            self.store,
            self.running,
            self._limits,
            self._bell.send,
            ticks_schedules=is_scheduled,
            plan=self._plan,
            heed=self.current.heed,
            meters=self._meters,
            at_once=AT_ONCE if queues else FEW,
        )
        self.services = self._services()
        self._credentials = self._new_credentials()
        declare_actors(broker, self._run_job)
        self._threads = threads
        count = self._wanted_threads()
        self._workers = Workers(broker, queues=queues, threads=count) if queues else None
        self._metrics = Metrics(self.services)
        self._writer = WebhookWriter(
            self.store.deliveries.add, self._pulse.ring, took=self._metrics.webhooks_took
        )
        self.setup_code = secrets.token_urlsafe(12)
        self.app = self.application()

    def prepare(self) -> None:
        """Bring the schema up to date and write down what the settings name."""
        self.store.migrate(before=before_migration(self._settings, self.store))
        self._is_prepared = True
        self.current.heed()

    def _apply(self) -> None:
        """Work by the settings of this moment from now on."""
        self._limits = slot_limits(self._settings)
        self._pulse.obey(self._limits)
        self.services.adopt(self._services())
        self._credentials = self._new_credentials()
        if self._workers is not None:
            self._workers.grow(self._wanted_threads())
        if self._is_prepared:
            self._write_down()

    def _wanted_threads(self) -> int:
        """Say how many jobs are run at once: as a person said, else all downloads and a few."""
        return self._threads or self._settings.downloads.concurrent_limit + SPARE_THREADS

    def _write_down(self) -> None:
        """Write what the settings name into their tables."""
        for rules in self.services.instances.values():
            self.store.instances.configure(rules.name, rules.service)
        sources = playlist_sources(self._settings)
        # A command without any was called without the service's settings: they stay as they are.
        if sources or self._is_scheduled:
            configure_playlists(self.store, sources)
        filters = filter_rules(self._settings)
        if filters or self._is_scheduled:
            filtering.configure(self.store, filters)
        if self._is_scheduled:
            self._schedule()

    @property
    def _settings(self) -> Settings:
        return self.current.settings

    def start(self) -> None:
        """Prepare, take up what a dead process left, and begin."""
        self.prepare()
        if self._is_embedded:
            # Nobody else runs jobs of this database: whatever was running died with its process.
            taken_back = self.store.leases.take_back(expired_only=False)
            if taken_back:
                log.info("jobs of the last run go on", job_ids=taken_back)
            self.store.jobs.forget_bells()
            self.store.runs.close_open()
        if self._workers is not None:
            # Whoever mends a setting starts again, and wants to see what comes of it.
            self.store.jobs.hurry()
            self.store.jobs.settle_queues()
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
        ends_at = time.monotonic() + STOP_S
        self.running.stop_all()
        # First, because it would ring for the jobs that stop, and nobody here takes them any more.
        self._pulse.stop(STOP_S / 3)
        if self._workers is not None:
            self._workers.stop(ends_at - time.monotonic())
            hand_back(self.services)
        self._writer.stop(max(ends_at - time.monotonic(), 1))
        with suppress(StalkeerError):
            self._meters.hand_over(self.store.counters.add)
        self.close()

    def close(self) -> None:
        """Close every connection: all that one which was never started needs."""
        self._clients.close()
        if self.services.tmdb is not None:
            self.services.tmdb.close()
        self.store.close()

    def problems(self) -> list[str]:
        """Say what keeps work from being done, a sentence each."""
        return [f"{problem.message} {problem.remedy}" for problem in self._status.problems()]

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
            reach=lambda row: probe(source_of(row), self.services.playlists, etag=row.etag or None),
        )

    def _services(self) -> Services:
        known, limits = self.current.known(), bandwidth(self._settings)
        further = [one.config.url for one in known.values() if not one.is_setting]
        return Services(
            store=self.store,
            arrs=self._clients.of(known, self._leave()),
            instances={name: rules_of(one, self._settings) for name, one in known.items()},
            engine=Engine(engine_rules(self._settings, limits.overall, further), rng=_CHANCE),
            bandwidth=limits,
            downloads=download_rules(self._settings),
            playlists=playlist_rules(self._settings),
            matching=match_rules(self._settings),
            limits=self._limits,
            running=self.running,
            libraries=Libraries(self._meters),
            seen_folders=SeenFolders(),
            ring=self._pulse.ring,
            now=_now,
            new_id=lambda: secrets.token_hex(16),
            rng=_CHANCE,
            owner=f"{socket.gethostname()}:{os.getpid()}",
            notify_urls=tuple(url.get_secret_value() for url in self._settings.notifications.urls),
            notify_events=frozenset(self._settings.notifications.events),
            webhooks=self._webhooks(known),
            backups=folder_of(self._settings).absolute(),
            meters=self._meters,
            tmdb=tmdb_client(self._settings, wait=self._wait),
        )

    def _leave(self) -> Leave:
        given = self._settings.downloads
        return Leave(given.allowed_hosts, given.unverified_hosts)

    def _webhooks(self, known: Mapping[str, KnownInstance]) -> dict[str, Webhook]:
        username = self.current.keys.webhook_username
        return webhooks(self._settings, known, username, hostname=socket.gethostname())

    def _trial(self, name: str, config: InstanceConfig) -> Trial:
        """Try out an instance as it is saved."""
        known = self.current.known()
        webhook = self._webhooks(known)[name]
        with self._clients.fleeting(name, config) as arr:
            return try_out(arr, rules_of(known[name], self._settings), webhook)

    def _new_credentials(self) -> Credentials:
        passwords = {
            name: (hook.username, hook.password) for name, hook in self.services.webhooks.items()
        }
        return Credentials(self.current.keys.api_key, passwords)

    def _wait(self, seconds: float) -> None:
        self._closing.wait(seconds)

    def application(self, *, stream_s: float = STREAM_S, limits: Limits | None = None) -> Starlette:
        """Make the web application; a stream of events ends after `stream_s`."""
        self._status = Status(
            services=self.services,
            queue_kind="embedded" if self._is_embedded else "redis",
            queue_answers=self._bell.answers,
            started_at=_now(),
        )
        url_base = self._settings.general.url_base
        return make_app(
            (
                *resources(self.services, self._status, stream_s=stream_s),
                Instances(self.services, self.current, self._trial, secrets.token_urlsafe),
                SettingsOf(self.services, self.current),
                Care(self.services, lambda: self.doctor().examine()),
                Sessions(self.store.accounts, self.setup_code, _now, url_base),
                MetricsPage(self._metrics),
                Webhooks(self._writer, self.services),
            ),
            Doorman(lambda: self._credentials, self.store.accounts.is_open, limits or Limits()),
            url_base=url_base,
            unavailable=lambda asked: self._meters.count(UNAVAILABLE, asked=asked),
        )

    def _schedule(self) -> None:
        """Write down what comes again."""
        store = self.store
        names = {"backup", "cleanup", "survey"}
        store.schedules.configure("survey", JobKind.SURVEY, every_s=survey.EVERY_S)
        store.schedules.configure("cleanup", JobKind.CLEANUP, every_s=DAY_S)
        store.schedules.configure("backup", JobKind.BACKUP, every_s=DAY_S)
        for name, one in self.current.known().items():
            names.add(f"reconcile:{name}")
            store.schedules.configure(
                f"reconcile:{name}",
                JobKind.RECONCILE,
                every_s=one.config.sync_interval_s,
                instance=name,
            )
        self._schedule_playlists()
        names |= store.schedules.intervals(JobKind.REFRESH_PLAYLIST).keys()
        store.schedules.keep_only(names)

    def _plan(self) -> None:
        """Do what comes due by what people and things did, and not by a clock."""
        self._schedule_playlists()
        notify.plan(self.services)

    def _schedule_playlists(self) -> None:
        schedule_playlists(self.store, every_s=self._settings.m3u.update_interval)

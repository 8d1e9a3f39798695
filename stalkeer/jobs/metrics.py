"""What the service measures of itself, for Prometheus.

Nothing is kept for it in memory but the times of webhooks: every process of the service writes its
counts into the database, so whichever web process is asked answers for all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from stalkeer import __version__
from stalkeer.db.slots import EVERY_PROVIDER
from stalkeer.downloader.files import free_bytes
from stalkeer.errors import StalkeerError
from stalkeer.jobs import meters
from stalkeer.jobs.services import Services

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_WEBHOOK_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COUNTED = {
    meters.JOBS_ENDED: "Runs of jobs that ended, by kind and how.",
    meters.CRASHES: "Jobs taken back from a worker that died.",
    meters.LEASES_LOST: "Runs of jobs that were taken over because their worker stood still.",
    meters.ARR_CALLS: "Calls of Radarr and Sonarr, by how they ended.",
    meters.CACHE_READS: "Questions that a cache answered (hit) or not (miss).",
    meters.UNAVAILABLE: "Requests that were answered with 503, by what was asked for.",
}


class Metrics:
    """Gives the figures as text. One for each process: nothing of it is global."""

    def __init__(self, services: Services) -> None:
        """Measure this process, and what the database says of all."""
        self._registry = CollectorRegistry()
        self._webhooks = _Waits()
        self._registry.register(self._webhooks)
        ProcessCollector(registry=self._registry)
        self._registry.register(_Rows(services))

    def webhooks_took(self, seconds: Sequence[float]) -> None:
        """Note how long webhooks waited for their commit."""
        self._webhooks.note(seconds)

    def text(self) -> bytes:
        """Give every figure in Prometheus' text format. Raises `StoreError`."""
        return generate_latest(self._registry)


class _Waits(Collector):
    """How long webhooks waited. The library's own histogram costs more than to write a webhook."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_WEBHOOK_SECONDS) + 1)
        self._sum = 0.0

    def note(self, seconds: Sequence[float]) -> None:
        """Add those of one commit; only one thread does."""
        for each in seconds:
            self._counts[bisect_left(_WEBHOOK_SECONDS, each)] += 1
        self._sum += sum(seconds)

    def collect(self) -> Iterator[Metric]:
        """Give the histogram."""
        names = [*map(floatToGoString, _WEBHOOK_SECONDS), "+Inf"]
        yield HistogramMetricFamily(
            "stalkeer_webhook_seconds",
            "Time from the whole body of a webhook to its commit, in this process.",
            buckets=list(zip(names, accumulate(self._counts), strict=True)),
            sum_value=self._sum,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Rows(Collector):
    """Reads the figures from the rows each time they are asked for."""

    services: Services

    def describe(self) -> list[Metric]:
        """Say nothing beforehand: registering would ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read everything once."""
        info = GaugeMetricFamily("stalkeer_info", "The version that runs.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield from self._jobs()
        yield from self._counted()
        yield from self._downloads()
        yield from self._slots()
        yield from self._surroundings()

    def _jobs(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("stalkeer_jobs", "Jobs there are.", labels=["kind", "status"])
        for (kind, status), count in self.services.store.figures.jobs().items():
            jobs.add_metric([kind, status], count)
        yield jobs
        yield GaugeMetricFamily(
            "stalkeer_oldest_ready_job_seconds",
            "How long the job that waits longest past its time has waited.",
            value=self.services.store.figures.oldest_due_s(),
        )

    def _counted(self) -> Iterator[Metric]:
        counted = self.services.store.counters.all()
        for name, about in _COUNTED.items():
            mine = {labels: count for (each, labels), count in counted.items() if each == name}
            names = sorted({key for labels in mine for key, _ in labels})
            family = CounterMetricFamily(f"stalkeer_{name}", about, labels=names)
            for labels, count in mine.items():
                given = dict(labels)
                family.add_metric([given.get(key, "") for key in names], count)
            if not mine:
                family.add_metric([], 0)
            yield family

    def _downloads(self) -> Iterator[Metric]:
        totals = self.services.store.totals.downloads()
        downloads = GaugeMetricFamily("stalkeer_downloads", "Downloads.", labels=["status"])
        for status, count in totals.by_status.items():
            downloads.add_metric([status], count)
        yield downloads
        imports = GaugeMetricFamily("stalkeer_imports", "Finished files.", labels=["status"])
        for status, count in totals.by_import_status.items():
            imports.add_metric([status], count)
        yield imports
        yield _gauge("downloaded_bytes", "Bytes on disk of all downloads.", totals.bytes_fetched)
        yield _gauge("download_bytes_per_second", "Speed of now.", totals.speed_bytes_per_s)
        if totals.success_rate is not None:
            yield _gauge("download_success_ratio", "Share of ended downloads.", totals.success_rate)
            yield _gauge(
                "download_failure_ratio", "Share of ended downloads.", 1 - totals.success_rate
            )

    def _slots(self) -> Iterator[Metric]:
        held = GaugeMetricFamily(
            "stalkeer_connections_held", "Connections in use.", labels=["provider"]
        )
        for provider, count in self.services.store.figures.connections().items():
            held.add_metric(["all" if provider == EVERY_PROVIDER else provider], count)
        yield held
        yield _gauge("connections_limit", "Connections there may be.", self.services.limits.overall)

    def _surroundings(self) -> Iterator[Metric]:
        items = GaugeMetricFamily("stalkeer_items", "Wanted items.", labels=["state"])
        for state, count in self.services.store.items.counts().items():
            items.add_metric([state], count)
        yield items
        disk = GaugeMetricFamily("stalkeer_disk_free_bytes", "Free space.", labels=["instance"])
        for rules in self.services.instances.values():
            try:
                disk.add_metric([rules.name], free_bytes(rules.folder))
            except StalkeerError:
                # A disk that is away has no figure; /health says that it is away.
                continue
        yield disk
        age = GaugeMetricFamily(
            "stalkeer_playlist_age_seconds", "Since it was last read.", labels=["playlist"]
        )
        for row in self.services.store.playlists.all():
            if row.refreshed_at is not None:
                age.add_metric([row.name], (self.services.now() - row.refreshed_at).total_seconds())
        yield age


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"stalkeer_{name}", about, value=value)

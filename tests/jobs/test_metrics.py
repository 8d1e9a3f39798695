"""Every figure an operator needs stands in /metrics, whichever process counted it."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stalkeer.core.states import JobKind
from stalkeer.db.connect import StoreError
from stalkeer.jobs.meters import ARR_CALLS, JOBS_ENDED, Meters
from stalkeer.jobs.metrics import Metrics
from tests.builders import add_job, film_on_its_way, playlist, take
from tests.jobs.conftest import House


def figures(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Read the text as Prometheus does: values by name and the values of its labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def test_jobs_downloads_connections_and_items_are_counted(house: House) -> None:
    job = film_on_its_way(house.store)
    take(house.store, job.id)
    add_job(house.store)

    found = figures(Metrics(house.services))

    assert found["stalkeer_jobs", ("download", "running")] == 1
    assert found["stalkeer_jobs", ("cleanup", "ready")] == 1
    assert found["stalkeer_downloads", ("pending",)] == 1
    assert found["stalkeer_connections_limit", ()] == house.services.limits.overall
    assert found["stalkeer_downloaded_bytes", ()] == 0


def test_the_age_of_the_oldest_job_that_is_due_is_shown(house: House) -> None:
    metrics = Metrics(house.services)
    add_job(house.store, run_in_s=3600)
    before = figures(metrics)["stalkeer_oldest_ready_job_seconds", ()]
    add_job(house.store)

    house.store.db.clock_offset_s = 90

    assert before == 0
    assert 90 <= figures(metrics)["stalkeer_oldest_ready_job_seconds", ()] < 120


def test_what_other_processes_counted_is_shown_too(house: House) -> None:
    for _ in range(2):
        meters = Meters()
        meters.count(ARR_CALLS, 3, instance="radarr", result="ok")
        meters.count(JOBS_ENDED, kind="search", status="done")
        meters.hand_over(house.store.counters.add)

    found = figures(Metrics(house.services))

    assert found["stalkeer_arr_calls_total", ("radarr", "ok")] == 6
    assert found["stalkeer_jobs_ended_total", ("search", "done")] == 2
    assert found["stalkeer_worker_crashes_total", ()] == 0


def test_a_job_that_ended_is_counted(house: House) -> None:
    house.run(add_job(house.store, JobKind.CLEANUP))

    house.services.meters.hand_over(house.store.counters.add)

    assert figures(Metrics(house.services))["stalkeer_jobs_ended_total", ("cleanup", "done")] == 1


def test_counts_that_cannot_be_written_are_kept_for_the_next_time(house: House) -> None:
    meters = Meters()
    meters.count(JOBS_ENDED, kind="search", status="done")

    def refuse(_: object) -> None:
        raise StoreError("it is away")

    with pytest.raises(StoreError):
        meters.hand_over(refuse)
    meters.count(JOBS_ENDED, kind="search", status="done")
    meters.hand_over(house.store.counters.add)
    meters.hand_over(refuse)

    assert list(house.store.counters.all().values()) == [2]


def test_webhooks_are_measured_and_so_is_the_process(house: House) -> None:
    metrics = Metrics(house.services)

    metrics.webhooks_took([0.004, 0.3])

    found = figures(metrics)
    assert found["stalkeer_webhook_seconds_count", ()] == 2
    assert found["stalkeer_webhook_seconds_bucket", ("0.005",)] == 1
    assert found["process_resident_memory_bytes", ()] > 1e6
    assert found["process_cpu_seconds_total", ()] > 0


def test_a_playlist_that_was_never_read_has_no_age(house: House) -> None:
    playlist(house.store)

    found = figures(Metrics(house.services))

    assert not [name for name, _ in found if name == "stalkeer_playlist_age_seconds"]

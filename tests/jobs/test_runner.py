"""Every way a job can end, seen in its row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from stalkeer.core.jobs import Ended, Job, Lease
from stalkeer.core.states import DownloadStatus, JobKind, JobStatus
from stalkeer.db.connect import StoreError
from stalkeer.db.models import PlaylistItem
from stalkeer.errors import StalkeerError
from stalkeer.jobs import playlists, runner
from stalkeer.jobs.runner import after_error
from stalkeer.jobs.services import StopReason
from stalkeer.jobs.timetable import refresh_key
from tests.builders import LIMITS, OWNER, add_job, film_on_its_way, jobs_of, movie, take
from tests.jobs.conftest import House, Site
from tests.servers import free_port
from tests.standins.radarr import Radarr

LIST = b"#EXTM3U\n#EXTINF:-1,Heat (1995)\nhttp://h.example.invalid/1.mkv\n"


def refresh(house: House, location: str, **facts: Any) -> int:
    """Write a job that reads a playlist from there."""
    house.store.playlists.configure([("list", location)])
    playlist_id = house.store.playlists.all()[0].id
    return add_job(
        house.store, JobKind.REFRESH_PLAYLIST, payload={"playlist_id": playlist_id}, **facts
    )


def wait_s(job: Job) -> float:
    """Say how long a job that was put back waits, from its own times."""
    assert job.started_at is not None
    return (job.run_at - job.started_at) / timedelta(seconds=1)


def test_a_job_that_did_its_work_is_done(house: House) -> None:
    job = house.run(add_job(house.store))

    assert (job.status, job.attempts) == (JobStatus.DONE, 1)
    assert job.result == {"outcome": "cleaned", "reason": "0 part files and 0 old jobs removed"}
    assert house.rung, "the next job may start at once"
    assert not house.services.running.by_token()


def test_a_bell_for_a_job_that_is_not_due_does_nothing(house: House) -> None:
    job = house.run(add_job(house.store, run_in_s=60))

    assert (job.status, job.attempts) == (JobStatus.READY, 0)
    assert not house.rung


def test_a_second_bell_for_a_job_that_ended_does_nothing(house: House) -> None:
    job_id = add_job(house.store)
    house.run(job_id)

    assert house.run(job_id).attempts == 1


def test_an_error_that_may_pass_is_tried_again_after_a_growing_wait(house: House) -> None:
    job_id = refresh(house, f"http://127.0.0.1:{free_port()}/list.m3u")

    first = house.run(job_id)
    house.store.db.clock_offset_s = 61
    second = house.run(job_id)

    assert (first.status, first.attempts) == (JobStatus.READY, 1)
    assert first.error_code == "playlist_unreachable"
    assert first.last_error
    assert 48 <= wait_s(first) <= 61
    assert 96 <= wait_s(second) <= 121


def test_a_job_without_attempts_left_is_failed(house: House) -> None:
    job = house.run(refresh(house, f"http://127.0.0.1:{free_port()}/l.m3u", max_attempts=1))

    assert (job.status, job.attempts) == (JobStatus.FAILED, 1)
    assert job.error_code == "playlist_unreachable"


def test_an_error_that_lasts_fails_the_job_at_once(house: House) -> None:
    job = house.run(refresh(house, str(house.folder / "none.m3u")))

    assert (job.status, job.attempts) == (JobStatus.FAILED, 1)
    assert job.error_code == "playlist_not_found"
    assert "none.m3u" in job.last_error


def test_a_source_that_is_down_costs_no_attempt(house: House, radarr: Radarr) -> None:
    radarr.stop()

    job = house.run(add_job(house.store, JobKind.RECONCILE, instance="radarr"))
    radarr.start()

    assert (job.status, job.attempts, job.last_error) == (JobStatus.READY, 0, "")
    assert job.result is not None
    assert "radarr" in job.result["reason"]
    assert 0 < wait_s(job) <= 61


class AskedToWaitError(StalkeerError):
    retryable = True


class SourceWaitsError(AskedToWaitError):
    costs_attempt = False


@pytest.mark.parametrize("error", [AskedToWaitError, SourceWaitsError])
def test_a_wait_that_the_other_side_asked_for_is_kept(
    house: House, error: type[StalkeerError]
) -> None:
    job, _ = take(house.store, add_job(house.store))

    ended = after_error(job, error("wait", retry_in_s=7), house.services)

    assert (ended.status, ended.run_in_s) == (JobStatus.READY, 7)


@pytest.mark.parametrize("seconds", ["2000000000", "99999999999", "9" * 400])
def test_no_server_can_put_a_job_off_for_longer_than_six_hours(
    house: House, site: Site, seconds: str
) -> None:
    site.status, site.headers = 503, {"Retry-After": seconds}

    job = house.run(refresh(house, site.url()))

    assert job.status is JobStatus.READY
    assert wait_s(job) == pytest.approx(6 * 3600, abs=60)


def test_a_person_who_asks_for_a_list_does_not_wait_for_the_end_of_a_pause(
    house: House, site: Site
) -> None:
    site.status, site.headers = 503, {"Retry-After": "3600"}
    job_id = refresh(house, site.url(), dedup_key=refresh_key(1))
    house.run(job_id)
    site.status, site.headers, site.answer = 200, {}, LIST

    found = playlists.refresh(house.services, 1)

    assert found == job_id
    assert house.run(job_id).status is JobStatus.DONE


def test_an_end_that_cannot_be_written_fails_the_job_after_its_attempts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask_for_ever(*_: object) -> Ended:
        raise AskedToWaitError("wait", retry_in_s=float("inf"))

    monkeypatch.setattr(runner, "HANDLERS", {JobKind.CLEANUP: ask_for_ever})
    job_id = add_job(house.store, JobKind.CLEANUP, max_attempts=2)

    first = house.run(job_id)
    house.store.db.clock_offset_s = 3600
    second = house.run(job_id)

    assert (first.status, first.error_code, first.crashes) == (JobStatus.READY, "unexpected", 0)
    assert (second.status, second.attempts) == (JobStatus.FAILED, 2)


def test_a_fault_of_ours_is_tried_again_and_does_not_show_its_words(house: House) -> None:
    job = house.run(add_job(house.store, JobKind.REFRESH_PLAYLIST, payload={"secret": "hunter2"}))

    assert (job.status, job.error_code) == (JobStatus.READY, "unexpected")
    assert "KeyError" in job.last_error
    assert "hunter2" not in job.last_error


def test_a_job_of_an_instance_that_left_the_settings_fails_with_the_remedy(house: House) -> None:
    job = house.run(add_job(house.store, JobKind.RECONCILE, instance="radarr"))

    assert (job.status, job.error_code) == (JobStatus.FAILED, "unknown_instance")
    assert "replay this job" in job.last_error


def test_a_shutdown_puts_the_job_back_without_cost(house: House, site: Site) -> None:
    ended = Event()

    def stop() -> None:
        house.services.running.stop_all()
        ended.wait()

    site.answer, site.on_request = LIST, stop

    job = house.run(refresh(house, site.url()))
    ended.set()

    assert (job.status, job.attempts, job.last_error) == (JobStatus.READY, 0, "")
    assert job.result == {"outcome": "", "reason": "interrupted by a shutdown"}
    assert house.store.playlists.candidates(movie()) == ()


def test_a_job_that_starts_during_a_shutdown_stops_at_once(house: House, site: Site) -> None:
    site.answer = LIST
    house.services.running.stop_all()

    job = house.run(refresh(house, site.url()))

    assert (job.status, job.attempts) == (JobStatus.READY, 0)


def test_a_job_that_is_cancelled_while_it_runs_ends_cancelled(house: House, site: Site) -> None:
    ended = Event()

    def cancel() -> None:
        [run] = house.services.running.by_token().values()
        run.stop(StopReason.CANCELLED)
        ended.wait()

    site.answer, site.on_request = LIST, cancel

    job = house.run(refresh(house, site.url()))
    ended.set()

    assert job.status is JobStatus.CANCELLED
    assert job.finished_at is not None


def test_a_job_that_lost_its_lease_leaves_the_row_to_the_other_worker(
    house: House, site: Site
) -> None:
    def lose() -> None:
        house.store.leases.take_back(expired_only=False)
        other = Lease(job_id, "other")
        assert house.store.leases.claim(other, owner="other:1", limits=LIMITS)

    job_id = refresh(house, site.url())
    site.answer, site.on_request = LIST, lose

    job = house.run(job_id)

    assert job.status is JobStatus.RUNNING
    assert [one.token for one in house.store.leases.renew(["other"])] == ["other"]
    assert not house.services.running.by_token()


def test_a_process_that_ends_leaves_an_end_it_cannot_write_to_the_lease(
    house: House, site: Site
) -> None:
    ended, file = Event(), house.folder / "stalkeer.db"
    house.store.db.read(lambda: house.store.db.execute("PRAGMA busy_timeout = 20"))
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:

        def lock_and_stop() -> None:
            other.execute("BEGIN IMMEDIATE")
            house.services.running.stop_all()
            ended.wait()

        site.answer, site.on_request = LIST, lock_and_stop

        job = house.run(refresh(house, site.url()))
        ended.set()
        other.execute("ROLLBACK")

    assert job.status is JobStatus.RUNNING
    assert not house.services.running.by_token(), "nobody keeps the lease alive"
    assert house.store.leases.take_back(expired_only=False) == [job.id]


def test_an_end_waits_for_the_database_and_its_job_keeps_its_lease(
    house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "END_AGAIN_S", 0.0)
    refusals = iter([StoreError("it is away"), StoreError("it is away")])
    end = house.store.leases.end

    def sometimes(*arguments: Any) -> None:
        for refusal in refusals:
            assert house.services.running.by_token(), "its lease is kept"
            raise refusal
        end(*arguments)

    monkeypatch.setattr(house.store.leases, "end", sometimes)
    job = house.run(add_job(house.store))

    assert (job.status, job.attempts, job.crashes) == (JobStatus.DONE, 1, 0)


def test_a_download_that_is_given_up_is_searched_for_again(house: House, radarr: Radarr) -> None:
    job = film_on_its_way(house.store)
    house.store.db.write(lambda: PlaylistItem.delete().execute())

    after = house.run(job.id)

    search = jobs_of(house.store, JobKind.SEARCH)[-1]
    download = house.store.downloads.get(job.download_id or 0)
    assert (after.status, after.error_code) == (JobStatus.FAILED, "entry_gone")
    assert (search.status, search.item_id) == (JobStatus.READY, job.item_id)
    assert download is not None
    assert download.status is DownloadStatus.FAILED
    assert [attempt.worker for attempt in house.store.jobs.attempts(job.id)] == [OWNER]

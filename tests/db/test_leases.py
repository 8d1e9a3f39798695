"""Jobs under a lease, on both databases: claimed once, fenced, taken back from the dead."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from stalkeer.core.connections import ProviderPause
from stalkeer.core.jobs import MAX_CRASHES, DownloadChange, Ended, Lease, NewJob, done, later
from stalkeer.core.states import DownloadStatus, JobKind, JobStatus
from stalkeer.db.leases import LeaseLostError
from stalkeer.db.providers import SlotLimits
from stalkeer.db.store import Store
from tests.builders import LIMITS, OWNER, add_job, film_on_its_way, jobs_of, take


def expire(store: Store) -> None:
    """Let every lease of this moment run out."""
    store.db.clock_offset_s += store.leases.lease_s + 1


def crash(store: Store, job_id: int) -> None:
    """Claim a job and die."""
    store.db.clock_offset_s += 3600
    take(store, job_id)
    expire(store)
    assert store.leases.take_back() == [job_id]


# --- claims ---


def test_threads_that_race_for_a_job_give_it_to_one(store: Store) -> None:
    job_id = add_job(store)
    start = threading.Barrier(6)
    won: list[str] = []

    def race(number: int) -> None:
        lease = Lease(job_id, f"racer-{number}")
        start.wait()
        if store.leases.claim(lease, owner=OWNER, limits=LIMITS):
            won.append(lease.token)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert len(won) == 1
    assert [attempt.number for attempt in store.jobs.attempts(job_id)] == [1]
    assert [renewed.token for renewed in store.leases.renew(["racer-0", *won])] == won


def test_a_claim_says_who_runs_the_job_and_since_when(store: Store) -> None:
    job, _ = take(store, add_job(store))

    [attempt] = store.jobs.attempts(job.id)
    assert (job.status, job.attempts) == (JobStatus.RUNNING, 1)
    assert job.started_at is not None
    assert (attempt.number, attempt.worker, attempt.outcome) == (1, OWNER, "")
    assert attempt.finished_at is None


@pytest.mark.parametrize("case", ["unknown", "not-due", "running", "ended"])
def test_only_a_job_that_is_ready_and_due_can_be_claimed(store: Store, case: str) -> None:
    job_id = add_job(store, run_in_s=60 if case == "not-due" else 0)
    if case in ("running", "ended"):
        _, lease = take(store, job_id)
        if case == "ended":
            store.leases.end(lease, done("cleaned"), LIMITS)
    asked = job_id + 1 if case == "unknown" else job_id

    assert store.leases.claim(Lease(asked, "late"), owner=OWNER, limits=LIMITS) is None


# --- a lease that lives ---


def test_a_renewed_lease_is_not_taken_back(store: Store) -> None:
    _, lease = take(store, add_job(store))
    store.db.clock_offset_s = store.leases.lease_s - 5

    [renewed] = store.leases.renew([lease.token])

    assert (renewed.token, renewed.stop_request) == (lease.token, None)
    store.db.clock_offset_s = 2 * store.leases.lease_s - 10
    assert store.leases.take_back() == []


def test_progress_keeps_the_lease_too(store: Store) -> None:
    _, lease = take(store, film_on_its_way(store).id)
    store.db.clock_offset_s = store.leases.lease_s - 5

    store.leases.progress(lease, done=1, total=None, resume_token="{}")

    store.db.clock_offset_s = 2 * store.leases.lease_s - 10
    assert store.leases.take_back() == []


def test_progress_of_a_job_without_a_download_only_keeps_its_lease(store: Store) -> None:
    _, lease = take(store, add_job(store))

    assert store.leases.progress(lease, done=1, total=None, resume_token="{}") is None


def test_a_lease_whose_thread_lives_here_is_kept_whatever_the_clock_says(store: Store) -> None:
    mine, other = add_job(store), add_job(store)
    _, lease = take(store, mine)
    take(store, other)
    expire(store)

    assert store.leases.take_back(held=[lease.token]) == [other]


def test_every_lease_of_the_last_process_is_taken_back_at_the_start(store: Store) -> None:
    running, waiting = add_job(store), add_job(store)
    take(store, running)

    assert store.leases.take_back() == []
    assert store.leases.take_back(expired_only=False) == [running]

    job = store.jobs.get(waiting)
    assert job is not None
    assert job.attempts == 0


# --- a lease that is lost ---


@pytest.mark.parametrize("write", ["progress", "check", "check-with-change", "end"])
def test_a_worker_that_lost_its_lease_writes_nothing(store: Store, write: str) -> None:
    job = film_on_its_way(store)
    _, stale = take(store, job.id)
    expire(store)
    store.leases.take_back()
    _, fresh = take(store, job.id)
    before = store.jobs.get(job.id), store.downloads.get(job.download_id or 0)
    change = DownloadChange(download_id=job.download_id or 0, status=DownloadStatus.COMPLETED)

    ended = done("downloaded", then=(NewJob(kind=JobKind.NOTIFY),), download=change)
    writes: dict[str, Callable[[], object]] = {
        "progress": lambda: store.leases.progress(stale, done=9, total=9, resume_token="{}"),
        "check": lambda: store.leases.check(stale),
        "check-with-change": lambda: store.leases.check(stale, change),
        "end": lambda: store.leases.end(stale, ended, LIMITS),
    }

    with pytest.raises(LeaseLostError):
        writes[write]()

    assert (store.jobs.get(job.id), store.downloads.get(job.download_id or 0)) == before
    assert store.leases.renew([stale.token]) == ()
    assert not jobs_of(store, JobKind.NOTIFY)
    store.leases.check(fresh)


def test_the_last_look_before_an_effect_keeps_the_lease_and_shows_the_change(
    store: Store,
) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    store.db.clock_offset_s = store.leases.lease_s - 5

    planned = DownloadChange(download_id=job.download_id or 0, download_path="a.mkv", file_size=7)
    store.leases.check(lease, planned)

    download = store.downloads.get(job.download_id or 0)
    assert download is not None
    assert (download.download_path, download.file_size) == ("a.mkv", 7)
    assert download.status is DownloadStatus.PENDING
    store.db.clock_offset_s = 2 * store.leases.lease_s - 10
    assert store.leases.take_back() == []


# --- crashes ---


def test_the_first_crash_costs_neither_an_attempt_nor_time(store: Store) -> None:
    job_id = add_job(store)
    crash(store, job_id)

    job, _ = take(store, job_id)

    assert (job.crashes, job.attempts) == (1, 1)
    crashed, again = store.jobs.attempts(job_id)
    assert crashed.outcome == "crashed"
    assert crashed.finished_at is not None
    assert again.finished_at is None


def test_after_the_second_crash_the_job_waits(store: Store) -> None:
    job_id = add_job(store)
    crash(store, job_id)
    crash(store, job_id)

    assert store.leases.claim(Lease(job_id, "at-once"), owner=OWNER, limits=LIMITS) is None
    store.db.clock_offset_s += 61
    assert take(store, job_id)[0].crashes == 2


def test_the_third_crash_without_progress_fails_the_job(store: Store) -> None:
    job_id = add_job(store)
    for _ in range(MAX_CRASHES):
        crash(store, job_id)

    job = store.jobs.get(job_id)

    assert job is not None
    assert (job.status, job.crashes, job.error_code) == (JobStatus.FAILED, 3, "crashed")
    assert "died 3 times" in job.last_error
    assert job.finished_at is not None
    assert [attempt.outcome for attempt in store.jobs.attempts(job_id)] == ["crashed"] * 3


def test_progress_before_a_crash_starts_the_count_anew(store: Store) -> None:
    job = film_on_its_way(store)
    crash(store, job.id)
    crash(store, job.id)
    store.db.clock_offset_s += 3600
    _, lease = take(store, job.id)
    store.leases.progress(lease, done=1, total=9, resume_token="{}")
    expire(store)
    store.leases.take_back()

    after = store.jobs.get(job.id)

    assert after is not None
    assert (after.status, after.crashes) == (JobStatus.READY, 0)
    take(store, job.id)


@pytest.mark.parametrize("word", ["progress", "check", "tell"])
def test_what_was_there_before_is_no_progress(store: Store, word: str) -> None:
    job = film_on_its_way(store)
    change = DownloadChange(download_id=job.download_id or 0, reason="looking at it")
    say: dict[str, Callable[[Lease], object]] = {
        "progress": lambda lease: store.leases.progress(lease, done=9, total=9, resume_token="{}"),
        "check": lambda lease: store.leases.check(lease, change),
        "tell": lambda lease: store.leases.tell(lease, "looking", "at it"),
    }
    _, lease = take(store, job.id)
    store.leases.progress(lease, done=9, total=9, resume_token="{}")
    expire(store)
    store.leases.take_back()

    for _ in range(MAX_CRASHES):
        store.db.clock_offset_s += 3600
        _, lease = take(store, job.id)
        say[word](lease)
        expire(store)
        store.leases.take_back()

    after = store.jobs.get(job.id)
    assert after is not None
    assert (after.status, after.error_code) == (JobStatus.FAILED, "crashed")


def test_a_run_that_ends_by_itself_starts_the_count_anew(store: Store) -> None:
    job_id = add_job(store)
    crash(store, job_id)
    _, lease = take(store, job_id)
    store.leases.end(lease, later("a source is down", run_in_s=0), LIMITS)

    job = store.jobs.get(job_id)

    assert job is not None
    assert job.crashes == 0


def test_a_job_that_was_to_be_cancelled_is_so_when_its_worker_died(store: Store) -> None:
    job = film_on_its_way(store)
    take(store, job.id)
    store.control.cancel_for_items([job.item_id or 0], "Heat was deleted")
    expire(store)

    store.leases.take_back()

    after = store.jobs.get(job.id)
    download = store.downloads.get(job.download_id or 0)
    assert after is not None
    assert after.status is JobStatus.CANCELLED
    assert after.result == {"outcome": "cancelled", "reason": "Heat was deleted"}
    assert download is not None
    assert download.status is DownloadStatus.CANCELLED


def test_two_processes_that_sweep_take_a_job_back_once(store: Store) -> None:
    job_id = add_job(store)
    take(store, job_id)
    expire(store)
    start = threading.Barrier(4)
    taken: list[int] = []

    def sweep() -> None:
        start.wait()
        taken.extend(store.leases.take_back())

    sweepers = [threading.Thread(target=sweep) for _ in range(4)]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()

    job = store.jobs.get(job_id)
    assert taken == [job_id]
    assert job is not None
    assert job.crashes == 1


class _Renewing(list[str]):
    """Tokens of this process; whoever looks into them is late: a lease is renewed meanwhile."""

    def __init__(self, renew: Callable[[], object]) -> None:
        self._renew = renew

    def __contains__(self, token: object) -> bool:
        self._renew()
        return False


def test_a_lease_that_was_renewed_after_the_look_is_not_taken_back(store: Store) -> None:
    job_id = add_job(store)
    _, lease = take(store, job_id)
    expire(store)

    assert store.leases.take_back(held=_Renewing(lambda: store.leases.renew([lease.token]))) == []

    job = store.jobs.get(job_id)
    assert job is not None
    assert (job.status, job.crashes) == (JobStatus.RUNNING, 0)


# --- ends ---


def test_a_shutdown_gives_the_attempt_back(store: Store) -> None:
    job_id = add_job(store)
    _, lease = take(store, job_id)

    store.leases.end(lease, later("interrupted by a shutdown", run_in_s=0), LIMITS)

    job, _ = take(store, job_id)
    assert job.attempts == 1
    assert job.last_error == ""


def test_a_failure_costs_an_attempt_and_is_kept(store: Store) -> None:
    job_id = add_job(store)
    _, lease = take(store, job_id)
    failed = Ended(status=JobStatus.READY, error_code="cut", error="it was cut", run_in_s=30)

    store.leases.end(lease, failed, LIMITS)

    assert store.leases.claim(Lease(job_id, "early"), owner=OWNER, limits=LIMITS) is None
    store.db.clock_offset_s = 31
    job, _ = take(store, job_id)
    assert (job.attempts, job.error_code, job.last_error) == (2, "cut", "it was cut")
    first, _ = store.jobs.attempts(job_id)
    assert (first.outcome, first.error_code, first.error) == ("ready", "cut", "it was cut")


def test_each_run_closes_its_own_attempt(store: Store) -> None:
    job_id = add_job(store)

    for ended in (later("not yet", run_in_s=0), done("cleaned", "3 rows")):
        _, lease = take(store, job_id)
        store.leases.end(lease, ended, LIMITS)

    attempts = store.jobs.attempts(job_id)
    assert [(one.outcome, one.error) for one in attempts] == [
        ("ready", "not yet"),
        ("cleaned", "3 rows"),
    ]
    assert None not in [one.finished_at for one in attempts]


def test_an_end_says_what_the_job_did(store: Store) -> None:
    job_id = add_job(store)
    _, lease = take(store, job_id)

    store.leases.end(lease, done("cleaned", "2 part files removed"), LIMITS)

    job = store.jobs.get(job_id)
    [attempt] = store.jobs.attempts(job_id)
    assert job is not None
    assert (job.status, job.result) == (
        JobStatus.DONE,
        {"outcome": "cleaned", "reason": "2 part files removed"},
    )
    assert job.finished_at is not None
    assert (attempt.outcome, attempt.error) == ("cleaned", "2 part files removed")


def test_what_follows_from_a_job_is_written_with_its_end(store: Store) -> None:
    job_id = add_job(store, dedup_key="k")
    _, lease = take(store, job_id)
    follow = NewJob(kind=JobKind.CLEANUP, dedup_key="k", title="next")

    store.leases.end(lease, done("cleaned", then=(follow,)), LIMITS)

    assert [job.title for job in jobs_of(store, JobKind.CLEANUP)] == ["", "next"]


# --- connections ---


def test_a_download_takes_a_connection_and_gives_it_back(store: Store) -> None:
    limits = SlotLimits(overall=1, per_provider=1)
    job = film_on_its_way(store)
    assert store.jobs.ring(limits)
    _, lease = take(store, job.id, limits)
    other = add_job(store, JobKind.DOWNLOAD, provider="other.example.invalid")

    assert store.leases.claim(Lease(other, "no-room"), owner=OWNER, limits=limits) is None
    store.leases.end(lease, done("downloaded"), limits)

    assert [bell.job_id for bell in store.jobs.ring(limits)] == [other]
    take(store, other, limits)


def test_a_job_that_got_no_connection_rings_for_the_next_free_one(store: Store) -> None:
    limits = SlotLimits(overall=2, per_provider=1)
    first, second = (add_job(store, JobKind.DOWNLOAD, provider="p") for _ in range(2))
    store.jobs.ring(SlotLimits(overall=2, per_provider=2))
    _, lease = take(store, first, limits)

    assert store.leases.claim(Lease(second, "no-room"), owner=OWNER, limits=limits) is None
    store.leases.end(lease, done("downloaded"), limits)

    assert [bell.job_id for bell in store.jobs.ring(limits)] == [second]


def test_a_claim_that_fails_keeps_no_connection(store: Store) -> None:
    limits = SlotLimits(overall=2, per_provider=2)
    first, second = (add_job(store, JobKind.DOWNLOAD, provider="p") for _ in range(2))
    take(store, first, limits)

    assert store.leases.claim(Lease(first, "again"), owner=OWNER, limits=limits) is None

    take(store, second, limits)


def test_the_connection_of_a_dead_worker_comes_back(store: Store) -> None:
    limits = SlotLimits(overall=1, per_provider=1)
    first, second = (add_job(store, JobKind.DOWNLOAD, provider="p") for _ in range(2))
    take(store, first, limits)
    expire(store)
    store.leases.take_back()

    take(store, second, limits)


def test_a_renewed_lease_keeps_its_connection(store: Store) -> None:
    limits = SlotLimits(overall=1, per_provider=1)
    first, second = (add_job(store, JobKind.DOWNLOAD, provider="p") for _ in range(2))
    _, lease = take(store, first, limits)
    store.db.clock_offset_s = store.leases.lease_s - 5
    store.leases.renew([lease.token])
    store.db.clock_offset_s = 2 * store.leases.lease_s - 10

    assert store.leases.claim(Lease(second, "no-room"), owner=OWNER, limits=limits) is None


def test_a_provider_that_turns_us_away_is_left_alone_for_a_while(store: Store) -> None:
    limits = SlotLimits(overall=3, per_provider=2)
    first, second = (add_job(store, JobKind.DOWNLOAD, provider="p") for _ in range(2))
    other = add_job(store, JobKind.DOWNLOAD, provider="q")
    _, lease = take(store, first, limits)

    pause = ProviderPause(base_s=60, told_s=120)
    busy = later("too many connections", run_in_s=60, provider_pause=pause)
    store.leases.end(lease, busy, limits)

    assert store.leases.claim(Lease(second, "paused"), owner=OWNER, limits=limits) is None
    assert [bell.job_id for bell in store.jobs.ring(limits)] == [other]
    store.db.clock_offset_s = 121
    assert take(store, first, limits)[0].attempts == 1
    take(store, second, limits)


def test_threads_that_race_for_connections_never_hold_more_than_there_are(store: Store) -> None:
    limits = SlotLimits(overall=2, per_provider=2)
    jobs = [add_job(store, JobKind.DOWNLOAD, provider="p") for _ in range(6)]
    start = threading.Barrier(6)
    won: list[int] = []

    def race(job_id: int) -> None:
        start.wait()
        if store.leases.claim(Lease(job_id, f"token-of-{job_id}"), owner=OWNER, limits=limits):
            won.append(job_id)

    racers = [threading.Thread(target=race, args=(job_id,)) for job_id in jobs]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert 1 <= len(won) <= 2
    assert store.jobs.counts()["running"] == len(won)


def test_a_claim_whose_answer_was_lost_is_ours_when_it_is_done_again(store: Store) -> None:
    job, lease = take(store, add_job(store))

    again = store.leases.claim(lease, owner=OWNER, limits=LIMITS)

    assert again == job
    assert len(store.jobs.attempts(job.id)) == 1

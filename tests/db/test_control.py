"""What people ask of jobs and downloads, on both databases: cancel, replay, pause, go first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from stalkeer.core.jobs import (
    DownloadChange,
    Ended,
    Job,
    Lease,
    NewDownload,
    NewJob,
    done,
    later,
)
from stalkeer.core.states import (
    DownloadStatus,
    EntryState,
    ImportStatus,
    ItemState,
    JobKind,
    JobStatus,
    StopRequest,
)
from stalkeer.db.control import ConflictError, NoSuchRowError, ReplayFilter
from stalkeer.db.downloads import Download
from stalkeer.db.models import PlaylistItem
from stalkeer.db.store import Store
from tests.builders import (
    LIMITS,
    OWNER,
    add_job,
    entry,
    episode,
    film_on_its_way,
    jobs_of,
    learn,
    movie,
    publish,
    row_of,
    start_download,
    take,
)

CANCELLED = Ended(status=JobStatus.CANCELLED, costs_attempt=False)


def job_of(store: Store, job_id: int) -> Job:
    job = store.jobs.get(job_id)
    assert job is not None
    return job


def download_of(store: Store, job: Job) -> Download:
    download = store.downloads.get(job.download_id or 0)
    assert download is not None
    return download


def item_state(store: Store, job: Job) -> ItemState:
    item = store.items.get(job.item_id or 0)
    assert item is not None
    return item.state


def entry_state(store: Store, job: Job) -> EntryState:
    entry_id = download_of(store, job).playlist_item_id
    return EntryState(row_of(store, PlaylistItem, PlaylistItem.id == entry_id).state)


def failed(store: Store, **facts: object) -> Job:
    """Let a job fail for good."""
    job_id = add_job(store, **facts)  # type: ignore[arg-type]
    _, lease = take(store, job_id)
    give_up(store, lease)
    return job_of(store, job_id)


def give_up(store: Store, lease: Lease) -> None:
    ended = Ended(status=JobStatus.FAILED, error_code="cut", error="it was cut")
    store.leases.end(lease, ended, LIMITS)


# --- cancel a job ---


def test_a_waiting_job_is_cancelled_at_once(store: Store) -> None:
    job = film_on_its_way(store)

    after = store.control.cancel_job(job.id)

    assert after.status is JobStatus.CANCELLED
    assert download_of(store, job).status is DownloadStatus.CANCELLED
    assert item_state(store, job) is ItemState.CANCELLED


def test_a_running_job_is_asked_to_stop_and_keeps_what_it_fetched(store: Store) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)

    after = store.control.cancel_job(job.id)

    asked = store.leases.progress(lease, done=1, total=9, resume_token="{}")
    assert after.status is JobStatus.RUNNING
    assert asked is StopRequest.CANCEL


def test_a_cancelled_search_is_shown_in_its_item(store: Store) -> None:
    item_id = learn(store, movie())
    job_id = add_job(store, JobKind.SEARCH, item_id=item_id)

    job = store.control.cancel_job(job_id)

    assert item_state(store, job) is ItemState.CANCELLED


def test_a_cancelled_import_leaves_the_file_to_be_imported_again(store: Store) -> None:
    job = complete(store)
    [import_job] = jobs_of(store, JobKind.IMPORT)

    store.control.cancel_job(import_job.id)

    download = download_of(store, job)
    assert (download.status, download.import_status) == (
        DownloadStatus.COMPLETED,
        ImportStatus.FAILED,
    )


def complete(store: Store) -> Job:
    """Fetch a film whose import waits; return the download job."""
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    change = DownloadChange(
        download_id=job.download_id or 0,
        status=DownloadStatus.COMPLETED,
        import_status=ImportStatus.PENDING,
        download_path="/m/Heat.mkv",
        file_size=9,
    )
    follow = NewJob(kind=JobKind.IMPORT, item_id=job.item_id, download_id=job.download_id)
    store.leases.end(lease, done("downloaded", download=change, then=(follow,)), LIMITS)
    return job


def test_a_running_download_that_was_cancelled_ends_as_cancelled_and_can_go_on(
    store: Store,
) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    store.control.cancel_job(job.id)
    store.leases.progress(lease, done=7, total=9, resume_token='{"etag": "v1"}')

    store.leases.end(lease, CANCELLED, LIMITS)
    stopped, stopped_item = download_of(store, job), item_state(store, job)
    stopped_entry = entry_state(store, job)
    store.control.replay(job.id)

    assert job_of(store, job.id).attempts == 0
    assert (stopped.status, stopped_item) == (DownloadStatus.CANCELLED, ItemState.CANCELLED)
    assert stopped_entry is EntryState.PROCESSED
    again = download_of(store, job)
    assert (again.status, again.bytes_downloaded) == (DownloadStatus.PENDING, 7)
    assert again.resume_token == '{"etag": "v1"}'
    assert again.id in store.downloads.resumable_ids()
    assert entry_state(store, job) is EntryState.PENDING


def test_an_import_that_a_person_cancelled_stays_cancelled(store: Store) -> None:
    job = complete(store)
    [import_job] = jobs_of(store, JobKind.IMPORT)
    _, lease = take(store, import_job.id)

    store.control.cancel_job(import_job.id)
    store.leases.end(lease, later("still importing", run_in_s=5), LIMITS)

    assert job_of(store, import_job.id).status is JobStatus.CANCELLED
    assert item_state(store, job) is ItemState.CANCELLED
    assert download_of(store, job).import_status is ImportStatus.FAILED


def test_a_cancelled_job_shows_since_when_and_why(store: Store) -> None:
    job = film_on_its_way(store)

    store.control.cancel_job(job.id)

    after = job_of(store, job.id)
    assert after.finished_at is not None
    assert after.result == {"outcome": "cancelled", "reason": "cancelled by a person"}
    assert store.downloads.moves(job.download_id or 0)[-1].reason == "cancelled by a person"


@pytest.mark.parametrize("cancel", ["job", "items"])
def test_a_search_that_was_cancelled_while_it_ran_starts_no_download(
    store: Store, cancel: str
) -> None:
    item_id, [entry_id] = learn(store, movie()), publish(store, entry())
    job_id = add_job(store, JobKind.SEARCH, item_id=item_id)
    _, lease = take(store, job_id)
    if cancel == "job":
        store.control.cancel_job(job_id)
    else:
        store.control.cancel_for_items([item_id], "radarr downloads it itself")

    follow = NewJob(kind=JobKind.DOWNLOAD, item_id=item_id, provider="p")
    taken = NewDownload(entry_id=entry_id, item_ids=(item_id,), job=follow)
    store.leases.end(lease, done("taken", downloads=(taken,)), LIMITS)

    assert job_of(store, job_id).status is JobStatus.CANCELLED
    assert jobs_of(store, JobKind.DOWNLOAD) == ()


def test_a_download_that_fails_after_it_was_cancelled_is_not_searched_for_again(
    store: Store,
) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    store.control.cancel(job.download_id or 0)

    again = NewJob(kind=JobKind.SEARCH, item_id=job.item_id)
    gone = Ended(status=JobStatus.FAILED, error_code="link_gone", error="404", then=(again,))
    store.leases.end(lease, gone, LIMITS)

    assert job_of(store, job.id).status is JobStatus.CANCELLED
    assert item_state(store, job) is ItemState.CANCELLED
    assert [one.status for one in jobs_of(store, JobKind.SEARCH)] == [JobStatus.DONE]


def test_a_download_that_fails_after_it_was_paused_has_failed(store: Store) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    store.control.pause(job.download_id or 0)

    give_up(store, lease)

    assert job_of(store, job.id).status is JobStatus.FAILED
    assert download_of(store, job).error_message == "it was cut"


# --- cancel what items need ---


def test_a_grab_of_another_client_cancels_a_waiting_download_and_shows_waiting(
    store: Store,
) -> None:
    job = film_on_its_way(store)

    count = store.control.cancel_for_items(
        [job.item_id or 0], "radarr downloads it itself", show=ItemState.WAITING
    )

    item = store.items.get(job.item_id or 0)
    assert count == 1
    assert job_of(store, job.id).status is JobStatus.CANCELLED
    assert download_of(store, job).status is DownloadStatus.CANCELLED
    assert item is not None
    assert (item.state, item.reason) == (ItemState.WAITING, "radarr downloads it itself")


@pytest.mark.parametrize("end", ["stops", "dies", "is told to wait"])
@pytest.mark.parametrize("shown", [ItemState.WAITING, ItemState.CANCELLED])
def test_a_running_download_shows_after_its_end_why_it_was_cancelled(
    store: Store, shown: ItemState, end: str
) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)

    store.control.cancel_for_items([job.item_id or 0], "not needed", show=shown)
    asked = store.leases.progress(lease, done=1, total=9, resume_token="{}")
    if end == "stops":
        store.leases.end(lease, CANCELLED, LIMITS)
    elif end == "dies":
        store.leases.take_back(expired_only=False)
    else:
        store.leases.end(lease, later("the provider is busy", run_in_s=60), LIMITS)

    item = store.items.get(job.item_id or 0)
    assert asked is StopRequest.DROP
    assert job_of(store, job.id).status is JobStatus.CANCELLED
    assert download_of(store, job).status is DownloadStatus.CANCELLED
    assert item is not None
    assert item.state is shown
    assert store.downloads.moves(job.download_id or 0)[-1].to_status == "cancelled"


def test_a_download_for_two_episodes_goes_on_for_the_one_that_is_still_missing(
    store: Store,
) -> None:
    first, second = learn(store, episode(1)), learn(store, episode(2, number=2))
    [double] = publish(store, entry("The Wire S01E01-E02"))
    job = start_download(store, [first, second], double)

    assert store.control.cancel_for_items([second], "sonarr has the file") == 0
    assert job_of(store, job.id).status is JobStatus.READY
    assert store.control.cancel_for_items([first, second], "sonarr has both") == 1

    assert job_of(store, job.id).status is JobStatus.CANCELLED


def test_what_items_need_is_cancelled_but_an_import_goes_on(store: Store) -> None:
    job = complete(store)
    search = add_job(store, JobKind.SEARCH, item_id=job.item_id)

    assert store.control.cancel_for_items([job.item_id or 0], "gone") == 1

    assert job_of(store, search).status is JobStatus.CANCELLED
    assert jobs_of(store, JobKind.IMPORT)[0].status is JobStatus.READY


def test_a_search_that_was_cancelled_for_its_item_is_not_rung_for(store: Store) -> None:
    item_id, neighbour = learn(store, movie(1)), learn(store, movie(2, "Ronin", 1998))
    add_job(store, JobKind.SEARCH, item_id=item_id)
    other = add_job(store, JobKind.SEARCH, item_id=neighbour)

    store.control.cancel_for_items([item_id], "gone")

    assert [bell.job_id for bell in store.jobs.ring(LIMITS)] == [other]


# --- replay ---


def test_a_failed_job_runs_again_with_all_its_attempts_and_its_history(store: Store) -> None:
    job = failed(store, max_attempts=1)

    replayed = store.control.replay(job.id)

    assert (replayed.status, replayed.attempts, replayed.replays) == (JobStatus.READY, 0, 1)
    assert replayed.finished_at is None
    again, _ = take(store, job.id)
    assert again.attempts == 1
    assert [attempt.outcome for attempt in store.jobs.attempts(job.id)] == ["failed", ""]


def test_a_crashed_job_may_crash_again_after_a_replay(store: Store) -> None:
    job_id = add_job(store)
    for _ in range(3):
        store.db.clock_offset_s += 3600
        take(store, job_id)
        store.leases.take_back(expired_only=False)
    assert job_of(store, job_id).status is JobStatus.FAILED

    assert store.control.replay(job_id).crashes == 0


def test_a_replayed_download_waits_again(store: Store) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    give_up(store, lease)

    store.control.replay(job.id)

    assert download_of(store, job).status is DownloadStatus.PENDING
    assert item_state(store, job) is ItemState.WAITING
    assert store.downloads.moves(job.download_id or 0)[-1].reason == "replayed"


def test_a_replayed_import_waits_again(store: Store) -> None:
    job = complete(store)
    [import_job] = jobs_of(store, JobKind.IMPORT)
    _, lease = take(store, import_job.id)
    give_up(store, lease)
    assert download_of(store, job).import_status is ImportStatus.FAILED

    store.control.replay(import_job.id)

    assert download_of(store, job).import_status is ImportStatus.PENDING
    assert item_state(store, job) is ItemState.OBTAINED


def test_a_replayed_search_starts_its_item_anew(store: Store) -> None:
    job = failed(store, kind=JobKind.SEARCH, item_id=learn(store, movie()))

    store.control.replay(job.id)

    assert item_state(store, job) is ItemState.SEARCHING


def test_a_replayed_search_leaves_a_file_that_waits_to_be_imported_as_it_is(store: Store) -> None:
    job = complete(store)
    search = failed(store, kind=JobKind.SEARCH, item_id=job.item_id)

    store.control.replay(search.id)

    assert item_state(store, job) is ItemState.OBTAINED


def test_a_job_is_not_replayed_while_another_does_the_same(store: Store) -> None:
    job = failed(store, dedup_key="radarr:movie:1")
    other = add_job(store, dedup_key="radarr:movie:1")

    with pytest.raises(ConflictError, match=f"job {other} does the same"):
        store.control.replay(job.id)

    assert job_of(store, job.id).status is JobStatus.FAILED


def test_jobs_to_replay_are_found_by_state_kind_ids_and_time(store: Store) -> None:
    first, second = failed(store), failed(store, kind=JobKind.NOTIFY)
    store.db.clock_offset_s = 3600
    third = failed(store)
    cancelled = store.control.cancel_job(add_job(store))
    between = (first.finished_at or first.created_at) + timedelta(minutes=30)

    def found(**chosen: object) -> list[int]:
        return store.control.replayable(
            ReplayFilter(status=JobStatus.FAILED, **chosen)  # type: ignore[arg-type]
        )

    assert found() == [first.id, second.id, third.id]
    assert found(kind=JobKind.NOTIFY) == [second.id]
    assert found(ids=(third.id, cancelled.id)) == [third.id]
    assert found(before=between) == [first.id, second.id]
    assert found(after=between) == [third.id]
    assert store.control.replayable(ReplayFilter(status=JobStatus.CANCELLED)) == [cancelled.id]


def test_a_part_is_kept_as_long_as_its_job_can_be_replayed(store: Store) -> None:
    job = film_on_its_way(store)
    store.control.cancel_job(job.id)
    kept = store.downloads.resumable_ids()

    store.db.clock_offset_s = 3600
    store.jobs.prune(older_than_s=60)

    assert kept == {job.download_id}
    assert store.downloads.resumable_ids() == frozenset()


def test_the_states_of_many_jobs_are_told_at_once(store: Store) -> None:
    ended, waiting = failed(store).id, add_job(store)

    states = store.control.statuses([ended, waiting, 99])

    assert states == {ended: JobStatus.FAILED, waiting: JobStatus.READY}


# --- pause, go on, go first, cancel ---


def test_a_paused_download_is_neither_rung_for_nor_claimed(store: Store) -> None:
    job = film_on_its_way(store)

    store.control.pause(job.download_id or 0)

    assert store.jobs.ring(LIMITS) == []
    assert store.leases.claim(Lease(job.id, "x"), owner=OWNER, limits=LIMITS) is None
    assert download_of(store, job).status is DownloadStatus.PAUSED
    assert item_state(store, job) is ItemState.PAUSED


def test_a_resumed_download_rings_at_once(store: Store) -> None:
    job = film_on_its_way(store)
    store.control.pause(job.download_id or 0)

    store.control.resume(job.download_id or 0)

    assert [bell.job_id for bell in store.jobs.ring(LIMITS)] == [job.id]
    assert download_of(store, job).status is DownloadStatus.PENDING


@pytest.mark.parametrize("end", ["stops", "dies"])
def test_a_running_download_is_paused_at_its_next_sign_of_life(store: Store, end: str) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)

    store.control.pause(job.download_id or 0)
    asked = store.leases.progress(lease, done=1, total=9, resume_token="{}")
    if end == "stops":
        store.leases.end(lease, later("paused by a person", run_in_s=0, is_held=True), LIMITS)
    else:
        store.leases.take_back(expired_only=False)

    assert asked is StopRequest.PAUSE
    assert download_of(store, job).status is DownloadStatus.PAUSED
    assert store.jobs.ring(LIMITS) == []
    store.control.resume(job.download_id or 0)
    assert take(store, job.id)[0].attempts == 1


def test_a_paused_download_is_not_woken_by_what_makes_others_due(store: Store) -> None:
    job = film_on_its_way(store)
    store.control.pause(job.download_id or 0)

    store.jobs.hurry()
    store.jobs.forget_bells()
    store.db.clock_offset_s = 86400

    assert store.jobs.ring(LIMITS) == []
    assert download_of(store, job).status is DownloadStatus.PAUSED


def test_a_running_download_hears_of_its_pause_with_its_heartbeat(store: Store) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)

    store.control.pause(job.download_id or 0)

    assert [each.stop_request for each in store.leases.renew([lease.token])] == [StopRequest.PAUSE]
    store.leases.end(lease, later("interrupted by a shutdown", run_in_s=0), LIMITS)
    assert download_of(store, job).status is DownloadStatus.PAUSED
    assert item_state(store, job) is ItemState.PAUSED
    assert entry_state(store, job) is EntryState.PENDING


def test_a_pause_is_forgotten_when_the_download_was_complete_before_it_heard(
    store: Store,
) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)
    store.control.pause(job.download_id or 0)

    change = DownloadChange(download_id=job.download_id or 0, import_status=ImportStatus.PENDING)
    store.leases.end(lease, done("downloaded", download=change), LIMITS)

    assert job_of(store, job.id).status is JobStatus.DONE
    assert download_of(store, job).status is DownloadStatus.COMPLETED
    with pytest.raises(ConflictError):
        store.control.resume(job.download_id or 0)


def test_a_paused_download_can_be_cancelled_and_replayed(store: Store) -> None:
    job = film_on_its_way(store)
    store.control.pause(job.download_id or 0)

    store.control.cancel_job(job.id)
    store.control.replay(job.id)

    assert [bell.job_id for bell in store.jobs.ring(LIMITS)] == [job.id]


def test_a_download_is_cancelled_for_good(store: Store) -> None:
    job = film_on_its_way(store)

    assert store.control.cancel(job.download_id or 0) is True

    assert download_of(store, job).status is DownloadStatus.CANCELLED


def test_a_running_download_that_is_cancelled_drops_what_it_fetched(store: Store) -> None:
    job = film_on_its_way(store)
    _, lease = take(store, job.id)

    assert store.control.cancel(job.download_id or 0) is False

    assert [each.stop_request for each in store.leases.renew([lease.token])] == [StopRequest.DROP]


def test_a_download_can_be_put_before_the_others(store: Store) -> None:
    other = add_job(store, JobKind.DOWNLOAD, provider="p", priority=50)
    job = film_on_its_way(store)

    store.control.prioritise(job.download_id or 0, 1)

    assert [bell.job_id for bell in store.jobs.ring(LIMITS)] == [job.id, other]


Verb = Callable[[Store, Job], object]


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(lambda store, job: store.control.cancel_job(job.id), id="cancel-job"),
        pytest.param(lambda store, job: store.control.pause(job.download_id), id="pause"),
        pytest.param(lambda store, job: store.control.resume(job.download_id), id="resume"),
        pytest.param(lambda store, job: store.control.cancel(job.download_id), id="cancel"),
        pytest.param(
            lambda store, job: store.control.prioritise(job.download_id, 1), id="prioritise"
        ),
    ],
)
def test_a_verb_that_does_not_fit_an_ended_download_is_refused(store: Store, verb: Verb) -> None:
    job = complete(store)
    before = download_of(store, job)

    with pytest.raises(ConflictError):
        verb(store, job)

    assert download_of(store, job) == before


def test_a_job_that_is_done_or_active_is_not_replayed(store: Store) -> None:
    job = complete(store)
    active = add_job(store)

    for job_id in (job.id, active):
        with pytest.raises(ConflictError, match="only failed and cancelled"):
            store.control.replay(job_id)


def test_a_download_is_paused_once_and_resumed_only_when_paused(store: Store) -> None:
    job = film_on_its_way(store)
    download_id = job.download_id or 0

    with pytest.raises(ConflictError, match="not paused"):
        store.control.resume(download_id)
    store.control.pause(download_id)
    with pytest.raises(ConflictError, match="already"):
        store.control.pause(download_id)


@pytest.mark.parametrize("verb", ["cancel_job", "replay", "pause", "resume", "cancel"])
def test_a_row_that_does_not_exist_is_told_apart(store: Store, verb: str) -> None:
    with pytest.raises(NoSuchRowError):
        getattr(store.control, verb)(99)

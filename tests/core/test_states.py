"""The states, and what is read from the state of the job behind a download or an import."""

from __future__ import annotations

import pytest

from stalkeer.core import states
from stalkeer.core.states import DownloadStatus, ImportStatus, JobKind, JobStatus


@pytest.mark.parametrize("kind", list(JobKind))
def test_every_kind_of_job_travels_on_a_known_queue(kind: JobKind) -> None:
    assert kind.queue in states.QUEUES


def test_downloads_have_a_queue_of_their_own() -> None:
    assert [kind for kind in JobKind if kind.queue == "download"] == [JobKind.DOWNLOAD]


def test_a_done_job_never_moves_again() -> None:
    assert not states.JOB_MOVES[JobStatus.DONE]


def test_only_failed_and_cancelled_jobs_can_be_replayed() -> None:
    replayable = {
        status
        for status, moves in states.JOB_MOVES.items()
        if JobStatus.READY in moves and status is not JobStatus.RUNNING
    }

    assert replayable == set(states.REPLAYABLE_JOB_STATUSES)


@pytest.mark.parametrize(
    ("job", "had_error", "status"),
    [
        pytest.param(JobStatus.READY, False, DownloadStatus.PENDING, id="waits-for-its-turn"),
        pytest.param(JobStatus.READY, True, DownloadStatus.RETRYING, id="waits-after-a-failure"),
        pytest.param(JobStatus.RUNNING, True, DownloadStatus.DOWNLOADING, id="running"),
        pytest.param(JobStatus.DONE, False, DownloadStatus.COMPLETED, id="done"),
        pytest.param(JobStatus.FAILED, True, DownloadStatus.FAILED, id="failed"),
        pytest.param(JobStatus.CANCELLED, False, DownloadStatus.CANCELLED, id="cancelled"),
    ],
)
def test_a_download_shows_the_state_of_its_job(
    job: JobStatus, had_error: bool, status: DownloadStatus
) -> None:
    assert states.download_status(job, had_error=had_error) is status


@pytest.mark.parametrize("job", list(JobStatus))
def test_an_import_has_a_status_for_every_state_of_its_job(job: JobStatus) -> None:
    assert states.import_status(job) in ImportStatus


@pytest.mark.parametrize("status", list(DownloadStatus))
def test_every_download_status_says_where_item_and_entry_are(status: DownloadStatus) -> None:
    assert status in states.ITEM_STATE_OF_DOWNLOAD
    assert status in states.ENTRY_STATE_OF_DOWNLOAD


@pytest.mark.parametrize("status", list(ImportStatus))
def test_every_import_status_says_where_item_and_entry_are(status: ImportStatus) -> None:
    assert status in states.ITEM_STATE_OF_IMPORT
    assert status in states.ENTRY_STATE_OF_IMPORT


def test_every_state_of_an_item_has_a_reason_in_words() -> None:
    assert set(states.WHY_NOT) == set(states.ItemState)

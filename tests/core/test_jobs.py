from __future__ import annotations

from stalkeer.core.jobs import done, later, skipped
from stalkeer.core.states import JobStatus


def test_a_job_that_found_nothing_to_do_is_done_with_the_reason() -> None:
    ended = skipped("it is in the library already")

    assert (ended.status, ended.outcome) == (JobStatus.DONE, "skipped")
    assert ended.reason == "it is in the library already"


def test_a_job_put_back_for_a_source_keeps_its_attempts() -> None:
    ended = later("Radarr is starting up", run_in_s=30)

    assert (ended.status, ended.run_in_s) == (JobStatus.READY, 30)
    assert not ended.costs_attempt


def test_a_job_that_ended_well_says_what_it_did() -> None:
    ended = done("imported", "/movies/Heat (1995)/Heat (1995).mkv")

    assert (ended.status, ended.outcome) == (JobStatus.DONE, "imported")

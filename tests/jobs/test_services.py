"""What a running job knows of itself, and the jobs of a process."""

from __future__ import annotations

import pytest

from stalkeer.db.store import Store
from stalkeer.jobs.services import Run, Running, StoppedError, StopReason, UnknownInstanceError
from tests.builders import add_job, take
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr


@pytest.fixture
def run(store: Store) -> Run:
    return Run(*take(store, add_job(store)))


def test_a_run_goes_on_until_it_is_told_to_stop(run: Run) -> None:
    run.go_on_or_stop()

    run.stop(StopReason.SHUTDOWN)

    assert run.should_stop()
    with pytest.raises(StoppedError, match="shutdown"):
        run.go_on_or_stop()


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (StopReason.SHUTDOWN, StopReason.CANCELLED, StopReason.SHUTDOWN),
        (StopReason.CANCELLED, StopReason.SHUTDOWN, StopReason.CANCELLED),
        (StopReason.CANCELLED, StopReason.LOST, StopReason.LOST),
        (StopReason.LOST, StopReason.SHUTDOWN, StopReason.LOST),
    ],
)
def test_the_first_reason_counts_except_that_a_lost_lease_beats_all(
    run: Run, first: StopReason, second: StopReason, reason: StopReason
) -> None:
    run.stop(first)
    run.stop(second)

    assert run.reason is reason


def test_a_wait_ends_with_a_stop(run: Run) -> None:
    run.wait(0)
    run.stop(StopReason.SHUTDOWN)

    run.wait(3600)

    assert run.should_stop()


def test_a_shutdown_stops_what_runs_and_what_still_starts(run: Run, store: Store) -> None:
    running, late = Running(), Run(*take(store, add_job(store)))
    running.add(run)

    running.stop_all()
    running.add(late)

    assert (run.reason, late.reason) == (StopReason.SHUTDOWN, StopReason.SHUTDOWN)
    assert running.by_token() == {run.lease.token: run, late.lease.token: late}
    running.remove(run)
    running.remove(run)
    assert list(running.by_token()) == [late.lease.token]


def test_an_instance_is_found_by_its_name(house: House, radarr: Radarr) -> None:
    arr, rules = house.services.instance("radarr")

    assert arr is house.services.arrs["radarr"]
    assert rules.setting == "STALKEER_RADARR"


@pytest.mark.parametrize("name", [None, "sonarr"])
def test_an_instance_that_is_not_set_says_what_to_do(
    house: House, radarr: Radarr, name: str | None
) -> None:
    with pytest.raises(UnknownInstanceError, match="Set its URL and API key"):
        house.services.instance(name)

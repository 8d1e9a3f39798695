"""Messages to the user, through a real server that takes them."""

from __future__ import annotations

import json

import pytest

from stalkeer.core.jobs import NewJob
from stalkeer.core.states import JobKind, JobStatus
from stalkeer.jobs.notify import notify_job
from tests.builders import add_job
from tests.jobs.conftest import House, Site
from tests.servers import free_port

# Apprise imports it where there still is one.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def told(house: House, *ports: int, text: str = "Heat (1995) is in the library") -> int:
    """Set a service for each port, and write the job that tells it."""
    house.change(notify_urls=tuple(f"json://127.0.0.1:{port}/" for port in ports))
    [new] = notify_job(house.services, text)
    return add_job(house.store, JobKind.NOTIFY, payload=new.payload, max_attempts=2)


def test_a_message_reaches_the_service(house: House, site: Site) -> None:
    job = house.run(told(house, site.port))

    assert job.status is JobStatus.DONE
    [body] = site.bodies
    assert json.loads(body)["title"] == "stalkeer"
    assert json.loads(body)["message"] == "Heat (1995) is in the library"


def test_a_service_that_does_not_take_it_is_asked_again(house: House, site: Site) -> None:
    site.status = 500

    job = house.run(told(house, site.port))

    assert (job.status, job.error_code) == (JobStatus.READY, "notify_failed")
    assert "STALKEER_NOTIFICATIONS_URLS" in job.last_error


def test_a_service_that_is_away_does_not_keep_the_message_from_the_others(
    house: House, site: Site
) -> None:
    job = house.run(told(house, free_port(), site.port))

    assert len(site.bodies) == 1
    assert job.error_code == "notify_failed"


def test_nobody_is_told_when_no_service_is_set(house: House) -> None:
    job = house.run(add_job(house.store, JobKind.NOTIFY, payload={"text": "any"}))

    assert job.result == {"outcome": "skipped", "reason": "no notification service is set"}
    assert notify_job(house.services, "any") == ()


def test_a_job_for_a_message_holds_its_text(house: House) -> None:
    house.change(notify_urls=("json://127.0.0.1:1/",))

    assert notify_job(house.services, "hello") == (
        NewJob(kind=JobKind.NOTIFY, payload={"text": "hello"}, title="hello"),
    )

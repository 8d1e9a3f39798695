"""Doctor, backup and cleanup over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from stalkeer.core.states import JobKind
from tests.builders import jobs_of
from tests.web.conftest import KEY, client_of
from tests.web.seeded import Seeded, seeded

SYSTEM = "/api/v1/system"


@pytest.fixture
def home(tmp_path: Path, migrated_file: Path) -> Iterator[Seeded]:
    with seeded(tmp_path, migrated_file) as home:
        yield home


@pytest.fixture
def client(home: Seeded) -> Iterator[TestClient]:
    with client_of(home.app, **KEY) as client:
        yield client


@pytest.mark.parametrize("kind", [JobKind.BACKUP, JobKind.CLEANUP])
def test_what_comes_by_itself_each_day_can_be_asked_for(
    home: Seeded, client: TestClient, kind: JobKind
) -> None:
    answers = [client.post(f"{SYSTEM}/{kind.value}") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    (job_id,) = {answer.json()["job_id"] for answer in answers}
    assert job_id in [job.id for job in jobs_of(home.service.store, kind)]


def test_the_doctor_says_of_each_fault_what_to_do_about_it(client: TestClient) -> None:
    said = client.post(f"{SYSTEM}/doctor").json()

    faults = [finding for finding in said["data"] if not finding["ok"]]
    assert said["faults"] == len(faults) > 0
    assert all(finding["remedy"] for finding in faults)
    assert "sonarr" in {finding["subject"] for finding in faults}
    assert {
        "subject": "queue",
        "ok": True,
        "message": "the embedded queue answers",
    }.items() <= next(finding for finding in said["data"] if finding["subject"] == "queue").items()

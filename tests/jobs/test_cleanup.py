"""Part files and rows that nobody needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stalkeer.core.jobs import Ended, done
from stalkeer.core.states import JobStatus
from stalkeer.downloader.files import part_path
from stalkeer.jobs.cleanup import KEEP_JOBS_S
from tests.builders import LIMITS, add_job, film_on_its_way, take
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr

DAY_S = 86400.0


def old_part(house: House, number: int | str, *, days: float = 8) -> Path:
    """Leave a part file that was last written so many days ago."""
    rules = house.services.instances["radarr"]
    part = part_path(rules.parts, 0).with_name(f"{number}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"a part")
    written_at = house.services.now().timestamp() - days * DAY_S
    os.utime(part, (written_at, written_at))
    return part


@pytest.mark.parametrize(
    ("number", "days"),
    [
        pytest.param(999, 8, id="of-an-unknown-download"),
        pytest.param("name", 8, id="of-no-download"),
        pytest.param(999, 7.001, id="just-too-old"),
    ],
)
def test_a_part_that_nobody_can_go_on_with_is_removed(
    house: House, radarr: Radarr, number: int | str, days: float
) -> None:
    part = old_part(house, number, days=days)

    job = house.run(add_job(house.store))

    assert not part.exists()
    assert job.result == {"outcome": "cleaned", "reason": "1 part files and 0 old jobs removed"}


def test_a_copy_that_a_kill_left_on_its_way_to_another_disk_is_removed(
    house: House, radarr: Radarr
) -> None:
    film = house.downloads / "radarr" / "Heat (1995)"
    film.mkdir(parents=True)
    copy, library_file = film / ".999.part.0a1b2c3d.copy", film / "Heat (1995).mkv"
    for path in (copy, library_file):
        path.write_bytes(b"a part")
        os.utime(path, (0, 0))

    house.run(add_job(house.store))

    assert not copy.exists()
    assert library_file.exists()


def test_a_young_part_stays(house: House, radarr: Radarr) -> None:
    part = old_part(house, 999, days=6.9)

    house.run(add_job(house.store))

    assert part.exists()


@pytest.mark.parametrize("state", ["waiting", "failed"])
def test_the_part_of_a_download_that_may_go_on_stays_however_old(
    house: House, radarr: Radarr, state: str
) -> None:
    job = film_on_its_way(house.store)
    if state == "failed":
        _, lease = take(house.store, job.id)
        given_up = Ended(status=JobStatus.FAILED, error_code="cut", error="it was cut")
        house.store.leases.end(lease, given_up, LIMITS)
    part = old_part(house, job.download_id or 0, days=300)

    house.run(add_job(house.store))

    assert part.exists()


def test_what_is_left_of_a_complete_download_goes(house: House, radarr: Radarr) -> None:
    job = film_on_its_way(house.store)
    _, lease = take(house.store, job.id)
    house.store.leases.end(lease, done("downloaded"), LIMITS)
    part = old_part(house, job.download_id or 0)

    house.run(add_job(house.store))

    assert not part.exists()


def test_jobs_that_ended_a_month_ago_are_forgotten(house: House) -> None:
    old = house.run(add_job(house.store))

    house.store.db.clock_offset_s = KEEP_JOBS_S + 1
    job = house.run(add_job(house.store))

    assert house.store.jobs.get(old.id) is None
    assert job.result == {"outcome": "cleaned", "reason": "0 part files and 1 old jobs removed"}

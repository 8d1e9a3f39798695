"""What a sync may be asked for, and the registration of our webhook."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stalkeer.core.states import JobKind
from tests.builders import jobs_of
from tests.web.conftest import House

V1 = "/api/v1"


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        pytest.param({}, {"fresh": True}, id="plain"),
        pytest.param({"limit": 5}, {"fresh": True, "limit": 5}, id="limit"),
        pytest.param({"force": True}, {"fresh": True, "force": True}, id="force"),
        pytest.param({"arr_id": 12}, {"fresh": True, "arr_id": 12}, id="item"),
    ],
)
def test_a_sync_carries_what_it_was_asked_for(
    house: House, body: dict[str, Any], payload: dict[str, Any]
) -> None:
    answer = house.client.post(f"{V1}/radarr-sync", json=body)

    (job,) = jobs_of(house.store, JobKind.RECONCILE)
    assert (answer.status_code, answer.json()) == (202, {"job_ids": [job.id]})
    assert json.loads(job.payload) == payload


def test_a_plain_sync_is_no_substitute_for_one_with_wishes(house: House) -> None:
    bodies: list[dict[str, Any]] = [{}, {"force": True}, {}, {"force": True}]

    ids = [
        house.client.post(f"{V1}/radarr-sync", json=body).json()["job_ids"][0] for body in bodies
    ]

    assert ids[0] != ids[1]
    assert ids[:2] == ids[2:]


@pytest.mark.parametrize("body", [{"limit": 0}, {"arr_id": "x"}, {"wish": 1}])
def test_a_wish_that_cannot_be_is_refused(house: House, body: dict[str, Any]) -> None:
    assert house.client.post(f"{V1}/radarr-sync", json=body).status_code == 422


def test_an_instance_that_does_not_exist_is_not_registered(house: House) -> None:
    answer = house.client.post(f"{V1}/instances/lidarr/register")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_instance")

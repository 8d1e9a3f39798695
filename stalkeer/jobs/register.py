"""Creates or repairs our Connect webhook in Radarr or Sonarr, and has them prove that it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stalkeer.arr.base import Arr
from stalkeer.arr.errors import ArrRefusedError
from stalkeer.core.items import Service

NAME = "stalkeer"
MISSING = "is not registered"
TRIGGERS = {
    Service.RADARR: frozenset(
        {"onGrab", "onDownload", "onUpgrade", "onMovieAdded", "onMovieDelete", "onMovieFileDelete"}
    ),
    Service.SONARR: frozenset(
        {"onGrab", "onDownload", "onUpgrade", "onSeriesAdd", "onSeriesDelete"}
        | {"onEpisodeFileDelete"}
    ),
}
"""The events we act on; every other one stays off."""

Json = dict[str, Any]


class Registration(StrEnum):
    """What was done about the webhook."""

    CREATED = "created"
    """There was none."""
    REPAIRED = "repaired"
    """There was one, and it was not as it should be."""
    UNCHANGED = "unchanged"
    """There was one, and the arr's Test went through."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the connection has to hold. `url` is how the arr reaches us."""

    url: str
    username: str
    password: str


def register(arr: Arr, webhook: Webhook) -> Registration:
    """Make sure the arr sends us what we need; running twice changes nothing.

    Raises `ArrRefusedError` with the arr's own words when its Test does not reach us.
    """
    form = arr.notification_schema()
    wanted = _connection(form, webhook, TRIGGERS[arr.service])
    ours = _find(arr.notifications(), webhook)
    if ours is None:
        arr.test_notification(wanted)
        arr.save_notification(wanted)
        return Registration.CREATED
    if not _differences(ours, wanted) and _passes(arr, ours):
        return Registration.UNCHANGED
    repaired = ours | wanted | {"id": ours["id"], "name": ours["name"]}
    arr.test_notification(repaired)
    arr.save_notification(repaired)
    return Registration.REPAIRED


def check_reach(arr: Arr, webhook: Webhook) -> None:
    """Have the arr send its Test event to us without saving anything.

    Raises `ArrRefusedError` when it does not reach us or is turned away.
    """
    form = arr.notification_schema()
    arr.test_notification(_connection(form, webhook, TRIGGERS[arr.service]))


def is_registered(arr: Arr, webhook: Webhook) -> bool:
    """Say whether the arr holds the connection to us that `register` makes."""
    return not fault_of(arr, webhook)


def fault_of(arr: Arr, webhook: Webhook) -> str:
    """Say what is wrong with the arr's connection to us: `is not registered`; empty when nothing is.

    Its password cannot be read back: `is_let_in` tells about that.
    """
    ours = _find(arr.notifications(), webhook)
    if ours is None:
        return MISSING
    wanted = _connection(arr.notification_schema(), webhook, TRIGGERS[arr.service])
    wrong = _differences(ours, wanted)
    return f"is not as it should be ({', '.join(wrong)})" if wrong else ""


def is_let_in(arr: Arr, webhook: Webhook) -> bool:
    """Have the arr send its Test event with what it holds: an old password is turned away."""
    ours = _find(arr.notifications(), webhook)
    return ours is not None and _passes(arr, ours)


def _connection(form: Mapping[str, Any], webhook: Webhook, triggers: frozenset[str]) -> Json:
    """Fill the arr's own form: what this version does not know is left out."""
    known = {field["name"] for field in form["fields"]}
    values = {"url": webhook.url, "method": 1}
    if {"username", "password"} <= known:
        values |= {"username": webhook.username, "password": webhook.password}
    else:
        # Header values read back in clear in the arr, so they are only the second choice.
        values["headers"] = [{"key": "X-Api-Key", "value": webhook.password}]
    switches = {name: name in triggers for name in form if name.startswith("on")}
    return {
        "name": NAME,
        "implementation": form["implementation"],
        "configContract": form["configContract"],
        "fields": [{"name": name, "value": value} for name, value in values.items()],
        "tags": [],
        **switches,
    }


def _find(connections: list[Json], webhook: Webhook) -> Json | None:
    """Find our connection by its address, else by its name."""
    webhooks = [one for one in connections if one.get("implementation") == "Webhook"]
    by_url = [one for one in webhooks if _fields(one).get("url") == webhook.url]
    by_name = [one for one in webhooks if str(one.get("name", "")).lower() == NAME]
    return next(iter([*by_url, *by_name]), None)


def _differences(ours: Json, wanted: Json) -> list[str]:
    """Compare all that can be read back: passwords cannot, the arr's Test tells about them."""
    theirs = _fields(ours)
    values = {name: value for name, value in _fields(wanted).items() if name != "password"}
    switches = {name for name in wanted if name.startswith("on")}
    return [name for name, value in values.items() if theirs.get(name) != value] + sorted(
        name for name in switches if bool(ours.get(name)) != wanted[name]
    )


def _passes(arr: Arr, connection: Json) -> bool:
    try:
        arr.test_notification(connection)
    except ArrRefusedError:
        return False
    return True


def _fields(connection: Json) -> Json:
    return {field["name"]: field.get("value") for field in connection.get("fields", [])}

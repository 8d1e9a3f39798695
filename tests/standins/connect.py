"""The page Settings → Connect of a stand-in: webhook connections, their test, and who gets what.

Radarr and Sonarr do this alike (Core/Notifications, Radarr.Api.V3/ProviderControllerBase.cs).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

from tests.standins.sender import Sender, Target, WebhookError
from tests.standins.server import Answer, AnswerError, Call, Json

MASK = "********"
_METHODS = {1: "POST", 2: "PUT"}


class Connect:
    """The stored connections.

    `template` is the Webhook element of GET notification/schema, `test_body` makes the Test event.
    """

    def __init__(self, template: Json, sender: Sender, test_body: Callable[[], Json]) -> None:
        self._template = template
        self._sender = sender
        self._test_body = test_body
        self._lock = RLock()
        self._stored: dict[int, Json] = {}

    def add(
        self,
        url: str,
        *,
        username: str = "",
        password: str = "",
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        tags: Iterable[int] = (),
        name: str = "stalkeer",
        events: Iterable[str] | None = None,
    ) -> int:
        """Store a connection without testing it; `events` are switches (None: every one)."""
        values = {
            "url": url,
            "method": 2 if method == "PUT" else 1,
            "username": username,
            "password": password,
            "headers": [{"key": key, "value": value} for key, value in (headers or {}).items()],
        }
        fields = [{"name": field, "value": value} for field, value in values.items()]
        chosen = self.switches if events is None else set(events)
        switches = {switch: switch in chosen for switch in self.switches}
        return self._store({"name": name, "fields": fields, "tags": list(tags), **switches})

    @property
    def switches(self) -> set[str]:
        """The names of all switches: `onMovieAdded`, `onDownload`…"""
        return {name for name in self._template if name.startswith(("on", "include"))}

    def schema(self, _: Call) -> Any:
        """GET notification/schema; the programs list every kind of connection."""
        return [self._template]

    def list_all(self, _: Call) -> Any:
        """GET notification."""
        with self._lock:
            return [_masked(resource) for resource in self._stored.values()]

    def get(self, call: Call) -> Any:
        """GET notification/{id}."""
        return _masked(self._resource(call.params["id"]))

    def create(self, call: Call) -> Answer:
        """POST notification; forceSave does not spare the test."""
        resource = self._merged(call.body, None)
        self._validate(resource, None)
        if _is_enabled(resource):
            self._demand_test(resource)
        return Answer(201, _masked(self._resource(self._store(call.body))))

    def update(self, call: Call) -> Answer:
        """PUT notification/{id}; forceSave spares the test."""
        stored = self._resource(call.params["id"])
        resource = self._merged(call.body, stored)
        self._validate(resource, stored["id"])
        if _is_enabled(resource) and not call.flag("forceSave"):
            self._demand_test(resource)
        with self._lock:
            self._stored[stored["id"]] = resource
        return Answer(202, _masked(resource))

    def delete(self, call: Call) -> Any:
        """DELETE notification/{id}."""
        with self._lock:
            self._stored.pop(call.params["id"], None)
        return {}

    def test(self, call: Call) -> Answer:
        """POST notification/test, the Test button of an unsaved form."""
        stored = self._stored.get(call.body.get("id", 0))
        return self._tested(self._merged(call.body, stored))

    def press_test(self, connection_id: int | None = None) -> Answer:
        """Press the Test button of a stored connection (None: the only one)."""
        with self._lock:
            chosen = connection_id or next(iter(self._stored))
        return self._tested(self._resource(chosen))

    def send(
        self, switch: str, body: Json, tags: Iterable[int], *, also: str | None = None
    ) -> None:
        """Send one event to every connection that wants it; `also` is a second switch it needs."""
        self.send_all(switch, [(body, tags)], also=also)

    def send_all(
        self,
        switch: str,
        events: Sequence[tuple[Json, Iterable[int]]],
        *,
        also: str | None = None,
    ) -> None:
        """Send many events one after another, each with the tags of its item.

        The first failure ends them for that connection: the rest of a bulk add is lost
        (Radarr: NotificationService.Handle(MoviesImportedEvent)).
        """
        with self._lock:
            wanting = [r for r in self._stored.values() if r[switch] and (not also or r[also])]
        for resource in wanting:
            wanted = set(resource["tags"])
            try:
                for body, tags in events:
                    if not wanted or wanted & set(tags):
                        self._sender.send(_target(resource), body)
            except (WebhookError, OSError):
                continue

    def _store(self, given: Json) -> int:
        with self._lock:
            number = max(self._stored, default=0) + 1
            resource = self._merged(given, None)
            self._stored[number] = {"id": number, **resource}
            return number

    def _resource(self, number: int) -> Json:
        with self._lock:
            if number not in self._stored:
                raise AnswerError(404, not_found())
            return self._stored[number]

    def _merged(self, given: Json, stored: Json | None) -> Json:
        resource = copy.deepcopy(stored or self._template)
        resource.pop("presets", None)
        known = set(resource) - {"fields", "id"} | {"name"}
        resource.update({name: value for name, value in given.items() if name in known})
        values = {field["name"]: field.get("value") for field in given.get("fields", [])}
        for field in resource["fields"]:
            value = values.get(field["name"], field.get("value"))
            if value != MASK:
                field["value"] = value
            if field.get("value") in (None, ""):
                field.pop("value", None)
        return {"name": resource.pop("name", None), **resource}

    def _validate(self, resource: Json, own_id: int | None) -> None:
        with self._lock:
            taken = {r["name"] for number, r in self._stored.items() if number != own_id}
        address = urlsplit(_values(resource).get("url", ""))
        if not resource["name"]:
            raise AnswerError(400, [_failure("Name", "'Name' must not be empty.")])
        if resource["name"] in taken:
            raise AnswerError(400, [_failure("Name", "Should be unique")])
        if address.scheme not in ("http", "https") or not address.hostname or " " in address.path:
            raise AnswerError(400, [_failure("Url", "must be a valid URL")])

    def _demand_test(self, resource: Json) -> None:
        answer = self._tested(resource)
        if answer.status != 200:
            raise AnswerError(answer.status, answer.body)

    def _tested(self, resource: Json) -> Answer:
        try:
            self._sender.send(_target(resource), self._test_body())
        except WebhookError as error:
            words = f"Unable to send test message: Unable to post to webhook: {error}"
            return Answer(400, [{"isWarning": False, **_failure("Url", words)}])
        except OSError as error:
            # No WebhookException, so nobody turns it into a validation failure.
            description = f"System.Net.Http.HttpRequestException: {error}"
            return Answer(500, {"message": str(error), "description": description})
        return Answer(200, {})


def not_found() -> Json:
    """Make the body of a 404; inferred from the framework, not observed."""
    return {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.5",
        "title": "Not Found",
        "status": 404,
        "traceId": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00",
    }


def _failure(name: str, words: str) -> Json:
    return {"propertyName": name, "errorMessage": words, "severity": "error"}


def _values(resource: Json) -> Json:
    return {field["name"]: field.get("value", "") for field in resource["fields"]}


def _is_enabled(resource: Json) -> bool:
    return any(value for name, value in resource.items() if name.startswith("on"))


def _target(resource: Json) -> Target:
    values = _values(resource)
    return Target(
        url=values["url"],
        method=_METHODS[int(values["method"])],
        username=values["username"],
        password=values["password"],
        headers={header["key"]: header["value"] for header in values["headers"] or []},
    )


def _masked(resource: Json) -> Json:
    shown = copy.deepcopy(resource)
    for field in shown["fields"]:
        if field["privacy"] == "password" and "value" in field:
            field["value"] = MASK
    return shown

"""The document says what the application does, and the application does what it says."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

import stalkeer
from stalkeer.errors import StalkeerError
from stalkeer.web.answers import fault_answer
from stalkeer.web.faults import status_of
from tests.web.conftest import KEY, client_of
from tests.web.examples import Example, examples
from tests.web.seeded import Seeded, seeded


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Seeded]:
    """One service for all tests of this page: they change nothing but in one test, which is told."""
    with seeded(tmp_path_factory.mktemp("home"), migrated_file) as home:
        yield home


@pytest.fixture(scope="module")
def client(home: Seeded) -> Iterator[TestClient]:
    """Ask it with the key."""
    with client_of(home.app, **KEY) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    """Read what it says about itself."""
    found: dict[str, Any] = client.get("/api/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): one
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    }


def misfits(document: dict[str, Any], schema: dict[str, Any], value: object) -> list[str]:
    """Say what is wrong with a value, in a few words: the whole document is no message."""
    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def test_both_bodies_of_a_dry_run_are_in_the_document(document: dict[str, Any]) -> None:
    content = document["paths"]["/api/v1/dryrun"]["post"]["requestBody"]["content"]

    assert set(content) == {"application/json", "application/octet-stream", "text/plain"}
    assert content["text/plain"]["example"].startswith("#EXTM3U")
    assert "playlist_id" in content["application/json"]["schema"]["properties"]


def test_the_header_with_which_a_stream_goes_on_is_in_the_document(
    document: dict[str, Any],
) -> None:
    parameters = document["paths"]["/api/v1/downloads/events"]["get"]["parameters"]

    assert {(one["name"], one["in"]) for one in parameters} == {
        ("last_event_id", "query"),
        ("Last-Event-ID", "header"),
    }


def test_every_route_is_in_the_document_and_nothing_else(
    home: Seeded, document: dict[str, Any]
) -> None:
    routes = {
        (method, re.sub(r":\w+}", "}", route.path))
        for route in home.app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }

    assert len(routes) >= len(home.app.routes)
    assert set(operations(document)) == routes


def test_every_schema_of_an_answer_is_closed(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    open_ones = [
        name
        for name, schema in schemas.items()
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False
    ]
    assert open_ones == []


def test_every_answer_and_every_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    shown = [
        (key, content)
        for key, one in operations(document).items()
        for place in (one.get("requestBody", {}), *one["responses"].values())
        for kind, content in place.get("content", {}).items()
        if kind == "application/json" and "ErrorAnswer" not in str(content["schema"])
    ]

    without = {key for key, content in shown if "example" not in {*content, *content["schema"]}}
    assert without <= {("GET", "/api/openapi.json")}
    for key, content in shown:
        if "example" in content:
            assert misfits(document, content["schema"], content["example"]) == [], key


def errors_of_ours(base: type[StalkeerError] = StalkeerError) -> Iterator[type[StalkeerError]]:
    for one in base.__subclasses__():
        yield one
        yield from errors_of_ours(one)


def test_every_error_answers_the_status_that_the_document_has_for_its_code() -> None:
    for module in pkgutil.walk_packages(stalkeer.__path__, "stalkeer."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    kinds = [kind for kind in errors_of_ours() if kind.__module__.startswith("stalkeer.")]

    assert len(kinds) > 60
    for kind in kinds:
        error = kind.__new__(kind)
        StalkeerError.__init__(error, "it broke")
        answer = fault_answer(error)

        assert answer.status_code == status_of(kind.code), kind
        assert ("Retry-After" in answer.headers) == kind.retryable, kind
        # The runner alone makes of an unexpected error one that is tried again.
        assert not kind.retryable or answer.status_code == (
            500 if kind.code == "unexpected" else 503
        ), kind


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("post", "/webhooks/{instance}", "busy"),
        ("post", "/api/v1/dryrun", "playlist_busy"),
        ("post", "/api/v1/settings/notifications/test", "notify_failed"),
        ("post", "/api/v1/instances/{name}/register", "arr_unauthorized"),
        ("post", "/api/v1/instances/{name}/register", "arr_bad_answer"),
    ],
)
def test_what_may_pass_is_documented_as_503(
    document: dict[str, Any], method: str, path: str, code: str
) -> None:
    answers = document["paths"][path][method]["responses"]

    found = [status for status, one in answers.items() if code in one["description"].split(", ")]
    assert found == ["503"]


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [one["operationId"] for one in operations(document).values()]

    assert sorted(set(ids)) == sorted(ids)


def test_every_operation_answers_real_rows_as_the_document_says(
    home: Seeded, client: TestClient, document: dict[str, Any]
) -> None:
    offered, table = operations(document), examples(home.ids)
    assert set(offered) == set(table), "every operation needs one line in examples.py"

    for (method, path), example in table.items():
        answer = client.request(
            method, path.format(**example.places), params=example.query, json=example.body
        )

        assert answer.status_code == example.status, f"{method} {path}: {answer.text}"
        check(document, offered[method, path], example, answer)


def check(document: dict[str, Any], one: dict[str, Any], example: Example, answer: Any) -> None:
    content = one["responses"][str(example.status)]["content"]
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in content
    if kind == "application/json":
        assert misfits(document, content[kind]["schema"], answer.json()) == []
        assert answer.json().get("data") != [], f"{answer.request.url} shows no row"


def test_the_page_of_the_document_names_every_operation_and_asks_no_other_host(
    client: TestClient, document: dict[str, Any]
) -> None:
    page = client.get("/api/docs")

    assert page.headers["Content-Type"].startswith("text/html")
    for method, path in operations(document):
        assert f"<b>{method}</b> {path}" in page.text
    assert not re.findall(r"""(?:src|href)="(?:https?:)?//""", page.text)
    assert "<script" not in page.text
    assert "style=" not in page.text


def test_what_the_page_is_drawn_with_comes_without_the_key(
    home: Seeded, client: TestClient
) -> None:
    page = client.get("/api/docs").text
    files = re.findall(r"""<link[^>]* href="([^"]+)|<script[^>]* src="([^"]+)""", page)

    with client_of(home.app) as stranger:
        answers = [stranger.get(link or script) for link, script in files]

    assert [answer.status_code for answer in answers] == [200]
    assert answers[0].headers["Content-Type"].startswith("text/css")

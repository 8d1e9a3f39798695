"""Holds every answer of a stand-in against the OpenAPI document of the program it stands for.

The documents are not part of this repository: they may not be shipped with it. Where `DOCUMENTS`
does not hold them, nothing is checked, and the log says so once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCUMENTS = Path(__file__).parents[3] / "shared" / "contract"

MAX_CHECKED_ITEMS = 25
"""Of a longer list only the first are checked: a library of thousands would take seconds."""

_SCHEMAS_BESIDES = {
    ("POST", "/api/v3/manualimport"): {
        "type": "array",
        "items": {"$ref": "#/components/schemas/ManualImportReprocessResource"},
    },
    ("GET", "/api/v3/notification/schema"): {
        "type": "array",
        "items": {"$ref": "#/components/schemas/NotificationResource"},
    },
}
"""What the documents leave out, though they hold the schema."""


def document(product: str) -> Path:
    """Say where the document of `radarr` or `sonarr` is, if it is anywhere."""
    return DOCUMENTS / f"{product}-openapi.json"


def checker(product: str) -> Callable[[str, str, Any], None]:
    """Make the check `(method, path, body)`, which raises `AssertionError` for a wrong shape.

    `path` is written as in the document: `/api/v3/movie/{id}`. A path without a schema passes.
    """
    path = document(product)
    if not path.exists():
        _say_once(path)
        return _accept
    validator_of = _validators(path)

    def check(method: str, template: str, body: Any) -> None:
        validator = validator_of(method, template.replace(":int", ""))
        if validator is None:
            return
        shown = body[:MAX_CHECKED_ITEMS] if isinstance(body, list) else body
        faults = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(shown)]
        if faults:
            raise AssertionError(f"{method} {template} breaks {path.name}: {faults[:5]}")

    return check


def _accept(method: str, template: str, body: Any) -> None:
    """Check nothing."""


@cache
def _say_once(path: Path) -> None:
    logging.getLogger(__name__).warning("No %s: the answers are not checked.", path.name)


@cache
def _validators(path: Path) -> Callable[[str, str], Draft202012Validator | None]:
    given = json.loads(path.read_text())
    components = _strict(given["components"])

    @cache
    def validator_of(method: str, template: str) -> Draft202012Validator | None:
        operation = given["paths"].get(template, {}).get(method.lower(), {})
        content = operation.get("responses", {}).get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        schema = schema or _SCHEMAS_BESIDES.get((method, template))
        if schema is None:
            return None
        return Draft202012Validator({**schema, "components": components})

    return validator_of


def _strict(components: dict[str, Any]) -> dict[str, Any]:
    """Refuse unknown fields, but in `Command`: its body holds the fields of the real command."""
    for name, schema in components["schemas"].items():
        if name == "Command":
            schema.pop("additionalProperties", None)
        elif "properties" in schema:
            schema["additionalProperties"] = False
    return components

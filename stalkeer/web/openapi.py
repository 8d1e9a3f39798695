"""The OpenAPI 3.1 document: made of the operations and of the models that validate them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from stalkeer import __version__
from stalkeer.web.auth import Door, door_of
from stalkeer.web.faults import ANONYMOUS, GUARDED, WITH_BODY, status_of
from stalkeer.web.operations import JSON, Operation
from stalkeer.web.shapes import ErrorAnswer, example_of

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
References = Mapping[tuple[Any, Mode], Json]
"""A `$ref` for each model and way it is used."""

VERSION = "3.1.0"
_REF = "#/components/schemas/{model}"
_ABOUT = (
    "Fills the gaps in a Radarr and Sonarr library from M3U playlists. Every list is paged, sorted "
    "and filtered by the fields it names; every error has a stable code and a sentence that says "
    "what to do."
)
_SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "key_in_query": {"type": "apiKey", "in": "query", "name": "apikey"},
    "session": {"type": "apiKey", "in": "cookie", "name": "stalkeer_session"},
    "webhook": {"type": "http", "scheme": "basic"},
}
_SECURITY: dict[Door, list[Json]] = {
    Door.PUBLIC: [],
    Door.WEBHOOK: [{"key": []}, {"key_in_query": []}, {"webhook": []}],
    Door.GUARDED: [{"key": []}, {"key_in_query": []}, {"session": []}],
}


def document(operations: Sequence[Operation], *, url_base: str = "") -> Json:
    """Describe the operations."""
    models = _models(operations)
    references, schemas = models_json_schema(sorted(models, key=_name), ref_template=_REF)
    paths: dict[str, Json] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, references)
    return {
        "openapi": VERSION,
        "info": {"title": "stalkeer", "version": __version__, "description": _ABOUT},
        "servers": [{"url": url_base or "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in operations)],
        "paths": paths,
        "components": {"schemas": schemas.get("$defs", {}), "securitySchemes": _SCHEMES},
    }


def error_codes(operation: Operation) -> list[str]:
    """List every code an operation may answer."""
    codes = [*operation.errors]
    codes += ANONYMOUS if door_of(operation.path) is Door.PUBLIC else GUARDED
    codes += ["not_found"] if operation.places else []
    codes += ["invalid_query"] if operation.query else []
    codes += WITH_BODY if operation.body else ()
    codes += ["database_unavailable"] if operation.path != "/ping" else []
    return list(dict.fromkeys(codes))


def _models(operations: Iterable[Operation]) -> set[tuple[Any, Mode]]:
    models: set[tuple[Any, Mode]] = {(ErrorAnswer, "serialization")}
    for one in operations:
        models |= {(model, "serialization") for model in one.answers.values()}
        if one.body and one.takes_body:
            models.add((one.body, "validation"))
    return models


def _name(used: tuple[Any, Mode]) -> tuple[str, Mode]:
    return used[0].__name__, used[1]


def _operation(one: Operation, references: References) -> Json:
    described: Json = {
        "operationId": f"{one.tag}_{one.name}_{one.method.lower()}",
        "tags": [one.tag],
        "summary": one.summary,
        "security": _SECURITY[door_of(one.path)],
        "responses": dict(_responses(one, references)),
    }
    if one.description:
        described["description"] = one.description
    parameters = [*_places(one), *_query(one), *_headers(one)]
    if parameters:
        described["parameters"] = parameters
    if one.takes_body or one.accepts:
        described["requestBody"] = _body(one, references)
    return described


def _places(one: Operation) -> Iterator[Json]:
    for name, kind in one.places.items():
        schema = TypeAdapter(kind).json_schema()
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query(one: Operation) -> Iterator[Json]:
    if one.query is None:
        return
    schema = one.query.model_json_schema()
    definitions = schema.get("$defs", {})
    for name, said in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": _inline(_without_none(said), definitions),
        }


def _headers(one: Operation) -> Iterator[Json]:
    for name, meaning in one.headers.items():
        yield {
            "name": name,
            "in": "header",
            "required": False,
            "description": meaning,
            "schema": {"type": "string"},
        }


def _without_none(schema: Json) -> Json:
    """A parameter that is not given is left out: there is no way to write null in a query."""
    choices: list[Json] = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return rest | choices[0]


def _inline(schema: Json, definitions: Json) -> Json:
    name = schema.get("$ref", "").rpartition("/")[2]
    own = {key: value for key, value in schema.items() if key != "$ref"}
    return {**definitions.get(name, {}), **own}


def _body(one: Operation, references: References) -> Json:
    if one.body is None:
        file = {"type": "string", "format": "binary"}
        files = {
            kind: {"schema": file, "example": example} for kind, example in one.takes_files.items()
        }
        return {"required": True, "content": {JSON: {"schema": one.accepts}, **files}}
    content: Json = {"schema": references[one.body, "validation"]}
    if example_of(one.body):
        content["example"] = example_of(one.body)
    is_required = any(info.is_required() for info in one.body.model_fields.values())
    return {"required": is_required, "content": {JSON: content}}


def _responses(one: Operation, references: References) -> Iterator[tuple[str, Json]]:
    if not one.answers:
        # Of a stream nobody can say as a whole what it is.
        schemas = {JSON: {"type": "object"}, "text/event-stream": {}}
        content = {one.produces: {"schema": schemas.get(one.produces, {"type": "string"})}}
        yield str(one.status), {"description": one.summary, "content": content}
    for status, model in one.answers.items():
        shown: Json = {"schema": references[model, "serialization"]}
        if example_of(model):
            shown["example"] = example_of(model)
        yield str(status), {"description": _first_line(model), "content": {JSON: shown}}
    yield from _errors(one, references)


def _errors(one: Operation, references: References) -> Iterator[tuple[str, Json]]:
    by_status: dict[int, list[str]] = {}
    for code in error_codes(one):
        by_status.setdefault(status_of(code), []).append(code)
    for status, codes in sorted(by_status.items()):
        if status in one.answers:
            continue
        content = {JSON: {"schema": references[ErrorAnswer, "serialization"]}}
        yield str(status), {"description": ", ".join(codes), "content": content}


def _first_line(model: type[BaseModel]) -> str:
    return (inspect.getdoc(model) or model.__name__).partition("\n")[0]

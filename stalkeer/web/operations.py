"""What the API offers, said once: the endpoint's signature, its docstring and one decorator.

    @get("/api/v1/admin/jobs/{job_id}", tag="jobs")
    def one(self, job_id: PathId) -> JobAnswer:
        \"\"\"Show one job with its attempts.\"\"\"

From this come the route, the validation and the OpenAPI document. Parameters named in the path
are read from it; `query` and `body` are models of `web.shapes`; `request` is Starlette's own.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import UnionType
from typing import Any, Generic, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from stalkeer.web.shapes import Answer, Body, Nothing, Query

A = TypeVar("A", bound=Answer)
P = ParamSpec("P")
R = TypeVar("R")

JSON = "application/json"
_MARK = "__operations__"
_PLACE = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Reply(Generic[A]):
    """An answer whose status is known only at the end, or that has headers of its own."""

    body: A
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path.

    `answers` are the models of its results by status; one that `produces` no JSON has none and
    answers a `Response`. `errors` are the codes of `web.faults` it may answer beside those that
    every operation may. `body` is checked also where the endpoint `takes_body` not.
    `accepts` is the schema of a body that the endpoint reads itself; in place of it a file may be
    sent under the types of `takes_files`. `headers` say what the endpoint reads of them, by name.
    """

    method: str
    path: str
    tag: str
    name: str
    summary: str
    description: str
    endpoint: Callable[..., Any]
    places: Mapping[str, Any]
    query: type[Query] | None
    body: type[Body] | None
    takes_body: bool
    takes_request: bool
    status: int
    answers: Mapping[int, type[BaseModel]]
    produces: str
    errors: tuple[str, ...]
    accepts: Mapping[str, Any] | None
    takes_files: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def is_async(self) -> bool:
        """Whether it runs in the loop; every other one runs in a thread, where it may wait."""
        return inspect.iscoroutinefunction(self.endpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """The arguments of the decorator."""

    method: str
    path: str
    tag: str
    status: int
    also: Mapping[int, type[Answer]]
    produces: str
    errors: tuple[str, ...]
    accepts: Mapping[str, Any] | None
    takes_files: Mapping[str, str]
    headers: Mapping[str, str]


def operation(
    method: str,
    path: str,
    *,
    tag: str,
    status: int = 200,
    also: Mapping[int, type[Answer]] | None = None,
    produces: str = JSON,
    errors: tuple[str, ...] = (),
    accepts: Mapping[str, Any] | None = None,
    takes_files: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Offer a method of a resource under a path; a method may be offered under several.

    `also` are further statuses with their models: a `Reply` chooses among them. `takes_files` are
    the types under which a file may be sent in place of JSON, each with an example, and `headers`
    what is read of the request's headers, each with what it means.
    """
    said = _Said(
        method=method,
        path=path,
        tag=tag,
        status=status,
        also=also or {},
        produces=produces,
        errors=errors,
        accepts=accepts,
        takes_files=takes_files or {},
        headers=headers or {},
    )

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        setattr(function, _MARK, (said, *getattr(function, _MARK, ())))
        return function

    return mark


get = partial(operation, "GET")
post = partial(operation, "POST")
put = partial(operation, "PUT")
patch = partial(operation, "PATCH")
delete = partial(operation, "DELETE")


def operations_of(resource: object) -> Iterator[Operation]:
    """Give everything a resource offers, in the order it is written."""
    for name, member in vars(type(resource)).items():
        for said in getattr(member, _MARK, ()):
            yield _operation(said, getattr(resource, name))


def _operation(said: _Said, endpoint: Callable[..., Any]) -> Operation:
    hints = get_type_hints(endpoint, include_extras=True)
    summary, _, description = inspect.cleandoc(endpoint.__doc__ or "").partition("\n\n")
    return Operation(
        method=said.method,
        path=said.path,
        tag=said.tag,
        name=endpoint.__name__,
        summary=" ".join(summary.split()),
        description=description,
        endpoint=endpoint,
        places={name: hints[name] for name in _PLACE.findall(said.path)},
        query=hints.get("query"),
        body=hints.get("body", _no_body(said)),
        takes_body="body" in hints,
        takes_request=hints.get("request") is Request,
        status=said.status,
        answers={**_answers(said.status, hints["return"]), **said.also},
        produces=said.produces,
        errors=said.errors,
        accepts=said.accepts,
        takes_files=said.takes_files,
        headers=said.headers,
    )


def _no_body(said: _Said) -> type[Body] | None:
    # A field that is sent to who takes none is a mistake too.
    return None if said.method == "GET" or said.accepts else Nothing


def _answers(status: int, answer: Any) -> dict[int, type[BaseModel]]:
    """Find the model of the usual answer; of several the first."""
    if get_origin(answer) in (Union, UnionType):
        answer = get_args(answer)[0]
    if get_origin(answer) is Reply:
        (answer,) = get_args(answer)
    return {} if issubclass(answer, Response) else {status: answer}

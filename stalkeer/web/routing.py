"""Makes routes of operations: reads what each was promised, runs it in a thread, answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from pydantic import BaseModel, TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from stalkeer.web.auth import WEBHOOKS
from stalkeer.web.operations import JSON, Operation, Reply
from stalkeer.web.reading import BODY_DEADLINE_S, read_body, read_query


class _RowId(IntegerConvertor):
    """An id in a path: as many digits as every database takes, so that a longer one is a 404."""

    regex = "[0-9]{1,18}"


register_url_convertor("row", _RowId())


def routes_of(
    operations: Iterable[Operation], *, deadline_s: float = BODY_DEADLINE_S
) -> list[Route]:
    """Make one route a path, so that a 405 names every method of it.

    Paths without places come first: `/filters/runtime` is no filter called `runtime`. Before all of
    them come the webhooks: routes are tried in turn, and a bulk add sends thousands. A body has
    `deadline_s` seconds to arrive.
    """
    ordered = sorted(
        operations,
        key=lambda one: (not one.path.startswith(WEBHOOKS), "{" in one.path, one.path),
    )
    return [
        _route(path, {one.method: one for one in group}, deadline_s)
        for path, group in groupby(ordered, key=lambda one: one.path)
    ]


def _route(path: str, methods: Mapping[str, Operation], deadline_s: float) -> Route:
    async def handle(request: Request) -> Response:
        # HEAD is GET whose body nobody sends.
        operation = methods["GET" if request.method == "HEAD" else request.method]
        said = await _run(operation, request, deadline_s)
        answer = _answer(operation, said)
        return _seen(request, answer)

    some = next(iter(methods.values()))
    return Route(_with_convertors(path, some), handle, methods=list(methods))


def _with_convertors(path: str, operation: Operation) -> str:
    for name, kind in operation.places.items():
        if _is_number(kind):
            path = path.replace(f"{{{name}}}", f"{{{name}:row}}")
    return path


def _is_number(kind: Any) -> bool:
    return bool(TypeAdapter(kind).json_schema()["type"] == "integer")


async def _run(operation: Operation, request: Request, deadline_s: float) -> Any:
    given: dict[str, Any] = {name: request.path_params[name] for name in operation.places}
    if operation.query is not None:
        given["query"] = read_query(request.query_params, operation.query)
    if operation.body is not None:
        body = await read_body(request, operation.body, deadline_s=deadline_s)
        given |= {"body": body} if operation.takes_body else {}
    if operation.takes_request:
        given["request"] = request
    if operation.is_async:
        return await operation.endpoint(**given)
    return await run_in_threadpool(operation.endpoint, **given)


def _answer(operation: Operation, said: Any) -> Response:
    if isinstance(said, Response):
        return said
    reply = said if isinstance(said, Reply) else Reply(said, operation.status)
    body: BaseModel = reply.body
    return Response(
        body.model_dump_json(), reply.status, headers=dict(reply.headers), media_type=JSON
    )


def _seen(request: Request, answer: Response) -> Response:
    """Answer 304 to who has seen this answer already."""
    if request.method not in ("GET", "HEAD"):
        return answer
    if isinstance(answer, StreamingResponse):
        # Of a stream that never ends there is no head but this one.
        return answer if request.method == "GET" else Response(headers=answer.headers)
    if answer.status_code != 200:
        return answer
    etag = f'"{hashlib.blake2b(bytes(answer.body), digest_size=12).hexdigest()}"'
    answer.headers["ETag"] = etag
    if etag in _tags(request):
        return Response(status_code=304, headers={"ETag": etag})
    return answer


def _tags(request: Request) -> Iterator[str]:
    for tag in request.headers.get("if-none-match", "").split(","):
        yield tag.strip().removeprefix("W/")

"""Reads requests: what stands in the path, the query and the body, within their limits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json, to_json
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import Receive

from stalkeer.core.text import cleaned
from stalkeer.db.pages import PageError
from stalkeer.errors import StalkeerError
from stalkeer.web.shapes import Body, Query

B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)

MAX_BODY_BYTES = 1024 * 1024
BODY_DEADLINE_S = 10.0
MAX_DEPTH = 32
_SHOWN = 40
_KEY = "apikey"
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json", re.IGNORECASE)


class BodyError(StalkeerError):
    """A request's body cannot be used."""

    code: ClassVar[str] = "invalid_body"


class BodyTooLargeError(StalkeerError):
    """A body is longer than any that is meant."""

    code: ClassVar[str] = "too_large"


class BodyTooSlowError(StalkeerError):
    """A body did not arrive in time."""

    code: ClassVar[str] = "too_slow"


class NotJsonError(StalkeerError):
    """A body says that it is something else than JSON."""

    code: ClassVar[str] = "not_json"


async def read_bytes(request: Request, *, limit: int, deadline_s: float) -> bytes:
    """Read a body to its end; a sender that says nothing must not hold a connection."""
    return await read_all(request.receive, limit=limit, deadline_s=deadline_s)


async def read_all(receive: Receive, *, limit: int, deadline_s: float) -> bytes:
    """Read a body as it comes from the server, for who makes no object of each request."""
    body = bytearray()
    is_coming = True
    try:
        with _Deadline(deadline_s):
            while is_coming:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BodyError("The sender went away in the middle of the body.")
                body += message.get("body", b"")
                if len(body) > limit:
                    raise BodyTooLargeError(f"The body is larger than {limit // 2**20} MiB.")
                is_coming = message.get("more_body", False)
    except TimeoutError:
        raise BodyTooSlowError(f"The body did not arrive within {deadline_s:g} seconds.") from None
    return bytes(body)


class _Deadline:
    """Raises TimeoutError in a block that lasts longer, as `asyncio.timeout` does.

    That one costs a webhook more than to read it: its body is nearly always here already.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 # a body is read in a request
        self._task, self._cancelling = task, task.cancelling()
        self._handle = asyncio.get_running_loop().call_later(self._seconds, self._end)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._handle.cancel()
        # Who was cancelled by somebody else too stays cancelled.
        is_ours = self._is_over and self._task.uncancel() <= self._cancelling
        if is_ours and kind is asyncio.CancelledError:
            raise TimeoutError

    def _end(self) -> None:
        self._is_over = True
        self._task.cancel()


async def read_body(request: Request, shape: type[B], *, deadline_s: float) -> B:
    """Read a body of JSON; an empty one is as good as `{}`. The error names every fault."""
    raw = await read_bytes(request, limit=MAX_BODY_BYTES, deadline_s=deadline_s)
    if not raw.strip():
        raw = b"{}"
    else:
        _check_type(request)
    return parse_body(raw, shape)


def parse_body(raw: bytes, shape: type[B]) -> B:
    """Check a body against its model; text in it is cleaned first."""
    try:
        # Strict UTF-8 and strict JSON: no NaN, no lone surrogates, nothing after the end.
        said = from_json(raw, allow_inf_nan=False)
    except ValueError as exc:
        raise BodyError(f"The body cannot be used: it is no JSON: {exc}.") from None
    # To JSON 1.0 is a whole number like any other.
    said = _mapped(said, _whole)
    try:
        # What is cleaned away must not make good what was not.
        shape.model_validate_json(to_json(said))
        return shape.model_validate_json(to_json(_mapped(said, _clean)))
    except ValidationError as exc:
        raise BodyError(f"The body cannot be used: {'; '.join(_faults(exc))}") from None


def read_query(params: QueryParams, shape: type[Q]) -> Q:
    """Check what stands behind the `?`, but the key. The error names every fault."""
    many = {name for name, info in shape.model_fields.items() if _is_tuple(info.annotation)}
    values: dict[str, Any] = {}
    for name in dict.fromkeys(params.keys()):
        given = params.getlist(name)
        if name in many:
            values[name] = given
        elif len(given) > 1:
            raise PageError(f"{cleaned(name)[:_SHOWN]} is given {len(given)} times.")
        elif name != _KEY:
            values[name] = given[0]
    clean = {name: _mapped(value, _clean) for name, value in values.items()}
    try:
        shape.model_validate(values)
        return shape.model_validate(clean)
    except ValidationError as exc:
        known = ", ".join(sorted(shape.model_fields))
        raise PageError(
            f"The query cannot be used: {'; '.join(_faults(exc, shows_values=True))}. "
            f"It may hold: {known}."
        ) from None


def _check_type(request: Request) -> None:
    said = request.headers.get("content-type")
    if said is not None and not _JSON.fullmatch(said.partition(";")[0].strip()):
        raise NotJsonError(
            f"The body is {said[:_SHOWN]!r}; send JSON with Content-Type: application/json."
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotJsonError("The body is compressed; send it as it is.")


def _mapped(value: Any, change: Callable[[Any], Any], depth: int = MAX_DEPTH) -> Any:
    """Change every leaf of a document, and the names in it."""
    if not depth:
        raise BodyError("The body cannot be used: it is nested too deeply.")
    if isinstance(value, list):
        return [_mapped(inner, change, depth - 1) for inner in value]
    if isinstance(value, dict):
        return {change(name): _mapped(inner, change, depth - 1) for name, inner in value.items()}
    return change(value)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _clean(value: Any) -> Any:
    return cleaned(value) if isinstance(value, str) else value


def _is_tuple(annotation: object) -> bool:
    return get_origin(annotation) is tuple


def _faults(exc: ValidationError, *, shows_values: bool = False) -> Iterator[str]:
    for details in exc.errors(include_url=False):
        place = ".".join(str(part) for part in details["loc"]) or "body"
        yield f"{place[:_SHOWN]}{_shown(details) if shows_values else ''}: {_said(details)}"


def _shown(details: ErrorDetails) -> str:
    # Under a name that nobody knows may stand a key with a slip of the pen.
    value = "" if details["type"] == "extra_forbidden" else details["input"]
    return f" {value[:_SHOWN]!r}" if isinstance(value, str) else ""


def _said(details: ErrorDetails) -> str:
    return details["msg"].removeprefix("Value error, ").removeprefix("Input ")

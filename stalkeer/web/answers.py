"""The forms of every answer: JSON, an error with a stable code, a page of a list, plain HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, ClassVar, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from stalkeer.db.pages import LONGEST, Page, PageError, PageRequest
from stalkeer.errors import StalkeerError

T = TypeVar("T")

LONGEST_VALUE = 200
_LIST_WORDS = frozenset({"limit", "offset", "sort", "order", "apikey"})


class BodyError(StalkeerError):
    """A request's body cannot be used."""

    code: ClassVar[str] = "invalid_body"


def error_answer(
    status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Answer `{"error": {"code": …, "message": …}}`."""
    body = {"error": {"code": code, "message": message}}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def not_found(what: str) -> JSONResponse:
    """Answer that a row does not exist."""
    return error_answer(404, "not_found", f"There is no {what}.")


def list_answer(
    request: Request, fetch: Callable[[PageRequest], Page[T]], show: Callable[[T], Any]
) -> Response:
    """Answer one page of a list: `{"data": [...], "total": N, "limit": L, "offset": O}`.

    Raises `PageError` for a question the list cannot answer.
    """
    asked = page_request(request)
    found = fetch(asked)
    return JSONResponse(
        {
            "data": [show(row) for row in found.rows],
            "total": found.total,
            "limit": asked.limit,
            "offset": asked.offset,
        }
    )


def page_request(request: Request) -> PageRequest:
    """Read `?limit=&offset=&sort=&order=` and filters by field name."""
    query = request.query_params
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise PageError(f"order is asc or desc, not {order[:40]!r}.")
    return PageRequest(
        limit=_number(query.get("limit", "50"), "limit", 1, LONGEST),
        offset=_number(query.get("offset", "0"), "offset", 0, 2**31 - 1),
        sort=query.get("sort", "id"),
        descending=order == "desc",
        where={
            name: _short(value, name) for name, value in query.items() if name not in _LIST_WORDS
        },
    )


def page(title: str, text: str, *, status: int = 200) -> HTMLResponse:
    """Answer a plain page; lines of `text` become paragraphs."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines())
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<h1>{escape(title)}</h1>{lines}</html>",
        status_code=status,
    )


def _short(text: str, name: str) -> str:
    # Python refuses to read a number of thousands of digits, with an error of its own.
    if len(text) > LONGEST_VALUE:
        raise PageError(f"{name} is compared with at most {LONGEST_VALUE} characters.")
    return text


def _number(text: str, name: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 12 and least <= int(text) <= most:
        return int(text)
    raise PageError(f"{name} is a number from {least} to {most}, not {text[:40]!r}.")

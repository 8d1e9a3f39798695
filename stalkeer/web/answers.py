"""The forms of answers that are no results: an error with a stable code, plain HTML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse, JSONResponse

from stalkeer.errors import StalkeerError
from stalkeer.web.faults import status_of

# The rest of the body is still on its way, and nobody is going to read it.
_HANG_UP = {"Connection": "close"}
_WAIT_S = 10
"""When to ask again where nobody said so."""


def error_answer(
    status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Answer `{"error": {"code": …, "message": …}}`."""
    body = {"error": {"code": code, "message": message}}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def fault_answer(exc: StalkeerError) -> JSONResponse:
    """Answer an error of ours with its own sentence and code."""
    status = status_of(exc.code)
    headers = _HANG_UP if status in (408, 413) else {}
    wait_s = exc.retry_in_s or (_WAIT_S if exc.retryable else 0)
    if wait_s:
        headers = headers | {"Retry-After": str(math.ceil(wait_s))}
    return error_answer(status, exc.code, str(exc), headers=headers)


def page(title: str, text: str, *, status: int = 200) -> HTMLResponse:
    """Answer a plain page; lines of `text` become paragraphs."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines())
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<h1>{escape(title)}</h1>{lines}</html>",
        status_code=status,
    )

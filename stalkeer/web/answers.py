"""The forms of answers that are no results: an error with a stable code, plain HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse, JSONResponse


def error_answer(
    status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Answer `{"error": {"code": …, "message": …}}`."""
    body = {"error": {"code": code, "message": message}}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def page(title: str, text: str, *, status: int = 200) -> HTMLResponse:
    """Answer a plain page; lines of `text` become paragraphs."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines())
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<h1>{escape(title)}</h1>{lines}</html>",
        status_code=status,
    )

"""The OpenAPI document, and a page of it that a person can read without any other host."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from starlette.responses import HTMLResponse, JSONResponse, Response

from stalkeer.web.openapi import Json, document
from stalkeer.web.operations import Operation, get, operations_of

_TAG = "system"
_PAGES = Path(__file__).parent / "pages"


# No slots: `cached_property` needs a place to keep what it made.
@dataclass(frozen=True)
class Document:
    """The operations on the document. `operations` are all others."""

    operations: Sequence[Operation]
    url_base: str

    @cached_property
    def content(self) -> Json:
        """The document; it describes itself too."""
        return document([*self.operations, *operations_of(self)], url_base=self.url_base)

    @get("/api/openapi.json", tag=_TAG, produces="application/json")
    def openapi(self) -> Response:
        """Describe the API as OpenAPI 3.1."""
        return JSONResponse(self.content)

    @get("/api/docs", tag=_TAG, produces="text/html")
    def docs(self) -> Response:
        """Show the description to a person."""
        return HTMLResponse(self._page)

    @get("/api/docs.css", tag=_TAG, produces="text/css")
    def style(self) -> Response:
        """Give the style of the page."""
        return Response((_PAGES / "docs.css").read_text(), media_type="text/css")

    @cached_property
    def _page(self) -> str:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_PAGES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )
        environment.filters |= {"json": _as_json, "kind": _kind, "resolved": self._resolved}
        template = environment.get_template("docs.html")
        return template.render(document=self.content, base=self.url_base)

    def _resolved(self, schema: Json) -> Json:
        name = schema.get("$ref", "").rpartition("/")[2]
        found: Json = self.content["components"]["schemas"].get(name, schema)
        return found


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _kind(schema: Json) -> str:
    """Say in a few words what a parameter may be."""
    words = [schema.get("description", ""), str(schema.get("type", ""))]
    if "enum" in schema:
        words.append(" | ".join(str(value) for value in schema["enum"]))
    if "minimum" in schema and "maximum" in schema:
        words.append(f"{schema['minimum']} to {schema['maximum']}")
    if "default" in schema:
        words.append(f"default {schema['default']}")
    return ", ".join(word for word in words if word)

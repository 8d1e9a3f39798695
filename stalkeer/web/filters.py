"""Filters over HTTP: which entries are kept out, by patterns on group or name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from stalkeer.core.filters import MAX_PATTERN_LENGTH, MAX_PATTERNS, Attribute, FilterRule
from stalkeer.db.control import NoSuchRowError
from stalkeer.db.filters import FilterRow
from stalkeer.jobs import filtering
from stalkeer.jobs.services import Services
from stalkeer.web.operations import delete, get, patch, post
from stalkeer.web.shapes import Answer, Body, JobStarted, Listing, Paged, PathId, RowId, Stamp

_TAG = "filters"
_FILTER: dict[str, Any] = {
    "id": 3,
    "name": "no adults",
    "attribute": "group_title",
    "include": [],
    "exclude": ["(?i)adult"],
    "playlist_id": None,
    "is_runtime": True,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z",
}

FilterName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"\S")]
Pattern = Annotated[str, Field(min_length=1, max_length=MAX_PATTERN_LENGTH, pattern=r"^[^\n]*$")]
Patterns = Annotated[tuple[Pattern, ...], Field(max_length=MAX_PATTERNS)]


class FilterQuery(Paged):
    """Which filters to list."""

    sort: Literal["id", "name", "attribute", "updated_at"] = "id"
    attribute: Attribute | None = None
    playlist_id: RowId | None = None


class FilterBody(Body):
    """A filter. RE2 patterns; without a playlist it is for all of them.

    An entry stays when no `exclude` of any filter fits, and when one `include` of any filter on the
    same attribute does.
    """

    example: ClassVar[Mapping[str, Any]] = {
        "name": "no adults",
        "attribute": "group_title",
        "exclude": ["(?i)adult"],
    }

    name: FilterName
    attribute: Attribute = Field(strict=False)
    include: Patterns = ()
    exclude: Patterns = ()
    playlist_id: RowId | None = None


class FilterChange(Body):
    """What is new of a filter; what is not sent stays as it is."""

    example: ClassVar[Mapping[str, Any]] = {"exclude": ["(?i)adult", "XXX"]}

    name: FilterName | None = None
    attribute: Attribute | None = Field(default=None, strict=False)
    include: Patterns | None = None
    exclude: Patterns | None = None


class FilterAnswer(Answer):
    """A filter. One that is not `is_runtime` stands in the settings and is changed there."""

    example: ClassVar[Mapping[str, Any]] = _FILTER

    id: int
    name: str
    attribute: Attribute
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    playlist_id: int | None
    is_runtime: bool
    created_at: Stamp
    updated_at: Stamp


class FilterWritten(FilterAnswer):
    """A filter as it was written, and the job that puts it to every entry."""

    example: ClassVar[Mapping[str, Any]] = _FILTER | {"job_id": 7}

    job_id: int


@dataclass(frozen=True, slots=True)
class Filters:
    """The operations on filters."""

    services: Services

    @get("/api/v1/filters", tag=_TAG)
    def page(self, query: FilterQuery) -> Listing[FilterAnswer]:
        """List filters, those of the settings too."""
        found = self.services.store.filters.page(query.request())
        return Listing.of(found, query, filter_answer)

    @post(
        "/api/v1/filters", tag=_TAG, status=201, errors=("invalid_filter", "conflict", "not_found")
    )
    def add(self, body: FilterBody) -> FilterWritten:
        """Add a filter. It is put to every entry at once, without reading a list again."""
        if body.playlist_id is not None:
            self.services.store.sources.get(body.playlist_id)
        return _written(*filtering.add(self.services, FilterRule(**body.model_dump())))

    @patch("/api/v1/filters/{filter_id}", tag=_TAG, errors=("invalid_filter", "conflict"))
    def change(self, filter_id: PathId, body: FilterChange) -> FilterWritten:
        """Change a filter."""
        found = self.services.store.filters.get(filter_id)
        if found is None:
            raise NoSuchRowError(f"There is no filter {filter_id}.")
        said = {name: value for name, value in body.model_dump().items() if value is not None}
        return _written(*filtering.change(self.services, filter_id, replace(found.rule, **said)))

    @delete("/api/v1/filters/{filter_id}", tag=_TAG, status=202, errors=("conflict",))
    def remove(self, filter_id: PathId) -> JobStarted:
        """Remove a filter; what it kept out is let in."""
        return JobStarted(job_id=filtering.remove(self.services, filter_id))

    @delete("/api/v1/filters/runtime", tag=_TAG, status=202)
    def remove_runtime(self) -> JobStarted:
        """Remove every filter that does not stand in the settings."""
        return JobStarted(job_id=filtering.remove_runtime(self.services))


def filter_answer(row: FilterRow) -> FilterAnswer:
    """Show a filter."""
    return FilterAnswer(**_shown(row))


def _written(row: FilterRow, job_id: int) -> FilterWritten:
    return FilterWritten(**_shown(row), job_id=job_id)


def _shown(row: FilterRow) -> dict[str, Any]:
    rule = {name: getattr(row.rule, name) for name in FilterRule.__slots__}
    return {"id": row.id, **rule, "created_at": row.created_at, "updated_at": row.updated_at}

"""The forms of what comes in and goes out: bodies, queries, answers, pages of lists.

One pydantic model each; what validates here is also what the OpenAPI document shows. A body or a
query with a field nobody knows is a mistake worth an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializeAsAny,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from stalkeer.core.times import stamp
from stalkeer.db.pages import LONGEST, Page, PageRequest

Row = TypeVar("Row")
T = TypeVar("T", bound="Answer")

_FORMS: dict[type, tuple[re.Pattern[str], str]] = {
    bool: (re.compile("true|false"), "should be true or false"),
    int: (re.compile(r"-?[0-9]{1,19}"), "should be a number"),
}
_YEARS = re.compile(r"[0-9]{4}-")


def _in_utc(moment: datetime) -> datetime:
    """Read a time without a zone as UTC, which is what every answer shows."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside of the years 1 to 9999 in UTC") from None


RowId = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[7])]
"""The id of a row in a body."""
PathId = Annotated[int, Field(ge=0, le=10**18 - 1, examples=[7])]
"""The id of a row in a path; one of more digits than that is a 404."""
Name = Annotated[str, Field(min_length=1, max_length=64, examples=["radarr"])]
"""The name of an instance."""
Word = Annotated[str, Field(max_length=200)]
"""Text that rows are compared with."""
Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A time that is sent to us."""
Stamp = Annotated[
    datetime,
    PlainSerializer(stamp, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""A time that we show: `2026-01-31T12:00:00Z`."""


class Body(BaseModel):
    """What a request may hold, read strictly: `"1"` is no number. `example` is for the document."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    example: ClassVar[Mapping[str, Any]] = {}


class Nothing(Body):
    """An empty body, or `{}`."""


class Query(BaseModel):
    """What may stand behind the `?`. A field that is a tuple may be given several times."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: Any, info: ValidationInfo) -> Any:
        # Pydantic would read ` 1_000 ` as a number and `yes` as true.
        for kind in _parts(cls.model_fields[info.field_name or ""].annotation):
            form, said = _FORMS.get(kind, (None, ""))
            if form and isinstance(value, str) and not form.fullmatch(value):
                raise ValueError(said)
            if kind is datetime and isinstance(value, str) and not _YEARS.match(value):
                raise ValueError("should be a time such as 2026-01-31T12:00:00Z")
        return value


class Paged(Query):
    """The query of a list. A list adds its filters and its own `sort`, both by allow-listed name.

    A filter is a field that is None when it is not given.
    """

    limit: Annotated[int, Field(ge=1, le=LONGEST, description="Rows of this page.")] = 50
    offset: Annotated[int, Field(ge=0, le=2**31 - 1, description="Rows left out before it.")] = 0
    sort: Annotated[str, Field(description="What the rows are ordered by.")] = "id"
    order: Annotated[Literal["asc", "desc"], Field(description="Ascending or descending.")] = "desc"

    def request(self, *left_out: str) -> PageRequest:
        """Ask for this page; filters named in `left_out` are the caller's own business."""
        filters = type(self).model_fields.keys() - Paged.model_fields.keys() - {*left_out}
        given = {name: getattr(self, name) for name in sorted(filters)}
        return PageRequest(
            limit=self.limit,
            offset=self.offset,
            sort=self.sort,
            descending=self.order == "desc",
            where={name: str(value) for name, value in given.items() if value is not None},
        )


class Answer(BaseModel):
    """What is answered, with no field that is not promised. `example` is for the document."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, serialize_by_alias=True, hide_input_in_errors=True
    )

    example: ClassVar[Mapping[str, Any]] = {}


class Listing(Answer, Generic[T]):
    """One page of a list, and how many rows there are in all."""

    # Without it a page that was made without its type would show the fields of every answer: none.
    data: tuple[SerializeAsAny[T], ...]
    total: int
    limit: int
    offset: int

    @classmethod
    def of(cls, page: Page[Row], query: Paged, show: Callable[[Row], T]) -> Listing[T]:
        """Show a page as the query asked for it."""
        return cls(
            data=tuple(show(row) for row in page.rows),
            total=page.total,
            limit=query.limit,
            offset=query.offset,
        )


class Fault(Answer):
    """Why a request was refused."""

    code: str = Field(description="Stable name of the fault, for scripts.")
    message: str = Field(description="What happened, to which item, what to do.")


class ErrorAnswer(Answer):
    """The form of every answer that is no result."""

    example: ClassVar[Mapping[str, Any]] = {
        "error": {"code": "not_found", "message": "There is no job 7."}
    }

    error: Fault


class JobStarted(Answer):
    """The job that does what was asked for."""

    example: ClassVar[Mapping[str, Any]] = {"job_id": 7}

    job_id: int


class JobsStarted(Answer):
    """The jobs that do what was asked for."""

    example: ClassVar[Mapping[str, Any]] = {"job_ids": [7, 8]}

    job_ids: tuple[int, ...]


def example_of(model: type[BaseModel]) -> Mapping[str, Any]:
    """Return the example of a model; that of a list is a page of one row."""
    inner = model.__pydantic_generic_metadata__["args"]
    if issubclass(model, Listing) and inner:
        return {"data": [example_of(inner[0])], "total": 1, "limit": 50, "offset": 0}
    example: Mapping[str, Any] = getattr(model, "example", {})
    return example


def _parts(annotation: object) -> Iterator[type]:
    inner = get_args(annotation)
    if not inner and isinstance(annotation, type):
        yield annotation
    for part in inner:
        yield from _parts(part)

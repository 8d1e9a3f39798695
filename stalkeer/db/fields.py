"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import peewee as pw


class UtcField(pw.DateTimeField):
    """A time in UTC, to the second: `2026-01-31 12:00:00` for whoever reads the table.

    Python sees aware datetimes; the column holds no zone, so that the text in SQLite and the
    timestamp in PostgreSQL sort, compare and read alike.
    """

    def db_value(self, value: Any) -> Any:
        """Turn an aware datetime into the stored form."""
        if isinstance(value, datetime):
            naive = value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
            return super().db_value(naive)  # type: ignore[no-untyped-call]
        return value

    def python_value(self, value: Any) -> Any:
        """Turn the stored form into an aware datetime."""
        parsed = super().python_value(value)  # type: ignore[no-untyped-call]
        return parsed.replace(tzinfo=UTC) if isinstance(parsed, datetime) else parsed


class JsonField(pw.TextField):
    """A small JSON document kept as text: read whole, never searched in SQL."""

    def db_value(self, value: Any) -> Any:
        """Turn a value into compact JSON text."""
        return None if value is None else json.dumps(value, separators=(",", ":"), default=str)

    def python_value(self, value: Any) -> Any:
        """Turn JSON text into a value."""
        return None if value is None else json.loads(value)


class Reference(pw.ForeignKeyField):
    """A column that joins like a foreign key and that the database does not check.

    The check costs more than the row it is for where a million rows are written, and a deleted
    parent would be looked for in all of them.
    """

    def __init__(self, model: type[pw.Model], **options: Any) -> None:
        """Refer to the primary key of a model."""
        super().__init__(model, _deferred=True, **options)

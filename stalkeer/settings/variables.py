"""The table of all variables, made from the sections: names, defaults, explanations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from stalkeer.settings.sections import (
    Database,
    Directories,
    Downloads,
    Filter,
    General,
    M3u,
    Matching,
    Notifications,
    Queue,
    Radarr,
    Section,
    Sonarr,
    Tmdb,
    Xtream,
)

PREFIX = "STALKEER_"
FILE_SUFFIX = "_FILE"
ENV_FILE = "STALKEER_ENV_FILE"
"""Names another file in place of `.env`. It is no setting: it says where settings are."""

SECTIONS: dict[str, type[Section]] = {
    "general": General,
    "database": Database,
    "queue": Queue,
    "m3u": M3u,
    "xtream": Xtream,
    "filter": Filter,
    "radarr": Radarr,
    "sonarr": Sonarr,
    "tmdb": Tmdb,
    "matching": Matching,
    "downloads": Downloads,
    "directories": Directories,
    "notifications": Notifications,
}
_WITHOUT_PREFIX = ("general", "queue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One setting as the environment knows it: `STALKEER_RADARR_URL`, section `radarr`.

    `default` is text, as a person would write it. One that is not savable comes from the environment
    or `.env` alone.
    """

    name: str
    alias: str
    section: str
    field: str
    default: str
    about: str
    example: str
    is_secret: bool
    needs_restart: bool
    is_savable: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it is read from, the strongest first."""
        return (self.name, self.alias) if self.alias else (self.name,)


def prefix(section: str) -> str:
    """Start of the names of a section: `STALKEER_RADARR_`."""
    return PREFIX if section in _WITHOUT_PREFIX else f"{PREFIX}{section.upper()}_"


def _variables() -> Iterator[Variable]:
    for section, model in SECTIONS.items():
        for field, info in model.model_fields.items():
            yield _variable(section, field, info)


def _variable(section: str, field: str, info: FieldInfo) -> Variable:
    # `setting` always gives a dict; pydantic also allows a function here.
    extra: dict[str, Any] = dict(info.json_schema_extra)  # type: ignore[arg-type]
    default = _as_text(info.default)
    return Variable(
        name=prefix(section) + (extra["key"] or field.upper()),
        alias=extra["alias"],
        section=section,
        field=field,
        default=default,
        about=info.description or "",
        example=extra["example"] or default,
        is_secret=_holds_secret(info.annotation),
        needs_restart=extra["restart"],
        is_savable=extra["savable"],
    )


def _as_text(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else str(default)


def _holds_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(_holds_secret(part) for part in get_args(annotation))


VARIABLES = tuple(_variables())
BY_NAME = {name: variable for variable in VARIABLES for name in variable.names}
BY_PLACE = {(variable.section, variable.field): variable for variable in VARIABLES}

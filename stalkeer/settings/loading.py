"""Reads the settings from everywhere and reports all that is wrong with them at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stalkeer.settings.given import Given, Source, collect, read_env_file, unknown_names
from stalkeer.settings.model import Settings, SettingsError
from stalkeer.settings.variables import BY_PLACE, VARIABLES, Variable, prefix

MAX_SHOWN = 60


def load(
    environ: Mapping[str, str], *, folder: Path, saved: Mapping[str, str] | None = None
) -> Settings:
    """Read every setting: from `environ`, then `.env` in the folder, then `saved`, then defaults.

    `saved` has the same names and texts as the environment. Relative names of files to read are
    taken from the folder. Raises `SettingsError` with every fault.
    """
    faults: list[str] = []
    layers = {
        Source.ENVIRONMENT: environ,
        Source.ENV_FILE: read_env_file(environ, folder, faults),
        Source.SAVED: saved or {},
    }
    given = collect(layers, folder, faults)
    try:
        settings = Settings.model_validate(
            {**_by_section(given), "given": given, "unknown": unknown_names(layers)}
        )
    except ValidationError as error:
        faults.extend(_fault(details, given) for details in error.errors(include_url=False))
        # Two bad words of one list are one fault.
        raise SettingsError(dict.fromkeys(faults)) from None
    if faults:
        raise SettingsError(faults)
    return settings


def _by_section(given: Mapping[str, Given]) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for variable in VARIABLES:
        if variable.name in given:
            texts.setdefault(variable.section, {})[variable.field] = given[variable.name].text
    return texts


def _fault(details: ErrorDetails, given: Mapping[str, Given]) -> str:
    section, *rest = details["loc"]
    said = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    variable = BY_PLACE.get((str(section), str(rest[0]))) if rest else None
    if variable is None:
        return f"{prefix(str(section))}*: {said}"
    shown = _shown(variable, given[variable.name])
    example = f". For example: {variable.example}" if variable.example else ""
    return f"{variable.name} {shown}: {said}{example}"


def _shown(variable: Variable, given: Given) -> str:
    # An address may hold a password where it does not belong.
    is_secret = variable.is_secret or "@" in given.text
    text = "" if is_secret else f"is {given.text[:MAX_SHOWN]!r} "
    return f"{text}({given.source})"

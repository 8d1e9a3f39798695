"""Where the text of each setting comes from: environment, `.env`, what was saved."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import dotenv

from stalkeer.settings.variables import BY_NAME, ENV_FILE, FILE_SUFFIX, PREFIX, VARIABLES, Variable


class Source(StrEnum):
    """Who set a setting, the strongest first."""

    ENVIRONMENT = "environment"
    """A variable of the process."""
    ENV_FILE = ".env"
    """A line of the `.env` file."""
    SAVED = "saved"
    """The settings API."""
    DEFAULT = "default"
    """Nobody."""


PINNING = (Source.ENVIRONMENT, Source.ENV_FILE)
"""What comes from these cannot be changed through the settings API."""


@dataclass(frozen=True, slots=True)
class Given:
    """The text of one setting and who gave it. The text may be a secret."""

    source: Source
    text: str = field(repr=False)


Layers = Mapping[Source, Mapping[str, str]]


def read_env_file(environ: Mapping[str, str], folder: Path, faults: list[str]) -> dict[str, str]:
    """Read `.env` in the folder, or the file named by `STALKEER_ENV_FILE`.

    Only a file that was named must exist. Nothing in it is replaced: `$` is an ordinary letter
    of a password.
    """
    named = environ.get(ENV_FILE, "")
    path = folder / (named or ".env")
    if not named and not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8") as stream:
            values = dotenv.dotenv_values(stream=stream, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{ENV_FILE}: cannot read {path}: {_reason(error)}")
        return {}
    return {name: value for name, value in values.items() if value is not None}


def collect(layers: Layers, folder: Path, faults: list[str]) -> dict[str, Given]:
    """Find the text of every setting that somebody set, by the variable's first name.

    An empty value counts as not set: Compose files hand on variables nobody filled in.
    """
    found = ((variable, _find(variable, layers, folder, faults)) for variable in VARIABLES)
    return {variable.name: given for variable, given in found if given is not None}


def _find(variable: Variable, layers: Layers, folder: Path, faults: list[str]) -> Given | None:
    for source, values in layers.items():
        for name in variable.names:
            # A file may only be named by who runs us, never through the settings API.
            is_saved = source is Source.SAVED
            if is_saved and not variable.is_savable:
                continue
            text = values.get(name, "") if is_saved else _text(name, values, folder, faults)
            if text:
                return Given(source, text)
    return None


def _text(name: str, values: Mapping[str, str], folder: Path, faults: list[str]) -> str:
    text = values.get(name, "").strip()
    file_name = values.get(name + FILE_SUFFIX, "").strip()
    if not file_name:
        return text
    if text:
        faults.append(f"{name} and {name}{FILE_SUFFIX} are both set: remove one of them")
        return text
    try:
        return (folder / file_name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{name}{FILE_SUFFIX}: cannot read {file_name}: {_reason(error)}")
        return ""


def unknown_names(layers: Layers) -> tuple[str, ...]:
    """Describe every variable with our prefix that is no setting, with the name it may mean."""
    pinned = (layers[source] for source in PINNING)
    return tuple(_describe_unknown(name) for name in sorted(set(_unknown(pinned))))


def _unknown(layers: Iterable[Mapping[str, str]]) -> Iterator[str]:
    for values in layers:
        for name in values:
            is_known = name == ENV_FILE or name.removesuffix(FILE_SUFFIX) in BY_NAME
            if name.startswith(PREFIX) and not is_known:
                yield name


def _describe_unknown(name: str) -> str:
    near = difflib.get_close_matches(name, BY_NAME, n=1, cutoff=0.8)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{name} is not a setting{hint}"


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"

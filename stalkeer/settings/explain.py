"""Explains the settings to people: the rows of `stalkeer config`, the text of `.env.example`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from stalkeer.settings.given import Given, Source
from stalkeer.settings.variables import SECTIONS, VARIABLES, Variable

MASK = "***"
_RESTART = "Needs a restart."
_HEAD = """\
# Every setting of stalkeer with its default. Copy this file to .env and take the # away from the
# lines you change. A variable of the environment wins over a line here. With _FILE at the end of
# its name a variable holds the path of a file to read the value from.
# Times: 90, 60s, 30m, 1h, 7d. Sizes: MB and GB are powers of 1000, MiB and GiB of 1024.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as shown to a person; a secret in `value` is masked unless asked for."""

    variable: str
    value: str
    source: Source
    about: str


def rows(given: Mapping[str, Given], *, show_secrets: bool) -> tuple[Row, ...]:
    """Explain every setting in the order of the sections."""
    return tuple(_row(variable, given.get(variable.name), show_secrets) for variable in VARIABLES)


def _row(variable: Variable, given: Given | None, show_secrets: bool) -> Row:
    given = given or Given(Source.DEFAULT, variable.default)
    is_plain = show_secrets or not (variable.is_secret or "@" in given.text)
    value = given.text if is_plain else _masked(given.text)
    return Row(variable.name, value, given.source, _about(variable))


def _masked(text: str) -> str:
    # The host tells which database or playlist it is; all else of an address may be a key.
    return " ".join(_masked_word(word) for word in text.split())


def _masked_word(word: str) -> str:
    try:
        parts = urlsplit(word)
    except ValueError:
        return MASK
    if parts.scheme in ("http", "https", "postgresql", "postgres", "redis", "rediss"):
        return f"{parts.scheme}://{parts.hostname}/{MASK}"
    return MASK


def _about(variable: Variable) -> str:
    return f"{variable.about} {_RESTART}" if variable.needs_restart else variable.about


def env_example() -> str:
    """Write `.env.example`: every variable with its default and the line that explains it."""
    sections = groupby(VARIABLES, key=lambda variable: variable.section)
    return _HEAD + "".join(_section(name, group) for name, group in sections)


def _section(name: str, variables: Iterable[Variable]) -> str:
    title = SECTIONS[name].__doc__ or ""
    entries = "\n".join(line for variable in variables for line in _lines(variable))
    return f"\n\n# --- {name} --- {title}\n{entries}\n"


def _lines(variable: Variable) -> Iterator[str]:
    alias = f" Also {variable.alias}." if variable.alias else ""
    yield ""
    yield f"# {_about(variable)}{alias}"
    if variable.example and not variable.default:
        yield f"# For example: {variable.example}"
    yield f"#{variable.name}={variable.default}"

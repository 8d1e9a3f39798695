"""Decide which entries of a playlist are kept out, by patterns on their group or their name.

Patterns are RE2: whatever a person writes, a match takes time in proportion to the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self

import re2

from stalkeer.core.entries import digest
from stalkeer.errors import StalkeerError

MAX_PATTERNS = 100
MAX_PATTERN_LENGTH = 500
MAX_PROGRAM_BYTES = 1 << 20
"""RE2 refuses a pattern whose program is larger, and keeps its states within as much."""
_REMEMBERED = 10_000


class Attribute(StrEnum):
    """What of an entry a filter looks at."""

    GROUP_TITLE = "group_title"
    TVG_NAME = "tvg_name"
    """The tvg-name, or the name where there is none."""


class FilterError(StalkeerError):
    """A filter cannot be used; the message names the filter, the pattern and the reason."""

    code: ClassVar[str] = "invalid_filter"


@dataclass(frozen=True, slots=True)
class FilterRule:
    """A filter as it is stored. Without `playlist_id` it is for all lists.

    An entry stays when no `exclude` of any filter fits it, and when one `include` of any filter
    on the same attribute does; an attribute without includes lets everything in.
    `is_runtime` says that it was made through the API and not by the settings.
    """

    name: str
    attribute: Attribute
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    playlist_id: int | None = None
    is_runtime: bool = True

    def concerns(self, playlist_id: int) -> bool:
        """Say whether the entries of a playlist go through this filter."""
        return self.playlist_id is None or self.playlist_id == playlist_id


class FilterSet:
    """Filters ready to judge entries. Not for several threads at once."""

    def __init__(self, compiled: Iterable[_Compiled]) -> None:
        """Judge by these; `compile` makes them."""
        self._compiled = tuple(compiled)
        self._gates: dict[int, tuple[_Gate, _Gate]] = {}

    @classmethod
    def compile(cls, rules: Iterable[FilterRule]) -> Self:
        """Make a set of rules; raises `FilterError` for the first pattern that is none."""
        return cls(
            _Compiled(rule, _patterns(rule, rule.include), _patterns(rule, rule.exclude))
            for rule in rules
        )

    def __bool__(self) -> bool:
        return bool(self._compiled)

    def keeps_out(self, *, group: str, tvg_name: str, playlist_id: int) -> str | None:
        """Name the filter that keeps an entry out; None when it stays.

        `tvg_name` is the tvg-name, or the name of an entry without one.
        """
        gates = self._gates.get(playlist_id)
        if gates is None:
            gates = self._gates[playlist_id] = (
                self._gate(Attribute.GROUP_TITLE, playlist_id),
                self._gate(Attribute.TVG_NAME, playlist_id),
            )
        by_group, by_name = gates
        return by_group.remembered(group) or by_name.judge(tvg_name)

    def _gate(self, attribute: Attribute, playlist_id: int) -> _Gate:
        mine = [
            one
            for one in self._compiled
            if one.rule.attribute == attribute and one.rule.concerns(playlist_id)
        ]
        return _Gate(
            tuple((one.rule.name, pattern) for one in mine for pattern in one.include),
            tuple((one.rule.name, pattern) for one in mine for pattern in one.exclude),
        )


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule with its patterns compiled."""

    rule: FilterRule
    include: tuple[Any, ...]
    exclude: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Gate:
    """All that one attribute of an entry has to pass: (name of the filter, pattern) pairs."""

    include: tuple[tuple[str, Any], ...]
    exclude: tuple[tuple[str, Any], ...]
    _known: dict[str, str | None] = field(default_factory=dict)

    def remembered(self, text: str) -> str | None:
        """Judge a text that comes again and again: a list has few groups."""
        if text not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = self.judge(text)
        return self._known[text]

    def judge(self, text: str) -> str | None:
        """Name the filter that does not let a text pass."""
        for name, pattern in self.exclude:
            if pattern.search(text):
                return name
        if not self.include or any(pattern.search(text) for _, pattern in self.include):
            return None
        return self.include[0][0]


def _patterns(rule: FilterRule, texts: tuple[str, ...]) -> tuple[Any, ...]:
    if len(texts) > MAX_PATTERNS:
        raise FilterError(
            f"The filter {rule.name!r} has {len(texts)} patterns; {MAX_PATTERNS} is the most. "
            f"One pattern can hold several: (?:one|other)."
        )
    return tuple(_pattern(rule, text) for text in texts)


def _pattern(rule: FilterRule, text: str) -> Any:
    if len(text) > MAX_PATTERN_LENGTH:
        raise _error(rule, text, f"it is longer than {MAX_PATTERN_LENGTH} characters")
    options = re2.Options()
    options.max_mem = MAX_PROGRAM_BYTES
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as exc:
        raise _error(rule, text, _words(exc)) from None
    except UnicodeEncodeError:
        raise _error(rule, text, "it holds half a character") from None


def _words(error: re2.error) -> str:
    """Give RE2's own words, which come as bytes."""
    said = error.args[0]
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _error(rule: FilterRule, text: str, reason: str) -> FilterError:
    shown = text if len(text) <= 100 else f"{text[:99]}…"
    return FilterError(
        f"The filter {rule.name!r} has a pattern {shown!r} on {rule.attribute} that is no RE2 "
        f"pattern: {reason}."
    )


def fingerprint(rules: Iterable[FilterRule]) -> str:
    """Give a short text that is another one when any of these rules, or their order, is."""
    return f"{digest(repr(tuple(rules))) & 0xFFFFFFFFFFFFFFFF:016x}"

"""What the user may be told of, and how many things become one message."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum

SHOWN = 10
"""So many names stand in a message; the others are counted."""


class Event(StrEnum):
    """What happened."""

    IMPORTED = "imported"
    """An arr took a file into its library."""
    FAILED = "failed"
    """Everything that fits was tried, or the arr refused the file."""
    TO_CONFIRM = "to_confirm"
    """An entry waits for a person's word."""
    PROVIDER = "provider"
    """A provider lets nobody in for a while."""
    DISK = "disk"
    """A disk is nearly full."""


_SENTENCES = {
    Event.IMPORTED: "In the library",
    Event.FAILED: "Could not be fetched",
    Event.TO_CONFIRM: "Wait for your word",
    Event.PROVIDER: "Trouble with a provider",
    Event.DISK: "Little room on a disk",
}


def message(told: Iterable[tuple[Event, str]], chosen: Collection[str]) -> str:
    """Write one message of everything that was chosen; empty when nothing of it was.

    A line an event: `In the library (2): Heat (1995); Ronin (1998)`.
    """
    texts: dict[Event, list[str]] = {}
    for event, text in told:
        if not chosen or event in chosen:
            texts.setdefault(event, []).append(text)
    return "\n".join(_line(event, texts[event]) for event in Event if event in texts)


def _line(event: Event, texts: list[str]) -> str:
    return f"{_SENTENCES[event]} ({len(texts)}): {'; '.join(_names(texts))}"


def _names(texts: list[str]) -> Iterator[str]:
    yield from texts[:SHOWN]
    if len(texts) > SHOWN:
        yield f"and {len(texts) - SHOWN} more"

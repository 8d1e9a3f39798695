"""What the next reconcile does with an item that is still missing, from how its last work ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from stalkeer.core.states import ItemState

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
SEARCH_WAITS = (_DAY, 3 * _DAY, 7 * _DAY)
"""How long an item rests after all its entries failed for the first, second, later time."""
IMPORT_WAITS = (_HOUR, 6 * _HOUR, _DAY)
"""How long a refused import rests; after the last only a replay tries again."""


class Step(StrEnum):
    """What to do with an item."""

    NOTHING = "nothing"
    """Leave it alone; the reason says until when."""
    SEARCH = "search"
    """Search the playlists for it."""
    SEARCH_ANEW = "search_anew"
    """Search for it, and try again the entries that failed."""
    IMPORT = "import"
    """Have the arr take the file that we hold."""


@dataclass(frozen=True, slots=True)
class Past:
    """How an item stands.

    `failures` counts how often in a row it ended in its state, `since` is when it did. `is_active`:
    a job is ready or running for it. `is_busy`: it is in the arr's own download queue. `is_held`:
    a complete file waits to be imported, or stays with us. `became_visible`: the arr sees a file
    now that it did not see before.
    """

    state: ItemState
    since: datetime
    failures: int = 0
    is_active: bool = False
    is_busy: bool = False
    is_held: bool = False
    became_visible: bool = False


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step with its reason in words."""

    step: Step
    reason: str = ""


def next_step(past: Past, now: datetime) -> NextStep:
    """Decide what a reconcile does with an item that is monitored, available and without a file."""
    if past.is_active:
        return NextStep(Step.NOTHING, "work on it is under way")
    if past.is_busy:
        return NextStep(Step.NOTHING, "it is in the download queue of its own program")
    if past.is_held:
        return NextStep(Step.NOTHING, "we hold the file")
    if past.state in _LEFT_ALONE:
        return NextStep(Step.NOTHING, _LEFT_ALONE[past.state])
    if past.state is ItemState.FAILED:
        return _after(past, now, SEARCH_WAITS, Step.SEARCH_ANEW, last_again=True)
    if past.state is ItemState.IMPORT_FAILED:
        if past.became_visible:
            return NextStep(Step.IMPORT, "the file can be seen now")
        return _after(past, now, IMPORT_WAITS, Step.IMPORT, last_again=False)
    return NextStep(Step.SEARCH)


_LEFT_ALONE = {
    ItemState.NO_MATCH: "in no playlist: searched again when one changes",
    ItemState.TO_CONFIRM: "waits for a person",
    ItemState.CANCELLED: "cancelled: search by hand or replay to go on",
    ItemState.PAUSED: "paused by a person",
}


def _after(
    past: Past, now: datetime, waits: tuple[timedelta, ...], step: Step, *, last_again: bool
) -> NextStep:
    """Wait as long as the number of failures says, then do `step`."""
    if past.failures > len(waits) and not last_again:
        return NextStep(Step.NOTHING, f"failed {past.failures} times: replay it to try again")
    wait = waits[min(max(past.failures, 1), len(waits)) - 1]
    due = past.since + wait
    if now >= due:
        return NextStep(step)
    return NextStep(Step.NOTHING, f"failed {past.failures}x: again after {due:%Y-%m-%d %H:%M}")

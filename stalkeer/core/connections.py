"""How many connections a provider is asked for, and how long it is left alone."""

from __future__ import annotations

from dataclasses import dataclass

RAISE_EVERY_S = 1800.0
"""After this long without being turned away one more connection is tried."""
LONGEST_PAUSE_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPause:
    """A provider failed or turned us away: nobody connects to it for a while.

    It lasts `told_s` when the provider said how long, else `base_s`, doubled with every pause in a
    row. With `is_too_many` it also gets fewer connections from now on.
    """

    base_s: float
    told_s: float | None = None
    is_too_many: bool = False
    reason: str = ""


def allowed(configured: int, *, lowered_to: int | None, lowered_s_ago: float) -> int:
    """Say how many connections are tried: fewer after a refusal, then one more each half hour."""
    if lowered_to is None:
        return configured
    return min(configured, lowered_to + int(max(lowered_s_ago, 0.0) // RAISE_EVERY_S))


def lowered(in_use: int) -> int:
    """Say how many connections a provider bears that turned away the last of those in use.

    One is always tried: somebody may just watch a film with the same account.
    """
    return max(in_use - 1, 1)


def pause_s(pause: ProviderPause, *, before: int) -> float:
    """Say how long a pause lasts that follows so many others without anything between them."""
    if pause.told_s is not None:
        return pause.told_s
    return max(min(pause.base_s * 2.0 ** min(before, 20), LONGEST_PAUSE_S), 1.0)

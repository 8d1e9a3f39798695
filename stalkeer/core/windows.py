"""The times of the day at which files are fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the day in local time. It runs past midnight when it ends before it starts."""

    start: time
    end: time

    def __str__(self) -> str:
        """Write it as in the settings: `01:00-07:00`."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def is_open(self, at: time) -> bool:
        """Say whether a time of the day is in it; its end is not."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


def closed_for_s(windows: Sequence[Window], now: datetime) -> float:
    """Say for how many seconds every window stays closed; 0 when one is open or there is none.

    `now` is local, with or without a zone: where the clocks change, an hour more or less is
    waited, and then asked again.
    """
    if not windows or any(window.is_open(now.time()) for window in windows):
        return 0.0
    return min(_until(window.start, now) for window in windows)


def _until(start: time, now: datetime) -> float:
    opens = now.replace(hour=start.hour, minute=start.minute, second=0, microsecond=0)
    if opens <= now:
        opens += timedelta(days=1)
    return (opens - now).total_seconds()

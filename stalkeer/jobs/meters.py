"""What happens in this process, counted until the pulse writes it down for everybody."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping

from stalkeer.db.counters import Labels

JOBS_ENDED = "jobs_ended"
CRASHES = "worker_crashes"
LEASES_LOST = "leases_lost"
ARR_CALLS = "arr_calls"
CACHE_READS = "cache_reads"
UNAVAILABLE = "unavailable_answers"


class Meters:
    """Counts by name and labels. Safe to share between threads."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._lock = threading.Lock()
        self._counted: Counter[tuple[str, Labels]] = Counter()

    def count(self, name: str, amount: int = 1, **labels: str) -> None:
        """Note that something happened."""
        with self._lock:
            self._counted[name, tuple(sorted(labels.items()))] += amount

    def hand_over(self, write: Callable[[Mapping[tuple[str, Labels], int]], object]) -> None:
        """Write down what was counted since the last time; what cannot be written is kept."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        if not counted:
            return
        try:
            write(counted)
        except Exception:
            with self._lock:
                self._counted.update(counted)
            raise

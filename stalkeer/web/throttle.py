"""Limits on how often a client, and all of them together, may try something."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from threading import Lock

MOST_CLIENTS = 4096
_EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and then so many a second."""

    burst: float
    per_s: float


class Throttle:
    """Token buckets by client, and one for all. Safe to share between threads.

    Only what came from the connection itself names a client: headers can be made up.
    """

    def __init__(
        self, each: Rate, everybody: Rate, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow every client the rate `each`, and all of them together `everybody`."""
        self._each = each
        self._everybody = everybody
        self._monotonic = monotonic
        self._lock = Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take one; return 0, or after how many seconds it may be tried again."""
        named = ((_network(client), self._each), (_EVERYBODY, self._everybody))
        with self._lock:
            now = self._monotonic()
            waits = [self._wait(name, rate, now) for name, rate in named]
            if max(waits) > 0:
                return max(waits)
            for name, rate in named:
                self._buckets[name] = (self._left(name, rate, now) - 1, now)
                self._buckets.move_to_end(name)
            while len(self._buckets) > MOST_CLIENTS:
                self._buckets.popitem(last=False)
        return 0.0

    def _wait(self, name: str, rate: Rate, now: float) -> float:
        return max(0.0, (1 - self._left(name, rate, now)) / rate.per_s)

    def _left(self, name: str, rate: Rate, now: float) -> float:
        left, at = self._buckets.get(name, (rate.burst, now))
        return min(rate.burst, left + (now - at) * rate.per_s)


def _network(client: str) -> str:
    """Name a client: of IPv6 its network, because one machine has as many addresses as it likes."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    return client if address.version == 4 else str(ip_network(f"{client}/64", strict=False))

"""The pulse of a process: renews its leases, takes back lost jobs, ticks schedules, rings.

Every process has one. All it does is compare-and-set on rows, so any number may do it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from stalkeer.db.jobs import Doorbell
from stalkeer.db.slots import SlotLimits
from stalkeer.db.store import Store
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import Running, StopReason
from stalkeer.log import get_logger

log = get_logger(__name__)

BEAT_S = 1.0


class Pulse(threading.Thread):
    """Beats once a second, and at once after `ring`.

    `send` gives the doorbells to the broker; what it cannot deliver is rung for again later. A
    command that does one thing and ends does not tick schedules.
    """

    def __init__(
        self,
        store: Store,
        running: Running,
        limits: SlotLimits,
        send: Callable[[Sequence[Doorbell]], None],
        *,
        ticks_schedules: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `start` begins."""
        super().__init__(name="pulse", daemon=True)
        self._store = store
        self._running = running
        self._limits = limits
        self._send = send
        self._ticks_schedules = ticks_schedules
        self._monotonic = monotonic
        self._renewed_at = monotonic()
        self._wake = threading.Event()
        self._closing = False

    def ring(self) -> None:
        """Look for due jobs now. May be called from any thread, any number of times."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread after the beat it is in."""
        self._closing = True
        self._wake.set()
        self.join(timeout=10)

    def run(self) -> None:
        """Beat until stopped."""
        while not self._closing:
            self._wake.wait(BEAT_S)
            self._wake.clear()
            self.beat()

    def beat(self) -> None:
        """Do everything that is due once."""
        try:
            if self._monotonic() - self._renewed_at >= self._store.leases.lease_s / 4:
                self.renew()
            self.pass_on_requests()
            taken_back = self._store.leases.take_back(held=self._running.by_token())
            if taken_back:
                log.warning("jobs of a dead worker run again", job_ids=taken_back)
            if self._ticks_schedules:
                self._store.schedules.tick()
            bells = self._store.jobs.ring(self._limits)
            if bells:
                self._send(bells)
        except StalkeerError as exc:
            # The database or the broker is away: nothing is lost, the next beat tries again.
            log.warning("the queue cannot move at this moment", error=str(exc))

    def pass_on_requests(self) -> None:
        """Tell the running jobs what they were asked to do: one that waits for bytes asks nobody."""
        runs = self._running.by_token()
        if runs:
            for token, request in self._store.leases.stop_requests(list(runs)).items():
                runs[token].obey(request)

    def renew(self) -> None:
        """Keep the leases of the running jobs; stop the jobs whose lease is lost or cancelled."""
        runs = self._running.by_token()
        held = {renewed.token: renewed for renewed in self._store.leases.renew(list(runs))}
        self._renewed_at = self._monotonic()
        for token, run in runs.items():
            if token not in held:
                run.stop(StopReason.LOST)
            else:
                run.obey(held[token].stop_request)

"""The pulse of a process: renews its leases, takes back lost jobs, ticks schedules, rings.

Every process has one. All it does is compare-and-set on rows, so any number may do it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from stalkeer.db.jobs import AT_ONCE, Doorbell
from stalkeer.db.providers import SlotLimits
from stalkeer.db.store import Store
from stalkeer.errors import StalkeerError
from stalkeer.jobs.meters import CRASHES, Meters
from stalkeer.jobs.services import Running, StopReason, since_boot
from stalkeer.log import get_logger

log = get_logger(__name__)

BEAT_S = 1.0
REST_S = 0.02
"""After a beat nothing is done for so long: what rings meanwhile is one beat and not hundreds."""
FEW = 20
"""So many bells at a time come from a process that only serves the web. A message to Redis costs
more than the webhook behind it, and the workers look for themselves each second."""
AT_A_TIME = 5
"""After so many bells it looks whether a lease must be renewed: a slow Redis must not cost any."""
PLAN_EVERY_S = 10.0


class Pulse(threading.Thread):
    """Beats once a second, and at once after `ring`.

    `send` gives doorbells to the broker and says whether it took them; what it did not take is rung
    for again later. `plan` keeps the schedules in step with what people add and change, `heed` the
    process with its settings. A command that does one thing and ends does not tick schedules.
    """

    def __init__(
        self,
        store: Store,
        running: Running,
        limits: SlotLimits,
        send: Callable[[Sequence[Doorbell]], bool],
        *,
        ticks_schedules: bool = True,
        plan: Callable[[], None] = lambda: None,
        heed: Callable[[], None] = lambda: None,
        meters: Meters | None = None,
        at_once: int = AT_ONCE,
        monotonic: Callable[[], float] = since_boot,
    ) -> None:
        """Prepare; `start` begins."""
        super().__init__(name="pulse", daemon=True)
        self._store = store
        self._running = running
        self._limits = limits
        self._send = send
        self._ticks_schedules = ticks_schedules
        self._plan = plan
        self._heed = heed
        self._meters = meters or Meters()
        self._at_once = at_once
        self._planned_at = monotonic()
        self._monotonic = monotonic
        self._renewed_at = monotonic()
        self._trusts_from = monotonic()
        self._trouble = ""
        self._wake = threading.Event()
        self._rest = threading.Event()
        self._closing = False

    def obey(self, limits: SlotLimits) -> None:
        """Ring by other limits from now on."""
        self._limits = limits

    def ring(self) -> None:
        """Look for due jobs now. May be called from any thread, any number of times."""
        self._wake.set()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the thread after the beat it is in, and wait so long for it."""
        self._closing = True
        self._rest.set()
        self._wake.set()
        self.join(timeout_s)

    def run(self) -> None:
        """Beat until stopped."""
        while not self._closing:
            self._wake.wait(BEAT_S)
            self._wake.clear()
            rung = self.beat()
            self._rest.wait(BEAT_S if rung >= self._at_once == FEW else REST_S)

    def beat(self) -> int:
        """Do everything that is due once; return how many bells were rung."""
        try:
            rung = self._move()
            # Last: a setting or a folder that makes trouble keeps no lease and no bell waiting.
            self._heed()
            self._plan_again()
        except StalkeerError as exc:
            # The database is away: nothing is lost, the next beat tries again. Nobody could keep
            # a lease meanwhile, so those that ran out say nothing until everybody had a beat.
            self._trusts_from = self._monotonic() + self._store.leases.lease_s / 4
            log.warning("the queue cannot move at this moment", error=str(exc))
            return 0
        except Exception as exc:  # noqa: BLE001  # without this thread no job would run any more
            self._say_once(exc)
            return 0
        self._trouble = ""
        return rung

    def _move(self) -> int:
        self._keep()
        self.pass_on_requests()
        self._take_back()
        if self._ticks_schedules:
            self._store.schedules.tick()
        bells = self._store.jobs.ring(self._limits, at_once=self._at_once)
        for start in range(0, len(bells), AT_A_TIME):
            if not self._send(bells[start : start + AT_A_TIME]):
                break
            self._keep()
        return len(bells)

    def _keep(self) -> None:
        if self._monotonic() - self._renewed_at >= self._store.leases.lease_s / 4:
            self.renew()
            self._meters.hand_over(self._store.counters.add)

    def _plan_again(self) -> None:
        is_due = self._monotonic() - self._planned_at >= PLAN_EVERY_S
        if self._ticks_schedules and is_due:
            self._plan()
            self._planned_at = self._monotonic()

    def _say_once(self, exc: Exception) -> None:
        """Log what nobody thought of; while it is the same each second, once."""
        trouble = repr(exc)
        if trouble != self._trouble:
            log.error("the pulse met an unexpected error", exc_info=exc)
        self._trouble = trouble

    def pass_on_requests(self) -> None:
        """Tell running jobs what they were asked to do: one that waits for bytes asks nobody."""
        runs = self._running.by_token()
        if runs:
            for token, request in self._store.leases.stop_requests(list(runs)).items():
                runs[token].obey(request)

    def renew(self) -> None:
        """Keep the leases of the running jobs; stop the jobs whose lease is lost or cancelled."""
        runs, asked_at = self._running.by_token(), self._monotonic()
        held = {renewed.token: renewed for renewed in self._store.leases.renew(list(runs))}
        self._renewed_at = asked_at
        for token, run in runs.items():
            if token not in held:
                run.stop(StopReason.LOST)
            else:
                run.keep(asked_at)
                run.obey(held[token].stop_request)

    def _take_back(self) -> None:
        if self._monotonic() < self._trusts_from:
            return
        taken_back = self._store.leases.take_back(held=self._running.by_token())
        if taken_back:
            self._meters.count(CRASHES, len(taken_back))
            log.warning("jobs of a dead worker run again", job_ids=taken_back)

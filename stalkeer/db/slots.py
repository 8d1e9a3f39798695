"""Connection limits as rows: one slot for each connection a provider allows, leased by a job.

A count kept anywhere else leaks when its holder is killed; a leased row comes back by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from stalkeer.core.connections import ProviderPause
from stalkeer.core.jobs import Lease
from stalkeer.db.connect import Database
from stalkeer.db.models import ProviderSlot
from stalkeer.db.providers import Providers, SlotLimits

EVERY_PROVIDER = "*"
"""The provider whose slots are the limit over all providers."""


class Slots:
    """Leases slots. Every method runs inside a transaction of `db.jobs`."""

    def __init__(self, db: Database, providers: Providers) -> None:
        """Work on this database, with what is known of the providers."""
        self.db = db
        self._providers = providers

    def room(self, limits: SlotLimits) -> int:
        """Count the connections that are left in all."""
        held = (
            ProviderSlot.select()
            .where(
                (ProviderSlot.provider == EVERY_PROVIDER)
                & (ProviderSlot.slot_no < limits.overall)
                & (ProviderSlot.lease_until >= self.db.now())
            )
            .count()
        )
        return limits.overall - int(held)

    def free(self, provider: str, limits: SlotLimits) -> int:
        """Count the downloads that may start at a provider now."""
        state = self._providers.state(provider, limits)
        if state.paused_until is not None or self._providers.is_in_gap(provider, limits):
            return 0
        left = state.limit - state.in_use
        return min(left, 1) if limits.start_gap_s else left

    def why_none(self, provider: str, limits: SlotLimits) -> str:
        """Say what a download waits for when none may start at its provider."""
        state = self._providers.state(provider, limits)
        if state.paused_until is not None:
            return f"{provider} is left alone until {state.paused_until:%H:%M} UTC: {state.reason}"
        if state.in_use >= state.limit:
            return f"waits for a free connection to {provider} ({state.limit} at once)"
        if self._providers.is_in_gap(provider, limits):
            return f"waits for {limits.start_gap_s:g} s to pass between two starts at {provider}"
        return f"waits for its turn ({limits.overall} downloads at once)"

    def take(self, provider: str, lease: Lease, lease_s: float, limits: SlotLimits) -> bool:
        """Lease one slot of the provider and one of all, or neither."""
        if self.free(provider, limits) <= 0:
            return False
        limit = self._providers.state(provider, limits).limit
        is_taken = all(
            self._take_one(name, lease, lease_s, most)
            for name, most in ((EVERY_PROVIDER, limits.overall), (provider, limit))
        )
        if is_taken:
            self._providers.start(provider)
        return is_taken

    def renew(self, tokens: Iterable[str], lease_s: float) -> None:
        """Keep the slots of these leases."""
        ProviderSlot.update(lease_until=self.db.now(lease_s)).where(
            ProviderSlot.lease_token.in_(tokens)
        ).execute()

    def release(self, token: str) -> None:
        """Give back the slots of a lease."""
        ProviderSlot.update(job_id=None, lease_token=None, lease_until=None).where(
            ProviderSlot.lease_token == token
        ).execute()

    def pause(self, provider: str, pause: ProviderPause, limits: SlotLimits) -> float:
        """Let nobody connect to a provider for a while; return for how many seconds."""
        return self._providers.pause(provider, pause, limits)

    def works(self, provider: str) -> None:
        """Note that a provider sends bytes."""
        self._providers.works(provider)

    def _take_one(self, provider: str, lease: Lease, lease_s: float, limit: int) -> bool:
        self._ensure(provider, limit)
        free = (
            ProviderSlot.select(ProviderSlot.id)
            .where(
                (ProviderSlot.provider == provider)
                & (ProviderSlot.slot_no < limit)
                & (ProviderSlot.lease_until.is_null() | (ProviderSlot.lease_until < self.db.now()))
            )
            .order_by(ProviderSlot.slot_no)
            .limit(1)
        )
        taken = (
            ProviderSlot.update(
                job_id=lease.job_id, lease_token=lease.token, lease_until=self.db.now(lease_s)
            )
            # Not IN: PostgreSQL may ask that more than once, and lock another row each time.
            .where(ProviderSlot.id == self.db.skip_locked(free))
            .execute()
        )
        return bool(taken == 1)

    def _ensure(self, provider: str, limit: int) -> None:
        rows = [{"provider": provider, "slot_no": number} for number in range(limit)]
        ProviderSlot.insert_many(rows).on_conflict_ignore().execute()

"""Connection limits as rows: one slot for each connection a provider allows, leased by a job.

A count kept anywhere else leaks when its holder is killed; a leased row comes back by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stalkeer.core.jobs import Lease
from stalkeer.db.connect import Database
from stalkeer.db.models import ProviderSlot

EVERY_PROVIDER = "*"
"""The provider whose slots are the limit over all providers."""


@dataclass(frozen=True, slots=True)
class SlotLimits:
    """How many downloads may run at once: in all, and from one provider."""

    overall: int
    per_provider: int

    def of(self, provider: str) -> int:
        """Return the limit of one provider."""
        return self.overall if provider == EVERY_PROVIDER else self.per_provider


class Slots:
    """Leases slots. Every method runs inside a transaction of `db.jobs`."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    def free(self, provider: str, limits: SlotLimits) -> int:
        """Count the connections a provider has left."""
        held = (
            ProviderSlot.select()
            .where(
                (ProviderSlot.provider == provider)
                & (ProviderSlot.slot_no < limits.of(provider))
                & (ProviderSlot.lease_until > self.db.now())
            )
            .count()
        )
        return limits.of(provider) - held

    def take(self, provider: str, lease: Lease, lease_s: float, limits: SlotLimits) -> bool:
        """Lease one slot of the provider and one of all, or neither."""
        return all(
            self._take_one(name, lease, lease_s, limits.of(name))
            for name in (EVERY_PROVIDER, provider)
        )

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

    def pause(self, provider: str, seconds: float, limits: SlotLimits) -> None:
        """Let nobody connect to a provider for a while: its free slots are taken by no job."""
        self._ensure(provider, limits.of(provider))
        ProviderSlot.update(lease_until=self.db.now(seconds)).where(
            (ProviderSlot.provider == provider) & ProviderSlot.job_id.is_null()
        ).execute()

    def _take_one(self, provider: str, lease: Lease, lease_s: float, limit: int) -> bool:
        self._ensure(provider, limit)
        free = (
            ProviderSlot.select(ProviderSlot.id)
            .where(
                (ProviderSlot.provider == provider)
                & (ProviderSlot.slot_no < limit)
                & (ProviderSlot.lease_until.is_null() | (ProviderSlot.lease_until <= self.db.now()))
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

"""What is known of each provider: its limits, whether it is left alone, when it was last asked.

What the settings, the playlists and the account say comes first; a provider that turns us away
gets fewer connections until it has borne more again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

import peewee as pw

from stalkeer.core.connections import ProviderPause, allowed, lowered, pause_s
from stalkeer.db.connect import Database, reads
from stalkeer.db.models import Playlist, PlaylistAddress, Provider, ProviderSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLimits:
    """How many downloads may run at once: in all, and from one provider that says nothing.

    `start_gap_s` passes between two starts at one provider.
    """

    overall: int
    per_provider: int
    start_gap_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """How a provider stands: `limit` connections are tried of the `configured` ones.

    `paused_until` is None unless nobody may connect now; `pauses` is how many there were in a row.
    """

    name: str
    configured: int
    limit: int
    in_use: int
    paused_until: datetime | None
    pauses: int
    reason: str


class Providers:
    """Reads and writes what is known of providers. Most methods run inside a transaction."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def all(self, limits: SlotLimits) -> tuple[ProviderState, ...]:
        """Return every provider that was ever asked for a file, by name."""
        rows = Provider.select().order_by(Provider.name)
        return tuple(self._state(row, limits) for row in rows)

    @reads
    def bandwidth(self, name: str) -> int:
        """Return how many bytes a second a provider may send, 0 for any number."""
        rows = self._lists_with(name, Playlist.bandwidth_limit)
        said = [int(row.bandwidth_limit or 0) for row in rows]
        return min((limit for limit in said if limit > 0), default=0)

    def state(self, name: str, limits: SlotLimits) -> ProviderState:
        """Return how one provider stands."""
        return self._state(self._row(name), limits)

    def is_in_gap(self, name: str, limits: SlotLimits) -> bool:
        """Say whether the last start at a provider was too short a while ago."""
        started_at: datetime | None = self._row(name).started_at
        if not limits.start_gap_s or started_at is None:
            return False
        return self.db.clock() - started_at < timedelta(seconds=limits.start_gap_s)

    def start(self, name: str) -> None:
        """Note that a provider is asked for a file now."""
        self._ensure(name)
        Provider.update(started_at=self.db.now()).where(Provider.name == name).execute()

    def works(self, name: str) -> None:
        """Note that a provider sends bytes: its next pause is a first one again."""
        Provider.update(pauses=0, reason="").where(
            (Provider.name == name) & (Provider.pauses > 0)
        ).execute()

    def pause(self, name: str, pause: ProviderPause, limits: SlotLimits) -> float:
        """Leave a provider alone for a while and return for how many seconds.

        What fails while it is left alone had begun before, and makes the pause no longer.
        """
        self._ensure(name)
        row, now = self._row(name), self.db.clock()
        paused_until: datetime | None = row.paused_until
        if pause.is_too_many:
            self._lower(row, now, limits)
        if paused_until is not None and paused_until > now:
            return max((paused_until - now).total_seconds(), pause.told_s or 0.0)
        seconds = pause_s(pause, before=row.pauses)
        Provider.update(
            paused_until=self.db.now(seconds), pauses=Provider.pauses + 1, reason=pause.reason
        ).where(Provider.id == row.id).execute()
        return seconds

    def _lower(self, row: Provider, now: datetime, limits: SlotLimits) -> None:
        state = self._state(row, limits)
        fewer = min(lowered(state.in_use), state.limit)
        if fewer < state.configured:
            Provider.update(lowered_to=fewer, lowered_at=now).where(Provider.id == row.id).execute()

    def _state(self, row: Provider, limits: SlotLimits) -> ProviderState:
        now, configured = self.db.clock(), self._configured(row.name, limits)
        since = now - (row.lowered_at or now)
        is_paused = row.paused_until is not None and row.paused_until > now
        return ProviderState(
            name=row.name,
            configured=configured,
            limit=allowed(
                configured, lowered_to=row.lowered_to, lowered_s_ago=since.total_seconds()
            ),
            in_use=self._in_use(row.name),
            paused_until=row.paused_until if is_paused else None,
            pauses=row.pauses,
            reason=row.reason,
        )

    def _configured(self, name: str, limits: SlotLimits) -> int:
        """Say what playlist or account allow; of several at one provider the strictest counts."""
        said = [
            row.connection_limit or row.max_connections or 0
            for row in self._lists_with(name, Playlist.connection_limit, Playlist.max_connections)
        ]
        return min((limit for limit in said if limit > 0), default=limits.per_provider)

    def _lists_with(self, name: str, *columns: pw.Field[Any]) -> Sequence[Playlist]:
        """Find the lists with entries at a provider that say something in one of these columns."""
        says = reduce(or_, (column.is_null(False) for column in columns))
        rows = Playlist.select().where(Playlist.is_enabled & says)
        return [row for row in rows if self._is_of(row, name)]

    def _is_of(self, playlist: Playlist, name: str) -> bool:
        query = PlaylistAddress.select().where(
            (PlaylistAddress.playlist == playlist.id) & (PlaylistAddress.provider == name)
        )
        return bool(query.exists())

    def _in_use(self, name: str) -> int:
        query = ProviderSlot.select().where(
            (ProviderSlot.provider == name) & (ProviderSlot.lease_until >= self.db.now())
        )
        return int(query.count())

    def _row(self, name: str) -> Provider:
        return Provider.get_or_none(Provider.name == name) or Provider(name=name)

    def _ensure(self, name: str) -> None:
        Provider.insert(name=name).on_conflict_ignore().execute()

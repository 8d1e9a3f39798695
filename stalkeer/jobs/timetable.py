"""Keeps the schedules of playlists in step with the playlists, whoever adds or changes one.

Compares first and writes only differences, so every process may do it as often as it likes.
"""

from __future__ import annotations

from stalkeer.core.states import JobKind
from stalkeer.db.store import Store

SOON_S = 300.0
"""How long a panel is left alone before the rest of its series is asked for."""


def refresh_key(playlist_id: int) -> str:
    """Name the work that reads a playlist again: its schedule and its jobs are called so."""
    return f"refresh_playlist:{playlist_id}"


def schedule_playlists(store: Store, *, every_s: float) -> None:
    """Have each playlist in use read at its own interval, or else every `every_s`."""
    wanted = {
        refresh_key(row.id): (row.id, int(row.refresh_s or every_s))
        for row in store.playlists.all()
    }
    known = store.schedules.intervals(JobKind.REFRESH_PLAYLIST)
    for name in known.keys() - wanted.keys():
        store.schedules.drop(name)
    for name, (playlist_id, interval_s) in wanted.items():
        if known.get(name) != interval_s:
            store.schedules.configure(
                name,
                JobKind.REFRESH_PLAYLIST,
                every_s=interval_s,
                payload={"playlist_id": playlist_id},
            )


def refresh_soon(store: Store, playlist_id: int) -> None:
    """Have a playlist read again in a few minutes, because it was not read to its end."""
    store.schedules.bring_forward(refresh_key(playlist_id), within_s=SOON_S)

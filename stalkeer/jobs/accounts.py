"""Warns of accounts that run out, while there is time to renew them."""

from __future__ import annotations

from datetime import datetime, timedelta

from stalkeer.db.playlists import PlaylistRow

WARN_BEFORE = timedelta(days=7)
RENEW = "Renew it with the provider, or remove the playlist."


def expiry_warning(playlist: PlaylistRow, now: datetime) -> str | None:
    """Say that an account runs out within a week, or has; None while it does not."""
    if playlist.expires_at is None or playlist.expires_at - now > WARN_BEFORE:
        return None
    day = f"{playlist.expires_at:%Y-%m-%d}"
    if playlist.expires_at <= now:
        return f"the account ran out on {day}"
    days = (playlist.expires_at - now).days
    return f"the account runs out on {day}, in {days} day{'' if days == 1 else 's'}"

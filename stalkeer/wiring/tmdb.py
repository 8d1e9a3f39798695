"""The client of TMDB, for who has a key."""

from __future__ import annotations

from collections.abc import Callable

from stalkeer.arr.tmdb import Tmdb
from stalkeer.log import register_secret
from stalkeer.outgoing.trust import Trust
from stalkeer.settings import Settings


def tmdb_client(settings: Settings, *, wait: Callable[[float], None]) -> Tmdb | None:
    """Build the client; None without a key: then nothing is ever asked."""
    given = settings.tmdb
    key = given.api_key.get_secret_value().strip()
    if not key:
        return None
    register_secret(key)
    return Tmdb(
        key,
        language=given.language,
        requests_per_second=given.requests_per_second,
        wait=wait,
        trust=Trust(settings.downloads.unverified_hosts),
    )

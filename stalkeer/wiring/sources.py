"""The playlists of the settings: what they are called, where they are, how they are asked for.

Loads no database and no web, so that `dryrun` starts at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import count
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from stalkeer import __version__
from stalkeer.playlist.source import SourceLimits
from stalkeer.settings import Settings

USER_AGENT = f"stalkeer/{__version__}"


class SourceOptions(TypedDict):
    """How playlists are asked for; `auth` is a name and a password."""

    limits: SourceLimits
    user_agent: str
    auth: tuple[str, str] | None


def source_options(settings: Settings) -> SourceOptions:
    """Say how playlists are asked for."""
    m3u = settings.m3u
    password = m3u.auth_password.get_secret_value()
    return SourceOptions(
        limits=SourceLimits(decoded_bytes=m3u.max_file_size_mb * 1_000_000),
        user_agent=m3u.user_agent or USER_AGENT,
        auth=(m3u.auth_username, password) if m3u.auth_username else None,
    )


def playlist_sources(settings: Settings) -> list[tuple[str, str]]:
    """Give the (name, location) pairs of the playlists in the settings."""
    addresses = [url.get_secret_value() for url in settings.m3u.url]
    if settings.m3u.file_path is not None:
        addresses.insert(0, str(settings.m3u.file_path))
    return name_sources(location_of(address) for address in addresses)


def location_of(text: str) -> str:
    """Give an address as it is, and a path as one that holds in every folder."""
    return text if "://" in text else str(Path(text).absolute())


def name_sources(locations: Iterable[str]) -> list[tuple[str, str]]:
    """Pair each location with a name that no other has."""
    named: dict[str, str] = {}
    for location in locations:
        named[source_name(location, taken=named)] = location
    return list(named.items())


def source_name(location: str, *, taken: Collection[str]) -> str:
    """Name a playlist: a file by its name, an address by its host, the second of a name `-2`."""
    plain = _plain_name(location)
    names = (plain if number == 1 else f"{plain}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _plain_name(location: str) -> str:
    if "://" not in location:
        return Path(location).name
    try:
        return urlsplit(location).hostname or "playlist"
    except ValueError:
        # It is refused when it is opened; its text may hold a password.
        return "playlist"

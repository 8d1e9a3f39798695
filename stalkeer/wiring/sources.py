"""The playlists of the settings: what they are called, where they are, how they are asked for.

Loads no database and no web, so that `dryrun` starts at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stalkeer import __version__
from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.playlist.stream import SourceLimits
from stalkeer.playlist.terms import Source, SourceKind, SourceRules
from stalkeer.settings import Settings

if TYPE_CHECKING:
    from stalkeer.db.store import Store

USER_AGENT = f"stalkeer/{__version__}"


def source_rules(settings: Settings, *, read_only: bool = False) -> SourceRules:
    """Say how playlists are asked for; with `read_only` nothing that is learned is kept."""
    m3u = settings.m3u
    password = m3u.auth_password.get_secret_value()
    return SourceRules(
        limits=SourceLimits(decoded_bytes=m3u.max_file_size_mb * 1_000_000),
        user_agent=m3u.user_agent or USER_AGENT,
        auth=(m3u.auth_username, password) if m3u.auth_username else None,
        allowed_hosts=frozenset(settings.downloads.allowed_hosts),
        unverified_hosts=frozenset(settings.downloads.unverified_hosts),
        cache_dir=settings.general.data_dir / "xtream",
        read_only=read_only,
    )


def archive_folder(settings: Settings) -> Path:
    """Say where copies of playlists are kept."""
    return settings.m3u.archive_dir or settings.general.data_dir / "archives"


def filter_rules(settings: Settings) -> list[FilterRule]:
    """Give the filters of the settings: one for each attribute that has patterns."""
    given = settings.filter
    patterns = {
        Attribute.GROUP_TITLE: (given.group_title_include, given.group_title_exclude),
        Attribute.TVG_NAME: (given.tvg_name_include, given.tvg_name_exclude),
    }
    return [
        FilterRule(f"settings_{attribute}", attribute, include, exclude, is_runtime=False)
        for attribute, (include, exclude) in patterns.items()
        if include or exclude
    ]


def playlist_sources(settings: Settings) -> list[Source]:
    """Give the playlists in the settings, a panel last."""
    addresses = [url.get_secret_value() for url in settings.m3u.url]
    if settings.m3u.file_path is not None:
        addresses.insert(0, str(settings.m3u.file_path))
    sources = name_sources(location_of(address) for address in addresses)
    if settings.xtream.url:
        sources.append(_panel(settings, taken=[source.name for source in sources]))
    return sources


def configure_playlists(store: Store, sources: Iterable[Source]) -> None:
    """Make these the playlists of the settings in the database."""
    from stalkeer.db.playlists import PanelAccount

    given = list(sources)
    store.playlists.configure(
        [(each.name, each.location) for each in given if each.kind is SourceKind.M3U],
        [
            PanelAccount(
                name=each.name,
                location=each.location,
                username=each.username,
                password=each.password,
            )
            for each in given
            if each.kind is SourceKind.XTREAM
        ],
    )


def location_of(text: str) -> str:
    """Give an address as it is, and a path as one that holds in every folder."""
    return text if "://" in text else str(Path(text).absolute())


def typed_hosts(location: str) -> frozenset[str]:
    """Give the host of an address that a person typed just now: it counts as allowed."""
    try:
        return frozenset(filter(None, [urlsplit(location).hostname]))
    except ValueError:
        # It is refused when it is opened; its text may hold a password.
        return frozenset()


def name_sources(locations: Iterable[str]) -> list[Source]:
    """Give each location that a person wrote a name that no other has."""
    named: dict[str, Source] = {}
    for location in locations:
        name = source_name(location, taken=named)
        named[name] = Source(name=name, location=location, is_typed=True)
    return list(named.values())


def source_name(location: str, *, taken: Collection[str]) -> str:
    """Name a playlist: a file by its name, an address by its host, the second of a name `-2`."""
    plain = _plain_name(location)
    names = (plain if number == 1 else f"{plain}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _panel(settings: Settings, *, taken: Collection[str]) -> Source:
    given = settings.xtream
    return Source(
        name=source_name(given.url, taken=taken),
        location=given.url,
        kind=SourceKind.XTREAM,
        username=given.username.get_secret_value(),
        password=given.password.get_secret_value(),
        is_typed=True,
    )


def _plain_name(location: str) -> str:
    if "://" not in location:
        return Path(location).name
    try:
        return urlsplit(location).hostname or "playlist"
    except ValueError:
        # It is refused when it is opened; its text may hold a password.
        return "playlist"

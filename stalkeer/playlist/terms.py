"""What is asked of a source of entries, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from stalkeer.playlist.stream import SourceLimits

DEFAULT_LIMITS = SourceLimits()

Watch = Callable[[str], None]
"""Told in a few words what is done while no bytes come; may raise to stop it."""


class SourceKind(StrEnum):
    """Where entries come from."""

    M3U = "m3u"
    """A list, on disk or behind http(s)."""
    XTREAM = "xtream"
    """An account on an Xtream Codes panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One playlist: a path or an http(s) address, which may hold a password, or a panel's address.

    `is_typed` says that a person wrote the location into the settings or a command: a loopback
    address that stands there is meant. What is empty here is as `SourceRules` say.
    """

    name: str
    location: str = field(repr=False)
    kind: SourceKind = SourceKind.M3U
    username: str = ""
    password: str = field(default="", repr=False)
    user_agent: str = ""
    is_typed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRules:
    """How sources are asked where they say nothing of their own.

    `auth` is a name and a password. `allowed_hosts` may have any address; certificates of
    `unverified_hosts` are taken as they are. `cache_dir` keeps what panels say of their series;
    without it, or when it is `read_only`, nothing is written.
    """

    limits: SourceLimits = DEFAULT_LIMITS
    user_agent: str = ""
    auth: tuple[str, str] | None = field(default=None, repr=False)
    allowed_hosts: frozenset[str] = frozenset()
    unverified_hosts: frozenset[str] = frozenset()
    cache_dir: Path | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a panel says of an account; None where it says nothing or sets no limit."""

    max_connections: int | None = None
    active_connections: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known before the first byte.

    `name` is the name of the file, or host and port. `etag` and `last_modified` are to be given
    to the next opening; a file and a panel have an `etag` of our own. `size_bytes` counts as sent,
    so packed, and is None when the server does not tell. `unread_series` is how many series of a
    panel are still to be asked for their episodes: it should be opened again soon.
    """

    name: str
    etag: str | None
    last_modified: str | None
    size_bytes: int | None
    account: Account | None = None
    unread_series: int = 0


@dataclass(frozen=True, slots=True)
class NotModified:
    """The playlist is the one that was read last time."""

    info: SourceInfo


@dataclass(frozen=True, slots=True)
class OpenSource:
    """An open playlist: iterate over it once for its decoded chunks, 256 KiB at most each.

    `read_bytes` says how many were read so far, counted as `SourceInfo.size_bytes` is: as sent.
    """

    info: SourceInfo
    chunks: Iterator[bytes]
    read_bytes: Callable[[], int] | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks; raises a `PlaylistError` where the list is refused."""
        return self.chunks

"""The tables. Only this room sees them; the other rooms get dataclasses of `core`.

Models are bound to a database when a `Store` is made, never at import.
"""

from __future__ import annotations

import peewee as pw

from stalkeer.db.models.base import Base, Stamped
from stalkeer.db.models.items import LearnedTitle, Match, TmdbAnswer, WantedItem
from stalkeer.db.models.lists import (
    EntryCount,
    EntryKey,
    EntryTitle,
    Filter,
    Playlist,
    PlaylistAddress,
    PlaylistItem,
)
from stalkeer.db.models.service import (
    Counter,
    Instance,
    Notice,
    ProcessingLog,
    Setting,
    WebAccount,
    WebSession,
)
from stalkeer.db.models.work import (
    ACTIVE,
    READY,
    RUNNING,
    DownloadEvent,
    DownloadInfo,
    DownloadItem,
    Job,
    JobAttempt,
    Provider,
    ProviderSlot,
    Schedule,
)

__all__ = [
    "ACTIVE",
    "MODELS",
    "READY",
    "RUNNING",
    "Base",
    "Counter",
    "DownloadEvent",
    "DownloadInfo",
    "DownloadItem",
    "EntryCount",
    "EntryKey",
    "EntryTitle",
    "Filter",
    "Instance",
    "Job",
    "JobAttempt",
    "LearnedTitle",
    "Match",
    "Notice",
    "Playlist",
    "PlaylistAddress",
    "PlaylistItem",
    "ProcessingLog",
    "Provider",
    "ProviderSlot",
    "Schedule",
    "Setting",
    "Stamped",
    "TmdbAnswer",
    "WantedItem",
    "WebAccount",
    "WebSession",
]

MODELS: tuple[type[pw.Model], ...] = (
    Instance,
    Playlist,
    PlaylistAddress,
    PlaylistItem,
    EntryKey,
    EntryCount,
    EntryTitle,
    WantedItem,
    Match,
    LearnedTitle,
    TmdbAnswer,
    DownloadInfo,
    DownloadItem,
    DownloadEvent,
    Job,
    JobAttempt,
    ProviderSlot,
    Provider,
    Counter,
    Schedule,
    Setting,
    WebAccount,
    WebSession,
    Notice,
    Filter,
    ProcessingLog,
)

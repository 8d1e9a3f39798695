"""Downloads that a person asks for without an item: an entry of a playlist, as it is.

They go into the folder of their kind, under the name of the entry, and nobody imports them.
"""

from __future__ import annotations

from typing import ClassVar

from stalkeer.core.entries import provider_of
from stalkeer.core.items import ContentType, ItemKind, Service
from stalkeer.core.jobs import URGENT, NewDownload, NewJob
from stalkeer.core.naming import episode_name, movie_name
from stalkeer.core.pathmap import PathMap
from stalkeer.core.states import JobKind
from stalkeer.db.control import ConflictError, NoSuchRowError
from stalkeer.db.downloads import Download
from stalkeer.db.entries import EntryRow
from stalkeer.db.playlists import Entry
from stalkeer.downloader.files import disk_errors
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import ImportMode, InstanceRules, Run, Services
from stalkeer.jobs.tasks import EntryGoneError, Task


class LiveChannelError(StalkeerError):
    """A channel never ends, so there is no file of it."""

    code: ClassVar[str] = "live_channel"


def start(services: Services, entry_id: int) -> int:
    """Start the download of an entry for nobody; return its id.

    One that is under way already is returned as it is. Raises `NoSuchRowError`, `LiveChannelError`
    and `ConflictError`.
    """
    row = services.store.entries.get(entry_id)
    entry = services.store.playlists.entry(entry_id)
    if row is None or entry is None:
        raise NoSuchRowError(f"There is no playlist entry {entry_id}.")
    if row.content_type is ContentType.CHANNEL:
        raise LiveChannelError(f"{row.name} is a live channel: it has no end to download.")
    job = NewJob(
        kind=JobKind.DOWNLOAD,
        dedup_key=f"entry:{entry_id}",
        priority=URGENT,
        provider=provider_of(entry.url),
        title=row.name,
        max_attempts=services.downloads.attempts,
    )
    started = services.store.leases.start(NewDownload(entry_id=entry_id, item_ids=(), job=job))
    if started is None:
        raise ConflictError(f"{row.name} is being prepared for another download. Try again.")
    return started


def task_of(run: Run, services: Services, download: Download, entry: Entry) -> Task:
    """Describe the task of such a download."""
    row = _row(services, download)
    kind = ItemKind.EPISODE if row.content_type is ContentType.TVSHOW else ItemKind.MOVIE
    places = services.downloads.folders[kind]
    rules = InstanceRules(
        name="",
        service=Service.SONARR if kind is ItemKind.EPISODE else Service.RADARR,
        setting="",
        folder=places.folder,
        parts=places.parts,
        path_map=PathMap(()),
        import_mode=ImportMode.OFF,
    )
    for folder in (places.folder, places.parts):
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
    return Task(run, services, download, entry, (), None, rules)


def file_name(task: Task, *, resolution: str | None, extension: str) -> str:
    """Give the name of the finished file below its folder, from what the entry was read as."""
    row = _row(task.services, task.download)
    title = row.title or row.name
    if row.content_type is not ContentType.TVSHOW or row.season is None or row.episode is None:
        return movie_name(title, row.year or 0, resolution=resolution, extension=extension)
    return episode_name(
        title,
        row.season,
        [row.episode],
        series_type="standard",
        air_date=None,
        resolution=resolution,
        extension=extension,
    )


def _row(services: Services, download: Download) -> EntryRow:
    row = services.store.entries.get(download.playlist_item_id or 0)
    if row is None:
        raise EntryGoneError(f"The playlist no longer has {download.title}.")
    return row

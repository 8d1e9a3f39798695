"""Items, entries and jobs for tests, with only what a test cares about said."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stalkeer.core.entries import NewEntry, digest, provider_of, read_entry
from stalkeer.core.items import ItemKind, Service, Wanted
from stalkeer.core.jobs import Job, Lease, NewDownload, NewJob, done
from stalkeer.core.m3u import RawEntry
from stalkeer.core.states import JobKind
from stalkeer.db.columns import item_columns, key_columns, new_address
from stalkeer.db.connect import Database
from stalkeer.db.importing import Changed
from stalkeer.db.models import PlaylistItem
from stalkeer.db.pages import PageRequest
from stalkeer.db.providers import SlotLimits
from stalkeer.db.store import Store

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LIMITS = SlotLimits(overall=3, per_provider=2)
OWNER = "host:1"

_tokens = itertools.count(1)


def sqlite_store(folder: Path, **options: Any) -> Store:
    """Make a store with an up-to-date schema in a folder."""
    store = Store(Database(f"sqlite:///{folder / 'stalkeer.db'}", **options))
    store.migrate()
    return store


def movie(arr_id: int = 1, title: str = "Heat", year: int = 1995, **facts: Any) -> Wanted:
    """Describe a movie that Radarr wants."""
    return Wanted(kind=ItemKind.MOVIE, arr_id=arr_id, title=title, year=year, **facts)


def episode(
    arr_id: int = 1, title: str = "The Wire", season: int = 1, number: int = 1, **facts: Any
) -> Wanted:
    """Describe an episode that Sonarr wants; its series has the id 7."""
    known: dict[str, Any] = {"series_id": 7, "series_type": "standard", "year": 2002} | facts
    return Wanted(
        kind=ItemKind.EPISODE, arr_id=arr_id, title=title, season=season, episode=number, **known
    )


def learn(store: Store, wanted: Wanted, added_at: datetime | None = None) -> int:
    """Write an item as its arr announces it and return its id."""
    service = Service.RADARR if wanted.kind is ItemKind.MOVIE else Service.SONARR
    return store.items.learn(service.value, service, wanted, added_at)


def entry(
    name: str = "Heat (1995)", url: str = "http://tv.example.invalid/films/1.mkv", **facts: Any
) -> NewEntry:
    """Describe an entry of a playlist."""
    raw = RawEntry(index=0, name=name, url=url, **{"group": "VOD", **facts})
    return read_entry(raw, content=digest(repr(raw)))


def playlist(store: Store, name: str = "list") -> int:
    """Make sure a playlist exists and return its id."""
    return store.playlists.add(name, f"/{name}.m3u")


def publish(store: Store, *entries: NewEntry, name: str = "list") -> list[int]:
    """Make these the current entries of a playlist and return their ids."""
    imports, playlist_id = store.imports, playlist(store, name)
    task = imports.begin(playlist_id, f"import-{next(_tokens)}")
    known = {row.identity: row for row in imports.known(playlist_id)}
    changed = []
    for each in {each.identity: each for each in entries}.values():
        [address_id] = imports.add_addresses(task, [new_address(each.address, each.raw.url)])
        columns = item_columns(each, address_id=address_id)
        row = known.pop(each.identity, None)
        if row is None:
            [row_id] = imports.insert(task, [columns])
            imports.insert_keys(task, key_columns(each, row_id))
        elif row.content != each.content or row.gone_version is not None:
            changed.append(Changed(row.id, columns, key_columns(each, row.id), None))
    imports.mark_gone(task, [row.id for row in known.values() if row.gone_version is None])
    imports.publish(task, entry_count=len(entries), is_changed=True, moved={})
    imports.change(task, changed)
    imports.finish(task, etag="", last_modified="")
    return [entry_id(store, each) for each in entries]


def entry_id(store: Store, wanted: NewEntry) -> int:
    """Find the row of an entry."""
    row = row_of(store, PlaylistItem, PlaylistItem.identity == wanted.identity)
    return int(row.id)


def row_of(store: Store, model: Any, where: Any) -> Any:
    """Read the one row of a table that fits."""
    return store.db.read(lambda: model.get(where))


def take(store: Store, job_id: int, limits: SlotLimits = LIMITS) -> tuple[Job, Lease]:
    """Claim a job that must be free to take."""
    lease = Lease(job_id, f"token-{next(_tokens)}")
    job = store.leases.claim(lease, owner=OWNER, limits=limits)
    assert job is not None, f"job {job_id} cannot be claimed"
    return job, lease


def add_job(store: Store, kind: JobKind = JobKind.CLEANUP, **facts: Any) -> int:
    """Write a job and return its id."""
    job_id = store.jobs.add(NewJob(kind=kind, **facts))
    assert job_id is not None, "an active job has the same key"
    return job_id


def jobs_of(store: Store, kind: JobKind) -> Sequence[Job]:
    """Read all jobs of a kind, oldest first."""
    request = PageRequest(limit=500, descending=False, where={"kind": kind})
    return store.jobs.page(request).rows


def start_download(
    store: Store,
    item_ids: Sequence[int],
    entry_row: int,
    *,
    key: str | None = None,
    provider: str | None = None,
) -> Job:
    """Let a search take an entry for items, and return the download job that waits."""
    search = add_job(store, JobKind.SEARCH, item_id=item_ids[0])
    _, lease = take(store, search)
    found = store.playlists.entry(entry_row)
    new = NewJob(
        kind=JobKind.DOWNLOAD,
        dedup_key=key,
        instance="radarr",
        item_id=item_ids[0],
        provider=provider or provider_of(found.url if found else ""),
        title="Heat (1995)",
    )
    download = NewDownload(entry_id=entry_row, item_ids=tuple(item_ids), job=new)
    store.leases.end(lease, done("taken", downloads=(download,)), LIMITS)
    return jobs_of(store, JobKind.DOWNLOAD)[-1]


def film_on_its_way(store: Store) -> Job:
    """Learn a film, publish its entry, take it, and return the download job that waits."""
    item_id = learn(store, movie())
    [entry_row] = publish(store, entry())
    return start_download(store, [item_id], entry_row)

"""The `download_info` table: what people read about downloads.

Its status columns are written only by `Downloads.change`, which `db.jobs` calls in the
transaction that writes the job row: the job decides, this table shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import peewee as pw

from stalkeer.core.jobs import DownloadChange, NewDownload
from stalkeer.core.reasons import WhyNot
from stalkeer.core.states import (
    ACTIVE_DOWNLOAD_STATUSES,
    ACTIVE_JOB_STATUSES,
    ENTRY_STATE_OF_DOWNLOAD,
    ENTRY_STATE_OF_IMPORT,
    ITEM_STATE_OF_DOWNLOAD,
    ITEM_STATE_OF_IMPORT,
    REPLAYABLE_JOB_STATUSES,
    DownloadStatus,
    EntryState,
    ImportStatus,
    ItemState,
    JobKind,
)
from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.download_rows import Download, Move, read_download
from stalkeer.db.items import show_items
from stalkeer.db.models import (
    DownloadEvent,
    DownloadInfo,
    DownloadItem,
    Job,
    PlaylistItem,
    WantedItem,
)
from stalkeer.db.pages import Page, PageRequest, fetch_page

__all__ = ["Download", "Downloads", "Move"]

_CLEARED = {
    "locked_by": None,
    "locked_at": None,
    "speed_bytes_per_s": None,
    "reserved_bytes": None,
}
_FIELDS: dict[str, pw.Field[Any]] = {
    "id": DownloadInfo.id,
    "status": DownloadInfo.status,
    "import_status": DownloadInfo.import_status,
    "instance": DownloadInfo.instance,
    "title": DownloadInfo.title,
    "created_at": DownloadInfo.created_at,
    "updated_at": DownloadInfo.updated_at,
}


class Downloads:
    """Reads and changes downloads."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def get(self, download_id: int) -> Download | None:
        """Return one download, or None."""
        row = DownloadInfo.get_or_none(DownloadInfo.id == download_id)
        return None if row is None else read_download(row)

    @reads
    def page(self, request: PageRequest) -> Page[Download]:
        """Return one page of the downloads."""
        return fetch_page(DownloadInfo.select(), request, _FIELDS, read_download)

    @reads
    def is_named(self, path: str) -> bool:
        """Say whether a download, ended or not, calls the file of this path its own."""
        return bool(DownloadInfo.select().where(DownloadInfo.download_path == path).exists())

    @reads
    def moves(self, download_id: int) -> tuple[Move, ...]:
        """Return every move of a download, oldest first."""
        rows = (
            DownloadEvent.select()
            .where(DownloadEvent.download == download_id)
            .order_by(DownloadEvent.id)
        )
        return tuple(
            Move(from_status=row.from_status, to_status=row.to_status, at=row.at, reason=row.reason)
            for row in rows
        )

    @reads
    def item_ids(self, download_id: int) -> tuple[int, ...]:
        """Return the wanted items a download is for."""
        return self._items(download_id)

    @reads
    def tried_entries(self, item_id: int) -> dict[int, str]:
        """Return the entries that failed for this item for good, oldest first, with the reasons.

        One that changed since, or whose failure is forgiven, may be tried again and is left out.
        """
        rows = (
            DownloadInfo.select(DownloadInfo.playlist_item, DownloadInfo.error_message)
            .join(DownloadItem)
            .join(WantedItem)
            .switch(DownloadInfo)
            .join(PlaylistItem)
            .where(
                (DownloadItem.item == item_id)
                & (DownloadInfo.status == DownloadStatus.FAILED)
                & (DownloadInfo.id > WantedItem.forgiven_id)
                & (PlaylistItem.updated_at <= DownloadInfo.updated_at)
            )
            .order_by(DownloadInfo.id)
        )
        return {int(row.playlist_item_id or 0): row.error_message or "" for row in rows}

    @reads
    def held_for(self, item_id: int) -> Download | None:
        """Return the download that is active, or whose file is not imported yet, for an item."""
        row = (
            DownloadInfo.select()
            .join(DownloadItem)
            .where((DownloadItem.item == item_id) & _IS_HELD)
            .order_by(DownloadInfo.id.desc())
            .get_or_none()
        )
        return None if row is None else read_download(row)

    @reads
    def active_for_entry(self, entry_id: int) -> int | None:
        """Return the id of the download that fetches an entry at this moment, or None."""
        row = DownloadInfo.get_or_none(
            (DownloadInfo.playlist_item == entry_id)
            & DownloadInfo.status.in_(ACTIVE_DOWNLOAD_STATUSES)
        )
        return None if row is None else row.id

    @reads
    def resumable_ids(self) -> frozenset[int]:
        """Return the downloads that may still go on: their job is active or can be replayed."""
        rows = Job.select(Job.download).where(
            (Job.kind == JobKind.DOWNLOAD)
            & Job.status.in_((*ACTIVE_JOB_STATUSES, *REPLAYABLE_JOB_STATUSES))
            & Job.download.is_null(False)
        )
        return frozenset(int(row.download_id or 0) for row in rows)

    @reads
    def changed_since(self, moment: datetime) -> tuple[Download, ...]:
        """Return the downloads whose rows were written at this time or later, oldest first."""
        rows = (
            DownloadInfo.select()
            .where(DownloadInfo.updated_at >= moment)
            .order_by(DownloadInfo.updated_at, DownloadInfo.id)
        )
        return tuple(read_download(row) for row in rows)

    @writes
    def give_up(self, item_ids: Collection[int], reason: str) -> None:
        """Let go of the finished files of items that the arr does not have: they are fetched again.

        A download that is active is left alone: its job decides.
        """
        rows = (
            DownloadInfo.select(DownloadInfo.id)
            .join(DownloadItem)
            .where(DownloadItem.item.in_(item_ids) & _IS_FINISHED)
            .distinct()
        )
        for row in list(rows):
            self.change(
                DownloadChange(download_id=row.id, status=DownloadStatus.CANCELLED, reason=reason)
            )

    # The methods below run inside a transaction of `db.jobs`.

    def create(self, new: NewDownload) -> int:
        """Write a pending download for the items of `new` and return its id."""
        first = WantedItem.get_by_id(new.item_ids[0]) if new.item_ids else None
        now = self.db.now()
        row = DownloadInfo.insert(
            playlist_item=new.entry_id,
            instance=first.instance if first else "",
            target_service=first.service if first else "",
            target_item_id=first.arr_id if first else 0,
            title=new.job.title,
            provider=new.job.provider or "",
            status=DownloadStatus.PENDING,
            created_at=now,
            updated_at=now,
        ).execute()
        download_id = int(row)
        self.attach(download_id, new.item_ids)
        self._event(download_id, None, DownloadStatus.PENDING, "")
        self._show_entry(download_id, ENTRY_STATE_OF_DOWNLOAD[DownloadStatus.PENDING])
        return download_id

    def lock_entry(self, entry_id: int) -> None:
        """Have every other transaction that wants to fetch an entry wait for the end of this."""
        entry = PlaylistItem.select(PlaylistItem.id).where(PlaylistItem.id == entry_id)
        self.db.lock(entry).get_or_none()

    def attach(self, download_id: int, item_ids: Iterable[int]) -> None:
        """Let a download be for these items too, and show them as far as it is."""
        for item_id in item_ids:
            DownloadItem.insert(download=download_id, item=item_id).on_conflict_ignore().execute()
        status = DownloadStatus(DownloadInfo.get_by_id(download_id).status)
        self._show(download_id, ITEM_STATE_OF_DOWNLOAD[status], "")

    def wait(self, download_ids: Collection[int], reason: str) -> None:
        """Let the items of downloads that may not start yet say what they wait for."""
        items = DownloadItem.select(DownloadItem.item).where(
            DownloadItem.download.in_(download_ids)
        )
        WantedItem.update(reason=reason, reason_code=WhyNot.WAITING_CONNECTION).where(
            WantedItem.id.in_(items)
            & (WantedItem.state == ItemState.WAITING)
            & (WantedItem.reason != reason)
        ).execute()

    def lock(self, download_id: int, owner: str, *, is_retry: bool) -> None:
        """Say that a worker works on it."""
        now = self.db.now()
        values: dict[str, Any] = {"locked_by": owner, "locked_at": now, "updated_at": now}
        if is_retry:
            values |= {"retry_count": DownloadInfo.retry_count + 1, "last_retry_at": now}
        DownloadInfo.update(**values).where(DownloadInfo.id == download_id).execute()
        DownloadInfo.update(started_at=now).where(
            (DownloadInfo.id == download_id) & DownloadInfo.started_at.is_null()
        ).execute()

    def progress(
        self, download_id: int, done: int, total: int | None, token: str, speed: int | None
    ) -> None:
        """Write how far the bytes have come.

        The first of them make it `downloading`: until then it waits for the arr, the disk or the
        provider to answer.
        """
        if DownloadInfo.get_by_id(download_id).status != DownloadStatus.DOWNLOADING:
            self.change(DownloadChange(download_id=download_id, status=DownloadStatus.DOWNLOADING))
        DownloadInfo.update(
            bytes_downloaded=done,
            total_bytes=total,
            speed_bytes_per_s=speed,
            resume_token=token,
            updated_at=self.db.now(),
        ).where(DownloadInfo.id == download_id).execute()

    def change(self, change: DownloadChange, *, error: str = "") -> None:
        """Move a download, its items and its entry to the states of `change`."""
        if change.status is not None:
            self._move(change.download_id, change.status, change, error)
        if change.status is None and change.import_status is None:
            self._plan(change)
        if change.import_status is not None:
            self._move_import(change.download_id, change.import_status, change, error)

    def offer_again(self, download_id: int) -> None:
        """Show that a refused file waits for another import: each refusal is counted."""
        row = DownloadInfo.get_or_none(DownloadInfo.id == download_id)
        if row is not None and row.import_status == ImportStatus.FAILED:
            self.change(DownloadChange(download_id=download_id, import_status=ImportStatus.PENDING))

    def _plan(self, change: DownloadChange) -> None:
        """Note under which name the file is about to appear."""
        DownloadInfo.update(updated_at=self.db.now(), **_file(change)).where(
            DownloadInfo.id == change.download_id
        ).execute()

    def _move(
        self, download_id: int, status: DownloadStatus, change: DownloadChange, error: str
    ) -> None:
        before = DownloadInfo.get_by_id(download_id).status
        reason = error or change.reason
        values: dict[str, Any] = {"status": status, "updated_at": self.db.now()}
        if status is not DownloadStatus.DOWNLOADING:
            values |= _CLEARED
        if status in (DownloadStatus.FAILED, DownloadStatus.RETRYING):
            values["error_message"] = reason
        if status in (DownloadStatus.COMPLETED, DownloadStatus.CANCELLED):
            values["error_message"] = None
        if status is DownloadStatus.COMPLETED:
            values |= _completed(change) | {"completed_at": self.db.now(), "resume_token": None}
        DownloadInfo.update(**values).where(DownloadInfo.id == download_id).execute()
        if before != status:
            self._event(download_id, before, status, reason)
        state, code = change.item_state or ITEM_STATE_OF_DOWNLOAD[status], change.item_code
        if status is DownloadStatus.CANCELLED and state is ItemState.WAITING:
            # It was cancelled because the arr grabbed another release.
            code = WhyNot.WAITING_ARR
        self._show(download_id, state, reason, code)
        self._show_entry(download_id, ENTRY_STATE_OF_DOWNLOAD[status])

    def _move_import(
        self, download_id: int, status: ImportStatus, change: DownloadChange, error: str
    ) -> None:
        reason = error or change.reason
        values: dict[str, Any] = {"import_status": status, "updated_at": self.db.now()}
        values["error_message"] = reason if status is ImportStatus.FAILED else None
        if change.imported_path is not None:
            values["imported_path"] = change.imported_path
        before = DownloadInfo.get_by_id(download_id).import_status
        DownloadInfo.update(**values).where(DownloadInfo.id == download_id).execute()
        if before != status:
            self._event(download_id, before, status, reason)
        state = change.item_state or ITEM_STATE_OF_IMPORT[status]
        self._show(download_id, state, reason, change.item_code)
        self._show_entry(download_id, ENTRY_STATE_OF_IMPORT[status])

    def _items(self, download_id: int) -> tuple[int, ...]:
        rows = (
            DownloadItem.select(DownloadItem.item)
            .where(DownloadItem.download == download_id)
            .order_by(DownloadItem.id)
        )
        return tuple(row.item_id for row in rows)

    def _event(self, download_id: int, before: str | None, after: str, reason: str) -> None:
        DownloadEvent.insert(
            download=download_id,
            from_status=before,
            to_status=after,
            at=self.db.now(),
            reason=reason,
        ).execute()

    def _show(self, download_id: int, state: ItemState, reason: str, code: str = "") -> None:
        show_items(self.db, self._items(download_id), state, reason, code)

    def _show_entry(self, download_id: int, state: EntryState) -> None:
        entry = DownloadInfo.select(DownloadInfo.playlist_item).where(
            DownloadInfo.id == download_id
        )
        PlaylistItem.update(state=state).where(PlaylistItem.id.in_(entry)).execute()


_IS_FINISHED = (DownloadInfo.status == DownloadStatus.COMPLETED) & DownloadInfo.import_status.in_(
    # A refused file is held too: it is imported again, and never fetched again.
    (ImportStatus.PENDING, ImportStatus.IMPORTING, ImportStatus.FAILED, ImportStatus.OFF)
)
_IS_HELD = DownloadInfo.status.in_(ACTIVE_DOWNLOAD_STATUSES) | _IS_FINISHED


def _file(change: DownloadChange) -> dict[str, Any]:
    found: dict[str, Any] = {"download_path": change.download_path, "file_size": change.file_size}
    if change.facts is not None:
        found |= asdict(change.facts)
    return {name: value for name, value in found.items() if value is not None}


def _completed(change: DownloadChange) -> dict[str, Any]:
    if change.file_size is None:
        return _file(change)
    return _file(change) | {"bytes_downloaded": change.file_size, "total_bytes": change.file_size}

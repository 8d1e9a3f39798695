"""Every state a job, a download, an item or an entry can be in, and the legal moves of a job.

A job row decides; the other states are what people read, and `download_status` and
`import_status` say what they read for each state of the job behind it.
"""

from __future__ import annotations

from enum import StrEnum


class JobKind(StrEnum):
    """What a job does."""

    WEBHOOK = "webhook"
    """Read one delivery of Radarr or Sonarr and start or cancel what it announces."""
    RECONCILE = "reconcile"
    """Ask one instance what it misses and start searches for it."""
    REFRESH_PLAYLIST = "refresh_playlist"
    """Read one playlist again."""
    SEARCH = "search"
    """Find the playlist entry that is one wanted item."""
    DOWNLOAD = "download"
    """Fetch one entry to a complete file."""
    IMPORT = "import"
    """Have Radarr or Sonarr take one finished file."""
    NOTIFY = "notify"
    """Tell the user about something that happened."""
    FILTER = "filter"
    """Put the filters to every stored entry again."""
    SURVEY = "survey"
    """Count the entries of the lists and compare their titles with what the arrs have."""
    REMOVE_PLAYLIST = "remove_playlist"
    """Remove a playlist with its entries."""
    CLEANUP = "cleanup"
    """Remove part files and rows that nobody needs any more."""
    BACKUP = "backup"
    """Write the backup of today."""
    UNKNOWN = "unknown"
    """What only a later version can do: it is left alone, and shown."""

    @classmethod
    def _missing_(cls, value: object) -> JobKind | None:
        return cls.UNKNOWN if isinstance(value, str) else None

    @property
    def queue(self) -> str:
        """The Dramatiq queue this kind travels on: `control`, `default` or `download`."""
        return _QUEUES.get(self, "control")


_QUEUES = {
    JobKind.SEARCH: "default",
    JobKind.IMPORT: "default",
    JobKind.DOWNLOAD: "download",
}
QUEUES = ("control", "default", "download")
KNOWN_KINDS = tuple(kind for kind in JobKind if kind is not JobKind.UNKNOWN)
PAYLOAD_SCHEMA = 1
"""The newest form of a job's payload that this version reads; a worker leaves newer ones alone."""


def queue_of(kind: JobKind, volume: str) -> str:
    """Say which queue a job travels on.

    With a volume, what needs the files on it goes only to workers that have it mounted.
    """
    if volume and kind in (JobKind.DOWNLOAD, JobKind.IMPORT):
        return f"download.{volume}"
    return kind.queue


class JobStatus(StrEnum):
    """Where a job is in its life."""

    READY = "ready"
    """Waits for its time and for a worker."""
    RUNNING = "running"
    """A worker holds its lease."""
    DONE = "done"
    """Ended well; `result` says what it did, or why there was nothing to do."""
    FAILED = "failed"
    """Ended with a lasting error or without attempts left; can be replayed."""
    CANCELLED = "cancelled"
    """Ended because a person, or a delete in the arr, said so; can be replayed."""


class StopRequest(StrEnum):
    """What a running job was asked to do."""

    CANCEL = "cancel"
    """End; what was fetched stays, for a replay."""
    DROP = "drop"
    """End; nothing of it is needed any more."""
    PAUSE = "pause"
    """Stop, and wait until somebody lets it go on."""


ACTIVE_JOB_STATUSES = (JobStatus.READY, JobStatus.RUNNING)
REPLAYABLE_JOB_STATUSES = (JobStatus.FAILED, JobStatus.CANCELLED)

JOB_MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.READY: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.RUNNING: frozenset(
        {JobStatus.READY, JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED}
    ),
    JobStatus.DONE: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.READY}),
    JobStatus.CANCELLED: frozenset({JobStatus.READY}),
}
"""Every legal move of a job. All of them are made by `db.jobs`, none anywhere else."""


class DownloadStatus(StrEnum):
    """What `download_info.status` says."""

    PENDING = "pending"
    """Taken; waits for a connection, the download window or disk space."""
    DOWNLOADING = "downloading"
    """A worker fetches, checks or moves it."""
    PAUSED = "paused"
    """Paused by a person."""
    RETRYING = "retrying"
    """Failed, and will be tried again."""
    COMPLETED = "completed"
    """The whole file is in its place."""
    FAILED = "failed"
    """Given up; the reason is in `error_message`."""
    CANCELLED = "cancelled"
    """Cancelled by a person, or because the arr no longer wants it."""


class ImportStatus(StrEnum):
    """What `download_info.import_status` says, once the file is there."""

    PENDING = "pending"
    """Waits to be imported."""
    IMPORTING = "importing"
    """The arr was asked and has not answered yet."""
    IMPORTED = "imported"
    """The arr has the file."""
    FAILED = "failed"
    """The arr refused it; its words are in `error_message`."""
    OFF = "off"
    """Importing is switched off for this instance."""


class ItemState(StrEnum):
    """What `missing/*` says about a wanted item."""

    SEARCHING = "searching"
    """Known and not yet looked for, or being looked for."""
    NO_MATCH = "no_match"
    """In no playlist."""
    UNRELEASED = "unreleased"
    """The arr says it is not available yet."""
    TO_CONFIRM = "to_confirm"
    """The best entry is not certain enough; a person decides."""
    WAITING = "waiting"
    """An entry is taken; the reason says what it waits for."""
    DOWNLOADING = "downloading"
    """Bytes arrive."""
    PAUSED = "paused"
    """Its download was paused by a person."""
    OBTAINED = "obtained"
    """The file is complete and not yet imported."""
    IMPORT_FAILED = "import_failed"
    """The arr refused the file; its words are the reason."""
    FAILED = "failed"
    """Every entry that fits was tried and failed."""
    CANCELLED = "cancelled"
    """Cancelled by a person."""
    IMPORTED = "imported"
    """The arr has it: no longer missing."""
    GONE = "gone"
    """Deleted or no longer monitored in the arr: no longer missing."""


WHY_NOT = {
    ItemState.SEARCHING: "it is searched for now, or in one of the next reconciles",
    ItemState.NO_MATCH: "it is in none of the playlists",
    ItemState.UNRELEASED: "it is not released yet",
    ItemState.TO_CONFIRM: "an entry waits for your word",
    ItemState.WAITING: "an entry is taken and waits for a free connection",
    ItemState.DOWNLOADING: "it is being downloaded",
    ItemState.PAUSED: "its download was paused by a person",
    ItemState.OBTAINED: "its file is here and is being imported",
    ItemState.IMPORT_FAILED: "its file was refused",
    ItemState.FAILED: "every entry that fits was tried and failed",
    ItemState.CANCELLED: "it was cancelled by a person",
    ItemState.IMPORTED: "it is in the library",
    ItemState.GONE: "it is no longer wanted",
}
"""Why an item is not in the library yet, where nobody said it more exactly."""


class EntryState(StrEnum):
    """What happened to a playlist entry."""

    PROCESSED = "processed"
    """Read and classified; nothing is done with it."""
    PENDING = "pending"
    """Taken for an item, not yet being fetched."""
    DOWNLOADING = "downloading"
    """Being fetched."""
    ORGANIZING = "organizing"
    """Fetched; being moved and imported."""
    DOWNLOADED = "downloaded"
    """Fetched; nothing is left to do."""
    FAILED = "failed"
    """Could not be fetched."""


class MatchState(StrEnum):
    """What became of the pairing of an item and an entry."""

    TO_CONFIRM = "to_confirm"
    """Not certain enough: waits for a person."""
    TAKEN = "taken"
    """Certain enough: taken without asking."""
    CONFIRMED = "confirmed"
    """A person said yes."""
    REJECTED = "rejected"
    """A person said no: never proposed again."""


ACTIVE_DOWNLOAD_STATUSES = (
    DownloadStatus.PENDING,
    DownloadStatus.DOWNLOADING,
    DownloadStatus.PAUSED,
    DownloadStatus.RETRYING,
)


def download_status(job: JobStatus, *, had_error: bool) -> DownloadStatus:
    """Say what `download_info.status` is while its download job is in the given state.

    `had_error` tells a job that waits after a failure from one that waits for its turn.
    """
    if job is JobStatus.READY:
        return DownloadStatus.RETRYING if had_error else DownloadStatus.PENDING
    return _DOWNLOAD_STATUS[job]


_DOWNLOAD_STATUS = {
    JobStatus.RUNNING: DownloadStatus.DOWNLOADING,
    JobStatus.DONE: DownloadStatus.COMPLETED,
    JobStatus.FAILED: DownloadStatus.FAILED,
    JobStatus.CANCELLED: DownloadStatus.CANCELLED,
}


def import_status(job: JobStatus) -> ImportStatus:
    """Say what `download_info.import_status` is while its import job is in the given state."""
    return _IMPORT_STATUS[job]


_IMPORT_STATUS = {
    JobStatus.READY: ImportStatus.PENDING,
    JobStatus.RUNNING: ImportStatus.IMPORTING,
    JobStatus.DONE: ImportStatus.IMPORTED,
    JobStatus.FAILED: ImportStatus.FAILED,
    JobStatus.CANCELLED: ImportStatus.FAILED,
}

ITEM_STATE_OF_DOWNLOAD = {
    DownloadStatus.PENDING: ItemState.WAITING,
    DownloadStatus.DOWNLOADING: ItemState.DOWNLOADING,
    DownloadStatus.PAUSED: ItemState.PAUSED,
    DownloadStatus.RETRYING: ItemState.WAITING,
    DownloadStatus.COMPLETED: ItemState.OBTAINED,
    DownloadStatus.FAILED: ItemState.FAILED,
    DownloadStatus.CANCELLED: ItemState.CANCELLED,
}
ITEM_STATE_OF_IMPORT = {
    ImportStatus.PENDING: ItemState.OBTAINED,
    ImportStatus.IMPORTING: ItemState.OBTAINED,
    ImportStatus.IMPORTED: ItemState.IMPORTED,
    ImportStatus.FAILED: ItemState.IMPORT_FAILED,
    ImportStatus.OFF: ItemState.OBTAINED,
}
ENTRY_STATE_OF_DOWNLOAD = {
    DownloadStatus.PENDING: EntryState.PENDING,
    DownloadStatus.DOWNLOADING: EntryState.DOWNLOADING,
    DownloadStatus.PAUSED: EntryState.PENDING,
    DownloadStatus.RETRYING: EntryState.PENDING,
    DownloadStatus.COMPLETED: EntryState.ORGANIZING,
    DownloadStatus.FAILED: EntryState.FAILED,
    DownloadStatus.CANCELLED: EntryState.PROCESSED,
}
ENTRY_STATE_OF_IMPORT = {
    ImportStatus.PENDING: EntryState.ORGANIZING,
    ImportStatus.IMPORTING: EntryState.ORGANIZING,
    ImportStatus.IMPORTED: EntryState.DOWNLOADED,
    ImportStatus.FAILED: EntryState.DOWNLOADED,
    ImportStatus.OFF: EntryState.DOWNLOADED,
}

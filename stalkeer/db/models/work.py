"""The tables of downloads and jobs, and of what limits them."""

from __future__ import annotations

import peewee as pw

from stalkeer.db.fields import JsonField, UtcField
from stalkeer.db.models.base import Base, Stamped
from stalkeer.db.models.items import WantedItem
from stalkeer.db.models.lists import PlaylistItem


class DownloadInfo(Stamped):
    """A download: the table that users read with SQL. The job row behind it decides.

    One that a person started for no item has an empty `instance`. While bytes arrive it has
    `reserved_bytes` of its disk, those that are there included. The columns from `container` on
    are what was found out about the file.
    """

    playlist_item_id: int | None
    playlist_item = pw.ForeignKeyField(PlaylistItem, on_delete="SET NULL", null=True)
    instance = pw.CharField(max_length=64)
    target_service = pw.CharField(max_length=16)
    target_item_id = pw.IntegerField()
    title = pw.TextField()
    provider = pw.CharField(max_length=255)
    status = pw.CharField(max_length=16)
    import_status = pw.CharField(max_length=16, null=True)
    download_path = pw.TextField(null=True)
    imported_path = pw.TextField(null=True)
    file_size = pw.BigIntegerField(null=True)
    bytes_downloaded = pw.BigIntegerField(default=0)
    total_bytes = pw.BigIntegerField(null=True)
    speed_bytes_per_s = pw.BigIntegerField(null=True)
    resume_token = pw.TextField(null=True)
    retry_count = pw.IntegerField(default=0)
    last_retry_at = UtcField(null=True)
    locked_at = UtcField(null=True)
    locked_by = pw.CharField(max_length=255, null=True)
    started_at = UtcField(null=True)
    completed_at = UtcField(null=True)
    error_message = pw.TextField(null=True)
    reserved_bytes = pw.BigIntegerField(null=True)
    container = pw.CharField(max_length=16, null=True)
    resolution = pw.CharField(max_length=16, null=True)
    duration_s = pw.IntegerField(null=True)
    length_verified = pw.BooleanField(null=True)
    checksum = pw.CharField(max_length=64, null=True)
    verdict = pw.TextField(default="")

    class Meta:
        """Peewee's settings."""

        table_name = "download_info"
        indexes = ((("status",), False), (("locked_at",), False), (("updated_at",), False))


class DownloadItem(Base):
    """Which wanted items a download is for: several when the entry holds several episodes."""

    download = pw.ForeignKeyField(DownloadInfo, on_delete="CASCADE", index=False)
    item_id: int
    item = pw.ForeignKeyField(WantedItem, on_delete="CASCADE", column_name="item_id")

    class Meta:
        """Peewee's settings."""

        indexes = ((("download", "item"), True),)


class DownloadEvent(Base):
    """One move of a download, and why."""

    download = pw.ForeignKeyField(DownloadInfo, on_delete="CASCADE")
    from_status = pw.CharField(max_length=16, null=True)
    to_status = pw.CharField(max_length=16)
    at = UtcField()
    reason = pw.TextField(default="")


class Job(Stamped):
    """A unit of work, and the truth about it.

    A worker leaves one alone whose `payload_schema` is newer than it knows.
    `stop_request` is what a running one was asked to do, `cancelled_state` the state its items get
    when it ends cancelled. One that `is_held` waits until a person lets it go on.
    """

    id = pw.BigAutoField()
    kind = pw.CharField(max_length=32)
    queue = pw.CharField(max_length=32)
    status = pw.CharField(max_length=16)
    priority = pw.IntegerField()
    dedup_key = pw.CharField(max_length=255, null=True)
    payload = pw.TextField()
    instance = pw.CharField(max_length=64, null=True)
    item_id: int | None
    item = pw.ForeignKeyField(WantedItem, on_delete="SET NULL", null=True, column_name="item_id")
    download_id: int | None
    download = pw.ForeignKeyField(DownloadInfo, on_delete="SET NULL", null=True)
    provider = pw.CharField(max_length=255, null=True)
    title = pw.TextField(default="")
    attempts = pw.IntegerField(default=0)
    max_attempts = pw.IntegerField()
    crashes = pw.IntegerField(default=0)
    replays = pw.IntegerField(default=0)
    run_at = UtcField()
    enqueued_at = UtcField(null=True)
    lease_owner = pw.CharField(max_length=255, null=True)
    lease_token = pw.CharField(max_length=64, null=True)
    lease_until = UtcField(null=True)
    progress_at = UtcField(null=True)
    payload_schema = pw.IntegerField(default=1, constraints=[pw.SQL("DEFAULT 1")])
    stop_request = pw.CharField(max_length=16, null=True)
    cancelled_state = pw.CharField(max_length=16, null=True)
    is_held = pw.BooleanField(default=False)
    error_code = pw.CharField(max_length=64, default="")
    last_error = pw.TextField(default="")
    result = JsonField(null=True)
    started_at = UtcField(null=True)
    finished_at = UtcField(null=True)

    class Meta:
        """Peewee's settings."""

        indexes = ((("status", "kind", "finished_at"), False),)


READY = pw.SQL("status = 'ready'")
RUNNING = pw.SQL("status = 'running'")
ACTIVE = pw.SQL("status IN ('ready', 'running')")
Job.add_index(Job.index(Job.dedup_key, unique=True, where=ACTIVE, name="job_active_key"))
Job.add_index(Job.index(Job.queue, Job.priority, Job.run_at, Job.id, where=READY, name="job_due"))
Job.add_index(Job.index(Job.lease_until, where=RUNNING, name="job_leased"))


class JobAttempt(Base):
    """One run of a job; kept over replays."""

    job = pw.ForeignKeyField(Job, on_delete="CASCADE")
    number = pw.IntegerField()
    worker = pw.CharField(max_length=255)
    token = pw.CharField(max_length=64)
    started_at = UtcField()
    finished_at = UtcField(null=True)
    outcome = pw.CharField(max_length=32, default="")
    error_code = pw.CharField(max_length=64, default="")
    error = pw.TextField(default="")


class ProviderSlot(Base):
    """One allowed connection to a provider, leased by the job that uses it.

    The provider `*` stands for all of them: its slots are the global limit.
    """

    provider = pw.CharField(max_length=255)
    slot_no = pw.IntegerField()
    job_id = pw.BigIntegerField(null=True)
    lease_token = pw.CharField(max_length=64, null=True)
    lease_until = UtcField(null=True)

    class Meta:
        """Peewee's settings."""

        indexes = ((("provider", "slot_no"), True),)


class Provider(Base):
    """What is known of a provider beside the settings: how many connections it really bears.

    `lowered_to` is its limit since it turned us away at `lowered_at`. Nobody connects before
    `paused_until`; `pauses` counts how often in a row that was, `reason` says why the last time.
    """

    name = pw.CharField(max_length=255, unique=True)
    lowered_to = pw.IntegerField(null=True)
    lowered_at = UtcField(null=True)
    paused_until = UtcField(null=True)
    pauses = pw.IntegerField(default=0)
    reason = pw.TextField(default="")
    started_at = UtcField(null=True)


class Schedule(Base):
    """Work that comes again: the job it makes, and when the next one is due."""

    name = pw.CharField(max_length=255, unique=True)
    kind = pw.CharField(max_length=32)
    payload = JsonField()
    instance = pw.CharField(max_length=64, null=True)
    every_seconds = pw.IntegerField()
    next_run_at = UtcField()
    last_run_at = UtcField(null=True)

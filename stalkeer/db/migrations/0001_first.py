"""The first schema."""

from __future__ import annotations

from typing import Any

import peewee as pw


class Base(pw.Model):
    id = pw.AutoField()

    class Meta:
        database = None
        legacy_table_names = False


class Stamped(Base):
    created_at = pw.DateTimeField()
    updated_at = pw.DateTimeField()


class Instance(Stamped):
    name = pw.CharField(max_length=64, unique=True)
    service = pw.CharField(max_length=16)
    version = pw.CharField(max_length=64, default="")
    last_sync_at = pw.DateTimeField(null=True)
    last_sync = pw.TextField(null=True)
    last_error = pw.TextField(default="")
    webhook = pw.CharField(max_length=32, default="")


class Playlist(Stamped):
    name = pw.CharField(max_length=255, unique=True)
    location = pw.TextField()
    is_configured = pw.BooleanField(default=False)
    is_enabled = pw.BooleanField(default=True)
    version = pw.IntegerField(default=0)
    searched_version = pw.IntegerField(default=0)
    entry_count = pw.IntegerField(default=0)
    etag = pw.TextField(default="")
    last_modified = pw.TextField(default="")
    refreshed_at = pw.DateTimeField(null=True)
    last_error = pw.TextField(default="")


class PlaylistItem(Stamped):
    playlist = pw.ForeignKeyField(Playlist, on_delete="CASCADE", index=False)
    identity = pw.CharField(max_length=40)
    first_version = pw.IntegerField()
    last_version = pw.IntegerField()
    ordinal = pw.IntegerField()
    name = pw.TextField()
    group_title = pw.TextField(default="")
    tvg_name = pw.TextField(default="")
    tvg_id = pw.TextField(default="")
    tvg_logo = pw.TextField(default="")
    tvg_type = pw.CharField(max_length=32, default="")
    url = pw.TextField()
    url_kind = pw.CharField(max_length=16, null=True)
    user_agent = pw.TextField(default="")
    referrer = pw.TextField(default="")
    content_type = pw.CharField(max_length=16)
    title = pw.TextField(default="")
    year = pw.IntegerField(null=True)
    season = pw.IntegerField(null=True)
    episode = pw.IntegerField(null=True)
    resolution = pw.CharField(max_length=16, null=True)
    state = pw.CharField(max_length=16, default="processed")

    class Meta:
        indexes = ((("playlist", "identity"), True), (("content_type", "title"), False))


class EntryKey(Base):
    item = pw.ForeignKeyField(PlaylistItem, on_delete="CASCADE", column_name="item_id")
    key = pw.TextField()
    content_type = pw.CharField(max_length=16)
    year = pw.IntegerField(null=True)
    season = pw.IntegerField(null=True)
    episode_from = pw.IntegerField(null=True)
    episode_to = pw.IntegerField(null=True)
    absolute = pw.IntegerField(null=True)
    air_date = pw.DateField(null=True)

    class Meta:
        indexes = ((("key",), False),)


class WantedItem(Stamped):
    instance = pw.CharField(max_length=64)
    service = pw.CharField(max_length=16)
    kind = pw.CharField(max_length=16)
    arr_id = pw.IntegerField()
    series_id = pw.IntegerField(null=True)
    title = pw.TextField()
    year = pw.IntegerField(default=0)
    season = pw.IntegerField(null=True)
    episode = pw.IntegerField(null=True)
    detail = pw.TextField()
    added_at = pw.DateTimeField(null=True)
    state = pw.CharField(max_length=16)
    reason = pw.TextField(default="")
    moved_at = pw.DateTimeField(null=True)
    failures = pw.IntegerField(default=0)
    forgiven_id = pw.IntegerField(default=0)
    searched_at = pw.DateTimeField(null=True)

    class Meta:
        indexes = (
            (("instance", "arr_id"), True),
            (("instance", "series_id"), False),
            (("state", "kind"), False),
        )


class Match(Stamped):
    item = pw.ForeignKeyField(WantedItem, on_delete="CASCADE", index=False, column_name="item_id")
    entry = pw.ForeignKeyField(PlaylistItem, on_delete="CASCADE", column_name="playlist_item_id")
    score = pw.IntegerField()
    method = pw.CharField(max_length=32)
    reasons = pw.TextField()
    state = pw.CharField(max_length=16)

    class Meta:
        indexes = ((("item", "entry"), True), (("state",), False))


class DownloadInfo(Stamped):
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
    last_retry_at = pw.DateTimeField(null=True)
    locked_at = pw.DateTimeField(null=True)
    locked_by = pw.CharField(max_length=255, null=True)
    started_at = pw.DateTimeField(null=True)
    completed_at = pw.DateTimeField(null=True)
    error_message = pw.TextField(null=True)

    class Meta:
        table_name = "download_info"
        indexes = ((("status",), False), (("locked_at",), False), (("updated_at",), False))


class DownloadItem(Base):
    download = pw.ForeignKeyField(DownloadInfo, on_delete="CASCADE", index=False)
    item = pw.ForeignKeyField(WantedItem, on_delete="CASCADE", column_name="item_id")

    class Meta:
        indexes = ((("download", "item"), True),)


class DownloadEvent(Base):
    download = pw.ForeignKeyField(DownloadInfo, on_delete="CASCADE")
    from_status = pw.CharField(max_length=16, null=True)
    to_status = pw.CharField(max_length=16)
    at = pw.DateTimeField()
    reason = pw.TextField(default="")


class Job(Stamped):
    id = pw.BigAutoField()
    kind = pw.CharField(max_length=32)
    queue = pw.CharField(max_length=32)
    status = pw.CharField(max_length=16)
    priority = pw.IntegerField()
    dedup_key = pw.CharField(max_length=255, null=True)
    payload = pw.TextField()
    instance = pw.CharField(max_length=64, null=True)
    item = pw.ForeignKeyField(WantedItem, on_delete="SET NULL", null=True, column_name="item_id")
    download = pw.ForeignKeyField(DownloadInfo, on_delete="SET NULL", null=True)
    provider = pw.CharField(max_length=255, null=True)
    title = pw.TextField(default="")
    attempts = pw.IntegerField(default=0)
    max_attempts = pw.IntegerField()
    crashes = pw.IntegerField(default=0)
    replays = pw.IntegerField(default=0)
    run_at = pw.DateTimeField()
    enqueued_at = pw.DateTimeField(null=True)
    lease_owner = pw.CharField(max_length=255, null=True)
    lease_token = pw.CharField(max_length=64, null=True)
    lease_until = pw.DateTimeField(null=True)
    progress_at = pw.DateTimeField(null=True)
    stop_request = pw.CharField(max_length=16, null=True)
    cancelled_state = pw.CharField(max_length=16, null=True)
    is_held = pw.BooleanField(default=False)
    error_code = pw.CharField(max_length=64, default="")
    last_error = pw.TextField(default="")
    result = pw.TextField(null=True)
    started_at = pw.DateTimeField(null=True)
    finished_at = pw.DateTimeField(null=True)

    class Meta:
        indexes = ((("status", "kind", "finished_at"), False),)


READY = pw.SQL("status = 'ready'")
RUNNING = pw.SQL("status = 'running'")
ACTIVE = pw.SQL("status IN ('ready', 'running')")
Job.add_index(Job.index(Job.dedup_key, unique=True, where=ACTIVE, name="job_active_key"))
Job.add_index(Job.index(Job.queue, Job.priority, Job.run_at, Job.id, where=READY, name="job_due"))
Job.add_index(Job.index(Job.lease_until, where=RUNNING, name="job_leased"))


class JobAttempt(Base):
    job = pw.ForeignKeyField(Job, on_delete="CASCADE")
    number = pw.IntegerField()
    worker = pw.CharField(max_length=255)
    token = pw.CharField(max_length=64)
    started_at = pw.DateTimeField()
    finished_at = pw.DateTimeField(null=True)
    outcome = pw.CharField(max_length=32, default="")
    error_code = pw.CharField(max_length=64, default="")
    error = pw.TextField(default="")


class ProviderSlot(Base):
    provider = pw.CharField(max_length=255)
    slot_no = pw.IntegerField()
    job_id = pw.BigIntegerField(null=True)
    lease_token = pw.CharField(max_length=64, null=True)
    lease_until = pw.DateTimeField(null=True)

    class Meta:
        indexes = ((("provider", "slot_no"), True),)


class Schedule(Base):
    name = pw.CharField(max_length=255, unique=True)
    kind = pw.CharField(max_length=32)
    payload = pw.TextField()
    instance = pw.CharField(max_length=64, null=True)
    every_seconds = pw.IntegerField()
    next_run_at = pw.DateTimeField()
    last_run_at = pw.DateTimeField(null=True)


class Setting(Base):
    name = pw.CharField(max_length=128, unique=True)
    value = pw.TextField()
    updated_at = pw.DateTimeField()


class Filter(Stamped):
    name = pw.CharField(max_length=128, unique=True)
    attribute = pw.CharField(max_length=32)
    include = pw.TextField(default="")
    exclude = pw.TextField(default="")
    is_runtime = pw.BooleanField(default=False)


class ProcessingLog(Base):
    action = pw.CharField(max_length=32)
    subject = pw.CharField(max_length=255, default="")
    item_count = pw.IntegerField(default=0)
    status = pw.CharField(max_length=16)
    counts = pw.TextField(null=True)
    started_at = pw.DateTimeField(index=True)
    completed_at = pw.DateTimeField(null=True)
    error_message = pw.TextField(default="")


TABLES = (
    Instance,
    Playlist,
    PlaylistItem,
    EntryKey,
    WantedItem,
    Match,
    DownloadInfo,
    DownloadItem,
    DownloadEvent,
    Job,
    JobAttempt,
    ProviderSlot,
    Schedule,
    Setting,
    Filter,
    ProcessingLog,
)


def up(_migrator: Any, db: pw.Database) -> None:
    """Make every table."""
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)

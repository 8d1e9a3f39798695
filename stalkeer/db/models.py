"""The tables. Only this room sees them; the other rooms get dataclasses of `core`.

Models are bound to a database when a `Store` is made, never at import.
"""

from __future__ import annotations

import peewee as pw

from stalkeer.db.fields import JsonField, UtcField


class Base(pw.Model):
    """What all tables share: names in snake case, no database until a `Store` binds one."""

    id = pw.AutoField()

    class Meta:
        """Peewee's settings."""

        database = None
        legacy_table_names = False


class Stamped(Base):
    """A row that says when it was made and last changed."""

    created_at = UtcField()
    updated_at = UtcField()


class Instance(Stamped):
    """One Radarr or Sonarr, and what the last look at it said."""

    name = pw.CharField(max_length=64, unique=True)
    service = pw.CharField(max_length=16)
    version = pw.CharField(max_length=64, default="")
    last_sync_at = UtcField(null=True)
    last_sync = JsonField(null=True)
    last_error = pw.TextField(default="")
    webhook = pw.CharField(max_length=32, default="")


class Playlist(Stamped):
    """A source of entries. `version` counts the imports that became current; 0 means none yet.

    `searched_version` is the last one after which everything missing was searched for again.

    One that `is_configured` in the settings is switched off when it stands there no more; one that
    a person gave to a command stays.
    """

    name = pw.CharField(max_length=255, unique=True)
    location = pw.TextField()
    is_configured = pw.BooleanField(default=False)
    is_enabled = pw.BooleanField(default=True)
    version = pw.IntegerField(default=0)
    searched_version = pw.IntegerField(default=0)
    entry_count = pw.IntegerField(default=0)
    etag = pw.TextField(default="")
    last_modified = pw.TextField(default="")
    refreshed_at = UtcField(null=True)
    last_error = pw.TextField(default="")


class PlaylistItem(Stamped):
    """A playlist entry.

    It belongs to every version from `first_version` to `last_version`, so an import in progress
    is invisible until its playlist's `version` moves. `url` holds the provider's credentials.
    """

    playlist_id: int
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
        """Peewee's settings."""

        indexes = ((("playlist", "identity"), True), (("content_type", "title"), False))


class EntryKey(Base):
    """One way to find an entry: a title key with what gates the match."""

    item_id: int
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
        """Peewee's settings."""

        indexes = ((("key",), False),)


class WantedItem(Stamped):
    """A movie or an episode that an arr wants or wanted, as it was last read from there.

    `moved_at` is when it came into its state, `failures` counts how often in a row it ended in
    `failed` or `import_failed`. Downloads up to `forgiven_id` no longer count as tried.
    """

    instance = pw.CharField(max_length=64)
    service = pw.CharField(max_length=16)
    kind = pw.CharField(max_length=16)
    arr_id = pw.IntegerField()
    series_id = pw.IntegerField(null=True)
    title = pw.TextField()
    year = pw.IntegerField(default=0)
    season = pw.IntegerField(null=True)
    episode = pw.IntegerField(null=True)
    detail = JsonField()
    added_at = UtcField(null=True)
    state = pw.CharField(max_length=16)
    reason = pw.TextField(default="")
    moved_at = UtcField(null=True)
    failures = pw.IntegerField(default=0)
    forgiven_id = pw.IntegerField(default=0)
    searched_at = UtcField(null=True)

    class Meta:
        """Peewee's settings."""

        indexes = (
            (("instance", "arr_id"), True),
            (("instance", "series_id"), False),
            (("state", "kind"), False),
        )


class Match(Stamped):
    """The judgement of one entry for one wanted item."""

    item_id: int
    item = pw.ForeignKeyField(WantedItem, on_delete="CASCADE", index=False, column_name="item_id")
    playlist_item_id: int
    entry = pw.ForeignKeyField(PlaylistItem, on_delete="CASCADE", column_name="playlist_item_id")
    score = pw.IntegerField()
    method = pw.CharField(max_length=32)
    reasons = JsonField()
    state = pw.CharField(max_length=16)

    class Meta:
        """Peewee's settings."""

        indexes = ((("item", "entry"), True), (("state",), False))


class DownloadInfo(Stamped):
    """A download: the table that users read with SQL. The job row behind it decides."""

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


class Schedule(Base):
    """Work that comes again: the job it makes, and when the next one is due."""

    name = pw.CharField(max_length=255, unique=True)
    kind = pw.CharField(max_length=32)
    payload = JsonField()
    instance = pw.CharField(max_length=64, null=True)
    every_seconds = pw.IntegerField()
    next_run_at = UtcField()
    last_run_at = UtcField(null=True)


class Setting(Base):
    """A setting saved through the API: `name` is the environment variable it stands for."""

    name = pw.CharField(max_length=128, unique=True)
    value = pw.TextField()
    updated_at = UtcField()


class Filter(Stamped):
    """A rule that keeps entries in or out by one attribute."""

    name = pw.CharField(max_length=128, unique=True)
    attribute = pw.CharField(max_length=32)
    include = pw.TextField(default="")
    exclude = pw.TextField(default="")
    is_runtime = pw.BooleanField(default=False)


class ProcessingLog(Base):
    """One run of an import or a sync: what it handled and how it ended."""

    action = pw.CharField(max_length=32)
    subject = pw.CharField(max_length=255, default="")
    item_count = pw.IntegerField(default=0)
    status = pw.CharField(max_length=16)
    counts = JsonField(null=True)
    started_at = UtcField(index=True)
    completed_at = UtcField(null=True)
    error_message = pw.TextField(default="")


MODELS: tuple[type[Base], ...] = (
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

"""The tables. Only this room sees them; the other rooms get dataclasses of `core`.

Models are bound to a database when a `Store` is made, never at import.
"""

from __future__ import annotations

import peewee as pw

from stalkeer.db.fields import JsonField, Reference, UtcField


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
    """One Radarr or Sonarr, and what the last look at it said.

    `config` is how one that was added through the API is reached, a sealed JSON document; those of
    the settings have none.
    """

    name = pw.CharField(max_length=64, unique=True)
    service = pw.CharField(max_length=16)
    version = pw.CharField(max_length=64, default="")
    last_sync_at = UtcField(null=True)
    last_sync = JsonField(null=True)
    last_error = pw.TextField(default="")
    webhook = pw.CharField(max_length=32, default="")
    config = pw.TextField(null=True)


class Playlist(Stamped):
    """A source of entries. `version` counts the imports that became current; 0 means none yet.

    `searched_version` is the last one after which everything missing was searched for again.

    One that `is_configured` in the settings is switched off when it stands there no more; one that
    a person gave to a command stays.

    `location`, `username` and `password` are sealed; `location_mark` finds a location without
    opening any. An import writes only while `import_token` is its own. `max_connections` and
    `expires_at` are what an Xtream account says of itself.
    """

    name = pw.CharField(max_length=255, unique=True)
    kind = pw.CharField(max_length=16, default="m3u")
    location = pw.TextField()
    location_mark = pw.CharField(max_length=64, default="", index=True)
    username = pw.TextField(default="")
    password = pw.TextField(default="")
    user_agent = pw.TextField(default="")
    refresh_s = pw.IntegerField(null=True)
    connection_limit = pw.IntegerField(null=True)
    bandwidth_limit = pw.BigIntegerField(null=True)
    max_connections = pw.IntegerField(null=True)
    expires_at = UtcField(null=True)
    is_configured = pw.BooleanField(default=False)
    is_enabled = pw.BooleanField(default=True)
    version = pw.IntegerField(default=0)
    searched_version = pw.IntegerField(default=0)
    entry_count = pw.IntegerField(default=0)
    etag = pw.TextField(default="")
    last_modified = pw.TextField(default="")
    refreshed_at = UtcField(null=True)
    last_error = pw.TextField(default="")
    last_error_code = pw.CharField(max_length=64, default="")
    import_token = pw.CharField(max_length=64, null=True)


class PlaylistAddress(Base):
    """What many entries of a list have in common in their addresses.

    `secret` is the sealed JSON list of what stands before and after the path of an entry: scheme,
    credentials, host and query. `mark` is a keyed digest of it, to find it without opening any.
    """

    playlist_id: int
    playlist = pw.ForeignKeyField(Playlist, on_delete="CASCADE")
    provider = pw.CharField(max_length=255)
    secret = pw.TextField()
    mark = pw.BigIntegerField()


class PlaylistItem(Stamped):
    """A playlist entry.

    It is current while its playlist's `version` is at least `first_version` and below
    `gone_version`, so an import in progress is invisible until that one number moves. An entry
    that `filtered_by` a filter stays out of searches, and the row says why.

    `identity` tells entries apart, `content` is the digest of the lines it was read from: see
    `core.entries`. `ordinal` is the place where the list had it first. `keys` are the keys of its
    rows in `entry_key`. `override` is what a person said of it; the columns hold what counts.
    """

    playlist_id: int
    playlist = pw.ForeignKeyField(Playlist, on_delete="CASCADE", index=False)
    identity = pw.BigIntegerField()
    content = pw.BigIntegerField()
    address_id: int
    address = Reference(PlaylistAddress, index=False)
    path = pw.TextField()
    first_version = pw.IntegerField()
    gone_version = pw.IntegerField(null=True)
    ordinal = pw.IntegerField()
    name = pw.TextField()
    group_title = pw.TextField(default="")
    tvg_name = pw.TextField(default="")
    tvg_id = pw.TextField(default="")
    tvg_logo = pw.TextField(default="")
    tvg_type = pw.CharField(max_length=32, default="")
    url_kind = pw.CharField(max_length=16, null=True)
    user_agent = pw.TextField(default="")
    referrer = pw.TextField(default="")
    tmdb_id = pw.IntegerField(null=True)
    imdb_id = pw.CharField(max_length=32, default="")
    duration_s = pw.IntegerField(null=True)
    content_type = pw.CharField(max_length=16)
    title = pw.TextField(default="")
    year = pw.IntegerField(null=True)
    season = pw.IntegerField(null=True)
    episode = pw.IntegerField(null=True)
    resolution = pw.CharField(max_length=16, null=True)
    state = pw.CharField(max_length=16, default="processed")
    filtered_by = pw.TextField(null=True)
    override = JsonField(null=True)
    override_by = pw.CharField(max_length=64, null=True)
    override_at = UtcField(null=True)
    keys = JsonField(default=list)

    class Meta:
        """Peewee's settings."""

        indexes = (
            (("content_type", "title"), False),
            (("group_title",), False),
            (("resolution",), False),
            (("state",), False),
            (("year",), False),
        )


# All that a refresh has to know of the entries it has, in the order in which they are written.
PlaylistItem.add_index(
    PlaylistItem.index(
        PlaylistItem.playlist,
        PlaylistItem.first_version,
        PlaylistItem.id,
        PlaylistItem.identity,
        PlaylistItem.content,
        PlaylistItem.address,
        PlaylistItem.gone_version,
        PlaylistItem.content_type,
        PlaylistItem.filtered_by,
        name="playlist_item_known",
    )
)
PlaylistItem.add_index(
    PlaylistItem.index(PlaylistItem.content_type, PlaylistItem.id, name="playlist_item_kind")
)
# What follows the order lets a filter be tested without a look at the row.
PlaylistItem.add_index(
    PlaylistItem.index(
        PlaylistItem.updated_at,
        PlaylistItem.id,
        PlaylistItem.content_type,
        PlaylistItem.resolution,
        PlaylistItem.year,
        name="playlist_item_updated",
    )
)
PlaylistItem.add_index(
    PlaylistItem.index(
        PlaylistItem.override_at,
        where=pw.SQL("override_at IS NOT NULL"),
        name="playlist_item_overridden",
    )
)
PlaylistItem.add_index(
    PlaylistItem.index(
        PlaylistItem.filtered_by,
        where=pw.SQL("filtered_by IS NOT NULL"),
        name="playlist_item_filtered",
    )
)


class EntryKey(pw.Model):
    """One way to find an entry: a title key with what gates the match.

    `key` is the digest of the key's text (`core.entries.key_digest`). SQLite stores the rows in
    the order of the primary key, and in this order an import writes them.
    """

    key = pw.BigIntegerField()
    item_id: int
    item = Reference(PlaylistItem, column_name="item_id", index=False)
    content_type = pw.CharField(max_length=16)
    year = pw.IntegerField(null=True)
    season = pw.IntegerField(null=True)
    episode_from = pw.IntegerField(null=True)
    episode_to = pw.IntegerField(null=True)
    absolute = pw.IntegerField(null=True)
    air_date = pw.DateField(null=True)

    class Meta:
        """Peewee's settings."""

        database = None
        legacy_table_names = False
        primary_key = pw.CompositeKey("key", "item")


class EntryCount(Base):
    """How many current entries of a list are alike in all that lists of entries are filtered by.

    So that a page of a million entries can say how many there are. Without a resolution or a year
    they stand under "" and 0.
    """

    playlist_id: int
    playlist = pw.ForeignKeyField(Playlist, on_delete="CASCADE")
    content_type = pw.CharField(max_length=16)
    group_title = pw.TextField(default="")
    resolution = pw.CharField(max_length=16, default="")
    year = pw.IntegerField(default=0)
    is_filtered = pw.BooleanField()
    entries = pw.IntegerField()


class EntryTitle(Base):
    """A title the lists hold, once for all its entries that are current and not filtered.

    `key` is its title key, to search in; `year` is 0 when unknown. `item_id` is one of its
    entries, `confidence` says how surely that one was read. One that `is_collected` is in the
    library of a Radarr or a Sonarr; None means that it is no film and no series.
    """

    content_type = pw.CharField(max_length=16)
    title = pw.TextField()
    year = pw.IntegerField(default=0)
    key = pw.TextField()
    entries = pw.IntegerField()
    item_id: int
    item = Reference(PlaylistItem, column_name="item_id", index=False)
    confidence = pw.IntegerField()
    is_collected = pw.BooleanField(null=True)

    class Meta:
        """Peewee's settings."""

        indexes = (
            (("content_type", "title", "year"), False),
            (("content_type", "is_collected", "title"), False),
        )


class WantedItem(Stamped):
    """A movie or an episode that an arr wants or wanted, as it was last read from there.

    `moved_at` is when it came into its state, `failures` counts how often in a row it ended in
    `failed` or `import_failed`. Downloads up to `forgiven_id` no longer count as tried. One with a
    `file_resolution` is not missing: a better file is looked for.
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
    file_resolution = pw.CharField(max_length=16, null=True)
    state = pw.CharField(max_length=16)
    reason = pw.TextField(default="")
    reason_code = pw.CharField(max_length=32, default="")
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
    """The judgement of one entry for one wanted item.

    `entry_name` is how the list called it then. `alternatives` are the entries that were considered
    beside it, each with its score and why it was not chosen.
    """

    item_id: int
    item = pw.ForeignKeyField(WantedItem, on_delete="CASCADE", index=False, column_name="item_id")
    playlist_item_id: int
    entry = pw.ForeignKeyField(PlaylistItem, on_delete="CASCADE", column_name="playlist_item_id")
    score = pw.IntegerField()
    method = pw.CharField(max_length=32)
    reasons = JsonField()
    state = pw.CharField(max_length=16)
    entry_name = pw.TextField(default="")
    alternatives = JsonField(null=True)

    class Meta:
        """Peewee's settings."""

        indexes = ((("item", "entry"), True), (("state",), False))


class LearnedTitle(Stamped):
    """A name of a film or a series that a person's confirmation taught.

    It outlives the entry it was learned from. `target_id` is the id of the movie or of the series
    in its arr, `kind` that of the wanted items.
    """

    match_id: int | None
    match = pw.ForeignKeyField(Match, on_delete="SET NULL", null=True)
    instance = pw.CharField(max_length=64)
    kind = pw.CharField(max_length=16)
    target_id = pw.IntegerField()
    key = pw.TextField(index=True)
    title = pw.TextField()
    year = pw.IntegerField(null=True)
    country = pw.CharField(max_length=8, null=True)
    group_title = pw.TextField(default="")
    languages = JsonField()

    class Meta:
        """Peewee's settings."""

        indexes = ((("instance", "kind", "target_id"), False),)


class TmdbAnswer(Base):
    """What TMDB answered to one question, and when; no answer means that it knows nothing."""

    key = pw.CharField(max_length=255, unique=True)
    answer = JsonField(null=True)
    fetched_at = UtcField()


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


class Counter(Base):
    """How often something happened, in all processes together; `labels` is JSON."""

    name = pw.CharField(max_length=64)
    labels = pw.TextField()
    value = pw.BigIntegerField()

    class Meta:
        """Peewee's settings."""

        indexes = ((("name", "labels"), True),)


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


class WebAccount(Stamped):
    """The one person who may log in: `password` is a salted scrypt hash."""

    password = pw.TextField()


class WebSession(Base):
    """A login. `mark` is a digest of the cookie, which nobody can make a cookie of."""

    mark = pw.CharField(max_length=64, unique=True)
    created_at = UtcField()
    expires_at = UtcField(index=True)


class Notice(Base):
    """Something the user is to be told; one with a `key` is told once."""

    event = pw.CharField(max_length=16)
    text = pw.TextField()
    key = pw.CharField(max_length=191, null=True, unique=True)
    created_at = UtcField(index=True)
    sent_at = UtcField(null=True)


class Filter(Stamped):
    """A rule that keeps entries in or out by one attribute; without a playlist, those of all."""

    name = pw.CharField(max_length=128, unique=True)
    attribute = pw.CharField(max_length=32)
    include = pw.TextField(default="")
    exclude = pw.TextField(default="")
    is_runtime = pw.BooleanField(default=False)
    playlist_id: int | None
    playlist = pw.ForeignKeyField(Playlist, on_delete="CASCADE", null=True)


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

    class Meta:
        """Peewee's settings."""

        indexes = ((("action",), False), (("status",), False))


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

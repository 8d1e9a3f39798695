"""The tables of playlists, and of what is in them."""

from __future__ import annotations

import peewee as pw

from stalkeer.db.fields import JsonField, Reference, UtcField
from stalkeer.db.models.base import Base, Stamped


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
            (("content_type", "title", "id"), False),
            (("group_title",), False),
            (("year", "id"), False),
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
PlaylistItem.add_index(
    PlaylistItem.index(
        PlaylistItem.content_type,
        PlaylistItem.updated_at,
        PlaylistItem.id,
        name="playlist_item_updated",
    )
)
# Most names say no resolution.
PlaylistItem.add_index(
    PlaylistItem.index(
        PlaylistItem.resolution,
        PlaylistItem.id,
        where=pw.SQL("resolution IS NOT NULL"),
        name="playlist_item_resolution",
    )
)
PlaylistItem.add_index(
    PlaylistItem.index(
        PlaylistItem.resolution,
        PlaylistItem.updated_at,
        PlaylistItem.id,
        where=pw.SQL("resolution IS NOT NULL"),
        name="playlist_item_resolution_updated",
    )
)
# Nearly all are processed: nobody needs an index to find those.
PlaylistItem.add_index(
    PlaylistItem.index(
        PlaylistItem.state,
        where=pw.SQL("state <> 'processed'"),
        name="playlist_item_state",
    )
)
# Few entries but films have a year, and walking all years in search of them takes long.
PlaylistItem.add_index(
    PlaylistItem.index(
        PlaylistItem.content_type,
        PlaylistItem.year,
        PlaylistItem.id,
        where=pw.SQL("content_type <> 'movie' AND year IS NOT NULL"),
        name="playlist_item_dated",
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


class Filter(Stamped):
    """A rule that keeps entries in or out by one attribute; without a playlist, those of all."""

    name = pw.CharField(max_length=128, unique=True)
    attribute = pw.CharField(max_length=32)
    include = pw.TextField(default="")
    exclude = pw.TextField(default="")
    is_runtime = pw.BooleanField(default=False)
    playlist_id: int | None
    playlist = pw.ForeignKeyField(Playlist, on_delete="CASCADE", null=True)

"""The tables of what the arrs miss, and of the entries that were judged for it."""

from __future__ import annotations

import peewee as pw

from stalkeer.db.fields import JsonField, UtcField
from stalkeer.db.models.base import Base, Stamped
from stalkeer.db.models.lists import PlaylistItem


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

"""The tables of the service itself: instances, settings, logins, records."""

from __future__ import annotations

import peewee as pw

from stalkeer.db.fields import JsonField, UtcField
from stalkeer.db.models.base import Base, Stamped


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


class Counter(Base):
    """How often something happened, in all processes together; `labels` is JSON."""

    name = pw.CharField(max_length=64)
    labels = pw.TextField()
    value = pw.BigIntegerField()

    class Meta:
        """Peewee's settings."""

        indexes = ((("name", "labels"), True),)


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
    """Something the user is to be told; one with a `key` is told once.

    `sent_at` is when the jobs were written that tell it.
    """

    event = pw.CharField(max_length=16)
    text = pw.TextField()
    key = pw.CharField(max_length=191, null=True, unique=True)
    created_at = UtcField(index=True)
    sent_at = UtcField(null=True)


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

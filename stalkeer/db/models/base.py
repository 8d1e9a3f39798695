"""What all tables share."""

from __future__ import annotations

import peewee as pw

from stalkeer.db.fields import UtcField


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

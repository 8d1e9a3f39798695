"""Which columns hold sealed text, and how all of it gets another key."""

from __future__ import annotations

from typing import Any

from stalkeer.db.connect import Database, writes
from stalkeer.db.models import Instance, Setting
from stalkeer.db.playlists import Playlists
from stalkeer.db.vault import SEALED, Vault

SEALED_COLUMNS = (
    ("playlist", "location"),
    ("playlist_address", "secret"),
    ("instance", "config"),
    ("setting", "value"),
)
"""A table and a column each; where one of them opens, the others of its table do."""


class Sealing:
    """Seals everything anew."""

    def __init__(self, db: Database, vault: Vault, playlists: Playlists) -> None:
        """Work on this database; `playlists` know which of their columns are sealed."""
        self.db = db
        self._vault = vault
        self._playlists = playlists

    def renew(self) -> None:
        """Seal with the newest key what any key sealed; harmless to do twice, or half.

        SQLite keeps what was overwritten in free parts of its file until that is compacted. Raises
        `VaultError` when something cannot be opened.
        """
        self._playlists.seal(anew=True)
        self._renew_small()

    @writes
    def _renew_small(self) -> None:
        for model, field in ((Instance, Instance.config), (Setting, Setting.value)):
            rows: Any = model.select(model.id, field).where(field.startswith(SEALED)).tuples()
            for row_id, text in list(rows):
                sealed = self._vault.seal(self._vault.open(text))
                model.update({field: sealed}).where(model.id == row_id).execute()

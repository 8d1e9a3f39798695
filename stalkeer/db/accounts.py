"""The account of the page and its sessions: who may come in without the API key."""

from __future__ import annotations

from stalkeer.db.connect import Database, reads, writes
from stalkeer.db.models import WebAccount, WebSession


class Accounts:
    """Keeps the one account there is, and its sessions by a digest of their cookies."""

    def __init__(self, db: Database) -> None:
        """Work on this database."""
        self.db = db

    @reads
    def password(self) -> str | None:
        """Return the hash of the password; None before the account was made."""
        row = WebAccount.get_or_none()
        return None if row is None else str(row.password)

    @writes
    def create(self, password: str) -> bool:
        """Make the account with this hash; False when there is one."""
        now = self.db.now()
        # The first id, so that of two at once one finds it taken.
        return bool(
            WebAccount.insert(id=1, password=password, created_at=now, updated_at=now)
            .on_conflict_ignore()
            .as_rowcount()
            .execute()
        )

    @writes
    def change(self, password: str) -> None:
        """Replace the hash and end every session."""
        WebAccount.update(password=password, updated_at=self.db.now()).execute()
        WebSession.delete().execute()

    @writes
    def open(self, mark: str, *, lasts_s: float) -> None:
        """Write down a session, and forget those that are over."""
        WebSession.delete().where(WebSession.expires_at <= self.db.now()).execute()
        WebSession.insert(
            mark=mark, created_at=self.db.now(), expires_at=self.db.now(lasts_s)
        ).execute()

    @reads
    def is_open(self, mark: str) -> bool:
        """Say whether a session holds."""
        query = WebSession.select().where(
            (WebSession.mark == mark) & (WebSession.expires_at > self.db.now())
        )
        return bool(query.exists())

    @writes
    def end(self, mark: str) -> None:
        """End one session."""
        WebSession.delete().where(WebSession.mark == mark).execute()

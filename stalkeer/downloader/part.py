"""The part file while it is fetched: how many bytes of which file it holds."""

from __future__ import annotations

import os
from dataclasses import replace

from stalkeer.downloader.errors import WrongFileError
from stalkeer.downloader.resume import ResumeState, for_origin, trusted_bytes

MAX_RESTARTS = 3
_SYNC_S = 30.0


class HeldPart:
    """An open part file with the state that belongs to its bytes.

    `in_doubt` is on while the remote file may be another one than ours: then all of it is asked
    for and compared, until it has proved the same or replaced ours. The state of a new answer is
    adopted only at that point, because until then the bytes on disk are those of the old one.
    """

    def __init__(self, descriptor: int, have: int, state: ResumeState) -> None:
        self.descriptor = descriptor
        self.have = have
        self.state = state
        self.in_doubt = False
        self._synced_at: float | None = None

    @classmethod
    def take(
        cls, descriptor: int, resume: ResumeState, host: str, *, boot: str | None, keep: bool
    ) -> HeldPart:
        """Hold what is in the file and can be relied on; nothing of it unless `keep`."""
        size = os.fstat(descriptor).st_size if keep else 0
        have = trusted_bytes(resume, size, boot=boot)
        state = for_origin(resume, host) if have else ResumeState(origin=host)
        durable = min(state.durable_bytes, have)
        part = cls(descriptor, have, replace(state, durable_bytes=durable, boot=boot))
        part.end_at(have)
        return part

    @property
    def is_complete(self) -> bool:
        """Whether the file is as long as the server said."""
        return self.have > 0 and self.have == self.state.total_bytes

    def doubt(self, host: str, reason: str) -> None:
        """Take the remote file for another one; too often is `WrongFileError`."""
        if self.in_doubt:
            return
        self.in_doubt = True
        self.state = replace(self.state, restarts=self.state.restarts + 1)
        if self.state.restarts > MAX_RESTARTS:
            raise WrongFileError(
                f"The file at {host} keeps changing while it is fetched ({reason}). "
                "Choose another entry, or try again later."
            )

    def adopt(self, state: ResumeState, *, differed: bool) -> None:
        """Take over the state of an answer whose bytes proved the same, or have replaced ours."""
        old = self.state
        was_false_alarm = self.in_doubt and not differed and state.total_bytes == old.total_bytes
        new = replace(
            state,
            restarts=old.restarts - was_false_alarm,
            durable_bytes=0 if differed else old.durable_bytes,
            no_range=old.no_range,
            no_if_range=old.no_if_range,
        )
        if not differed and self.have and None not in (old.etag, new.etag) and old.etag != new.etag:
            # The same bytes under another ETag: this server makes a new one for each answer.
            new = replace(new, etag=None, last_modified=None, no_if_range=True)
        self.state = new
        self.in_doubt = False

    def sync(self, now: float) -> None:
        """Have the disk keep what was written, every 30 s."""
        if self._synced_at is None:
            self._synced_at = now
        if now - self._synced_at < _SYNC_S:
            return
        os.fsync(self.descriptor)
        self._synced_at = now
        self.state = replace(self.state, durable_bytes=self.have)

    def end_at(self, size: int) -> None:
        """Drop whatever stands behind the end of the file."""
        # Only then: ext4 writes out at once whatever was cut to nothing before it was filled.
        if os.fstat(self.descriptor).st_size > size:
            os.ftruncate(self.descriptor, size)
        self.have = size

    def is_intact(self) -> bool:
        """Whether the file on disk is as long as what was written to it."""
        return os.fstat(self.descriptor).st_size == self.have

    def first(self, count: int) -> bytes:
        """Read the first bytes."""
        return os.pread(self.descriptor, min(count, self.have), 0)

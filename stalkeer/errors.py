"""The root of every error of ours, and what an error says about trying again.

Rooms define their own errors beside the code that raises them, all below `StalkeerError`.
The job runner reads the class attributes and nothing else: it knows no error by name.
"""

from __future__ import annotations

from typing import ClassVar


class StalkeerError(Exception):
    """An error whose message may be shown to the user as it is.

    The message says what happened, to which item, and what to do. It never holds a key, a
    password or a provider address.
    """

    code: ClassVar[str] = "internal"
    """Stable name of the error, for scripts: it stands in API answers and job rows."""

    retryable: ClassVar[bool] = False
    """Whether the same call may work later without anybody doing anything."""

    costs_attempt: ClassVar[bool] = True
    """False when the fault is with a source (an arr, a provider, a disk) and not with the item:
    the job waits until the source is back and keeps all its attempts."""

    def __init__(self, message: str, *, retry_in_s: float | None = None) -> None:
        """Keep the message; `retry_in_s` is a wait the other side asked for (Retry-After)."""
        super().__init__(message)
        self.retry_in_s = retry_in_s

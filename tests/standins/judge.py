"""What the programs think of a file before they import it.

Radarr: Core/MediaFiles/MovieImport/Specifications; Sonarr has the same ones. Files are not opened:
the running time of a file is what a test tells.
"""

from __future__ import annotations

import posixpath

from tests.standins.disk import Disk
from tests.standins.files import Incoming, LibraryFile
from tests.standins.names import quality_rank
from tests.standins.server import Json

FREE_SPACE = 536_870_912_000
SPARE_BYTES = 100_000_000
"""What must stay free on the root folder after an import."""

_SAMPLE_LIMITS_S = ((3, 15), (10, 90), (30, 300))
"""A file shorter than this many seconds is a sample of an item up to so many minutes long."""
_SAMPLE_LIMIT_S = 600


class Judge:
    """Says why a file is not to be imported, by rule or because a test said so."""

    def __init__(self, disk: Disk) -> None:
        self.free_space = FREE_SPACE
        self._disk = disk
        self._refusals: tuple[str, ...] = ()
        self._runtimes: dict[str, float] = {}
        self._silent_losses = 0

    def refuse(self, *reasons: str) -> None:
        """Reject every file with these words until `clear`; the ManualImport command never asks."""
        self._refusals = reasons

    def tell_runtime(self, file_name: str, seconds: float) -> None:
        """Say how long the video of that name is, as ffprobe would."""
        self._runtimes[file_name] = seconds

    def lose_imports(self, times: int = 1) -> None:
        """Let the next ManualImport commands end `successful` without importing anything."""
        self._silent_losses = times

    def loses_this_import(self) -> bool:
        """Say whether this import comes to nothing; counts it."""
        self._silent_losses -= 1
        return self._silent_losses >= 0

    def clear(self) -> None:
        """Forget every refusal and loss."""
        self._refusals = ()
        self._silent_losses = 0

    def rejections(
        self, incoming: Incoming, *, minutes: int | None, existing: LibraryFile | None, kind: str
    ) -> list[Json]:
        """List what speaks against a file for one item.

        `minutes` is the running time of the item, 0 unknown, None: a sample is not looked for.
        """
        reasons = list(self._refusals)
        if self._disk.size(incoming.path) + SPARE_BYTES > self.free_space:
            reasons.append("Not enough free space")
        seconds = self._runtimes.get(posixpath.basename(incoming.path))
        if seconds is not None and minutes is not None and seconds < _sample_limit_s(minutes):
            reasons.append("Sample")
        if existing and quality_rank(incoming.quality) < quality_rank(existing.quality):
            had, new = (q["quality"]["name"] for q in (existing.quality, incoming.quality))
            words = (
                f"Not an upgrade for existing {kind}. Existing quality: {had}. New Quality {new}."
            )
            reasons.append(words)
        return [rejection(reason) for reason in reasons]


def rejection(reason: str) -> Json:
    """Write a reason as the API does."""
    return {"reason": reason, "type": "permanent"}


def _sample_limit_s(minutes: int) -> int:
    fitting = (limit for up_to, limit in _SAMPLE_LIMITS_S if minutes <= up_to)
    return next(fitting, _SAMPLE_LIMIT_S)

"""Makes sure an arr sees the folder we publish in, before a byte is spent on a download.

The commonest fault of all: two containers that do not share a folder, or share it under another
name. Found out here it costs a second; found out at the import it costs a film.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.pathmap import PathMap
from stalkeer.errors import StalkeerError

MARKER = "stalkeer-visibility-check.txt"
SEEN_FOR_S = 3600.0
LOOK_AGAIN_S = 60.0


class FolderNotSeenError(StalkeerError):
    """The arr does not see our folder: what we would download could not be imported."""

    code: ClassVar[str] = "folder_not_seen"
    retryable: ClassVar[bool] = True
    costs_attempt: ClassVar[bool] = False


class FolderNotWritableError(StalkeerError):
    """We may not write where finished files should go."""

    code: ClassVar[str] = "folder_not_writable"
    retryable: ClassVar[bool] = True
    costs_attempt: ClassVar[bool] = False


class SeenFolders:
    """Remembers for an hour which folders an arr was seen to see. Safe between threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start with none."""
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seen_at: dict[tuple[str, Path], float] = {}

    def require(
        self, arr: Radarr | Sonarr, folder: Path, path_map: PathMap, *, setting: str
    ) -> None:
        """Return when the arr sees `folder`.

        Writes a small file there, asks the arr for it, and removes it. `setting` is the prefix of
        the instance's variables, for the remedy. Raises `FolderNotSeenError` or
        `FolderNotWritableError`.
        """
        with self._lock:
            seen_at = self._seen_at.get((arr.name, folder))
            if seen_at is not None and self._monotonic() - seen_at < SEEN_FOR_S:
                return
            if not sees(arr, folder, path_map):
                raise FolderNotSeenError(
                    _remedy(arr.name, folder, path_map, setting), retry_in_s=LOOK_AGAIN_S
                )
            self._seen_at[arr.name, folder] = self._monotonic()


def sees(arr: Radarr | Sonarr, folder: Path, path_map: PathMap) -> bool:
    """Say whether the arr sees our folder under the name the path map gives it."""
    # None: a version that cannot say. Then the import will.
    return sees_as(arr, folder, path_map.theirs(str(folder))) is not False


def sees_as(arr: Radarr | Sonarr, folder: Path, theirs: str) -> bool | None:
    """Say whether what the arr calls `theirs` is our folder: a file we put there shows up.

    None when the arr cannot tell. Raises `FolderNotWritableError`.
    """
    marker = folder / MARKER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        marker.write_text("stalkeer asks whether this folder is visible. It can be removed.\n")
    except OSError as exc:
        raise FolderNotWritableError(
            f"stalkeer may not write to {folder} ({exc.strerror}). Give its user the right to, or "
            f"set STALKEER_DIRECTORIES_MOVIES and STALKEER_DIRECTORIES_TVSHOWS to other folders.",
            retry_in_s=LOOK_AGAIN_S,
        ) from exc
    separator = "\\" if "\\" in theirs else "/"
    try:
        return arr.sees_file(f"{theirs}{separator}{MARKER}")
    finally:
        marker.unlink(missing_ok=True)


def _remedy(name: str, folder: Path, path_map: PathMap, setting: str) -> str:
    theirs = path_map.theirs(str(folder))
    seen_as = "" if theirs == str(folder) else f" (as {theirs})"
    return (
        f"{name.title()} does not see the folder {folder}{seen_as}, so it could not import from "
        f"it. Mount the same folder in both containers, or say what {name.title()} calls it: "
        f"{setting + '_PATH_MAP' if setting else 'its path map'}={folder}=>/its/name/in/{name}"
    )

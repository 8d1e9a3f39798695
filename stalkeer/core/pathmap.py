"""The same folder under two names: ours, and the one Radarr or Sonarr knows it by."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WINDOWS = re.compile(r"\\\\|[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class PathMap:
    """Pairs of (our folder, their folder). Paths outside every pair stay as they are."""

    pairs: tuple[tuple[str, str], ...] = ()

    def theirs(self, path: str) -> str:
        """Give the name the arr knows this path of ours by."""
        return _translated(path, self.pairs)

    def ours(self, path: str) -> str:
        """Give our name of a path that the arr named; `C:\\data` and `c:/data` are the same."""
        return _translated(path, tuple((theirs, ours) for ours, theirs in self.pairs))


def _translated(path: str, pairs: tuple[tuple[str, str], ...]) -> str:
    best: tuple[int, str] | None = None
    for source, target in pairs:
        rest = _below(path, source)
        if rest is not None and (best is None or len(source) > best[0]):
            best = (len(source), _joined(target, rest))
    return path if best is None else best[1]


def _below(path: str, folder: str) -> list[str] | None:
    """Give the parts of the path below the folder, or None when it is not inside."""
    parts, above = _parts(path), _parts(folder)
    same = _folded(parts[: len(above)], folder) == _folded(above, folder)
    return parts[len(above) :] if same else None


def _parts(path: str) -> list[str]:
    separators = r"[\\/]+" if _WINDOWS.match(path) else "/+"
    return re.split(separators, path.rstrip("\\/") if _WINDOWS.match(path) else path.rstrip("/"))


def _folded(parts: list[str], folder: str) -> list[str]:
    # Windows does not tell upper from lower case.
    return [part.casefold() for part in parts] if _WINDOWS.match(folder) else parts


def _joined(folder: str, rest: list[str]) -> str:
    separator = "\\" if _WINDOWS.match(folder) and "/" not in folder else "/"
    stem = folder.rstrip("\\/")
    # The root of a file system keeps its separator: "/" and "C:\".
    return separator.join([stem, *rest]) if rest else stem or folder

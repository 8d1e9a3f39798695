"""The disk as a stand-in sees it: only the mounted folders exist, under its own names."""

from __future__ import annotations

import hashlib
import posixpath
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from tests.standins.commands import utc
from tests.standins.names import VIDEO_SUFFIXES
from tests.standins.server import Json


class Disk:
    """Translates the program's paths (`/movies/…`) to real ones; what is not mapped is not there.

    Paths of the program are strings here, real paths are `Path`s.
    """

    def __init__(self, mounts: Mapping[str, Path]) -> None:
        self._mounts = {posixpath.normpath(theirs): real for theirs, real in mounts.items()}

    def real(self, path: str) -> Path | None:
        """Find the real place of a path, whether or not something is there; None: not mounted."""
        wanted = PurePosixPath(posixpath.normpath(path or "."))
        for theirs in sorted(self._mounts, key=len, reverse=True):
            if wanted.is_relative_to(theirs):
                return self._mounts[theirs] / wanted.relative_to(theirs)
        return None

    def is_file(self, path: str) -> bool:
        """Say whether the program sees a file there."""
        real = self.real(path)
        return real is not None and real.is_file()

    def is_folder(self, path: str) -> bool:
        """Say whether the program sees a folder there."""
        real = self.real(path)
        return real is not None and real.is_dir()

    def size(self, path: str) -> int:
        """Count the bytes of a file that is there."""
        real = self.real(path)
        return real.stat().st_size if real is not None else 0

    def videos(self, folder: str) -> list[str]:
        """List the video files in a folder and below, without hidden ones."""
        real = self.real(folder)
        if real is None or not real.is_dir():
            return []
        inside = sorted(path.relative_to(real) for path in real.rglob("*") if path.is_file())
        seen = [path for path in inside if not any(part.startswith(".") for part in path.parts)]
        return [posixpath.join(folder, p) for p in seen if p.suffix.lower() in VIDEO_SUFFIXES]

    def place(self, source: str, target: str, *, copy: bool) -> None:
        """Move or copy a file; both ends must be mounted."""
        origin, goal = self.real(source), self.real(target)
        if origin is None or goal is None:
            raise FileNotFoundError(source)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if copy:
            shutil.copy2(origin, goal)
        else:
            shutil.move(origin, goal)

    def remove(self, path: str) -> None:
        """Delete a file or a whole folder if it is there."""
        real = self.real(path)
        if real is not None and real.is_dir():
            shutil.rmtree(real)
        elif real is not None:
            real.unlink(missing_ok=True)

    def kind(self, path: str) -> Json:
        """Answer GET filesystem/type: what is no file is a folder, even when nothing is there."""
        return {"type": "file" if self.is_file(path) else "folder"}

    def listing(self, query: str, *, files: bool, slashless: bool) -> Json:
        """Answer GET filesystem.

        Without `slashless` (allowFoldersWithoutTrailingSlashes) the part after the last slash is
        what somebody is typing, and its parent is listed.
        """
        whole = slashless and self.is_folder(query)
        folder = query if whole else query[: query.rfind("/") + 1]
        shown: Json = {"directories": [], "files": []}
        parent = posixpath.dirname(posixpath.normpath(folder)) if folder else ""
        if folder and folder != "/":
            shown["parent"] = parent if parent.endswith("/") else f"{parent}/"
        for child in self._children(folder):
            if child["type"] == "folder":
                shown["directories"].append(child)
            elif files:
                shown["files"].append(child)
        return shown

    def _children(self, folder: str) -> Iterator[Json]:
        real = self.real(folder) if folder else None
        if folder == "/" and real is None:
            tops = {theirs for theirs in self._mounts if theirs.count("/") == 1}
            yield from (
                _child_json(top, self._mounts[top]) | {"name": top[1:]} for top in sorted(tops)
            )
            return
        if real is None or not real.is_dir():
            return
        for child in sorted(real.iterdir()):
            yield _child_json(posixpath.join(folder, child.name), child)


def _child_json(path: str, real: Path) -> Json:
    facts = real.stat()
    modified = utc(datetime.fromtimestamp(facts.st_mtime, UTC))
    if real.is_dir():
        name = {"type": "folder", "name": real.name, "path": f"{path}/"}
        return {**name, "size": 0, "lastModified": modified}
    name = {"type": "file", "name": real.name, "path": path, "extension": real.suffix}
    return {**name, "size": facts.st_size, "lastModified": modified}


def sha256(path: Path) -> str:
    """Hash a file, to say that it is the same one."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def basename(path: str) -> str:
    """Take the last part of a path that may end with a slash."""
    return posixpath.basename(path.rstrip("/"))


def is_inside(path: str, folder: str) -> bool:
    """Say whether a path lies below a folder."""
    return path.startswith(f"{folder.rstrip('/')}/")

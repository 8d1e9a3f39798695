"""Files on disk: the unfinished one, the room for it, and its one step to where it belongs.

Everything below a root is opened relative to its folder's descriptor and never through a
symbolic link, so that links planted there lead nowhere.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from stalkeer.downloader.errors import (
    DiskFullError,
    FolderUnavailableError,
    NameTakenError,
    PartInUseError,
    UnsafePathError,
)
from stalkeer.downloader.placing import (
    MOST_NAMES,
    Whole,
    find_place,
    is_still,
    names_like,
    put,
    try_lock,
)

PART_FOLDER = ".stalkeer"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LINK = (errno.ELOOP, errno.ENOTDIR)
LOOK_AGAIN_S = 30.0
"""How soon a download looks whether there is room again."""


def part_path(root: Path, download_id: int) -> Path:
    """Say where the unfinished file of a download lies: on the filesystem it will end on."""
    return root / PART_FOLDER / f"{download_id}.part"


@contextmanager
def open_part(part: Path) -> Iterator[int]:
    """Open a part file for reading and writing, alone; yields its descriptor.

    The file and its hidden folder (0700) are made when missing, and what is in it stays. Raises
    `PartInUseError` while anybody else has it open, `UnsafePathError` for a link or anything
    that is no plain file, `FolderUnavailableError` when the folder above is not there.
    """
    with disk_errors(part):
        _make_part_folder(part.parent)
    with _hold(part, os.O_CREAT) as descriptor:
        yield descriptor


@contextmanager
def _hold(part: Path, flags: int = 0) -> Iterator[int]:
    flags |= os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with disk_errors(part), _folder_of(part) as folder:
        descriptor = os.open(part.name, flags, 0o666, dir_fd=folder)
    try:
        with disk_errors(part):
            _lock(descriptor, part)
            _check_plain(descriptor, part)
        yield descriptor
    finally:
        with disk_errors(part):
            os.close(descriptor)


def remove_part(part: Path) -> None:
    """Remove a part file; nothing happens when it is gone already."""
    with disk_errors(part), suppress(FileNotFoundError), _folder_of(part) as folder:
        os.unlink(part.name, dir_fd=folder)


def existing(path: Path) -> Path:
    """Find what there is of a path: itself, or the folder in which it will be made."""
    with disk_errors(path):
        # Up to Python 3.13 `exists` raises what a broken disk says, later it says False.
        while not _is_there(path) and path != path.parent:
            path = path.parent
    return path


def free_bytes(path: Path) -> int:
    """Say how many bytes an ordinary user may still write where `path` is, or will be."""
    path = existing(path)
    with disk_errors(path):
        facts = os.statvfs(path)
    return facts.f_bavail * facts.f_frsize


def check_space(path: Path, needed_bytes: int, floor_bytes: int, *, claimed_bytes: int = 0) -> None:
    """Raise `DiskFullError` unless `floor_bytes` stay free after writing `needed_bytes`.

    `claimed_bytes` are still to be written by others who run.
    """
    free = free_bytes(path)
    if free - claimed_bytes - needed_bytes < floor_bytes:
        others = f", {_gb(claimed_bytes)} are for other downloads" if claimed_bytes else ""
        raise DiskFullError(
            f"{path} has {_gb(free)} free{others}; {_gb(needed_bytes)} are needed and "
            f"{_gb(floor_bytes)} must stay free. Make room.",
            retry_in_s=LOOK_AGAIN_S,
        )


def _always() -> None:
    """Permit everything."""


def _never() -> bool:
    """Ask nobody to stop."""
    return False


def publish(
    part: Path,
    root: Path,
    relative: str,
    *,
    permit: Callable[[], object] = _always,
    should_stop: Callable[[], bool] = _never,
) -> Path:
    """Move a complete part file to `relative` below `root` and say where it is.

    The name appears in one step with the whole file behind it; across filesystems the file is
    copied beside its target first. A file of that name that is not ours is never overwritten:
    the same content (size, first and last MiB) counts as this very file, and the part is dropped;
    another one makes ours `Name (2).mkv`. An empty file that nobody holds counts as a name we had
    reserved. A second run after a kill ends in the same place. Nothing is ever written outside
    `root`.

    The part is locked all the while: raises `PartInUseError` when somebody else has it.
    `permit` is called when all that takes time is done, before a copy and again after it, and may
    raise: the next step is the name. A copy asks `should_stop` at each MiB and then raises
    `DownloadStoppedError`; the part stays.
    """
    folders, name = _split(relative)
    with disk_errors(root), _open_below(root, folders) as folder, _hold(part) as descriptor:
        os.fsync(descriptor)
        whole = Whole(part, descriptor, permit, should_stop)
        got = _place(whole, folder, names_like(name))
    if got is None:
        raise UnsafePathError(f"There are {MOST_NAMES} other files named like {name!r} already.")
    return root.joinpath(*folders, got)


def publish_as(part: Path, path: Path) -> None:
    """Move a complete part file to exactly `path`, in a folder that is there.

    As `publish`, but another file of that name is `NameTakenError`.
    """
    with disk_errors(path), _open_below(path.parent, ()) as folder, _hold(part) as descriptor:
        os.fsync(descriptor)
        got = _place(Whole(part, descriptor, _always, _never), folder, (path.name,))
    if got is None:
        raise NameTakenError(f"{path} is there already and is another file. Move it away.")


def _place(whole: Whole, folder: int, names: Iterable[str]) -> str | None:
    """Give the part the first of the names that it can have, and say which; None if there is none.

    Only the very file that got the name is removed: a part begun anew meanwhile is another's.
    """
    with find_place(folder, names, whole.descriptor) as place:
        if place is None:
            return None
        if place.is_filled:
            whole.require()
        else:
            put(whole, place)
    os.fsync(folder)
    if whole.is_there():
        whole.path.unlink()
    return place.name


def published(part: Path, root: Path, relative: str, size_bytes: int) -> Path | None:
    """Find the file that a run published before it was killed; None if there is none.

    That is so when the part is gone and a file of the right size has the name it would have got.
    """
    folders, name = _split(relative)
    with disk_errors(part):
        if _is_there(part):
            return None
    with disk_errors(root):
        for numbered in names_like(name):
            path = root.joinpath(*folders, numbered)
            if not _is_there(path) or not path.is_file():
                return None
            if path.stat().st_size == size_bytes:
                return path
    return None


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn errors of the system about `path` into ours."""
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise DiskFullError(
                f"The disk of {path.parent} is full or the file too large for it "
                f"({exc.strerror}{_free_there(path.parent)}). Make room.",
                retry_in_s=LOOK_AGAIN_S,
            ) from exc
        if exc.errno in _LINK:
            raise UnsafePathError(
                f"{path} runs over a symbolic link or a plain file. Remove whatever is there."
            ) from exc
        raise FolderUnavailableError(
            f"{path} cannot be used ({exc.strerror}). Is its disk mounted and writable?"
        ) from exc


def _free_there(folder: Path) -> str:
    with suppress(OSError):
        facts = os.statvfs(folder)
        return f", {_gb(facts.f_bavail * facts.f_frsize)} free"
    return ""


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def _make_part_folder(folder: Path) -> None:
    # Only ours: when a root is missing, its disk is not mounted, and nothing may be made there.
    if folder.name == PART_FOLDER:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)


@contextmanager
def _folder_of(part: Path) -> Iterator[int]:
    """Open the folder of a part file. Ours may not be a link; one that a person named may."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    if part.parent.name == PART_FOLDER:
        flags |= os.O_NOFOLLOW
    descriptor = os.open(part.parent, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, part: Path) -> None:
    if not try_lock(descriptor):
        raise PartInUseError(f"{part} is being written by another download.")


def _check_plain(descriptor: int, part: Path) -> None:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 1:
        raise UnsafePathError(f"{part} is no plain file of its own. Remove it.")
    if not is_still(part, facts):
        # It was published or removed between opening and locking: writing would hit that file.
        raise PartInUseError(f"{part} was moved by another download a moment ago.")


def _split(relative: str) -> tuple[tuple[str, ...], str]:
    path = PurePosixPath(relative)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in relative:
        raise UnsafePathError(f"{relative!r} is no path inside a folder.")
    return path.parts[:-1], path.name


@contextmanager
def _open_below(root: Path, folders: tuple[str, ...]) -> Iterator[int]:
    """Open a folder below the root, making what is missing and following no link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    descriptor = os.open(root, flags)
    try:
        for name in folders:
            above = descriptor
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=above)
                os.fsync(above)
            descriptor = os.open(name, flags | os.O_NOFOLLOW, dir_fd=above)
            os.close(above)
        yield descriptor
    finally:
        os.close(descriptor)

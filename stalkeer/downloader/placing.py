"""The place of a finished file: a name kept free for it, and the one step that puts it there.

Any step may be the first after minutes in which the process stood still and somebody else went on
with the same part. So the part and the name are held open and locked, and looked at again before
each step: where a filesystem knows no locks, that look and the caller's leave stand alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from secrets import token_hex

from stalkeer.downloader.errors import DownloadStoppedError, PartInUseError

MOST_NAMES = 100
_COPY_BYTES = 1024 * 1024
_SYNC_BYTES = 32 * 1024 * 1024
"""After how much of a copy the disk is waited for: the wait for all of it would hear no stop."""
COPIES = ".*.part.*copy"
"""What copies are called that are not whole yet, beside the place of the file."""
_SAMPLE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Whole:
    """A complete part file, open and locked. `permit` raises when it must not be published."""

    path: Path
    descriptor: int
    permit: Callable[[], object]
    should_stop: Callable[[], bool]

    def require(self) -> None:
        """Ask for leave, then raise `PartInUseError` unless the part is still this very file."""
        self.permit()
        if not self.is_there():
            raise PartInUseError(f"{self.path} was taken over by another download meanwhile.")

    def is_there(self) -> bool:
        """Say whether the part still has its name."""
        return is_still(self.path, os.fstat(self.descriptor))


class Place:
    """A name in an open folder, kept free by an empty file that is open and locked.

    Without such a file (`reservation` None) the part's own content has the name already.
    """

    def __init__(self, folder: int, name: str, reservation: int | None, *, is_new: bool) -> None:
        self.folder = folder
        self.name = name
        self._reservation = reservation
        self._is_new = is_new

    @property
    def is_filled(self) -> bool:
        """Whether nothing needs to be put here."""
        return self._reservation is None

    def require(self) -> None:
        """Raise `PartInUseError` when another file has got the name meanwhile."""
        if not self._is_free():
            raise PartInUseError(f"{self.name} was published by another download meanwhile.")

    def close(self) -> None:
        """Let go of the name, and remove the empty file if it is of this run."""
        if self._reservation is None:
            return
        try:
            if self._is_new and self._is_free():
                os.unlink(self.name, dir_fd=self.folder)
        finally:
            os.close(self._reservation)

    def _is_free(self) -> bool:
        if self._reservation is None:
            return False
        facts = os.fstat(self._reservation)
        return facts.st_size == 0 and is_still(self.name, facts, self.folder)


def try_lock(descriptor: int) -> bool:
    """Lock an open file; False while anybody else has it locked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # Some network filesystems know no locks; the job's lease then stands alone.
        return True
    return True


def is_still(path: Path | str, facts: os.stat_result, folder: int | None = None) -> bool:
    """Say whether a name is still that of the file with these facts."""
    try:
        now = os.stat(path, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (now.st_dev, now.st_ino) == (facts.st_dev, facts.st_ino)


def names_like(name: str) -> Iterator[str]:
    """Give the names to try, `a.mkv`, `a (2).mkv`…, one after the other."""
    yield name
    path = PurePosixPath(name)
    for number in range(2, MOST_NAMES + 1):
        yield f"{path.stem} ({number}){path.suffix}"


@contextmanager
def find_place(folder: int, names: Iterable[str], part: int) -> Iterator[Place | None]:
    """Find the first name that is free for the part, or has its content already; else None.

    An empty file that nobody holds counts as a name that a killed run had reserved.
    """
    places = (_try_name(folder, name, part) for name in names)
    place = next((place for place in places if place is not None), None)
    try:
        yield place
    finally:
        if place is not None:
            place.close()


def put(whole: Whole, place: Place) -> None:
    """Put the part into its place, in one step that readers see whole or not at all.

    Across filesystems it is copied beside the place first, and leave is asked for once more.
    """
    whole.require()
    place.require()
    try:
        os.rename(whole.path, place.name, dst_dir_fd=place.folder)
    except OSError as exc:
        # Asking beats comparing devices: two mounts of one disk have the same number.
        if exc.errno != errno.EXDEV:
            raise
        _put_copy(whole, place)


def _try_name(folder: int, name: str, part: int) -> Place | None:
    place = _reserve(folder, name) or _adopt(folder, name)
    if place is None and _is_same(folder, name, part):
        return Place(folder, name, None, is_new=False)
    return place


def _reserve(folder: int, name: str) -> Place | None:
    """Make an empty file of that name; None when there is any."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, 0o666, dir_fd=folder)
    except FileExistsError:
        return None
    try_lock(descriptor)
    return Place(folder, name, descriptor, is_new=True)


def _adopt(folder: int, name: str) -> Place | None:
    """Take over the empty file that a killed run left; None when it is anything else."""
    facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > 0:
        return None
    descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    if try_lock(descriptor):
        return Place(folder, name, descriptor, is_new=False)
    os.close(descriptor)
    return None


def _is_same(folder: int, name: str, part: int) -> bool:
    facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size != os.fstat(part).st_size:
        return False
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    other = os.open(name, flags, dir_fd=folder)
    try:
        return all(
            os.pread(other, _SAMPLE_BYTES, at) == os.pread(part, _SAMPLE_BYTES, at)
            for at in (0, max(facts.st_size - _SAMPLE_BYTES, 0))
        )
    finally:
        os.close(other)


def _put_copy(whole: Whole, place: Place) -> None:
    with _copied(whole, place.folder) as copy:
        whole.require()
        place.require()
        os.rename(copy, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)


@contextmanager
def _copied(whole: Whole, folder: int) -> Iterator[str]:
    """Copy the part into the folder, under a name of this run that is gone afterwards."""
    _remove_copies(whole.path, folder)
    name = f".{whole.path.name}.{token_hex(4)}.copy"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    target = os.open(name, flags, 0o666, dir_fd=folder)
    try:
        _copy(whole, target)
        yield name
    finally:
        os.close(target)
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def _remove_copies(part: Path, folder: int) -> None:
    """Remove what killed runs left of copies of this part."""
    for name in os.listdir(folder):
        if name.startswith(f".{part.name}.") and name.endswith("copy"):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)


def _copy(whole: Whole, target: int) -> None:
    at = 0
    while piece := os.pread(whole.descriptor, _COPY_BYTES, at):
        if whole.should_stop():
            raise DownloadStoppedError("The download was stopped; its complete file waits.")
        _write_all(target, piece)
        at += len(piece)
        if at % _SYNC_BYTES == 0:
            os.fdatasync(target)
    os.fsync(target)


def _write_all(descriptor: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]

"""Who stood still while it published, and wakes, harms nothing of who took over meanwhile."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stalkeer.downloader.errors import DownloadStoppedError, PartInUseError
from stalkeer.downloader.files import open_part, part_path, publish

NAME = "Heat (1995)/Heat (1995).mkv"
FILM = b"film" * 1_000_000


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    root = tmp_path / "movies"
    root.mkdir()
    return root


@pytest.fixture(name="part")
def _part(root: Path) -> Path:
    return make_part(root, FILM)


@pytest.fixture(name="other_disk")
def _other_disk(tmp_path: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second filesystem to copy to")
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@pytest.fixture(name="no_locks")
def _no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network filesystem that knows no locks."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


def make_part(root: Path, content: bytes, number: int = 7) -> Path:
    part = part_path(root, number)
    with open_part(part) as descriptor:
        os.pwrite(descriptor, content, 0)
    return part


def begin_anew(part: Path) -> None:
    part.unlink()
    part.write_bytes(b"half")


def files_in(root: Path) -> list[str]:
    return sorted(path.name for path in (root / NAME).parent.glob("*"))


def once(do: Callable[[], object], *, at: int = 1) -> Callable[[], None]:
    """Do something in the given one of many calls: that is when the other worker works."""
    calls = iter(range(1, 100))

    def call() -> None:
        if next(calls) == at:
            do()

    return call


def test_a_part_is_held_by_who_publishes_it(part: Path, root: Path) -> None:
    refused: list[bool] = []

    def try_to_fetch() -> None:
        with pytest.raises(PartInUseError), open_part(part):
            pass
        refused.append(True)

    publish(part, root, NAME, permit=try_to_fetch)

    assert refused == [True]
    assert (root / NAME).read_bytes() == FILM


def test_a_part_that_somebody_else_fetches_is_not_published(part: Path, root: Path) -> None:
    with open_part(part), pytest.raises(PartInUseError):
        publish(part, root, NAME)

    assert part.exists()
    assert files_in(root) == []


@pytest.mark.usefixtures("no_locks")
def test_who_wakes_before_the_name_leaves_the_file_that_another_published(
    part: Path, root: Path
) -> None:
    with pytest.raises(PartInUseError):
        publish(part, root, NAME, permit=once(lambda: publish(part, root, NAME)))

    assert (root / NAME).read_bytes() == FILM
    assert files_in(root) == ["Heat (1995).mkv"]


@pytest.mark.usefixtures("no_locks")
def test_who_wakes_before_the_name_leaves_the_part_that_another_began_anew(
    part: Path, root: Path
) -> None:
    with pytest.raises(PartInUseError):
        publish(part, root, NAME, permit=lambda: begin_anew(part))

    assert part.read_bytes() == b"half"
    assert files_in(root) == []


@pytest.mark.usefixtures("no_locks")
def test_who_wakes_after_a_copy_leaves_the_file_that_another_published(
    part: Path, root: Path, other_disk: Path
) -> None:
    wakes = once(lambda: publish(part, other_disk, NAME), at=2)

    with pytest.raises(PartInUseError):
        publish(part, other_disk, NAME, permit=wakes)

    assert (other_disk / NAME).read_bytes() == FILM
    assert files_in(other_disk) == ["Heat (1995).mkv"]


@pytest.mark.usefixtures("no_locks")
def test_who_wakes_in_a_copy_writes_nothing_into_that_of_another(
    part: Path, other_disk: Path
) -> None:
    def take_over() -> bool:
        works()
        return False

    works = once(lambda: publish(part, other_disk, NAME), at=2)
    with pytest.raises(PartInUseError):
        publish(part, other_disk, NAME, should_stop=take_over)

    assert (other_disk / NAME).read_bytes() == FILM
    assert files_in(other_disk) == ["Heat (1995).mkv"]


@pytest.mark.usefixtures("no_locks")
def test_a_part_that_is_not_ours_any_more_is_not_removed_after_a_copy(
    part: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def begun_anew_after_the_rename(descriptor: int) -> None:
        if files_in(other_disk) == ["Heat (1995).mkv"] and part.stat().st_size > 4:
            begin_anew(part)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", begun_anew_after_the_rename)
    publish(part, other_disk, NAME)

    assert part.read_bytes() == b"half"


def test_a_name_that_another_download_is_about_to_get_is_taken(part: Path, root: Path) -> None:
    other = make_part(root, b"other film", number=8)
    paths: list[Path] = []

    first = publish(part, root, NAME, permit=lambda: paths.append(publish(other, root, NAME)))

    assert first.read_bytes() == FILM
    assert [(path.name, path.read_bytes()) for path in paths] == [
        ("Heat (1995) (2).mkv", b"other film")
    ]


def test_leave_is_asked_for_again_when_the_copy_is_whole(part: Path, other_disk: Path) -> None:
    sizes: list[list[int]] = []

    def note() -> None:
        folder = (other_disk / NAME).parent
        sizes.append([path.stat().st_size for path in folder.glob(".*.copy")])

    publish(part, other_disk, NAME, permit=note)

    assert sizes == [[], [len(FILM)]]


def test_who_may_not_publish_after_a_copy_leaves_nothing_of_it(
    part: Path, other_disk: Path
) -> None:
    def refuse() -> None:
        raise PartInUseError("somebody else has it by now")

    with pytest.raises(PartInUseError):
        publish(part, other_disk, NAME, permit=once(refuse, at=2))

    assert part.read_bytes() == FILM
    assert files_in(other_disk) == []


def test_a_copy_hears_a_stop_and_leaves_nothing_but_the_part(part: Path, other_disk: Path) -> None:
    asked = iter([False, True])

    with pytest.raises(DownloadStoppedError):
        publish(part, other_disk, NAME, should_stop=lambda: next(asked))

    assert part.read_bytes() == FILM
    assert files_in(other_disk) == []


@pytest.mark.parametrize("left", [".7.part.copy", ".7.part.0badcafe.copy"])
def test_the_copy_of_a_killed_run_goes_with_the_next_one_and_no_other_does(
    part: Path, other_disk: Path, left: str
) -> None:
    folder = (other_disk / NAME).parent
    folder.mkdir()
    (folder / left).write_bytes(b"half")
    (folder / ".17.part.0badcafe.copy").write_bytes(b"another's")

    publish(part, other_disk, NAME)

    assert files_in(other_disk) == [".17.part.0badcafe.copy", "Heat (1995).mkv"]

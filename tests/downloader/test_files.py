"""The unfinished file, the room for it, and its one step to where it belongs."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stalkeer.downloader.errors import (
    DiskFullError,
    FolderUnavailableError,
    NameTakenError,
    PartInUseError,
    UnsafePathError,
)
from stalkeer.downloader.files import (
    PART_FOLDER,
    check_space,
    disk_errors,
    existing,
    free_bytes,
    open_part,
    part_path,
    publish,
    publish_as,
    published,
    remove_part,
)

NAME = "Heat (1995)/Heat (1995).mkv"


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    root = tmp_path / "movies"
    root.mkdir()
    return root


@pytest.fixture(name="part")
def _part(root: Path) -> Path:
    return make_part(root, b"film" * 1000)


@pytest.fixture(name="other_disk")
def _other_disk(tmp_path: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second filesystem to copy to")
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


def make_part(root: Path, content: bytes, number: int = 7) -> Path:
    part = part_path(root, number)
    with open_part(part) as descriptor:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)
    return part


def test_a_part_lies_in_a_hidden_folder_of_ours_on_the_same_disk(root: Path) -> None:
    part = make_part(root, b"x")

    assert part == root / ".stalkeer" / "7.part"
    assert stat.S_IMODE(part.parent.stat().st_mode) == 0o700


def test_opening_a_part_keeps_what_is_in_it(part: Path) -> None:
    with open_part(part) as descriptor:
        assert os.pread(descriptor, 4, 0) == b"film"


def test_a_part_may_lie_anywhere_a_person_names(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with open_part(tmp_path / "link" / "out.part"):
        pass

    assert (tmp_path / "real" / "out.part").exists()


def test_two_writers_of_one_part_are_refused(part: Path) -> None:
    with open_part(part), pytest.raises(PartInUseError, match=r"7\.part"), open_part(part):
        pass


def test_a_filesystem_without_locks_is_used_without_them(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)

    with open_part(part) as descriptor:
        assert os.pread(descriptor, 4, 0) == b"film"


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_part_published_between_opening_and_locking_is_not_written_to(
    part: Path, monkeypatch: pytest.MonkeyPatch, is_gone: bool
) -> None:
    def lock_late(*_: object) -> None:
        part.rename(part.with_name("film.mkv"))
        if not is_gone:
            part.touch()

    monkeypatch.setattr(fcntl, "flock", lock_late)

    with pytest.raises(PartInUseError), open_part(part):
        pass


def test_a_link_in_place_of_a_part_is_refused(root: Path, tmp_path: Path) -> None:
    (root / PART_FOLDER).mkdir()
    (tmp_path / "secret").write_text("keep")
    part_path(root, 7).symlink_to(tmp_path / "secret")

    with pytest.raises(UnsafePathError), open_part(part_path(root, 7)):
        pass

    assert (tmp_path / "secret").read_text() == "keep"


def test_a_link_in_place_of_the_hidden_folder_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / PART_FOLDER).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UnsafePathError), open_part(part_path(root, 7)):
        pass

    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_second_name_of_another_file_is_no_part(root: Path, tmp_path: Path) -> None:
    (root / PART_FOLDER).mkdir()
    (tmp_path / "other").write_text("keep")
    part_path(root, 7).hardlink_to(tmp_path / "other")

    with pytest.raises(UnsafePathError), open_part(part_path(root, 7)):
        pass


def test_a_pipe_is_no_part(root: Path) -> None:
    (root / PART_FOLDER).mkdir()
    os.mkfifo(part_path(root, 7))

    with pytest.raises(UnsafePathError), open_part(part_path(root, 7)):
        pass


def test_nothing_is_made_where_a_disk_is_not_mounted(tmp_path: Path) -> None:
    root = tmp_path / "unmounted"

    with pytest.raises(FolderUnavailableError, match="mounted"), open_part(part_path(root, 7)):
        pass
    with pytest.raises(FolderUnavailableError), open_part(root / "out.part"):
        pass

    assert not root.exists()


def test_removing_a_part_twice_is_harmless(part: Path, root: Path) -> None:
    remove_part(part)
    remove_part(part)
    remove_part(part_path(root / "gone", 7))

    assert not part.exists()


def test_free_space_is_found_for_a_folder_that_is_not_there_yet(root: Path) -> None:
    assert free_bytes(root / "a" / "b") == free_bytes(root) > 0


DROPPED = [errno.ESTALE, errno.ENOTCONN, errno.EACCES, errno.EIO]
"""What the system says of a network disk that is gone, of rights, and of a disk that breaks."""


@pytest.mark.parametrize("number", DROPPED, ids=errno.errorcode.get)
def test_a_disk_that_drops_is_a_folder_that_cannot_be_used(
    part: Path, root: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    stat_of = os.stat

    def drop(path: int | str | Path, **how: Any) -> os.stat_result:
        if str(path).startswith(str(root)):
            raise OSError(number, os.strerror(number))
        return stat_of(path, **how)

    monkeypatch.setattr(os, "stat", drop)

    for ask in (
        lambda: free_bytes(root / "a"),
        lambda: existing(root / "a"),
        lambda: published(part, root, NAME, 4000),
    ):
        with pytest.raises(FolderUnavailableError, match="mounted"):
            ask()


def test_a_disk_that_says_only_at_the_end_that_it_is_full_is_full(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = os.close

    def full(descriptor: int) -> None:
        close(descriptor)
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    with pytest.raises(DiskFullError), open_part(part):
        monkeypatch.setattr(os, "close", full)

    monkeypatch.setattr(os, "close", close)


def test_enough_space_passes_and_too_little_says_both_figures(root: Path) -> None:
    check_space(root, 1, 0)

    with pytest.raises(DiskFullError, match=r"GB free; 1000000000\.0 GB are needed and 2\.0 GB"):
        check_space(root, 10**18, 2_000_000_000)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_way_of_being_full_is_a_full_disk(number: int, root: Path) -> None:
    with pytest.raises(DiskFullError), disk_errors(root / "x"):
        raise OSError(number, os.strerror(number))


def test_publishing_moves_the_file_in_one_step(part: Path, root: Path) -> None:
    inode = part.stat().st_ino

    path = publish(part, root, NAME)

    assert path == root / NAME
    assert path.stat().st_ino == inode
    assert not part.exists()
    assert [entry.name for entry in path.parent.iterdir()] == ["Heat (1995).mkv"]


@pytest.mark.parametrize("umask", [0o002, 0o022, 0o077], ids=["group", "read-only", "private"])
def test_a_published_file_has_the_rights_of_the_umask(root: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        path = publish(make_part(root, b"x"), root, NAME)
    finally:
        os.umask(old)

    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o777 & ~umask


def test_the_same_file_already_there_ends_well(part: Path, root: Path) -> None:
    content = part.read_bytes()
    path = publish(part, root, NAME)

    again = publish(make_part(root, content), root, NAME)

    assert again == path
    assert not part.exists()
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(b"other", id="other-size"),
        pytest.param(b"film" * 999 + b"FILM", id="same-size-other-end"),
    ],
)
def test_a_file_that_is_not_ours_is_never_overwritten(
    part: Path, root: Path, foreign: bytes
) -> None:
    (root / NAME).parent.mkdir()
    (root / NAME).write_bytes(foreign)

    path = publish(part, root, NAME)

    assert path.name == "Heat (1995) (2).mkv"
    assert path.read_bytes() == b"film" * 1000
    assert (root / NAME).read_bytes() == foreign


def test_a_name_that_a_killed_run_had_reserved_is_used(part: Path, root: Path) -> None:
    (root / NAME).parent.mkdir()
    (root / NAME).touch()

    assert publish(part, root, NAME) == root / NAME
    assert (root / NAME).read_bytes() == b"film" * 1000


def test_a_link_or_folder_with_the_name_is_left_alone(
    part: Path, root: Path, tmp_path: Path
) -> None:
    folder = (root / NAME).parent
    folder.mkdir()
    (tmp_path / "secret").write_text("keep")
    (root / NAME).symlink_to(tmp_path / "secret")
    (folder / "Heat (1995) (2).mkv").mkdir()

    path = publish(part, root, NAME)

    assert path.name == "Heat (1995) (3).mkv"
    assert (tmp_path / "secret").read_text() == "keep"


def test_a_hundred_other_files_of_the_name_end_the_search(part: Path, root: Path) -> None:
    (root / "a.mkv").write_text("0")
    for number in range(2, 101):
        (root / f"a ({number}).mkv").write_text("0")

    with pytest.raises(UnsafePathError, match="100 other files"):
        publish(part, root, "a.mkv")

    assert part.exists()


def test_a_folder_that_is_a_link_out_of_the_root_is_refused(
    part: Path, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "Heat (1995)").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UnsafePathError):
        publish(part, root, NAME)

    assert not list((tmp_path / "elsewhere").iterdir())
    assert part.exists()


@pytest.mark.parametrize("relative", ["", ".", "/etc/x", "../x", "a/../../x", "a/\0/x"])
def test_a_path_out_of_the_root_is_refused(part: Path, root: Path, relative: str) -> None:
    with pytest.raises(UnsafePathError):
        publish(part, root, relative)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(relative=st.lists(st.sampled_from(["..", ".", "", "/", "a", "b.mkv", "\0"])).map("/".join))
def test_no_path_whatever_writes_outside_the_root(root: Path, relative: str) -> None:
    part = make_part(root, b"x")
    before = sorted(root.parent.iterdir())

    try:
        path = publish(part, root, relative)
    except (UnsafePathError, FolderUnavailableError):
        pass
    else:
        assert path.resolve().is_relative_to(root.resolve())

    assert sorted(root.parent.iterdir()) == before


def test_another_filesystem_gets_a_whole_copy_beside_the_target_first(
    part: Path, other_disk: Path
) -> None:
    path = publish(part, other_disk, NAME)

    assert path.read_bytes() == b"film" * 1000
    assert not part.exists()
    assert len(list(path.parent.iterdir())) == 1


def test_a_copy_that_does_not_fit_leaves_nothing_behind(
    part: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)

    with pytest.raises(DiskFullError):
        publish(part, other_disk, NAME)

    assert part.exists()
    assert not list((other_disk / NAME).parent.iterdir())


def test_a_rename_that_fails_gives_the_name_free_again(
    part: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "rename", broken)

    with pytest.raises(FolderUnavailableError):
        publish(part, root, NAME)

    assert part.exists()
    assert not (root / NAME).exists()


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(None, id="nothing"),
        pytest.param(b"", id="name-reserved-by-a-killed-run"),
        pytest.param(b"film" * 1000, id="the-same-file"),
    ],
)
def test_publishing_as_a_name_gives_exactly_that_name(
    part: Path, root: Path, there: bytes | None
) -> None:
    if there is not None:
        (root / "Heat.mkv").write_bytes(there)

    publish_as(part, root / "Heat.mkv")

    assert (root / "Heat.mkv").read_bytes() == b"film" * 1000
    assert not part.exists()


def test_publishing_as_the_name_of_another_file_is_refused_and_keeps_both(
    part: Path, root: Path
) -> None:
    (root / "Heat.mkv").write_bytes(b"other")

    with pytest.raises(NameTakenError, match=r"Heat\.mkv"):
        publish_as(part, root / "Heat.mkv")

    assert (root / "Heat.mkv").read_bytes() == b"other"
    assert part.exists()


def test_what_a_killed_run_published_is_found_by_name_and_size(part: Path, root: Path) -> None:
    assert published(part, root, NAME, 4000) is None
    path = publish(part, root, NAME)

    assert published(part, root, NAME, 4000) == path
    assert published(part, root, NAME, 4001) is None
    assert published(part, root, "Ran (1985)/Ran (1985).mkv", 4000) is None


def test_a_published_file_is_found_under_its_second_name(part: Path, root: Path) -> None:
    (root / "a.mkv").write_text("other")
    path = publish(part, root, "a.mkv")

    assert published(part, root, "a.mkv", 4000) == path


def test_a_hundred_other_names_are_not_the_published_file(root: Path) -> None:
    (root / "a.mkv").write_text("0")
    for number in range(2, 101):
        (root / f"a ({number}).mkv").write_text("0")

    assert published(part_path(root, 7), root, "a.mkv", 4000) is None


def test_who_may_not_publish_leaves_the_part_and_takes_no_name(tmp_path: Path) -> None:
    part = tmp_path / "1.part"
    part.write_bytes(b"film")

    def refuse() -> None:
        raise PartInUseError("somebody else has it by now")

    with pytest.raises(PartInUseError):
        publish(part, tmp_path, "Heat (1995)/Heat (1995).mkv", permit=refuse)

    assert part.read_bytes() == b"film"
    assert list((tmp_path / "Heat (1995)").iterdir()) == []

from __future__ import annotations

import gzip
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from stalkeer.playlist.archive import ArchiveError, copies, file_name, rotate, save
from stalkeer.playlist.errors import PlaylistTruncatedError

LIST = b"#EXTM3U\n#EXTINF:-1,Heat (1995)\nhttp://host.example.invalid/movie/u/p/7.mkv\n"
AT = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_list_is_kept_as_it_came_and_packed_with_its_date(tmp_path: Path) -> None:
    folder = tmp_path / "archives"

    newest, copy = save(folder, "films", [LIST[:9], LIST[9:]], dated=AT)

    assert names(folder) == ["films-20260131-120005.m3u.gz", "films.m3u"]
    assert newest.read_bytes() == LIST
    assert copy is not None
    assert gzip.decompress(copy.read_bytes()) == LIST


def test_copies_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "archives"

    save(folder, "films", [LIST], dated=AT)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_the_date_is_in_utc_whatever_the_zone_it_comes_in(tmp_path: Path) -> None:
    save(tmp_path, "films", [LIST], dated=AT.astimezone(timezone(timedelta(hours=9))))

    assert [copy.made_at for copy in copies(tmp_path)] == [AT]


def test_without_a_date_only_the_newest_copy_is_written(tmp_path: Path) -> None:
    assert save(tmp_path, "films", [LIST], dated=None) == (tmp_path / "films.m3u", None)
    assert names(tmp_path) == ["films.m3u"]


def test_two_copies_of_one_second_are_both_kept(tmp_path: Path) -> None:
    save(tmp_path, "films", [LIST], dated=AT)
    save(tmp_path, "films", [LIST], dated=AT)

    assert [copy.made_at.second for copy in copies(tmp_path)] == [6, 5]


def test_a_list_that_breaks_off_leaves_the_copies_of_before_and_nothing_else(
    tmp_path: Path,
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise PlaylistTruncatedError("it broke off")

    save(tmp_path, "films", [LIST], dated=AT)

    with pytest.raises(PlaylistTruncatedError):
        save(tmp_path, "films", broken(), dated=AT + timedelta(hours=1))

    assert names(tmp_path) == ["films-20260131-120005.m3u.gz", "films.m3u"]
    assert (tmp_path / "films.m3u").read_bytes() == LIST


@pytest.mark.parametrize(
    ("playlist", "beginning"),
    [
        pytest.param("films.m3u", "films.m3u", id="stays"),
        pytest.param("host.example.invalid-2", "host.example.invalid-2", id="host"),
        pytest.param("my films", "my_films_", id="space"),
        pytest.param("../../etc/passwd", "_.._etc_passwd_", id="path"),
        pytest.param("..", "_", id="folder-above"),
        pytest.param("Séries", "S_ries_", id="accent"),
        pytest.param("x" * 200, "x" * 80 + "_", id="long"),
        pytest.param("", "_", id="empty"),
        pytest.param("\ud800\n", "__", id="no-text"),
    ],
)
def test_the_name_of_a_copy_is_safe_and_tells_playlists_apart(
    playlist: str, beginning: str, tmp_path: Path
) -> None:
    name = file_name(playlist)

    assert name.startswith(beginning)
    assert (name == playlist) is (beginning == playlist)
    save(tmp_path, playlist, [LIST], dated=AT)
    assert len(copies(tmp_path)) == 1
    assert all(path.parent == tmp_path for path in tmp_path.rglob("*"))


def test_names_that_look_alike_when_they_are_safe_do_not_share_copies() -> None:
    assert len({file_name(name) for name in ("a b", "a/b", "a_b", "a?b")}) == 4


def test_copies_are_listed_by_playlist_the_newest_first(tmp_path: Path) -> None:
    for playlist, hours in [("shows", 0), ("films", 1), ("films-2", 3), ("films", 2)]:
        save(tmp_path, playlist, [LIST], dated=AT + timedelta(hours=hours))

    listed = [(copy.playlist, copy.made_at.hour) for copy in copies(tmp_path)]

    assert listed == [("films", 14), ("films", 13), ("films-2", 15), ("shows", 12)]
    assert {copy.size_bytes for copy in copies(tmp_path)} == {
        (tmp_path / "films-20260131-130005.m3u.gz").stat().st_size
    }


def test_a_folder_that_is_not_there_has_no_copies(tmp_path: Path) -> None:
    assert copies(tmp_path / "nowhere") == []
    assert rotate(tmp_path / "nowhere", keep=0) == []


@pytest.mark.parametrize(("keep", "hours"), [(0, []), (2, [14, 13]), (5, [14, 13, 12])])
def test_the_newest_copies_of_each_playlist_are_kept(
    tmp_path: Path, keep: int, hours: list[int]
) -> None:
    for playlist in ("films", "shows"):
        for hour in range(3):
            save(tmp_path, playlist, [LIST], dated=AT + timedelta(hours=hour))

    removed = rotate(tmp_path, keep=keep)

    assert len(removed) == 2 * (3 - len(hours))
    for playlist in ("films", "shows"):
        left = [copy.made_at.hour for copy in copies(tmp_path) if copy.playlist == playlist]
        assert left == hours
    assert (tmp_path / "films.m3u").exists()


def test_nothing_else_in_the_folder_is_ever_removed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"")
    folder = tmp_path / "archives"
    folder.mkdir()
    others = ["films.m3u", "holiday.m3u.gz", "films-2026.m3u.gz", "films-20269931-120005.m3u.gz"]
    for name in others:
        (folder / name).write_bytes(b"")
    (folder / "linked-20260131-120005.m3u.gz").symlink_to(target)
    (folder / "folder-20260131-120005.m3u.gz").mkdir()
    before = names(folder)

    removed = rotate(folder, keep=0)

    assert removed == []
    assert names(folder) == before


def test_a_folder_that_cannot_be_written_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ArchiveError, match="STALKEER_M3U_ARCHIVE_DIR"):
        save(tmp_path / "file" / "archives", "films", [LIST], dated=AT)

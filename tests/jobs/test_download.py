"""What a download does besides fetching: windows, room, doubts, checksums, entries for nobody."""

from __future__ import annotations

import errno
import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import xxhash

from stalkeer.core.items import ItemKind
from stalkeer.core.jobs import Job
from stalkeer.core.states import DownloadStatus, ItemState, JobKind, JobStatus, MatchState
from stalkeer.core.windows import Window
from stalkeer.db.downloads import Download
from stalkeer.db.items import Item
from stalkeer.downloader.errors import DiskFullError
from stalkeer.downloader.files import part_path
from stalkeer.jobs import by_hand, download, unwanted
from stalkeer.jobs.recording import UNKNOWN_BYTES
from stalkeer.jobs.services import (
    ImportMode,
    Places,
    Run,
    Running,
    StoppedError,
    StopReason,
)
from stalkeer.jobs.unwanted import LiveChannelError
from tests.builders import entry, jobs_of, publish, take
from tests.jobs.conftest import House
from tests.standins.media import Film, MediaServer, Reply
from tests.standins.mediafiles import late_mp4_film, mkv_film, mp4_film, ts_film
from tests.standins.radarr import Radarr

MIB = 1024 * 1024
PATH = "/movie/user/word/1.mkv"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def media() -> Any:
    with MediaServer() as server:
        yield server


def offer(house: House, media: MediaServer, film: Film, *replies: Reply, name: str = "") -> int:
    """Put an entry into the list whose address gives this film; return its id."""
    url = media.put(PATH, film, *replies)
    [row] = publish(house.store, entry(name or "Heat (1995)", url))
    return row


def search_and_fetch(house: House, radarr: Radarr, *, runtime: int = 170) -> Job:
    """Add the film in Radarr, search for it, and run its download once."""
    arr_id = radarr.add_movie("Heat", 1995, runtime=runtime)
    house.run(by_hand.search(house.services, "radarr", arr_id))
    return fetch(house)


def fetch(house: House) -> Job:
    return house.run(jobs_of(house.store, JobKind.DOWNLOAD)[-1].id)


def the_download(house: House) -> Download:
    job = jobs_of(house.store, JobKind.DOWNLOAD)[-1]
    download = house.store.downloads.get(job.download_id or 0)
    assert download is not None
    return download


def the_item(house: House) -> Item:
    [item] = house.store.items.missing_of("radarr")
    return item


def part_of(house: House) -> Path:
    return part_path(house.services.instances["radarr"].parts, the_download(house).id)


def limit_downloads(house: House, **rules: Any) -> None:
    house.change(downloads=replace(house.services.downloads, **rules))


# The download window


def test_outside_of_its_window_nothing_is_fetched_and_the_item_says_so(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    offer(house, media, mkv_film(MIB, minutes=170))
    local = house.services.now().astimezone()
    window = Window((local + timedelta(hours=2)).time(), (local + timedelta(hours=3)).time())
    limit_downloads(house, windows=(window,))

    job = search_and_fetch(house, radarr)

    assert (job.status, job.attempts, media.requests()) == (JobStatus.READY, 0, [])
    assert 3600 < (job.run_at - house.store.clock()).total_seconds() <= 2 * 3600
    item = the_item(house)
    assert (item.state, item.reason_code) == (ItemState.WAITING, "waiting_window")
    assert item.reason == f"waits for the download window ({window})"


def test_a_download_rests_when_the_window_closes_and_goes_on_in_the_next(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    film = mkv_film(12 * MIB, minutes=170)
    offer(house, media, film)
    clock = iter([NOON, NOON])
    open_window = (Window(time(0), time(23, 59)),)
    limit_downloads(house, windows=open_window, progress_every_bytes=MIB)
    closed = NOON.astimezone().replace(hour=23, minute=59, second=30)
    house.change(now=lambda: next(clock, closed))

    job = search_and_fetch(house, radarr)
    held = part_of(house).stat().st_size
    house.change(now=lambda: NOON)
    house.store.db.clock_offset_s = 3600
    done = house.run(job.id)

    assert (job.status, job.attempts) == (JobStatus.READY, 0)
    assert 0 < held < film.size
    assert done.status is JobStatus.DONE
    assert media.requests()[1].range == f"bytes={held - 65536}-"


# Doubts about the running time


@pytest.mark.parametrize(
    "film",
    [
        pytest.param(mkv_film(6 * MIB, minutes=60), id="early-by-its-first-megabytes"),
        pytest.param(mp4_film(MIB, minutes=60), id="at-the-end"),
    ],
)
def test_a_doubtful_running_time_asks_a_person_and_loses_nothing(
    house: House, radarr: Radarr, media: MediaServer, film: Film
) -> None:
    offer(house, media, film)

    job = search_and_fetch(house, radarr)

    assert (job.status, job.attempts) == (JobStatus.READY, 0)
    item = the_item(house)
    assert item.state is ItemState.TO_CONFIRM
    assert item.reason == (
        "Heat (1995): It runs 60 min, expected 170 min: it may be another film or cut."
    )
    [match] = house.store.matches.of_item(item.id)
    assert match.state is MatchState.TO_CONFIRM
    assert match.reasons[-1] == item.reason
    assert part_of(house).exists()
    assert radarr.requests("POST", "/command") == []


def test_a_confirmed_file_goes_on_where_it_was_and_is_imported(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    film = mkv_film(6 * MIB, minutes=60)
    offer(house, media, film)
    search_and_fetch(house, radarr)
    held = part_of(house).stat().st_size
    [match] = house.store.matches.of_item(the_item(house).id)

    by_hand.confirm(house.services, match.id)
    job = fetch(house)

    assert job.status is JobStatus.DONE
    assert media.requests()[-1].range == f"bytes={held - 65536}-"
    assert the_download(house).status is DownloadStatus.COMPLETED
    assert [each.status for each in jobs_of(house.store, JobKind.IMPORT)] == [JobStatus.READY]


def test_a_rejected_file_is_dropped_and_the_next_entry_searched(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    offer(house, media, mkv_film(6 * MIB, minutes=60))
    search_and_fetch(house, radarr)
    part = part_of(house)
    [match] = house.store.matches.of_item(the_item(house).id)

    by_hand.reject(house.services, match.id)

    assert the_download(house).status is DownloadStatus.CANCELLED
    assert not part.exists()
    assert jobs_of(house.store, JobKind.SEARCH)[-1].status is JobStatus.READY
    assert house.store.matches.rejected(the_item(house).id) == {match.playlist_item_id}


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        pytest.param(3, "It runs 3 min, expected 170 min: it is something else.", id="trailer"),
        pytest.param(1440, "It runs 1440 min, expected 170 min", id="loop-of-a-day"),
    ],
)
def test_something_else_is_refused_early_with_both_figures(
    house: House, radarr: Radarr, media: MediaServer, minutes: float, words: str
) -> None:
    film = mkv_film(24 * MIB, minutes=minutes)
    offer(house, media, film)

    job = search_and_fetch(house, radarr)

    assert (job.status, job.error_code) == (JobStatus.FAILED, "not_the_item")
    assert words in job.last_error
    assert media.bytes_served(PATH) < film.size
    assert not part_of(house).exists()


@pytest.mark.parametrize(
    ("film", "runtime"),
    [
        pytest.param(mkv_film(5 * MIB, minutes=42), 60, id="slot-of-a-broadcast"),
        pytest.param(mkv_film(5 * MIB, minutes=115), 120, id="pal"),
        pytest.param(mp4_film(5 * MIB, minutes=150), 120, id="extended"),
        pytest.param(mkv_film(5 * MIB, minutes=2), 0, id="runtime-not-known"),
        pytest.param(late_mp4_film(5 * MIB, minutes=115), 120, id="index-at-the-end"),
        pytest.param(ts_film(28_000, minutes=115), 120, id="transport-stream"),
    ],
)
def test_what_may_be_the_item_is_refused_neither_early_nor_at_the_end(
    house: House, radarr: Radarr, media: MediaServer, film: Film, runtime: int
) -> None:
    offer(house, media, film)

    job = search_and_fetch(house, radarr, runtime=runtime)

    assert (job.status, job.last_error) == (JobStatus.DONE, "")
    assert the_download(house).file_size == film.size


@pytest.mark.parametrize(
    "film",
    [
        pytest.param(late_mp4_film(5 * MIB, minutes=12), id="index-at-the-end"),
        pytest.param(ts_film(28_000, minutes=12), id="transport-stream"),
    ],
)
def test_a_short_film_that_only_its_end_gives_away_is_refused_whole(
    house: House, radarr: Radarr, media: MediaServer, film: Film
) -> None:
    offer(house, media, film)

    job = search_and_fetch(house, radarr)

    assert (job.status, job.error_code) == (JobStatus.FAILED, "not_the_item")
    assert "It runs 12 min, expected 170 min: it is something else." in job.last_error
    assert not part_of(house).exists()


# What the file is


def test_a_resolution_that_the_profile_leaves_out_is_refused_early(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    offer(house, media, mkv_film(24 * MIB, minutes=170, width=640, height=480))
    arr_id = radarr.add_movie("Heat", 1995, runtime=170)
    house.run(by_hand.search(house.services, "radarr", arr_id))
    job = jobs_of(house.store, JobKind.DOWNLOAD)[-1]
    house.store.db.write(
        lambda: house.store.db.execute(
            "UPDATE job SET payload = ? WHERE id = ?", ('{"resolutions": ["1080p"]}', job.id)
        )
    )

    job = house.run(job.id)

    assert (job.status, job.error_code) == (JobStatus.FAILED, "wrong_resolution")
    assert job.last_error == (
        "Heat (1995): the file is 480p; its quality profile allows 1080p only."
    )


def test_what_was_found_out_about_a_file_is_kept_and_its_resolution_is_in_its_name(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    film = mkv_film(MIB, minutes=165, width=1280, height=720)
    offer(house, media, film)
    limit_downloads(house, checksum=True)

    job = search_and_fetch(house, radarr)

    found = the_download(house)
    assert job.status is JobStatus.DONE
    assert Path(found.download_path or "").name == "Heat (1995) WEBDL-720p.mkv"
    assert (found.container, found.resolution, found.duration_s) == ("mkv", "720p", 165 * 60)
    assert found.checksum == f"xxh3:{xxhash.xxh3_64(film.read()).hexdigest()}"
    assert found.length_verified
    assert found.verdict == "It runs 165 min, expected 170 min: that fits."


def test_a_file_whose_length_nobody_said_is_marked(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    offer(house, media, mkv_film(MIB, minutes=170), Reply(framing="close", ignore_range=True))

    search_and_fetch(house, radarr)

    found = the_download(house)
    assert found.length_verified is False
    assert "Nothing said how long the file is." in found.verdict


def test_a_file_without_a_picture_is_refused(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    offer(house, media, Film(MIB))

    job = search_and_fetch(house, radarr)

    assert job.last_error in (
        "Heat (1995): the file holds no video.",
        "Heat (1995): the file is cut off, its own header says.",
    )


# A process that stood still past its lease


def wake_late(house: House, radarr: Radarr, *, at_bytes: int) -> Run:
    """Claim the download; the time of its lease has passed once the part has so many bytes."""
    arr_id = radarr.add_movie("Heat", 1995, runtime=170)
    house.run(by_hand.search(house.services, "radarr", arr_id))
    part = part_of(house)

    def clock() -> float:
        return 100.0 if part.exists() and part.stat().st_size >= at_bytes else 0.0

    claimed = take(house.store, jobs_of(house.store, JobKind.DOWNLOAD)[-1].id)
    return Run(*claimed, lease_s=60.0, clock=clock)


def test_a_download_that_wakes_past_its_lease_writes_no_byte_more(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    offer(house, media, mkv_film(12 * MIB, minutes=170))
    run = wake_late(house, radarr, at_bytes=MIB)

    with pytest.raises(StoppedError):
        download.handle(run, house.services)

    assert run.reason is StopReason.LOST
    assert MIB <= part_of(house).stat().st_size < MIB + 64 * 1024
    assert the_download(house).bytes_downloaded < MIB


def test_a_download_that_wakes_past_its_lease_removes_no_part_that_may_be_anothers(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    film = mkv_film(MIB, minutes=3)
    offer(house, media, film)
    run = wake_late(house, radarr, at_bytes=film.size)

    with pytest.raises(StoppedError):
        download.handle(run, house.services)

    assert part_of(house).stat().st_size == film.size


# Another disk for unfinished files


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second filesystem to copy from")
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


def test_a_shutdown_ends_a_copy_to_another_disk_and_the_next_run_makes_it_anew(
    house: House,
    radarr: Radarr,
    media: MediaServer,
    other_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    film = mkv_film(8 * MIB, minutes=170)
    offer(house, media, film)
    house.rule("radarr", parts=other_disk)
    write, written = os.write, []

    def shut_down_after_the_first_piece(descriptor: int, piece: bytes) -> int:
        if len(piece) == MIB:
            written.append(piece)
            house.services.running.stop_all()
        return write(descriptor, piece)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", shut_down_after_the_first_piece)
        job = search_and_fetch(house, radarr)
    held, left = part_of(house).stat().st_size, list(house.downloads.rglob("*.*"))
    house.change(running=Running())
    done = house.run(job.id)

    assert (job.status, job.attempts, len(written)) == (JobStatus.READY, 0, 1)
    assert (held, left) == (film.size, [])
    assert done.status is JobStatus.DONE
    assert Path(the_download(house).download_path or "").stat().st_size == film.size
    assert len(media.requests()) == 1


# Room on the disk


def test_room_that_running_downloads_have_reserved_is_not_free(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    house.change(downloads=replace(house.services.downloads, folders=places(house)))
    _, row = publish(
        house.store,
        entry("Heat (1995)", media.put(PATH, mkv_film(MIB, minutes=170))),
        entry("Other (2001)", media.url("/2.mkv")),
    )
    other = unwanted.start(house.services, row)
    house.store.room.reserve(other, 10**18, lambda _: None)

    job = search_and_fetch(house, radarr)

    item = the_item(house)
    assert (job.status, job.attempts, job.error_code) == (JobStatus.READY, 0, "")
    assert (item.state, item.reason_code) == (ItemState.WAITING, "disk_full")
    assert "are for other downloads" in item.reason
    assert item.reason.endswith("Then the download goes on by itself.")


def test_a_download_that_found_no_room_goes_on_when_there_is_some(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    offer(house, media, mkv_film(MIB, minutes=170))
    limit_downloads(house, min_free_bytes=10**18)
    job = search_and_fetch(house, radarr)
    assert the_item(house).reason_code == "disk_full"

    limit_downloads(house, min_free_bytes=0)
    house.store.db.clock_offset_s = 31
    done = house.run(job.id)

    assert done.status is JobStatus.DONE


def see_folder(house: House) -> None:
    """Let the arr see the folder, which is remembered for an hour."""
    arr, rules = house.services.instance("radarr")
    house.services.seen_folders.require(arr, rules.folder, rules.path_map, setting=rules.setting)


@pytest.mark.parametrize("folder", ["parts", "downloads"])
def test_a_disk_that_drops_costs_no_attempt(
    house: House,
    radarr: Radarr,
    media: MediaServer,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
) -> None:
    house.rule("radarr", parts=house.folder / "parts")
    (house.folder / "parts").mkdir()
    offer(house, media, mkv_film(MIB, minutes=170))
    stat_of, dropped = os.stat, str(house.folder / folder)

    def drop(path: Any, **how: Any) -> os.stat_result:
        if str(path).startswith(dropped):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return stat_of(path, **how)

    arr_id = radarr.add_movie("Heat", 1995, runtime=170)
    house.run(by_hand.search(house.services, "radarr", arr_id))
    with monkeypatch.context() as patched:
        see_folder(house)
        patched.setattr(os, "stat", drop)
        job = fetch(house)
    reason = the_item(house).reason
    house.store.db.clock_offset_s = 3600
    done = house.run(job.id)

    assert (job.status, job.attempts) == (JobStatus.READY, 0)
    assert reason.endswith("Is its disk mounted and writable?")
    assert done.status is JobStatus.DONE


def no_room_in_the_quota(*_: object) -> int:
    raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("is_quota", [True, False], ids=["quota", "too-large-for-the-disk"])
def test_all_that_write_to_a_disk_without_room_rest_and_go_on_by_themselves(
    house: House, media: MediaServer, monkeypatch: pytest.MonkeyPatch, is_quota: bool
) -> None:
    house.change(downloads=replace(house.services.downloads, folders=places(house)))
    film = mkv_film(24 * MIB, minutes=60)
    for row in publish(
        house.store,
        entry("One (2001)", media.put("/1.mkv", film)),
        entry("Two (2002)", media.put("/2.mkv", film)),
    ):
        unwanted.start(house.services, row)
    jobs = [job.id for job in jobs_of(house.store, JobKind.DOWNLOAD)]

    with monkeypatch.context() as full, file_size_limit(20 * MIB):
        if is_quota:
            full.setattr(os, "pwrite", no_room_in_the_quota)
        resting = [house.run(job) for job in jobs]
    house.store.db.clock_offset_s = 31
    done = [house.run(job) for job in jobs]

    assert [(job.status, job.attempts) for job in resting] == [(JobStatus.READY, 0)] * 2
    assert [job.status for job in done] == [JobStatus.DONE] * 2
    assert [media.requests(path)[-1].range is None for path in ("/1.mkv", "/2.mkv")] == [
        is_quota,
        is_quota,
    ]


def test_two_that_ask_for_the_same_room_do_not_both_get_it(house: House) -> None:
    house.change(downloads=replace(house.services.downloads, folders=places(house)))
    first, second = (
        unwanted.start(house.services, row)
        for row in publish(
            house.store,
            entry("One (2001)", "http://tv.example.invalid/1.mkv"),
            entry("Two (2002)", "http://tv.example.invalid/2.mkv"),
        )
    )

    def at_most(claims: Any) -> None:
        if sum(claim.left_bytes for claim in claims) + 60 > 100:
            raise DiskFullError("full")

    house.store.room.reserve(first, 60, at_most)
    with pytest.raises(DiskFullError):
        house.store.room.reserve(second, 60, at_most)


def test_a_file_of_unknown_length_reserves_room_for_a_large_one() -> None:
    assert UNKNOWN_BYTES == 4 * 10**9


# Entries for nobody


def places(house: House) -> dict[ItemKind, Places]:
    folders = {ItemKind.MOVIE: house.folder / "films", ItemKind.EPISODE: house.folder / "shows"}
    return {kind: Places(folder=folder, parts=folder) for kind, folder in folders.items()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Heat (1995)", "films/Heat (1995)/Heat (1995) WEBDL-1080p.mkv"),
        ("The Wire S01E02", "shows/The Wire/Season 01/The Wire - S01E02 WEBDL-1080p.mkv"),
    ],
)
def test_an_entry_for_nobody_is_published_in_the_folder_of_its_kind_and_not_imported(
    house: House, media: MediaServer, name: str, expected: str
) -> None:
    row = offer(house, media, mkv_film(MIB, minutes=60), name=name)
    house.change(downloads=replace(house.services.downloads, folders=places(house)))

    started = by_hand.start_download(house.services, row, instance=None, arr_id=None)
    job = house.run(started.job_id)

    found = the_download(house)
    assert (job.status, found.id) == (JobStatus.DONE, started.download_id)
    assert found.download_path == str(house.folder / expected)
    assert Path(found.download_path).stat().st_size == MIB
    assert (found.instance, found.import_status) == ("", "off")
    assert not jobs_of(house.store, JobKind.IMPORT)


def test_an_entry_that_is_fetched_already_is_not_fetched_twice(
    house: House, media: MediaServer
) -> None:
    row = offer(house, media, mkv_film(MIB, minutes=60))

    first = unwanted.start(house.services, row)
    second = unwanted.start(house.services, row)

    assert first == second
    assert len(jobs_of(house.store, JobKind.DOWNLOAD)) == 1


def test_a_channel_is_not_downloaded(house: House) -> None:
    [row] = publish(house.store, entry("News HD", "http://tv.example.invalid/live/u/p/1.ts"))

    with pytest.raises(LiveChannelError, match="no end to download"):
        unwanted.start(house.services, row)


def test_an_entry_is_fetched_for_an_item_whatever_it_scores(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    row = offer(house, media, mkv_film(MIB, minutes=170), name="Der lange Mantel")
    arr_id = radarr.add_movie("Heat", 1995, runtime=170)

    started = by_hand.start_download(house.services, row, instance="radarr", arr_id=arr_id)
    house.run(started.job_id)
    job = fetch(house)

    assert job.status is JobStatus.DONE
    assert Path(the_download(house).download_path or "").name.startswith("Heat (1995)")


# A file that is there already


def place(house: House, film: Film, *, name: str = "Heat (1995) WEBDL-1080p.mkv") -> Path:
    """Put a finished file where the film is published."""
    path = house.downloads / "radarr" / "Heat (1995)" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(film.read())
    return path


def test_a_finished_file_that_no_row_knows_is_imported_and_not_fetched_again(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    offer(house, media, mkv_film(MIB, minutes=170))
    path = place(house, mkv_film(MIB, minutes=168))

    job = search_and_fetch(house, radarr)

    found = the_download(house)
    assert (job.status, media.requests()) == (JobStatus.DONE, [])
    assert (found.download_path, found.file_size) == (str(path), MIB)
    assert (found.verdict or "").startswith("It was there already. It runs 168 min")
    assert len(jobs_of(house.store, JobKind.IMPORT)) == 1


@pytest.mark.parametrize(
    ("minutes", "name"),
    [
        pytest.param(2, "Heat (1995) WEBDL-1080p.mkv", id="a-trailer"),
        pytest.param(170, "Heat (1995) Making of.mkv", id="another-name"),
    ],
)
def test_a_file_that_is_something_else_stays_and_the_film_is_fetched_beside_it(
    house: House, radarr: Radarr, media: MediaServer, minutes: int, name: str
) -> None:
    film = mkv_film(MIB, minutes=170)
    offer(house, media, film)
    path = place(house, mkv_film(MIB // 2, minutes=minutes), name=name)

    search_and_fetch(house, radarr)

    assert len(media.requests()) == 1
    assert the_download(house).download_path != str(path)
    assert path.stat().st_size == MIB // 2


def test_the_file_of_an_earlier_download_is_not_taken_for_a_new_one(
    house: House, radarr: Radarr, media: MediaServer
) -> None:
    house.rule("radarr", import_mode=ImportMode.OFF)
    offer(house, media, mkv_film(MIB, minutes=170))
    search_and_fetch(house, radarr)
    earlier = the_download(house)
    [row] = publish(
        house.store, entry("Heat (1995)", media.put("/2.mkv", mkv_film(MIB + 1, minutes=170)))
    )

    arr_id = the_item(house).wanted.arr_id
    chosen = by_hand.start_download(house.services, row, instance="radarr", arr_id=arr_id)
    house.run(chosen.job_id)
    fetch(house)

    assert the_download(house).download_path != earlier.download_path
    assert len(media.requests("/2.mkv")) == 1

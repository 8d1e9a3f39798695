"""Playlists read into the table: figures, refusals, and what a new entry sets going."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.core.jobs import ItemMove
from stalkeer.core.states import ItemState, JobKind, JobStatus
from stalkeer.db.candidates import IS_CURRENT
from stalkeer.db.models import MODELS, Playlist, PlaylistItem, ProcessingLog
from stalkeer.db.playlists import PlaylistRow
from stalkeer.jobs.child import Imported, ImportOrder
from stalkeer.jobs.import_process import answer
from stalkeer.jobs.intake import PlaylistShrunkError
from stalkeer.jobs.reading import Summary, classified
from stalkeer.jobs.refresh import How, import_playlist, search_again
from tests.builders import add_job, jobs_of, learn, movie, row_of
from tests.jobs.conftest import House

HEAT = "#EXTINF:-1 group-title=VOD,Heat (1995)\nhttp://h.example.invalid/movie/u/p/1.mkv"
RONIN = "#EXTINF:-1 group-title=VOD,Ronin (1998)\nhttp://h.example.invalid/movie/u/p/2.mkv"
WIRE = "#EXTINF:-1 group-title=TV,The Wire S01E01\nhttp://h.example.invalid/series/u/p/3.mkv"
NEWS = "#EXTINF:-1 group-title=News,News 24\nhttp://h.example.invalid/live/u/p/4.ts"
LOST = "#EXTINF:-1,No address follows"


def m3u(*entries: str) -> bytes:
    return "\n".join(["#EXTM3U", *entries, ""]).encode()


def films(count: int) -> list[str]:
    return [
        f"#EXTINF:-1 group-title=VOD,Film {n} (1995)\nhttp://h.example.invalid/movie/u/p/{n}.mkv"
        for n in range(count)
    ]


@pytest.fixture
def file(house: House) -> Path:
    return house.folder / "list.m3u"


def row(house: House, file: Path) -> PlaylistRow:
    found = house.store.playlists.get(house.store.playlists.add("list", str(file)))
    assert found is not None
    return found


def in_this_process(
    order: ImportOrder, *, tell: Callable[[Summary], None], look: Callable[[], None]
) -> Imported:
    """Do what the process of an import does, without one: a new interpreter takes its time."""
    answers, here = BytesIO(), Playlist._meta.database
    try:
        answer(order, answers)
    finally:
        here.bind(MODELS)
    answers.seek(0)
    while True:
        look()
        word = pickle.load(answers)
        if isinstance(word, Imported):
            return word
        if isinstance(word, Exception):
            raise word
        tell(word)


def read(
    house: House, file: Path, *entries: str, how: How | None = None, run: Any = in_this_process
) -> Summary | None:
    """Write the list and import it."""
    if entries:
        file.write_bytes(m3u(*entries))
    return import_playlist(
        house.store,
        row(house, file),
        house.services.playlists,
        token=house.services.new_id(),
        on_progress=lambda _: None,
        run=run,
        how=how or How(),
    )


def entries_of(house: House) -> list[str]:
    """Name the entries that are current."""
    rows = house.store.db.read(
        lambda: list(
            PlaylistItem.select().join(Playlist).where(IS_CURRENT).order_by(PlaylistItem.id)
        )
    )
    return [row.name for row in rows]


# --- figures ---


def test_one_line_of_the_log_says_what_was_skipped_and_how_often(house: House, file: Path) -> None:
    house.store.filters.add(FilterRule("no news", Attribute.GROUP_TITLE, (), ("NEWS",)))
    lines = [
        *(HEAT, "#EXTINF:-1,Lost", "#EXTINF:-1,Lost too", RONIN),
        *("#EXTINF:-1," + "x" * 70_000, "http://" + "y" * 70_000),
        '#EXTINF:-1 group-title="NEWS",News\nhttp://h.example.invalid/9.ts',
        "#EXTINF:-1,Relative\n/movie/u/p/7.mkv",
    ]

    with capture_logs() as logs:
        read(house, file, *lines)

    [line] = [line for line in logs if line["event"] == "playlist read"]
    assert {name: line[name] for name in line if name not in ("event", "log_level")} == {
        "playlist": "list",
        "entries": 3,
        "filtered": 1,
        "lines_too_long": 2,
        "without_address": 2,
        "unusable_address": 1,
    }


def test_a_first_import_counts_what_is_in_the_list(house: House, file: Path) -> None:
    summary = read(house, file, HEAT, RONIN, WIRE, NEWS, LOST)

    assert summary is not None
    counts = summary.counts()
    assert counts.pop("seconds") >= 0
    assert counts == {
        "lines": 10,
        "entries": 4,
        "new": 4,
        "changed": 0,
        "gone": 0,
        "filtered": 0,
        "errors": 1,
        "movies": 2,
        "tvshows": 1,
        "channels": 1,
        "uncategorized": 0,
    }


def test_a_second_import_counts_what_is_different(house: House, file: Path) -> None:
    read(house, file, HEAT, RONIN, WIRE)

    summary = read(house, file, HEAT.replace("/u/p/", "/u2/p2/"), RONIN, NEWS)

    assert summary is not None
    assert (summary.new, summary.changed, summary.gone) == (1, 0, 1)
    assert entries_of(house) == ["Heat (1995)", "Ronin (1998)", "News 24"]


def test_an_import_is_kept_in_the_log(house: House, file: Path) -> None:
    read(house, file, HEAT)

    log = row_of(house.store, ProcessingLog, ProcessingLog.subject == "list")
    assert (log.action, log.item_count, log.status) == ("refresh_playlist", 1, "completed")
    assert log.counts["movies"] == 1
    assert row(house, file).entry_count == 1


def test_a_list_larger_than_a_batch_is_stored_whole(house: House, file: Path) -> None:
    summary = read(house, file, *films(7), how=How(batch_size=3))

    assert summary is not None
    assert summary.new == 7
    assert len(entries_of(house)) == 7


def test_entries_are_taken_up_to_the_limit(house: House) -> None:
    summary = Summary()

    taken = list(classified([m3u(*films(5))], summary, limit=2))

    assert [entry.raw.name for entry in taken] == ["Film 0 (1995)", "Film 1 (1995)"]
    assert summary.entries == 2


# --- unchanged ---


def test_a_list_that_did_not_change_is_not_read_again(house: House, file: Path) -> None:
    read(house, file, HEAT)
    before = row(house, file)

    assert read(house, file) is None

    assert row(house, file).version == before.version == 1


def test_force_reads_a_list_that_did_not_change(house: House, file: Path) -> None:
    read(house, file, HEAT)

    summary = read(house, file, how=How(force=True))

    assert summary is not None
    assert (summary.new, summary.changed) == (0, 0)
    assert row(house, file).version == 2


def test_a_list_of_which_only_a_part_was_taken_is_read_whole_the_next_time(
    house: House, file: Path
) -> None:
    read(house, file, *films(6), how=How(limit=2))
    assert len(entries_of(house)) == 2

    summary = read(house, file)

    assert summary is not None
    assert summary.new == 4
    assert len(entries_of(house)) == 6


# --- refusals ---


def test_a_list_that_lost_more_than_half_is_refused_and_the_old_one_stays(
    house: House, file: Path
) -> None:
    read(house, file, *films(10))

    with pytest.raises(PlaylistShrunkError, match="process --force"):
        read(house, file, *films(4))

    after = row(house, file)
    log = row_of(house.store, ProcessingLog, ProcessingLog.status == "failed")
    assert len(entries_of(house)) == 10
    assert (after.version, after.entry_count) == (1, 10)
    assert "has 4 entries, last time it had 10" in after.last_error
    assert log.item_count == 4
    assert log.error_message == after.last_error


def test_a_list_that_lost_just_half_is_taken(house: House, file: Path) -> None:
    read(house, file, *films(10))

    summary = read(house, file, *films(5))

    assert summary is not None
    assert summary.gone == 5


@pytest.mark.parametrize("how", [How(force=True), How(limit=4)], ids=["force", "limit"])
def test_a_person_may_take_a_shrunk_list(house: House, file: Path, how: How) -> None:
    read(house, file, *films(10))

    assert read(house, file, *films(4), how=how) is not None

    assert len(entries_of(house)) == 4
    assert row(house, file).last_error == ""


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"<!DOCTYPE html><html>error</html>", "playlist_is_html", id="web-page"),
        pytest.param(b"", "playlist_empty", id="empty"),
    ],
)
def test_what_is_no_list_leaves_the_old_one(
    house: House, file: Path, content: bytes, code: str
) -> None:
    read(house, file, HEAT)
    file.write_bytes(content)

    job = house.run(refresh_job(house, file))

    assert (job.status, job.error_code) == (JobStatus.FAILED, code)
    assert entries_of(house) == ["Heat (1995)"]


# --- the job ---


def refresh_job(house: House, file: Path) -> int:
    payload = {"playlist_id": row(house, file).id}
    return add_job(house.store, JobKind.REFRESH_PLAYLIST, payload=payload)


def test_a_refresh_searches_for_what_its_new_entries_may_be(house: House, file: Path) -> None:
    other = learn(house.store, movie(99, "Ronin", 1998))
    house.store.items.move([ItemMove(item_id=other, state=ItemState.NO_MATCH)])
    waits = {state: learn(house.store, movie(number)) for number, state in enumerate(ItemState)}
    for state, item_id in waits.items():
        house.store.items.move([ItemMove(item_id=item_id, state=state)])
    file.write_bytes(m3u(HEAT))

    job = house.run(refresh_job(house, file))

    searched = {search.item_id for search in jobs_of(house.store, JobKind.SEARCH)}
    assert job.result == {"outcome": "imported", "reason": "list: 1 entries, 1 new, 0 gone"}
    assert waits[ItemState.NO_MATCH] in searched
    assert waits[ItemState.FAILED] in searched
    assert other not in searched
    for state in (ItemState.IMPORTED, ItemState.GONE, ItemState.CANCELLED, ItemState.OBTAINED):
        assert waits[state] not in searched


def test_what_a_killed_refresh_did_not_search_for_is_searched_for_with_the_next(
    house: House, file: Path
) -> None:
    read(house, file, HEAT)
    item_id = learn(house.store, movie())
    house.store.items.move([ItemMove(item_id=item_id, state=ItemState.NO_MATCH)])

    house.run(refresh_job(house, file))

    assert [search.item_id for search in jobs_of(house.store, JobKind.SEARCH)] == [item_id]


def test_a_refresh_that_brings_nothing_new_searches_for_nothing(house: House, file: Path) -> None:
    read(house, file, HEAT)
    search_again(house.store, row(house, file).id)
    item_id = learn(house.store, movie())
    house.store.items.move([ItemMove(item_id=item_id, state=ItemState.NO_MATCH)])
    file.write_bytes(m3u(HEAT) + b"\n")

    job = house.run(refresh_job(house, file))

    assert job.result == {"outcome": "imported", "reason": "list: 1 entries, 0 new, 0 gone"}
    assert not jobs_of(house.store, JobKind.SEARCH)


def test_a_refresh_of_an_unchanged_list_says_so(house: House, file: Path) -> None:
    read(house, file, HEAT)

    job = house.run(refresh_job(house, file))

    assert job.result == {"outcome": "skipped", "reason": "list has not changed"}


def test_a_refresh_of_a_playlist_that_is_gone_has_nothing_to_do(house: House) -> None:
    job_id = add_job(house.store, JobKind.REFRESH_PLAYLIST, payload={"playlist_id": 99})

    job = house.run(job_id)

    assert job.result == {"outcome": "skipped", "reason": "the playlist is gone"}
    assert json.loads(job.payload) == {"playlist_id": 99}

"""`download_info` and what follows it: the table of states, row by row, through the verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from stalkeer.core.jobs import (
    DownloadChange,
    Ended,
    ItemMove,
    Job,
    Lease,
    NewJob,
    NewMatch,
    done,
    later,
)
from stalkeer.core.states import (
    DownloadStatus,
    ImportStatus,
    ItemState,
    JobKind,
    JobStatus,
    MatchState,
)
from stalkeer.db.models import PlaylistItem
from stalkeer.db.pages import PageRequest
from stalkeer.db.store import Store
from tests.builders import (
    LIMITS,
    OWNER,
    add_job,
    entry,
    episode,
    film_on_its_way,
    jobs_of,
    learn,
    movie,
    publish,
    row_of,
    start_download,
    take,
)

SIZE = 734_003_200


@dataclass(slots=True)
class Scene:
    """A film that is known, and in a playlist; what happens next is the test's business."""

    store: Store
    item_id: int
    entry_id: int
    job: Job | None = None
    lease: Lease | None = None

    @property
    def download_id(self) -> int:
        assert self.job is not None
        return self.job.download_id or 0

    @property
    def held(self) -> Lease:
        assert self.lease is not None
        return self.lease

    def taken(self) -> None:
        self.job = start_download(self.store, [self.item_id], self.entry_id)

    def running(self) -> None:
        self.taken()
        assert self.job is not None
        _, self.lease = take(self.store, self.job.id)

    def with_bytes(self) -> None:
        self.running()
        self.store.leases.progress(self.held, done=10, total=SIZE, resume_token="{}")

    def end(self, ended: Ended) -> None:
        self.store.leases.end(self.held, ended, LIMITS)

    def complete(self, import_status: ImportStatus = ImportStatus.PENDING) -> None:
        self.with_bytes()
        change = DownloadChange(
            download_id=self.download_id,
            status=DownloadStatus.COMPLETED,
            import_status=import_status,
            download_path="/movies/Heat (1995)/Heat (1995).mkv",
            file_size=SIZE,
        )
        follow = NewJob(
            kind=JobKind.IMPORT, item_id=self.item_id, download_id=self.download_id, title="Heat"
        )
        then = () if import_status is ImportStatus.OFF else (follow,)
        self.end(done("downloaded", download=change, then=then))

    def importing(self) -> None:
        self.complete()
        _, self.lease = take(self.store, jobs_of(self.store, JobKind.IMPORT)[0].id)
        asked = DownloadChange(download_id=self.download_id, import_status=ImportStatus.IMPORTING)
        self.store.leases.check(self.held, asked)

    def shown(self) -> tuple[str | None, str | None, str, str]:
        """Give the four columns of the table."""
        item = self.store.items.get(self.item_id)
        row = row_of(self.store, PlaylistItem, PlaylistItem.id == self.entry_id)
        download = self.store.downloads.get(self.download_id) if self.job else None
        assert item is not None
        status = download.status.value if download else None
        import_status = download.import_status if download else None
        return status, import_status and import_status.value, item.state.value, row.state


@pytest.fixture
def scene(store: Store) -> Scene:
    [entry_id] = publish(store, entry())
    return Scene(store, learn(store, movie()), entry_id)


def nothing(_scene: Scene) -> None:
    """Only known."""


def no_match(scene: Scene) -> None:
    search(
        scene, done("no_match", items=(ItemMove(item_id=scene.item_id, state=ItemState.NO_MATCH),))
    )


def unreleased(scene: Scene) -> None:
    scene.store.items.move(
        [ItemMove(item_id=scene.item_id, state=ItemState.UNRELEASED, reason="not out yet")]
    )


def doubtful(scene: Scene) -> None:
    match = NewMatch(
        item_id=scene.item_id,
        entry_id=scene.entry_id,
        score=60,
        method="title",
        reasons=("no year",),
        state=MatchState.TO_CONFIRM,
    )
    move = ItemMove(item_id=scene.item_id, state=ItemState.TO_CONFIRM, reason="only 60 of 100 sure")
    search(scene, done("to_confirm", matches=(match,), items=(move,)))


def search(scene: Scene, ended: Ended) -> None:
    job_id = add_job(scene.store, JobKind.SEARCH, item_id=scene.item_id)
    _, lease = take(scene.store, job_id)
    scene.store.leases.end(lease, ended, LIMITS)


def disk_is_full(scene: Scene) -> None:
    scene.running()
    scene.end(later("the disk is full", run_in_s=60))


def paused(scene: Scene) -> None:
    scene.with_bytes()
    change = DownloadChange(download_id=scene.download_id, status=DownloadStatus.PAUSED)
    scene.end(later("paused", run_in_s=60, download=change))


def failed_once(scene: Scene) -> None:
    scene.with_bytes()
    scene.end(Ended(status=JobStatus.READY, error_code="cut", error="it was cut", run_in_s=60))


def given_up(scene: Scene) -> None:
    scene.with_bytes()
    scene.end(Ended(status=JobStatus.FAILED, error_code="cut", error="it was cut"))


def cancelled(scene: Scene) -> None:
    scene.taken()
    scene.store.control.cancel_for_items([scene.item_id], "no longer wanted")


def imported(scene: Scene) -> None:
    scene.importing()
    change = DownloadChange(
        download_id=scene.download_id,
        import_status=ImportStatus.IMPORTED,
        imported_path="/library/Heat.mkv",
    )
    scene.end(done("imported", download=change))


def refused(scene: Scene) -> None:
    scene.importing()
    scene.end(Ended(status=JobStatus.FAILED, error_code="import_refused", error="not an upgrade"))


def import_again_later(scene: Scene) -> None:
    scene.importing()
    scene.end(later("Radarr does not answer", run_in_s=60))


def switched_off(scene: Scene) -> None:
    scene.complete(ImportStatus.OFF)


@pytest.mark.parametrize(
    ("happens", "shown"),
    [
        pytest.param(nothing, (None, None, "searching", "processed"), id="known"),
        pytest.param(no_match, (None, None, "no_match", "processed"), id="nothing-found"),
        pytest.param(unreleased, (None, None, "unreleased", "processed"), id="unreleased"),
        pytest.param(doubtful, (None, None, "to_confirm", "processed"), id="doubtful"),
        pytest.param(Scene.taken, ("pending", None, "waiting", "pending"), id="taken"),
        pytest.param(Scene.running, ("pending", None, "waiting", "pending"), id="no-bytes-yet"),
        pytest.param(disk_is_full, ("pending", None, "waiting", "pending"), id="waits-for-disk"),
        pytest.param(
            Scene.with_bytes, ("downloading", None, "downloading", "downloading"), id="bytes-arrive"
        ),
        pytest.param(paused, ("paused", None, "paused", "pending"), id="paused"),
        pytest.param(failed_once, ("retrying", None, "waiting", "pending"), id="tried-again"),
        pytest.param(
            Scene.complete, ("completed", "pending", "obtained", "organizing"), id="complete"
        ),
        pytest.param(
            Scene.importing, ("completed", "importing", "obtained", "organizing"), id="importing"
        ),
        pytest.param(
            import_again_later,
            ("completed", "pending", "obtained", "organizing"),
            id="import-tried-again",
        ),
        pytest.param(imported, ("completed", "imported", "imported", "downloaded"), id="imported"),
        pytest.param(refused, ("completed", "failed", "import_failed", "downloaded"), id="refused"),
        pytest.param(switched_off, ("completed", "off", "obtained", "downloaded"), id="import-off"),
        pytest.param(given_up, ("failed", None, "failed", "failed"), id="given-up"),
        pytest.param(cancelled, ("cancelled", None, "cancelled", "processed"), id="cancelled"),
    ],
)
def test_download_import_item_and_entry_say_the_same(
    scene: Scene,
    happens: Callable[[Scene], None],
    shown: tuple[str | None, str | None, str, str],
) -> None:
    happens(scene)

    assert scene.shown() == shown


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        pytest.param(disk_is_full, "the disk is full", id="waits-for-disk"),
        pytest.param(failed_once, "it was cut", id="tried-again"),
        pytest.param(given_up, "it was cut", id="given-up"),
        pytest.param(cancelled, "no longer wanted", id="cancelled"),
        pytest.param(refused, "not an upgrade", id="refused"),
    ],
)
def test_what_is_missing_says_why(
    scene: Scene, happens: Callable[[Scene], None], reason: str
) -> None:
    happens(scene)

    item = scene.store.items.get(scene.item_id)
    assert item is not None
    assert item.reason == reason


def test_every_move_is_kept_with_its_reason(scene: Scene) -> None:
    failed_once(scene)
    assert scene.job is not None
    scene.store.db.clock_offset_s = 61
    _, scene.lease = take(scene.store, scene.job.id)
    scene.store.leases.progress(scene.held, done=20, total=SIZE, resume_token="{}")
    scene.store.leases.progress(scene.held, done=30, total=SIZE, resume_token="{}")
    change = DownloadChange(
        download_id=scene.download_id,
        status=DownloadStatus.COMPLETED,
        import_status=ImportStatus.PENDING,
        download_path="/m/Heat.mkv",
        file_size=SIZE,
    )
    scene.end(done("downloaded", download=change))

    moves = scene.store.downloads.moves(scene.download_id)

    assert [(move.from_status, move.to_status, move.reason) for move in moves] == [
        (None, "pending", ""),
        ("pending", "downloading", ""),
        ("downloading", "retrying", "it was cut"),
        ("retrying", "downloading", ""),
        ("downloading", "completed", ""),
        (None, "pending", ""),
    ]
    assert [move.at for move in moves] == sorted(move.at for move in moves)


def test_a_download_that_runs_says_where_and_how_far(scene: Scene) -> None:
    scene.with_bytes()

    download = scene.store.downloads.get(scene.download_id)

    assert download is not None
    assert (download.locked_by, download.bytes_downloaded) == (OWNER, 10)
    assert (download.total_bytes, download.resume_token) == (SIZE, "{}")
    assert download.locked_at is not None
    assert download.started_at is not None
    assert download.retry_count == 0
    assert download.last_retry_at is None


@pytest.mark.parametrize(
    "happens",
    [Scene.complete, failed_once, given_up, disk_is_full, paused],
    ids=["complete", "retry", "failed", "waits", "paused"],
)
def test_a_download_that_does_not_run_is_not_locked(
    scene: Scene, happens: Callable[[Scene], None]
) -> None:
    happens(scene)

    download = scene.store.downloads.get(scene.download_id)
    assert download is not None
    assert download.locked_by is None
    assert download.locked_at is None


def test_a_second_try_counts_and_keeps_the_first_start(scene: Scene) -> None:
    failed_once(scene)
    first = scene.store.downloads.get(scene.download_id)
    assert scene.job is not None
    scene.store.db.clock_offset_s = 61
    take(scene.store, scene.job.id)

    second = scene.store.downloads.get(scene.download_id)

    assert first is not None
    assert second is not None
    assert (first.error_message, first.resume_token) == ("it was cut", "{}")
    assert second.retry_count == 1
    assert second.last_retry_at is not None
    assert second.started_at == first.started_at


def test_a_complete_download_says_where_it_is_and_forgets_its_troubles(scene: Scene) -> None:
    scene.complete()

    download = scene.store.downloads.get(scene.download_id)

    assert download is not None
    assert download.download_path == "/movies/Heat (1995)/Heat (1995).mkv"
    assert download.file_size == download.bytes_downloaded == download.total_bytes == SIZE
    assert download.completed_at is not None
    assert download.resume_token is None
    assert download.error_message is None


def test_an_end_that_says_nothing_of_the_file_leaves_what_was_known(scene: Scene) -> None:
    scene.with_bytes()
    planned = DownloadChange(
        download_id=scene.download_id, download_path="Heat.mkv", file_size=SIZE
    )
    scene.store.leases.check(scene.held, planned)

    scene.end(done("downloaded"))

    download = scene.store.downloads.get(scene.download_id)
    assert download is not None
    assert (download.status, download.download_path) == (DownloadStatus.COMPLETED, "Heat.mkv")
    assert (download.file_size, download.bytes_downloaded) == (SIZE, 10)


def test_an_import_keeps_both_paths_and_a_refusal_keeps_the_words(scene: Scene) -> None:
    imported(scene)

    download = scene.store.downloads.get(scene.download_id)

    assert download is not None
    assert download.imported_path == "/library/Heat.mkv"
    assert download.download_path == "/movies/Heat (1995)/Heat (1995).mkv"
    assert download.error_message is None


def test_what_has_left_the_missing_ones_does_not_come_back_with_its_download(
    scene: Scene,
) -> None:
    scene.with_bytes()
    scene.store.items.move(
        [ItemMove(item_id=scene.item_id, state=ItemState.GONE, reason="deleted")]
    )

    scene.end(Ended(status=JobStatus.FAILED, error_code="cut", error="it was cut"))

    item = scene.store.items.get(scene.item_id)
    assert item is not None
    assert (item.state, item.reason) == (ItemState.GONE, "deleted")


# --- one entry, several items ---


def test_an_entry_with_two_episodes_is_one_download_for_both(store: Store) -> None:
    first, second = learn(store, episode(1)), learn(store, episode(2, number=2))
    [entry_id] = publish(store, entry("The Wire S01E01-E02"))

    job = start_download(store, [first, second], entry_id)

    assert store.downloads.item_ids(job.download_id or 0) == (first, second)
    assert {item.state for item in store.items.many([first, second])} == {ItemState.WAITING}
    for item_id in (first, second):
        held = store.downloads.held_for(item_id)
        assert held is not None
        assert held.id == job.download_id


def test_an_entry_that_is_being_fetched_is_joined_and_not_fetched_twice(store: Store) -> None:
    first, second = learn(store, episode(1)), learn(store, episode(2, number=2))
    [entry_id] = publish(store, entry("The Wire S01E01-E02"))
    job = start_download(store, [first], entry_id)
    _, lease = take(store, job.id)
    store.leases.progress(lease, done=1, total=2, resume_token="{}")

    start_download(store, [second], entry_id)

    assert len(jobs_of(store, JobKind.DOWNLOAD)) == 1
    assert store.downloads.item_ids(job.download_id or 0) == (first, second)
    assert {item.state for item in store.items.many([first, second])} == {ItemState.DOWNLOADING}


def test_a_download_whose_key_is_active_is_not_written(store: Store) -> None:
    first = learn(store, movie())
    entries = publish(store, entry(), entry("Heat 1995 HD", "http://h.example.invalid/2.mkv"))
    start_download(store, [first], entries[0], key="radarr:movie:1")

    start_download(store, [first], entries[1], key="radarr:movie:1")

    assert store.downloads.page(PageRequest()).total == 1


# --- questions ---


@pytest.mark.parametrize(
    ("happens", "is_held"),
    [
        (Scene.taken, True),
        (failed_once, True),
        (paused, True),
        (Scene.complete, True),
        (Scene.importing, True),
        (switched_off, True),
        (given_up, False),
        (cancelled, False),
        (imported, False),
    ],
)
def test_what_we_hold_or_fetch_is_not_fetched_again(
    scene: Scene, happens: Callable[[Scene], None], is_held: bool
) -> None:
    happens(scene)

    assert (scene.store.downloads.held_for(scene.item_id) is not None) is is_held


def test_entries_that_failed_for_good_are_told_oldest_first(store: Store) -> None:
    item_id = learn(store, movie())
    entries = publish(
        store, *(entry(f"Heat {n}", f"http://h.example.invalid/{n}.mkv") for n in range(3))
    )
    for entry_id in (entries[2], entries[0]):
        _, lease = take(store, start_download(store, [item_id], entry_id).id)
        store.leases.end(
            lease, Ended(status=JobStatus.FAILED, error_code="x", error=f"bad {entry_id}"), LIMITS
        )

    tried = store.downloads.tried_entries(item_id)

    assert list(tried.items()) == [
        (entries[2], f"bad {entries[2]}"),
        (entries[0], f"bad {entries[0]}"),
    ]


@pytest.mark.parametrize(
    ("happens", "is_kept"),
    [(Scene.with_bytes, True), (given_up, True), (Scene.complete, False), (cancelled, True)],
    ids=["active", "failed", "complete", "cancelled"],
)
def test_only_downloads_that_may_go_on_keep_their_part(
    scene: Scene, happens: Callable[[Scene], None], is_kept: bool
) -> None:
    happens(scene)

    assert (scene.download_id in scene.store.downloads.resumable_ids()) is is_kept


def test_downloads_are_listed_by_state(store: Store) -> None:
    job = film_on_its_way(store)

    waiting = store.downloads.page(PageRequest(where={"status": "pending"}))
    failed = store.downloads.page(PageRequest(where={"status": "failed"}))

    assert [(row.id, row.title) for row in waiting.rows] == [(job.download_id, "Heat (1995)")]
    assert failed.rows == ()
    assert store.downloads.get(0) is None


@pytest.mark.parametrize(
    ("happens", "status"),
    [(Scene.with_bytes, "downloading"), (Scene.complete, "cancelled"), (given_up, "failed")],
    ids=["active", "complete", "failed"],
)
def test_only_a_finished_file_is_given_up(
    scene: Scene, happens: Callable[[Scene], None], status: str
) -> None:
    happens(scene)
    items = scene.store.downloads.item_ids(scene.download_id)

    scene.store.downloads.give_up(items, "fetched again")

    download = scene.store.downloads.get(scene.download_id)
    assert download is not None
    assert download.status == status
    held = scene.store.downloads.held_for(items[0])
    assert (held is None) is (status != "downloading")

"""What is in a backup comes back, on either database, and nothing that can be read again is in it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stalkeer.core.states import JobKind, JobStatus
from stalkeer.db import backup
from stalkeer.db.backup import BackupError, pour, read_facts, unpack, write_backup
from stalkeer.db.connect import Database
from stalkeer.db.models import Schedule
from stalkeer.db.store import Store
from tests.builders import (
    LIMITS,
    add_job,
    entry,
    film_on_its_way,
    jobs_of,
    publish,
    take,
)

MADE_AT = "2026-01-31 12:00:00"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stalkeer.backup"


def back_up(store: Store, file: Path, secrets: Mapping[str, str] | None = None) -> dict[str, int]:
    return write_backup(store.db, file, version="0.1.0", created_at=MADE_AT, secrets=secrets)


def rows_of(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])


def poured(file: Path, store: Store) -> None:
    """Restore a backup into a database that has other rows by now."""
    unpacked = file.with_suffix(".unpacked")
    unpack(file, unpacked)
    pour(unpacked, store.db)


def test_every_row_comes_back_and_what_came_later_is_gone(store: Store, file: Path) -> None:
    job = film_on_its_way(store)
    before = (store.jobs.get(job.id), store.downloads.get(job.download_id or 0))
    counts = back_up(store, file)
    take(store, job.id)
    add_job(store)

    poured(file, store)

    assert (store.jobs.get(job.id), store.downloads.get(job.download_id or 0)) == before
    assert counts["job"] == rows_of(file, "job")
    assert jobs_of(store, JobKind.CLEANUP) == ()
    assert add_job(store) > job.id


def test_entries_are_left_out_unless_something_points_to_them(store: Store, file: Path) -> None:
    film_on_its_way(store)
    more = [entry(f"Film {n} (1990)", f"http://tv.example.invalid/{n}.mkv") for n in range(20)]
    publish(store, *more, name="second")

    counts = back_up(store, file)

    assert counts["playlist_item"] == 1
    assert counts["entry_key"] < 5
    assert counts["playlist"] == 2


def test_a_running_job_is_ready_and_every_schedule_due_after_a_restore(
    store: Store, file: Path
) -> None:
    store.schedules.configure("cleanup", JobKind.CLEANUP, every_s=3600)
    store.schedules.tick()
    job_id = jobs_of(store, JobKind.CLEANUP)[0].id
    take(store, job_id)
    back_up(store, file)

    poured(file, store)

    job = store.jobs.get(job_id)
    assert job is not None
    assert (job.status, job.crashes) == (JobStatus.READY, 0)
    assert [bell.job_id for bell in store.jobs.ring(LIMITS)] == [job_id]
    due = store.db.read(lambda: Schedule.get().next_run_at)
    assert due <= store.clock()


def test_a_backup_is_of_one_moment_while_others_write(store: Store, file: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            store.db.write(lambda: (add_job(store), add_job(store)))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [back_up(store, file)["job"] for _ in range(3)]
    finally:
        stop.set()
        writer.join()

    assert [count % 2 for count in counts] == [0, 0, 0]
    assert counts == sorted(counts)


def test_a_file_in_the_wrong_form_is_refused(tmp_path: Path, store: Store, file: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all")
    back_up(store, file)
    cut = tmp_path / "cut.backup"
    cut.write_bytes(file.read_bytes()[:5000])

    for path in (other, cut, tmp_path / "missing"):
        with pytest.raises(BackupError):
            read_facts(path)


def test_a_backup_of_a_newer_version_is_refused(store: Store, file: Path) -> None:
    back_up(store, file)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("INSERT INTO schema_migration (name) VALUES ('9999_future')")

    with pytest.raises(BackupError, match="newer stalkeer"):
        read_facts(file)


def test_only_its_user_can_read_it_and_it_holds_keys_when_asked_to(
    store: Store, file: Path
) -> None:
    back_up(store, file, secrets={"secret_key": "abc"})

    facts = read_facts(file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert (facts.version, facts.created_at) == ("0.1.0", MADE_AT)
    assert facts.secrets == {"secret_key": "abc"}
    assert facts.migrations


def test_what_cannot_be_written_leaves_the_old_backup_and_nothing_else(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(store, file)
    old = file.read_bytes()

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_copy", full)
    with pytest.raises(BackupError, match="No space left"):
        back_up(store, file)

    assert file.read_bytes() == old
    assert [path.name for path in file.parent.glob("*backup*")] == [file.name]


@pytest.mark.postgres
def test_a_backup_moves_from_one_database_to_the_other_and_back(
    tmp_path: Path, postgres_url: str, migrated_file: Path
) -> None:
    sqlite_url = f"sqlite:///{tmp_path / 'stalkeer.db'}"
    (tmp_path / "stalkeer.db").write_bytes(migrated_file.read_bytes())
    first, second = tmp_path / "first.backup", tmp_path / "second.backup"
    with closing(Store(Database(sqlite_url))) as store:
        film_on_its_way(store)
        back_up(store, first)
    with closing(Store(Database(postgres_url))) as store:
        store.migrate()
        poured(first, store)
        back_up(store, second)

    def content(path: Path, table: str) -> list[Any]:
        with closing(sqlite3.connect(path)) as database:
            return database.execute(f'SELECT * FROM "{table}" ORDER BY id').fetchall()

    for table in ("job", "download_info", "wanted_item", "playlist_item", "playlist", "match"):
        assert content(second, table) == content(first, table)

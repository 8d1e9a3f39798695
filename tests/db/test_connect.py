"""Connections that break, databases that are busy or away, and the clock they keep."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import peewee as pw
import psycopg2
import pytest

from stalkeer.db.connect import Database, StoreError
from stalkeer.db.models import Job, Setting
from stalkeer.db.store import Store
from tests.builders import add_job, row_of, sqlite_store
from tests.servers import free_port


@pytest.fixture
def postgres_store(migrated_url: str) -> Iterator[Store]:
    store = Store(Database(migrated_url))
    yield store
    store.close()


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    return tmp_path / "stalkeer.db"


def save(store: Store, name: str, value: str = "1") -> None:
    store.db.write(
        lambda: Setting.insert(name=name, value=value, updated_at=store.db.now()).execute()
    )


# --- the clock ---


def test_a_time_is_stored_to_the_second_and_without_a_zone(store: Store) -> None:
    add_job(store)

    stored = store.db.read(
        lambda: store.db.execute("SELECT CAST(created_at AS TEXT) FROM job").fetchone()[0]
    )

    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", stored)


def test_a_time_that_python_gives_is_stored_in_the_same_form(store: Store) -> None:
    job = row_of(store, Job, Job.id == add_job(store))

    later = job.run_at + timedelta(days=1, microseconds=5)
    store.db.write(lambda: Job.update(run_at=later).where(Job.id == job.id).execute())

    stored = store.db.read(
        lambda: store.db.execute("SELECT CAST(run_at AS TEXT) FROM job").fetchone()[0]
    )
    assert stored == f"{later:%Y-%m-%d %H:%M:%S}"
    assert row_of(store, Job, Job.id == job.id).run_at == later.replace(microsecond=0)


def test_the_clock_of_the_database_can_be_moved_for_a_test(store: Store) -> None:
    now = row_of(store, Job, Job.id == add_job(store)).created_at

    store.db.clock_offset_s = 3600

    moved = row_of(store, Job, Job.id == add_job(store)).created_at
    assert timedelta(seconds=3600) <= moved - now < timedelta(seconds=3660)


# --- units of work ---


def test_a_unit_that_fails_writes_nothing(store: Store) -> None:
    def twice() -> None:
        save(store, "A")
        save(store, "A")

    with pytest.raises(pw.IntegrityError):
        store.db.write(twice)

    assert store.settings.all() == {}


def test_a_broken_row_is_no_trouble_with_the_database(store: Store) -> None:
    save(store, "A")

    with pytest.raises(pw.IntegrityError):
        save(store, "A")

    assert store.settings.all() == {"A": "1"}


@pytest.mark.postgres
def test_a_value_that_fits_no_column_is_no_trouble_with_the_database(
    postgres_store: Store,
) -> None:
    with pytest.raises(pw.DataError):
        save(postgres_store, "A" * 129)


# --- connections that break ---


def kill_others(url: str) -> None:
    """End every other connection to a PostgreSQL database."""
    with closing(psycopg2.connect(url)) as admin, admin.cursor() as cursor:
        admin.autocommit = True
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_verb_is_done_again_when_its_connection_was_killed(
    postgres_store: Store, migrated_url: str
) -> None:
    postgres_store.ping()
    kill_others(migrated_url)

    job_id = add_job(postgres_store)

    assert postgres_store.jobs.get(job_id) is not None
    kill_others(migrated_url)
    assert postgres_store.jobs.get(job_id) is not None


def test_a_unit_that_is_killed_in_the_middle_is_done_once_in_all(
    postgres_store: Store, migrated_url: str
) -> None:
    runs: list[int] = []

    def unit() -> None:
        runs.append(1)
        save(postgres_store, f"KILLED-{len(runs)}")
        if len(runs) == 1:
            kill_others(migrated_url)
        save(postgres_store, f"AFTER-{len(runs)}")

    postgres_store.db.write(unit)

    saved = {name for name in postgres_store.settings.all() if "-" in name}
    assert saved == {"KILLED-2", "AFTER-2"}


@pytest.mark.postgres
def test_a_process_that_stands_still_in_a_transaction_keeps_nobody_waiting_for_long(
    postgres_store: Store,
) -> None:
    limit = postgres_store.db.read(
        lambda: postgres_store.db.execute("SHOW idle_in_transaction_session_timeout").fetchone()
    )

    assert limit == ("10s",)


def test_a_unit_that_is_killed_twice_is_given_up(postgres_store: Store, migrated_url: str) -> None:
    def unit() -> None:
        kill_others(migrated_url)
        postgres_store.db.execute("SELECT 1")

    with pytest.raises(StoreError):
        postgres_store.db.read(unit)

    postgres_store.ping()


def test_all_dead_connections_of_the_pool_are_given_up_together(
    postgres_store: Store, migrated_url: str
) -> None:
    together = threading.Barrier(3)
    threads = [
        threading.Thread(target=postgres_store.db.read, args=(together.wait,)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kill_others(migrated_url)

    for _ in range(3):
        postgres_store.ping()


@pytest.mark.parametrize("verb", ["ping", "migrate"])
def test_a_server_that_is_away_is_our_error(verb: str) -> None:
    store = Store(Database(f"postgresql://u:a-password@127.0.0.1:{free_port()}/none"))

    with pytest.raises(StoreError) as caught:
        getattr(store, verb)()

    assert caught.value.retryable
    assert not caught.value.costs_attempt
    assert "a-password" not in str(caught.value)


def test_the_short_scheme_of_an_address_means_the_same(migrated_url: str) -> None:
    store = Store(Database(migrated_url.replace("postgresql://", "postgres://")))

    store.ping()

    assert not store.db.is_sqlite
    store.close()


# --- a busy database ---


def test_a_locked_file_is_our_error_and_heals_by_itself(tmp_path: Path, sqlite_file: Path) -> None:
    store = sqlite_store(tmp_path)
    store.db.read(lambda: store.db.execute("PRAGMA busy_timeout = 20"))
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreError, match="locked"):
            add_job(store)
        assert store.jobs.counts() == {}, "reading goes on"
        other.execute("ROLLBACK")

    add_job(store)
    assert store.jobs.counts() == {"ready": 1}
    store.close()


def test_a_pool_without_a_free_connection_is_our_error(store_url: str) -> None:
    store = Store(Database(store_url, pool_size=1, pool_timeout_s=0.05))
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        is_held.set()
        may_go.wait(10)

    holder = threading.Thread(target=store.db.read, args=(hold,))
    holder.start()
    assert is_held.wait(10)

    with pytest.raises(StoreError):
        store.ping()

    may_go.set()
    holder.join()
    store.ping()
    store.close()


# --- SQLite ---


def test_what_was_answered_is_on_the_disk(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)

    said = store.db.read(
        lambda: [
            store.db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    )

    assert said == ["wal", 2, 1, 5000]
    store.close()


def test_a_folder_that_is_not_there_is_our_error(tmp_path: Path) -> None:
    store = Store(Database(f"sqlite:///{tmp_path}/none/stalkeer.db"))

    with pytest.raises(StoreError, match="Make the folder"):
        store.migrate()


def test_a_path_with_spaces_is_found(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/my%20data.db")

    database.read(lambda: database.execute("SELECT 1"))

    assert (tmp_path / "my data.db").exists()
    database.close()


def test_an_old_sqlite_is_refused_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))

    with pytest.raises(StoreError, match=r"3\.35.*PostgreSQL"):
        Database("sqlite:///any.db")

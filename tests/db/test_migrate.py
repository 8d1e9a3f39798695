"""The schema, brought up to date by one or by several processes at once."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from stalkeer.db.connect import Database
from stalkeer.db.models import MODELS
from stalkeer.db.store import MIGRATIONS, NewerSchemaError, Store
from tests.builders import add_job, sqlite_store

_MIGRATE = """
import sys
from stalkeer.db.connect import Database
from stalkeer.db.store import Store

store = Store(Database(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(len(store.migrate()), flush=True)
"""


def known() -> list[str]:
    return sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))


def test_the_second_migration_finds_nothing_to_do(empty_url: str) -> None:
    store = Store(Database(empty_url))

    assert sorted(store.migrate()) == known()
    add_job(store)
    assert store.migrate() == []

    assert store.jobs.counts() == {"ready": 1}
    store.close()


def test_processes_that_migrate_at_the_same_time_do_it_once(empty_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _MIGRATE, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30) for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert sorted(int(out) for out, _ in said) == [0, 0, len(known())]


def test_the_migrated_schema_is_the_one_of_the_models(empty_url: str) -> None:
    store = Store(Database(empty_url))
    store.migrate()

    difference = store.db.read(lambda: diff_models(store.db.peewee, MODELS))
    store.db.write(lambda: store.db.execute("ALTER TABLE job ADD COLUMN odd INTEGER"))
    with_odd_column = store.db.read(lambda: diff_models(store.db.peewee, MODELS))

    assert not difference, difference
    assert with_odd_column, "the comparison sees nothing"
    store.close()


def test_a_database_of_a_newer_stalkeer_is_refused_plainly(empty_url: str) -> None:
    store = Store(Database(empty_url))
    store.migrate()
    runner = Runner(store.db.peewee, str(MIGRATIONS))
    store.db.write(lambda: runner.History.create(name="9999_from_the_future"))

    with pytest.raises(NewerSchemaError, match=r"newer stalkeer .*9999_from_the_future"):
        store.migrate()

    store.close()


def test_a_new_database_can_be_read_by_its_user_alone(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)

    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("stalkeer.db*")}
    store.close()

    assert modes == {0o600}


def test_migrating_leaves_the_log_of_open_connections_alone(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    file = tmp_path / "stalkeer.db"
    add_job(store)

    store.migrate()
    # The last one to close a database removes its log, and locks say who is the last.
    read = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute('SELECT 1 FROM job'); d.close()"
    subprocess.run([sys.executable, "-c", read, file], check=True)
    add_job(store)

    with closing(sqlite3.connect(file)) as stranger:
        assert stranger.execute("SELECT count(*) FROM job").fetchone() == (2,)
    store.close()

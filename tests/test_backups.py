"""Backups, restoring and new keys, from the settings down to the files of DATA_DIR."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from stalkeer.core.states import JobKind
from stalkeer.db.backup import BackupError, read_facts
from stalkeer.db.store import MIGRATIONS, Store
from stalkeer.db.vault import VaultError
from stalkeer.jobs import backup
from stalkeer.settings import Secrets, Settings, ensure_secrets, load
from stalkeer.wiring.backups import back_up, before_migration, restore, rotate_keys
from stalkeer.wiring.database import open_store
from tests.builders import NOW, add_job, jobs_of

LOCATION = "http://tv.example.invalid/get.php?username=joe&password=secret"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"STALKEER_DATA_DIR": str(tmp_path / "data")}, folder=tmp_path)


@pytest.fixture
def keys(settings: Settings) -> Secrets:
    return keys_of(settings)


def keys_of(settings: Settings) -> Secrets:
    return ensure_secrets(settings.general.data_dir, settings, token=secrets.token_urlsafe)


@pytest.fixture
def file(tmp_path: Path, settings: Settings, keys: Secrets) -> Path:
    """A backup with keys of a database with one playlist; a job came later."""
    with closing(open_store(settings)) as store:
        store.migrate()
        store.playlists.add("films", LOCATION)
    back_up(settings, keys, tmp_path / "a.backup", with_secrets=True)
    with closing(open_store(settings)) as store:
        add_job(store)
    return tmp_path / "a.backup"


def location(settings: Settings) -> str:
    with closing(open_store(settings)) as store:
        [playlist] = store.playlists.all()
        return playlist.location


def test_a_restore_brings_rows_and_keys_back_and_keeps_what_it_replaced(
    settings: Settings, keys: Secrets, file: Path
) -> None:
    rotate_keys(settings)

    restored = restore(settings, file)

    with closing(open_store(settings)) as store:
        assert jobs_of(store, JobKind.CLEANUP) == ()
    assert location(settings) == LOCATION
    assert keys_of(settings).api_key == keys.api_key
    assert set(restored.keys) == {"secret_key", "api_key", "webhook_password"}
    assert restored.replaced is not None
    with closing(sqlite3.connect(restored.replaced)) as replaced:
        assert replaced.execute("SELECT count(*) FROM job").fetchone() == (1,)


def test_a_broken_database_can_be_replaced(settings: Settings, file: Path) -> None:
    path = settings.general.data_dir / "stalkeer.db"
    path.write_bytes(b"broken" * 1000)

    restore(settings, file)

    assert location(settings) == LOCATION


def test_a_backup_without_keys_is_not_restored_where_nothing_could_open_it(
    tmp_path: Path, settings: Settings, keys: Secrets, file: Path
) -> None:
    bare = tmp_path / "bare.backup"
    back_up(settings, keys, bare, with_secrets=False)
    (settings.general.data_dir / "secrets" / "secret_key").write_text("another-key")

    with pytest.raises(VaultError):
        restore(settings, bare)

    assert read_facts(bare).secrets == {}
    with closing(open_store(settings)) as store:
        assert len(jobs_of(store, JobKind.CLEANUP)) == 1


def test_a_backup_from_before_new_keys_can_be_restored_and_a_fresh_one_is_made(
    tmp_path: Path, settings: Settings, keys: Secrets, file: Path
) -> None:
    bare = tmp_path / "bare.backup"
    back_up(settings, keys, bare, with_secrets=False)
    rotate_keys(settings)
    rotate_keys(settings)

    restore(settings, bare)

    assert location(settings) == LOCATION
    assert list((settings.general.data_dir / "backups").glob("stalkeer-*.backup"))


def test_the_keys_a_backup_without_secrets_needs_may_be_those_in_use(
    tmp_path: Path, settings: Settings, keys: Secrets, file: Path
) -> None:
    bare = tmp_path / "bare.backup"
    back_up(settings, keys, bare, with_secrets=False)

    restored = restore(settings, bare)

    assert restored.keys == ()
    assert location(settings) == LOCATION


def test_no_plain_address_of_a_provider_is_in_a_backup(file: Path) -> None:
    assert b"password=secret" not in file.read_bytes()


def test_a_file_that_is_no_backup_is_not_written_over(
    tmp_path: Path, settings: Settings, keys: Secrets, file: Path
) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"film")

    with pytest.raises(BackupError, match=r"film\.mkv is no backup"):
        back_up(settings, keys, film, with_secrets=False)

    assert film.read_bytes() == b"film"


def test_without_a_database_there_is_nothing_to_back_up(
    tmp_path: Path, settings: Settings, keys: Secrets
) -> None:
    with pytest.raises(BackupError, match="no database yet"):
        back_up(settings, keys, tmp_path / "a.backup", with_secrets=False)


def test_new_keys_open_what_the_old_ones_sealed(
    settings: Settings, keys: Secrets, file: Path
) -> None:
    rotated = rotate_keys(settings)

    after = keys_of(settings)
    assert rotated.made == ("secret_key", "api_key", "webhook_password")
    assert after.secret_key.split()[1:] == [keys.secret_key]
    assert {after.secret_key, after.api_key, after.webhook_password}.isdisjoint(
        {keys.secret_key, keys.api_key, keys.webhook_password}
    )
    assert location(settings) == LOCATION


def test_a_key_that_was_set_by_hand_stays(tmp_path: Path, file: Path) -> None:
    pinned = load(
        {"STALKEER_DATA_DIR": str(tmp_path / "data"), "STALKEER_API_KEY": "by-hand"},
        folder=tmp_path,
    )

    rotated = rotate_keys(pinned)

    assert rotated.pinned == ("api_key",)
    assert "api_key" not in rotated.made


def test_an_old_database_is_backed_up_before_it_is_changed(
    settings: Settings, keys: Secrets
) -> None:
    with closing(open_store(settings)) as store:
        first, second = sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))[:2]
        store.db.read(lambda: Runner(store.db.peewee, str(MIGRATIONS)).up(first))

        store.migrate(before=before_migration(settings, store))

    [made] = (settings.general.data_dir / "backups").iterdir()
    assert made.name.startswith(f"before-{second}-")
    assert read_facts(made).migrations == (first,)


def test_a_new_or_current_database_is_not_backed_up(settings: Settings, keys: Secrets) -> None:
    with closing(open_store(settings)) as store:
        for _ in range(2):
            store.migrate(before=before_migration(settings, store))

    assert not (settings.general.data_dir / "backups").exists()


def test_only_the_newest_backups_of_a_kind_stay(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    other = backup.keep(store, folder, NOW, name="before-0002_x")

    made = [backup.keep(store, folder, NOW + timedelta(days=day)) for day in range(9)]

    assert sorted(folder.iterdir()) == sorted([other, *made[-backup.KEPT :]])


def test_a_folder_that_cannot_be_made_is_said_plainly(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(BackupError, match="cannot be made"):
        backup.keep(store, tmp_path / "file" / "backups", NOW)


@pytest.fixture
def store(settings: Settings, keys: Secrets) -> Iterator[Store]:
    with closing(open_store(settings)) as store:
        store.migrate()
        yield store

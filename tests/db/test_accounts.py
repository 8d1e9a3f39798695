"""The account, its sessions, saved settings, further instances and notices, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stalkeer.core.items import Service
from stalkeer.core.notices import Event
from stalkeer.db.connect import Database
from stalkeer.db.models import Instance, Setting
from stalkeer.db.store import Store
from stalkeer.db.vault import SEALED, Vault
from tests.db.conftest import empty


@pytest.fixture
def sealing(store_url: str) -> Iterator[Store]:
    """A store without rows that seals."""
    store = Store(Database(store_url), vault=Vault(["key"]))
    if not store.db.is_sqlite:
        empty(store)
    yield store
    store.close()


def test_there_is_one_account(store: Store) -> None:
    before = store.accounts.password()

    created = [store.accounts.create("hash"), store.accounts.create("other")]

    assert (before, created, store.accounts.password()) == (None, [True, False], "hash")


def test_a_session_holds_until_it_is_over(store: Store) -> None:
    store.accounts.open("mark", lasts_s=60)
    store.accounts.open("other", lasts_s=60)

    open_ones = store.accounts.is_open("mark"), store.accounts.is_open("another")
    store.db.clock_offset_s = 61
    over = store.accounts.is_open("mark")

    assert (open_ones, over) == ((True, False), False)


def test_sessions_that_are_over_are_forgotten(store: Store) -> None:
    store.accounts.open("mark", lasts_s=60)
    store.db.clock_offset_s = 61

    store.accounts.open("other", lasts_s=60)

    marks = store.db.read(lambda: store.db.execute("SELECT mark FROM web_session").fetchall())
    assert [tuple(row) for row in marks] == [("other",)]


def test_a_new_password_ends_every_session_and_a_logout_one(store: Store) -> None:
    store.accounts.create("hash")
    store.accounts.open("one", lasts_s=60)
    store.accounts.open("two", lasts_s=60)

    store.accounts.end("one")
    after_logout = store.accounts.is_open("one"), store.accounts.is_open("two")
    store.accounts.change("new")

    assert after_logout == (False, True)
    assert not store.accounts.is_open("two")
    assert store.accounts.password() == "new"


def test_settings_are_saved_replaced_and_taken_back(store: Store) -> None:
    store.settings.save({"A": "1", "B": "2"})
    store.settings.save({"A": "3", "B": None, "C": None})

    assert store.settings.all() == {"A": "3"}


def test_a_secret_setting_is_sealed(sealing: Store) -> None:
    sealing.settings.save({"A": "word", "B": "plain"}, secret={"A"})

    kept = sealing.db.read(lambda: {row.name: row.value for row in Setting.select()})
    assert kept["A"].startswith(SEALED)
    assert kept["B"] == "plain"
    assert sealing.settings.all() == {"A": "word", "B": "plain"}
    assert sealing.settings.sealed() == kept


def test_what_is_kept_of_an_instance_is_sealed_and_replaced(sealing: Store) -> None:
    sealing.instances.configure("radarr4k", Service.RADARR)

    sealing.instances.save("radarr4k", Service.RADARR, "one")
    sealing.instances.save("radarr4k", Service.RADARR, "two")

    kept = sealing.db.read(lambda: [str(row.config) for row in Instance.select()])
    assert len(kept) == 1
    assert kept[0].startswith(SEALED)
    assert sealing.instances.configs() == {"radarr4k": "two"}


def test_only_an_instance_that_is_kept_is_forgotten(store: Store) -> None:
    store.instances.configure("radarr", Service.RADARR)
    store.instances.save("radarr4k", Service.RADARR, "one")

    forgotten = [store.instances.forget(name) for name in ("radarr", "radarr4k", "nobody")]

    assert forgotten == [False, True, False]
    assert [row.name for row in store.instances.all()] == ["radarr"]


def test_a_notice_waits_until_it_is_sent(store: Store) -> None:
    store.notices.add_once(Event.DISK, "little room", key="disk")
    store.notices.add_once(Event.DISK, "less room", key="disk")

    is_due = [store.notices.is_due(after_s=after_s) for after_s in (60, 0)]
    [notice] = store.notices.waiting()
    store.notices.mark_sent([notice.id])

    assert is_due == [False, True]
    assert (notice.event, notice.text) == (Event.DISK, "little room")
    assert store.notices.waiting() == ()
    assert not store.notices.is_due(after_s=0)


def test_old_notices_are_forgotten_and_may_come_again(store: Store) -> None:
    store.notices.add_once(Event.DISK, "little room", key="disk")
    store.db.clock_offset_s = 100

    store.notices.forget(older_than_s=60)
    store.notices.add_once(Event.DISK, "little room", key="disk")

    assert len(store.notices.waiting()) == 1

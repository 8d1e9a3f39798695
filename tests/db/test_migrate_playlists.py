"""Playlists and entries of the first schema, brought into the one that has their addresses apart."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playhouse.migrations import Runner

from stalkeer.core.entries import identity
from stalkeer.db.connect import Database
from stalkeer.db.models import EntryKey, PlaylistAddress, PlaylistItem
from stalkeer.db.store import MIGRATIONS, Store
from stalkeer.db.vault import Vault, VaultError
from stalkeer.jobs.intake import Intake, take_in
from tests.builders import movie, row_of

HOST = "http://tv.example.invalid:8080"
SECRETS = (b"secretuser", b"secretpass", b"secrettoken")
LOCATION = f"{HOST}/get.php?username=secretuser&password=secretpass"
NOW = "2026-01-31 12:00:00"
HEAT = f"{HOST}/movie/secretuser/secretpass/1.mkv"
RONIN = f"{HOST}/films/ronin.mkv?token=secrettoken"


@pytest.fixture
def old(empty_url: str, tmp_path: Path) -> Iterator[Store]:
    """A database of the first schema with rows in it."""
    folder = tmp_path / "first"
    folder.mkdir()
    shutil.copy(MIGRATIONS / "0001_first.py", folder)
    store = Store(Database(empty_url), vault=Vault(["a key"]))
    store.db.read(lambda: Runner(store.db.peewee, str(folder)).up())
    store.db.write(lambda: fill(store))
    yield store
    store.close()


def fill(store: Store) -> None:
    def put(table: str, **values: Any) -> None:
        mark = "?" if store.db.is_sqlite else "%s"
        marks = ", ".join([mark] * len(values))
        statement = f'INSERT INTO "{table}" ({", ".join(values)}) VALUES ({marks})'
        store.db.execute(statement, tuple(values.values()))

    def item(number: int, name: str, url: str, first: int, last: int) -> None:
        put(
            "playlist_item", id=number, created_at=NOW, updated_at=NOW, playlist_id=1,
            identity=f"{number:040}", first_version=first, last_version=last, ordinal=number,
            name=name, group_title="VOD", tvg_name="", tvg_id="", tvg_logo="", tvg_type="",
            url=url, url_kind="movie", user_agent="", referrer="", content_type="movie",
            title=name[:-7], year=int(name[-5:-1]), state="processed",
        )  # fmt: skip

    def key(number: int, text: str, year: int | None) -> None:
        put("entry_key", item_id=number, key=text, content_type="movie", year=year)

    put(
        "playlist", id=1, created_at=NOW, updated_at=NOW, name="list", location=LOCATION,
        is_configured=False, is_enabled=True, version=3, searched_version=3, entry_count=2,
        etag='"e"', last_modified="", last_error="",
    )  # fmt: skip
    item(1, "Heat (1995)", HEAT, 1, 3)
    item(2, "Ronin (1998)", RONIN, 2, 3)
    item(3, "Coco (2017)", f"{HOST}/movie/secretuser/secretpass/3.mkv", 1, 2)
    item(4, "Up (2009)", f"{HOST}/movie/secretuser/secretpass/4.mkv", 4, 4)
    key(1, "heat", 1995)
    key(1, "heat", None)
    key(2, "ronin", 1998)
    key(4, "up", 2009)
    put(
        "wanted_item", id=1, created_at=NOW, updated_at=NOW, instance="radarr", service="radarr",
        kind="movie", arr_id=1, title="Heat", year=1995, detail="{}", state="to_confirm",
        reason="", failures=0, forgiven_id=0,
    )  # fmt: skip
    put(
        "match", id=1, created_at=NOW, updated_at=NOW, item_id=1, playlist_item_id=1, score=60,
        method="title", reasons="[]", state="confirmed",
    )  # fmt: skip
    put(
        "filter", id=1, created_at=NOW, updated_at=NOW, name="no sport", attribute="group_title",
        include="", exclude="sport", is_runtime=True,
    )  # fmt: skip


def read(store: Store, work: Callable[[], Any]) -> Any:
    return store.db.read(work)


def url_of(store: Store, entry_id: int) -> str:
    found = store.playlists.entry(entry_id)
    assert found is not None
    return found.url


def test_entries_keep_their_rows_their_addresses_and_what_was_said_of_them(old: Store) -> None:
    old.migrate()

    assert (url_of(old, 1), url_of(old, 2)) == (HEAT, RONIN)
    row = row_of(old, PlaylistItem, PlaylistItem.id == 1)
    assert (row.identity, row.path) == (identity("Heat (1995)", "movie/1.mkv"), "movie/1.mkv")
    assert old.matches.confirmed(1) == {1}
    [filtered] = old.filters.rules()
    assert (filtered.name, filtered.playlist_id) == ("no sport", None)


def test_entries_are_found_as_before_and_those_that_were_gone_are_not(old: Store) -> None:
    old.migrate()

    assert [one.entry_id for one in old.playlists.candidates(movie())] == [1]
    assert [one.entry_id for one in old.playlists.candidates(movie(2, "Ronin", 1998))] == [2]
    gone = row_of(old, PlaylistItem, PlaylistItem.id == 3)
    assert gone.gone_version == 3
    assert read(old, lambda: EntryKey.select().count()) == 2
    assert read(old, lambda: {row.id for row in PlaylistItem.select()}) == {1, 2, 3}, "unfinished"
    assert read(old, lambda: PlaylistAddress.select().count()) == 2


def test_the_next_refresh_knows_the_entries_by_who_they_are(old: Store) -> None:
    old.migrate()
    lines = [f"#EXTINF:-1 group-title=VOD,Heat (1995)\n{HEAT}"]
    lines += [f"#EXTINF:-1 group-title=VOD,Ronin (1998)\n{RONIN}"]

    summary = take_in(
        old.imports,
        Intake(name="list", playlist_id=1, token="t"),
        ["\n".join(lines).encode()],
        tell=lambda _: None,
        wait=lambda _: None,
    )

    assert (summary.entries, summary.new, summary.gone) == (2, 0, 0)
    assert url_of(old, 1) == HEAT


def test_no_secret_of_before_is_left_in_the_database(old: Store) -> None:
    old.migrate()

    row = old.playlists.get(1)
    assert row is not None
    assert row.location == LOCATION
    assert old.playlists.add("again", LOCATION) == 1, "it is found by its mark"
    old.close()
    if old.db.is_sqlite:
        file = Path(str(old.db.peewee.database))
        raw = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
        assert b"Heat (1995)" in raw
        assert not [secret for secret in SECRETS if secret in raw]


def test_with_another_key_the_database_says_so_when_it_is_opened(old: Store) -> None:
    old.migrate()
    old.close()
    other = Store(old.db, vault=Vault(["another key"]))

    with pytest.raises(VaultError, match="Set STALKEER_SECRET_KEY"):
        other.migrate()


def test_a_new_key_seals_everything_anew_and_the_old_one_is_no_longer_needed(old: Store) -> None:
    old.migrate()
    both = Store(old.db, vault=Vault(["new key", "a key"]))

    assert both.playlists.seal(anew=True) == 3

    new = Store(old.db, vault=Vault(["new key"]))
    assert new.migrate() == []
    assert url_of(new, 1) == HEAT
    assert new.playlists.add("again", LOCATION) == 1
    assert new.playlists.seal() == 0


def test_without_a_key_nothing_is_sealed(old: Store) -> None:
    plain = Store(old.db)

    plain.migrate()

    secrets = read(plain, lambda: [row.secret for row in PlaylistAddress.select()])
    assert url_of(plain, 1) == HEAT
    assert all(secret.startswith("[") for secret in secrets)

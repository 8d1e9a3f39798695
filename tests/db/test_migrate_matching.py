"""What was known before `0003_matching` is kept, with the reasons and names that go with it."""

from __future__ import annotations

from playhouse.migrations import Runner

from stalkeer.core.reasons import CODE_OF_STATE
from stalkeer.core.states import ItemState
from stalkeer.db.connect import Database
from stalkeer.db.store import MIGRATIONS, Store

STAMP = "'2026-01-31 12:00:00'"


def test_old_items_get_their_reason_and_old_matches_the_name_of_their_entry(empty_url: str) -> None:
    store = Store(Database(empty_url))
    runner = Runner(store.db.peewee, str(MIGRATIONS))
    store.db.read(lambda: runner.up(target="0002_playlists"))
    store.db.write(lambda: _write_old_rows(store))

    store.migrate()

    codes = store.db.read(
        lambda: dict(store.db.execute("SELECT state, reason_code FROM wanted_item").fetchall())
    )
    match = store.matches.get(1)
    assert codes == {state.value: code.value for state, code in CODE_OF_STATE.items()}
    assert match is not None
    assert (match.entry_name, match.alternatives) == ("Heat (1995)", ())
    store.close()


def _write_old_rows(store: Store) -> None:
    execute = store.db.execute
    for number, state in enumerate(ItemState, 1):
        execute(
            "INSERT INTO wanted_item (id, instance, service, kind, arr_id, title, year, detail, "
            "state, reason, failures, forgiven_id, created_at, updated_at) VALUES "
            f"({number}, 'radarr', 'radarr', 'movie', {number}, 'Heat', 1995, '{{}}', '{state}', "
            f"'', 0, 0, {STAMP}, {STAMP})"
        )
    execute(
        "INSERT INTO playlist (id, name, location, is_configured, is_enabled, version, "
        "searched_version, entry_count, etag, last_modified, last_error, created_at, updated_at) "
        f"VALUES (1, 'list', '/list.m3u', true, true, 1, 1, 1, '', '', '', {STAMP}, {STAMP})"
    )
    execute(
        "INSERT INTO playlist_item (id, playlist_id, identity, first_version, ordinal, name, "
        "group_title, tvg_name, tvg_id, tvg_logo, tvg_type, user_agent, referrer, content_type, "
        f"title, state, created_at, updated_at) VALUES (1, 1, 7, 1, 0, 'Heat (1995)', '', '', '', "
        f"'', '', '', '', 'movie', 'Heat', 'processed', {STAMP}, {STAMP})"
    )
    execute(
        'INSERT INTO "match" (id, item_id, playlist_item_id, score, method, reasons, state, '
        f"created_at, updated_at) VALUES (1, 1, 1, 97, 'title_year', '[]', 'taken', {STAMP}, "
        f"{STAMP})"
    )

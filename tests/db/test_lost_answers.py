"""Commits whose answers were lost: the unit is done again, and nobody sees that it was.

Every verb that writes is called twice, in two databases that are the same: once as always, and once
so that each of its units is committed and then loses its connection. What it answers and what
stands in the tables afterwards must be the same.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import peewee as pw
import psycopg2
import pytest

import stalkeer.db
from stalkeer.core.connections import ProviderPause
from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.core.items import ContentType, Service
from stalkeer.core.jobs import DownloadChange, Ended, ItemMove, Lease, NewDownload, NewJob, done
from stalkeer.core.learned import Alias
from stalkeer.core.notices import Event
from stalkeer.core.overrides import Override
from stalkeer.core.states import DownloadStatus, ItemState, JobKind, JobStatus, MatchState
from stalkeer.db.columns import NewAddress, item_columns, key_columns, new_address
from stalkeer.db.connect import Database
from stalkeer.db.control import ConflictError
from stalkeer.db.importing import Changed, Importing
from stalkeer.db.learned import Target, target_of
from stalkeer.db.models import MODELS
from stalkeer.db.playlists import PanelAccount
from stalkeer.db.records import SavedSettings
from stalkeer.db.sealing import Sealing
from stalkeer.db.sources import PlaylistSpec
from stalkeer.db.store import Store
from stalkeer.db.titles import Title
from stalkeer.db.vault import Vault
from tests.builders import (
    LIMITS,
    OWNER,
    add_job,
    entry,
    film_on_its_way,
    learn,
    movie,
    playlist,
    publish,
)
from tests.db.conftest import empty

T = TypeVar("T")
Call = Callable[[], object]

HEAT = entry("Heat (1995)", "http://tv.example.invalid/movie/u/p/1.mkv")
RONIN = entry("Ronin (1998)", "http://tv.example.invalid/movie/u/p/2.mkv")
RULE = FilterRule("vod", Attribute.GROUP_TITLE, include=("VOD",))
SET_RULE = FilterRule("set", Attribute.GROUP_TITLE, exclude=("XXX",), is_runtime=False)
SPEC = PlaylistSpec(name="mine", kind="m3u", location="http://tv.example.invalid/l.m3u")
ELSEWHERE = NewAddress("other.example.invalid", '["http://other.example.invalid/x/y/",""]')
SEARCH = NewJob(kind=JobKind.SEARCH, dedup_key="search")
FAILED = Ended(status=JobStatus.FAILED, error_code="cut", error="it was cut")


class Unlucky(Database):
    """A database whose connection dies after each commit, before anybody hears of it.

    On PostgreSQL it is killed. SQLite has none that could die; there it is only said.
    """

    dies = False
    _is_repeat = False

    def _unit(self, work: Callable[[], T], scope: Callable[[], AbstractContextManager[Any]]) -> T:
        return super()._unit(work, partial(self._committed, scope))

    @contextmanager
    def _committed(self, scope: Callable[[], AbstractContextManager[Any]]) -> Iterator[None]:
        with scope():
            yield
        self._is_repeat = self.dies and not self._is_repeat
        if not self._is_repeat:
            return
        if self.is_sqlite:
            raise pw.OperationalError("server closed the connection unexpectedly")
        pid = self.execute("SELECT pg_backend_pid()").fetchone()[0]
        with closing(psycopg2.connect(self.url)) as admin, admin.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        self.execute("SELECT 1")


# --- the verbs, each with what must be there before ---


def after(_prepared: object, call: Call) -> Call:
    return call


def running(store: Store, job_id: int | None = None) -> Lease:
    lease = Lease(job_id or add_job(store), "mine")
    assert store.leases.claim(lease, owner=OWNER, limits=LIMITS)
    return lease


def ended(store: Store, kind: JobKind = JobKind.CLEANUP, **facts: Any) -> int:
    lease = running(store, add_job(store, kind, **facts))
    store.leases.end(lease, FAILED, LIMITS)
    return lease.job_id


def download(store: Store) -> int:
    return film_on_its_way(store).download_id or 0


def paused(store: Store) -> int:
    download_id = download(store)
    store.control.pause(download_id)
    return download_id


def fetching(store: Store) -> Lease:
    return running(store, film_on_its_way(store).id)


def complete(store: Store) -> int:
    """Fetch a film whose import waits, and give the id of its item."""
    job = film_on_its_way(store)
    change = DownloadChange(
        download_id=job.download_id or 0, status=DownloadStatus.COMPLETED, file_size=9
    )
    store.leases.end(running(store, job.id), done("downloaded", download=change), LIMITS)
    return job.item_id or 0


def match(store: Store) -> int:
    [entry_row] = publish(store, HEAT)
    return store.matches.by_hand(learn(store, movie()), entry_row).id


def target() -> Target:
    return target_of("radarr", movie())


def taught(store: Store) -> int:
    match_id = match(store)
    store.learned.teach(target(), Alias(key="heat", title="Heat"), match_id)
    return match_id


def source(store: Store) -> int:
    return store.sources.add(SPEC)


def leaving(store: Store) -> int:
    publish(store, HEAT, RONIN, name="mine")
    playlist_id = playlist(store, "mine")
    store.sources.leave(playlist_id)
    return playlist_id


def removed_all(store: Store, playlist_id: int) -> None:
    while store.sources.remove_some(playlist_id, 5):
        pass


def importing(store: Store) -> tuple[Importing, int]:
    """Begin an import over a list of two entries; give the id of the list's address."""
    publish(store, HEAT, RONIN)
    task = store.imports.begin(playlist(store), "mine")
    return task, store.imports.addresses(task.playlist_id)[0][0]


def new_entries(store: Store, task: Importing) -> Call:
    [(address, _)] = store.imports.addresses(task.playlist_id)[:1]
    other = entry("Coco (2017)", "http://tv.example.invalid/movie/u/p/3.mkv")
    return partial(store.imports.insert, task, [item_columns(other, address_id=address)] * 2)


def new_keys(store: Store) -> Call:
    task, address = importing(store)
    other = entry("Coco (2017)", "http://tv.example.invalid/movie/u/p/3.mkv")
    [row] = store.imports.insert(task, [item_columns(other, address_id=address)])
    return partial(store.imports.insert_keys, task, key_columns(other, row))


def changed(store: Store) -> Call:
    task, address = importing(store)
    renamed = entry("Coco (2017)", HEAT.raw.url)
    change = Changed(1, item_columns(renamed, address_id=address), key_columns(renamed, 1), None)
    return partial(store.imports.change, task, [change])


def published(store: Store) -> Call:
    task, address = importing(store)
    moved = {address: ELSEWHERE}
    return partial(store.imports.publish, task, entry_count=3, is_changed=False, moved=moved)


def on_rows(store: Store, verb: str, *more: Any) -> Call:
    """Call a verb of imports with two entries."""
    task, _ = importing(store)
    return partial(getattr(store.imports, verb), task, [1, 2], *more)


def finished(store: Store) -> Call:
    task, _ = importing(store)
    return partial(store.imports.finish, task, etag="e", last_modified="m")


def ended_with_all(store: Store) -> Call:
    """End a search with everything that may follow."""
    item_id = learn(store, movie())
    [entry_row] = publish(store, HEAT)
    lease = running(store, add_job(store, JobKind.SEARCH, item_id=item_id))
    new = NewDownload(entry_id=entry_row, item_ids=(item_id,), job=NewJob(kind=JobKind.DOWNLOAD))
    return partial(store.leases.end, lease, done("taken", downloads=(new,)), LIMITS)


def by_hand(store: Store) -> Call:
    [entry_row] = publish(store, HEAT)
    job = NewJob(kind=JobKind.DOWNLOAD, dedup_key="entry:1", provider="tv.example.invalid")
    return partial(
        store.leases.start,
        NewDownload(entry_id=entry_row, item_ids=(learn(store, movie()),), job=job),
    )


def counted(store: Store) -> Call:
    publish(store, HEAT, RONIN)
    return partial(store.tallies.recount, playlist(store))


def counted_before(store: Store) -> Call:
    publish(store, HEAT, RONIN)
    store.tallies.recount(playlist(store))
    publish(store, entry("Live", group="News"))
    return partial(store.tallies.recount, playlist(store))


def overridden(store: Store) -> Call:
    [row, _] = publish(store, HEAT, RONIN)
    store.tallies.recount(playlist(store))
    return partial(store.entries.override, row, Override(year=1996), by="me")


def sealed_later(store: Store) -> Call:
    publish(store, HEAT)
    store.playlists.vault = Vault(["a key"])
    return store.playlists.seal


def sealed_anew(store: Store) -> Call:
    vault = store.playlists.vault = Vault(["a key"])
    SavedSettings(store.db, vault).save({"A": "secret"}, secret={"A"})
    return Sealing(store.db, vault, store.playlists).renew


def titled(store: Store) -> Call:
    publish(store, HEAT)
    title = Title(
        content_type=ContentType.MOVIE,
        title="Heat",
        year=1995,
        key="heat",
        entries=1,
        item_id=1,
        confidence=90,
        is_collected=None,
    )
    store.titles.change([], [title])
    return partial(store.titles.change, [1], [title])


def crashed(store: Store) -> Call:
    fetching(store)
    return partial(store.leases.take_back, expired_only=False)


def wants(store: Store) -> Call:
    return partial(learn, store, movie())


def run_begun(store: Store) -> int:
    return store.runs.start("sync", "radarr")


def notified(store: Store) -> bool:
    store.notices.add_once(Event.DISK, "full", key="disk")
    return True


def a_provider_that_refuses(store: Store) -> Call:
    pause = ProviderPause(base_s=60, reason="it is full", is_too_many=True)
    put_back = Ended(status=JobStatus.READY, reason="later", provider_pause=pause)
    return partial(store.leases.end, fetching(store), put_back, LIMITS)


VERBS: dict[str, Callable[[Store], Call]] = {
    "Accounts.create": lambda s: partial(s.accounts.create, "hash"),
    "Accounts.change": lambda s: partial(s.accounts.change, "hash"),
    "Accounts.open": lambda s: partial(s.accounts.open, "mark", lasts_s=60),
    "Accounts.end": lambda s: partial(s.accounts.end, "mark"),
    "Control.cancel": lambda s: partial(s.control.cancel, download(s)),
    "Control.cancel, running": lambda s: after(fetching(s), partial(s.control.cancel, 1)),
    "Control.cancel_for_items": lambda s: partial(
        s.control.cancel_for_items, [film_on_its_way(s).item_id or 0], "it is there"
    ),
    "Control.cancel_job": lambda s: partial(s.control.cancel_job, add_job(s)),
    "Control.cancel_job, running": lambda s: partial(s.control.cancel_job, running(s).job_id),
    "Control.pause": lambda s: partial(s.control.pause, download(s)),
    "Control.pause, running": lambda s: after(fetching(s), partial(s.control.pause, 1)),
    "Control.prioritise": lambda s: partial(s.control.prioritise, download(s), 7),
    "Control.replay": lambda s: partial(s.control.replay, ended(s)),
    "Control.replay, a search": lambda s: partial(
        s.control.replay, ended(s, JobKind.SEARCH, item_id=learn(s, movie()), dedup_key="x")
    ),
    "Control.resume": lambda s: partial(s.control.resume, paused(s)),
    "Counters.add": lambda s: partial(s.counters.add, {("arr_calls", ()): 2}),
    "Deliveries.add": lambda s: partial(s.deliveries.add, [("radarr", "{}")]),
    "Downloads.give_up": lambda s: partial(s.downloads.give_up, [complete(s)], "it is gone"),
    "Endings.leave": lambda s: partial(s.leases.end, running(s), done("done"), LIMITS),
    "Entries.keep_out": lambda s: partial(s.entries.keep_out, "vod", publish(s, HEAT)),
    "Entries.override": overridden,
    "Filters.add": lambda s: partial(s.filters.add, RULE),
    "Filters.change": lambda s: partial(s.filters.change, s.filters.add(RULE).id, RULE),
    "Filters.configure": lambda s: partial(s.filters.configure, [SET_RULE]),
    "Filters.remove": lambda s: partial(s.filters.remove, s.filters.add(RULE).id),
    "Filters.remove_runtime": lambda s: after(s.filters.add(RULE), s.filters.remove_runtime),
    "Filters.replace_of": lambda s: partial(
        s.filters.replace_of,
        playlist(s),
        [FilterRule("one", Attribute.GROUP_TITLE, include=("VOD",), playlist_id=1)],
    ),
    "Imports.begin": lambda s: partial(s.imports.begin, playlist(s), "mine"),
    "Imports.add_addresses": lambda s: partial(
        s.imports.add_addresses, importing(s)[0], [ELSEWHERE, new_address(RONIN.address, "x")]
    ),
    "Imports.rewrite_addresses": lambda s: partial(
        s.imports.rewrite_addresses, importing(s)[0], {1: ELSEWHERE}
    ),
    "Imports.drop_addresses": lambda s: partial(
        s.imports.drop_addresses,
        (task := importing(s)[0]),
        s.imports.add_addresses(task, [ELSEWHERE]),
    ),
    "Imports.insert": lambda s: new_entries(s, importing(s)[0]),
    "Imports.insert_keys": new_keys,
    "Imports.mark_gone": lambda s: on_rows(s, "mark_gone"),
    "Imports.unmark_gone": lambda s: on_rows(s, "unmark_gone"),
    "Imports.publish": published,
    "Imports.revive": lambda s: on_rows(s, "revive"),
    "Imports.move": lambda s: on_rows(s, "move", 1),
    "Imports.note_contents": lambda s: partial(
        s.imports.note_contents, importing(s)[0], [(5, 1), (6, 2)]
    ),
    "Imports.change": changed,
    "Imports.remove": lambda s: on_rows(s, "remove"),
    "Imports.finish": finished,
    "Instances.configure": lambda s: partial(s.instances.configure, "radarr", Service.RADARR),
    "Instances.save": lambda s: partial(s.instances.save, "second", Service.RADARR, "{}"),
    "Instances.forget": lambda s: after(
        s.instances.save("second", Service.RADARR, "{}"), partial(s.instances.forget, "second")
    ),
    "Instances.note_sync": lambda s: partial(s.instances.note_sync, "radarr", counts={"new": 1}),
    "Instances.note_error": lambda s: partial(s.instances.note_error, "radarr", "away"),
    "Instances.note_webhook": lambda s: partial(s.instances.note_webhook, "radarr", "failed"),
    "Items.learn": wants,
    "Items.move": lambda s: partial(
        s.items.move, [ItemMove(item_id=learn(s, movie()), state=ItemState.FAILED, reason="no")]
    ),
    "Items.start_anew": lambda s: partial(s.items.start_anew, complete(s), failures=2),
    "Items.mark_searched": lambda s: partial(s.items.mark_searched, learn(s, movie())),
    "Jobs.add": lambda s: partial(s.jobs.add, SEARCH),
    "Jobs.add_or_find": lambda s: partial(s.jobs.add_or_find, SEARCH),
    "Jobs.hasten": lambda s: partial(s.jobs.hasten, add_job(s, run_in_s=60)),
    "Jobs.hurry": lambda s: after(add_job(s, run_in_s=60), s.jobs.hurry),
    "Jobs.forget_bells": lambda s: after(add_job(s), s.jobs.forget_bells),
    "Jobs.settle_queues": lambda s: after(add_job(s), s.jobs.settle_queues),
    "Jobs.prune": lambda s: after(ended(s), partial(s.jobs.prune, older_than_s=-60)),
    "Jobs._ring_due": lambda s: after(add_job(s), partial(s.jobs.ring, LIMITS)),
    "LearnedTitles.teach": lambda s: partial(
        s.learned.teach, target(), Alias(key="heat", title="Heat"), match(s)
    ),
    "LearnedTitles.forget": lambda s: partial(s.learned.forget, taught(s)),
    "LearnedTitles.remove": lambda s: partial(s.learned.remove, taught(s)),
    "Leases._claim": lambda s: partial(
        s.leases.claim, Lease(film_on_its_way(s).id, "mine"), owner=OWNER, limits=LIMITS
    ),
    "Claims.claim_at_once": lambda s: partial(
        s.leases.claim, Lease(add_job(s), "mine"), owner=OWNER, limits=LIMITS
    ),
    "Leases.renew": lambda s: partial(s.leases.renew, [fetching(s).token]),
    "Leases.progress": lambda s: partial(
        s.leases.progress, fetching(s), done=1, total=9, resume_token="{}"
    ),
    "Leases.check": lambda s: partial(s.leases.check, fetching(s), DownloadChange(download_id=1)),
    "Leases.tell": lambda s: partial(s.leases.tell, running(s), "half", "of it"),
    "Leases._end": ended_with_all,
    "Leases._end, a provider that refuses": a_provider_that_refuses,
    "Leases._take_back": crashed,
    "Leases.start": by_hand,
    "Matches.by_hand": lambda s: partial(s.matches.by_hand, learn(s, movie()), publish(s, HEAT)[0]),
    "Matches.reject_imported": lambda s: partial(s.matches.reject_imported, complete(s)),
    "Matches.say": lambda s: partial(s.matches.say, match(s), MatchState.REJECTED),
    "Matches.take_back": lambda s: partial(s.matches.take_back, match(s), MatchState.TAKEN),
    "Notices.add_once": lambda s: partial(s.notices.add_once, Event.DISK, "full", key="disk"),
    "Notices.mark_sent": lambda s: after(notified(s), partial(s.notices.mark_sent, [1])),
    "Notices.forget": lambda s: after(notified(s), partial(s.notices.forget, older_than_s=-60)),
    "Playlists.configure": lambda s: partial(
        s.playlists.configure,
        [("list", "/list.m3u")],
        [PanelAccount(name="tv", location="http://tv.example.invalid", username="u", password="p")],
    ),
    "Playlists.add": lambda s: partial(s.playlists.add, "list", "/list.m3u"),
    "Playlists.drop_unread": lambda s: partial(s.playlists.drop_unread, playlist(s)),
    "Playlists.mark_searched": lambda s: partial(s.playlists.mark_searched, playlist(s), 1),
    "Playlists.note": lambda s: partial(s.playlists.note, playlist(s), error="away", code="away"),
    "Playlists.note_account": lambda s: partial(
        s.playlists.note_account, playlist(s), max_connections=2, expires_at=None
    ),
    "Playlists._seal_playlist": sealed_later,
    "Playlists._seal_addresses": sealed_later,
    "Room.reserve": lambda s: partial(s.room.reserve, download(s), 9, lambda _: None),
    "Runs.start": lambda s: partial(s.runs.start, "sync", "radarr"),
    "Runs.finish": lambda s: partial(s.runs.finish, run_begun(s), item_count=1, counts={"new": 1}),
    "Runs.close_open": lambda s: after(run_begun(s), s.runs.close_open),
    "SavedSettings.save": lambda s: partial(s.settings.save, {"A": "1", "B": None}),
    "Schedules.configure": lambda s: partial(
        s.schedules.configure, "cleanup", JobKind.CLEANUP, every_s=60
    ),
    "Schedules.keep_only": lambda s: partial(s.schedules.keep_only, {"cleanup"}),
    "Schedules.drop": lambda s: partial(s.schedules.drop, "cleanup"),
    "Schedules.bring_forward": lambda s: partial(s.schedules.bring_forward, "cleanup", within_s=1),
    "Schedules._fire": lambda s: after(
        s.schedules.configure("cleanup", JobKind.CLEANUP, every_s=60), s.schedules.tick
    ),
    "Sealing._renew_small": sealed_anew,
    "Sources.add": lambda s: partial(s.sources.add, SPEC),
    "Sources.change": lambda s: partial(s.sources.change, source(s), {"name": "other"}),
    "Sources.leave": lambda s: partial(s.sources.leave, source(s)),
    "Sources.remove_some": lambda s: partial(removed_all, s, leaving(s)),
    "Tallies._insert": counted,
    "Tallies._drop": counted_before,
    "Titles.change": titled,
    "TmdbAnswers.keep": lambda s: partial(s.tmdb.keep, "key", {"id": 1}),
}


SAMPLE = (
    "Accounts.create",
    "Accounts.open",
    "Claims.claim_at_once",
    "Control.cancel_job",
    "Control.pause",
    "Control.replay",
    "Filters.add",
    "Imports.add_addresses",
    "Imports.finish",
    "Imports.insert",
    "Imports.insert_keys",
    "Jobs.add",
    "Leases._claim",
    "Leases.start",
    "Runs.start",
    "Sources.leave",
)
"""What is tried with real connections that are really killed."""

LEFT = {
    # The row says how it ended. The run is told that it has lost its lease: it writes nothing more.
    "Leases._end",
    "Leases._end, a provider that refuses",
    # A figure for Prometheus: see there.
    "Counters.add",
    # Two jobs for one delivery: the second finds nothing to do, as when it was sent twice.
    "Deliveries.add",
    # Not rung; what nobody heard is rung for again.
    "Jobs._ring_due",
    # The name is taken back; the person is told that there is none.
    "LearnedTitles.remove",
    # Counted twice until the list is counted again.
    "Tallies._drop",
    "Tallies._insert",
}
"""The verbs of which a lost answer can be seen, and why that may be."""


def cases(names: Iterable[str]) -> list[Any]:
    left = pytest.mark.xfail(strict=True, reason="it may be seen")
    return [pytest.param(name, marks=[left] if name in LEFT else []) for name in names]


@dataclass(frozen=True)
class Seen:
    """All that can be seen of a call: its answer, and the rows of every table."""

    answer: str
    rows: dict[str, list[str]]


def seen(store: Store, answer: object) -> Seen:
    tables = [model._meta.table_name for model in MODELS]
    rows = {
        table: sorted(plain(row) for row in store.db.read(partial(all_of, store, table)))
        for table in tables
    }
    return Seen(plain(answer), rows)


def all_of(store: Store, table: str) -> list[Any]:
    return list(store.db.execute(f'SELECT * FROM "{table}"').fetchall())


def plain(value: object) -> str:
    """Write a value down without what differs from one second, or one sealing, to the next."""
    text = re.sub(
        r"datetime\.datetime\([^)]*\)+|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "(time)", repr(value)
    )
    return re.sub(r"token-\d+|import-\d+|sealed:[\w=-]+", "(random)", text)


def outcome(url: str, name: str, *, dies: bool) -> Seen:
    """Call a verb in an empty database, and look."""
    db = Unlucky(url)
    with closing(Store(db)) as store:
        if not db.is_sqlite:
            empty(store)
        call = VERBS[name](store)
        db.dies = dies
        answer = call()
        db.dies = False
        return seen(store, answer)


@pytest.mark.parametrize("name", cases(VERBS))
def test_nobody_sees_that_an_answer_was_lost(
    name: str, migrated_file: Path, tmp_path: Path
) -> None:
    first, second = (shutil.copy(migrated_file, tmp_path / file) for file in ("a.db", "b.db"))

    undisturbed = outcome(f"sqlite:///{first}", name, dies=False)

    assert outcome(f"sqlite:///{second}", name, dies=True) == undisturbed


@pytest.mark.parametrize("name", cases(SAMPLE))
def test_nobody_sees_that_a_connection_was_killed_after_a_commit(
    name: str, migrated_url: str
) -> None:
    undisturbed = outcome(migrated_url, name, dies=False)

    assert outcome(migrated_url, name, dies=True) == undisturbed


def test_a_try_that_never_was_committed_is_done_again(
    migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = shutil.copy(migrated_file, tmp_path / "a.db")
    with closing(Store(Database(f"sqlite:///{file}"))) as store:
        task, _ = importing(store)
        insert = new_entries(store, task)

        def die() -> None:
            monkeypatch.undo()
            raise pw.OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(store.db.peewee, "commit", die)
        ids = insert()

        known = [row.id for row in store.imports.known(task.playlist_id)]
        assert known == [1, 2, *ids]  # type: ignore[misc]


def test_what_is_refused_after_a_try_that_was_cut_short_is_refused(
    migrated_file: Path, tmp_path: Path
) -> None:
    file = shutil.copy(migrated_file, tmp_path / "a.db")
    errors = [pw.OperationalError("server closed the connection unexpectedly"), ConflictError("no")]

    def unit() -> None:
        raise errors.pop(0)

    with closing(Database(f"sqlite:///{file}")) as db, pytest.raises(ConflictError):
        db.write(unit)


def test_every_verb_that_writes_is_among_them() -> None:
    assert set(writing()) == {name.partition(",")[0] for name in VERBS}


def writing() -> Iterator[str]:
    """Name every method of the room that writes in a unit of its own."""
    for path in Path(stalkeer.db.__file__).parent.glob("*.py"):
        classes = (
            each for each in ast.parse(path.read_text()).body if isinstance(each, ast.ClassDef)
        )
        for part in classes:
            methods = (each for each in part.body if isinstance(each, ast.FunctionDef))
            yield from (f"{part.name}.{method.name}" for method in methods if _writes(method))


def _writes(method: ast.FunctionDef) -> bool:
    if any(isinstance(each, ast.Name) and each.id == "writes" for each in method.decorator_list):
        return True
    called = (each.func for each in ast.walk(method) if isinstance(each, ast.Call))
    names = {each.attr for each in called if isinstance(each, ast.Attribute)}
    return bool(names & {"write", "alone", "_write"}) and method.name != "_write"

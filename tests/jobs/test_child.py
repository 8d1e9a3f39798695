"""The process of an import: started, told to stop, killed with us, and never left behind."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest

from stalkeer.core.items import ContentType
from stalkeer.db.models import Playlist, PlaylistItem
from stalkeer.db.store import Store
from stalkeer.jobs.child import (
    CountOrder,
    ImportCrashedError,
    Imported,
    ImportOrder,
    run_count,
    run_import,
)
from stalkeer.jobs.dryrun import DryRun
from stalkeer.jobs.intake import Intake
from stalkeer.jobs.reading import Summary
from stalkeer.jobs.services import StoppedError
from stalkeer.playlist.errors import PlaylistNotFoundError, PlaylistTooLargeError
from stalkeer.playlist.terms import Source, SourceRules
from tests.builders import playlist, sqlite_store
from tests.standins.media import Film, MediaServer, Reply


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = sqlite_store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def media() -> Iterator[MediaServer]:
    with MediaServer() as server:
        yield server


def order(store: Store, location: str) -> ImportOrder:
    return ImportOrder(
        database_url=store.db.url,
        keys=(),
        intake=Intake(name="list", playlist_id=playlist(store), token="mine"),
        source=Source(name="list", location=location, is_typed=True),
        rules=SourceRules(),
    )


def films(folder: Path, count: int) -> str:
    path = folder / "films.m3u"
    entries = (
        f"#EXTINF:-1,Film {n} (1995)\nhttp://h.example.invalid/{n}.mkv\n" for n in range(count)
    )
    path.write_text("".join(("#EXTM3U\n", *entries)))
    return str(path)


def rows(store: Store) -> int:
    return store.db.read(lambda: int(PlaylistItem.select().count()))


def test_a_list_is_imported_by_another_process_that_tells_how_far_it_is(
    store: Store, tmp_path: Path
) -> None:
    told: list[Summary] = []

    imported = run_import(order(store, films(tmp_path, 3000)), tell=told.append, look=lambda: None)

    assert isinstance(imported, Imported)
    assert imported.summary is not None
    assert (imported.summary.entries, rows(store)) == (3000, 3000)
    assert all(summary.entries <= 3000 for summary in told)


def test_whoever_is_told_may_stop_it_and_nothing_is_seen_of_it(
    store: Store, media: MediaServer
) -> None:
    never = Event()
    looks: list[int] = []

    def stop() -> None:
        looks.append(1)
        if len(looks) > 2:
            raise StoppedError("enough")

    location = media.put("/list.m3u", Film(1), Reply(body=b"#EXTM3U\n", hold=never))
    with pytest.raises(StoppedError):
        run_import(order(store, location), tell=lambda _: None, look=stop)
    never.set()

    assert rows(store) == 0


def test_it_ends_when_we_are_gone(store: Store, media: MediaServer) -> None:
    never = Event()
    location = media.put("/list.m3u", Film(1), Reply(body=b"#EXTM3U\n", hold=never))
    command = [sys.executable, "-P", "-m", "stalkeer.jobs.import_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        pickle.dump(order(store, location), process.stdin)

        process.stdin.close()

        assert process.wait(30) == 1
    never.set()


def test_what_stopped_it_is_raised_here(store: Store, tmp_path: Path) -> None:
    with pytest.raises(PlaylistNotFoundError, match=r"nothing\.m3u"):
        run_import(
            order(store, str(tmp_path / "nothing.m3u")), tell=lambda _: None, look=lambda: None
        )


def test_a_list_is_counted_by_another_process(tmp_path: Path) -> None:
    source = Source(name="list", location=films(tmp_path, 3000))
    order = CountOrder(task=DryRun(source=source), rules=SourceRules(), memory_bytes=2**29)

    summary = run_count(order, look=lambda: None)

    assert (summary.entries, summary.kinds[ContentType.MOVIE]) == (3000, 3000)


def test_counting_a_list_has_an_end_of_its_memory(tmp_path: Path) -> None:
    source = Source(name="list", location=films(tmp_path, 30_000))
    order = CountOrder(task=DryRun(source=source), rules=SourceRules(), memory_bytes=2**20)

    with pytest.raises(PlaylistTooLargeError, match="1 MiB of memory"):
        run_count(order, look=lambda: None)


def test_a_process_that_dies_without_a_word_is_no_riddle(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ImportCrashedError, match=r"ended \(code 1\)") as crashed:
        run_import(cast(Any, "no order"), tell=lambda _: None, look=lambda: None)

    assert crashed.value.retryable
    assert "Traceback" in capfd.readouterr().err


def test_no_secret_stands_among_the_arguments_of_the_process(
    store: Store, media: MediaServer
) -> None:
    seen: list[bytes] = []
    location = media.put("/list.m3u", Film(1), Reply(body=b"#EXTM3U\n", hold=Event()))

    def look() -> None:
        children = Path(f"/proc/self/task/{_thread()}/children")
        for pid in children.read_text().split() if children.exists() else []:
            seen.extend(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
        raise StoppedError("seen")

    secret = f"{location}?password=planted-secret"
    with pytest.raises(StoppedError):
        run_import(order(store, secret), tell=lambda _: None, look=look)

    assert seen, "the process was looked at"
    assert not [text for text in seen if b"planted-secret" in text]


def _thread() -> int:
    import threading

    return threading.get_native_id()


def test_an_import_that_was_overtaken_in_another_process_shows_nothing(
    store: Store, tmp_path: Path
) -> None:
    playlist_id = playlist(store)
    store.imports.begin(playlist_id, "theirs")

    run_import(order(store, films(tmp_path, 3)), tell=lambda _: None, look=lambda: None)

    row = store.db.read(lambda: Playlist.get_by_id(playlist_id))
    assert row.import_token is None
    assert rows(store) == 3

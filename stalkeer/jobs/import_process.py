"""The process that `jobs.child` starts: it reads its order, reads one list, and ends."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, BinaryIO

from stalkeer.db.connect import Database
from stalkeer.db.importing import Imports
from stalkeer.db.models import MODELS
from stalkeer.db.vault import Vault
from stalkeer.errors import StalkeerError
from stalkeer.jobs.child import Counted, CountOrder, Imported, ImportOrder
from stalkeer.jobs.dryrun import dry_run
from stalkeer.jobs.intake import take_in
from stalkeer.jobs.reading import Summary
from stalkeer.jobs.sources import open_playlist
from stalkeer.playlist.errors import PlaylistTooLargeError
from stalkeer.playlist.terms import NotModified

_TELL_EVERY_S = 0.25
_NICE = 5
_COLLECT_EVERY = 200_000
_PRAGMAS = {
    # What a power cut takes of an import, the next one makes good.
    "synchronous": "normal",
    "cache_size": -65536,
    # What a statement may have to take back is a few pages: not worth a file each time.
    "temp_store": "memory",
    # Done between two writes, where nobody waits for it.
    "wal_autocheckpoint": 0,
}


def main() -> None:
    """Do what the parent says, and end with it."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever else is printed must not end up between the answers.
    os.dup2(2, 1)
    os.nice(_NICE)
    # Nearly all that an import makes goes when it is no longer used: there are no circles to find.
    gc.set_threshold(_COLLECT_EVERY)
    order = pickle.load(sys.stdin.buffer)  # noqa: S301 # it comes from our own parent
    threading.Thread(target=_end_with_parent, args=(sys.stdin.fileno(),), daemon=True).start()
    answer(order, answers)


def answer(order: ImportOrder | CountOrder, answers: BinaryIO) -> None:
    """Read a list, and write down how far it is, and at last what came of it or the error."""

    def say(word: Any) -> None:
        pickle.dump(word, answers)
        answers.flush()

    told = _Telling(say)
    try:
        say(_counted(order, told) if isinstance(order, CountOrder) else _imported(order, told))
    except StalkeerError as exc:
        told.catch_up()
        say(exc)


def _end_with_parent(orders: int) -> None:
    # Not through the file object, whose lock nobody could take when the interpreter ends.
    while os.read(orders, 1024):
        pass
    # Nothing is to be cleaned up: the database takes back the transaction that is on its way.
    os._exit(1)


def _counted(order: CountOrder, told: _Telling) -> Counted:
    # The list is never held: whoever needs so much is being made fun of.
    resource.setrlimit(resource.RLIMIT_DATA, (order.memory_bytes, order.memory_bytes))
    try:
        return Counted(dry_run(order.task, order.rules, tell=told.tell))
    except MemoryError:
        raise PlaylistTooLargeError(
            f"The playlist {order.task.source.name} needs more than "
            f"{order.memory_bytes // 2**20} MiB of memory to be read: it is no list."
        ) from None


def _imported(order: ImportOrder, told: _Telling) -> Imported:
    db = Database(order.database_url, pool_size=1, pragmas=_PRAGMAS)
    db.peewee.bind(MODELS)
    with (
        closing(db),
        open_playlist(
            order.source,
            order.rules,
            etag=order.etag,
            last_modified=order.last_modified,
            wanted=order.wanted,
            watch=told.doing,
        ) as opened,
    ):
        if isinstance(opened, NotModified):
            return Imported(None, opened.info)
        summary = take_in(
            Imports(db, Vault(order.keys)),
            order.intake,
            opened,
            tell=told.tell,
            wait=threading.Event().wait,
            etag=opened.info.etag or "",
            last_modified=opened.info.last_modified or "",
            total_bytes=opened.info.size_bytes,
            read_bytes=opened.read_bytes,
        )
    return Imported(summary, opened.info)


class _Telling:
    """Passes on how far the import is, but not every time it is told."""

    def __init__(self, say: Callable[[Any], None]) -> None:
        self._say = say
        self._said_at = time.monotonic()
        self._last = Summary()

    def doing(self, words: str) -> None:
        self._say(Summary(doing=words))

    def catch_up(self) -> None:
        """Say how far it came, as the last thing."""
        self._say(self._last)

    def tell(self, summary: Summary) -> None:
        self._last = summary
        now = time.monotonic()
        if now - self._said_at >= _TELL_EVERY_S:
            self._said_at = now
            self._say(summary)


if __name__ == "__main__":
    main()

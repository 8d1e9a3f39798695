"""A process that stands still past its lease wakes, and nothing has happened twice.

`tests/flow/test_fencing.py` says more about who did what; here it is every pair. In the embedded
one nobody takes over: the only process stands still and goes on by itself.
"""

from __future__ import annotations

import signal
import threading

import pytest

from tests.chaos.town import LEASE_S, Pair, Town
from tests.flow.home import MB, Process, wait_for
from tests.flow.test_fencing import attempts, stop_and_go
from tests.standins.media import Reply

pytestmark = pytest.mark.timeout(600)

SIZE = 8 * MB
LONG_S = 2 * LEASE_S


def begin(town: Town, *replies: Reply) -> tuple[str, int, Process]:
    """Start one process that runs jobs and give it a film; return its path, its id, the process."""
    path = town.offer(0, *replies, size=SIZE)
    town.start(*town.names[:2])
    town.settle()
    movie = town.add(0)
    town.deliver(movie)
    return path, movie, town.running[town.workers()[0]]


def test_a_download_that_stood_still_past_its_lease_is_one_file(town: Town) -> None:
    path, _, first = begin(town, Reply(bytes_s=4 * MB))
    wait_for(lambda: any(row["bytes_downloaded"] > MB for row in town.home.downloads()))

    def until_it_was_taken_over() -> None:
        if town.pair is Pair.EMBEDDED_SQLITE:
            threading.Event().wait(LONG_S)
            return
        town.start("worker-2")
        wait_for(lambda: "crashed" in [how for _, how in attempts(town.home, "download")])

    stop_and_go(town.home, first, until_it_was_taken_over)
    town.wait_until_whole()

    town.assert_whole(at_once=2)
    assert town.home.media.bytes_served(path) < 1.5 * SIZE


def test_an_import_that_stood_still_before_its_command_is_ordered_once(town: Town) -> None:
    stopped = threading.Event()

    def stand_still(method: str, path: str, is_done: bool) -> None:
        # Its last question before the command; the answer comes to a process that stands still.
        if path.endswith("/manualimport") and is_done and not stopped.is_set():
            town.home.freeze(town.running[town.workers()[0]])
            stopped.set()

    town.home.radarr.watch(stand_still)
    _, movie, first = begin(town, Reply())
    assert stopped.wait(120)
    if town.pair is Pair.EMBEDDED_SQLITE:
        threading.Event().wait(LONG_S)
    else:
        town.start("worker-2")
        wait_for(lambda: town.home.radarr.movie_file(movie))
    first.popen.send_signal(signal.SIGCONT)
    town.wait_until_whole()

    town.assert_whole()
    commands = [command.name for command in town.home.radarr.commands.all()]
    assert commands.count("ManualImport") == 1

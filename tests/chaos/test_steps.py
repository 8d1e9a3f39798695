"""A worker is killed once at each step of the way from a webhook to a film in the library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.town import Assassin, Town
from tests.flow.home import MB, wait_for
from tests.standins.media import Reply

pytestmark = pytest.mark.timeout(300)

SIZE = 4 * MB
Trap = Callable[[Town, Assassin, str], None]


def asked(place: str, *, method: str = "GET", is_done: bool = False) -> Trap:
    """Kill when Radarr is asked for something, or has done it and is about to answer."""

    def set_up(town: Town, assassin: Assassin, _: str) -> None:
        def hear(heard: str, path: str, done: bool) -> None:
            if (heard, done) == (method, is_done) and place in path:
                assassin.strike()

        town.home.radarr.watch(hear)

    return set_up


def served(share: float) -> Trap:
    """Kill when so much of the film was handed to the network."""

    def set_up(town: Town, assassin: Assassin, path: str) -> None:
        def hear(heard: str, count: int) -> None:
            if heard == path and count >= max(share * SIZE, 1):
                assassin.strike()

        town.home.media.watcher = hear

    return set_up


def on_disk(happened: Callable[[Town], bool]) -> Trap:
    """Kill when something can be seen on disk."""

    def set_up(town: Town, assassin: Assassin, _: str) -> None:
        assassin.watch(lambda: happened(town))

    return set_up


def is_complete(town: Town) -> bool:
    return any(_size(part) == SIZE for part in town.home.parts())


def is_published(town: Town) -> bool:
    folder = town.home.folder / "downloads" / "movies"
    return any(_size(path) == SIZE for path in folder.glob("*/*.mkv"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


STEPS: dict[str, Trap] = {
    "webhook-read": asked("/api/v3/movie/"),
    "first-byte": served(0),
    "middle": served(0.5),
    "last-byte": served(1),
    "before-the-rename": on_disk(is_complete),
    "after-the-rename": on_disk(is_published),
    "before-the-import-command": asked("/manualimport", is_done=True),
    "import-command-arrives": asked("/command", method="POST"),
    "import-command-accepted": asked("/command", method="POST", is_done=True),
}


def test_a_worker_killed_at_each_step_leaves_a_whole_library(town: Town) -> None:
    for number in range(len(STEPS)):
        town.offer(number, Reply(bytes_s=12 * MB), size=SIZE)
    # One worker is enough: whoever runs the step is killed, and its job waits for the next start.
    town.start(*town.names[:2])
    town.settle()
    for number, (step, set_up) in enumerate(STEPS.items()):
        _kill_at(town, number, step, set_up)
    town.wait_until_whole()

    town.assert_whole()


def _kill_at(town: Town, number: int, step: str, set_up: Trap) -> None:
    assassin = Assassin(town)
    set_up(town, assassin, f"/movie/user/word/{number}.mkv")
    movie = town.add(number)
    town.deliver(movie)
    assert assassin.struck.wait(60), f"the step {step} never came"
    town.home.radarr.watch(None)
    town.home.media.watcher = None
    for name in town.workers():
        assert town.running[name].popen.wait(timeout=10) < 0, step
    town.start(*town.workers())
    wait_for(lambda: town.home.radarr.movie_file(movie), seconds=120)

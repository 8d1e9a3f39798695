"""A process that stood still past its lease and wakes again changes nothing any more.

SIGSTOP stands for whatever stops a process for minutes: a machine that sleeps, a disk that hangs,
a virtual machine that is moved.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from tests.flow.home import MB, PATH, Home, Process, sha256, wait_for
from tests.standins.disk import sha256 as sha256_of
from tests.standins.media import Film, Reply

LEASE = "2s"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shared(home: Home, request: pytest.FixtureRequest, redis_url: str) -> Home:
    """A home for several processes, on each database, where a silent worker is soon given up."""
    home.environ |= {
        "STALKEER_REDIS_URL": redis_url,
        "STALKEER_DOWNLOADS_LOCK_TIMEOUT": LEASE,
    }
    if request.param == "postgresql":
        home.environ["STALKEER_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    return home


def start(home: Home) -> Process:
    """Start the web part and the first worker."""
    web, worker = home.run("web"), home.run("worker")
    home.wait_until_up(web)
    return worker


def stop_and_go(home: Home, process: Process, meanwhile: Callable[[], object]) -> None:
    """Let the process stand still until something was done without it."""
    home.freeze(process)
    try:
        meanwhile()
    finally:
        process.popen.send_signal(signal.SIGCONT)


def attempts(home: Home, kind: str) -> list[tuple[str, str]]:
    """Who ran the only job of a kind, and how each time ended."""
    (job,) = home.jobs(kind=kind)
    history = home.get(f"/api/v1/admin/jobs/{job['id']}")["history"]
    return [(run["worker"].rpartition(":")[2], run["outcome"]) for run in history]


def assert_whole(home: Home, movie: int, film: Film) -> None:
    library_file = home.radarr.movie_file(movie)
    assert library_file is not None
    assert sha256_of(library_file) == sha256(film.pieces(0, film.size))
    assert (home.parts(), home.published()) == ([], [])
    assert home.radarr.count_imports(movie) == 1


def test_a_download_that_was_taken_over_is_left_alone_by_who_wakes(shared: Home) -> None:
    home = shared
    film = home.offer_film(Reply(bytes_s=20 * MB), Reply(), size=60 * MB)
    first = start(home)
    movie = home.add_film()
    wait_for(lambda: any(row["bytes_downloaded"] > 5 * MB for row in home.downloads()))
    second = home.run("worker")

    def until_it_was_taken_over() -> None:
        wait_for(lambda: "crashed" in [how for _, how in attempts(home, "download")])

    stop_and_go(home, first, until_it_was_taken_over)
    home.wait_for_imported(count=1)
    home.wait_until_quiet()

    assert_whole(home, movie, film)
    assert home.media.bytes_served(PATH) < 1.5 * film.size
    history = attempts(home, "download")
    assert history[0] == (str(first.popen.pid), "crashed")
    assert history[-1][1] == "downloaded"
    assert second.popen.poll() is None


def test_an_import_that_was_taken_over_is_not_ordered_by_who_wakes(shared: Home) -> None:
    home = shared
    film = home.offer_film()
    first = start(home)
    stopped: list[Process] = []

    def stand_still(method: str, path: str, is_done: bool) -> None:
        # Its last question before the command; the answer comes to a process that stands still.
        if path.endswith("/manualimport") and is_done and not stopped:
            stopped.append(first)
            home.freeze(first)

    home.radarr.watch(stand_still)
    movie = home.add_film()
    wait_for(lambda: stopped)
    second = home.run("worker")
    home.wait_for_imported(count=1)
    first.popen.send_signal(signal.SIGCONT)
    wait_for(lambda: "lease" in first.output() or "taken over" in first.output())
    home.wait_until_quiet()

    assert_whole(home, movie, film)
    assert [command.name for command in home.radarr.commands.all()].count("ManualImport") == 1
    assert attempts(home, "import") == [
        (str(first.popen.pid), "crashed"),
        (str(second.popen.pid), "imported"),
    ]


def test_a_download_whose_lease_ran_out_writes_nothing_of_what_arrived_meanwhile(
    shared: Home,
) -> None:
    home = shared
    home.offer_film(Reply(bytes_s=20 * MB), Reply(status=404), size=60 * MB)
    first = start(home)
    home.add_film()
    wait_for(lambda: any(row["bytes_downloaded"] > 5 * MB for row in home.downloads()))
    sizes: list[int] = []

    def until_it_was_given_up() -> None:
        (part,) = home.parts()
        sizes.append(part.stat().st_size)
        wait_for(lambda: home.jobs(kind="download", status="ready"))
        # The rows know whole seconds: there a lease ends up to one earlier than in the process.
        ends_at = time.monotonic() + 1
        wait_for(lambda: time.monotonic() > ends_at)

    stop_and_go(home, first, until_it_was_given_up)
    home.wait_for_download(status="failed")

    (part,) = home.parts()
    assert part.stat().st_size <= sizes[0]

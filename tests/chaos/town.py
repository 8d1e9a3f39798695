"""A home for chaos: servers that can be killed and started again, and stalkeer in several processes.

What must hold in the end, whatever was killed, is in `Town.assert_whole`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos.servers import Server, prepare_postgres, prepare_redis
from tests.chaos.whole import faults_in_file, faults_in_postgres
from tests.flow.home import MB, Home, Process, home_in, sha256, wait_for
from tests.standins.disk import sha256 as sha256_of
from tests.standins.media import Film, Reply
from tests.standins.mediafiles import mkv_film

LEASE_S = 3.0
IS_LONG = os.environ.get("CHAOS") == "long"
PATIENCE_S = 240.0
TERMINAL = {"done", "failed", "cancelled"}


class Pair(Enum):
    """A broker and a database."""

    EMBEDDED_SQLITE = "embedded-sqlite"
    REDIS_SQLITE = "redis-sqlite"
    REDIS_POSTGRESQL = "redis-postgresql"


def on(*pairs: Pair) -> pytest.MarkDecorator:
    """Run a test on these pairs in the short form, and on all in the long one."""
    chosen = list(Pair) if IS_LONG else pairs
    return pytest.mark.parametrize("town", chosen, indirect=True, ids=lambda pair: pair.value)


@dataclass(slots=True)
class Town:
    """A home and the processes in it. `films` are those that were added, by their Radarr id."""

    home: Home
    pair: Pair
    redis: Server | None = None
    postgres: Server | None = None
    offered: dict[str, Film] = field(default_factory=dict)
    films: dict[int, tuple[Film, str]] = field(default_factory=dict)
    accepted: list[int] = field(default_factory=list)
    running: dict[str, Process] = field(default_factory=dict)
    kills: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The processes of this pair."""
        if self.pair is Pair.EMBEDDED_SQLITE:
            return ("up",)
        return ("web", "worker-1", "worker-2")

    @property
    def front(self) -> str:
        """The process that takes webhooks."""
        return self.names[0]

    def start(self, *names: str) -> None:
        """Start these processes (none: all), and wait until the web part answers."""
        for name in names or self.names:
            self.running[name] = self.home.run(name.partition("-")[0])
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Wait until a web part answers."""
        front = self.running.get(self.front)
        if front is not None:
            self.home.wait_until_up(front)

    def settle(self) -> None:
        """Wait until what every start begins with is done: the playlist is read."""
        wait_for(lambda: self.home.jobs(kind="refresh_playlist", status="done"), seconds=120)

    def kill(self, name: str) -> None:
        """End a process as a power cut does."""
        self.running[name].kill()
        self.kills += 1

    def workers(self) -> list[str]:
        """Name the processes that run jobs and were started."""
        return [name for name in self.running if name != "web"]

    def offer(self, number: int, *replies: Reply, size: int = MB) -> str:
        """Put a film into the playlist and return its path at the provider."""
        path = f"/movie/user/word/{number}.mkv"
        film = mkv_film(size, minutes=96)
        self.home.offer(f"EN - Film {number} Of Chaos (1990) 1080p", path, film, *replies)
        self.offered[path] = film
        return path

    def add(self, number: int) -> int:
        """Add a film that was offered; Radarr announces it once, whether we hear it or not."""
        path = f"/movie/user/word/{number}.mkv"
        movie = self.home.radarr.add_movie(f"Film {number} Of Chaos", 1990, runtime=96)
        self.films[movie] = (self.offered[path], path)
        return movie

    def deliver(self, movie: int) -> None:
        """Send a webhook, and remember its job if it was accepted."""
        body = {"eventType": "MovieAdded", "movie": {"id": movie}}
        try:
            answer = self.home.deliver(body)
        except httpx.HTTPError:
            return
        if answer.status_code == 202:
            self.accepted.append(answer.json()["job_id"])

    def job(self, job_id: int) -> Mapping[str, Any]:
        """Ask for one job."""
        return self.home.get(f"/api/v1/admin/jobs/{job_id}")  # type: ignore[no-any-return]

    def wait_until_whole(self, *, seconds: float = PATIENCE_S) -> None:
        """Wait until every film is in the library and nothing is left to do."""

        def is_done() -> bool:
            have = [self.home.radarr.movie_file(movie) for movie in self.films]
            return all(have) and not _or_nothing(self.home.active_jobs, [None])

        wait_for(is_done, seconds=seconds)

    def assert_whole(self, *, at_once: int = 1) -> None:
        """Check what must hold, whatever was killed.

        `at_once` connections a film may have had: who stands still cannot close his.
        """
        home = self.home
        states = {job_id: self.job(job_id)["status"] for job_id in self.accepted}
        assert set(states.values()) <= TERMINAL, f"accepted and not ended: {states}"
        for movie, (film, path) in self.films.items():
            library_file = home.radarr.movie_file(movie)
            assert library_file is not None, f"film {movie} is not in the library"
            assert sha256_of(library_file) == sha256(film.pieces(0, film.size)), path
            assert home.radarr.count_imports(movie) == 1, path
            assert home.media.most_at_once(path) <= at_once, f"{path} was fetched twice at once"
        assert (home.parts(), home.published()) == ([], [])
        # A schedule may have begun something this very moment; what is stuck is so for longer.
        at_work = {job["id"] for job in home.jobs(status="running")}
        wait_for(lambda: at_work.isdisjoint(job["id"] for job in home.jobs(status="running")))
        assert self._faults() == []

    def _faults(self) -> list[str]:
        if self.postgres is not None:
            return faults_in_postgres(self.postgres.url)
        return faults_in_file(self.home.folder / "data" / "stalkeer.db")


@dataclass(slots=True)
class Assassin:
    """Kills processes, once, the moment something happens; it may be told from any thread."""

    town: Town
    struck: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strike(self) -> None:
        """Kill every process that runs jobs."""
        with self._lock:
            if self.struck.is_set():
                return
            self.struck.set()
            for name in self.town.workers():
                os.kill(self.town.running[name].popen.pid, signal.SIGKILL)
                self.town.kills += 1

    def watch(self, happened: Callable[[], bool]) -> threading.Thread:
        """Look all the time whether something on disk has happened."""

        def look() -> None:
            while not self.struck.is_set():
                if happened():
                    self.strike()

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        return thread


@contextmanager
def town_in(folder: Path, pair: Pair) -> Iterator[Town]:
    """Set up a town in a folder, and its servers."""
    with ExitStack() as stack:
        home = stack.enter_context(home_in(folder / "home"))
        home.environ |= {
            "STALKEER_DOWNLOADS_LOCK_TIMEOUT": f"{LEASE_S:.0f}s",
            "STALKEER_DOWNLOADS_PER_PROVIDER_LIMIT": "3",
            "STALKEER_RADARR_SYNC_INTERVAL": "10s",
        }
        town = Town(home, pair)
        if pair is not Pair.EMBEDDED_SQLITE:
            town.redis = stack.enter_context(prepare_redis())
            town.redis.start()
            home.environ["STALKEER_REDIS_URL"] = town.redis.url
        if pair is Pair.REDIS_POSTGRESQL:
            town.postgres = stack.enter_context(prepare_postgres())
            town.postgres.start()
            home.environ["STALKEER_DATABASE_URL"] = town.postgres.url
        yield town


def _or_nothing(ask: Callable[[], Sequence[Any]], otherwise: Sequence[Any]) -> Sequence[Any]:
    """Ask a service that may be restarting."""
    try:
        return ask()
    except httpx.HTTPError:
        return otherwise

"""What the jobs need, built of real parts: a SQLite store, stand-ins on loopback, real folders."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr as RadarrClient
from stalkeer.arr.sonarr import Sonarr as SonarrClient
from stalkeer.core.items import Service
from stalkeer.core.jobs import Job
from stalkeer.core.matching import MatchRules
from stalkeer.core.pathmap import PathMap
from stalkeer.core.states import JobKind
from stalkeer.db.connect import Database
from stalkeer.db.store import Store
from stalkeer.downloader.http import Engine
from stalkeer.downloader.terms import EngineRules
from stalkeer.jobs.folders import SeenFolders
from stalkeer.jobs.libraries import Libraries
from stalkeer.jobs.runner import run_job
from stalkeer.jobs.services import (
    DownloadRules,
    InstanceRules,
    PlaylistRules,
    Run,
    Running,
    Services,
)
from stalkeer.playlist.source import SourceLimits
from tests.builders import LIMITS, OWNER, add_job, sqlite_store, take
from tests.standins.radarr import Radarr
from tests.standins.sonarr import Sonarr


@dataclass(slots=True)
class House:
    """A home in one folder: the services, the stand-ins that were asked for, and the bells rung."""

    folder: Path
    services: Services
    rung: list[None]

    @property
    def store(self) -> Store:
        return self.services.store

    @property
    def downloads(self) -> Path:
        """Where finished films are published; Radarr and Sonarr call it `/downloads`."""
        return self.folder / "downloads"

    def change(self, **changes: Any) -> Services:
        """Replace fields of the services."""
        self.services = replace(self.services, **changes)
        return self.services

    def rule(self, name: str, **changes: Any) -> None:
        """Replace settings of one instance."""
        rules = replace(self.services.instances[name], **changes)
        self.change(instances={**self.services.instances, name: rules})

    def run(self, job_id: int) -> Job:
        """Run a job as a worker does and return its row."""
        run_job(job_id, self.services)
        job = self.store.jobs.get(job_id)
        assert job is not None
        return job

    def begin(self, kind: JobKind, **facts: Any) -> Run:
        """Claim a new job of this kind, for its handler to be called by hand."""
        return Run(*take(self.store, add_job(self.store, kind, **facts)))

    def connect(self, arr: Radarr | Sonarr) -> None:
        """Add a stand-in as an instance."""
        is_radarr = isinstance(arr, Radarr)
        http = ArrHttp(arr.product, arr.url, arr.api_key, wait=lambda _: None)
        client = RadarrClient(http) if is_radarr else SonarrClient(http)
        rules = InstanceRules(
            name=arr.product,
            service=Service(arr.product),
            setting=f"STALKEER_{arr.name.upper()}",
            folder=self.downloads / arr.product,
            parts=self.downloads / arr.product,
            path_map=PathMap(((str(self.downloads), "/downloads"),)),
        )
        self.change(
            arrs={**self.services.arrs, arr.product: client},
            instances={**self.services.instances, arr.product: rules},
        )
        self.store.instances.configure(rules.name, rules.service)


@pytest.fixture(scope="session")
def engine() -> Engine:
    rules = EngineRules(read_step_s=0.2, allowed_hosts=frozenset({"127.0.0.1"}))
    return Engine(rules, rng=random.Random(1), wait=lambda _: None)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schema")
    sqlite_store(folder).close()
    return folder / "stalkeer.db"


@pytest.fixture
def store(tmp_path: Path, migrated_file: Path) -> Iterator[Store]:
    shutil.copy(migrated_file, tmp_path / "stalkeer.db")
    store = Store(Database(f"sqlite:///{tmp_path / 'stalkeer.db'}"))
    yield store
    store.close()


@pytest.fixture
def house(tmp_path: Path, store: Store, engine: Engine) -> Iterator[House]:
    """A home without Radarr and Sonarr; ask for `radarr` or `sonarr` to have them in it."""
    (tmp_path / "downloads").mkdir()
    rung: list[None] = []
    numbers = iter(range(1, 10_000))
    services = Services(
        store=store,
        arrs={},
        instances={},
        engine=engine,
        downloads=DownloadRules(min_free_bytes=0, min_movie_bytes=1000, min_episode_bytes=1000),
        playlists=PlaylistRules(limits=SourceLimits(), user_agent="stalkeer"),
        matching=MatchRules(),
        limits=LIMITS,
        running=Running(),
        libraries=Libraries(),
        seen_folders=SeenFolders(),
        ring=lambda: rung.append(None),
        now=store.clock,
        new_id=lambda: f"run-{next(numbers)}",
        rng=random.Random(1),
        owner=OWNER,
    )
    house = House(tmp_path, services, rung)
    yield house
    for arr in house.services.arrs.values():
        arr.close()


@pytest.fixture
def radarr(house: House) -> Iterator[Radarr]:
    """A Radarr that is an instance of the home."""
    (house.folder / "movies").mkdir()
    seen = {"/downloads": house.downloads}
    with Radarr(root=house.folder / "movies", path_map=seen) as stand_in:
        house.connect(stand_in)
        yield stand_in


@pytest.fixture
def sonarr(house: House) -> Iterator[Sonarr]:
    """A Sonarr that is an instance of the home."""
    (house.folder / "tv").mkdir()
    seen = {"/downloads": house.downloads}
    with Sonarr(root=house.folder / "tv", path_map=seen) as stand_in:
        house.connect(stand_in)
        yield stand_in


@dataclass(slots=True)
class Site:
    """A loopback server. `answer` is what it says; `on_request` is called before it does."""

    port: int
    answer: bytes = b"ok"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    on_request: Any = None

    def url(self, path: str = "/list.m3u") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            made.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            if made.on_request is not None:
                made.on_request()
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(made.answer)))
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()
            # Whoever asked may have been told to stop.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(made.answer)

        def log_message(self, *words: object) -> None:
            """Say nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Site(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()

"""A home for flow tests: stand-ins, a playlist, a media server, and stalkeer as real processes."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.standins.media import Film, MediaServer, Reply
from tests.standins.mediafiles import mkv_film
from tests.standins.radarr import Radarr
from tests.standins.sonarr import Sonarr

T = TypeVar("T")

MB = 1_000_000
API_KEY = "flow-test-api-key"
WEBHOOK_PASSWORD = "flow-test-webhook-password"
PATH = "/movie/user/word/1.mkv"
PATIENCE_S = 120.0
"""Much longer than anything takes: a machine that is busy with more must fail no test."""
# By default httpx reads the certificates of the whole world for each request: 30 ms of a core that
# the processes under test need, and a kill "right after a request" comes before it is sent.
_NO_TLS = httpx.create_ssl_context(verify=False)


def wait_for(what: Callable[[], T | None], *, seconds: float = PATIENCE_S) -> T:
    """Ask again and again until the answer is something, or fail."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        answer = what()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"still nothing after {seconds:.0f} s")


def sha256(pieces: Iterable[bytes | memoryview]) -> str:
    """Hash what is too large to hold at once."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def hold_port() -> socket.socket:
    """Keep a port that nobody else is given, and that a server may still listen on."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


@dataclass(slots=True)
class Process:
    """One `stalkeer` process, its output in a file."""

    log: Path
    popen: subprocess.Popen[bytes]

    def stop(self) -> int:
        """End it as a container does; return its exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(timeout=PATIENCE_S)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.popen.kill()
        self.popen.wait(timeout=PATIENCE_S)

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return self.popen.wait(timeout=PATIENCE_S)

    def output(self) -> str:
        """Return everything it printed so far."""
        return self.log.read_text()


@dataclass(slots=True)
class Home:
    """A home network in one folder; `home_in` starts and ends it.

    Finished files are published below `folder/downloads`, which the arrs see as `/downloads`.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    radarr: Radarr = field(init=False)
    sonarr: Sonarr = field(init=False)
    media: MediaServer = field(init=False)
    port_holder: socket.socket = field(default_factory=hold_port)
    processes: list[Process] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("downloads", "library/movies", "library/tv", "data"):
            (self.folder / name).mkdir(parents=True)
        seen = {"/downloads": self.folder / "downloads"}
        self.radarr = Radarr(root=self.folder / "library/movies", path_map=seen)
        self.sonarr = Sonarr(root=self.folder / "library/tv", path_map=seen)
        self.media = MediaServer()

    def connect(self) -> None:
        """Enter our webhook address in both arrs, untested: nothing of ours runs yet."""
        for arr in (self.radarr, self.sonarr):
            arr.connect.add(
                f"{self.url}/webhooks/{arr.product}",
                username="stalkeer",
                password=WEBHOOK_PASSWORD,
            )

    def end(self) -> None:
        """Kill whatever still runs; pytest shows what it said below a test that failed."""
        for process in self.processes:
            if process.popen.poll() is None:
                process.kill()
            sys.stdout.write(f"--- {process.log.name}\n{process.output()[-6000:]}\n")

    @property
    def port(self) -> int:
        """The port of stalkeer."""
        return int(self.port_holder.getsockname()[1])

    @property
    def url(self) -> str:
        """Where stalkeer listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def playlist(self) -> Path:
        """The playlist on disk."""
        return self.folder / "list.m3u"

    def offer(self, name: str, path: str, film: Film, *replies: Reply, group: str = "VOD") -> None:
        """Put an entry into the playlist whose address gives this film."""
        url = self.media.put(path, film, *replies)
        self.entries.append(f'#EXTINF:-1 tvg-name="{name}" group-title="{group}",{name}\n{url}')
        self.write_playlist()

    def write_playlist(self) -> None:
        """Write the entries to the disk."""
        self.playlist.write_text("\n".join(["#EXTM3U", *self.entries, ""]))

    def offer_film(
        self,
        *replies: Reply,
        name: str = "EN - Night of the Living Dead (1968) 1080p",
        path: str = PATH,
        minutes: float = 96,
        size: int = MB,
    ) -> Film:
        """Offer the film that `add_film` adds, or another one."""
        film = mkv_film(size, minutes=minutes)
        self.offer(name, path, film, *replies)
        return film

    def add_film(self) -> int:
        """Add the film of `offer_film` in Radarr."""
        return self.radarr.add_movie("Night of the Living Dead", 1968, runtime=96)

    def settings(self) -> dict[str, str]:
        """Return the environment of a stalkeer process."""
        downloads = self.folder / "downloads"
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return kept | {
            "STALKEER_DATA_DIR": str(self.folder / "data"),
            "STALKEER_PORT": str(self.port),
            "STALKEER_API_KEY": API_KEY,
            "STALKEER_WEBHOOK_PASSWORD": WEBHOOK_PASSWORD,
            "STALKEER_RADARR_URL": self.radarr.url,
            "STALKEER_RADARR_API_KEY": self.radarr.api_key,
            "STALKEER_RADARR_PATH_MAP": f"{downloads}=>/downloads",
            "STALKEER_SONARR_URL": self.sonarr.url,
            "STALKEER_SONARR_API_KEY": self.sonarr.api_key,
            "STALKEER_SONARR_PATH_MAP": f"{downloads}=>/downloads",
            "STALKEER_M3U_FILE_PATH": str(self.playlist),
            "STALKEER_DIRECTORIES_MOVIES": str(downloads / "movies"),
            "STALKEER_DIRECTORIES_TVSHOWS": str(downloads / "tvshows"),
            "STALKEER_DOWNLOADS_ALLOWED_HOSTS": "127.0.0.1",
            "STALKEER_DOWNLOADS_MIN_FREE_SPACE": "1MB",
            "STALKEER_DOWNLOADS_MIN_SIZE_MOVIE": "1000",
            "STALKEER_DOWNLOADS_MIN_SIZE_EPISODE": "1000",
            "STALKEER_DOWNLOADS_RETRY_DELAY": "1s",
            **self.environ,
        }

    def run(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Process:
        """Start one `stalkeer` process."""
        log = self.folder / f"process-{len(self.processes)}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, "-m", "stalkeer", *arguments],
                cwd=self.folder,
                env=self.settings() | dict(environ or {}),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        process = Process(log, popen)
        self.processes.append(process)
        return process

    def up(self) -> Process:
        """Start `stalkeer up` and wait until it answers."""
        process = self.run("up")
        self.wait_until_up(process)
        return process

    def wait_until_up(self, process: Process) -> None:
        """Wait until the web part answers."""

        def answers() -> bool:
            assert process.popen.poll() is None, process.output()
            try:
                return httpx.get(f"{self.url}/ping", timeout=1, verify=_NO_TLS).is_success
            except httpx.HTTPError:
                return False

        wait_for(answers)

    def get(self, path: str, **query: str) -> Any:
        """Ask the API."""
        answer = httpx.get(
            f"{self.url}{path}",
            params=query,
            headers={"X-Api-Key": API_KEY},
            timeout=PATIENCE_S,
            verify=_NO_TLS,
        )
        answer.raise_for_status()
        return answer.json()

    def deliver(
        self, body: bytes | Mapping[str, Any], *, instance: str = "radarr"
    ) -> httpx.Response:
        """Send a webhook that no stand-in would send."""
        return httpx.post(
            f"{self.url}/webhooks/{instance}",
            content=body if isinstance(body, bytes) else json.dumps(body).encode(),
            auth=("stalkeer", WEBHOOK_PASSWORD),
            timeout=PATIENCE_S,
            verify=_NO_TLS,
        )

    def freeze(self, process: Process) -> None:
        """Let a process stand still, but not while it holds the lock of a SQLite file.

        Nobody could write there before it goes on, and no program can help that. PostgreSQL ends
        the transaction of who stands still.
        """
        process.popen.send_signal(signal.SIGSTOP)
        while "STALKEER_DATABASE_URL" not in self.environ and self._is_locked():
            process.popen.send_signal(signal.SIGCONT)
            time.sleep(0.01)
            process.popen.send_signal(signal.SIGSTOP)

    def _is_locked(self) -> bool:
        place = self.folder / "data" / "stalkeer.db"
        with closing(sqlite3.connect(place, timeout=1, isolation_level=None)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            database.execute("ROLLBACK")
        return False

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Read the SQLite database as a person with a shell does."""
        place = f"file:{self.folder / 'data' / 'stalkeer.db'}?mode=ro"
        with closing(sqlite3.connect(place, uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql)]

    def item(self) -> dict[str, Any]:
        """Return the state of the only wanted item, and its reason."""
        (item,) = self.rows("SELECT state, reason FROM wanted_item")
        return item

    def wait_for_item(self, state: str) -> dict[str, Any]:
        """Wait until the only wanted item is in this state."""

        def found() -> dict[str, Any] | None:
            items = self.rows(f"SELECT state, reason FROM wanted_item WHERE state = '{state}'")
            return items[0] if items else None

        return wait_for(found)

    def parts(self) -> list[Path]:
        """List the part files."""
        return sorted((self.folder / "downloads").rglob("*.part"))

    def published(self) -> list[str]:
        """List the files that were given their names and not imported yet."""
        root = self.folder / "downloads"
        files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return sorted(str(path) for path in files if ".stalkeer" not in path.parts)

    def events(self, download_id: int) -> list[tuple[str | None, str]]:
        """Return the moves of a download."""
        events = self.get(f"/api/v1/downloads/{download_id}")["events"]
        return [(event["from"], event["to"]) for event in events]

    def downloads(self) -> list[dict[str, Any]]:
        """Return the downloads, oldest first."""
        return self.get("/api/v1/downloads", order="asc", limit="500")["data"]  # type: ignore[no-any-return]

    def jobs(self, **query: str) -> list[dict[str, Any]]:
        """Return the jobs, oldest first."""
        return self.get("/api/v1/admin/jobs", order="asc", limit="500", **query)["data"]  # type: ignore[no-any-return]

    def active_jobs(self) -> list[dict[str, Any]]:
        """Return the jobs that have not ended."""
        return [job for job in self.jobs() if job["status"] in ("ready", "running")]

    def wait_for_download(self, **state: str) -> dict[str, Any]:
        """Wait until a download has these values."""

        def found() -> dict[str, Any] | None:
            matching = (
                row for row in self.downloads() if all(row[k] == v for k, v in state.items())
            )
            return next(matching, None)

        return wait_for(found)

    def wait_for_job(self, kind: str, *, status: str) -> dict[str, Any]:
        """Wait until a job of this kind has this status and says why, and return it."""

        def found() -> dict[str, Any] | None:
            jobs = self.jobs(kind=kind, status=status)
            return next((job for job in jobs if job["result"] or job["error"]), None)

        return wait_for(found)

    def wait_for_imported(self, *, count: int) -> list[dict[str, Any]]:
        """Wait until so many downloads are imported, and return them."""

        def imported() -> list[dict[str, Any]] | None:
            rows = [row for row in self.downloads() if row["import_status"] == "imported"]
            return rows if len(rows) >= count else None

        return wait_for(imported)

    def wait_for_webhook(
        self, *, count: int = 1, seconds: float = PATIENCE_S
    ) -> list[dict[str, Any]]:
        """Wait until so many webhook jobs have ended well, and return them."""

        which = {"kind": "webhook", "status": "done"}

        def have_ended() -> bool:
            answer = self.get("/api/v1/admin/jobs", limit="1", **which)
            return bool(answer["total"] >= count)

        wait_for(have_ended, seconds=seconds)
        return self.jobs(**which)

    def wait_until_quiet(self) -> None:
        """Wait until no job is ready or running."""
        wait_for(lambda: not self.active_jobs())


@contextmanager
def home_in(folder: Path, **environ: str) -> Iterator[Home]:
    """Set up a home in a folder; an answer of a stand-in that breaks the contract is raised."""
    home = Home(folder, dict(environ))
    with home.radarr, home.sonarr, home.media, closing(home.port_holder):
        home.connect()
        try:
            yield home
        finally:
            home.end()


_PASSED_ON = (
    "PATH",
    "PYTHONPATH",
    "HOME",
    "LANG",
    "COVERAGE_PROCESS_START",
    "COVERAGE_PROCESS_CONFIG",
)

"""What the benches share: a load on an HTTP server, processes to measure, and lines to print."""

from __future__ import annotations

import os
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.servers import free_port

KEY = "bench-api-key-0123456789"
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Load:
    """What a server bore: answers by status, and the seconds each took, sorted."""

    seconds: float
    statuses: Mapping[int, int]
    took: Sequence[float]
    cpu_s: float

    @property
    def per_s(self) -> float:
        """Good answers a second."""
        return self.statuses.get(202, 0) / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of the server for an answer."""
        return self.cpu_s * 1e6 / max(sum(self.statuses.values()), 1)

    def at(self, share: float) -> float:
        """Milliseconds within which this share was answered."""
        return 1000 * self.took[min(int(share * len(self.took)), len(self.took) - 1)]


def post(path: str, body: bytes) -> bytes:
    """Make the bytes of a request that keeps its connection."""
    head = [f"POST {path} HTTP/1.1", "Host: bench", f"X-Api-Key: {KEY}"]
    head += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


def press(
    port: int, request: bytes, *, connections: int, seconds: float, pid: int, per_s: float = 0
) -> Load:
    """Send one request again and again over so many connections; `per_s` limits how often."""
    process, started = psutil.Process(pid), time.perf_counter()
    cpu_before = _cpu_s(process)
    took: list[float] = []
    statuses: dict[int, int] = {}
    sent_at: dict[socket.socket, float] = {}
    heard: dict[socket.socket, bytes] = {}
    with selectors.DefaultSelector() as selector:
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
        for each in idle:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(each, selectors.EVENT_READ)
        sent, ends_at = 0, started + seconds
        while sent_at or time.perf_counter() < ends_at:
            now = time.perf_counter()
            allowed = int((now - started) * per_s) + 1 - sent if per_s else connections
            while idle and now < ends_at and allowed > 0:
                each = idle.pop()
                sent_at[each] = time.perf_counter()
                each.sendall(request)
                sent, allowed = sent + 1, allowed - 1
            for key, _ in selector.select(0.002 if per_s else 0.5):
                each = key.fileobj  # type: ignore[assignment] # only sockets were registered
                heard[each] = heard.get(each, b"") + each.recv(65536)
                if not _is_whole(heard[each]):
                    continue
                status = int(heard.pop(each)[9:12])
                statuses[status] = statuses.get(status, 0) + 1
                took.append(time.perf_counter() - sent_at.pop(each))
                idle.append(each)
        lasted = time.perf_counter() - started
        for each in idle:
            each.close()
    return Load(lasted, statuses, sorted(took), _cpu_s(process) - cpu_before)


@contextmanager
def stalkeer(
    folder: Path,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    through: Sequence[str] = (),
) -> Iterator[tuple[int, int]]:
    """Run a `stalkeer` process, `through` another command or not; yields its port and its id."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("STALKEER_")}
    env |= {
        "STALKEER_DATA_DIR": str(folder / "data"),
        "STALKEER_PORT": str(port),
        "STALKEER_API_KEY": KEY,
        "STALKEER_LOG_LEVEL": "error",
        "STALKEER_RADARR_URL": "http://127.0.0.1:9",
        "STALKEER_RADARR_API_KEY": "0" * 32,
        **(environ or {}),
    }
    command = [*through, sys.executable, "-m", "stalkeer", *arguments]
    with running(command, env, folder) as process:
        wait_for_port(port, process)
        yield port, process.pid


@contextmanager
def running(
    command: Sequence[str], env: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process while the block lasts; its output goes to a file in the folder."""
    with (folder / "bench.log").open("ab") as log:
        process = subprocess.Popen(command, env=env, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody answers there."""
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at:
        assert process.poll() is None, "the process ended"
        with suppress(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/ping", timeout=2)
            return
        time.sleep(0.05)
    raise AssertionError("nobody answers")


def line(what: str, bar: str, *figures: float, unit: str = "", digits: int = 2) -> None:
    """Print a measured figure (the median of several) beside its bar."""
    shown = ", ".join(f"{figure:.{digits}f}" for figure in figures)
    median = statistics.median(figures)
    sys.stdout.write(f"{what}: {median:.{digits}f} {unit}  (bar {bar}; runs {shown})\n")
    sys.stdout.flush()


def listening() -> socket.socket:
    """Take a port on which every connection is accepted and nothing is ever answered."""
    return socket.create_server(("127.0.0.1", 0), backlog=512)


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(end) and len(body) >= int(length or b"0")


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)

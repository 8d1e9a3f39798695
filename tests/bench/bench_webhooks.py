"""Measure the webhook path against a bare endpoint that only answers 202, in turns A B A B.

    python -m tests.bench.bench_webhooks [--rounds 5] [--seconds 3]

`stalkeer web` on SQLite with synchronous=FULL, 32 connections that are kept; the bare endpoint is
Starlette on the same uvicorn. CPU is that of the server process. The 8 ms fsync is a shim loaded
before the C library; it needs a C compiler, and is left out without one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.load import (
    Load,
    line,
    listening,
    post,
    press,
    running,
    stalkeer,
    wait_for_port,
)
from tests.servers import free_port, redis_server

CONNECTIONS = 32
BODY = json.dumps(
    {
        "eventType": "Dreamt",
        "instanceName": "Radarr",
        "applicationUrl": "",
        "movie": {"id": 12, "title": "Heat", "year": 1995, "overview": "x" * 800},
    }
).encode()
REQUEST = post("/webhooks/radarr", BODY)
BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
async def take(request: Request) -> JSONResponse:
    await request.body()
    return JSONResponse({"job_id": 1}, status_code=202)
app = Starlette(routes=[Route("/webhooks/radarr", take, methods=["POST"]),
                        Route("/ping", lambda _: JSONResponse({}))])
uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False, lifespan="off")
"""
SHIM = """
#include <time.h>
static int wait_8ms(void) { struct timespec t = {0, 8000000}; nanosleep(&t, 0); return 0; }
int fsync(int fd) { (void)fd; return wait_8ms(); }
int fdatasync(int fd) { (void)fd; return wait_8ms(); }
"""


@contextmanager
def bare(folder: Path) -> Iterator[tuple[int, int]]:
    """Run the bare endpoint."""
    port = free_port()
    command = [sys.executable, "-c", BARE, str(port)]
    with running(command, dict(os.environ), folder) as process:
        wait_for_port(port, process)
        yield port, process.pid


def measure(place: tuple[int, int], seconds: float, *, per_s: float = 0) -> Load:
    """Press one server."""
    port, pid = place
    return press(port, REQUEST, connections=CONNECTIONS, seconds=seconds, pid=pid, per_s=per_s)


def compare(folder: Path, redis: str, *, rounds: int, seconds: float) -> None:
    """Print the ratios of throughput and CPU."""
    with (
        bare(folder) as plain,
        stalkeer(folder, "web", environ={"STALKEER_REDIS_URL": redis}) as ours,
    ):
        measure(plain, 1)
        measure(ours, 1)
        pairs = [(measure(plain, seconds), measure(ours, seconds)) for _ in range(rounds)]
    line("durable webhooks a second", "-", *(o.per_s for _, o in pairs), digits=0)
    line("bare endpoint a second", "-", *(b.per_s for b, _ in pairs), digits=0)
    line("throughput against bare", ">= 0.45, aim 0.6", *(o.per_s / b.per_s for b, o in pairs))
    line("CPU us a webhook", "-", *(o.cpu_us for _, o in pairs), digits=0)
    line("CPU against bare", "<= 2.2, aim 1.7", *(o.cpu_us / b.cpu_us for b, o in pairs))
    line("p99 at full load", "-", *(o.at(0.99) for _, o in pairs), unit="ms", digits=1)


def slow_disk(folder: Path, redis: str, *, seconds: float) -> None:
    """Print what is left with an fsync of 8 ms."""
    compiler = shutil.which("cc")
    if compiler is None:
        sys.stdout.write("fsync of 8 ms: not measured, there is no C compiler\n")
        return
    (folder / "shim.c").write_text(SHIM)
    shim = folder / "shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", shim, folder / "shim.c"], check=True)
    environ = {"STALKEER_REDIS_URL": redis, "LD_PRELOAD": str(shim)}
    with stalkeer(folder, "web", environ=environ) as ours:
        load = measure(ours, seconds)
    line("with an fsync of 8 ms, a second", ">= 1000", load.per_s, digits=0)
    line("with an fsync of 8 ms, p99", "<= 100", load.at(0.99), unit="ms", digits=1)
    refused = sum(count for status, count in load.statuses.items() if status >= 500)
    line("with an fsync of 8 ms, 5xx", "0", refused, digits=0)


def busy(folder: Path, *, seconds: float) -> None:
    """Print the latency of a calm rate while every worker waits for a Radarr that hangs."""
    with listening() as radarr:
        url = f"http://127.0.0.1:{radarr.getsockname()[1]}"
        with stalkeer(folder, "up", environ={"STALKEER_RADARR_URL": url}) as (port, pid):
            added = post("/webhooks/radarr", b'{"eventType": "MovieAdded", "movie": {"id": 7}}')
            press(port, added, connections=8, seconds=1, pid=pid, per_s=40)
            load = press(port, added, connections=8, seconds=seconds, pid=pid, per_s=50)
    line(
        "50 a second, workers busy, Radarr hangs: p99", "<= 50", load.at(0.99), unit="ms", digits=1
    )
    line("the same, p50", "-", load.at(0.5), unit="ms", digits=1)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    given = parser.parse_args()
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(3)]
        compare(folders[0], redis, rounds=given.rounds, seconds=given.seconds)
        slow_disk(folders[1], redis, seconds=2 * given.seconds)
        busy(folders[2], seconds=3 * given.seconds)


if __name__ == "__main__":
    main()

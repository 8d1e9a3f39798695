"""Measure the download engine against curl: throughput and CPU seconds a GiB, in turns A B A B.

    python -m tests.bench.bench_download [--gib 1] [--rounds 3] [--files 1] [--tls] [--out DIR] [--film DIR]

`--gib` is what all files have together; several are fetched at once, by threads of one engine and
by `curl --parallel`.

Server (`sendfile`), curl and engine are processes of their own on loopback. Wall time is noisy
where the machine is shared; read the ratios. The memory of the engine is also said for each file,
over one that is idle. Not collected by pytest.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from stalkeer.downloader.http import Engine, EngineRules, FetchRequest
from tests.bench.sending import sending, write_film
from tests.standins.media import authority, trusting

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: seconds, and the most memory of the process, before and in the run."""

    wall_s: float
    cpu_s: float
    rss_kib: int
    idle_kib: int = 0


def run_curl(url: str, folder: Path, files: int) -> Cost:
    """Fetch with curl."""
    trusted = folder / "authority.pem"
    authority().cert_pem.write_to_path(str(trusted))
    command = ["curl", "-fsS", "--cacert", str(trusted)]
    if files > 1:
        command += ["--parallel", "--parallel-immediate"]
    for number in range(files):
        command += ["-o", str(folder / f"curl-{number}"), url]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    wall_s, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall_s, _cpu_s(after) - _cpu_s(before), after.ru_maxrss)


def run_engine(url: str, folder: Path, files: int) -> Cost:
    """Fetch with the engine, in a process of its own as curl is."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_fetch, args=(url, folder, files, theirs))
    process.start()
    cost: Cost = ours.recv()
    process.join()
    return cost


def _fetch(url: str, folder: Path, files: int, answer: Connection) -> None:
    rules = EngineRules(allowed_hosts=frozenset({"127.0.0.1"}))
    context = trusting()
    engine = Engine(rules, rng=random.Random(), ssl_context=context)

    def fetch(number: int) -> None:
        part = folder / f"engine-{number}.part"
        engine.fetch(
            FetchRequest(url=url, part=part, user_agent="bench", max_bytes=10**15),
            on_progress=lambda _: None,
            should_stop=lambda: False,
        )

    threads = [Thread(target=fetch, args=(number,)) for number in range(files)]
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    idle_kib = _reset_most_memory()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall_s, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF)
    most_kib = _memory_kib("VmHWM")
    answer.send(Cost(wall_s, _cpu_s(after) - _cpu_s(before), most_kib, idle_kib))


def _reset_most_memory() -> int:
    """Begin to measure anew, because a process begins with the most of the one that started it."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory_kib("VmRSS")


def _memory_kib(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


def _cpu_s(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run the rounds and print a table."""
    options = _options()
    size = int(options.gib * GIB / options.files)
    clients: dict[str, Callable[[str, Path, int], Cost]] = {"engine": run_engine}
    if shutil.which("curl"):
        clients = {"curl": run_curl, **clients}
    costs: dict[str, list[Cost]] = {name: [] for name in clients}
    # Before the server is a process of its own: both sides must know the same authority.
    authority()
    with (
        tempfile.TemporaryDirectory(dir=options.film) as shelf,
        tempfile.TemporaryDirectory(dir=options.out) as name,
    ):
        film = Path(shelf) / "film.mkv"
        write_film(film, size)
        with sending(film, tls=options.tls) as url:
            for _ in range(options.rounds):
                for client, run in clients.items():
                    costs[client].append(run(url, Path(name), options.files))
                    _clean(Path(name))
    _report(costs, options)


def _clean(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    os.sync()


def _report(costs: dict[str, list[Cost]], options: argparse.Namespace) -> None:
    gib: float = options.gib
    say(
        f"{'client':8} {'MB/s':>8} {'CPU s/GiB':>10} {'MiB RSS':>8}   (median of {len(costs['engine'])})"
    )
    speeds, cpus = {}, {}
    for name, runs in costs.items():
        speeds[name] = gib * GIB / 1e6 / statistics.median(run.wall_s for run in runs)
        cpus[name] = statistics.median(run.cpu_s for run in runs) / gib
        say(
            f"{name:8} {speeds[name]:8.0f} {cpus[name]:10.2f} {max(run.rss_kib for run in runs) / 1024:8.0f}"
        )
    if "curl" in costs:
        say(
            f"engine/curl: throughput x {speeds['engine'] / speeds['curl']:.2f}, "
            f"CPU x {cpus['engine'] / cpus['curl']:.2f}"
        )
    more = statistics.median(run.rss_kib - run.idle_kib for run in costs["engine"]) / 1024
    say(f"engine, memory over idle: {more:.1f} MiB, {more / options.files:.2f} MiB a file")


def say(line: str) -> None:
    """Print one line of the table."""
    sys.stdout.write(f"{line}\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=1)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--film", type=Path, default=Path(tempfile.gettempdir()))
    return parser.parse_args()


if __name__ == "__main__":
    main()

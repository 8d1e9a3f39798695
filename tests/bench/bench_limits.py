"""Measure the engine where the network is not the limit: slow streams, bandwidth limits, kills.

    python -m tests.bench.bench_limits [--only slow|rate|kill] [--seconds 4] [--gib 1]

`slow`: ten streams that the server sends at 5 MiB/s each, against `curl --parallel`. `rate`: bytes
a second that a limit lets through, for threads of one process and for two processes. `kill`: how
many bytes are served again after kill -9 at 40 %, and over many kills at chance; every file is
compared with what was served. Not collected by pytest.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread

from stalkeer.downloader.errors import DownloadStoppedError
from stalkeer.downloader.http import Engine, EngineRules, FetchRequest
from stalkeer.downloader.limiter import TokenBucket
from tests.bench.bench_download import GIB, run_curl, run_engine, say
from tests.bench.sending import sending, write_film
from tests.standins.media import Film, MediaServer, Reply

MIB = 1024 * 1024
LOCAL = frozenset({"127.0.0.1"})


def main() -> None:
    """Run what was asked for."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.out) as name:
        folder = Path(name)
        if options.only in (None, "slow"):
            _measure_slow(folder)
        if options.only in (None, "rate"):
            _measure_rates(folder, options.seconds)
        if options.only in (None, "kill"):
            _measure_kills(folder, int(options.gib * GIB))


def _measure_slow(folder: Path) -> None:
    size, rate = 60 * MIB, 5 * MIB
    film = folder.with_name(f"{folder.name}.film")
    write_film(film, size)
    with sending(film, bytes_s=rate) as url:
        for _ in range(2):
            for name, run in (("curl", run_curl), ("engine", run_engine)):
                cost = run(url, folder, 10)
                for path in folder.iterdir():
                    path.unlink()
                say(
                    f"10 slow streams, {name:6}: {cost.wall_s:5.2f} s (alone {size / rate:.1f}), "
                    f"CPU {cost.cpu_s * GIB / (10 * size):.2f} s/GiB, "
                    f"{(cost.rss_kib - cost.idle_kib) / 1024:.1f} MiB RSS over "
                    f"{cost.idle_kib / 1024:.1f} idle"
                )
    film.unlink()


def _measure_rates(folder: Path, seconds: float) -> None:
    with MediaServer() as server:
        url = server.put("/film.mkv", Film(100 * GIB))
        for processes, threads in ((1, 1), (1, 8), (2, 1), (2, 4)):
            for rate in (1_000_000, 10_000_000, 100_000_000):
                ratio = _rate(url, folder, rate, processes, threads, seconds)
                say(
                    f"{processes} process(es) x {threads} thread(s) at {rate / 1e6:3.0f} MB/s: "
                    f"measured / asked {ratio:.3f}"
                )


def _rate(url: str, folder: Path, rate: int, processes: int, threads: int, seconds: float) -> float:
    ours, theirs = multiprocessing.Pipe()
    workers = [
        multiprocessing.Process(
            target=_fetch_limited,
            args=(url, folder / f"{number}", folder / "limit", rate, threads, seconds, theirs),
        )
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    counts = [ours.recv() for _ in workers]
    for worker in workers:
        worker.join()
    return float(sum(counts)) / rate


class _Counting(TokenBucket):
    """A limit that counts what it let through: what is on disk comes a second later."""

    taken = 0

    def take(self, count: int) -> float:
        self.taken += count
        return super().take(count)


def _fetch_limited(
    url: str,
    folder: Path,
    file: Path,
    rate: int,
    threads: int,
    seconds: float,
    answer: Connection,
) -> None:
    """Fetch for a while with a limit, and say how many bytes a second came after the first."""
    folder.mkdir(exist_ok=True)
    limiter = _Counting(rate, file=file)
    engine = Engine(EngineRules(allowed_hosts=LOCAL, limiter=limiter), rng=random.Random())
    stop = Event()

    def fetch(number: int) -> None:
        request = FetchRequest(
            url=url, part=folder / f"{number}.part", user_agent="bench", max_bytes=10**15
        )

        try:
            engine.fetch(request, on_progress=lambda _: None, should_stop=stop.is_set)
        except DownloadStoppedError:
            return

    running = [Thread(target=fetch, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    time.sleep(1)
    before, started = limiter.taken, time.monotonic()
    time.sleep(seconds)
    after, passed = limiter.taken, time.monotonic() - started
    stop.set()
    for thread in running:
        thread.join()
    for part in folder.iterdir():
        part.unlink()
    answer.send((after - before) / passed)


def _measure_kills(folder: Path, size: int) -> None:
    film = Film(size)
    with MediaServer() as server:
        url = server.put("/film.mkv", film)
        out = folder / "forty.mkv"
        held = _fetch_killed(url, out, lambda had: had >= 0.4 * size)
        _fetch(url, out).wait()
        said = server.requests("/film.mkv")[-1].range or "bytes=0-"
        asked_again = held - int(said.removeprefix("bytes=").removesuffix("-"))
        say(f"kill -9 at 40 % of {size / GIB:g} GiB: asked again {asked_again / size:.4%}")
        # What the kernel held of the dead connection was sent too, and reached nobody.
        sent = server.bytes_served("/film.mkv") - size
        say(f"  with what was under way: {sent / size:.4%}")
        _compare(folder / "forty.mkv", film)
    chance = random.Random(1)
    with MediaServer() as server:
        url = server.put("/film.mkv", film, Reply(bytes_s=200 * MIB))
        kills = 0
        out = folder / "often.mkv"
        while not out.exists() and kills < 30:
            after_s = chance.uniform(0.3, 1.2)
            aim = _size(out.with_name(f".{out.name}.part")) + after_s * 100 * MIB
            _fetch_killed(url, out, partial(_is_beyond, aim))
            kills += 1
        _fetch(url, out).wait()
        again = server.bytes_served("/film.mkv") - size
        say(
            f"{kills} kills at chance: {again / max(kills, 1) / MIB:.2f} MiB more were sent for each"
        )
        _compare(out, film)


def _is_beyond(aim: float, had: int) -> bool:
    return had > aim


def _fetch_killed(url: str, out: Path, is_time: Callable[[int], bool]) -> int:
    """Fetch until it is time, kill, and say how much was on disk."""
    process, part = _fetch(url, out), out.with_name(f".{out.name}.part")
    while process.poll() is None and not is_time(_size(part)):
        time.sleep(0.005)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return _size(part)


def _fetch(url: str, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "stalkeer", "fetch", url, str(out)], stderr=subprocess.DEVNULL
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _compare(path: Path, film: Film) -> None:
    digest = hashlib.blake2b()
    for piece in film.pieces(0, film.size):
        digest.update(piece)
    with path.open("rb") as file:
        same = hashlib.file_digest(file, "blake2b").digest() == digest.digest()
    say(f"  {path.name}: {'every byte is right' if same else 'WRONG BYTES'}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("slow", "rate", "kill"))
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--gib", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()))
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Measure what the service costs when there is nothing to do, with a long playlist in the database.

    python -m tests.bench.bench_idle [--entries 1000000] [--seconds 60]

It is measured after a start, and again after an import of the same list, whose memory must be gone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from tests.bench.load import KEY, MIB, line, stalkeer


def write_list(path: Path, entries: int) -> None:
    """Write a playlist of films that no two lines of are alike."""
    with path.open("w") as file:
        file.write("#EXTM3U\n")
        for number in range(entries):
            name = f"EN - Film Number {number} ({1950 + number % 70})"
            file.write(f'#EXTINF:-1 tvg-name="{name}" group-title="VOD {number % 40}",{name}\n')
            file.write(f"http://tv.example.invalid/movie/joe/word/{number}.mkv\n")


def idle(pid: int, seconds: float) -> tuple[float, float]:
    """Give the share of a core in per cent, and MiB, while nothing is asked."""
    process = psutil.Process(pid)
    before = process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    used_s = after.user + after.system - before.user - before.system
    return 100 * used_s / seconds, process.memory_info().rss / MIB


def wait_until_quiet(port: int) -> None:
    """Wait until no job is ready to run or running."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-Api-Key": KEY}) as client:
        while True:
            counts = client.get("/api/v1/system/status", timeout=60).json()["jobs"]
            if not counts.get("running") and not counts.get("ready"):
                return
            time.sleep(0.5)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_list(folder / "list.m3u", given.entries)
        environ = {
            "STALKEER_M3U_FILE_PATH": str(folder / "list.m3u"),
            "STALKEER_RADARR_URL": "",
            "STALKEER_RADARR_API_KEY": "",
        }
        for state in ("after an import", "after a start"):
            with stalkeer(folder, "up", environ=environ) as (port, pid):
                wait_until_quiet(port)
                time.sleep(5)
                cpu, memory = idle(pid, given.seconds)
            line(
                f"idle, {given.entries} entries, {state}: CPU", "<= 0.5 % of a core", cpu, unit="%"
            )
            line(
                f"idle, {given.entries} entries, {state}: memory",
                "<= 150",
                memory,
                unit="MiB",
                digits=0,
            )


if __name__ == "__main__":
    main()

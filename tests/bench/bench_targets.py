"""Measure the targets of the original documents, each on a line of its own, everything local.

python -m tests.bench.bench_targets
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.bench.bench_idle import write_list
from tests.bench.load import line
from tests.flow.home import API_KEY, MB, Home, home_in, sha256, wait_for
from tests.standins.disk import sha256 as sha256_of
from tests.standins.media import Reply
from tests.standins.mediafiles import mkv_film

PATIENCE_S = 120.0


def command(folder: Path, *arguments: str) -> float:
    """Run a command of stalkeer and say how long it took."""
    began = time.perf_counter()
    environ = {"STALKEER_DATA_DIR": str(folder / "data"), "PATH": "/usr/bin:/bin"}
    subprocess.run(
        [sys.executable, "-m", "stalkeer", *arguments],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began


def scanning_and_matching(folder: Path) -> None:
    """Print how long 10,000 entries take, and 1,000 items among them."""
    write_list(folder / "list.m3u", 10_000)
    wanted = [
        {"id": str(n), "kind": "movie", "title": f"Film Number {n}", "year": 1950 + n % 70}
        for n in range(0, 10_000, 10)
    ]
    (folder / "wanted.json").write_text(json.dumps(wanted))
    line("10,000 entries scanned", "< 30", command(folder, "process", "list.m3u"), unit="s")
    took = command(
        folder, "match", "--playlist", "list.m3u", "--wanted", "wanted.json", "--out", "out.json"
    )
    found = sum(
        each["index"] is not None for each in json.loads((folder / "out.json").read_text()).values()
    )
    line("1,000 items matched (list read as well)", "< 5", took, unit="s")
    line("of them found", "1000", found, digits=0)


def starting(home: Home) -> None:
    """Print the time from a webhook to the first byte asked for."""
    took = []
    for number in range(10):
        film = mkv_film(MB, minutes=96)
        home.offer(f"EN - Film {number} (1990) 1080p", f"/{number}.mkv", film)
    home.environ["STALKEER_DOWNLOADS_PER_PROVIDER_LIMIT"] = "3"
    home.up()
    wait_for(lambda: home.jobs(kind="refresh_playlist", status="done"), seconds=PATIENCE_S)
    for number in range(10):
        home.radarr.add_movie(f"Film {number}", 1990, runtime=96)
        sent = time.perf_counter()
        while not home.media.requests(f"/{number}.mkv"):
            time.sleep(0.002)
        took.append(1000 * (time.perf_counter() - sent))
        home.wait_for_imported(count=number + 1)
    line("from the webhook to the download, median", "<= 300", *took, unit="ms", digits=0)


def asking(home: Home) -> None:
    """Print the 95th percentile of the API."""
    headers = {"X-Api-Key": API_KEY}
    paths = ("downloads", "admin/jobs", "missing/movies", "items", "system/status", "matches")
    took = []
    with httpx.Client(base_url=f"{home.url}/api/v1/", headers=headers, timeout=30) as client:
        for path in paths * 40:
            began = time.perf_counter()
            client.get(path).raise_for_status()
            took.append(1000 * (time.perf_counter() - began))
    line("API, 95th percentile", "< 200", sorted(took)[int(0.95 * len(took))], unit="ms", digits=1)


def going_on(home: Home) -> None:
    """Print how long a killed download stands still, and that three at once lose nothing."""
    films = {}
    for number in range(3):
        film = mkv_film(40 * MB, minutes=96)
        path = f"/long/{number}.mkv"
        home.offer(f"EN - Long {number} (1991) 1080p", path, film, Reply(bytes_s=8 * MB), Reply())
        films[home.radarr.add_movie(f"Long {number}", 1991, runtime=96)] = (path, film)
    service = home.up()
    wait_for(lambda: all(home.media.bytes_served(path) for path, _ in films.values()), seconds=60)
    service.kill()
    killed = time.perf_counter()
    home.up()
    first = next(iter(films.values()))[0]
    while len(home.media.requests(first)) < 2:
        time.sleep(0.01)
    line("a killed download flows again", "< 10", time.perf_counter() - killed, unit="s")
    wait_for(lambda: all(home.radarr.movie_file(movie) for movie in films), seconds=PATIENCE_S)
    whole = sum(
        sha256_of(home.radarr.movie_file(movie) or Path()) == sha256(film.pieces(0, film.size))
        for movie, (_, film) in films.items()
    )
    line("three at once, whole", "3", whole, digits=0)


def main() -> None:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plain").mkdir()
        scanning_and_matching(folder / "plain")
        with home_in(folder / "first") as home:
            starting(home)
            asking(home)
        with home_in(folder / "second", STALKEER_DOWNLOADS_PER_PROVIDER_LIMIT="3") as home:
            going_on(home)


if __name__ == "__main__":
    main()

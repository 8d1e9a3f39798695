"""Measure the import of one long list: CPU against a bare line loop, memory, refresh, look-ups.

    python -m tests.bench.bench_import PLAYLIST [--postgres] [--webhooks] [--out /tmp]

PLAYLIST is best one of a million entries; a `wanted.json` beside it is what is looked up. Every
import runs in its own process, as in service, and CPU is that of all processes that had a part in
it: with `--postgres` the database server's too. `--webhooks` sends fifty a second to a real `up`
while it imports the list into the same SQLite file.

All figures of a run are from one machine and one time; read the ratios. Not collected by pytest.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from stalkeer.core.items import ItemKind, Wanted
from stalkeer.db.connect import Database
from stalkeer.db.store import Store
from stalkeer.db.vault import Vault
from stalkeer.jobs.reading import Summary
from stalkeer.jobs.refresh import How, import_playlist
from stalkeer.jobs.services import PlaylistRules
from tests.servers import free_port, fresh_database, postgres_server

WEBHOOKS_A_SECOND = 50
LOOK_UPS = 1000
MOST_AFTER = 2000
_CLOCK_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one import took; memory in MiB, of the process that imported."""

    cpu_s: float
    wall_s: float
    memory_mib: float
    summary: Summary


def say(text: str) -> None:
    """Print a figure as soon as it is there."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure everything that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("playlist", type=Path)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--webhooks", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.out) as name:
        folder = Path(name)
        bare_s = bare_loop(given.playlist)
        say(f"bare line loop: {bare_s:.3f} s CPU")
        if given.webhooks:
            measure_webhooks(given.playlist, folder)
            return
        idle_mib = measure_idle(folder)
        say(f"process that imports one entry: {idle_mib:.0f} MiB")
        databases = postgresql(folder) if given.postgres else sqlite(folder)
        with databases as (url, server_cpu_s):
            measure(url, given.playlist, folder, bare_s, idle_mib, server_cpu_s)


def bare_loop(playlist: Path) -> float:
    """CPU seconds of reading every line and doing nothing with it; the best of three."""
    return min(_bare_loop(playlist) for _ in range(3))


def _bare_loop(playlist: Path) -> float:
    started_at = time.process_time()
    with playlist.open("rb") as file:
        for _ in file:
            pass
    return time.process_time() - started_at


def measure(
    url: str,
    playlist: Path,
    folder: Path,
    bare_s: float,
    idle_mib: float,
    server_cpu_s: Callable[[], float],
) -> None:
    """Import a list, refresh it as it is and changed, and look things up in it."""
    listed = folder / "list.m3u"
    shutil.copy(playlist, listed)
    with closing(Store(Database(url), vault=Vault(["a key"]))) as store:
        store.migrate()
        first = run(store, listed, server_cpu_s)
        report("first import", first, bare_s, idle_mib)
        for what, change in CHANGES.items():
            change(playlist, listed)
            cost = run(store, listed, server_cpu_s)
            report(f"refresh, {what}", cost, bare_s, idle_mib)
            say(f"    {cost.cpu_s / first.cpu_s:.3f} of the first import (bar: 0.2)")
        measure_look_ups(store, playlist.with_name("wanted.json"), server_cpu_s)


def run(store: Store, listed: Path, server_cpu_s: Callable[[], float]) -> Cost:
    """Import the list in its own process."""
    row = store.playlists.get(store.playlists.add("list", str(listed)))
    assert row is not None
    before_s, started_at = _cpu_s() + server_cpu_s(), time.monotonic()
    summary = import_playlist(
        store,
        row,
        PlaylistRules(),
        token=secrets.token_hex(8),
        on_progress=lambda _: None,
        how=How(),
    )
    assert summary is not None, "the list is not what it was"
    wall_s, cpu_s = time.monotonic() - started_at, _cpu_s() + server_cpu_s() - before_s
    memory_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return Cost(cpu_s, wall_s, memory_kib / 1024, summary)


def report(what: str, cost: Cost, bare_s: float, idle_mib: float) -> None:
    """Print what an import took."""
    summary = cost.summary
    say(
        f"{what}: {cost.cpu_s:.1f} s CPU = {cost.cpu_s / bare_s:.0f} x bare "
        f"({1e6 * cost.cpu_s / summary.entries:.0f} us an entry), {cost.wall_s:.0f} s wall, "
        f"{cost.memory_mib - idle_mib:.0f} MiB over idle, "
        f"longest write {1000 * summary.longest_write_s:.0f} ms"
    )
    say(f"    {summary.counts()}")


def measure_idle(folder: Path) -> float:
    """Say what a process takes that imports nothing to speak of."""
    listed = folder / "short.m3u"
    listed.write_text("#EXTM3U\n#EXTINF:-1,Heat (1995)\nhttp://h.example.invalid/1.mkv\n")
    with closing(Store(Database(f"sqlite:///{folder / 'short.db'}"))) as store:
        store.migrate()
        return run(store, listed, lambda: 0.0).memory_mib


# Line by line: what this process takes would be counted as the child's, which begins as its copy.
def other_token(playlist: Path, listed: Path) -> None:
    """Write the list with another password in every address."""
    with playlist.open("rb") as old, listed.open("wb") as new:
        for line in old:
            if b"://" in line and not line.startswith(b"#"):
                line = line.replace(b"/user/pass/", b"/user/word/").replace(
                    b"token=a.", b"token=b."
                )
            new.write(line)


def other_order(playlist: Path, listed: Path) -> None:
    """Write the list with its second half first."""
    with playlist.open("rb") as old, listed.open("wb") as new:
        middle = _entry_after(old, playlist.stat().st_size // 2)
        new.write(b"#EXTM3U\n")
        shutil.copyfileobj(old, new)
        new.write(b"\n")
        old.seek(0)
        new.writelines(_lines_up_to(old, middle))


def shorter(playlist: Path, listed: Path) -> None:
    """Write the list without its last third."""
    with playlist.open("rb") as old, listed.open("wb") as new:
        end = _entry_after(old, playlist.stat().st_size * 2 // 3)
        old.seek(0)
        new.writelines(_lines_up_to(old, end))


def _entry_after(file: BinaryIO, place: int) -> int:
    """Go to the first entry behind a place, and give its place."""
    file.seek(place)
    while (line := file.readline()) and not line.startswith(b"#EXTINF"):
        pass
    return file.seek(-len(line), os.SEEK_CUR)


def _lines_up_to(file: BinaryIO, end: int) -> Iterator[bytes]:
    while file.tell() < end:
        yield file.readline()


CHANGES = {"other token": other_token, "other order": other_order, "a third gone": shorter}


def measure_look_ups(store: Store, wanted: Path, server_cpu_s: Callable[[], float]) -> None:
    """Look up what is wanted, one after the other, as searches do."""
    if not wanted.exists():
        return
    items = [_wanted(number, row) for number, row in enumerate(json.loads(wanted.read_text()))]
    took = []
    before_s, started_at = _cpu_s() + server_cpu_s(), time.monotonic()
    for item in items[:LOOK_UPS]:
        asked_at = time.monotonic()
        store.playlists.candidates(item)
        took.append(1000 * (time.monotonic() - asked_at))
    cpu_s = _cpu_s() + server_cpu_s() - before_s
    say(
        f"{len(took)} look-ups: {time.monotonic() - started_at:.2f} s, "
        f"{1000 * cpu_s / len(took):.2f} ms CPU each, median {statistics.median(took):.2f} ms, "
        f"p99 {sorted(took)[int(len(took) * 0.99)]:.1f} ms, longest {max(took):.1f} ms"
    )
    started_at = time.monotonic()
    numbered = dict(enumerate(items[:LOOK_UPS]))
    found = store.playlists.new_for(store.playlists.all()[0].id, numbered, since_version=0)
    say(f"all at once: {len(found)} may be there, {time.monotonic() - started_at:.2f} s")


def _wanted(number: int, row: dict[str, Any]) -> Wanted:
    is_movie = row["kind"] == "movie"
    return Wanted(
        kind=ItemKind.MOVIE if is_movie else ItemKind.EPISODE,
        arr_id=number,
        title=row["title"],
        year=row.get("year") or 0,
        alternate_titles=tuple(row.get("alternateTitles") or ()),
        series_id=None if is_movie else number,
        season=row.get("seasonNumber"),
        episode=row.get("episodeNumber"),
        absolute_episode=row.get("absoluteEpisodeNumber"),
    )


def _cpu_s() -> float:
    """CPU seconds of this process and of those it started and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[str, Callable[[], float]]]:
    """A new SQLite file; it has no server."""
    yield f"sqlite:///{folder / 'stalkeer.db'}", lambda: 0.0


@contextmanager
def postgresql(_folder: Path) -> Iterator[tuple[str, Callable[[], float]]]:
    """A new PostgreSQL server, and what CPU it has used."""
    with postgres_server() as server, fresh_database(server) as url:
        database = Database(url)
        with closing(database):
            where = database.read(lambda: database.execute("SHOW data_directory").fetchone()[0])
        pid = int(Path(where, "postmaster.pid").read_text().split()[0])
        yield url, lambda: _tree_cpu_s(pid)


def _tree_cpu_s(root: int) -> float:
    """CPU seconds of a process and of all below it, those too that have ended."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == root:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == root:
            ticks += sum(map(int, fields[11:13]))
    return ticks * _CLOCK_TICK_S


def measure_webhooks(playlist: Path, folder: Path) -> None:
    """Send webhooks to a real service while it imports the list, and say how long they took."""
    port, key = free_port(), secrets.token_hex(16)
    environ = {
        "PATH": os.environ["PATH"],
        "STALKEER_DATA_DIR": str(folder / "data"),
        "STALKEER_PORT": str(port),
        "STALKEER_API_KEY": key,
        "STALKEER_M3U_FILE_PATH": str(playlist),
        # Nobody is there; what the deliveries cause is not what is measured.
        "STALKEER_RADARR_URL": f"http://127.0.0.1:{free_port()}",
        "STALKEER_RADARR_API_KEY": key,
        "STALKEER_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "stalkeer", "up"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as service:
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-Api-Key": key})
        try:
            with closing(client):
                _compare_webhooks(client)
        finally:
            service.terminate()


def _compare_webhooks(client: httpx.Client) -> None:
    """Measure while the list is imported, and as long again, at most, when it is."""
    while not _answers(client):
        time.sleep(0.1)
    during = _send_webhooks(client, while_true=lambda: _is_importing(client), most=1_000_000)
    _report_webhooks("during the import", during)
    after = _send_webhooks(client, while_true=lambda: True, most=min(len(during), MOST_AFTER))
    _report_webhooks("after it", after)


def _send_webhooks(
    client: httpx.Client, *, while_true: Callable[[], bool], most: int
) -> list[float]:
    """Send, looking every five seconds whether to go on; give the milliseconds of each."""
    took: list[float] = []
    started_at = time.monotonic()
    while len(took) < most:
        if len(took) % (5 * WEBHOOKS_A_SECOND) == 0 and not while_true():
            break
        body = {"eventType": "MovieDelete", "movie": {"id": len(took) + 1, "title": "Heat"}}
        asked_at = time.monotonic()
        client.post("/webhooks/radarr", json=body).raise_for_status()
        took.append(1000 * (time.monotonic() - asked_at))
        time.sleep(max(0.0, started_at + len(took) / WEBHOOKS_A_SECOND - time.monotonic()))
    return took


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").is_success
    except httpx.TransportError:
        return False


def _is_importing(client: httpx.Client) -> bool:
    answer = client.get("/api/v1/admin/jobs", params={"kind": "refresh_playlist"}).json()
    return not answer["data"] or answer["data"][0]["status"] in ("ready", "running")


def _report_webhooks(when: str, took: Sequence[float]) -> None:
    ordered = sorted(took)
    shares = {share: ordered[int(len(ordered) * share)] for share in (0.5, 0.95, 0.99, 0.999)}
    shown = ", ".join(f"p{100 * share:g} {ms:.1f} ms" for share, ms in shares.items())
    say(f"{len(took)} webhooks {when}: {shown}, longest {ordered[-1]:.1f} ms")


if __name__ == "__main__":
    main()

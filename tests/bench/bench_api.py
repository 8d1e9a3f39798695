"""Times the lists of the API with a large playlist in the database.

    python -m tests.bench.bench_api [--entries 100000 | --playlist FILE] [--database URL]

Without a database it makes a SQLite file in a temporary folder. Beside the list it writes 10,000
jobs and as many matches, 5,000 wanted items and 2,000 downloads. It prints, for each question, the
median and the 95th percentile of 20 answers in milliseconds, and how long the import, the counts
and the survey took.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from stalkeer.core.collection import Collection
from stalkeer.core.items import ContentType
from stalkeer.core.states import DownloadStatus, ImportStatus, JobKind, JobStatus, MatchState
from stalkeer.db.connect import Database
from stalkeer.db.models import DownloadInfo, Job, Match, PlaylistItem
from stalkeer.db.store import Store
from stalkeer.db.vault import Vault
from stalkeer.jobs import survey
from stalkeer.jobs.refresh import How, import_playlist
from stalkeer.wiring.rules import playlist_rules
from tests.builders import add_job, episode, learn, movie
from tests.web.conftest import KEY, app_of, client_of, services_of, settings_in, writer_of

ROUNDS = 20
GROUPS = 300
YEARS = range(1950, 2025)
JOBS, MATCHES, ITEMS, DOWNLOADS = 10_000, 10_000, 5_000, 2_000


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--playlist", type=Path)
    parser.add_argument("--database")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        playlist = asked.playlist or _write(folder / "list.m3u", asked.entries)
        url = asked.database or f"sqlite:///{folder / 'bench.db'}"
        store = Store(Database(url), vault=Vault(["a key"]))
        stack.callback(store.close)
        store.migrate()
        settings = settings_in(folder)
        row_id = _fill(store, playlist, settings)
        with _timed("jobs, matches and downloads"):
            store.db.write(lambda: _work(store))
        services = stack.enter_context(services_of(store, settings))
        writer = stack.enter_context(writer_of(store.deliveries.add))
        client = stack.enter_context(client_of(app_of(services, writer), **KEY))
        _ask(client, _questions(client, row_id))


def _fill(store: Store, playlist: Path, settings: object) -> int:
    row_id = store.playlists.add("bench", str(playlist))
    row = store.playlists.get(row_id)
    assert row is not None
    if not row.version:
        with _timed("import"):
            import_playlist(
                store,
                row,
                playlist_rules(settings),  # type: ignore[arg-type]
                token="bench",
                on_progress=lambda _: None,
                how=How(),
            )
    with _timed("counts again"):
        store.tallies.recount(row_id)
    nobody = {kind: Collection() for kind in ContentType}
    for what in ("first survey", "second survey"):
        with _timed(what):
            survey.compare(store, nobody, go_on=lambda: None)
    return row_id


def _work(store: Store) -> None:
    """Write what a busy year leaves, unless it is there."""
    if Job.select().exists():
        return
    wanted = (movie(number, f"Film {number}") for number in range(ITEMS // 2))
    series = (episode(number, number=number) for number in range(ITEMS // 2))
    items = [learn(store, one) for one in (*wanted, *series)]
    now, entries = store.db.clock(), PlaylistItem.select(PlaylistItem.id).limit(MATCHES)
    stamps = {"created_at": now, "updated_at": now}
    kinds = list(JobKind)
    jobs = [add_job(store, kinds[number % len(kinds)]) for number in range(JOBS)]
    quarter = JOBS // 4
    for number, status in enumerate((JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)):
        some = Job.id.between(jobs[number * quarter], jobs[(number + 1) * quarter - 1])
        Job.update(status=status, finished_at=now).where(some).execute()
    judged = [
        {
            "item": items[number % ITEMS],
            "entry": row.id,
            "score": number % 100,
            "method": "title",
            "reasons": [],
            "state": list(MatchState)[number % len(MatchState)],
            **stamps,
        }
        for number, row in enumerate(entries)
    ]
    fetched = [
        {
            "playlist_item": row["entry"],
            "instance": "radarr",
            "target_service": "radarr",
            "target_item_id": number,
            "title": f"Film {number}",
            "provider": "tv.example.invalid",
            "status": list(DownloadStatus)[number % len(DownloadStatus)],
            "import_status": list(ImportStatus)[number % len(ImportStatus)],
            **stamps,
        }
        for number, row in enumerate(judged[:DOWNLOADS])
    ]
    for model, rows in ((Match, judged), (DownloadInfo, fetched)):
        for start in range(0, len(rows), 500):
            model.insert_many(rows[start : start + 500]).execute()


def _questions(client: TestClient, row_id: int) -> list[tuple[str, str, object]]:
    groups = client.get(f"/api/v1/playlists/{row_id}/groups").json()["data"]
    groups.sort(key=lambda group: sum(group["counts"].values()))
    rare, common = groups[0]["group_title"], groups[-1]["group_title"]
    lists = [
        "", "sort=title", "sort=title&order=asc", "sort=year", "sort=year&order=asc",
        "sort=updated_at", "sort=created_at", "content_type=movie", "content_type=uncategorized",
        "content_type=movie&sort=title&order=asc", "content_type=channel&sort=year", "year=1999",
        "year=1999&sort=title", "resolution=2160p", "resolution=2160p&sort=updated_at",
        "state=processed", "state=failed", "overridden=true", "overridden=false", "filtered=true",
        "filtered=any", f"playlist_id={row_id}", "offset=10000", "sort=title&offset=10000",
        "limit=500", "content_type=movie&year=1999&resolution=1080p&sort=title",
    ]  # fmt: skip
    questions: list[tuple[str, str, object]] = [
        ("GET", f"/api/v1/items?{query}", None) for query in lists
    ]
    for group in (rare, common):
        for sort in ("id", "title", "year", "updated_at"):
            query = str(client.build_request("GET", "/", params={"group_title": group}).url.query)
            query = query.removeprefix("b'").removesuffix("'")
            questions.append(("GET", f"/api/v1/items?{query}&sort={sort}", None))
    questions += [("POST", "/api/v1/items/search", {"q": text}) for text in ("heat", "the", "zzz")]
    paths = (
        "stats", f"playlists/{row_id}", f"playlists/{row_id}/groups", "movies?year=1999", "tvshows",
        "missing-content?type=movie", "missing-content?type=series&offset=1000", "filters", "runs",
        "downloads", "downloads?status=failed", "downloads?sort=title&offset=1500",
        "downloads?sort=updated_at", "downloads/stats", "matches", "matches?state=to_confirm",
        "matches?sort=score&offset=5000", "admin/jobs", "admin/jobs?status=failed",
        "admin/jobs?kind=search&sort=run_at", "admin/jobs?sort=finished_at&offset=8000",
        "missing/movies", "missing/tvshows?offset=1000", "missing/movies?sort=title", "widget",
    )  # fmt: skip
    return questions + [("GET", f"/api/v1/{path}", None) for path in paths]


def _ask(client: TestClient, questions: list[tuple[str, str, object]]) -> None:
    everything: list[float] = []
    say(f"{'median':>8} {'p95':>8}  ms")
    for method, path, body in questions:
        times = [_asked(client, method, path, body) for _ in range(ROUNDS)]
        everything += times
        p95 = statistics.quantiles(times, n=20)[-1]
        say(f"{statistics.median(times):8.1f} {p95:8.1f}  {method} {path} {body or ''}")
    say(f"{statistics.median(everything):8.1f} {statistics.quantiles(everything, n=20)[-1]:8.1f}")


def _asked(client: TestClient, method: str, path: str, body: object) -> float:
    """Ask once and return the milliseconds it took."""
    started_at = time.perf_counter()
    answer = client.request(method, path, json=body)
    took = 1000 * (time.perf_counter() - started_at)
    assert answer.is_success, answer.text
    return took


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started_at, cpu = time.perf_counter(), time.process_time()
    yield
    took, spent = time.perf_counter() - started_at, time.process_time() - cpu
    say(f"{what}: {took:.2f} s, {spent:.2f} s of our CPU")


def _write(path: Path, entries: int) -> Path:
    """Write a list in which every kind of entry and every group has its share."""
    resolutions = ("", "", "", " 720p", " 1080p", " 4K")
    with path.open("w") as file:
        file.write("#EXTM3U\n")
        for number in range(entries):
            group, year = f"VOD {number % GROUPS:03}", YEARS[number % len(YEARS)]
            resolution = resolutions[number // 7 % len(resolutions)]
            name, address = f"Film {number} ({year}){resolution}", f"movie/u/p/{number}.mkv"
            if number % 2:
                title, place = number // 400, number % 400
                name = f"Series {title} S{place // 20 + 1:02}E{place % 20 + 1:02}{resolution}"
                address = f"series/u/p/{number}.mkv"
            file.write(f'#EXTINF:-1 group-title="{group}",{name}\n')
            file.write(f"http://tv.example.invalid/{address}\n")
    return path


if __name__ == "__main__":
    main()

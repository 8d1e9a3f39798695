"""What is killed or ended in the middle of a download goes on where it was."""

from __future__ import annotations

import signal

from tests.flow.home import MB, PATH, Home, Process, sha256, wait_for
from tests.standins.disk import sha256 as sha256_of
from tests.standins.media import Film, Reply
from tests.standins.mediafiles import mkv_film
from tests.standins.server import Fault

OVERLAP = 64 * 1024
"""What is asked for again, to compare it with the disk."""
MOST_LOST = 4 * 1024 * 1024
"""What was sent, and stood in buffers of the machine when the process died, is lost with it."""


def _start_download(home: Home, *, size: int) -> tuple[Film, int, Process]:
    """Start a service and a slow download of a film whose second request is served fast."""
    film = home.offer_film(Reply(bytes_s=24 * MB), Reply(), size=size)
    service = home.up()
    movie = home.add_film()
    _wait_for_bytes(home)
    return film, movie, service


def _wait_for_bytes(home: Home) -> None:
    wait_for(lambda: any(row["bytes_downloaded"] > 10 * MB for row in home.downloads()))


def test_every_webhook_that_was_accepted_before_a_kill_is_worked_on_after_it(home: Home) -> None:
    service = home.up()
    home.radarr.break_with(Fault.SLOW, path="/movie/", seconds=1)
    bodies = [{"eventType": "MovieAdded", "movie": {"id": number}} for number in range(100, 140)]
    answers = [home.deliver(body) for body in bodies]

    service.kill()
    home.radarr.mend()
    home.up()
    done = home.wait_for_webhook(count=40, seconds=15)

    assert [answer.status_code for answer in answers] == [202] * 40
    assert {job["id"] for job in done} == {answer.json()["job_id"] for answer in answers}


def test_a_download_that_was_killed_goes_on_with_what_is_on_disk(home: Home) -> None:
    film, movie, service = _start_download(home, size=150 * MB)

    service.kill()
    (part,) = home.parts()
    had = part.stat().st_size
    home.up()
    home.wait_for_imported(count=1)

    library_file = home.radarr.movie_file(movie)
    assert library_file is not None
    assert sha256_of(library_file) == sha256(film.pieces(0, film.size))
    assert home.media.bytes_served(PATH) - film.size < MOST_LOST
    assert [seen.range for seen in home.media.requests(PATH)] == [None, f"bytes={had - OVERLAP}-"]
    (job,) = home.jobs(kind="download")
    assert (job["status"], job["attempts"], job["crashes"]) == ("done", 1, 0)
    history = home.get(f"/api/v1/admin/jobs/{job['id']}")["history"]
    assert [attempt["outcome"] for attempt in history] == ["crashed", "downloaded"]
    assert home.radarr.count_imports(movie) == 1


def test_an_ordered_end_saves_the_offset_and_costs_no_attempt(home: Home) -> None:
    film, movie, service = _start_download(home, size=60 * MB)

    service.popen.send_signal(signal.SIGTERM)
    code = service.popen.wait(timeout=8)
    (saved,) = home.rows("SELECT * FROM download_info")
    (job,) = home.rows("SELECT status, attempts, lease_owner FROM job WHERE kind = 'download'")
    (part,) = home.parts()
    size = part.stat().st_size
    home.up()
    home.wait_for_imported(count=1)

    assert code == 0
    assert saved["bytes_downloaded"] == size
    assert (saved["status"], saved["locked_by"], saved["locked_at"]) == ("pending", None, None)
    assert job == {"status": "ready", "attempts": 0, "lease_owner": None}
    assert home.media.requests(PATH)[1].range == f"bytes={size - OVERLAP}-"
    library_file = home.radarr.movie_file(movie)
    assert library_file is not None
    assert sha256_of(library_file) == sha256(film.pieces(0, film.size))
    (done,) = home.jobs(kind="download")
    assert (done["attempts"], done["crashes"]) == (1, 0)


def test_a_job_that_waits_for_a_slow_radarr_does_not_count_an_ordered_end_as_a_crash(
    home: Home,
) -> None:
    service = home.up()
    home.radarr.break_with(Fault.SLOW, path="/movie/", seconds=60)
    job_id = home.deliver({"eventType": "MovieAdded", "movie": {"id": 7}}).json()["job_id"]
    wait_for(lambda: home.jobs(kind="webhook", status="running"))

    service.popen.send_signal(signal.SIGTERM)
    code = service.popen.wait(timeout=8)
    (job,) = home.rows(f"SELECT status, attempts, crashes FROM job WHERE id = {job_id}")
    home.radarr.mend()
    home.up()
    home.wait_for_webhook(count=1)

    assert code == 0
    assert job == {"status": "ready", "attempts": 0, "crashes": 0}
    history = home.get(f"/api/v1/admin/jobs/{job_id}")["history"]
    assert "crashed" not in [attempt["outcome"] for attempt in history]


def test_another_worker_goes_on_with_the_download_of_one_that_was_killed(
    home: Home, postgres_url: str, redis_url: str
) -> None:
    film = home.offer_film(Reply(bytes_s=24 * MB), Reply(), size=60 * MB)
    home.environ |= {
        "STALKEER_DATABASE_URL": postgres_url,
        "STALKEER_REDIS_URL": redis_url,
        "STALKEER_DOWNLOADS_LOCK_TIMEOUT": "3s",
    }
    web, first = home.run("web"), home.run("worker")
    home.wait_until_up(web)
    movie = home.add_film()
    _wait_for_bytes(home)

    first.kill()
    second = home.run("worker")
    home.wait_for_imported(count=1)

    library_file = home.radarr.movie_file(movie)
    assert library_file is not None
    assert sha256_of(library_file) == sha256(film.pieces(0, film.size))
    assert len(home.media.requests(PATH)) == 2
    (job,) = home.jobs(kind="download")
    assert (job["attempts"], job["crashes"]) == (1, 0)
    history = home.get(f"/api/v1/admin/jobs/{job['id']}")["history"]
    pids = [attempt["worker"].rpartition(":")[2] for attempt in history]
    assert pids == [str(first.popen.pid), str(second.popen.pid)]


def _start_eight(home: Home) -> Process:
    """Start a service that fetches eight films at once, none of which ends."""
    home.environ |= {
        "STALKEER_DOWNLOADS_CONCURRENT_LIMIT": "8",
        "STALKEER_DOWNLOADS_PER_PROVIDER_LIMIT": "8",
    }
    for number in range(8):
        film = mkv_film(40 * MB, minutes=96)
        home.offer(f"EN - Film {number} (1990) 1080p", f"/{number}.mkv", film, Reply(bytes_s=MB))
    service = home.up()
    for number in range(8):
        home.radarr.add_movie(f"Film {number}", 1990, runtime=96)
    wait_for(lambda: sum(row["bytes_downloaded"] > 0 for row in home.downloads()) == 8)
    return service


def test_eight_transfers_end_in_order_within_eight_seconds(home: Home) -> None:
    service = _start_eight(home)

    service.popen.send_signal(signal.SIGTERM)
    code = service.popen.wait(timeout=8)
    downloads = home.rows("SELECT id, bytes_downloaded AS saved, status FROM download_info")
    jobs = home.rows("SELECT DISTINCT status, attempts, crashes FROM job WHERE kind = 'download'")

    sizes = {int(part.stem): part.stat().st_size for part in home.parts()}
    assert code == 0
    assert {row["id"]: row["saved"] for row in downloads} == sizes
    assert {row["status"] for row in downloads} == {"pending"}
    assert jobs == [{"status": "ready", "attempts": 0, "crashes": 0}]


def test_who_asks_a_second_time_does_not_wait(home: Home) -> None:
    home.offer_film()
    service = home.up()
    home.radarr.break_with(Fault.SLOW, path="/movie/", seconds=20)
    home.add_film()
    wait_for(lambda: home.jobs(kind="webhook", status="running"))

    service.popen.send_signal(signal.SIGTERM)
    wait_for(lambda: "Finished server process" in service.output())
    service.popen.send_signal(signal.SIGTERM)

    assert service.popen.wait(timeout=2) == -signal.SIGTERM

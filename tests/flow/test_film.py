"""A film from the webhook to the library."""

from __future__ import annotations

import re

from tests.flow.home import MB, PATH, Home, sha256, wait_for
from tests.standins.disk import sha256 as sha256_of
from tests.standins.media import Reply

MOVES = [
    (None, "pending"),
    ("pending", "downloading"),
    ("downloading", "completed"),
    (None, "pending"),
    ("pending", "importing"),
    ("importing", "imported"),
]
TIMES = ("created_at", "updated_at", "started_at", "completed_at")


def test_a_film_added_in_radarr_ends_in_its_library(home: Home) -> None:
    film = home.offer_film()
    home.up()

    movie = home.add_film()
    download = home.wait_for_download(import_status="imported")

    library_file = home.radarr.movie_file(movie)
    assert library_file is not None
    assert sha256_of(library_file) == sha256(film.pieces(0, film.size))
    assert download["status"] == "completed"
    assert download["imported_path"] == (
        "/movies/Night of the Living Dead (1968)/Night of the Living Dead (1968) WEBDL-1080p.mkv"
    )
    assert home.radarr.count_imports(movie) == 1
    assert home.item()["state"] == "imported"
    assert (home.parts(), home.published()) == ([], [])


def test_a_film_passes_through_web_and_worker_on_postgresql_and_redis(
    home: Home, postgres_url: str, redis_url: str
) -> None:
    film = home.offer_film()
    home.environ |= {"STALKEER_DATABASE_URL": postgres_url, "STALKEER_REDIS_URL": redis_url}
    web, worker = home.run("web"), home.run("worker")
    home.wait_until_up(web)

    movie = home.add_film()
    download = home.wait_for_download(import_status="imported")

    library_file = home.radarr.movie_file(movie)
    assert library_file is not None
    assert sha256_of(library_file) == sha256(film.pieces(0, film.size))
    assert home.events(download["id"]) == MOVES
    assert home.get("/api/v1/system/status")["database"] == {"kind": "postgresql"}
    job = home.jobs(kind="download")[0]
    (attempt,) = home.get(f"/api/v1/admin/jobs/{job['id']}")["history"]
    assert attempt["worker"].endswith(f":{worker.popen.pid}")


def test_the_row_of_a_download_tells_at_each_moment_where_it_is(home: Home) -> None:
    home.environ["STALKEER_DOWNLOADS_PROGRESS_INTERVAL_MB"] = "1"
    film = home.offer_film(Reply(bytes_s=3 * MB), size=5 * MB)
    service = home.up()
    home.add_film()
    seen: list[dict[str, object]] = []

    def has_grown() -> bool:
        rows = home.rows("SELECT * FROM download_info WHERE status = 'downloading'")
        seen.extend(row for row in rows if 0 < row["bytes_downloaded"] < film.size)
        return len({row["bytes_downloaded"] for row in seen}) > 1

    wait_for(has_grown)
    home.wait_for_download(import_status="imported")

    assert all(str(row["locked_by"]).endswith(f":{service.popen.pid}") for row in seen)
    assert all(row["locked_at"] and row["resume_token"] for row in seen)
    assert {row["total_bytes"] for row in seen} == {film.size}
    (last,) = home.rows("SELECT * FROM download_info")
    assert (last["locked_by"], last["locked_at"], last["resume_token"]) == (None, None, None)
    assert last["bytes_downloaded"] == last["total_bytes"] == last["file_size"] == film.size
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", last[name]) for name in TIMES)
    assert home.events(last["id"]) == MOVES
    assert len(home.media.requests(PATH)) == 1

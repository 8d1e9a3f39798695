"""What goes wrong with an entry or with an arr: said in one sentence, and never paid for twice."""

from __future__ import annotations

import shutil

from tests.flow.home import MB, PATH, Home
from tests.standins.media import Reply

OTHER_PATH = "/movie/user/word/2.mkv"
OTHER_NAME = "EN - Night of the Living Dead (1968) 720p"


def test_a_film_that_is_deleted_in_radarr_is_no_longer_fetched(home: Home) -> None:
    home.environ["STALKEER_DOWNLOADS_PROGRESS_INTERVAL_MB"] = "1"
    film = home.offer_film(Reply(bytes_s=4 * MB), size=60 * MB)
    home.up()
    movie = home.add_film()
    home.wait_for_download(status="downloading")

    home.radarr.delete_movie(movie)
    download = home.wait_for_download(status="cancelled")
    home.wait_until_quiet()

    assert home.media.bytes_served(PATH) < film.size
    assert len(home.media.requests()) == 1
    assert (home.parts(), home.published()) == ([], [])
    assert home.radarr.requests("POST", "/command") == []
    assert home.events(download["id"])[-1] == ("downloading", "cancelled")
    assert home.jobs(kind="download")[0]["status"] == "cancelled"
    assert home.item()["state"] == "gone"


def test_a_refused_import_keeps_the_file_and_is_never_fetched_again(home: Home) -> None:
    film = home.offer_film()
    home.radarr.judge.refuse("Not a video I like")
    home.up()
    movie = home.add_film()
    download = home.wait_for_download(import_status="failed")

    home.deliver(home.radarr.deliveries[0].body)
    home.wait_for_webhook(count=2)
    home.wait_until_quiet()

    assert download["status"] == "completed"
    assert "Not a video I like" in download["error_message"]
    item = home.item()
    assert item["state"] == "import_failed"
    assert "Not a video I like" in item["reason"]
    (kept,) = home.published()
    assert (home.folder / "downloads" / kept).stat().st_size == film.size
    assert len(home.media.requests()) == len(home.downloads()) == 1
    assert home.radarr.movie_file(movie) is None
    assert home.radarr.requests("POST", "/command") == []


def test_a_refused_file_is_imported_when_the_film_is_announced_again(home: Home) -> None:
    home.offer_film()
    home.radarr.judge.refuse("Not a video I like")
    home.up()
    movie = home.add_film()
    home.wait_for_download(import_status="failed")
    home.radarr.mend()

    home.deliver(home.radarr.deliveries[0].body)
    download = home.wait_for_download(import_status="imported")

    assert download["error_message"] is None
    assert home.radarr.count_imports(movie) == 1
    assert len(home.media.requests()) == 1
    assert home.item()["state"] == "imported"


def test_a_dead_entry_gives_way_to_the_next_best(home: Home) -> None:
    home.offer_film(Reply(status=404, body=b""))
    home.offer_film(name=OTHER_NAME, path=OTHER_PATH)
    home.up()

    home.add_film()
    (imported,) = home.wait_for_imported(count=1)

    dead = home.downloads()[0]
    assert dead["status"] == "failed"
    assert "404" in dead["error_message"]
    assert imported["id"] != dead["id"]
    assert [seen.path for seen in home.media.requests()] == [PATH, OTHER_PATH]
    assert home.item()["state"] == "imported"


def test_an_error_page_is_no_film(home: Home) -> None:
    page = b"<html><body>Your subscription has expired</body></html>" * 1000
    home.offer_film(Reply(body=page))
    home.up()

    home.add_film()
    download = home.wait_for_download(status="failed")

    assert "Your subscription has expired" in download["error_message"]
    assert (home.published(), home.radarr.requests("POST", "/command")) == ([], [])
    assert "subscription has expired" in home.wait_for_item("failed")["reason"]


def test_a_trailer_is_not_the_film(home: Home) -> None:
    film = home.offer_film(Reply(bytes_s=20 * MB), minutes=2, size=60 * MB)
    home.up()

    home.add_film()
    download = home.wait_for_download(status="failed")

    assert "expected 96 min" in download["error_message"]
    # It was noticed in the first megabytes, before the rest was paid for.
    assert home.media.bytes_served(PATH) < film.size / 2
    assert (home.parts(), home.published()) == ([], [])
    assert "expected 96 min" in home.wait_for_item("failed")["reason"]


def test_nothing_is_fetched_for_a_radarr_that_cannot_see_our_folder(home: Home) -> None:
    home.offer_film()
    mapped = home.settings()["STALKEER_RADARR_PATH_MAP"]
    home.environ["STALKEER_RADARR_PATH_MAP"] = ""
    service = home.up()
    movie = home.add_film()
    remedy = f"STALKEER_RADARR_PATH_MAP={home.folder}/downloads/movies=>"

    job = home.wait_for_job("download", status="ready")
    item = home.item()
    (download,) = home.downloads()
    requests = home.media.requests()
    service.kill()
    home.environ["STALKEER_RADARR_PATH_MAP"] = mapped
    home.up()
    home.wait_for_imported(count=1)

    assert remedy in job["result"]["reason"]
    assert (item["state"], download["status"]) == ("waiting", "pending")
    assert remedy in item["reason"]
    assert requests == []
    assert home.radarr.count_imports(movie) == 1
    assert home.jobs(kind="download")[0]["attempts"] == 1


def test_a_film_that_does_not_fit_on_the_disk_waits_and_says_so(home: Home) -> None:
    home.offer_film(size=shutil.disk_usage(home.folder).free + 1000 * MB)
    home.up()

    home.add_film()
    job = home.wait_for_job("download", status="ready")
    [download] = home.downloads()

    assert "Make room" in job["result"]["reason"]
    assert (download["status"], job["attempts"]) == ("pending", 0)
    assert home.media.bytes_served(PATH) < 50 * MB

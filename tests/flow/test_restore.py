"""After an old backup was restored, stalkeer finds its way back to the present by itself."""

from __future__ import annotations

from tests.flow.home import MB, PATH, Home, wait_for
from tests.standins.mediafiles import mkv_film

SECOND, THIRD = "/films/2.mkv", "/films/3.mkv"


def test_after_an_old_backup_nothing_that_is_present_is_fetched_again(home: Home) -> None:
    backup = str(home.folder / "old.backup")
    home.offer_film()
    home.offer("EN - Carnival of Souls (1962) 1080p", SECOND, mkv_film(MB, minutes=100))
    home.offer("EN - Charade (1963) 1080p", THIRD, mkv_film(MB, minutes=90))
    service = home.up()
    first = home.add_film()
    home.wait_for_imported(count=1)
    made = home.run("backup", backup)
    assert made.wait() == 0, made.output()
    second = home.radarr.add_movie("Carnival of Souls", 1962, runtime=100)
    home.wait_for_imported(count=2)
    refused = home.run("restore", backup)
    assert (refused.wait(), "already runs" in refused.output()) == (1, True)
    service.stop()

    restored = home.run("restore", backup)
    assert restored.wait() == 0, restored.output()
    home.up()
    third = home.radarr.add_movie("Charade", 1963, runtime=90)
    wait_for(lambda: home.radarr.movie_file(third))
    home.wait_until_quiet()

    assert [len(home.media.requests(path)) for path in (PATH, SECOND, THIRD)] == [1, 1, 1]
    assert [home.radarr.count_imports(movie) for movie in (first, second, third)] == [1, 1, 1]
    assert {job["status"] for job in home.jobs()} == {"done"}


def test_a_file_that_an_old_backup_does_not_know_is_found_and_not_fetched_again(
    home: Home,
) -> None:
    home.environ["STALKEER_RADARR_IMPORT"] = "off"
    backup = str(home.folder / "old.backup")
    home.offer_film()
    service = home.up()
    made = home.run("backup", backup)
    assert made.wait() == 0, made.output()
    home.add_film()
    before = home.wait_for_download(import_status="off")
    service.stop()

    restored = home.run("restore", backup)
    assert restored.wait() == 0, restored.output()
    home.up()
    after = home.wait_for_download(import_status="off")

    assert len(home.media.requests(PATH)) == 1
    assert after["download_path"] == before["download_path"]
    assert after["verdict"].startswith("It was there already. It runs 96 min")

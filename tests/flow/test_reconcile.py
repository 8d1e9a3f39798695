"""What no webhook announced is found by asking the arr what it misses."""

from __future__ import annotations

from tests.flow.home import Home, wait_for


def test_a_film_whose_webhook_never_came_is_found(home: Home) -> None:
    home.environ["STALKEER_RADARR_SYNC_INTERVAL"] = "1s"
    home.offer_film()
    home.up()
    wait_for(lambda: home.jobs(kind="reconcile", status="done"))

    movie = home.radarr.seed_movie("Night of the Living Dead", 1968, runtime=96)
    home.wait_for_imported(count=1)

    assert [delivery.event for delivery in home.radarr.deliveries] == ["Download"]
    assert home.radarr.count_imports(movie) == 1
    assert len(home.downloads()) == 1


def test_the_library_is_read_once_for_many_reconciles(home: Home) -> None:
    home.environ["STALKEER_RADARR_SYNC_INTERVAL"] = "1s"
    home.offer_film(name="EN - Detour (1945) 1080p")
    home.radarr.seed_movie("Night of the Living Dead", 1968)
    home.up()

    home.wait_for_item("no_match")
    wait_for(lambda: len(home.jobs(kind="reconcile", status="done", instance="radarr")) >= 3)

    assert len(home.radarr.requests("GET", "/api/v3/movie")) == 1
    assert len(home.radarr.requests("GET", "/wanted/missing")) >= 3


def test_a_film_that_radarr_is_still_adding_is_left_to_its_webhook(home: Home) -> None:
    home.environ["STALKEER_RADARR_SYNC_INTERVAL"] = "1s"
    home.offer_film()
    home.radarr.commands.hold()
    home.add_film()  # nobody listens yet: its webhook is lost
    home.up()

    wait_for(lambda: len(home.jobs(kind="reconcile", status="done", instance="radarr")) >= 2)
    searches = home.jobs(kind="search")
    home.radarr.commands.release()
    home.wait_for_imported(count=1)

    assert searches == []

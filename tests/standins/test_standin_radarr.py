"""Radarr: what happens when a movie is added, and which ones are missing."""

from __future__ import annotations

from tests.standins.asking import (
    get,
    request,
    write,
)
from tests.standins.radarr import Radarr
from tests.standins.radarr_shapes import NewMovie
from tests.standins.receiver import Receiver


def test_a_movie_is_announced_before_it_is_scanned(radarr: Radarr, receiver: Receiver) -> None:
    radarr.commands.hold()
    radarr.connect.add(receiver.url)
    write(radarr.root / "Heat (1995)" / "Heat (1995).mkv")

    heat = radarr.add_movie("Heat", 1995, alternate_titles=("Fire",))
    just_added = get(radarr, f"movie/{heat}")
    radarr.commands.release()
    radarr.settle()
    scanned = get(radarr, f"movie/{heat}")

    assert receiver.events() == ["MovieAdded"]
    assert (just_added["hasFile"], just_added["addOptions"]["addMethod"]) == (False, "manual")
    assert (just_added["alternateTitles"], scanned["alternateTitles"][0]["title"]) == ([], "Fire")
    assert (scanned["hasFile"], "addOptions" in scanned) == (True, False)
    assert radarr.count_imports(heat) == 0


def test_the_queued_refresh_names_the_new_movie(radarr: Radarr) -> None:
    radarr.commands.hold()

    heat = radarr.add_movie("Heat", 1995)

    [command] = get(radarr, "command")
    assert (command["name"], command["status"]) == ("RefreshMovie", "queued")
    assert command["body"]["movieIds"] == [heat]


def test_a_bulk_add_ends_at_the_first_refusal(radarr: Radarr, receiver: Receiver) -> None:
    radarr.connect.add(receiver.url)
    receiver.answers = [202, 503]

    radarr.add_movies([NewMovie("One", 2001), NewMovie("Two", 2002), NewMovie("Three", 2003)])

    titles = [received.body["movie"]["title"] for received in receiver.received]
    assert titles == ["One", "Two"]
    assert [delivery.status for delivery in radarr.deliveries] == [202, 503]
    assert len(get(radarr, "movie")) == 3


def test_one_failing_connection_does_not_end_the_others(radarr: Radarr, receiver: Receiver) -> None:
    radarr.connect.add("http://127.0.0.1:1/closed", name="dead")
    radarr.connect.add(receiver.url)

    radarr.add_movies([NewMovie("One", 2001), NewMovie("Two", 2002)])

    assert receiver.events() == ["MovieAdded", "MovieAdded"]
    assert [delivery.status for delivery in radarr.deliveries] == [None, 200, 200]


def test_a_library_import_announces_what_is_on_disk_already(
    radarr: Radarr, receiver: Receiver
) -> None:
    had_file: list[bool] = []
    receiver.ask = lambda got: had_file.append(
        get(radarr, f"movie/{got.body['movie']['id']}")["hasFile"]
    )
    radarr.connect.add(receiver.url)
    for title in ("Heat (1995)", "Nosferatu (1922)"):
        write(radarr.root / title / f"{title}.mkv")

    radarr.import_library()
    radarr.settle()

    assert had_file == [False, False]
    assert [(m["title"], m["year"], m["hasFile"]) for m in get(radarr, "movie")] == [
        ("Heat", 1995, True),
        ("Nosferatu", 1922, True),
    ]


def test_a_movie_added_without_options_is_not_announced_and_ends_the_bulk(
    radarr: Radarr, receiver: Receiver
) -> None:
    radarr.connect.add(receiver.url)

    [heat] = radarr.add_movies([NewMovie("Heat", 1995)], add_method=None)

    assert receiver.events() == []
    assert "addOptions" not in get(radarr, f"movie/{heat}")


def test_a_movie_tmdb_does_not_know_is_never_scanned(radarr: Radarr) -> None:
    heat = radarr.add_movie("Heat", 1995, unknown_to_tmdb=True)
    radarr.settle()

    assert "addOptions" in get(radarr, f"movie/{heat}")


def test_a_connection_with_tags_hears_only_of_items_that_share_one(
    radarr: Radarr, receiver: Receiver
) -> None:
    iptv = radarr.tags.add("iptv")
    radarr.connect.add(receiver.url, tags=[iptv])

    radarr.add_movie("Heat", 1995)
    radarr.add_movie("Ran", 1985, tags=(iptv,))

    [received] = receiver.received
    assert (received.body["movie"]["title"], received.body["movie"]["tags"]) == ("Ran", ["iptv"])


def test_deleting_is_announced_and_ids_are_not_used_again(
    radarr: Radarr, receiver: Receiver
) -> None:
    radarr.connect.add(receiver.url, events=["onMovieDelete"])
    write(radarr.root / "Heat (1995)" / "Heat (1995).mkv")
    heat = radarr.seed_movie("Heat", 1995)

    radarr.delete_movie(heat, delete_files=True)

    assert receiver.received[0].body["deletedFiles"] is True
    assert request(radarr, "GET", f"/api/v3/movie/{heat}").status_code == 404
    assert radarr.library_files() == {}
    assert radarr.add_movie("Ran", 1985) > heat


def test_radarr_lists_missing_movies_that_are_not_released_but_none_without_a_year(
    radarr: Radarr,
) -> None:
    radarr.seed_movie("Next Year", 2027, is_available=False)
    radarr.seed_movie("Ageless", 0)
    radarr.seed_movie("Ignored", 2001, monitored=False)
    radarr.seed_movie("Heat", 1995, alternate_titles=("Fire",))

    records = get(radarr, "wanted/missing", monitored="true")["records"]
    unmonitored = get(radarr, "wanted/missing", monitored="false")["records"]

    assert [(r["title"], r["isAvailable"]) for r in records] == [
        ("Next Year", False),
        ("Heat", True),
    ]
    assert all(r["alternateTitles"] == [] and "rootFolderPath" not in r for r in records)
    assert [record["title"] for record in unmonitored] == ["Ignored"]


def test_movies_are_found_by_their_tmdb_id(radarr: Radarr) -> None:
    radarr.seed_movie("Heat", 1995, tmdb_id=949)

    assert [movie["id"] for movie in get(radarr, "movie", tmdbId=949)] == [12]
    assert get(radarr, "movie", tmdbId=1) == []


def test_edits_are_seen_and_not_announced(radarr: Radarr, receiver: Receiver) -> None:
    radarr.connect.add(receiver.url)
    heat = radarr.seed_movie("Heat", 1995)

    radarr.edit_movie(heat, monitored=False)

    assert get(radarr, f"movie/{heat}")["monitored"] is False
    assert receiver.events() == []


def test_a_grab_from_elsewhere_is_announced_and_queued(radarr: Radarr, receiver: Receiver) -> None:
    radarr.connect.add(receiver.url)
    heat = radarr.seed_movie("Heat", 1995)

    radarr.grab(heat, "Heat.1995.1080p.WEB-DL")

    assert receiver.events() == ["Grab"]
    [record] = get(radarr, "queue")["records"]
    assert (record["movieId"], record["trackedDownloadState"]) == (heat, "downloading")

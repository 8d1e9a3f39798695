"""Playlists, entries, filters and what is made of them, over HTTP."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import psutil
import pytest

from stalkeer.core.collection import Collection
from stalkeer.core.filters import Attribute, FilterRule
from stalkeer.core.items import ContentType
from stalkeer.core.jobs import ItemMove
from stalkeer.core.states import ItemState, JobKind
from stalkeer.db.sources import PlaylistSpec
from stalkeer.downloader.files import part_path
from stalkeer.jobs.cleanup import clean
from stalkeer.jobs.survey import compare
from tests.builders import entry, jobs_of, learn, movie, playlist, publish
from tests.flow.home import PATIENCE_S, wait_for
from tests.standins.media import Film, MediaServer, Reply
from tests.web.conftest import KEY, House, served

V1 = "/api/v1"
SECRET = "http://tv.example.invalid/movie/joe/secret-word/1.mkv"
LIST = b'#EXTM3U\n#EXTINF:-1 group-title="VOD",Heat (1995)\nhttp://tv.example.invalid/1.mkv\n'


def shelf(house: House, *names: str) -> list[int]:
    """Publish films and survey them."""
    entries = [
        entry(name, f"http://tv.example.invalid/movie/joe/secret-word/{number}.mkv")
        for number, name in enumerate(names, 1)
    ]
    ids = publish(house.store, *entries)
    house.store.tallies.recount(playlist(house.store))
    compare(house.store, {ContentType.MOVIE: Collection()}, go_on=lambda: None)
    return ids


def answer(house: House, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
    said = house.client.request(method, f"{V1}/{path}", json=body)
    assert said.status_code == status, said.text
    return said.json()


def refused(house: House, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
    said = house.client.request(method, f"{V1}/{path}", json=body)
    error = said.json()["error"]
    return said.status_code, error["code"], error["message"]


def test_entries_are_listed_with_their_total_and_without_their_address(house: House) -> None:
    shelf(house, "Heat (1995)", "Alien (1979)", "Zodiac (2007)")

    page = answer(house, "GET", "items?sort=year&order=asc&limit=2")

    assert [row["title"] for row in page["data"]] == ["Alien", "Heat"]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 0)
    assert page["data"][0]["provider"] == "tv.example.invalid"
    assert "secret-word" not in str(page)


@pytest.mark.parametrize(
    ("query", "total"),
    [
        pytest.param("content_type=movie", 2, id="content-type"),
        pytest.param("content_type=channel", 0, id="no-channels"),
        pytest.param("group_title=VOD&year=1995", 1, id="group-and-year"),
        pytest.param("playlist_id=1&overridden=false&state=processed", 2, id="what-is-common"),
        pytest.param("filtered=true", 0, id="kept-out"),
        pytest.param("filtered=any", 2, id="kept-out-or-not"),
    ],
)
def test_entries_are_filtered_by_what_is_asked_for(house: House, query: str, total: int) -> None:
    shelf(house, "Heat (1995)", "Alien (1979)")

    assert answer(house, "GET", f"items?{query}")["total"] == total


@pytest.mark.parametrize("query", ["sort=name", "year=x", "resolution=9p", "odd=1", "state=odd"])
def test_a_question_the_list_cannot_answer_is_refused(house: House, query: str) -> None:
    assert refused(house, "GET", f"items?{query}")[:2] == (422, "invalid_query")


def test_films_and_episodes_have_lists_of_their_own(house: House) -> None:
    [film] = shelf(house, "Heat (1995)")
    [episode] = publish(house.store, entry("The Wire S01E02"), name="series")
    house.store.tallies.recount(playlist(house.store, "series"))

    assert [row["id"] for row in answer(house, "GET", "movies")["data"]] == [film]
    assert [row["id"] for row in answer(house, "GET", "tvshows")["data"]] == [episode]
    assert answer(house, "GET", f"tvshows/{episode}")["season"] == 1
    assert answer(house, "GET", f"movies/{film}")["year"] == 1995
    assert refused(house, "GET", f"movies/{episode}")[:2] == (404, "not_found")
    assert refused(house, "GET", "items/999")[:2] == (404, "not_found")


def test_titles_are_found_in_any_spelling_the_nearest_first(house: House) -> None:
    shelf(house, "Reheated (2001)", "The Heat (2013)", "Heat (1995)", "Alien (1979)")

    found = answer(house, "POST", "items/search", {"q": "HEAT", "limit": 2})

    assert {row["title"] for row in found["data"]} == {"Heat", "The Heat"}
    assert found["total"] == 3
    rest = answer(house, "POST", "items/search", {"q": "heat", "limit": 2, "offset": 2})
    assert [row["title"] for row in rest["data"]] == ["Reheated"]
    assert answer(house, "POST", "items/search", {"q": "!?"})["total"] == 0
    none = answer(house, "POST", "items/search", {"q": "heat", "content_type": "channel"})
    assert none["data"] == []


def test_what_a_person_says_of_an_entry_counts_and_is_searched_for(house: House) -> None:
    [entry_id, _] = shelf(house, "Odd name 17", "Alien (1979)")
    item = learn(house.store, movie(5, "Heat", 1995))
    no_match = ItemMove(item_id=item, state=ItemState.NO_MATCH, reason="in none")
    house.store.items.move([no_match])

    said = answer(house, "PUT", f"items/{entry_id}", {"title": "Heat", "year": 1995})

    assert (said["title"], said["year"], said["override_by"]) == ("Heat", 1995, "api")
    assert (said["override"]["title"], said["override"]["season"]) == ("Heat", None)
    assert [job.item_id for job in jobs_of(house.store, JobKind.SEARCH)] == [item]
    again = answer(house, "PUT", f"items/{entry_id}", {"title": None})
    assert (again["title"], again["year"]) == ("Odd name 17", 1995)
    plain = answer(house, "PUT", f"items/{entry_id}", {"year": None})
    assert (plain["override"], plain["override_at"], plain["year"]) == (None, None, None)


@pytest.mark.parametrize(
    "body",
    [{"year": "1995"}, {"content_type": "film"}, {"resolution": "8k"}, {"odd": 1}, {"title": ""}],
)
def test_words_that_mean_nothing_are_refused(house: House, body: dict[str, Any]) -> None:
    [entry_id] = shelf(house, "Heat (1995)")

    assert refused(house, "PUT", f"items/{entry_id}", body)[:2] == (422, "invalid_body")


def test_an_entry_that_is_not_there_is_not_found(house: House) -> None:
    assert refused(house, "PUT", "items/9", {"year": 1995})[:2] == (404, "not_found")


def test_a_filter_is_written_changed_and_removed_and_put_to_the_entries_each_time(
    house: House,
) -> None:
    body = {"name": "no adults", "attribute": "group_title", "exclude": ["(?i)adult"]}

    made = answer(house, "POST", "filters", body, status=201)
    changed = answer(house, "PATCH", f"filters/{made['id']}", {"include": ["^VOD"]})
    listed = answer(house, "GET", "filters?sort=name")
    gone = answer(house, "DELETE", f"filters/{made['id']}", status=202)

    assert (changed["include"], changed["exclude"]) == (["^VOD"], ["(?i)adult"])
    assert [row["id"] for row in listed["data"]] == [made["id"]]
    jobs = {job.id for job in jobs_of(house.store, JobKind.FILTER)}
    assert jobs == {made["job_id"], changed["job_id"], gone["job_id"]}
    assert refused(house, "PATCH", f"filters/{made['id']}", {})[:2] == (404, "not_found")


def test_a_bad_pattern_is_refused_with_the_filter_the_pattern_and_the_reason(
    house: House,
) -> None:
    body = {"name": "mine", "attribute": "tvg_name", "include": ["(?=x)"]}

    status, code, message = refused(house, "POST", "filters", body)

    assert (status, code) == (422, "invalid_filter")
    assert "'mine'" in message
    assert "'(?=x)'" in message
    assert "invalid perl operator" in message


def test_a_filter_of_the_settings_cannot_be_changed(house: House) -> None:
    rule = FilterRule("settings_group_title", Attribute.GROUP_TITLE, ("VOD",), is_runtime=False)
    house.store.filters.configure([rule])
    [row] = answer(house, "GET", "filters")["data"]

    for method, body in (("PATCH", {"include": []}), ("DELETE", None)):
        status, code, message = refused(house, method, f"filters/{row['id']}", body)
        assert (status, code) == (409, "conflict")
        assert "STALKEER_FILTER_GROUP_TITLE_INCLUDE" in message
    answer(house, "DELETE", "filters/runtime", status=202)
    assert answer(house, "GET", "filters")["total"] == 1


def test_a_name_stands_for_one_filter(house: House) -> None:
    body = {"name": "mine", "attribute": "tvg_name", "include": ["x"]}
    answer(house, "POST", "filters", body, status=201)

    assert refused(house, "POST", "filters", body)[:2] == (409, "conflict")
    assert refused(house, "POST", "filters", body | {"name": "b", "playlist_id": 9})[0] == 404


def test_a_playlist_is_added_read_and_shown_without_its_secrets(house: House) -> None:
    body = {
        "name": "films",
        "location": "https://joe:secret-word@tv.example.invalid/list.m3u?token=secret-token",
        "username": "joe-the-user",
        "password": "secret-word",
        "refresh_s": 7200,
        "connection_limit": 2,
        "filters": [{"name": "own", "attribute": "group_title", "exclude": ["XXX"]}],
    }

    made = answer(house, "POST", "playlists", body, status=201)

    assert (made["host"], made["has_username"], made["has_password"]) == (
        "tv.example.invalid", True, True,
    )  # fmt: skip
    assert not any(word in str(made) for word in ("secret", "joe", "token"))
    assert [each["name"] for each in made["filters"]] == ["own"]
    assert (made["refresh_s"], made["connection_limit"], made["pinned"]) == (7200, 2, [])
    [job] = jobs_of(house.store, JobKind.REFRESH_PLAYLIST)
    assert made["refresh_job_id"] == job.id
    stored = house.store.playlists.get(made["id"])
    assert stored is not None
    assert (stored.location, stored.password) == (body["location"], "secret-word")
    assert house.store.schedules.intervals(JobKind.REFRESH_PLAYLIST) == {
        f"refresh_playlist:{made['id']}": 7200
    }


def test_a_playlist_is_changed_in_what_is_sent_only(house: House) -> None:
    place = "https://tv.example.invalid/a.m3u"
    made = answer(house, "POST", "playlists", {"name": "a", "location": place}, status=201)
    path = f"playlists/{made['id']}"

    changed = answer(house, "PUT", path, {"name": "b", "user_agent": "VLC"})
    off = answer(house, "PUT", path, {"is_enabled": False, "refresh_s": None})

    assert (changed["name"], changed["user_agent"]) == ("b", "VLC")
    assert (off["is_enabled"], off["name"]) == (False, "b")
    assert house.store.schedules.intervals(JobKind.REFRESH_PLAYLIST) == {}
    moved = answer(house, "PUT", path, {"location": "http://other.example.invalid/a.m3u"})
    assert moved["host"] == "other.example.invalid"
    assert answer(house, "GET", "playlists?kind=m3u&sort=name")["total"] == 1


def test_a_login_goes_to_no_other_address_than_it_was_saved_for(house: House) -> None:
    body = {
        "name": "a",
        "location": "http://tv.example.invalid/a.m3u",
        "username": "joe",
        "password": "secret-word",
    }
    path = f"playlists/{answer(house, 'POST', 'playlists', body, status=201)['id']}"
    other = {"location": "http://other.example.invalid/a.m3u"}

    for moved in (other, other | {"username": "joe"}, other | {"password": "secret-word"}):
        status, code, message = refused(house, "PUT", path, moved)
        assert (status, code) == (422, "invalid_location")
        assert "password" in message
    stays = answer(house, "PUT", path, {"location": "http://tv.example.invalid/b.m3u"})
    gone = answer(house, "PUT", path, other | {"username": "", "password": ""})

    assert stays["has_password"]
    assert (gone["host"], gone["has_password"]) == ("other.example.invalid", False)


def test_a_login_does_not_go_elsewhere_by_way_of_a_file(house: House, tmp_path: Path) -> None:
    body = {"name": "a", "location": "http://tv.example.invalid/a", "password": "secret-word"}
    path = f"playlists/{answer(house, 'POST', 'playlists', body, status=201)['id']}"
    (tmp_path / "list.m3u").write_text("#EXTM3U\n")

    moved = refused(house, "PUT", path, {"location": str(tmp_path / "list.m3u")})

    assert moved[:2] == (422, "invalid_location")


def test_a_playlist_of_the_settings_is_changed_only_in_what_they_leave_open(house: House) -> None:
    house.store.playlists.configure([("films", "https://tv.example.invalid/a.m3u")])
    [row] = answer(house, "GET", "playlists")["data"]
    path = f"playlists/{row['id']}"

    assert "location" in row["pinned"]
    assert answer(house, "PUT", path, {"connection_limit": 3})["connection_limit"] == 3
    assert refused(house, "PUT", path, {"name": "mine"})[:2] == (409, "conflict")
    assert refused(house, "DELETE", path)[:2] == (409, "conflict")


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        pytest.param("ftp://tv.example.invalid/list.m3u", "m3u", id="another-scheme"),
        pytest.param("http://", "m3u", id="no-host"),
        pytest.param("/nowhere/list.m3u", "m3u", id="no-file"),
        pytest.param("/dev/zero", "m3u", id="a-device"),
        pytest.param("/", "m3u", id="a-folder"),
        pytest.param("list.m3u", "xtream", id="a-panel-is-no-file"),
    ],
)
def test_what_cannot_be_a_playlist_is_refused(house: House, location: str, kind: str) -> None:
    body = {"name": "films", "location": location, "kind": kind}

    assert refused(house, "POST", "playlists", body)[:2] == (422, "invalid_location")


@pytest.mark.parametrize(
    "location",
    [
        "http://[",
        "HTTP://[",
        "http://[::1",
        "http://]/",
        "http://a[b/",
        "http://a]b/",
        "http://u:p@[/",
        "http://tv.example.invalid:99999/",
        "http://tv.example.invalid:0/",
        "http://a..b/",
        "http://" + 64 * "a" + ".example.invalid/",
        "http://a%20b/",
        "http://xn--/",
        "http://1.2.3.256/",
    ],
)
@pytest.mark.parametrize("kind", ["m3u", "xtream"])
def test_an_address_that_nobody_can_read_is_refused_and_not_kept(
    house: House, location: str, kind: str
) -> None:
    place = "http://tv.example.invalid/list.m3u"
    made = answer(house, "POST", "playlists", {"name": "a", "location": place}, status=201)
    body = {"name": "films", "location": location, "kind": kind}

    added = refused(house, "POST", "playlists", body)
    moved = refused(house, "PUT", f"playlists/{made['id']}", {"location": location})

    assert added[:2] == moved[:2] == (422, "invalid_location")
    [row] = answer(house, "GET", "playlists")["data"]
    assert row["host"] == "tv.example.invalid"


def test_an_address_that_another_version_kept_is_listed_changed_and_removed(house: House) -> None:
    playlist_id = house.store.sources.add(PlaylistSpec(name="odd", kind="m3u", location="http://["))
    path = f"playlists/{playlist_id}"

    [row] = answer(house, "GET", "playlists")["data"]
    assert (row["name"], row["host"]) == ("odd", None)
    assert answer(house, "PUT", path, {"is_enabled": False})["host"] is None
    answer(house, "DELETE", path, status=202)


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("127.1", id="loopback-in-short"),
        pytest.param("2130706433", id="loopback-in-one-number"),
        pytest.param("LOCALHOST.", id="loopback-by-its-name"),
        pytest.param("[::1]", id="loopback-of-ipv6"),
        pytest.param("[::ffff:127.0.0.1]", id="loopback-in-ipv6"),
        pytest.param("169.254.169.254", id="metadata"),
        pytest.param("[fd00:ec2::254]", id="metadata-of-ipv6"),
        pytest.param("[fe80::1]", id="link-local"),
        pytest.param("0.0.0.0", id="nowhere"),
    ],
)
@pytest.mark.parametrize("kind", ["m3u", "xtream"])
def test_a_place_where_nothing_is_fetched_is_refused_with_the_remedy(
    house: House, host: str, kind: str
) -> None:
    body = {"name": "films", "location": f"http://{host}:8080/get.php?password=w0rd", "kind": kind}

    status, code, message = refused(house, "POST", "playlists", body)

    assert (status, code) == (422, "invalid_location")
    assert "STALKEER_DOWNLOADS_ALLOWED_HOSTS" in message
    assert "w0rd" not in message
    assert answer(house, "GET", "playlists")["total"] == 0


def test_a_playlist_is_not_moved_to_where_nothing_is_fetched(house: House) -> None:
    place = "http://tv.example.invalid/list.m3u"
    made = answer(house, "POST", "playlists", {"name": "a", "location": place}, status=201)
    path, body = f"playlists/{made['id']}", {"location": "http://127.0.0.1/list.m3u"}

    assert refused(house, "PUT", path, body)[:2] == (422, "invalid_location")
    assert answer(house, "GET", path)["host"] == "tv.example.invalid"


def test_a_place_that_is_allowed_or_at_home_is_taken(house: House) -> None:
    rules = house.services.playlists
    house.services.playlists = replace(rules, allowed_hosts=frozenset({"127.0.0.1"}))

    for host in ("127.0.0.1", "192.168.1.5", "93.184.215.14", "nas"):
        body = {"name": host, "location": f"http://{host}/list.m3u"}
        assert answer(house, "POST", "playlists", body, status=201)["host"] == host


def test_a_pipe_is_no_playlist(house: House, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    body = {"name": "films", "location": str(tmp_path / "pipe")}

    assert refused(house, "POST", "playlists", body)[1] == "invalid_location"


def test_two_playlists_have_two_names_and_two_places(house: House) -> None:
    body = {"name": "films", "location": "https://tv.example.invalid/a.m3u"}
    answer(house, "POST", "playlists", body, status=201)

    assert refused(house, "POST", "playlists", body)[:2] == (409, "conflict")
    assert refused(house, "POST", "playlists", body | {"name": "other"})[:2] == (409, "conflict")


def test_a_playlist_that_is_removed_is_out_of_sight_at_once(house: House) -> None:
    shelf(house, "Heat (1995)")
    path = f"playlists/{playlist(house.store)}"

    started = answer(house, "DELETE", path, status=202)

    assert [job.id for job in jobs_of(house.store, JobKind.REMOVE_PLAYLIST)] == [started["job_id"]]
    assert refused(house, "GET", path)[0] == 404
    assert answer(house, "GET", "items")["total"] == 0


def test_a_refresh_is_asked_for(house: House) -> None:
    path = f"playlists/{playlist(house.store)}/refresh"

    plain = answer(house, "POST", path, status=202)["job_id"]
    forced = answer(house, "POST", path, {"force": True}, status=202)["job_id"]

    assert answer(house, "POST", path, status=202)["job_id"] == plain
    assert forced != plain
    assert refused(house, "POST", "playlists/9/refresh")[0] == 404


def test_the_groups_of_a_list_are_shown_with_their_counts(house: House) -> None:
    shelf(house, "Heat (1995)", "Alien (1979)")
    path = f"playlists/{playlist(house.store)}"

    groups = answer(house, "GET", f"{path}/groups")

    assert groups["total"] == 1
    [vod] = groups["data"]
    assert (vod["group_title"], vod["counts"]["movie"], vod["is_filtered"]) == ("VOD", 2, False)
    assert answer(house, "GET", path)["counts"]["movie"] == 2


def test_the_lists_are_summed_up(house: House) -> None:
    shelf(house, "Heat (1995) 1080p", "Alien (1979)")

    stats = answer(house, "GET", "stats")

    assert stats["total_items"] == 2
    assert stats["by_content_type"] == {"movie": 2}
    assert stats["by_resolution"] == {"1080p": 1, "none": 1}
    assert stats["by_state"] == {"processed": 2}
    assert stats["by_group"] == [{"group_title": "VOD", "entries": 2}]


def test_what_nobody_has_is_listed_by_title(house: House) -> None:
    shelf(house, "Heat (1995)", "Heat (1995) 4K", "Alien")

    films = answer(house, "GET", "missing-content?type=movie")

    assert [(row["title"], row["entries"], row["confidence"]) for row in films["data"]] == [
        ("Alien", 1, 70), ("Heat", 2, 100),
    ]  # fmt: skip
    assert answer(house, "GET", "missing-content?type=series")["total"] == 0
    assert refused(house, "GET", "missing-content")[:2] == (422, "invalid_query")


def test_runs_are_listed_by_what_they_did_and_how_they_ended(house: House) -> None:
    runs = house.store.runs
    runs.finish(runs.start("sync", "radarr"), item_count=2, counts={"missing": 2})
    runs.finish(runs.start("filter", "all"), item_count=0, counts={}, error="it broke")
    runs.start("sync", "sonarr")

    assert answer(house, "GET", "runs")["total"] == 3
    [failed] = answer(house, "GET", "runs?status=failed")["data"]
    assert (failed["action"], failed["error_message"]) == ("filter", "it broke")
    assert answer(house, "GET", "runs?action=sync")["total"] == 2
    assert answer(house, "GET", "runs?since=2100-01-01T00:00:00Z")["total"] == 0
    assert runs.close_open() == 1
    assert answer(house, "GET", "runs?status=running")["total"] == 0


def test_a_cleanup_stands_in_the_log_of_runs(house: House) -> None:
    part = part_path(house.services.instances["radarr"].parts, 999)
    part.parent.mkdir(parents=True)
    part.write_bytes(b"a part")

    clean(house.services, older_than_s=-(10**10))

    [run] = answer(house, "GET", "runs?action=cleanup")["data"]
    assert (run["status"], run["item_count"], run["completed_at"] is None) == (
        "completed",
        1,
        False,
    )
    assert run["counts"] == {"part_files": 1, "part_bytes": 6, "jobs": 0}


def upload(house: House, body: bytes, content_type: str = "audio/x-mpegurl") -> Any:
    return house.client.post(f"{V1}/dryrun", content=body, headers={"Content-Type": content_type})


def test_a_list_that_is_sent_is_counted_and_not_kept(house: House) -> None:
    rule = FilterRule("no vod", Attribute.GROUP_TITLE, (), ("VOD",))
    house.store.filters.add(rule)

    report = upload(house, LIST).json()

    assert (report["entries"], report["movies"], report["filtered"]) == (1, 1, 1)
    assert answer(house, "GET", "items?filtered=any")["total"] == 0
    assert answer(house, "GET", "runs?action=dryrun")["total"] == 1


@pytest.mark.parametrize(
    "kind",
    [
        *("application/x-mpegURL", "application/mpegurl", "application/vnd.apple.mpegurl"),
        *("audio/mpegurl", "AUDIO/X-MPEGURL", "Text/Plain; charset=utf-8", "text/plain"),
        "application/octet-stream",
    ],
)
def test_a_list_may_be_sent_under_every_type_that_lists_have(house: House, kind: str) -> None:
    report = upload(house, LIST, kind)

    assert report.status_code == 200, report.text
    assert report.json()["entries"] == 1


@pytest.mark.parametrize("kind", ["application/xml", "application/x-www-form-urlencoded", "x"])
def test_a_dry_run_takes_no_json_under_another_type(house: House, kind: str) -> None:
    report = upload(house, b'{"playlist_id": 1}', kind)

    assert (report.status_code, report.json()["error"]["code"]) == (415, "not_json")


def test_a_playlist_is_counted_without_reading_it_in(house: House, tmp_path: Path) -> None:
    (tmp_path / "films.m3u").write_bytes(LIST * 3)
    location = str(tmp_path / "films.m3u")
    made = answer(house, "POST", "playlists", {"name": "f", "location": location}, status=201)

    report = answer(house, "POST", "dryrun", {"playlist_id": made["id"], "limit": 2})

    assert report["entries"] == 2
    assert answer(house, "GET", "items")["total"] == 0


def test_a_long_list_is_counted_like_a_short_one(house: House) -> None:
    rule = FilterRule("no vod", Attribute.GROUP_TITLE, (), ("VOD",))
    house.store.filters.add(rule)

    for body in (LIST * 10_000, gzip.compress(LIST * 10_000)):
        report = upload(house, body, "application/octet-stream").json()
        assert (report["entries"], report["movies"], report["filtered"]) == (10_000,) * 3


def test_a_dry_run_that_takes_too_long_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stalkeer.web.dryrun.COUNT_DEADLINE_S", 0)

    said = upload(house, LIST * 10_000)

    assert (said.status_code, said.json()["error"]["code"]) == (422, "playlist_too_large")
    assert answer(house, "GET", "runs?action=dryrun&status=failed")["total"] == 1
    monkeypatch.undo()
    assert upload(house, LIST).status_code == 200


def test_a_dry_run_ends_with_the_client_who_wanted_it(house: House) -> None:
    never, rules = Event(), house.services.playlists
    house.services.playlists = replace(rules, allowed_hosts=frozenset({"127.0.0.1"}))
    with MediaServer() as media, served(house.app) as url:
        location = media.put("/list.m3u", Film(1), Reply(body=LIST, hold=never))
        made = answer(house, "POST", "playlists", {"name": "f", "location": location}, status=201)
        before = children()

        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{url}{V1}/dryrun",
                json={"playlist_id": made["id"]},
                headers=KEY,
                timeout=httpx.Timeout(PATIENCE_S, read=1.5),
            )
        wait_for(lambda: answer(house, "GET", "runs?action=dryrun&status=failed")["total"] == 1)

        assert children() == before
        never.set()


def test_a_dry_run_ends_with_the_service(house: House) -> None:
    house.app.state.end()

    said = upload(house, LIST * 10_000)

    assert (said.status_code, said.json()["error"]["code"]) == (503, "stopped")


def children() -> set[int]:
    return {process.pid for process in psutil.Process().children()}


def test_a_dry_run_reads_no_path_that_the_caller_names(house: House) -> None:
    status, code, _ = refused(house, "POST", "dryrun", {"file_path": "/etc/passwd"})

    assert (status, code) == (422, "invalid_body")
    assert refused(house, "POST", "dryrun", {"playlist_id": 9})[0] == 404


def test_a_web_page_is_no_list(house: House) -> None:
    said = upload(house, b"<!doctype html><html><body>Log in</body></html>", "text/plain")

    assert (said.status_code, said.json()["error"]["code"]) == (422, "playlist_is_html")


def test_a_list_that_is_too_long_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stalkeer.web.dryrun.MAX_LIST_BYTES", 10)

    said = upload(house, LIST)

    assert (said.status_code, said.json()["error"]["code"]) == (413, "too_large")


def test_names_out_of_lists_are_data(house: House) -> None:
    name = "=cmd|' /C calc'!A0 <script>alert(1)</script> (1999)"
    [row] = shelf(house, name)

    said = house.client.get(f"{V1}/items/{row}")

    assert said.headers["content-type"] == "application/json"
    assert said.headers["x-content-type-options"] == "nosniff"
    assert said.json()["name"] == name

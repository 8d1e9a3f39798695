"""What an arr wants from us, as webhooks and the reconcile learn it, over real stand-ins."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stalkeer.core.jobs import ROUTINE, URGENT, ItemMove, Job
from stalkeer.core.states import DownloadStatus, ItemState, JobKind, JobStatus
from stalkeer.db.items import Item
from stalkeer.db.models import ProcessingLog
from stalkeer.jobs.wanted import SCAN_PATIENCE_S
from tests.builders import add_job, entry, jobs_of, publish, row_of, take
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr
from tests.standins.radarr_shapes import NewMovie
from tests.standins.server import Fault
from tests.standins.sonarr import Sonarr, season
from tests.standins.sonarr_shapes import NewEpisode

FUTURE = datetime(2099, 1, 1, tzinfo=UTC)


def hear(house: House, instance: str, event_type: str, **body: Any) -> Job:
    """Take a delivery in and run its job."""
    text = json.dumps({"eventType": event_type, **body})
    [job_id] = house.store.deliveries.add([(instance, text)])
    return house.run(job_id)


def movie_added(house: House, movie_id: int) -> Job:
    return hear(house, "radarr", "MovieAdded", movie={"id": movie_id, "title": "Heat"})


def series_added(house: House, series_id: int) -> Job:
    return hear(house, "sonarr", "SeriesAdd", series={"id": series_id, "title": "The Wire"})


def reconcile(house: House, instance: str) -> Job:
    return house.run(add_job(house.store, JobKind.RECONCILE, instance=instance))


def searches(house: House) -> list[str]:
    """Name what is searched for, most urgent first."""
    bells = [job for job in jobs_of(house.store, JobKind.SEARCH) if job.status is JobStatus.READY]
    return [job.title for job in sorted(bells, key=lambda job: (job.priority, job.id))]


def outcome(job: Job) -> str:
    return "" if job.result is None else str(job.result["outcome"])


def reason(job: Job) -> str:
    return "" if job.result is None else str(job.result["reason"])


def item_of(house: House, instance: str, arr_id: int) -> Item:
    [item] = house.store.items.of_arr(instance, [arr_id])
    return item


# --- a movie is added ---


def test_an_added_movie_is_searched_for_first(house: House, radarr: Radarr) -> None:
    heat = radarr.seed_movie("Heat", 1995, runtime=170)

    job = movie_added(house, heat)

    [search] = jobs_of(house.store, JobKind.SEARCH)
    item = item_of(house, "radarr", heat)
    assert outcome(job) == "searching"
    assert (search.title, search.priority, search.item_id) == ("Heat (1995)", URGENT, item.id)
    assert item.state is ItemState.SEARCHING
    assert item.wanted.runtime_minutes == 170
    assert item.added_at is not None


def test_a_second_delivery_makes_no_second_search(house: House, radarr: Radarr) -> None:
    heat = radarr.seed_movie("Heat", 1995)
    movie_added(house, heat)

    movie_added(house, heat)

    assert searches(house) == ["Heat (1995)"]


def test_a_movie_waits_until_its_disk_was_looked_at(house: House, radarr: Radarr) -> None:
    radarr.add_movies([NewMovie("Heat", 1995, unknown_to_tmdb=True)])
    radarr.settle()
    [heat] = [movie.id for movie in radarr_movies(house)]

    job = movie_added(house, heat)

    assert (job.status, job.attempts) == (JobStatus.READY, 0)
    assert "has not looked at its disk" in reason(job)
    assert searches(house) == []


def test_a_movie_does_not_wait_for_its_disk_for_ever(house: House, radarr: Radarr) -> None:
    radarr.add_movies([NewMovie("Heat", 1995, unknown_to_tmdb=True)])
    radarr.settle()
    [heat] = [movie.id for movie in radarr_movies(house)]
    job = movie_added(house, heat)

    house.store.db.clock_offset_s = SCAN_PATIENCE_S + 1
    job = house.run(job.id)

    assert outcome(job) == "searching"
    assert searches(house) == ["Heat (1995)"]


def radarr_movies(house: House) -> Any:
    arr = house.services.arrs["radarr"]
    return arr.movies()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        pytest.param({"monitored": False}, "not monitored", id="not-monitored"),
        pytest.param({"is_available": False}, "not available", id="unreleased"),
        pytest.param({"tags": ()}, "none of the tags", id="without-our-tag"),
        pytest.param({"quality_profile_id": 4}, "quality profiles", id="other-profile"),
    ],
)
def test_a_movie_that_is_not_for_us_is_left_alone_with_the_reason(
    house: House, radarr: Radarr, facts: dict[str, Any], why: str
) -> None:
    tag = radarr.tags.add("iptv")
    house.rule("radarr", tags=frozenset({"iptv"}), quality_profile_ids=frozenset({1}))
    heat = radarr.seed_movie("Heat", 1995, **{"tags": (tag,), **facts})

    job = movie_added(house, heat)

    assert outcome(job) == "skipped"
    assert why in reason(job)
    assert searches(house) == []


def test_a_movie_with_our_tag_and_profile_is_searched(house: House, radarr: Radarr) -> None:
    tag = radarr.tags.add("iptv")
    house.rule("radarr", tags=frozenset({"iptv", "unknown"}), quality_profile_ids=frozenset({1}))
    heat = radarr.seed_movie("Heat", 1995, tags=(tag,))

    assert outcome(movie_added(house, heat)) == "searching"


def test_an_unreleased_movie_is_shown_as_such(house: House, radarr: Radarr) -> None:
    heat = radarr.seed_movie("Heat", 1995, is_available=False)

    movie_added(house, heat)

    item = item_of(house, "radarr", heat)
    assert item.state is ItemState.UNRELEASED
    assert item.reason


def test_a_movie_that_was_removed_meanwhile_has_nothing_to_do(house: House, radarr: Radarr) -> None:
    job = movie_added(house, 999)

    assert outcome(job) == "skipped"
    assert "no longer has" in reason(job)


def test_a_webhook_waits_for_an_arr_that_is_down(house: House, radarr: Radarr) -> None:
    heat = radarr.seed_movie("Heat", 1995)
    radarr.break_with(Fault.DOWN)
    job = movie_added(house, heat)
    radarr.mend()
    assert (job.status, job.attempts) == (JobStatus.READY, 0)

    house.store.db.clock_offset_s = 3600
    job = house.run(job.id)

    assert outcome(job) == "searching"
    assert job.attempts == 1


# --- a movie goes, or gets a file ---


def on_its_way(house: House, radarr: Radarr) -> tuple[int, Job]:
    """Let a film be taken; return its id in Radarr and the download job that waits."""
    heat = radarr.seed_movie("Heat", 1995)
    movie_added(house, heat)
    [entry_id] = publish(house.store, entry())
    [search] = jobs_of(house.store, JobKind.SEARCH)
    house.run(search.id)
    [job] = jobs_of(house.store, JobKind.DOWNLOAD)
    assert entry_id
    return heat, job


def test_a_deleted_movie_cancels_what_fetches_it(house: House, radarr: Radarr) -> None:
    heat, download = on_its_way(house, radarr)

    job = hear(house, "radarr", "MovieDelete", movie={"id": heat, "title": "Heat", "year": 1995})

    row = house.store.downloads.get(download.download_id or 0)
    assert "1 cancelled" in reason(job)
    assert row is not None
    assert row.status is DownloadStatus.CANCELLED
    assert item_of(house, "radarr", heat).state is ItemState.GONE


def test_a_file_from_elsewhere_cancels_our_download(house: House, radarr: Radarr) -> None:
    heat, download = on_its_way(house, radarr)
    folder = radarr.movie_folder(heat)
    folder.mkdir(parents=True)
    (folder / "Heat (1995).mkv").write_bytes(b"a film")
    scan(radarr, heat)

    hear(house, "radarr", "Download", movie={"id": heat, "title": "Heat"}, isUpgrade=False)

    row = house.store.downloads.get(download.download_id or 0)
    assert row is not None
    assert row.status is DownloadStatus.CANCELLED
    assert item_of(house, "radarr", heat).state is ItemState.IMPORTED


def scan(radarr: Radarr, movie_id: int) -> None:
    radarr.commands.push("RefreshMovie", {"movieIds": [movie_id]})
    radarr.settle()


def test_a_grab_of_another_client_cancels_our_download(house: House, radarr: Radarr) -> None:
    heat, download = on_its_way(house, radarr)

    hear(house, "radarr", "Grab", movie={"id": heat, "title": "Heat"})

    row = house.store.downloads.get(download.download_id or 0)
    item = item_of(house, "radarr", heat)
    assert row is not None
    assert row.status is DownloadStatus.CANCELLED
    assert (item.state, item.reason) == (ItemState.WAITING, "radarr downloads it itself")


def test_a_grab_that_is_heard_too_late_cancels_nothing(house: House, radarr: Radarr) -> None:
    heat, download = on_its_way(house, radarr)
    before = item_of(house, "radarr", heat)
    # Whoever holds a lease of no time counts as having stood still past it.
    house.store.leases.lease_s = 0

    hear(house, "radarr", "Grab", movie={"id": heat, "title": "Heat"})

    row = house.store.downloads.get(download.download_id or 0)
    assert row is not None
    assert row.status is DownloadStatus.PENDING
    assert item_of(house, "radarr", heat) == before


@pytest.mark.parametrize(
    ("why", "found"),
    [
        pytest.param("missingFromDisk", ["Heat (1995)"], id="lost"),
        pytest.param("manual", ["Heat (1995)"], id="by-hand"),
        pytest.param("upgrade", [], id="replaced"),
    ],
)
def test_a_movie_that_lost_its_file_is_searched_again(
    house: House, radarr: Radarr, why: str, found: list[str]
) -> None:
    heat = radarr.seed_movie("Heat", 1995)

    hear(house, "radarr", "MovieFileDelete", movie={"id": heat}, deleteReason=why)

    assert searches(house) == found


def test_an_episode_that_lost_its_file_is_searched_again(house: House, sonarr: Sonarr) -> None:
    wire = sonarr.seed_series("The Wire", 2002, episodes=season(1, 2))
    first = sonarr.episode_id(wire, 1, 1)

    hear(
        house,
        "sonarr",
        "EpisodeFileDelete",
        series={"id": wire},
        episodes=[{"id": first}],
        deleteReason="missingFromDisk",
    )

    assert searches(house) == ["The Wire S01E01"]


@pytest.mark.parametrize(
    ("event", "body"),
    [
        pytest.param("MovieDelete", {"movie": {"id": 999}}, id="deleted"),
        pytest.param("Download", {"movie": {"id": 999}}, id="imported"),
        pytest.param("MovieAdded", {}, id="names-no-movie"),
        pytest.param("MovieAdded", {"series": {"id": 3}}, id="names-a-series"),
        pytest.param("SomethingNew", {"movie": {"id": 1}}, id="unknown-event"),
    ],
)
def test_an_event_about_something_else_has_nothing_to_do(
    house: House, radarr: Radarr, event: str, body: dict[str, Any]
) -> None:
    job = hear(house, "radarr", event, **body)

    assert (job.status, outcome(job)) == (JobStatus.DONE, "skipped")
    assert reason(job)


def test_a_body_that_cannot_be_read_is_kept_and_failed(house: House, radarr: Radarr) -> None:
    [job_id] = house.store.deliveries.add([("radarr", "{ broken")])

    job = house.run(job_id)

    assert (job.status, job.error_code) == (JobStatus.FAILED, "webhook_unreadable")
    assert job.payload == "{ broken"


# --- series ---


def test_an_added_series_is_searched_episode_by_episode(house: House, sonarr: Sonarr) -> None:
    episodes = (*season(1, 2), NewEpisode(1, 3, aired_at=FUTURE), NewEpisode(1, 4, monitored=False))
    wire = sonarr.seed_series("The Wire", 2002, episodes=episodes)

    job = series_added(house, wire)

    assert outcome(job) == "searching"
    assert sorted(searches(house)) == ["The Wire S01E01", "The Wire S01E02"]
    unreleased = item_of(house, "sonarr", sonarr.episode_id(wire, 1, 3))
    assert unreleased.state is ItemState.UNRELEASED
    assert house.store.items.of_arr("sonarr", [sonarr.episode_id(wire, 1, 4)]) == ()


def test_a_series_without_episodes_is_looked_at_again(house: House, sonarr: Sonarr) -> None:
    wire = sonarr.seed_series("The Wire", 2002, episodes=())

    job = series_added(house, wire)
    house.store.db.clock_offset_s = SCAN_PATIENCE_S + 1
    later = house.run(job.id)

    assert (job.status, job.attempts) == (JobStatus.READY, 0)
    assert "knows no episodes" in reason(job)
    assert (later.status, outcome(later)) == (JobStatus.DONE, "skipped")


def test_a_series_that_was_removed_meanwhile_has_nothing_to_do(
    house: House, sonarr: Sonarr
) -> None:
    assert outcome(series_added(house, 999)) == "skipped"


def test_a_deleted_series_cancels_the_searches_for_its_episodes(
    house: House, sonarr: Sonarr
) -> None:
    wire = sonarr.seed_series("The Wire", 2002, episodes=season(1, 3))
    series_added(house, wire)

    job = hear(house, "sonarr", "SeriesDelete", series={"id": wire, "title": "The Wire"})

    assert "3 cancelled" in reason(job)
    assert searches(house) == []
    states = {item.state for item in house.store.items.of_series("sonarr", wire)}
    assert states == {ItemState.GONE}


def test_an_import_of_one_episode_leaves_the_others_alone(house: House, sonarr: Sonarr) -> None:
    wire = sonarr.seed_series("The Wire", 2002, episodes=season(1, 2))
    series_added(house, wire)
    first = sonarr.episode_id(wire, 1, 1)
    folder = sonarr.series_folder(wire)
    folder.mkdir(parents=True)
    (folder / "The Wire - S01E01.mkv").write_bytes(b"an episode")
    sonarr.commands.push("RefreshSeries", {"seriesIds": [wire]})
    sonarr.settle()

    hear(
        house,
        "sonarr",
        "Download",
        series={"id": wire},
        episodes=[{"id": first}, {"id": sonarr.episode_id(wire, 1, 2)}],
    )

    assert item_of(house, "sonarr", first).state is ItemState.IMPORTED
    assert searches(house) == ["The Wire S01E02"]


# --- reconcile ---


def test_a_reconcile_searches_for_what_is_missing_newest_first(
    house: House, radarr: Radarr
) -> None:
    house.rule("radarr", search_limit=2)
    for number, title in enumerate(("Heat", "Ronin", "Alien")):
        radarr.now = _at(house.services.now() - timedelta(days=10 - number))
        radarr.seed_movie(title, 1990 + number)

    job = reconcile(house, "radarr")

    assert outcome(job) == "reconciled"
    assert searches(house) == ["Alien (1992)", "Ronin (1991)"]
    assert {search.priority for search in jobs_of(house.store, JobKind.SEARCH)} == {ROUTINE}
    [instance] = house.store.instances.all()
    assert instance.last_sync is not None
    assert instance.last_sync["missing"] == 3


def _at(time: datetime) -> Any:
    return lambda: time


def test_a_reconcile_reads_the_episodes_that_sonarr_misses(house: House, sonarr: Sonarr) -> None:
    sonarr.seed_series("The Wire", 2002, episodes=season(1, 2))

    reconcile(house, "sonarr")

    assert sorted(searches(house)) == ["The Wire S01E01", "The Wire S01E02"]


def test_a_second_reconcile_makes_no_second_search(house: House, radarr: Radarr) -> None:
    old(house, radarr)
    radarr.seed_movie("Heat", 1995)
    reconcile(house, "radarr")

    reconcile(house, "radarr")

    assert searches(house) == ["Heat (1995)"]


def old(house: House, radarr: Radarr) -> None:
    """Let what is added from here on count as added long ago."""
    radarr.now = _at(house.services.now() - timedelta(days=1))


@pytest.mark.parametrize("state", [ItemState.NO_MATCH, ItemState.TO_CONFIRM, ItemState.CANCELLED])
def test_a_reconcile_leaves_alone_what_waits_for_something_else(
    house: House, radarr: Radarr, state: ItemState
) -> None:
    old(house, radarr)
    heat = radarr.seed_movie("Heat", 1995)
    movie_added(house, heat)
    [search] = jobs_of(house.store, JobKind.SEARCH)
    house.run(search.id)
    item = item_of(house, "radarr", heat)
    house.store.items.move([ItemMove(item_id=item.id, state=state)])

    reconcile(house, "radarr")

    assert searches(house) == []
    assert item_of(house, "radarr", heat).state is state


def test_a_reconcile_searches_what_has_come_out_meanwhile(house: House, radarr: Radarr) -> None:
    old(house, radarr)
    heat = radarr.seed_movie("Heat", 1995, is_available=False)
    reconcile(house, "radarr")
    assert item_of(house, "radarr", heat).state is ItemState.UNRELEASED

    radarr.edit_movie(heat, is_available=True)
    reconcile(house, "radarr")

    assert searches(house) == ["Heat (1995)"]


def test_a_reconcile_searches_what_was_imported_and_is_missing_again(
    house: House, radarr: Radarr
) -> None:
    old(house, radarr)
    heat = radarr.seed_movie("Heat", 1995)
    movie_added(house, heat)
    [search] = jobs_of(house.store, JobKind.SEARCH)
    house.run(search.id)
    item = item_of(house, "radarr", heat)
    house.store.items.move([ItemMove(item_id=item.id, state=ItemState.IMPORTED)])

    reconcile(house, "radarr")

    assert searches(house) == ["Heat (1995)"]


def test_a_reconcile_does_not_touch_a_download_under_way(house: House, radarr: Radarr) -> None:
    old(house, radarr)
    _, download = on_its_way(house, radarr)
    take(house.store, download.id)

    reconcile(house, "radarr")

    after = house.store.jobs.get(download.id)
    assert searches(house) == []
    assert after is not None
    assert after.status is JobStatus.RUNNING


def test_a_reconcile_that_fails_says_why(house: House, radarr: Radarr) -> None:
    radarr.break_with(Fault.UNAUTHORIZED)
    job = reconcile(house, "radarr")
    radarr.mend()

    [instance] = house.store.instances.all()
    log = row_of(house.store, ProcessingLog, ProcessingLog.action == "sync")
    assert job.status is JobStatus.READY
    assert instance.last_error
    assert (log.status, log.error_message) == ("failed", instance.last_error)
    assert radarr.api_key not in instance.last_error


def test_an_instance_at_the_address_of_the_other_program_is_refused(
    house: House, radarr: Radarr, sonarr: Sonarr
) -> None:
    arrs = {**house.services.arrs}
    house.change(arrs={**arrs, "radarr": type(arrs["radarr"])(arrs["sonarr"]._http)})

    job = reconcile(house, "radarr")
    arrs["radarr"].close()

    assert "leads to Sonarr" in job.last_error

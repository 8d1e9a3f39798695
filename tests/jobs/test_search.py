"""Which entry a search takes for an item, and what it says when it takes none."""

from __future__ import annotations

import pytest

from stalkeer.core.entries import NewEntry
from stalkeer.core.items import Wanted
from stalkeer.core.jobs import URGENT, Ended, ItemMove, Job
from stalkeer.core.states import ItemState, JobKind, JobStatus, MatchState
from stalkeer.db.models import Match
from stalkeer.jobs.services import DownloadRules
from tests.builders import (
    LIMITS,
    add_job,
    entry,
    episode,
    jobs_of,
    learn,
    movie,
    playlist,
    publish,
    row_of,
    start_download,
    take,
)
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr
from tests.standins.sonarr import Sonarr

HEAT = entry("Heat (1995) 1080p", "http://tv.example.invalid:8080/movie/u/p/1.mkv")
OTHER_HEAT = entry("Heat (1995) 720p", "http://tv.example.invalid:8080/movie/u/p/2.mkv")
DOUBTFUL = entry("Heat 1996", "http://tv.example.invalid:8080/movie/u/p/3.mkv")
DOUBLE = entry("The Wire S01E01-E02", "http://tv.example.invalid:8080/series/u/p/4.mkv", group="TV")


def search(house: House, wanted: Wanted, **facts: int) -> tuple[Job, int]:
    """Search for an item; return the ended job and the item's id."""
    item_id = learn(house.store, wanted)
    return house.run(add_job(house.store, JobKind.SEARCH, item_id=item_id, **facts)), item_id


def outcome(job: Job) -> str:
    assert job.result is not None
    return str(job.result["outcome"])


def state_of(house: House, item_id: int) -> tuple[ItemState, str]:
    item = house.store.items.get(item_id)
    assert item is not None
    return item.state, item.reason


def say(house: House, item_id: int, entry_id: int, state: MatchState) -> None:
    """Let a person judge an entry."""
    now = house.store.db.now()
    house.store.db.write(
        lambda: Match.insert(
            item=item_id,
            entry=entry_id,
            score=60,
            method="title",
            reasons=[],
            state=state,
            created_at=now,
            updated_at=now,
        ).execute()
    )


# --- taken ---


def test_the_best_entry_is_taken_and_its_download_waits(house: House, radarr: Radarr) -> None:
    house.change(downloads=DownloadRules(attempts=7))
    [best, _] = publish(house.store, HEAT, OTHER_HEAT)

    job, item_id = search(house, movie(), priority=URGENT)

    [download] = jobs_of(house.store, JobKind.DOWNLOAD)
    row = house.store.downloads.get(download.download_id or 0)
    match = row_of(house.store, Match, Match.item == item_id)
    assert outcome(job) == "taken"
    assert "Heat (1995) 1080p" in str(job.result)
    assert (download.provider, download.title) == ("tv.example.invalid:8080", "Heat (1995)")
    assert (download.priority, download.max_attempts) == (URGENT, 7)
    assert download.dedup_key == "radarr:movie:1"
    assert row is not None
    assert row.playlist_item_id == best
    assert (match.state, match.playlist_item_id) == (MatchState.TAKEN, best)
    assert match.score >= 80
    assert state_of(house, item_id)[0] is ItemState.WAITING


def test_an_entry_that_failed_gives_way_to_the_next(house: House, radarr: Radarr) -> None:
    [best, second] = publish(house.store, HEAT, OTHER_HEAT)
    item_id = learn(house.store, movie())
    fail(house, item_id, best)

    search(house, movie())

    download = house.store.downloads.get(
        jobs_of(house.store, JobKind.DOWNLOAD)[-1].download_id or 0
    )
    assert download is not None
    assert download.playlist_item_id == second


def fail(house: House, item_id: int, entry_id: int) -> None:
    """Let the download of an entry fail for good."""
    _, lease = take(house.store, start_download(house.store, [item_id], entry_id).id)
    given_up = Ended(status=JobStatus.FAILED, error_code="link_gone", error="404")
    house.store.leases.end(lease, given_up, LIMITS)


def test_an_entry_that_a_person_rejected_is_never_taken(house: House, radarr: Radarr) -> None:
    [best] = publish(house.store, HEAT)
    say(house, learn(house.store, movie()), best, MatchState.REJECTED)

    job, item_id = search(house, movie())

    assert outcome(job) == "no_match"
    assert not jobs_of(house.store, JobKind.DOWNLOAD)
    assert row_of(house.store, Match, Match.item == item_id).state is not MatchState.TAKEN


def test_an_entry_that_a_person_confirmed_is_taken_though_doubtful(
    house: House, radarr: Radarr
) -> None:
    [doubtful, _] = publish(house.store, DOUBTFUL, HEAT)
    say(house, learn(house.store, movie()), doubtful, MatchState.CONFIRMED)

    job, item_id = search(house, movie())

    assert outcome(job) == "taken"
    assert "Heat 1996" in str(job.result)
    assert row_of(house.store, Match, Match.item == item_id).state == MatchState.CONFIRMED


def test_an_entry_of_two_episodes_is_one_download_for_both(house: House, sonarr: Sonarr) -> None:
    second = learn(house.store, episode(2, number=2))
    learn(house.store, episode(3, number=3))
    gone = learn(house.store, episode(4, season=2, number=1))
    publish(house.store, DOUBLE)

    job, first = search(house, episode(1, seasons=((1, 13),)))

    [download] = jobs_of(house.store, JobKind.DOWNLOAD)
    assert outcome(job) == "taken"
    assert house.store.downloads.item_ids(download.download_id or 0) == (first, second)
    assert state_of(house, second)[0] is ItemState.WAITING
    assert state_of(house, gone)[0] is ItemState.SEARCHING


def test_the_other_episode_is_left_out_when_it_is_there_already(
    house: House, sonarr: Sonarr
) -> None:
    second = learn(house.store, episode(2, number=2))
    house.store.items.move([ItemMove(item_id=second, state=ItemState.IMPORTED)])
    publish(house.store, DOUBLE)

    _, first = search(house, episode(1, seasons=((1, 13),)))

    [download] = jobs_of(house.store, JobKind.DOWNLOAD)
    assert house.store.downloads.item_ids(download.download_id or 0) == (first,)


# --- not taken ---


def test_a_doubtful_entry_is_shown_to_a_person(house: House, radarr: Radarr) -> None:
    publish(house.store, DOUBTFUL)

    job, item_id = search(house, movie())

    state, reason = state_of(house, item_id)
    match = row_of(house.store, Match, Match.item == item_id)
    assert outcome(job) == "to_confirm"
    assert not jobs_of(house.store, JobKind.DOWNLOAD)
    assert match.state == MatchState.TO_CONFIRM
    assert state is ItemState.TO_CONFIRM
    assert f"{match.score} < 80: Heat 1996: " in reason
    assert "one off" in reason


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        pytest.param((entry("Ronin (1998)"),), "in none of the playlists", id="other-films"),
        pytest.param((), "no playlist is read yet", id="nothing-read"),
    ],
)
def test_what_is_in_no_list_says_so(
    house: House, radarr: Radarr, entries: tuple[NewEntry, ...], reason: str
) -> None:
    if entries:
        publish(house.store, *entries)

    job, item_id = search(house, movie())

    state, said = state_of(house, item_id)
    assert outcome(job) == "no_match"
    assert state is ItemState.NO_MATCH
    assert reason in said


def test_what_failed_with_every_entry_says_how_the_last_one_failed(
    house: House, radarr: Radarr
) -> None:
    entries = publish(house.store, HEAT, OTHER_HEAT)
    item_id = learn(house.store, movie())
    for entry_id in entries:
        fail(house, item_id, entry_id)

    job, _ = search(house, movie())

    state, reason = state_of(house, item_id)
    assert outcome(job) == "failed"
    assert state is ItemState.FAILED
    assert reason == "all 2 fitting entries failed; the last one: 404"


@pytest.mark.parametrize("state", [ItemState.GONE, ItemState.IMPORTED])
def test_what_is_no_longer_missing_is_not_searched(
    house: House, radarr: Radarr, state: ItemState
) -> None:
    publish(house.store, HEAT)
    item_id = learn(house.store, movie())
    job_id = add_job(house.store, JobKind.SEARCH, item_id=item_id)
    house.store.items.move([ItemMove(item_id=item_id, state=state)])

    job = house.run(job_id)

    assert job.result == {"outcome": "skipped", "reason": "nothing misses it any more"}
    assert not jobs_of(house.store, JobKind.DOWNLOAD)


def test_a_search_without_an_item_has_nothing_to_do(house: House) -> None:
    assert outcome(house.run(add_job(house.store, JobKind.SEARCH))) == "skipped"


def test_what_is_on_its_way_is_not_searched(house: House, radarr: Radarr) -> None:
    [best] = publish(house.store, HEAT)
    item_id = learn(house.store, movie())
    download = start_download(house.store, [item_id], best)

    job = house.run(add_job(house.store, JobKind.SEARCH, item_id=item_id))

    assert job.result == {
        "outcome": "skipped",
        "reason": f"download {download.download_id} is for it already",
    }


def test_a_search_waits_for_the_first_import_of_a_playlist(house: House, radarr: Radarr) -> None:
    payload = {"playlist_id": playlist(house.store)}
    add_job(house.store, JobKind.REFRESH_PLAYLIST, payload=payload)

    job, _ = search(house, movie())

    assert (job.status, job.attempts) == (JobStatus.READY, 0)
    assert job.run_at > (job.started_at or job.run_at)


def test_a_search_does_not_wait_for_a_later_import(house: House, radarr: Radarr) -> None:
    publish(house.store, HEAT)
    add_job(house.store, JobKind.REFRESH_PLAYLIST)

    job, _ = search(house, movie())

    assert outcome(job) == "taken"


def test_namesakes_in_the_library_are_told_apart(house: House, radarr: Radarr) -> None:
    radarr.seed_movie("Heat", 1986)
    publish(house.store, entry("Heat", "http://tv.example.invalid:8080/movie/u/p/9.mkv"))

    job, _ = search(house, movie())

    assert outcome(job) != "taken"

"""What a person asks for, and what becomes of the work that is under way for the same item."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext

import pytest

from stalkeer.arr.errors import ArrRefusedError
from stalkeer.core.jobs import ROUTINE, URGENT, DownloadChange, Ended, ItemMove, Job, done
from stalkeer.core.states import (
    DownloadStatus,
    ImportStatus,
    ItemState,
    JobKind,
    JobStatus,
    MatchState,
)
from stalkeer.db.control import ConflictError, NoSuchRowError
from stalkeer.db.items import Item
from stalkeer.db.matches import MatchRow
from stalkeer.downloader.errors import DownloadStoppedError
from stalkeer.downloader.files import part_path
from stalkeer.jobs import by_hand
from stalkeer.jobs.by_hand import NotWantedError
from stalkeer.jobs.register import Webhook
from stalkeer.jobs.services import StopReason, UnknownInstanceError
from tests.builders import LIMITS, add_job, entry, jobs_of, publish, take
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr
from tests.standins.receiver import receiving
from tests.standins.sonarr import Sonarr, season

HEAT = entry("Heat (1995) 1080p", "http://tv.example.invalid/1.mkv")
OTHER = entry("Heat (1995) 720p", "http://tv.example.invalid/2.mkv")
HITZE = entry("Der mit dem langen Mantel", "http://tv.example.invalid/3.mkv")


def item_of(house: House, arr_id: int) -> Item:
    [item] = house.store.items.of_arr("radarr", [arr_id])
    return item


def active(house: House, kind: JobKind) -> list[Job]:
    return [
        job
        for job in jobs_of(house.store, kind)
        if job.status in (JobStatus.READY, JobStatus.RUNNING)
    ]


def search_now(house: House) -> None:
    """Run the searches that wait."""
    for job in active(house, JobKind.SEARCH):
        house.run(job.id)


def taken(house: House, radarr: Radarr) -> tuple[int, Job]:
    """Let Heat be searched for and taken; return its id in Radarr and the download that waits."""
    heat = radarr.seed_movie("Heat", 1995)
    by_hand.search(house.services, "radarr", heat)
    search_now(house)
    [job] = active(house, JobKind.DOWNLOAD)
    return heat, job


def matches(house: House, arr_id: int) -> Sequence[MatchRow]:
    return house.store.matches.of_item(item_of(house, arr_id).id)


def entry_of(house: House, job: Job) -> int:
    download = house.store.downloads.get(job.download_id or 0)
    assert download is not None
    return download.playlist_item_id or 0


# --- sync ---


def test_a_sync_is_urgent_and_reads_the_library_anew(house: House, radarr: Radarr) -> None:
    [job_id] = by_hand.sync(house.services, ["radarr"])

    job = house.store.jobs.get(job_id)
    assert job is not None
    assert (job.kind, job.instance, job.priority) == (JobKind.RECONCILE, "radarr", URGENT)
    assert json.loads(job.payload)["fresh"] is True
    assert house.rung


def test_a_sync_that_waits_is_not_doubled_and_goes_first(house: House, radarr: Radarr) -> None:
    scheduled = add_job(
        house.store, JobKind.RECONCILE, instance="radarr", dedup_key="reconcile:radarr"
    )

    assert by_hand.sync(house.services, ["radarr"]) == [scheduled]

    job = house.store.jobs.get(scheduled)
    assert job is not None
    assert job.priority == URGENT


# --- the webhook ---


@pytest.mark.parametrize(("heard", "noted"), [(200, "registered"), (401, "failed")])
def test_how_the_registration_of_our_webhook_ended_is_written_down(
    house: House, radarr: Radarr, heard: int, noted: str
) -> None:
    with receiving() as receiver:
        receiver.answers = [heard]
        webhook = Webhook(f"{receiver.url}/webhooks/radarr", "stalkeer", "word")
        services = house.change(webhooks={"radarr": webhook})
        with nullcontext() if noted == "registered" else pytest.raises(ArrRefusedError):
            by_hand.register_webhook(services, "radarr")

    [row] = house.store.instances.all()
    assert row.webhook == noted


# --- search ---


def test_a_search_by_hand_reads_the_item_from_radarr(house: House, radarr: Radarr) -> None:
    heat = radarr.seed_movie("Heat", 1995, runtime=170)

    job_id = by_hand.search(house.services, "radarr", heat)

    [search] = active(house, JobKind.SEARCH)
    assert (search.id, search.title, search.priority) == (job_id, "Heat (1995)", URGENT)
    assert item_of(house, heat).wanted.runtime_minutes == 170
    assert house.rung


def test_a_search_by_hand_reads_an_episode_from_sonarr(house: House, sonarr: Sonarr) -> None:
    wire = sonarr.seed_series("The Wire", 2002, episodes=season(1, 2))

    by_hand.search(house.services, "sonarr", sonarr.episode_id(wire, 1, 2))

    [search] = active(house, JobKind.SEARCH)
    assert search.title == "The Wire S01E02"


@pytest.mark.parametrize("instance", ["radarr", "sonarr"])
def test_what_the_arr_does_not_have_cannot_be_searched_for(
    house: House, radarr: Radarr, sonarr: Sonarr, instance: str
) -> None:
    with pytest.raises(NoSuchRowError, match=f"{instance} has no item 999"):
        by_hand.search(house.services, instance, 999)

    with pytest.raises(UnknownInstanceError):
        by_hand.search(house.services, "lidarr", 999)


def test_what_radarr_does_not_want_cannot_be_searched_for(house: House, radarr: Radarr) -> None:
    heat = radarr.seed_movie("Heat", 1995, monitored=False)

    with pytest.raises(NotWantedError, match="not monitored"):
        by_hand.search(house.services, "radarr", heat)


def test_tags_do_not_keep_a_person_from_searching(house: House, radarr: Radarr) -> None:
    house.rule("radarr", tags=frozenset({"iptv"}))

    by_hand.search(house.services, "radarr", radarr.seed_movie("Heat", 1995))

    assert len(active(house, JobKind.SEARCH)) == 1


def test_a_search_of_what_is_being_fetched_leaves_it_as_it_is(house: House, radarr: Radarr) -> None:
    publish(house.store, HEAT)
    heat, job = taken(house, radarr)
    _, lease = take(house.store, job.id)
    house.store.leases.progress(lease, done=1, total=9, resume_token="{}")

    assert by_hand.search(house.services, "radarr", heat) == job.id

    assert item_of(house, heat).state is ItemState.DOWNLOADING
    assert active(house, JobKind.SEARCH) == []


def test_a_search_of_a_backlog_download_makes_it_go_first(house: House, radarr: Radarr) -> None:
    publish(house.store, HEAT)
    heat, job = taken(house, radarr)
    house.store.control.prioritise(job.download_id or 0, ROUTINE)

    by_hand.search(house.services, "radarr", heat)

    after = house.store.jobs.get(job.id)
    assert after is not None
    assert after.priority == URGENT


def test_a_search_by_hand_tries_again_what_failed(house: House, radarr: Radarr) -> None:
    [heat_entry] = publish(house.store, HEAT)
    heat, job = taken(house, radarr)
    _, lease = take(house.store, job.id)
    gone = Ended(status=JobStatus.FAILED, error_code="link_gone", error="404")
    house.store.leases.end(lease, gone, LIMITS)

    by_hand.search(house.services, "radarr", heat)
    search_now(house)

    [again] = active(house, JobKind.DOWNLOAD)
    assert entry_of(house, again) == heat_entry
    assert item_of(house, heat).failures == 0


# --- cancel ---


def test_a_download_that_waits_is_cancelled_with_its_part(house: House, radarr: Radarr) -> None:
    publish(house.store, HEAT)
    heat, job = taken(house, radarr)
    part = part_path(house.services.instances["radarr"].parts, job.download_id or 0)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"half a film")

    by_hand.cancel_download(house.services, job.download_id or 0)

    assert not part.exists()
    assert item_of(house, heat).state is ItemState.CANCELLED
    with pytest.raises(ConflictError):
        by_hand.cancel_download(house.services, job.download_id or 0)


def test_a_download_that_runs_keeps_its_part_until_it_has_stopped(
    house: House, radarr: Radarr
) -> None:
    publish(house.store, HEAT)
    _, job = taken(house, radarr)
    take(house.store, job.id)
    part = part_path(house.services.instances["radarr"].parts, job.download_id or 0)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"half a film")

    by_hand.cancel_download(house.services, job.download_id or 0)

    assert part.exists()


def test_a_download_of_an_instance_that_was_taken_out_can_be_cancelled(
    house: House, radarr: Radarr
) -> None:
    publish(house.store, HEAT)
    _, job = taken(house, radarr)
    services = house.services

    by_hand.cancel_download(house.change(instances={}), job.download_id or 0)

    house.change(instances=services.instances)
    after = house.store.jobs.get(job.id)
    assert after is not None
    assert after.status is JobStatus.CANCELLED


# --- a person's word ---


def test_a_match_that_does_not_exist_is_told_apart(house: House, radarr: Radarr) -> None:
    for say in (by_hand.confirm, by_hand.reject):
        with pytest.raises(NoSuchRowError, match="no match 99"):
            say(house.services, 99)


def test_a_rejected_entry_that_waits_gives_way_to_the_next(house: House, radarr: Radarr) -> None:
    first, second = publish(house.store, HEAT, OTHER)
    heat, job = taken(house, radarr)
    assert entry_of(house, job) == first

    said = by_hand.reject(house.services, matches(house, heat)[0].id)
    search_now(house)

    [instead] = active(house, JobKind.DOWNLOAD)
    assert said.state is MatchState.REJECTED
    assert entry_of(house, instead) == second
    assert item_of(house, heat).state is ItemState.WAITING


def test_a_rejected_entry_that_is_being_fetched_gives_way_when_it_has_stopped(
    house: House, radarr: Radarr
) -> None:
    _, second = publish(house.store, HEAT, OTHER)
    heat, job = taken(house, radarr)

    def reject_and_stop() -> None:
        """Reject while the transfer starts, and let the run hear of it."""
        by_hand.reject(house.services, matches(house, heat)[0].id)
        [run] = house.services.running.by_token().values()
        run.stop(StopReason.DROPPED)

    stop_at_the_first_look(house, reject_and_stop)
    ended = house.run(job.id)
    search_now(house)

    [instead] = active(house, JobKind.DOWNLOAD)
    assert ended.status is JobStatus.CANCELLED
    assert entry_of(house, instead) == second


def stop_at_the_first_look(house: House, happens: object) -> None:
    """Let something happen when the next job asks the engine for a file."""

    class Engine:
        def fetch(self, *_words: object, **_facts: object) -> None:
            assert callable(happens)
            happens()
            raise DownloadStoppedError("stopped")

    house.change(engine=Engine())


def test_to_reject_one_entry_does_not_stop_the_transfer_of_another(
    house: House, radarr: Radarr
) -> None:
    _, second = publish(house.store, HEAT, OTHER)
    heat, job = taken(house, radarr)
    other = house.store.matches.by_hand(item_of(house, heat).id, second)

    by_hand.reject(house.services, other.id)

    after = house.store.jobs.get(job.id)
    assert after is not None
    assert after.status is JobStatus.READY
    assert item_of(house, heat).state is ItemState.WAITING


def test_an_entry_that_is_chosen_takes_the_place_of_the_one_that_waits(
    house: House, radarr: Radarr
) -> None:
    _, second = publish(house.store, HEAT, OTHER)
    heat, first_job = taken(house, radarr)

    said = by_hand.choose(house.services, "radarr", heat, second)
    search_now(house)

    [instead] = active(house, JobKind.DOWNLOAD)
    before = house.store.downloads.get(first_job.download_id or 0)
    assert (said.state, said.playlist_item_id) == (MatchState.CONFIRMED, second)
    assert entry_of(house, instead) == second
    assert before is not None
    assert before.status is DownloadStatus.CANCELLED


def test_a_confirmed_entry_that_is_being_fetched_goes_on(house: House, radarr: Radarr) -> None:
    publish(house.store, HEAT)
    heat, job = taken(house, radarr)

    by_hand.confirm(house.services, matches(house, heat)[0].id)

    assert [one.id for one in active(house, JobKind.DOWNLOAD)] == [job.id]
    assert item_of(house, heat).state is ItemState.WAITING


def test_an_entry_that_no_search_would_find_is_taken_when_a_person_chooses_it(
    house: House, radarr: Radarr
) -> None:
    [odd] = publish(house.store, HITZE)
    heat = radarr.seed_movie("Heat", 1995)

    by_hand.choose(house.services, "radarr", heat, odd)
    search_now(house)

    [job] = active(house, JobKind.DOWNLOAD)
    assert entry_of(house, job) == odd


def test_only_entries_that_exist_can_be_chosen(house: House, radarr: Radarr) -> None:
    heat = radarr.seed_movie("Heat", 1995)

    with pytest.raises(NoSuchRowError, match="no playlist entry 99"):
        by_hand.choose(house.services, "radarr", heat, 99)

    assert house.store.items.of_arr("radarr", [heat]) == ()


@pytest.mark.parametrize("status", [ImportStatus.FAILED, ImportStatus.OFF])
def test_a_file_that_was_not_imported_does_not_keep_a_rejected_entry(
    house: House, radarr: Radarr, status: ImportStatus
) -> None:
    _, second = publish(house.store, HEAT, OTHER)
    heat, job = taken(house, radarr)
    obtain(house, job, status)

    by_hand.reject(house.services, matches(house, heat)[0].id)
    search_now(house)

    [instead] = active(house, JobKind.DOWNLOAD)
    assert entry_of(house, instead) == second
    assert active(house, JobKind.IMPORT) == []


def obtain(house: House, job: Job, status: ImportStatus) -> None:
    """Let a download be complete, and its import have ended so."""
    _, lease = take(house.store, job.id)
    change = DownloadChange(
        download_id=job.download_id or 0,
        status=DownloadStatus.COMPLETED,
        import_status=status,
        download_path="/downloads/Heat.mkv",
        file_size=9,
    )
    house.store.leases.end(lease, done("downloaded", download=change), LIMITS)


def test_a_word_about_what_is_no_longer_missing_starts_nothing(
    house: House, radarr: Radarr
) -> None:
    publish(house.store, HEAT)
    heat, job = taken(house, radarr)
    by_hand.cancel_download(house.services, job.download_id or 0)
    house.store.items.move([ItemMove(item_id=item_of(house, heat).id, state=ItemState.IMPORTED)])

    by_hand.reject(house.services, matches(house, heat)[0].id)

    assert active(house, JobKind.SEARCH) == []
    assert item_of(house, heat).state is ItemState.IMPORTED

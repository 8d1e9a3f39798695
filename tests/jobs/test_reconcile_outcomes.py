"""What the next reconcile does after each way an item's work can end, row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr as RadarrClient
from stalkeer.core.items import ContentType, Wanted
from stalkeer.core.jobs import URGENT, Job
from stalkeer.core.pathmap import PathMap
from stalkeer.core.states import ImportStatus, ItemState, JobKind, JobStatus, MatchState
from stalkeer.db.items import Item
from stalkeer.db.pages import PageRequest
from stalkeer.jobs import by_hand
from stalkeer.jobs.refresh import search_again
from stalkeer.jobs.survey import collections_of
from tests.builders import LIMITS, add_job, entry, jobs_of, playlist, publish
from tests.jobs.conftest import House
from tests.standins.media import MediaServer, Reply
from tests.standins.mediafiles import mkv_film
from tests.standins.radarr import Radarr
from tests.standins.sonarr import Sonarr, season
from tests.standins.sonarr_shapes import NewEpisode

HEAT = "Heat (1995) 1080p"
FIRST, SECOND = "/films/1.mkv", "/films/2.mkv"
GONE_REPLY = Reply(status=404, body=b"gone")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
A_MOMENT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Scene:
    """A home with a Radarr that misses Heat, and a provider that has it."""

    house: House
    radarr: Radarr
    media: MediaServer
    heat: int

    def offer(self, *films: tuple[str, str], reply: Reply | None = None) -> list[int]:
        """Put films (name, path) into the only playlist; return the ids of the entries."""
        entries = []
        for name, path in films:
            url = self.media.put(path, mkv_film(100_000, minutes=170), reply or Reply())
            entries.append(entry(name, url))
        return publish(self.house.store, *entries)

    def reconcile(self, instance: str = "radarr", **payload: int) -> Job:
        """Reconcile, and do everything that follows from it."""
        job_id = add_job(self.house.store, JobKind.RECONCILE, instance=instance, payload=payload)
        job = self.house.run(job_id)
        self.drain()
        return job

    def read_playlist(self) -> None:
        """Do what follows from the end of a playlist's import."""
        search_again(self.house.store, playlist(self.house.store))
        self.drain()

    def drain(self) -> None:
        """Run every job that is due."""
        while bells := self.house.store.jobs.ring(LIMITS):
            for bell in bells:
                self.house.run(bell.job_id)

    def after(self, time: timedelta) -> None:
        """Let time pass."""
        self.house.store.db.clock_offset_s += time.total_seconds()

    def hear(self, event_type: str, **body: Any) -> None:
        """Take a delivery of Radarr in and do what follows from it."""
        event = {"eventType": event_type, "movie": {"id": self.heat, "title": "Heat"}, **body}
        self.house.store.deliveries.add([("radarr", json.dumps(event))])
        self.drain()

    def item(self) -> Item:
        [item] = self.house.store.items.of_arr("radarr", [self.heat])
        return item

    def transfers(self) -> list[str]:
        """List the paths that the provider was asked for."""
        return [seen.path for seen in self.media.requests()]

    def imports(self) -> int:
        """Count how often Radarr was told to import."""
        return len(self.radarr.requests("POST", "/api/v3/command"))

    def verdicts(self) -> int:
        """Count how often Radarr was asked what it thinks of our file."""
        return len(self.radarr.requests("POST", "/api/v3/manualimport"))


@pytest.fixture
def scene(house: House, radarr: Radarr) -> Iterator[Scene]:
    with MediaServer() as media:
        heat = radarr.seed_movie("Heat", 1995, runtime=170)
        publish(house.store, entry("Detour (1945)", media.url("/films/0.mkv")))
        yield Scene(house, radarr, media, heat)


# --- imported, missing again ---


def test_what_is_missing_is_fetched_and_imported_once(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))

    for _ in range(10):
        scene.reconcile()

    assert scene.transfers() == [FIRST]
    assert scene.imports() == scene.radarr.count_imports(scene.heat) == 1
    assert scene.item().state is ItemState.IMPORTED


def test_the_echo_of_our_own_import_cancels_nothing(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    scene.reconcile()

    scene.hear("Download", isUpgrade=False)

    [download] = scene.house.store.downloads.page(PageRequest()).rows
    assert download.import_status is ImportStatus.IMPORTED
    assert download.imported_path is not None
    assert jobs_of(scene.house.store, JobKind.DOWNLOAD)[0].status is JobStatus.DONE
    assert scene.item().state is ItemState.IMPORTED


def test_what_was_imported_and_is_missing_again_is_fetched_again(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    scene.reconcile()
    lose_file(scene)

    for _ in range(5):
        scene.reconcile()

    assert scene.transfers() == [FIRST, FIRST]
    assert scene.radarr.count_imports(scene.heat) == 2


def lose_file(scene: Scene) -> None:
    """Let the file of Heat vanish from the disk of Radarr."""
    path = scene.radarr.movie_file(scene.heat)
    assert path is not None
    path.unlink()
    scene.radarr.commands.push("RefreshMovie", {"movieIds": [scene.heat]})
    scene.radarr.settle()


def test_an_entry_whose_file_a_person_deleted_is_not_fetched_again(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    scene.reconcile()
    scene.radarr.delete_movie_file(scene.heat)

    scene.hear("MovieFileDelete", deleteReason="manual")
    for _ in range(5):
        scene.after(8 * DAY)
        scene.reconcile()

    [match] = scene.house.store.matches.of_item(scene.item().id)
    assert scene.transfers() == [FIRST]
    assert match.state is MatchState.REJECTED
    assert scene.item().state is ItemState.NO_MATCH


def test_another_entry_takes_the_place_of_one_whose_file_a_person_deleted(scene: Scene) -> None:
    scene.offer((HEAT, FIRST), ("Heat (1995) 720p", SECOND))
    scene.reconcile()
    scene.radarr.delete_movie_file(scene.heat)

    scene.hear("MovieFileDelete", deleteReason="manual")

    assert scene.transfers() == [FIRST, SECOND]
    assert scene.item().state is ItemState.IMPORTED


# --- nothing found, to confirm, unreleased ---


def test_what_is_in_no_list_is_searched_again_only_when_a_list_changes(scene: Scene) -> None:
    for _ in range(10):
        scene.after(8 * DAY)
        scene.reconcile()
    before = len(jobs_of(scene.house.store, JobKind.SEARCH))

    scene.offer((HEAT, FIRST))
    scene.read_playlist()

    assert before == 1
    assert scene.transfers() == [FIRST]


def test_what_waits_for_a_person_is_left_alone_until_one_decides(scene: Scene) -> None:
    scene.offer(("Heat 1996", FIRST))
    for _ in range(10):
        scene.after(8 * DAY)
        scene.reconcile()
    [match] = scene.house.store.matches.of_item(scene.item().id)
    asked = (scene.item().state, scene.transfers(), match.state)

    by_hand.confirm(scene.house.services, match.id)
    scene.drain()

    assert asked == (ItemState.TO_CONFIRM, [], MatchState.TO_CONFIRM)
    assert scene.transfers() == [FIRST]
    assert scene.item().state is ItemState.IMPORTED


def test_what_is_unreleased_waits_until_radarr_says_available(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    scene.radarr.edit_movie(scene.heat, is_available=False)
    for _ in range(10):
        scene.after(8 * DAY)
        scene.reconcile()
    waited = (scene.item().state, scene.transfers())

    scene.radarr.edit_movie(scene.heat, is_available=True)
    scene.reconcile()

    assert waited == (ItemState.UNRELEASED, [])
    assert scene.transfers() == [FIRST]


# --- failed ---


def test_what_failed_with_all_entries_rests_one_three_and_seven_days(scene: Scene) -> None:
    scene.offer((HEAT, FIRST), ("Heat (1995) 720p", SECOND), reply=GONE_REPLY)
    scene.reconcile()
    assert scene.transfers() == [FIRST, SECOND]
    assert scene.item().state is ItemState.FAILED

    for number, rest in enumerate((DAY, 3 * DAY, 7 * DAY, 7 * DAY), start=2):
        for _ in range(3):
            scene.after((rest - A_MOMENT) / 3)
            scene.reconcile()
        assert len(scene.transfers()) == 2 * (number - 1), f"too early before round {number}"
        scene.after(2 * A_MOMENT)
        scene.reconcile()
        assert len(scene.transfers()) == 2 * number
        assert (scene.item().state, scene.item().failures) == (ItemState.FAILED, number)


def test_what_failed_is_searched_at_once_when_a_new_entry_fits(scene: Scene) -> None:
    url = scene.media.put(FIRST, mkv_film(100_000, minutes=170), GONE_REPLY)
    publish(scene.house.store, entry(HEAT, url))
    scene.reconcile()

    new = scene.media.put(SECOND, mkv_film(100_000, minutes=170))
    publish(scene.house.store, entry(HEAT, url), entry("Heat (1995) 720p", new))
    scene.read_playlist()

    assert scene.transfers() == [FIRST, SECOND]
    assert scene.item().state is ItemState.IMPORTED


def test_what_failed_says_when_it_is_tried_again_and_why_it_failed(scene: Scene) -> None:
    scene.offer((HEAT, FIRST), reply=GONE_REPLY)

    job = scene.reconcile()
    last = scene.reconcile()

    assert "1 failed" in str(last.result)
    assert "1 failed" not in str(job.result)
    assert "all 1 fitting entries failed" in scene.item().reason


# --- import failed ---


def test_a_refused_file_is_imported_again_alone_after_1_6_and_24_hours(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    scene.radarr.judge.refuse("Sample")
    scene.reconcile()
    assert scene.verdicts() == 1

    for number, rest in enumerate((HOUR, 6 * HOUR, DAY), start=2):
        scene.after(rest - A_MOMENT)
        scene.reconcile()
        assert scene.verdicts() == number - 1
        scene.after(2 * A_MOMENT)
        scene.reconcile()
        assert scene.verdicts() == number
        assert (scene.item().state, scene.item().failures) == (ItemState.IMPORT_FAILED, number)
    for _ in range(3):
        scene.after(30 * DAY)
        scene.reconcile()

    assert scene.verdicts() == 4
    assert scene.transfers() == [FIRST]
    assert "Sample" in scene.item().reason


def test_a_refused_file_is_imported_by_a_replay_however_often_it_failed(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    scene.radarr.judge.refuse("Sample")
    scene.reconcile()
    scene.radarr.mend()
    [refused] = jobs_of(scene.house.store, JobKind.IMPORT)

    scene.house.store.control.replay(refused.id)
    scene.drain()

    assert scene.transfers() == [FIRST]
    assert scene.item().state is ItemState.IMPORTED


def test_a_file_that_radarr_sees_now_is_imported_at_once(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    right = scene.house.services.instances["radarr"].path_map
    scene.radarr.commands.hold()
    scene.house.services.seen_folders.require(
        scene.house.services.arrs["radarr"],
        scene.house.services.instances["radarr"].folder,
        right,
        setting="STALKEER_RADARR",
    )
    scene.house.rule("radarr", path_map=PathMap(((str(scene.house.downloads), "/elsewhere"),)))
    scene.reconcile()
    blind = (scene.item().state, scene.imports())
    for _ in range(3):
        scene.reconcile()

    scene.radarr.commands.release()
    scene.house.rule("radarr", path_map=right)
    scene.reconcile()

    assert blind == (ItemState.IMPORT_FAILED, 0)
    assert scene.transfers() == [FIRST]
    assert scene.radarr.count_imports(scene.heat) == 1
    assert scene.item().state is ItemState.IMPORTED


# --- cancelled, rejected ---


def test_what_a_person_cancelled_is_left_alone_until_searched_by_hand(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    cancel_download(scene)
    for _ in range(10):
        scene.after(8 * DAY)
        scene.reconcile()
    left = (scene.item().state, scene.transfers())

    by_hand.search(scene.house.services, "radarr", scene.heat)
    scene.drain()

    assert left == (ItemState.CANCELLED, [])
    assert scene.transfers() == [FIRST]
    assert scene.item().state is ItemState.IMPORTED


def cancel_download(scene: Scene) -> Job:
    """Let Heat be taken and cancel its download before it starts."""
    store = scene.house.store
    scene.house.run(add_job(store, JobKind.RECONCILE, instance="radarr"))
    [search] = jobs_of(store, JobKind.SEARCH)
    scene.house.run(search.id)
    [job] = jobs_of(store, JobKind.DOWNLOAD)
    by_hand.cancel_download(scene.house.services, job.download_id or 0)
    return job


def test_what_a_person_cancelled_goes_on_with_a_replay(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    job = cancel_download(scene)

    scene.house.store.control.replay(job.id)
    scene.drain()

    assert scene.item().state is ItemState.IMPORTED


def test_an_import_that_a_person_cancelled_is_not_asked_for_again(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    store = scene.house.store
    scene.house.run(add_job(store, JobKind.RECONCILE, instance="radarr"))
    scene.house.run(jobs_of(store, JobKind.SEARCH)[0].id)
    scene.house.run(jobs_of(store, JobKind.DOWNLOAD)[0].id)
    [waiting] = jobs_of(store, JobKind.IMPORT)
    store.control.cancel_job(waiting.id)
    for _ in range(5):
        scene.after(8 * DAY)
        scene.reconcile()
    left = (scene.item().state, scene.imports())

    by_hand.search(scene.house.services, "radarr", scene.heat)
    scene.drain()

    assert left == (ItemState.CANCELLED, 0)
    assert scene.transfers() == [FIRST]
    assert scene.item().state is ItemState.IMPORTED


def test_an_entry_that_a_person_rejected_is_never_proposed_again(scene: Scene) -> None:
    scene.offer(("Heat 1996", FIRST))
    scene.reconcile()
    [match] = scene.house.store.matches.of_item(scene.item().id)

    by_hand.reject(scene.house.services, match.id)
    scene.drain()
    for _ in range(5):
        scene.after(8 * DAY)
        scene.reconcile()

    assert scene.item().state is ItemState.NO_MATCH
    assert scene.transfers() == []


# --- somebody else has it ---


def test_what_is_in_the_queue_of_radarr_is_left_to_it_until_the_queue_is_empty(
    scene: Scene,
) -> None:
    scene.offer((HEAT, FIRST))
    scene.radarr.grab(scene.heat, "Heat.1995.1080p")
    for _ in range(10):
        scene.after(8 * DAY)
        scene.reconcile()
    left = scene.transfers()

    scene.radarr.queue.clear()
    scene.reconcile()

    assert left == []
    assert scene.transfers() == [FIRST]


def test_a_grab_cancels_our_transfer_which_comes_back_when_the_other_one_failed(
    scene: Scene,
) -> None:
    scene.offer((HEAT, FIRST))
    store = scene.house.store
    scene.house.run(add_job(store, JobKind.RECONCILE, instance="radarr"))
    scene.house.run(jobs_of(store, JobKind.SEARCH)[0].id)

    scene.radarr.grab(scene.heat, "Heat.1995.1080p")
    scene.hear("Grab")
    scene.reconcile()
    left = (scene.item().state, scene.item().reason, scene.transfers())
    scene.radarr.queue.clear()
    scene.reconcile()

    assert left == (ItemState.WAITING, "radarr downloads it itself", [])
    assert jobs_of(store, JobKind.DOWNLOAD)[0].status is JobStatus.CANCELLED
    assert scene.transfers() == [FIRST]
    assert scene.item().state is ItemState.IMPORTED


def test_a_refused_file_is_offered_again_when_a_grab_came_to_nothing(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    scene.radarr.judge.refuse("Sample")
    scene.reconcile()
    scene.radarr.grab(scene.heat, "Heat.1995.1080p")
    scene.hear("Grab")
    scene.radarr.mend()
    scene.radarr.queue.clear()

    scene.reconcile()

    assert scene.transfers() == [FIRST]
    assert scene.item().state is ItemState.IMPORTED


# --- what a person orders ---


def test_an_order_by_force_does_not_wait_after_a_failure(scene: Scene) -> None:
    scene.offer((HEAT, FIRST), reply=GONE_REPLY)
    scene.reconcile()

    scene.reconcile(force=True)

    assert scene.transfers() == [FIRST, FIRST]


def test_an_order_by_force_fetches_a_refused_file_again(scene: Scene) -> None:
    scene.offer((HEAT, FIRST))
    scene.radarr.judge.refuse("Sample")
    scene.reconcile()
    scene.radarr.mend()

    scene.reconcile(force=True)

    assert scene.transfers() == [FIRST, FIRST]
    assert scene.item().state is ItemState.IMPORTED


def test_an_order_for_one_item_searches_it_whatever_became_of_it_and_no_other(
    scene: Scene,
) -> None:
    scene.offer((HEAT, FIRST))
    cancel_download(scene)
    ronin = scene.radarr.seed_movie("Ronin", 1998)

    scene.reconcile(arr_id=scene.heat)

    [other] = scene.house.store.items.of_arr("radarr", [ronin])
    assert scene.transfers() == [FIRST]
    assert scene.item().state is ItemState.IMPORTED
    assert (other.state, other.searched_at) == (ItemState.SEARCHING, None)


def test_an_order_may_start_fewer_searches_than_the_settings_say(scene: Scene) -> None:
    scene.radarr.seed_movie("Ronin", 1998)

    scene.reconcile(limit=1)

    assert len(jobs_of(scene.house.store, JobKind.SEARCH)) == 1


# --- what left the list, and how much is started ---


def test_what_radarr_no_longer_misses_is_closed(scene: Scene) -> None:
    scene.reconcile()
    scene.radarr.edit_movie(scene.heat, monitored=False)
    scene.after(A_MOMENT)

    scene.reconcile()

    assert scene.item().state is ItemState.GONE
    assert "no longer misses" in scene.item().reason


def test_what_is_wanted_again_after_it_was_closed_is_fetched(scene: Scene) -> None:
    scene.reconcile()
    scene.radarr.edit_movie(scene.heat, monitored=False)
    scene.after(A_MOMENT)
    scene.reconcile()
    scene.offer((HEAT, FIRST))

    scene.radarr.edit_movie(scene.heat, monitored=True)
    scene.reconcile()

    assert scene.transfers() == [FIRST]


def test_an_episode_that_has_not_aired_is_not_closed_for_being_in_no_list(
    scene: Scene, sonarr: Sonarr
) -> None:
    soon = scene.house.services.now() + 3 * DAY
    wire = sonarr.seed_series(
        "The Wire", 2002, episodes=(*season(1, 1), NewEpisode(1, 2, aired_at=soon))
    )
    body = json.dumps({"eventType": "SeriesAdd", "series": {"id": wire, "title": "The Wire"}})
    scene.house.store.deliveries.add([("sonarr", body)])
    scene.drain()
    scene.after(A_MOMENT)

    scene.reconcile("sonarr")
    [unaired] = scene.house.store.items.of_arr("sonarr", [sonarr.episode_id(wire, 1, 2)])
    sonarr.delete_series(wire)
    scene.after(A_MOMENT)
    scene.reconcile("sonarr", fresh=True)
    states = {item.state for item in scene.house.store.items.of_series("sonarr", wire)}

    assert unaired.state is ItemState.UNRELEASED
    assert states == {ItemState.GONE}


def test_each_run_starts_the_newest_that_are_not_under_way_yet(scene: Scene) -> None:
    scene.house.rule("radarr", search_limit=2)
    now = scene.house.services.now()
    for number, title in enumerate(("Ronin", "Alien", "Laura", "Gilda")):
        scene.radarr.now = _fixed(now - (10 - number) * DAY)
        scene.radarr.seed_movie(title, 1990)

    started = []
    for _ in range(3):
        before = len(jobs_of(scene.house.store, JobKind.SEARCH))
        scene.house.run(add_job(scene.house.store, JobKind.RECONCILE, instance="radarr"))
        started.append([job.title for job in jobs_of(scene.house.store, JobKind.SEARCH)[before:]])

    assert started == [
        ["Heat (1995)", "Gilda (1990)"],
        ["Laura (1990)", "Alien (1990)"],
        ["Ronin (1990)"],
    ]


def _fixed(time: Any) -> Any:
    return lambda: time


def test_the_wait_of_one_that_failed_leaves_room_for_others(scene: Scene) -> None:
    scene.house.rule("radarr", search_limit=1)
    scene.offer((HEAT, FIRST), reply=GONE_REPLY)
    scene.reconcile()
    scene.radarr.now = _fixed(scene.house.services.now() - 10 * DAY)
    scene.radarr.seed_movie("Ronin", 1998)

    scene.reconcile()

    assert jobs_of(scene.house.store, JobKind.SEARCH)[-1].title == "Ronin (1998)"


def test_what_waits_is_made_urgent_by_a_person(scene: Scene) -> None:
    scene.house.run(add_job(scene.house.store, JobKind.RECONCILE, instance="radarr"))

    by_hand.search(scene.house.services, "radarr", scene.heat)

    [search] = jobs_of(scene.house.store, JobKind.SEARCH)
    assert search.priority == URGENT


def test_the_line_of_a_run_counts_by_state(scene: Scene) -> None:
    scene.radarr.seed_movie("Ronin", 1998)
    scene.offer((HEAT, FIRST), reply=GONE_REPLY)
    scene.reconcile()

    job = scene.reconcile()

    assert job.result is not None
    assert job.result["reason"] == "2 missing, 1 in no list, 1 failed"


def test_what_nobody_has_is_counted_anew_after_each_sync(scene: Scene) -> None:
    def uncollected() -> list[str]:
        page = PageRequest(limit=10, sort="title")
        return [each.title for each in store.titles.uncollected(ContentType.MOVIE, page).rows]

    store = scene.house.store
    scene.offer((HEAT, FIRST), ("Ronin (1998)", SECOND), reply=GONE_REPLY)
    scene.reconcile()
    before = uncollected()

    scene.radarr.seed_movie("Ronin", 1998)
    scene.reconcile(fresh=True)

    assert (before, uncollected()) == (["Ronin"], [])


def test_what_nobody_has_is_told_by_a_library_of_the_last_minutes(scene: Scene) -> None:
    now_s = [0.0]
    radarr = scene.radarr
    http = ArrHttp("radarr", radarr.url, radarr.api_key, wait=lambda _: None)
    http.monotonic = lambda: now_s[0]
    scene.house.change(arrs={"radarr": RadarrClient(http)})
    movies = ContentType.MOVIE

    before = collections_of(scene.house.services)[movies]
    radarr.seed_movie("Ronin", 1998)
    now_s[0] = 601.0
    after = collections_of(scene.house.services)[movies]

    assert before is not None
    assert after is not None
    assert (before.holds("Ronin", 1998), after.holds("Ronin", 1998)) == (False, True)


def test_the_facts_of_the_last_sync_are_those_of_the_arr(scene: Scene) -> None:
    scene.reconcile()
    scene.radarr.edit_movie(scene.heat, runtime=171)

    scene.reconcile()

    wanted: Wanted = scene.item().wanted
    assert wanted.runtime_minutes == 171

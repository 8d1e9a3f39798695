"""A better file takes the place of a worse one until the quality profile is content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stalkeer.core.items import ItemKind
from stalkeer.core.states import ItemState, JobKind
from stalkeer.db.items import Item
from stalkeer.db.pages import PageRequest
from stalkeer.jobs.preview import preview
from tests.builders import LIMITS, add_job, entry, jobs_of, publish
from tests.jobs.conftest import House
from tests.standins.media import MediaServer
from tests.standins.mediafiles import mkv_film, write_film
from tests.standins.radarr import Radarr
from tests.standins.sonarr import Sonarr, season

FILM = mkv_film(100_000, minutes=170)


@dataclass(frozen=True, slots=True)
class Scene:
    """A home with upgrades switched on, and a Radarr that has Heat in 720p and may have 1080p."""

    house: House
    radarr: Radarr
    media: MediaServer
    heat: int

    def offer(self, *names: str) -> list[int]:
        """Put films into the only playlist; their addresses are `/0.mkv`, `/1.mkv`."""
        urls = (self.media.put(f"/{number}.mkv", FILM) for number in range(len(names)))
        return publish(
            self.house.store, *(entry(name, url) for name, url in zip(names, urls, strict=True))
        )

    def reconcile(self, instance: str = "radarr") -> str:
        """Reconcile, do all that follows, and return the line of the run."""
        job = self.house.run(add_job(self.house.store, JobKind.RECONCILE, instance=instance))
        while bells := self.house.store.jobs.ring(LIMITS):
            for bell in bells:
                self.house.run(bell.job_id)
        return str((job.result or {}).get("reason"))

    def item(self) -> Item:
        [item] = self.house.store.items.of_arr("radarr", [self.heat])
        return item

    def file(self) -> Path:
        path = self.radarr.movie_file(self.heat)
        assert path is not None
        return path


@pytest.fixture
def scene(house: House, radarr: Radarr) -> Iterator[Scene]:
    house.change(matching=replace(house.services.matching, upgrade=True))
    folder = house.folder / "movies" / "Heat (1995)"
    folder.mkdir()
    write_film(folder / "Heat (1995) WEBDL-720p.mkv", FILM)
    radarr.profiles.set("WEBDL-720p", "WEBDL-1080p", cutoff="WEBDL-1080p")
    with MediaServer() as media:
        yield Scene(house, radarr, media, radarr.seed_movie("Heat", 1995, runtime=170))


def test_a_better_entry_replaces_the_worse_file_once(scene: Scene) -> None:
    scene.offer("Heat (1995) 720p", "Heat (1995) 1080p")

    lines = [scene.reconcile() for _ in range(3)]

    assert [seen.path for seen in scene.media.requests()] == ["/1.mkv"]
    assert scene.radarr.count_imports(scene.heat) == 1
    assert "1080p" in scene.file().name
    assert scene.item().state in (ItemState.IMPORTED, ItemState.GONE)
    assert lines == ["0 missing, 1 to replace by a better file", "0 missing", "0 missing"]


@pytest.mark.parametrize("name", ["Heat (1995) 720p", "Heat (1995) SD", "Heat (1995) 4K"])
def test_an_equal_a_worse_and_a_forbidden_entry_leave_the_file_alone(
    scene: Scene, name: str
) -> None:
    scene.offer(name)

    scene.reconcile()

    assert not scene.media.requests()
    assert "720p" in scene.file().name
    assert scene.item().reason_code == "wrong_resolution"


def test_what_is_there_is_not_shown_as_missing(scene: Scene) -> None:
    scene.offer("Heat (1995) 720p")

    scene.reconcile()

    assert scene.house.store.items.missing(ItemKind.MOVIE, PageRequest()).total == 0


def test_without_the_setting_every_file_is_left_alone(scene: Scene) -> None:
    scene.offer("Heat (1995) 1080p")
    scene.house.change(matching=replace(scene.house.services.matching, upgrade=False))

    scene.reconcile()

    assert not scene.house.store.items.of_arr("radarr", [scene.heat])


def test_without_upgrades_in_the_profile_the_file_is_left_alone(scene: Scene) -> None:
    scene.offer("Heat (1995) 1080p")
    scene.radarr.profiles.set(
        "WEBDL-720p", "WEBDL-1080p", cutoff="WEBDL-1080p", upgrade_allowed=False
    )

    scene.reconcile()

    assert not scene.media.requests()


def test_a_dry_run_shows_what_would_be_replaced(scene: Scene) -> None:
    scene.offer("Heat (1995) 1080p")

    [shown] = preview(scene.house.services, "radarr")

    assert (shown.title, shown.decision) == ("Heat (1995)", "take")


def test_an_entry_that_shows_no_resolution_may_be_better_and_is_judged_by_its_file(
    scene: Scene,
) -> None:
    scene.offer("Heat (1995)")
    add_job(scene.house.store, JobKind.RECONCILE, instance="radarr")
    for _ in range(2):
        for bell in scene.house.store.jobs.ring(LIMITS):
            scene.house.run(bell.job_id)

    [download] = jobs_of(scene.house.store, JobKind.DOWNLOAD)

    assert json.loads(download.payload) == {"resolutions": ["1080p"]}


def test_without_a_look_into_the_file_a_better_resolution_must_be_shown(scene: Scene) -> None:
    scene.offer("Heat (1995)")
    rules = replace(scene.house.services.downloads, verify=False)
    scene.house.change(downloads=rules)

    scene.reconcile()

    assert not scene.media.requests()


def test_a_better_episode_replaces_the_worse_file(house: House, sonarr: Sonarr) -> None:
    house.change(matching=replace(house.services.matching, upgrade=True))
    folder = house.folder / "tv" / "The Wire" / "Season 1"
    folder.mkdir(parents=True)
    write_film(folder / "The Wire - S01E01 WEBDL-720p.mkv", mkv_film(100_000, minutes=60))
    sonarr.profiles.set("WEBDL-720p", "WEBDL-1080p", cutoff="WEBDL-1080p")
    wire = sonarr.seed_series("The Wire", 2002, episodes=season(1, 1), runtime=60)
    episode_id = sonarr.episode_id(wire, 1, 1)
    with MediaServer() as media:
        url = media.put("/1.mkv", mkv_film(100_000, minutes=60))
        publish(house.store, entry("The Wire S01 E01 1080p", url, group="Series"))
        add_job(house.store, JobKind.RECONCILE, instance="sonarr")

        while bells := house.store.jobs.ring(LIMITS):
            for bell in bells:
                house.run(bell.job_id)

    [item] = house.store.items.of_arr("sonarr", [episode_id])
    assert item.state is ItemState.IMPORTED
    assert sonarr.count_imports(episode_id) == 1

"""What the doctor looks at: each fault with its remedy, and nothing wrong where all is well."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from stalkeer.arr.base import RootFolder
from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr as RadarrClient
from stalkeer.arr.tmdb import Tmdb
from stalkeer.core.pathmap import PathMap
from stalkeer.db.connect import Database
from stalkeer.db.playlists import PlaylistRow
from stalkeer.db.store import Store
from stalkeer.jobs.doctor import Doctor, Finding, suggest_path_map
from stalkeer.jobs.folders import MARKER
from stalkeer.jobs.register import Webhook, register
from stalkeer.playlist.errors import PlaylistUnreachableError
from tests.builders import entry, playlist, publish
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr
from tests.standins.receiver import Received, Receiver, receiving
from tests.standins.server import Fault
from tests.standins.sonarr import Sonarr


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as hears:
        yield hears


@pytest.fixture
def doctor(house: House, radarr: Radarr, receiver: Receiver) -> Doctor:
    """A doctor of a home where everything is well."""
    webhook = Webhook(f"{receiver.url}/webhooks/radarr", "stalkeer", "word")
    register(house.services.arrs["radarr"], webhook)
    publish(house.store, entry())
    return Doctor(
        services=house.services,
        warnings=(),
        queue_kind="embedded",
        queue_answers=lambda: True,
        webhooks={"radarr": webhook},
        playlist_every_s=3600,
        reach=lambda _: None,
    )


def faults(doctor: Doctor) -> dict[str, Finding]:
    return {found.subject: found for found in doctor.examine() if not found.is_well}


def only_fault(doctor: Doctor) -> Finding:
    [fault] = faults(doctor).values()
    return fault


def changed(doctor: Doctor, **changes: Any) -> Doctor:
    return replace(doctor, services=replace(doctor.services, **changes))


def ruled(doctor: Doctor, **changes: Any) -> Doctor:
    """Give the doctor other settings of Radarr."""
    instances = doctor.services.instances
    rules = replace(instances["radarr"], **changes)
    return changed(doctor, instances={**instances, "radarr": rules})


def test_a_home_that_is_well_has_no_fault_and_says_what_was_looked_at(
    doctor: Doctor, house: House
) -> None:
    found = list(doctor.examine())

    assert [one for one in found if not one.is_well] == []
    assert [one.subject for one in found] == [
        "settings", "database", "playlist list", "queue", "radarr", "radarr library",
        "radarr downloads", "radarr disk", "radarr webhook",
    ]  # fmt: skip
    assert all(one.message for one in found)
    assert not list(house.downloads.rglob(MARKER))


def test_a_warning_of_the_settings_is_a_fault(doctor: Doctor) -> None:
    fault = only_fault(replace(doctor, warnings=("STALKEER_RADAR_URL is not known",)))

    assert fault.message == "STALKEER_RADAR_URL is not known"
    assert "variable" in fault.remedy


def test_without_an_instance_the_variables_are_named(doctor: Doctor) -> None:
    fault = only_fault(changed(doctor, instances={}, arrs={}))

    assert "STALKEER_RADARR_URL" in fault.remedy


def test_a_database_that_does_not_answer_is_named(doctor: Doctor, tmp_path: Path) -> None:
    empty = Store(Database(f"sqlite:///{tmp_path / 'empty.db'}"))

    fault = faults(changed(doctor, store=empty))["database"]

    empty.close()
    assert "STALKEER_DATABASE_URL" in fault.remedy


def test_a_clock_that_differs_from_the_database_is_named(doctor: Doctor) -> None:
    now = doctor.services.now

    fault = only_fault(changed(doctor, now=lambda: now() + timedelta(minutes=10)))

    assert (fault.subject, "NTP" in fault.remedy) == ("clock", True)
    assert "differ by 600 s" in fault.message


@pytest.mark.parametrize(("minutes", "differs"), [(1, False), (-3, True), (3, True)])
def test_a_clock_of_radarr_that_differs_from_ours_is_named(
    doctor: Doctor, minutes: int, differs: bool
) -> None:
    class Elsewhere(RadarrClient):
        def server_time(self) -> datetime:
            return doctor.services.now() + timedelta(minutes=minutes)

    arr = Elsewhere(doctor.services.arrs["radarr"]._http)

    found = faults(changed(doctor, arrs={"radarr": arr}))

    assert ("radarr clock" in found) is differs


def test_a_small_difference_of_the_clocks_is_none(doctor: Doctor) -> None:
    now = doctor.services.now

    assert faults(changed(doctor, now=lambda: now() + timedelta(seconds=60))) == {}


def test_a_queue_that_does_not_answer_is_named(doctor: Doctor) -> None:
    fault = only_fault(replace(doctor, queue_kind="redis", queue_answers=lambda: False))

    assert (fault.subject, "STALKEER_REDIS_URL" in fault.remedy) == ("queue", True)


def test_no_playlist_is_a_fault(house: House) -> None:
    bare = Doctor(
        services=house.services,
        warnings=(),
        queue_kind="embedded",
        queue_answers=lambda: True,
        webhooks={},
        playlist_every_s=3600,
        reach=lambda _: None,
    )

    assert "STALKEER_M3U_URL" in faults(bare)["playlist"].remedy


def test_a_playlist_that_was_never_read_is_a_fault(doctor: Doctor, house: House) -> None:
    playlist(house.store, "other")

    fault = only_fault(doctor)

    assert (fault.subject, fault.message) == ("playlist other", "was never read")
    assert "stalkeer process" in fault.remedy


def test_the_last_error_of_a_playlist_is_a_fault(doctor: Doctor, house: House) -> None:
    house.store.playlists.note(playlist(house.store), error="the list is a page of HTML")

    assert only_fault(doctor).message == "the list is a page of HTML"


@pytest.mark.parametrize(("hours", "is_old"), [(2.9, False), (3.1, True)])
def test_a_playlist_that_missed_three_refreshes_is_too_old(
    doctor: Doctor, house: House, hours: float, is_old: bool
) -> None:
    house.store.db.clock_offset_s = hours * 3600

    assert ("playlist list" in faults(doctor)) is is_old


def test_a_playlist_that_cannot_be_had_now_is_a_fault(doctor: Doctor) -> None:
    def refuse(_: PlaylistRow) -> None:
        raise PlaylistUnreachableError("The playlist at host:80 did not answer in time.")

    fault = only_fault(replace(doctor, reach=refuse))

    assert (fault.subject, fault.message) == (
        "playlist list",
        "The playlist at host:80 did not answer in time.",
    )


@pytest.mark.parametrize(
    ("days", "said"),
    [
        pytest.param(-1, "the account ran out on", id="is-over"),
        pytest.param(1.1, "in 1 day", id="tomorrow"),
        pytest.param(6.9, "in 6 days", id="within-a-week"),
        pytest.param(7.1, None, id="later"),
    ],
)
def test_an_account_is_a_fault_a_week_before_it_runs_out(
    doctor: Doctor, house: House, days: float, said: str | None
) -> None:
    expires_at = house.services.now() + timedelta(days=days)
    (row,) = house.store.playlists.all()
    house.store.playlists.note_account(row.id, max_connections=2, expires_at=expires_at)

    messages = [fault.message for fault in faults(doctor).values()]

    assert len(messages) == (said is not None)
    assert said is None or said in messages[0]


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.UNAUTHORIZED, Fault.HTML])
def test_an_arr_that_does_not_answer_as_it_should_names_its_variables(
    doctor: Doctor, radarr: Radarr, fault: Fault
) -> None:
    radarr.break_with(fault)

    found = only_fault(doctor)

    assert found.subject == "radarr"
    assert "STALKEER_RADARR_URL" in found.remedy
    assert "STALKEER_RADARR_API_KEY" in found.remedy
    assert radarr.api_key not in found.message


def test_the_other_program_at_the_address_is_named(
    doctor: Doctor, sonarr: Sonarr, house: House
) -> None:
    arrs = dict(house.services.arrs)
    wrong = type(arrs["radarr"])(arrs["sonarr"]._http)

    found = only_fault(changed(doctor, arrs={"radarr": wrong}))

    assert "leads to Sonarr" in found.message


def test_a_root_folder_that_cannot_be_used_is_named(doctor: Doctor, radarr: Radarr) -> None:
    class Blocked(RadarrClient):
        def root_folders(self) -> tuple[RootFolder, ...]:
            return (RootFolder("/movies", accessible=False, free_bytes=None),)

    arr = Blocked(doctor.services.arrs["radarr"]._http)

    found = only_fault(changed(doctor, arrs={"radarr": arr}))

    assert "/movies" in found.message
    assert "Mount" in found.remedy


def test_a_folder_we_may_not_write_to_is_named(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    found = faults(ruled(doctor, folder=tmp_path / "file" / "movies"))["radarr downloads"]

    assert str(tmp_path / "file") in found.message
    assert "owner" in found.remedy


@pytest.fixture
def container(tmp_path: Path, house: House) -> Iterator[RadarrClient]:
    """A Radarr whose whole file system can be listed; it calls our downloads `/data/downloads`."""
    root = tmp_path / "container"
    (root / "data").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "data" / "downloads").symlink_to(house.downloads)
    (tmp_path / "movies-of-container").mkdir()
    with Radarr(root=tmp_path / "movies-of-container", path_map={"/": root}) as stand_in:
        http = ArrHttp("radarr", stand_in.url, stand_in.api_key, wait=lambda _: None)
        client = RadarrClient(http)
        yield client
        client.close()


def test_a_folder_the_arr_sees_elsewhere_comes_with_the_path_map_to_set(
    doctor: Doctor, house: House, container: RadarrClient
) -> None:
    blind = ruled(changed(doctor, arrs={"radarr": container}), path_map=PathMap())

    fault = faults(blind)["radarr downloads"]

    assert "does not see" in fault.message
    assert fault.remedy == f"Set STALKEER_RADARR_PATH_MAP={house.folder}=>/data"


def test_a_folder_that_the_arr_sees_nowhere_is_to_be_mounted(
    doctor: Doctor, tmp_path: Path
) -> None:
    fault = only_fault(ruled(doctor, folder=tmp_path / "elsewhere", path_map=PathMap()))

    assert fault.remedy == "Mount the same folder in both containers."


def test_the_suggested_path_map_works(
    doctor: Doctor, house: House, container: RadarrClient
) -> None:
    pair = suggest_path_map(container, house.services.instances["radarr"].folder)

    assert pair is not None
    mended = ruled(changed(doctor, arrs={"radarr": container}), path_map=PathMap((pair,)))
    assert "radarr downloads" not in faults(mended)
    assert not list(house.downloads.rglob(MARKER))


def test_a_disk_that_is_too_full_is_named(doctor: Doctor) -> None:
    rules = replace(doctor.services.downloads, min_free_bytes=10**18)

    fault = only_fault(changed(doctor, downloads=rules))

    assert fault.subject == "radarr disk"
    assert "must stay free" in fault.remedy


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/webhooks/radarr", "http://nowhere.example.invalid/webhooks/radarr"]
)
def test_an_address_that_radarr_does_not_reach_is_named(doctor: Doctor, url: str) -> None:
    webhook = Webhook(url, "stalkeer", "word")

    fault = only_fault(replace(doctor, webhooks={"radarr": webhook}))

    assert url in fault.message
    assert "STALKEER_PUBLIC_URL" in fault.remedy
    assert "word" not in fault.message


def test_a_webhook_that_turns_radarr_away_is_named(doctor: Doctor, receiver: Receiver) -> None:
    receiver.answers = [401]

    fault = only_fault(doctor)

    assert fault.subject == "radarr webhook"
    assert "401" in fault.message


def test_a_webhook_that_is_not_registered_names_the_command(
    doctor: Doctor, receiver: Receiver
) -> None:
    other = Webhook(f"{receiver.url}/other", "stalkeer", "word")
    fresh = replace(doctor, webhooks={"radarr": other})
    # The name would find it: only another name and another address are another webhook.
    rename(doctor)

    fault = only_fault(fresh)

    assert "no Connect webhook sends to it" in fault.message
    assert fault.remedy == "Run `stalkeer register radarr`."


def rename(doctor: Doctor) -> None:
    """Let the registered webhook carry another name."""
    arr = doctor.services.arrs["radarr"]
    [made] = arr.notifications()
    arr.save_notification(made | {"name": "somebody else's"})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"onGrab": False}, "is not as it should be (onGrab)", id="trigger"),
        pytest.param({"implementation": "Email"}, "no Connect webhook", id="none"),
    ],
)
def test_a_webhook_that_is_not_as_it_should_be_has_its_remedy(
    doctor: Doctor, radarr: Radarr, wrong: dict[str, Any], said: str
) -> None:
    radarr.connect._stored[1].update(wrong)

    fault = only_fault(doctor)

    assert fault.subject == "radarr webhook"
    assert said in fault.message
    assert "`stalkeer register radarr`" in fault.remedy


def test_a_webhook_with_the_address_of_last_year_is_a_fault(doctor: Doctor, radarr: Radarr) -> None:
    [fields] = [one["fields"] for one in radarr.connect._stored.values()]
    next(one for one in fields if one["name"] == "url")["value"] = "http://127.0.0.1:1/old"

    assert "(url)" in only_fault(doctor).message


def test_a_webhook_with_an_old_password_is_a_fault(
    doctor: Doctor, radarr: Radarr, receiver: Receiver
) -> None:
    def judge(got: Received) -> None:
        good = base64.b64encode(b"stalkeer:word").decode()
        receiver.answers = [200 if got.headers["authorization"] == f"Basic {good}" else 401]

    [fields] = [one["fields"] for one in radarr.connect._stored.values()]
    next(one for one in fields if one["name"] == "password")["value"] = "of-last-year"

    receiver.ask = judge

    assert "password" in only_fault(doctor).message


# Apprise imports it where there still is one.
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_an_address_for_notifications_that_nobody_knows_is_a_fault(doctor: Doctor) -> None:
    known = changed(doctor, notify_urls=("json://127.0.0.1:1/",))
    unknown = changed(doctor, notify_urls=("json://127.0.0.1:1/", "bogus://planted"))

    fault = only_fault(unknown)

    assert faults(known) == {}
    assert "Address 2 of STALKEER_NOTIFICATIONS_URLS" in fault.message
    assert "planted" not in fault.message + fault.remedy


@pytest.mark.parametrize(("status", "is_well"), [(200, True), (401, False)])
def test_a_key_of_tmdb_is_tried(doctor: Doctor, status: int, is_well: bool) -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(status, json={"success": is_well}))
    tmdb = Tmdb(
        "k" * 32, language="en", requests_per_second=4, wait=lambda _: None, transport=answer
    )

    found = faults(changed(doctor, tmdb=tmdb))

    tmdb.close()
    assert ("tmdb" not in found) is is_well
    assert is_well or "STALKEER_TMDB_API_KEY" in found["tmdb"].remedy

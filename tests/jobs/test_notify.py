"""Messages to the user, through a real server that takes them."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from stalkeer.core.connections import ProviderPause
from stalkeer.core.jobs import ItemMove
from stalkeer.core.notices import Event
from stalkeer.core.states import ItemState, JobKind, JobStatus
from stalkeer.jobs.notify import (
    BUNDLE_S,
    NoServiceError,
    NotifyError,
    UnknownServiceError,
    plan,
    require_known,
    send,
    send_test,
)
from tests.builders import jobs_of, learn, movie
from tests.jobs.conftest import House, Site
from tests.servers import free_port
from tests.standins.radarr import Radarr

# Apprise imports it where there still is one.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

FAILED, TO_CONFIRM = ItemState.FAILED, ItemState.TO_CONFIRM


def listen(house: House, *ports: int, events: str = "") -> None:
    """Set a service for each port."""
    house.change(
        notify_urls=tuple(f"json://127.0.0.1:{port}/" for port in ports),
        notify_events=frozenset(events.split()),
    )


def happen(house: House, *states: ItemState, arr_id: int = 1) -> None:
    """Let a film come into one state after another."""
    item_id = learn(house.store, movie(arr_id, f"Film {arr_id}", 1990))
    for state in states:
        house.store.items.move([ItemMove(item_id=item_id, state=state, reason="it was cut")])


def tell(house: House) -> list[Any]:
    """Let a minute pass and run the jobs that are due: one a service."""
    house.store.db.clock_offset_s += BUNDLE_S + 1
    plan(house.services)
    return [house.run(job.id) for job in jobs_of(house.store, JobKind.NOTIFY)]


def messages(site: Site) -> list[str]:
    return [json.loads(body)["message"] for body in site.bodies]


def waiting(house: House) -> list[tuple[Event, str]]:
    return [(one.event, one.text) for one in house.store.notices.waiting()]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        pytest.param(
            [ItemState.OBTAINED, ItemState.IMPORTED], [(Event.IMPORTED, "Film 1 (1990)")], id="ours"
        ),
        pytest.param([ItemState.IMPORTED], [], id="imported-from-elsewhere"),
        pytest.param([TO_CONFIRM], [(Event.TO_CONFIRM, "Film 1 (1990)")], id="to-confirm"),
        pytest.param([FAILED], [(Event.FAILED, "Film 1 (1990): it was cut")], id="failed"),
        pytest.param(
            [ItemState.IMPORT_FAILED], [(Event.FAILED, "Film 1 (1990): it was cut")], id="refused"
        ),
        pytest.param([TO_CONFIRM, TO_CONFIRM], [(Event.TO_CONFIRM, "Film 1 (1990)")], id="once"),
        pytest.param([ItemState.WAITING, ItemState.DOWNLOADING], [], id="nothing-to-tell"),
    ],
)
def test_what_a_state_means_for_the_user_is_written_down_with_it(
    house: House, states: list[ItemState], told: list[tuple[Event, str]]
) -> None:
    happen(house, *states)

    assert waiting(house) == told


def test_a_bulk_add_sends_one_message(house: House, site: Site) -> None:
    listen(house, site.port)
    for number in range(40):
        happen(house, TO_CONFIRM, arr_id=number + 1)

    [job] = tell(house)

    assert job.status is JobStatus.DONE
    [text] = messages(site)
    assert text.startswith("Wait for your word (40): Film 1 (1990); ")
    assert text.endswith("and 30 more")
    assert waiting(house) == []


def test_only_what_was_chosen_is_told(house: House, site: Site) -> None:
    listen(house, site.port, events="failed")
    happen(house, TO_CONFIRM)
    happen(house, FAILED, arr_id=2)

    tell(house)

    assert messages(site) == ["Could not be fetched (1): Film 2 (1990): it was cut"]
    assert waiting(house) == []


def test_a_service_that_does_not_take_it_is_asked_again_with_the_same(
    house: House, site: Site
) -> None:
    listen(house, site.port)
    happen(house, FAILED)
    site.status = 500

    [job] = tell(house)
    site.status = 200
    house.store.db.clock_offset_s += 3600
    [again] = tell(house)

    assert (job.status, job.error_code) == (JobStatus.READY, "notify_failed")
    assert "STALKEER_NOTIFICATIONS_URLS" in job.last_error
    assert again.status is JobStatus.DONE
    assert len(set(messages(site))) == 1


def test_one_bad_address_lets_the_others_hear_everything_once(house: House, site: Site) -> None:
    listen(house, free_port(), site.port)
    happen(house, FAILED)

    for _ in range(100):
        tell(house)

    assert len(site.bodies) == 1
    bad, good = sorted(jobs_of(house.store, JobKind.NOTIFY), key=lambda job: job.id)
    assert (good.status, bad.status) == (JobStatus.DONE, JobStatus.FAILED)
    assert "address 1 of" in bad.last_error
    assert waiting(house) == []


def test_an_address_that_nobody_knows_is_not_tried_again(house: House, site: Site) -> None:
    house.change(notify_urls=("bogus://x", f"json://127.0.0.1:{site.port}/"))
    happen(house, FAILED)

    bad, good = sorted(tell(house), key=lambda job: job.id)

    assert (bad.status, bad.attempts, good.status) == (JobStatus.FAILED, 1, JobStatus.DONE)


def test_a_message_for_a_service_that_is_no_longer_set_is_dropped(house: House, site: Site) -> None:
    listen(house, free_port())
    happen(house, FAILED)
    tell(house)
    listen(house, site.port)
    house.store.db.clock_offset_s += 3600

    [job] = tell(house)

    assert job.result["outcome"] == "skipped"
    assert site.bodies == []


def test_a_job_holds_no_address(house: House, site: Site) -> None:
    house.change(notify_urls=(f"json://joe:planted-word@127.0.0.1:{site.port}/",))
    happen(house, FAILED)

    [job] = tell(house)

    assert "planted" not in job.payload + job.title


def test_nobody_is_told_when_no_service_is_set(house: House) -> None:
    happen(house, FAILED)

    assert tell(house) == []
    assert len(waiting(house)) == 1


def test_what_has_waited_a_minute_gets_one_job(house: House, site: Site) -> None:
    listen(house, site.port)
    happen(house, FAILED)

    plan(house.services)
    before = len(jobs_of(house.store, JobKind.NOTIFY))
    house.store.db.clock_offset_s = BUNDLE_S + 1
    plan(house.services)
    plan(house.services)

    assert (before, len(jobs_of(house.store, JobKind.NOTIFY))) == (0, 1)


def test_a_provider_that_lets_nobody_in_is_told_of_once_a_day(house: House, site: Site) -> None:
    listen(house, site.port)
    pause = ProviderPause(base_s=600, reason="it answered 403")
    providers, limits = house.store.providers, house.services.limits
    house.store.db.write(lambda: providers.pause("tv.example.invalid", pause, limits))

    plan(house.services)
    plan(house.services)

    assert waiting(house) == [(Event.PROVIDER, "tv.example.invalid: it answered 403")]


def test_a_disk_that_is_nearly_full_is_told_of_once_a_day(
    house: House, radarr: Radarr, site: Site
) -> None:
    listen(house, site.port)
    house.change(downloads=replace(house.services.downloads, min_free_bytes=10**18))
    house.services.instances["radarr"].folder.mkdir(parents=True, exist_ok=True)

    plan(house.services)
    plan(house.services)

    [(event, text)] = waiting(house)
    assert event is Event.DISK
    assert "1000000000.0 GB are needed" in text


def test_a_folder_that_is_not_there_yet_is_no_news(
    house: House, radarr: Radarr, site: Site
) -> None:
    listen(house, site.port)
    house.rule("radarr", folder=house.folder / "nowhere" / "deep")

    plan(house.services)

    assert waiting(house) == []


def test_titles_are_no_markup(house: House, site: Site) -> None:
    listen(house, site.port)

    send(house.services.notify_urls, "<b>Heat</b> & *more*")

    assert messages(site) == ["<b>Heat</b> & *more*"]


def test_a_test_message_is_sent_at_once_to_everybody(house: House, site: Site) -> None:
    listen(house, site.port, site.port)

    assert send_test(house.services) == 2
    assert len(site.bodies) == 2


def test_a_test_without_a_service_says_what_to_set(house: House) -> None:
    with pytest.raises(NoServiceError, match="STALKEER_NOTIFICATIONS_URLS"):
        send_test(house.services)


def test_a_test_reaches_the_others_when_one_is_away(house: House, site: Site) -> None:
    listen(house, free_port(), site.port)

    with pytest.raises(NotifyError, match="address 1 of"):
        send_test(house.services)

    assert len(site.bodies) == 1


@pytest.mark.parametrize("address", ["nothing://planted-token", "tgram://planted", "planted"])
def test_an_address_that_apprise_does_not_know_is_named_by_its_number(
    address: str,
) -> None:
    written = StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger("apprise").addHandler(handler)

    with pytest.raises(UnknownServiceError, match=r"^Address 2 of ") as caught:
        require_known(["json://127.0.0.1:1/", address])

    logging.getLogger("apprise").removeHandler(handler)
    assert "planted" not in str(caught.value) + written.getvalue()

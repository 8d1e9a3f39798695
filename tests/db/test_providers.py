"""What is known of each provider: its limits, its pauses, the gap between its starts."""

from __future__ import annotations

import pytest

from stalkeer.core.connections import ProviderPause
from stalkeer.core.jobs import Lease, done, later
from stalkeer.core.states import JobKind
from stalkeer.db.models import Playlist, PlaylistAddress, WantedItem
from stalkeer.db.providers import ProviderState, SlotLimits
from stalkeer.db.store import Store
from tests.builders import (
    OWNER,
    add_job,
    entry,
    learn,
    movie,
    playlist,
    publish,
    row_of,
    start_download,
    take,
)

LIMITS = SlotLimits(overall=9, per_provider=3)
TOO_MANY = ProviderPause(base_s=60, is_too_many=True, reason="too many connections")


def fetch_from(store: Store, provider: str = "p", limits: SlotLimits = LIMITS) -> Lease:
    """Claim a new download from a provider."""
    return take(store, add_job(store, JobKind.DOWNLOAD, provider=provider), limits)[1]


def state_of(store: Store, provider: str = "p", limits: SlotLimits = LIMITS) -> ProviderState:
    (state,) = (each for each in store.providers.all(limits) if each.name == provider)
    return state


def can_start(store: Store, provider: str = "p", limits: SlotLimits = LIMITS) -> bool:
    lease = Lease(add_job(store, JobKind.DOWNLOAD, provider=provider), f"try-{provider}")
    claimed = store.leases.claim(lease, owner=OWNER, limits=limits)
    if claimed is not None:
        store.leases.end(lease, done("tried"), limits)
    return claimed is not None


def set_playlist(store: Store, name: str, provider: str, **columns: object) -> None:
    """Make a list with an entry at a provider that says something of its own."""
    playlist_id = playlist(store, name)

    def write() -> None:
        if columns:
            Playlist.update(**columns).where(Playlist.id == playlist_id).execute()
        PlaylistAddress.insert(playlist=playlist_id, provider=provider, secret="", mark=0).execute()

    store.db.write(write)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({}, 3, id="the-setting"),
        pytest.param({"max_connections": 2}, 2, id="what-the-account-says"),
        pytest.param({"max_connections": 1, "connection_limit": 5}, 5, id="the-lists-own"),
        pytest.param({"max_connections": 0}, 3, id="an-account-that-says-nothing"),
    ],
)
def test_the_limit_is_the_lists_own_then_the_accounts_then_the_setting(
    store: Store, said: dict[str, int], expected: int
) -> None:
    set_playlist(store, "list", "p", **said)
    set_playlist(store, "other", "q", connection_limit=1)

    fetch_from(store)

    assert state_of(store).limit == expected


def test_of_two_lists_at_one_provider_the_stricter_counts(store: Store) -> None:
    set_playlist(store, "one", "p", max_connections=4, bandwidth_limit=5_000_000)
    set_playlist(store, "two", "p", connection_limit=2, bandwidth_limit=1_000_000)

    fetch_from(store)

    assert state_of(store).limit == 2
    assert store.providers.bandwidth("p") == 1_000_000
    assert store.providers.bandwidth("q") == 0


def test_a_provider_that_turns_us_away_gets_fewer_connections_and_later_more_again(
    store: Store,
) -> None:
    leases = [fetch_from(store) for _ in range(3)]

    store.leases.end(leases[-1], later("no", run_in_s=60, provider_pause=TOO_MANY), LIMITS)

    assert (state_of(store).configured, state_of(store).limit) == (3, 2)
    store.db.clock_offset_s = 1801
    assert state_of(store).limit == 3


def test_pauses_in_a_row_grow_and_bytes_end_the_row(store: Store) -> None:
    lease = fetch_from(store)
    pause = ProviderPause(base_s=60, reason="it is down")

    store.leases.end(lease, later("no", run_in_s=60, provider_pause=pause), LIMITS)
    store.db.clock_offset_s = 61
    _, lease = take(store, lease.job_id, LIMITS)
    store.leases.end(lease, later("no", run_in_s=60, provider_pause=pause), LIMITS)

    assert state_of(store).pauses == 2
    assert state_of(store).reason == "it is down"
    store.db.clock_offset_s = 61 + 119
    assert not can_start(store)
    store.db.clock_offset_s = 61 + 121
    assert can_start(store)


def test_what_fails_during_a_pause_makes_it_no_longer(store: Store) -> None:
    first, second = fetch_from(store), fetch_from(store)
    pause = ProviderPause(base_s=60)

    store.leases.end(first, later("no", run_in_s=60, provider_pause=pause), LIMITS)
    store.leases.end(second, later("no", run_in_s=60, provider_pause=pause), LIMITS)

    assert state_of(store).pauses == 1
    store.db.clock_offset_s = 61
    assert can_start(store)


def test_bytes_of_a_provider_forgive_its_pauses(store: Store) -> None:
    item = learn(store, movie())
    [row] = publish(store, entry())
    job = start_download(store, [item], row, provider="p")
    _, lease = take(store, job.id, LIMITS)
    pause = later("no", run_in_s=1, provider_pause=ProviderPause(base_s=1))
    store.leases.end(lease, pause, LIMITS)
    store.db.clock_offset_s = 2
    _, lease = take(store, job.id, LIMITS)

    store.leases.progress(lease, done=5, total=9, resume_token="{}")

    assert state_of(store).pauses == 0


def test_between_two_starts_at_a_provider_passes_the_gap(store: Store) -> None:
    limits = SlotLimits(overall=9, per_provider=3, start_gap_s=30)
    fetch_from(store, limits=limits)

    assert not can_start(store, limits=limits)
    assert can_start(store, "q", limits)
    store.db.clock_offset_s = 31
    assert can_start(store, limits=limits)


def test_with_a_gap_one_download_is_rung_for_at_a_time(store: Store) -> None:
    limits = SlotLimits(overall=9, per_provider=3, start_gap_s=30)
    for _ in range(3):
        add_job(store, JobKind.DOWNLOAD, provider="p")

    assert len(store.jobs.ring(limits)) == 1


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (SlotLimits(overall=9, per_provider=1), "waits for a free connection to p (1 at once)"),
        (SlotLimits(overall=1, per_provider=3), "waits for its turn (1 downloads at once)"),
        (
            SlotLimits(overall=9, per_provider=3, start_gap_s=30),
            "waits for 30 s to pass between two starts at p",
        ),
    ],
)
def test_an_item_says_what_its_download_waits_for(
    store: Store, limits: SlotLimits, expected: str
) -> None:
    item = learn(store, movie())
    [row] = publish(store, entry())
    fetch_from(store, limits=limits)
    start_download(store, [item], row, provider="p")

    store.jobs.ring(limits)

    shown = row_of(store, WantedItem, WantedItem.id == item)
    assert (shown.state, shown.reason) == ("waiting", expected)
    assert shown.reason_code == "waiting_connection"


def test_an_item_says_until_when_its_provider_is_left_alone(store: Store) -> None:
    item = learn(store, movie())
    [row] = publish(store, entry())
    lease = fetch_from(store)
    store.leases.end(lease, later("no", run_in_s=60, provider_pause=TOO_MANY), LIMITS)
    start_download(store, [item], row, provider="p")

    store.jobs.ring(LIMITS)

    shown = row_of(store, WantedItem, WantedItem.id == item)
    assert shown.reason.startswith("p is left alone until ")
    assert shown.reason.endswith("UTC: too many connections")

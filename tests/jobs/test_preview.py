"""What a reconcile would do, shown without writing anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stalkeer.core.states import MatchState
from stalkeer.db.models import MODELS
from stalkeer.jobs.preview import Preview, preview
from stalkeer.jobs.services import UnknownInstanceError
from tests.builders import entry, learn, movie, publish, start_download
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr
from tests.standins.sonarr import Sonarr, season
from tests.standins.sonarr_shapes import NewEpisode

HEAT = entry("Heat (1995) 1080p", "http://tv.example.invalid/user/word/1.mkv")
DOUBTFUL = entry("Heat 1996", "http://tv.example.invalid/user/word/2.mkv")


def shown(house: House, instance: str = "radarr", *, limit: int = 0) -> list[Preview]:
    return list(preview(house.services, instance, limit=limit))


def rows(house: House) -> dict[str, int]:
    """Count the rows of every table."""
    return house.store.db.read(
        lambda: {model.__name__: int(model.select().count()) for model in MODELS}
    )


def test_a_preview_says_what_would_be_taken_and_why(house: House, radarr: Radarr) -> None:
    radarr.seed_movie("Heat", 1995)
    publish(house.store, HEAT)

    [found] = shown(house)

    assert (found.title, found.decision, found.entry) == (
        "Heat (1995)", "take", "Heat (1995) 1080p",
    )  # fmt: skip
    assert found.score >= 80
    assert any("year 1995 equal" in reason for reason in found.reasons)


def test_a_preview_tells_what_a_person_would_be_asked(house: House, radarr: Radarr) -> None:
    radarr.seed_movie("Heat", 1995)
    publish(house.store, DOUBTFUL)

    [found] = shown(house)

    assert (found.decision, found.entry) == ("ask", "Heat 1996")
    assert 50 <= found.score < 80


def test_a_preview_says_why_nothing_would_be_done(house: House, radarr: Radarr) -> None:
    radarr.seed_movie("Heat", 1995)

    [found] = shown(house)

    assert (found.decision, found.entry, found.score) == ("nothing", "", 0)
    assert found.reasons == (
        "no playlist is read yet: set STALKEER_M3U_URL or STALKEER_M3U_FILE_PATH",
    )


def test_a_preview_writes_nothing_at_all(house: House, radarr: Radarr) -> None:
    radarr.seed_movie("Heat", 1995)
    radarr.seed_movie("Ronin", 1998)
    publish(house.store, HEAT)
    before = rows(house)

    assert len(shown(house)) == 2

    assert rows(house) == before
    assert list(house.downloads.iterdir()) == []
    assert {seen.method for seen in radarr.journal} == {"GET"}


def test_a_preview_shows_the_newest_and_no_more_than_asked_for(
    house: House, radarr: Radarr
) -> None:
    for title in ("Heat", "Ronin", "Alien"):
        radarr.seed_movie(title, 1990)

    assert [one.title for one in shown(house, limit=2)] == ["Alien (1990)", "Ronin (1990)"]
    assert len(shown(house, limit=0)) == 3


def test_a_preview_leaves_out_what_radarr_does_not_want_from_us(
    house: House, radarr: Radarr
) -> None:
    tag = radarr.tags.add("iptv")
    house.rule("radarr", tags=frozenset({"iptv"}))
    radarr.seed_movie("Heat", 1995, tags=(tag,))
    radarr.seed_movie("Ronin", 1998)
    radarr.seed_movie("Alien", 1979, tags=(tag,), is_available=False)
    radarr.seed_movie("Laura", 1944, tags=(tag,), monitored=False)

    assert [one.title for one in shown(house)] == ["Heat (1995)"]


def test_a_preview_shows_the_missing_episodes_that_have_aired(house: House, sonarr: Sonarr) -> None:
    future = datetime(2099, 1, 1, tzinfo=UTC)
    episodes = (*season(1, 2), NewEpisode(1, 3, aired_at=future))
    sonarr.seed_series("The Wire", 2002, episodes=episodes)
    publish(
        house.store, entry("The Wire S01E02", "http://tv.example.invalid/2.mkv", group="Series")
    )

    found = {one.title: one.decision for one in shown(house, "sonarr")}

    assert found == {"The Wire S01E01": "nothing", "The Wire S01E02": "take"}


def test_a_preview_does_not_propose_what_a_person_rejected(house: House, radarr: Radarr) -> None:
    heat = radarr.seed_movie("Heat", 1995)
    first, _ = publish(house.store, HEAT, DOUBTFUL)
    item_id = learn(house.store, movie(heat))
    house.store.matches.say(house.store.matches.by_hand(item_id, first).id, MatchState.REJECTED)

    [found] = shown(house)

    assert (found.decision, found.entry) == ("ask", "Heat 1996")


def test_a_preview_leaves_alone_what_is_on_its_way(house: House, radarr: Radarr) -> None:
    heat = radarr.seed_movie("Heat", 1995)
    [entry_id] = publish(house.store, HEAT)
    start_download(house.store, [learn(house.store, movie(heat))], entry_id)

    [found] = shown(house)

    assert (found.decision, found.reasons) == ("nothing", ("its file is here or on its way",))


def test_a_preview_holds_no_address(house: House, radarr: Radarr) -> None:
    radarr.seed_movie("Heat", 1995)
    publish(house.store, HEAT)

    assert "example.invalid" not in repr(shown(house))


def test_a_preview_of_an_unknown_instance_is_refused(house: House) -> None:
    with pytest.raises(UnknownInstanceError):
        shown(house, "lidarr")

"""A search that is in doubt asks TMDB, keeps the answer, and does without it when it must."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from stalkeer.arr.tmdb import Tmdb
from stalkeer.core.items import Wanted
from stalkeer.core.states import ItemState, JobKind
from stalkeer.jobs.doubt import MAX_AGE_S, with_tmdb
from stalkeer.jobs.metrics import Metrics
from tests.builders import add_job, entry, episode, learn, movie, publish
from tests.jobs.conftest import House
from tests.standins.radarr import Radarr

HEAT = movie(tmdb_id=949)
LOGO = "https://image.tmdb.org/t/p/w500/abc.jpg"
ANSWERS: dict[str, Any] = {
    "movie/949": {"id": 949, "title": "Heat", "release_date": "1995-12-15"},
    "movie/949/images": {"posters": [{"file_path": "/abc.jpg"}]},
    "find/334824": {"tv_results": [{"id": 70523}]},
    "tv/70523": {
        "id": 70523,
        "name": "Dark",
        "alternative_titles": {"results": [{"title": "Tma"}]},
    },
    "tv/70523/images": {"posters": []},
    "tv/70523/season/1/images": {"posters": [{"file_path": "/season.jpg"}]},
    "tv/70523/season/1/episode/1/images": {"stills": [{"file_path": "/still.jpg"}]},
}


class Stand:
    """TMDB, that answers by path or with one trouble for everything."""

    def __init__(self, trouble: httpx.Response | None = None) -> None:
        self.trouble = trouble
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.removeprefix("/3/"))
        if self.trouble is not None:
            return self.trouble
        answer = ANSWERS.get(self.asked[-1])
        return httpx.Response(404 if answer is None else 200, json=answer or {})


def ask(house: House, stand: Stand) -> None:
    """Give the home a key for TMDB."""
    client = Tmdb(
        "0" * 32,
        language="en-US",
        requests_per_second=1000,
        wait=lambda _: None,
        transport=httpx.MockTransport(stand),
    )
    house.change(tmdb=client)


def test_whether_the_kept_answers_help_is_measured(house: House) -> None:
    ask(house, Stand())

    for _ in range(3):
        with_tmdb(house.services, HEAT)

    house.services.meters.hand_over(house.store.counters.add)
    text = Metrics(house.services).text().decode()
    assert 'stalkeer_cache_reads_total{cache="tmdb",result="hit"} 2.0' in text
    assert 'stalkeer_cache_reads_total{cache="tmdb",result="miss"} 1.0' in text


def search(house: House, wanted: Wanted) -> ItemState:
    item_id = learn(house.store, wanted)
    house.run(add_job(house.store, JobKind.SEARCH, item_id=item_id, instance="radarr"))
    item = house.store.items.get(item_id)
    assert item is not None
    return item.state


def offer(house: House) -> None:
    """List Heat without a year, beside another Heat, and with a poster only TMDB knows."""
    address = "http://tv.example.invalid/movie/joe/word/{}.mkv".format
    publish(house.store, entry("Heat", address(1), logo=LOGO), entry("Heat (1986)", address(2)))


def test_a_poster_that_tmdb_tells_settles_a_doubt(house: House, radarr: Radarr) -> None:
    offer(house)
    ask(house, Stand())

    assert search(house, HEAT) is ItemState.WAITING


def test_without_a_key_the_doubt_stays(house: House, radarr: Radarr) -> None:
    offer(house)

    assert search(house, HEAT) is ItemState.TO_CONFIRM


def test_what_is_sure_is_not_asked(house: House, radarr: Radarr) -> None:
    publish(house.store, entry("Heat (1995)"))
    stand = Stand()
    ask(house, stand)

    search(house, HEAT)

    assert stand.asked == []


@pytest.mark.parametrize(
    "trouble",
    [httpx.Response(401), httpx.Response(429), httpx.Response(500), httpx.Response(200, text="<")],
    ids=["wrong-key", "too-many", "broken", "page"],
)
def test_the_search_goes_on_without_tmdb(
    house: House, radarr: Radarr, trouble: httpx.Response
) -> None:
    offer(house)
    ask(house, Stand(trouble))

    assert search(house, HEAT) is ItemState.TO_CONFIRM


def test_an_answer_is_kept_for_a_month(house: House) -> None:
    stand = Stand()
    ask(house, stand)

    first, second = with_tmdb(house.services, HEAT), with_tmdb(house.services, HEAT)
    house.store.db.clock_offset_s += MAX_AGE_S
    with_tmdb(house.services, HEAT)

    assert first == second != HEAT
    assert stand.asked == ["movie/949", "movie/949/images"] * 2


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(movie(), id="film-without-an-id"),
        pytest.param(movie(tmdb_id=1), id="film-it-does-not-know"),
        pytest.param(episode(), id="series-without-an-id"),
        pytest.param(episode(tvdb_id=1), id="series-it-does-not-know"),
        pytest.param(episode(tmdb_id=1), id="series-that-is-gone"),
    ],
)
def test_what_tmdb_does_not_know_stays_as_it_is(house: House, wanted: Wanted) -> None:
    ask(house, Stand())

    assert with_tmdb(house.services, wanted) == wanted


def test_a_series_is_found_by_its_tvdb_id_with_the_pictures_of_the_episode(house: House) -> None:
    ask(house, Stand())

    known = with_tmdb(house.services, episode(title="Dark", tvdb_id=334824))

    assert known.alternate_titles == ("Dark", "Tma")
    assert known.poster_urls == (
        "https://image.tmdb.org/t/p/original/season.jpg",
        "https://image.tmdb.org/t/p/original/still.jpg",
    )

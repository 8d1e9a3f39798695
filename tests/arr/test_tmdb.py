"""TMDB: what it knows of an id, and how little its troubles matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from stalkeer.arr import tmdb
from stalkeer.arr.tmdb import Tmdb, TmdbError
from stalkeer.core.doubt import TmdbFacts
from tests.arr.replay import Clock

KEY = "0123456789abcdef0123456789abcdef"
HEAT: dict[str, Any] = {
    "id": 949,
    "title": "Hitze",
    "original_title": "Heat",
    "release_date": "1995-12-15",
    "alternative_titles": {"titles": [{"iso_3166_1": "ES", "title": "Fuego contra fuego"}]},
    "translations": {"translations": [{"data": {"title": "Tulikuuma"}}, {"data": {"title": ""}}]},
    "external_ids": {"imdb_id": "tt0113277"},
}
POSTERS = {"backdrops": [], "posters": [{"file_path": "/a.jpg"}, {"file_path": "/b.jpg"}]}
DARK: dict[str, Any] = {
    "id": 70523,
    "name": "Dark",
    "first_air_date": "2017-12-01",
    "alternative_titles": {"results": [{"title": "Тьма"}]},
    "external_ids": {"imdb_id": "tt5753856", "tvdb_id": 334824},
}
Answers = dict[str, httpx.Response]


class Stand:
    """Answers by path; everything else is a 404 as TMDB writes it."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get(request.url.path.removeprefix("/3/"))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        if answer is None:
            missing = {"success": False, "status_code": 34, "status_message": "not found"}
            return httpx.Response(404, json=missing)
        return httpx.Response(200, json=answer)


def client(stand: Callable[[httpx.Request], httpx.Response], **options: Any) -> Tmdb:
    clock = options.pop("clock", None) or Clock()
    return Tmdb(
        options.pop("key", KEY),
        language="de-DE",
        requests_per_second=options.pop("requests_per_second", 4),
        wait=clock.wait,
        monotonic=clock.monotonic,
        transport=httpx.MockTransport(stand),
    )


def test_a_film_comes_with_every_title_its_year_its_ids_and_all_its_posters() -> None:
    stand = Stand({"movie/949": HEAT, "movie/949/images": POSTERS})

    facts = client(stand).movie(949)

    assert facts == TmdbFacts(
        tmdb_id=949,
        titles=("Hitze", "Heat", "Fuego contra fuego", "Tulikuuma"),
        year=1995,
        imdb_id="tt0113277",
        pictures=("/a.jpg", "/b.jpg"),
    )
    details, images = (request.url.params for request in stand.requests)
    assert details["language"] == "de-DE"
    assert "language" not in images, "with a language only some of the posters come"


def test_a_series_comes_with_its_titles_and_ids() -> None:
    stand = Stand({"tv/70523": DARK, "tv/70523/images": POSTERS})

    facts = client(stand).series(70523)

    assert facts is not None
    assert (facts.titles, facts.year, facts.tvdb_id) == (("Dark", "Тьма"), 2017, 334824)


def test_pictures_of_season_and_episode_are_of_both() -> None:
    stills = {"id": 1, "stills": [{"file_path": "/s.jpg"}, {"file_path": None}]}
    stand = Stand({"tv/1/season/2/images": POSTERS, "tv/1/season/2/episode/3/images": stills})

    assert client(stand).episode_pictures(1, 2, 3) == ("/a.jpg", "/b.jpg", "/s.jpg")


def test_a_series_is_found_by_the_id_of_thetvdb() -> None:
    stand = Stand({"find/334824": {"tv_results": [{"id": 70523}]}, "find/1": {"tv_results": []}})

    assert client(stand).series_id(334824) == 70523
    assert client(stand).series_id(1) is None
    assert client(stand).series_id(2) is None


def test_what_tmdb_does_not_have_is_none() -> None:
    assert client(Stand({})).movie(1) is None
    assert client(Stand({})).series(1) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(httpx.ConnectError("refused"), "does not answer", id="down"),
        pytest.param(httpx.ReadTimeout("slow"), "does not answer", id="slow"),
        pytest.param(httpx.Response(401, json={}), "STALKEER_TMDB_API_KEY", id="wrong-key"),
        pytest.param(httpx.Response(429), "wants fewer requests", id="too-many"),
        pytest.param(httpx.Response(503), "status 503", id="broken"),
        pytest.param(httpx.Response(200, text="<html>"), "not what it documents", id="page"),
        pytest.param(httpx.Response(200, json=[1]), "not what it documents", id="other-shape"),
    ],
)
def test_trouble_is_said_without_the_key_and_leaves_tmdb_alone_for_a_while(
    answer: Any, words: str
) -> None:
    stand, clock = Stand({"movie/949": answer}), Clock()
    asking = client(stand, clock=clock)

    with pytest.raises(TmdbError, match=words) as first:
        asking.movie(949)
    with pytest.raises(TmdbError, match="left alone"):
        asking.movie(949)

    assert KEY not in str(first.value)
    assert len(stand.requests) == 1


def test_tmdb_is_asked_again_when_it_said_when() -> None:
    stand, clock = Stand({"movie/949": httpx.Response(429, headers={"Retry-After": "7"})}), Clock()
    asking = client(stand, clock=clock)
    with pytest.raises(TmdbError):
        asking.movie(949)
    stand.answers = {"movie/949": HEAT}

    clock.wait(7)

    assert asking.movie(949) is not None


def test_an_answer_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tmdb, "MAX_ANSWER_BYTES", 100)
    stand = Stand({"movie/949": HEAT | {"overview": "x" * 200}})

    with pytest.raises(TmdbError, match="does not answer"):
        client(stand).movie(949)


def test_requests_keep_their_distance() -> None:
    clock = Clock()
    asking = client(
        Stand({"movie/949": HEAT, "movie/949/images": POSTERS}), clock=clock, requests_per_second=2
    )

    asking.movie(949)
    asking.movie(949)

    assert clock.waits == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("key", "parameter", "header"),
    [(KEY, KEY, None), ("ey" + "x" * 200, None, "Bearer ey" + "x" * 200)],
)
def test_an_old_key_is_a_parameter_and_a_token_is_a_header(
    key: str, parameter: str | None, header: str | None
) -> None:
    stand = Stand({"movie/949": HEAT})
    asking = client(stand, key=key)

    asking.movie(949)
    asking.close()

    assert stand.requests[0].url.params.get("api_key") == parameter
    assert stand.requests[0].headers.get("Authorization") == header

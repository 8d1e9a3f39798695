from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stalkeer.arr.base import ImportTarget
from stalkeer.arr.errors import ArrAnswerError
from stalkeer.core.items import Movie
from tests.arr.replay import CONTRACT, NOT_FOUND, Replay, radarr, recorded, said

LIBRARY = recorded("radarr/movie-list.json")
PAGES = [recorded("radarr/wanted-missing.page1.json"), recorded("radarr/wanted-missing.page2.json")]

THE_GENERAL = Movie(
    id=15,
    title="The General",
    year=1926,
    original_title="The General",
    alternate_titles=("Le Mécano de la Générale", "Der General"),
    secondary_year=1927,
    tmdb_id=961,
    imdb_id="tt0017925",
    poster_urls=("https://images.example.invalid/original/15-poster.jpg",),
    runtime_minutes=79,
    path="/movies/The General (1926)",
    added=datetime(2025, 11, 16, 9, tzinfo=UTC),
    quality_profile_id=1,
)


def _movie_json(**fields: object) -> dict[str, Any]:
    movie: dict[str, Any] = json.loads((CONTRACT / "api/radarr/movie-12.json").read_text())
    return movie | fields


def test_a_movie_is_read_with_everything_that_tells_it_apart() -> None:
    client = radarr(Replay({"GET movie": LIBRARY}))

    movies = {movie.id: movie for movie in client.movies()}

    assert movies.keys() == {12, 13, 14, 15, 16, 17}
    assert movies[15] == THE_GENERAL
    assert movies[12].tags == {1}
    assert not movies[14].monitored
    assert not movies[16].is_available
    assert movies[17].year == 0
    assert movies[17].runtime_minutes == 0
    assert movies[17].imdb_id is None


def test_a_movie_with_a_file_says_where_it_is() -> None:
    movie = radarr(Replay({"GET movie/13": recorded("radarr/movie-13.has-file.json")})).movie(13)

    assert movie is not None
    assert movie.has_file
    assert movie.file_path == "/movies/Nosferatu (1922)/Nosferatu (1922) WEBDL-1080p.mkv"
    assert movie.original_title == "Nosferatu, eine Symphonie des Grauens"


@pytest.mark.parametrize(
    ("file", "is_scanned"), [("movie-12.just-added.json", False), ("movie-12.json", True)]
)
def test_a_movie_is_scanned_once_its_add_options_are_gone(file: str, *, is_scanned: bool) -> None:
    movie = radarr(Replay({"GET movie/12": recorded(f"radarr/{file}")})).movie(12)

    assert movie is not None
    assert movie.is_scanned is is_scanned


def test_a_movie_that_radarr_does_not_have_is_none() -> None:
    assert radarr(Replay({})).movie(99999) is None


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        pytest.param(
            {"added": "2025-11-16T10:20:30.1234567Z"},
            {"added": datetime(2025, 11, 16, 10, 20, 30, 123456, tzinfo=UTC)},
            id="seven-digits",
        ),
        pytest.param({"added": "0001-01-01T00:00:00Z"}, {"added": None}, id="never"),
        pytest.param({"added": "soon"}, {"added": None}, id="no-date"),
        pytest.param(
            {"added": "2025-11-16T10:00:00"},
            {"added": datetime(2025, 11, 16, 10, tzinfo=UTC)},
            id="no-zone",
        ),
        pytest.param(
            {"imdbId": None, "runtime": None, "tags": None, "year": None, "images": None},
            {
                "imdb_id": None,
                "runtime_minutes": 0,
                "tags": frozenset(),
                "year": 0,
                "poster_urls": (),
            },
            id="nulls",
        ),
        pytest.param(
            {"tmdbId": 0, "imdbId": "", "originalTitle": "", "secondaryYear": 0},
            {"tmdb_id": None, "imdb_id": None, "original_title": None, "secondary_year": None},
            id="zeros",
        ),
        pytest.param(
            {"alternateTitles": [{"title": t} for t in ("B", "A", "B", "", None)]},
            {"alternate_titles": ("B", "A")},
            id="titles-twice",
        ),
        pytest.param({"somethingNew": {"a": [1]}}, {}, id="new-field"),
    ],
)
def test_what_versions_leave_out_or_write_oddly_costs_only_that_field(
    fields: dict[str, object], changes: dict[str, Any]
) -> None:
    usual = radarr(Replay({"GET movie/12": said(_movie_json())})).movie(12)
    odd = radarr(Replay({"GET movie/12": said(_movie_json(**fields))})).movie(12)

    assert usual is not None
    assert odd == replace(usual, **changes)


def test_a_movie_without_an_id_is_no_answer_of_radarr() -> None:
    client = radarr(Replay({"GET movie": said([{"title": "X"}])}))

    with pytest.raises(ArrAnswerError, match="unexpected at id: Field required"):
        client.movies()


def test_the_library_is_asked_for_once_and_again_when_forgotten() -> None:
    replay = Replay({"GET movie": LIBRARY})
    client = radarr(replay)

    client.movies()
    client.movies()
    client.forget_library()
    client.movies()

    assert replay.asked == ["GET movie", "GET movie"]
    assert replay.requests[0].url.params["excludeLocalCovers"] == "true"


def test_missing_movies_come_from_all_pages_with_the_titles_of_the_library() -> None:
    replay = Replay({"GET movie": LIBRARY, "GET wanted/missing": PAGES})

    missing = {movie.id: movie for movie in radarr(replay).missing()}

    assert missing.keys() == {12, 15, 16}
    assert missing[15] == THE_GENERAL
    assert not missing[16].is_available
    asked = [r.url.params for r in replay.requests if r.url.path.endswith("missing")]
    assert [page["page"] for page in asked] == ["1", "2"]
    assert all(page["monitored"] == "true" and page["pageSize"] == "1000" for page in asked)


def test_a_movie_that_two_pages_list_is_missing_once() -> None:
    replay = Replay({"GET movie": LIBRARY, "GET wanted/missing": PAGES[0]})

    missing = radarr(replay).missing()

    assert [movie.id for movie in missing] == [12, 15]
    assert replay.asked.count("GET wanted/missing") == 2


def test_pages_end_when_one_is_empty_whatever_the_total_says() -> None:
    beyond = recorded("radarr/wanted-missing.beyond-end.json")
    replay = Replay({"GET movie": LIBRARY, "GET wanted/missing": [PAGES[0], beyond]})

    assert len(radarr(replay).missing()) == 2
    assert replay.asked.count("GET wanted/missing") == 2


def test_what_an_old_library_says_of_a_missing_movie_does_not_count() -> None:
    old = said([_movie_json(monitored=False, hasFile=True, isAvailable=False, addOptions={})])
    replay = Replay({"GET movie": old, "GET wanted/missing": PAGES[0], "GET movie/15": NOT_FOUND})

    (movie,) = radarr(replay).missing()

    assert (movie.id, movie.monitored, movie.has_file) == (12, True, False)
    assert (movie.is_available, movie.is_scanned) == (True, True)
    assert "Die Nacht der lebenden Toten" in movie.alternate_titles


def test_a_movie_that_is_newer_than_the_library_is_asked_for() -> None:
    replay = Replay(
        {
            "GET movie": said([]),
            "GET wanted/missing": PAGES[0],
            "GET movie/12": recorded("radarr/movie-12.json"),
        }
    )

    missing = radarr(replay).missing()

    assert [movie.id for movie in missing] == [12]
    assert "Night of the Flesh Eaters" in missing[0].alternate_titles


@pytest.mark.parametrize("fields", [{"monitored": False}, {"hasFile": True}])
def test_a_row_that_is_not_wanted_is_left_out_though_it_is_listed(
    fields: dict[str, object],
) -> None:
    page = said({"pageSize": 1000, "totalRecords": 1, "records": [_movie_json(**fields)]})

    assert radarr(Replay({"GET movie": LIBRARY, "GET wanted/missing": page})).missing() == ()


@pytest.mark.parametrize(
    ("file", "path"),
    [
        pytest.param(
            "movie-13.has-file.json",
            "/movies/Nosferatu (1922)/Nosferatu (1922) WEBDL-1080p.mkv",
            id="has-file",
        ),
        pytest.param("movie-12.json", None, id="none"),
        pytest.param("error-404.problem.json", None, id="gone"),
    ],
)
def test_the_imported_file_is_the_one_radarr_has_now(file: str, path: str | None) -> None:
    status = 404 if "404" in file else 200
    client = radarr(Replay({"GET movie/13": recorded(f"radarr/{file}", status=status)}))

    assert client.imported_file(ImportTarget(movie_id=13)) == path


def test_an_imported_file_without_a_path_is_found_in_the_folder_of_its_movie() -> None:
    client = radarr(Replay({"GET movie/12": said(_movie_json(hasFile=True))}))

    folder = client.imported_file(ImportTarget(movie_id=12))

    assert folder == "/movies/Night of the Living Dead (1968)"


def test_episodes_are_never_imported_in_radarr() -> None:
    replay = Replay({})

    assert radarr(replay).imported_file(ImportTarget(series_id=7, episode_ids=(1,))) is None
    assert replay.asked == []

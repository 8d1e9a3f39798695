from __future__ import annotations

import pytest

from stalkeer.arr.import_file import import_file, import_question
from stalkeer.arr.shapes import ImportAnswer, Json

MOVIE: Json = {"movieId": 12}
EPISODES: Json = {"seriesId": 7, "episodeIds": [1, 2]}
NOTHING = ImportAnswer()
UNKNOWN = {"id": 0, "name": "Unknown"}
HD = {"quality": {"id": 3, "name": "WEBDL-1080p"}, "revision": {"version": 1}}
SD = {"quality": {"id": 1, "name": "SDTV"}, "revision": {"version": 1}}
NO_QUALITY = {"quality": UNKNOWN, "revision": {"version": 1, "real": 0, "isRepack": False}}
ENGLISH, FRENCH = {"id": 1, "name": "English"}, {"id": 2, "name": "French"}


def _said(**fields: object) -> ImportAnswer:
    return ImportAnswer.model_validate(fields)


@pytest.mark.parametrize(
    ("verdict", "guess", "quality", "languages"),
    [
        pytest.param(NOTHING, NOTHING, NO_QUALITY, [UNKNOWN], id="nobody-knows"),
        pytest.param(
            _said(quality=HD, languages=[ENGLISH]),
            _said(quality=SD, languages=[FRENCH]),
            HD,
            [ENGLISH],
            id="verdict-first",
        ),
        pytest.param(
            _said(quality=NO_QUALITY, languages=[UNKNOWN]),
            _said(quality=SD, languages=[FRENCH, ENGLISH]),
            SD,
            [FRENCH, ENGLISH],
            id="guess-fills",
        ),
        pytest.param(
            _said(quality=None, languages=None),
            _said(quality={"revision": {}}, languages=[]),
            NO_QUALITY,
            [UNKNOWN],
            id="nulls",
        ),
    ],
)
def test_quality_and_languages_are_the_best_known_and_never_null(
    verdict: ImportAnswer, guess: ImportAnswer, quality: Json, languages: list[Json]
) -> None:
    file = import_file("/d/a.mkv", MOVIE, verdict, guess)

    assert (file["quality"], file["languages"]) == (quality, languages)


def test_what_else_a_name_says_is_kept() -> None:
    guess = _said(releaseGroup="PDVOD", indexerFlags=4, releaseType="multiEpisode")

    file = import_file("/d/a.mkv", EPISODES, NOTHING, guess)

    assert (file["releaseGroup"], file["indexerFlags"]) == ("PDVOD", 4)
    assert file["releaseType"] == "multiEpisode"
    assert (file["seriesId"], file["episodeIds"]) == (7, [1, 2])
    assert (file["path"], file["folderName"]) == ("/d/a.mkv", "")


@pytest.mark.parametrize(("ids", "has_type"), [(MOVIE, False), (EPISODES, True)])
def test_only_sonarr_knows_types_of_releases(ids: Json, *, has_type: bool) -> None:
    assert ("releaseType" in import_file("/d/a.mkv", ids, NOTHING, NOTHING)) is has_type


def test_the_question_leaves_everything_open() -> None:
    question = import_question("/d/a.mkv", EPISODES, _said(quality=HD, languages=[ENGLISH]))

    assert question == {
        "path": "/d/a.mkv",
        **EPISODES,
        "quality": NO_QUALITY,
        "languages": [UNKNOWN],
        "releaseGroup": "",
        "indexerFlags": 0,
        "downloadId": "",
        "releaseType": "unknown",
    }


def test_a_sonarr_that_knows_one_language_a_file_gets_one() -> None:
    old = _said(quality=HD, language=ENGLISH)

    assert import_question("/d/a.mkv", EPISODES, old)["language"] == UNKNOWN
    assert import_file("/d/a.mkv", EPISODES, _said(language=UNKNOWN), old)["language"] == ENGLISH
    assert "language" not in import_file("/d/a.mkv", EPISODES, NOTHING, NOTHING)

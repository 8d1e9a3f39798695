"""The answers and events of the stand-ins have the recorded fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.standins import openapi
from tests.standins.asking import (
    CONTRACT,
    ENGLISH,
    WEBDL_1080P,
    get,
    recorded,
    run,
    write,
)
from tests.standins.radarr import Radarr
from tests.standins.receiver import Receiver
from tests.standins.sonarr import Sonarr, season


def fields_of(value: Any, path: str = "") -> set[str]:
    if isinstance(value, list):
        return set().union(*(fields_of(item, f"{path}[]") for item in value))
    if isinstance(value, dict):
        inside = {name: fields_of(item, f"{path}.{name}") for name, item in value.items()}
        return set(map(f"{path}.{{}}".format, value)).union(*inside.values())
    return set()


def full_radarr(radarr: Radarr, downloads: Path, receiver: Receiver) -> None:
    radarr.connect.add(receiver.url, password="secret")
    tag = radarr.tags.add("iptv")
    heat = radarr.add_movie(
        "Heat", 1995, imdb_id="tt1", alternate_titles=("H",), secondary_year=1996, tags=(tag,)
    )
    radarr.seed_movie("Next Year", 2027, is_available=False)
    radarr.settle()
    write(downloads / "Heat (1995)" / "Heat (1995) WEBDL-1080p.mkv")
    path = "/downloads/Heat (1995)/Heat (1995) WEBDL-1080p.mkv"
    file = {"path": path, "movieId": heat, "quality": WEBDL_1080P, "languages": ENGLISH}
    run(radarr, "ManualImport", files=[{**file, "releaseGroup": "PDVOD"}], importMode="move")
    write(downloads / "Heat (1995)" / "Heat (1995) SDTV.avi")
    radarr.grab(heat, "Heat.1995.1080p.WEB-DL")


RADARR_ANSWERS = [
    ("system/status", "system-status"),
    ("movie", "movie-*"),
    ("movie/12", "movie-*"),
    ("wanted/missing", "wanted-missing.*"),
    ("manualimport?folder=/downloads", "manualimport-get.*"),
    ("command", "command-*"),
    ("queue", "queue"),
    ("history", "history"),
    ("history/movie?movieId=12", "history-movie"),
    ("rootfolder", "rootfolder"),
    ("tag", "tag"),
    ("qualityprofile", "qualityprofile"),
    ("notification", "notification-*"),
    ("notification/schema", "notification-schema*"),
]


def known_fields(product: str, pattern: str) -> set[str]:
    files = (CONTRACT / "api" / product).glob(f"{pattern}.json")
    known: set[str] = set()
    for file in files:
        content = json.loads(file.read_text())
        known |= fields_of(content) | fields_of([content])
        items = content if isinstance(content, list) else []
        known = known.union(*(fields_of(item) for item in items))
    return known


@pytest.mark.parametrize(("path", "pattern"), RADARR_ANSWERS)
def test_an_answer_of_radarr_has_no_field_that_was_not_recorded(
    radarr: Radarr, downloads: Path, receiver: Receiver, path: str, pattern: str
) -> None:
    full_radarr(radarr, downloads, receiver)

    shown = {f for f in fields_of(get(radarr, path)) if not f.startswith("[].movie.")}

    assert shown
    assert shown <= known_fields("radarr", pattern)


def test_a_movie_lacks_nothing_that_every_recorded_movie_has(
    radarr: Radarr, downloads: Path, receiver: Receiver
) -> None:
    full_radarr(radarr, downloads, receiver)
    movies = recorded("api/radarr/movie-list")

    needed = set.intersection(*(set(movie) for movie in movies))

    assert needed <= set(get(radarr, "movie/12"))


def full_sonarr(sonarr: Sonarr, downloads: Path, receiver: Receiver) -> None:
    sonarr.connect.add(receiver.url)
    sonarr.add_series("Sherlock Holmes", 1954, episodes=season(1, 3), alternate_titles=("S",))
    sonarr.settle()
    write(downloads / "Sherlock Holmes - S01E02.mkv")
    write(downloads / "Sherlock Holmes - S01E01.mkv")
    path = "/downloads/Sherlock Holmes - S01E01.mkv"
    file = {"path": path, "seriesId": 12, "episodeIds": [1001], "languages": ENGLISH}
    file |= {"quality": WEBDL_1080P, "releaseType": "singleEpisode"}
    run(sonarr, "ManualImport", files=[file], importMode="move")
    sonarr.grab(1002, "Sherlock.Holmes.S01E02.720p.WEB-DL")


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("system/status", "system-status"),
        ("series", "series-*"),
        ("series/12", "series-*"),
        ("episode?seriesId=12", "episode-list*"),
        ("wanted/missing?includeSeries=true", "wanted-missing.*"),
        ("manualimport?folder=/downloads", "manualimport-get.*"),
        ("command", "command-*"),
        ("queue", "queue"),
        ("history", "history"),
        ("rootfolder", "rootfolder"),
        ("notification", "notification-*"),
    ],
)
def test_an_answer_of_sonarr_has_no_field_that_was_not_recorded(
    sonarr: Sonarr, downloads: Path, receiver: Receiver, path: str, pattern: str
) -> None:
    full_sonarr(sonarr, downloads, receiver)

    shown = fields_of(get(sonarr, path))

    unrecorded = {".[].folderName", "[].folderName", ".unmappedFolders"}
    refreshes = {"[].body.isNewSeries", "[].body.seriesIds"}
    assert shown
    assert shown - unrecorded - refreshes <= known_fields("sonarr", pattern)


def webhook_fields(product: str, event: str) -> set[str]:
    files = (CONTRACT / "webhooks" / product).glob("*.json")
    bodies = [json.loads(file.read_text()) for file in files]
    return set().union(*(fields_of(b) for b in bodies if b["eventType"] == event))


def test_webhooks_have_the_recorded_fields_and_their_order(
    radarr: Radarr, sonarr: Sonarr, downloads: Path, receiver: Receiver
) -> None:
    full_radarr(radarr, downloads, receiver)
    full_sonarr(sonarr, downloads, receiver)
    radarr.delete_movie_file(12)
    radarr.delete_movie(12)
    sonarr.delete_episode_file(1001)
    sonarr.delete_series(12)

    sent = [(r.body["instanceName"].lower(), r.event, r.body) for r in receiver.received]

    assert {event for _, event, _ in sent} >= {
        *("MovieAdded", "Download", "Grab", "MovieFileDelete", "MovieDelete"),
        *("SeriesAdd", "EpisodeFileDelete", "SeriesDelete"),
    }
    for product, event, body in sent:
        assert fields_of(body) <= webhook_fields(product, event), event
        assert next(iter(body)) in ("movie", "series")
        assert list(body)[-3:] == ["eventType", "instanceName", "applicationUrl"]


@pytest.mark.parametrize("product", ["radarr", "sonarr"])
def test_the_openapi_document_refuses_an_unknown_field(product: str) -> None:
    if not openapi.document(product).exists():
        pytest.skip("the OpenAPI documents are not shipped with the repository")
    check = openapi.checker(product)
    check("GET", "/ping", {"status": "OK"})

    with pytest.raises(AssertionError, match="surprise"):
        check("GET", "/ping", {"status": "OK", "surprise": 1})


def test_without_an_openapi_document_nothing_is_checked() -> None:
    openapi.checker("no-such-program")("GET", "/ping", {"surprise": 1})

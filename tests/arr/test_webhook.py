from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.arr.webhook import WebhookError, WebhookEvent, WebhookType, parse_webhook
from tests.arr.replay import CONTRACT

BODIES = CONTRACT / "webhooks"
LIBRARY_FILE = (
    "/movies/Night of the Living Dead (1968)/Night of the Living Dead (1968) WEBDL-1080p.mkv"
)
SEASON_1 = "/tv/The Beverly Hillbillies/Season 1/The Beverly Hillbillies"

ITEMS: dict[str, tuple[WebhookType, int | None, tuple[int, ...]]] = {
    "radarr/application-update": (WebhookType.APPLICATION_UPDATE, None, ()),
    "radarr/download": (WebhookType.DOWNLOAD, 12, ()),
    "radarr/download.minimal": (WebhookType.DOWNLOAD, 12, ()),
    "radarr/download.upgrade": (WebhookType.DOWNLOAD, 12, ()),
    "radarr/grab": (WebhookType.GRAB, 12, ()),
    "radarr/health": (WebhookType.HEALTH, None, ()),
    "radarr/health-restored": (WebhookType.HEALTH_RESTORED, None, ()),
    "radarr/manual-interaction-required": (WebhookType.MANUAL_INTERACTION_REQUIRED, 12, ()),
    "radarr/movie-added": (WebhookType.MOVIE_ADDED, 12, ()),
    "radarr/movie-added.collection": (WebhookType.MOVIE_ADDED, 15, ()),
    "radarr/movie-added.list": (WebhookType.MOVIE_ADDED, 14, ()),
    "radarr/movie-added.minimal": (WebhookType.MOVIE_ADDED, 16, ()),
    "radarr/movie-delete": (WebhookType.MOVIE_DELETE, 12, ()),
    "radarr/movie-delete.keep-files": (WebhookType.MOVIE_DELETE, 13, ()),
    "radarr/movie-file-delete": (WebhookType.MOVIE_FILE_DELETE, 12, ()),
    "radarr/movie-file-delete.upgrade": (WebhookType.MOVIE_FILE_DELETE, 12, ()),
    "radarr/rename": (WebhookType.RENAME, 12, ()),
    "radarr/test": (WebhookType.TEST, 1, ()),
    "sonarr/application-update": (WebhookType.APPLICATION_UPDATE, None, ()),
    "sonarr/download": (WebhookType.DOWNLOAD, 7, (1001,)),
    "sonarr/download.minimal": (WebhookType.DOWNLOAD, 7, (1001,)),
    "sonarr/download.multi-episode": (WebhookType.DOWNLOAD, 7, (1001, 1002)),
    "sonarr/download.upgrade": (WebhookType.DOWNLOAD, 7, (1001,)),
    "sonarr/episode-file-delete": (WebhookType.EPISODE_FILE_DELETE, 7, (1001,)),
    "sonarr/episode-file-delete.upgrade": (WebhookType.EPISODE_FILE_DELETE, 7, (1001,)),
    "sonarr/grab": (WebhookType.GRAB, 7, (1001,)),
    "sonarr/health": (WebhookType.HEALTH, None, ()),
    "sonarr/health-restored": (WebhookType.HEALTH_RESTORED, None, ()),
    "sonarr/import-complete": (WebhookType.DOWNLOAD, 7, (1001, 1002)),
    "sonarr/manual-interaction-required": (WebhookType.MANUAL_INTERACTION_REQUIRED, 7, (1001,)),
    "sonarr/rename": (WebhookType.RENAME, 7, ()),
    "sonarr/series-add": (WebhookType.SERIES_ADD, 7, ()),
    "sonarr/series-add.anime": (WebhookType.SERIES_ADD, 10, ()),
    "sonarr/series-add.minimal": (WebhookType.SERIES_ADD, 9, ()),
    "sonarr/series-add.no-imdb": (WebhookType.SERIES_ADD, 8, ()),
    "sonarr/series-add.v5": (WebhookType.SERIES_ADD, 7, ()),
    "sonarr/series-delete": (WebhookType.SERIES_DELETE, 7, ()),
    "sonarr/test": (WebhookType.TEST, 1, (123,)),
}


def _recorded(name: str) -> WebhookEvent:
    return parse_webhook((BODIES / f"{name}.json").read_bytes())


def _parsed(**fields: object) -> WebhookEvent:
    return parse_webhook(json.dumps({"eventType": "Download", **fields}).encode())


def test_the_table_holds_every_recorded_body() -> None:
    files: list[Path] = sorted(BODIES.rglob("*.json"))

    assert {f"{file.parent.name}/{file.stem}" for file in files} == ITEMS.keys()
    assert len(files) == 38


@pytest.mark.parametrize("name", ITEMS)
def test_a_recorded_body_names_its_event_and_its_items(name: str) -> None:
    event_type, item_id, episode_ids = ITEMS[name]

    event = _recorded(name)

    assert event.event_type is event_type
    assert (event.movie_id if name.startswith("radarr") else event.series_id) == item_id
    assert (event.series_id if name.startswith("radarr") else event.movie_id) is None
    assert event.episode_ids == episode_ids


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "radarr/download.upgrade",
            WebhookEvent(
                event_type=WebhookType.DOWNLOAD,
                event_text="Download",
                movie_id=12,
                title="Night of the Living Dead (1968)",
                is_upgrade=True,
                deleted_files=True,
                download_id="SABnzbd_nzo_ab12cd34",
                source_path="/downloads/stalkeer/Night of the Living Dead (1968)/"
                "Night of the Living Dead (1968) WEBDL-1080p.mkv",
                file_paths=(LIBRARY_FILE,),
            ),
            id="movie-replaced",
        ),
        pytest.param(
            "radarr/movie-file-delete",
            WebhookEvent(
                event_type=WebhookType.MOVIE_FILE_DELETE,
                event_text="MovieFileDelete",
                movie_id=12,
                title="Night of the Living Dead (1968)",
                delete_reason="manual",
                file_paths=(LIBRARY_FILE,),
            ),
            id="movie-file-deleted",
        ),
        pytest.param(
            "sonarr/download",
            WebhookEvent(
                event_type=WebhookType.DOWNLOAD,
                event_text="Download",
                series_id=7,
                episode_ids=(1001,),
                title="The Beverly Hillbillies (1962)",
                download_id="SABnzbd_nzo_ef56gh78",
                source_path="/downloads/stalkeer/The Beverly Hillbillies - S01E01.mkv",
                file_paths=(f"{SEASON_1} - S01E01 - The Clampetts Strike Oil WEBDL-720p.mkv",),
            ),
            id="one-file",
        ),
        pytest.param(
            "sonarr/import-complete",
            WebhookEvent(
                event_type=WebhookType.DOWNLOAD,
                event_text="Download",
                series_id=7,
                episode_ids=(1001, 1002),
                title="The Beverly Hillbillies (1962)",
                download_id="SABnzbd_nzo_ef56gh79",
                source_path="/downloads/stalkeer/The.Beverly.Hillbillies.S01",
                file_paths=(
                    f"{SEASON_1} - S01E01 - The Clampetts Strike Oil WEBDL-720p.mkv",
                    f"{SEASON_1} - S01E02 - Getting Settled WEBDL-720p.mkv",
                ),
            ),
            id="whole-release",
        ),
    ],
)
def test_a_recorded_body_is_read_to_its_last_field(name: str, expected: WebhookEvent) -> None:
    assert _recorded(name) == expected


@pytest.mark.parametrize(
    ("name", "deleted_files"),
    [("movie-delete", True), ("movie-delete.keep-files", False)],
)
def test_a_delete_says_whether_the_files_went_too(name: str, *, deleted_files: bool) -> None:
    assert _recorded(f"radarr/{name}").deleted_files is deleted_files


@pytest.mark.parametrize(
    ("text", "event_type"),
    [
        ("MovieAdded", WebhookType.MOVIE_ADDED),
        ("movieAdded", WebhookType.MOVIE_ADDED),
        ("SERIESADD", WebhookType.SERIES_ADD),
        ("MovieEdited", WebhookType.UNKNOWN),
    ],
)
def test_an_event_is_known_whatever_its_case_and_kept_as_it_was_sent(
    text: str, event_type: WebhookType
) -> None:
    event = _parsed(eventType=text)

    assert (event.event_type, event.event_text) == (event_type, text)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"eventType=Test", id="form"),
        pytest.param(b"<html></html>", id="page"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"eventType": "Test"', id="cut"),
        pytest.param(b'{"eventType": "Test"} {}', id="two"),
        pytest.param(b'{"eventType": "Test", "x": NaN}', id="nan"),
        pytest.param(b'{"eventType": "Test", "x": "\xff"}', id="no-utf-8"),
        pytest.param(b'{"eventType": "Test", "x": "\\ud800"}', id="half-a-character"),
        pytest.param(b'{"eventType": "Test", "x": ' + b"[" * 64 + b"]" * 64 + b"}", id="deep"),
        pytest.param(b'{"eventType": "Test", "x": ' + b"[" * 9999, id="abyss"),
        pytest.param(b"{}", id="no-event"),
        pytest.param(b'{"eventType": ""}', id="empty-event"),
        pytest.param(b'{"eventType": null}', id="null-event"),
        pytest.param(b'{"eventType": 7}', id="number-event"),
        pytest.param(b'{"eventType": ["Test"]}', id="list-event"),
    ],
)
def test_what_is_no_webhook_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookError) as raised:
        parse_webhook(body)

    assert raised.value.code == "webhook_unreadable"


def test_nesting_is_read_down_to_64_levels() -> None:
    body = b'{"eventType": "Test", "x": ' + b"[" * 63 + b"]" * 63 + b"}"

    assert parse_webhook(body).event_type is WebhookType.TEST


@pytest.mark.parametrize(
    ("fields", "attribute", "value"),
    [
        pytest.param({"movie": "Heat"}, "movie_id", None, id="movie-is-text"),
        pytest.param({"movie": {"id": "12"}}, "movie_id", None, id="id-is-text"),
        pytest.param({"movie": {"id": True}}, "movie_id", None, id="id-is-true"),
        pytest.param({"movie": {"id": 0}}, "movie_id", None, id="id-zero"),
        pytest.param({"movie": {"id": 2**31}}, "movie_id", None, id="id-too-large"),
        pytest.param({"movie": {"id": 12, "title": 7}}, "movie_id", 12, id="title-is-number"),
        pytest.param({"movie": {"id": 12, "title": 7}}, "title", "", id="no-title"),
        pytest.param({"movie": {"title": "A\0B"}}, "title", "AB", id="nul"),
        pytest.param({"movie": {"title": "Heat", "year": 0}}, "title", "Heat", id="no-year"),
        pytest.param(
            {"series": {"title": "Sherlock Holmes (1954)", "year": 1954}},
            "title",
            "Sherlock Holmes (1954)",
            id="year-once",
        ),
        pytest.param({"episodes": 5}, "episode_ids", (), id="episodes-is-number"),
        pytest.param({"episodes": [{"id": 1}, 2, {}, {"id": 3}]}, "episode_ids", (1, 3), id="mix"),
        pytest.param({"episodeFiles": [1, {"path": "/a"}]}, "file_paths", ("/a",), id="files"),
        pytest.param({"movieFile": []}, "file_paths", (), id="file-is-list"),
        pytest.param({"isUpgrade": {}}, "is_upgrade", False, id="flag-is-object"),
        pytest.param({"downloadId": 5}, "download_id", None, id="download-id-is-number"),
    ],
)
def test_an_odd_type_costs_only_its_own_field(
    fields: dict[str, object], attribute: str, value: object
) -> None:
    assert getattr(_parsed(**fields), attribute) == value


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    ["eventType", "movie", "series", "episodes", "movieFile", "episodeFiles", "deletedFiles"]
)


@given(st.dictionaries(_FIELDS, _JSON))
def test_any_json_object_is_an_event_or_refused(fields: dict[str, object]) -> None:
    try:
        event = parse_webhook(json.dumps(fields).encode())
    except WebhookError:
        return

    assert event.event_text == str(fields["eventType"]).replace("\0", "")


@given(st.binary(max_size=64))
def test_any_bytes_are_an_event_or_refused(body: bytes) -> None:
    with suppress(WebhookError):
        parse_webhook(body)

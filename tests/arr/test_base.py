from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from stalkeer.arr.base import (
    MAX_PAGES,
    CommandState,
    ImportTarget,
    ImportVerdict,
    Rejection,
    RootFolder,
)
from stalkeer.arr.breaker import BreakerState
from stalkeer.arr.errors import ArrAnswerError, ArrRefusedError
from tests.arr.replay import CONTRACT, Clock, Replay, radarr, recorded, said, sonarr

FOLDER = "/downloads/stalkeer/Night of the Living Dead (1968)"
FILE = f"{FOLDER}/Night of the Living Dead (1968).mkv"
EPISODE_FILE = "/downloads/stalkeer/The Beverly Hillbillies - S01E02.mkv"
MOVIE = ImportTarget(movie_id=12)
EPISODE = ImportTarget(series_id=7, episode_ids=(1002,))
UNKNOWN = {"id": 0, "name": "Unknown"}


def _json(file: str) -> Any:
    return json.loads((CONTRACT / "api" / file).read_text())


def _listed(*paths: str) -> httpx.Response:
    return said({"parent": "/", "directories": [], "files": [{"path": path} for path in paths]})


def test_the_status_tells_product_and_version() -> None:
    status = radarr(Replay({"GET system/status": recorded("radarr/system-status.json")})).status()

    assert (status.app_name, status.version) == ("Radarr", "6.0.4.10291")
    assert (status.url_base, status.is_docker) == ("", True)
    assert str(status.started_at) == "2025-11-16 08:00:00+00:00"


def test_a_sonarr_at_the_address_of_radarr_is_noticed() -> None:
    other = Replay({"GET system/status": recorded("sonarr/system-status.json")})

    assert sonarr(other).check_product().app_name == "Sonarr"
    with pytest.raises(ArrAnswerError, match="radarr leads to Sonarr, not to Radarr"):
        radarr(other).check_product()


def test_root_folders_say_whether_the_arr_can_use_them() -> None:
    folders = radarr(Replay({"GET rootfolder": recorded("radarr/rootfolder.json")})).root_folders()

    assert folders == (
        RootFolder("/movies", accessible=True, free_bytes=536870912000),
        RootFolder("/movies-4k", accessible=False, free_bytes=None),
    )


def test_tags_and_profiles_are_found_by_what_people_know_them_by() -> None:
    replay = Replay(
        {
            "GET tag": recorded("radarr/tag.json"),
            "GET qualityprofile": said([{"id": 1, "name": "Any"}, {"id": 4, "name": "HD-1080p"}]),
        }
    )
    client = radarr(replay)

    assert client.tags() == {"iptv": 1, "no-iptv": 2}
    names = {number: profile.name for number, profile in client.quality_profiles().items()}
    assert names == {1: "Any", 4: "HD-1080p"}


def test_the_queue_of_the_arr_names_the_items_it_fetches_itself() -> None:
    movies = Replay({"GET queue": recorded("radarr/queue.json")})
    episodes = Replay({"GET queue": recorded("sonarr/queue.json")})

    assert radarr(movies).busy_items() == {12, 15}
    assert sonarr(episodes).busy_items() == {1002}


def test_the_queue_is_read_to_its_last_page() -> None:
    pages = [
        said({"pageSize": 2, "totalRecords": 3, "records": [{"episodeId": 1}, {}]}),
        said({"pageSize": 2, "totalRecords": 3, "records": [{"episodeIds": [2, 3]}]}),
    ]
    replay = Replay({"GET queue": pages})

    assert sonarr(replay).busy_items() == {1, 2, 3}
    assert [request.url.params["page"] for request in replay.requests] == ["1", "2"]


def test_a_list_that_never_ends_is_not_read_for_ever() -> None:
    same_page = said({"pageSize": 1, "totalRecords": 10**9, "records": [{"movieId": 12}]})
    replay = Replay({"GET queue": same_page})

    assert radarr(replay).busy_items() == {12}
    assert len(replay.requests) == MAX_PAGES


@pytest.mark.parametrize(
    ("path", "listed", "sees"),
    [
        pytest.param(FILE, [FILE], True, id="there"),
        pytest.param(FILE, [f"{FOLDER}/other.mkv"], False, id="other-file"),
        pytest.param(FILE, [], False, id="folder-not-mounted"),
        pytest.param("/d/Amélie.mkv", ["/d/Ame\u0301lie.mkv"], True, id="other-unicode-form"),
        pytest.param("D:\\dl\\a.mkv", ["D:\\dl\\a.mkv"], True, id="windows"),
    ],
)
def test_the_arr_sees_a_file_that_its_file_system_lists(
    path: str, listed: list[str], *, sees: bool
) -> None:
    replay = Replay({"GET filesystem": _listed(*listed)})

    assert radarr(replay).sees_file(path) is sees


def test_the_file_system_is_asked_for_the_folder_with_its_files() -> None:
    replay = Replay({"GET filesystem": _listed()})

    radarr(replay).sees_file(FILE)
    radarr(replay).sees_file("D:\\dl\\a.mkv")

    assert dict(replay.requests[0].url.params) == {
        "path": f"{FOLDER}/",
        "includeFiles": "true",
        "allowFoldersWithoutTrailingSlashes": "true",
    }
    assert replay.requests[1].url.params["path"] == "D:\\dl\\"


@pytest.mark.parametrize(
    ("file", "sees"),
    [
        pytest.param("manualimport-get.accepted.json", True, id="listed"),
        pytest.param("manualimport-get.path-not-visible.json", None, id="proves-nothing"),
    ],
)
def test_an_arr_without_file_system_calls_is_asked_through_its_imports(
    file: str, *, sees: bool | None
) -> None:
    replay = Replay({"GET manualimport": recorded(f"radarr/{file}")})

    assert radarr(replay).sees_file(FILE) is sees


def test_a_file_that_the_arr_cannot_see_has_no_verdict() -> None:
    nothing = recorded("radarr/manualimport-get.path-not-visible.json")
    replay = Replay({"GET manualimport": nothing})

    verdict = radarr(replay).verdict(FILE, MOVIE)

    assert verdict == ImportVerdict(visible=False, rejections=(), file={})
    assert replay.asked == ["GET manualimport"]
    assert dict(replay.requests[0].url.params) == {"folder": FILE, "filterExistingFiles": "false"}


def test_the_verdict_on_a_movie_is_asked_for_exactly_this_movie() -> None:
    replay = Replay(
        {
            "GET manualimport": recorded("radarr/manualimport-get.unknown-movie.json"),
            "POST manualimport": recorded("radarr/manualimport-reprocess.response.json"),
        }
    )

    verdict = radarr(replay).verdict(FILE, MOVIE)

    assert verdict.visible
    assert verdict.rejections == ()
    assert [(file["path"], file["movieId"]) for file in replay.sent[0]] == [(FILE, 12)]
    assert verdict.file["quality"]["quality"]["name"] == "WEBDL-1080p"
    assert verdict.file["folderName"] == ""
    assert "releaseType" not in verdict.file


def test_the_verdict_on_episodes_names_their_series_and_all_of_them() -> None:
    replay = Replay(
        {
            "GET manualimport": recorded("sonarr/manualimport-get.accepted.json"),
            "POST manualimport": recorded("sonarr/manualimport-reprocess.response.json"),
        }
    )

    verdict = sonarr(replay).verdict(EPISODE_FILE, EPISODE)

    question = replay.sent[0][0]
    assert (question["seriesId"], question["episodeIds"]) == (7, [1002])
    assert question["languages"] == [UNKNOWN]
    assert verdict.file["releaseType"] == "singleEpisode"
    assert verdict.file["languages"] == [{"id": 1, "name": "English"}]


def test_the_words_of_a_rejection_are_kept_with_whether_it_may_pass() -> None:
    rejected = [
        {"reason": "Sample", "type": "permanent"},
        {"reason": "Locked file, try again later", "type": "temporary"},
        {"reason": "notEnoughSpace", "message": "Not enough free space", "type": "permanent"},
    ]
    replay = Replay(
        {
            "GET manualimport": recorded("radarr/manualimport-get.accepted.json"),
            "POST manualimport": said([{"path": FILE, "rejections": rejected}]),
        }
    )

    assert radarr(replay).verdict(FILE, MOVIE).rejections == (
        Rejection("Sample", is_permanent=True),
        Rejection("Locked file, try again later", is_permanent=False),
        Rejection("Not enough free space", is_permanent=True),
    )


def test_no_verdict_on_a_visible_file_is_no_answer_of_an_arr() -> None:
    replay = Replay(
        {
            "GET manualimport": recorded("radarr/manualimport-get.accepted.json"),
            "POST manualimport": said([]),
        }
    )

    with pytest.raises(ArrAnswerError, match="no verdict"):
        radarr(replay).verdict(FILE, MOVIE)


def test_an_import_moves_the_file_as_the_verdict_describes_it() -> None:
    replay = Replay({"POST command": recorded("radarr/command-manualimport.created.json")})
    verdict = ImportVerdict(visible=True, rejections=(), file={"path": FILE, "movieId": 12})

    assert radarr(replay).start_import(verdict) == 7010
    assert replay.sent == [
        {"name": "ManualImport", "files": [dict(verdict.file)], "importMode": "move"}
    ]


def test_a_scan_is_the_one_of_the_product() -> None:
    created = said({"id": 5}, status=201)
    movies, episodes = Replay({"POST command": created}), Replay({"POST command": created})

    assert radarr(movies).start_scan(FOLDER) == 5
    assert sonarr(episodes).start_scan(FOLDER) == 5
    assert movies.sent[0] == {
        "name": "DownloadedMoviesScan",
        "path": FOLDER,
        "importMode": "move",
    }
    assert episodes.sent[0]["name"] == "DownloadedEpisodesScan"


@pytest.mark.parametrize(
    ("file", "path", "command_id"),
    [
        pytest.param("started", FILE, 7010, id="started"),
        pytest.param("created", FILE, 7010, id="queued"),
        pytest.param("completed", FILE, None, id="over"),
        pytest.param("started", f"{FOLDER}/other.mkv", None, id="other-file"),
    ],
)
def test_an_import_of_the_file_that_is_under_way_is_found(
    file: str, path: str, command_id: int | None
) -> None:
    command = _json(f"radarr/command-manualimport.{file}.json")
    renaming = {"id": 1, "name": "RenameFiles", "status": "queued", "body": {"files": [301, 302]}}
    commands = [*_json("radarr/command-list.json"), renaming, command]

    assert radarr(Replay({"GET command": said(commands)})).running_import(path) == command_id


@pytest.mark.parametrize(
    ("file", "state", "is_finished", "succeeded"),
    [
        pytest.param("created", ("queued", "unknown"), False, False, id="queued"),
        pytest.param("started", ("started", "unknown"), False, False, id="started"),
        pytest.param("completed", ("completed", "successful"), True, True, id="completed"),
        pytest.param("unsuccessful", ("completed", "unsuccessful"), True, False, id="did-nothing"),
        pytest.param("failed", ("failed", "unknown"), True, False, id="failed"),
    ],
)
def test_a_command_that_completed_without_doing_anything_did_not_succeed(
    file: str, state: tuple[str, str], *, is_finished: bool, succeeded: bool
) -> None:
    answer = recorded(f"radarr/command-downloadedmoviesscan.{file}.json")

    command = radarr(Replay({"GET command/7002": answer})).command(7002)

    assert command is not None
    assert (command.status, command.result) == state
    assert (command.is_finished, command.succeeded) == (is_finished, succeeded)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"message": "Completed"}, "Completed", id="its-own-words"),
        pytest.param(
            {"message": "Failed", "exception": "System.IO: disk full\n   at X()"},
            "System.IO: disk full",
            id="first-line-of-a-stack-trace",
        ),
    ],
)
def test_a_command_says_why_it_failed(fields: dict[str, str], message: str) -> None:
    answer = said({"id": 3, "status": "failed", **fields})

    command = radarr(Replay({"GET command/3": answer})).command(3)

    assert command == CommandState(3, "failed", "", message)


def test_a_command_is_polled_ever_more_slowly_until_it_ends() -> None:
    clock = Clock()
    started = recorded("radarr/command-manualimport.started.json")
    completed = recorded("radarr/command-manualimport.completed.json")
    client = radarr(Replay({"GET command/7010": [started] * 7 + [completed]}), clock=clock)

    state = client.wait_for_command(7010, timeout_s=60, should_stop=lambda: False)

    assert state is not None
    assert state.succeeded
    assert clock.waits == [0.2, 0.4, 0.8, 1.5, 2.0, 2.0, 2.0]


def test_waiting_for_a_command_ends_with_the_time() -> None:
    clock = Clock()
    started = recorded("radarr/command-manualimport.started.json")
    client = radarr(Replay({"GET command/7010": started}), clock=clock)

    state = client.wait_for_command(7010, timeout_s=10, should_stop=lambda: False)

    assert state is not None
    assert not state.is_finished
    assert 10 <= sum(clock.waits) < 12


def test_waiting_for_a_command_ends_when_the_service_stops() -> None:
    clock = Clock()
    started = recorded("radarr/command-manualimport.started.json")
    client = radarr(Replay({"GET command/7010": started}), clock=clock)

    state = client.wait_for_command(7010, timeout_s=10, should_stop=lambda: len(clock.waits) == 2)

    assert state is not None
    assert len(clock.waits) == 2


def test_a_command_that_the_arr_forgot_is_not_waited_for() -> None:
    client = radarr(Replay({}))

    assert client.command(7010) is None
    assert client.wait_for_command(7010, timeout_s=10, should_stop=lambda: False) is None


def test_the_form_of_a_webhook_is_found_among_all_connections() -> None:
    forms = [{"implementation": "Email"}, *_json("radarr/notification-schema.webhook.json")]

    form = radarr(Replay({"GET notification/schema": said(forms)})).notification_schema()

    assert form["configContract"] == "WebhookSettings"


def test_an_arr_without_webhooks_says_so() -> None:
    with pytest.raises(ArrAnswerError, match="offers no webhooks"):
        radarr(Replay({"GET notification/schema": said([])})).notification_schema()


def test_a_connection_is_created_once_and_replaced_afterwards() -> None:
    created = _json("radarr/notification-create.created.json")
    replay = Replay(
        {
            "POST notification": said(created, status=201),
            f"PUT notification/{created['id']}": said(created, status=202),
            "GET notification": said([created]),
        }
    )
    client = radarr(replay)

    saved = client.save_notification(_json("radarr/notification-create.request.json"))
    client.save_notification(saved)

    assert replay.asked == ["POST notification", f"PUT notification/{created['id']}"]
    assert all(request.url.params["forceSave"] == "true" for request in replay.requests)
    assert client.notifications() == [created]


def test_a_connection_that_cannot_reach_us_is_refused_in_the_words_of_the_arr() -> None:
    refused = recorded("radarr/error-400.validation.json", status=400)
    client = radarr(Replay({"POST notification/test": [said({}), refused]}))

    client.test_notification({"name": "stalkeer"})

    with pytest.raises(ArrRefusedError, match="Unable to send test message"):
        client.test_notification({"name": "stalkeer"})


def test_an_instance_tells_its_name_its_product_and_how_it_fares() -> None:
    client = sonarr(Replay({}))

    assert (client.name, client.service) == ("sonarr", "sonarr")
    assert client.health().state is BreakerState.CLOSED
    client.close()
    client.close()

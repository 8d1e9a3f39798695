"""The processes themselves: who may run beside whom, and what they never say."""

from __future__ import annotations

import base64
import json

import pytest

from tests.flow.home import API_KEY, MB, WEBHOOK_PASSWORD, Home
from tests.standins.media import Reply
from tests.standins.mediafiles import mkv_film

ANSWERS = ("downloads", "downloads/1", "admin/jobs", "system/status")


def test_a_second_up_on_the_same_data_directory_refuses_plainly(home: Home) -> None:
    home.up()

    second = home.run("up")

    assert second.wait() == 1
    assert "already runs" in second.output()
    assert "Traceback" not in second.output()
    assert home.get("/ping") == {"status": "OK"}


@pytest.mark.parametrize("command", ["web", "worker"])
def test_the_parts_apart_need_a_redis(home: Home, command: str) -> None:
    process = home.run(command)

    assert process.wait() == 2
    assert "STALKEER_REDIS_URL" in process.output()
    assert "stalkeer up" in process.output()


def test_no_credential_is_ever_printed_or_answered(home: Home) -> None:
    home.environ["STALKEER_LOG_LEVEL"] = "debug"
    film = mkv_film(MB, minutes=96)
    name = "EN - Night of the Living Dead (1968)"
    gone = Reply(status=404, body=b"no such film for joe-xtream, s3cret-xtream")
    home.offer(f"{name} 1080p", "/movie/joe-xtream/s3cret-xtream/1.mkv", film, gone)
    home.offer(f"{name} 720p", "/films/2.mkv", film, Reply(status=401, body=b""))
    home.offer(f"{name} 2160p", "/films/3.mkv", film, gone)
    home.offer(f"{name} 480p", "/films/4.mkv", film)
    dress(home, "/films/2.mkv", "http://joe-basic:s3cret-basic@{rest}")
    dress(home, "/films/3.mkv", "http://{rest}?username=joe-query&password=s3cret-query")
    dress(home, "/films/4.mkv", "http://{rest}?token=s3cret-token")
    service = home.up()

    home.add_film()
    home.wait_for_imported(count=1)
    answers = [home.get(f"/api/v1/{path}") for path in ANSWERS]
    shown = service.output() + json.dumps(answers)

    pair = base64.b64encode(b"joe-basic:s3cret-basic").decode()
    secrets = ["s3cret", "joe-xtream", "joe-basic", "joe-query", pair, API_KEY, WEBHOOK_PASSWORD]
    secrets += [home.radarr.api_key, home.sonarr.api_key]
    assert "job ended" in shown
    assert [secret for secret in secrets if secret in shown] == []


def dress(home: Home, path: str, form: str) -> None:
    """Put credentials into the address of an entry."""
    url = home.media.url(path)
    dressed = form.format(rest=url.removeprefix("http://"))
    home.entries = [entry.replace(url, dressed) for entry in home.entries]
    home.write_playlist()

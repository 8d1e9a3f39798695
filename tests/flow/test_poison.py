"""A file that kills whoever looks into it takes no worker down for ever."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.flow.home import API_KEY, MB, Home, Process, wait_for
from tests.standins.media import Reply

MOST_DEATHS = 4
"""The first run fetches bytes, which is progress; the three after it do nothing but die."""


def poison(home: Home) -> None:
    """Have the look into a file end as a fault in MediaInfo does, with the whole process."""
    site = home.folder / "site"
    site.mkdir()
    (site / "pymediainfo.py").write_text(
        "import os, signal\n"
        "class MediaInfo:\n"
        "    @staticmethod\n"
        "    def parse(*_):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    home.environ["PYTHONPATH"] = os.pathsep.join(
        [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    )


def the_download(home: Home) -> dict[str, object]:
    rows = home.rows("SELECT id, status, crashes, error_code FROM job WHERE kind = 'download'")
    return rows[0] if rows else {}


def end_pause(home: Home) -> None:
    """Let the time pass that a job rests after its second crash."""
    with closing(sqlite3.connect(home.folder / "data" / "stalkeer.db")) as database, database:
        database.execute(
            "UPDATE job SET run_at = created_at WHERE kind = 'download' AND status = 'ready'"
        )


def died(home: Home, process: Process) -> bool:
    """Wait until the process died or the job was given up; say which."""

    def has_decided() -> bool:
        status = the_download(home).get("status")
        if status == "ready":
            end_pause(home)
        return status == "failed" or process.popen.poll() is not None

    wait_for(has_decided)
    return process.popen.poll() is not None


def run_until_given_up(home: Home) -> Process:
    """Start stalkeer again each time it dies; return the process that lives on."""
    process = home.up()
    home.add_film()
    for _ in range(MOST_DEATHS + 1):
        if not died(home, process):
            return process
        process = home.run("up")
    raise AssertionError(f"it goes on and on: {the_download(home)}")


@pytest.mark.parametrize(
    ("size", "reply"),
    [
        pytest.param(MB, Reply(), id="when-it-is-whole"),
        pytest.param(60 * MB, Reply(bytes_s=8 * MB), id="at-its-first-megabytes"),
    ],
)
def test_a_file_that_kills_its_worker_ends_as_failed_and_can_be_replayed(
    home: Home, size: int, reply: Reply
) -> None:
    poison(home)
    home.offer_film(reply, size=size)

    process = run_until_given_up(home)
    given_up = home.jobs(kind="download")[0]
    part: Path = home.parts()[0]
    held = part.stat().st_size
    process.stop()
    del home.environ["PYTHONPATH"]
    home.up()
    replay = httpx.post(
        f"{home.url}/api/v1/admin/jobs/{given_up['id']}/replay", headers={"X-Api-Key": API_KEY}
    )
    home.wait_for_imported(count=1)

    assert (given_up["status"], given_up["error"]["code"]) == ("failed", "crashed")
    assert "died 3 times in a row" in given_up["error"]["message"]
    assert held > 0
    assert replay.status_code == 202

"""`stalkeer fetch` as a person runs it: real processes against a server that misbehaves."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from typer.testing import CliRunner

from stalkeer.cli.commands import app
from tests.standins.media import Film, MediaServer, Reply, authority

PATH = "/movie/joe/secret-pass/7.mkv"
FILM = Film(20_000_000)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command that ended said, and how it ended."""

    code: int
    out: str
    err: str

    def files(self) -> list[dict[str, Any]]:
        """Read the one document that may be on stdout."""
        files: list[dict[str, Any]] = json.loads(self.out)["files"]
        return files


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "stalkeer", "fetch", *arguments]


def fetch(folder: Path, *arguments: str) -> Ran:
    done = subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, timeout=50, check=False
    )
    assert "secret-pass" not in done.stdout + done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def interrupted(folder: Path, url: str, held: int, number: signal.Signals) -> Ran:
    """Fetch until so many bytes are on disk, then send the signal."""
    with subprocess.Popen(
        command(url, "film.mkv"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        part = folder / ".film.mkv.part"
        wait_until(lambda: part.exists() and part.stat().st_size == held)
        wait_until((folder / ".film.mkv.part.json").exists)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    return Ran(process.returncode, out, err)


def wait_until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 90
    while not is_so():
        assert time.monotonic() < give_up_at
        Event().wait(0.02)


@pytest.fixture
def media() -> Iterator[MediaServer]:
    with MediaServer() as server:
        yield server


def test_a_file_is_fetched_and_said_in_one_line(tmp_path: Path, media: MediaServer) -> None:
    ran = fetch(tmp_path, media.put(PATH, FILM), "film.mkv")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("film.mkv: complete, 20.0 MB in ")
    assert ran.err.count("\n") == 1
    assert (tmp_path / "film.mkv").read_bytes() == FILM.read()
    assert names(tmp_path) == ["film.mkv"]


def test_a_second_run_finds_it_complete(tmp_path: Path, media: MediaServer) -> None:
    url = media.put(PATH, FILM)
    fetch(tmp_path, url, "film.mkv")

    ran = fetch(tmp_path, url, "film.mkv")

    assert (ran.code, ran.err) == (0, "film.mkv: complete already, 20.0 MB.\n")


def test_after_kill_9_less_than_a_hundredth_is_served_again(
    tmp_path: Path, media: MediaServer
) -> None:
    url = media.put(PATH, FILM, Reply(stall_after=8_000_000), Reply())

    killed = interrupted(tmp_path, url, 8_000_000, signal.SIGKILL)
    ran = fetch(tmp_path, url, "film.mkv")

    assert killed.code == -signal.SIGKILL
    assert ran.code == 0
    assert (tmp_path / "film.mkv").read_bytes() == FILM.read()
    assert names(tmp_path) == ["film.mkv"]
    assert media.bytes_served(PATH) - FILM.size < FILM.size / 100


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_saves_and_says_how_to_go_on(
    tmp_path: Path, media: MediaServer, number: signal.Signals
) -> None:
    url = media.put(PATH, FILM, Reply(stall_after=8_000_000), Reply())

    stopped = interrupted(tmp_path, url, 8_000_000, number)
    ran = fetch(tmp_path, url, "film.mkv")

    assert stopped.code == 1
    assert "film.mkv: stopped at 8.0 MB." in stopped.err
    assert "Run the same command again" in stopped.err
    assert ran.code == 0
    assert (tmp_path / "film.mkv").read_bytes() == FILM.read()


def test_a_cut_is_taken_up_again_by_itself(tmp_path: Path, media: MediaServer) -> None:
    url = media.put(PATH, FILM, Reply(cut_after=8_000_000, reset=True), Reply())

    ran = fetch(tmp_path, url, "film.mkv", "-v")

    assert ran.code == 0
    assert "film.mkv: asks 127.0.0.1 for what is missing, 0 B are here." in ran.err
    assert (tmp_path / "film.mkv").read_bytes() == FILM.read()


def test_a_wait_for_a_busy_provider_is_announced_and_a_stop_heard_in_it(
    tmp_path: Path, media: MediaServer
) -> None:
    url = media.put(PATH, FILM, Reply(status=458, body=b""))

    with subprocess.Popen(
        command(url, "film.mkv"), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        process.terminate()
        process.communicate(timeout=30)

    assert process.returncode == 1
    assert said.startswith("film.mkv: 127.0.0.1 turns us away for now (status 458)")
    assert "Next try in " in said


def test_a_page_and_with_media_all_but_a_video_is_refused_with_the_reason(
    tmp_path: Path, media: MediaServer
) -> None:
    page = media.put("/page", FILM, Reply(body=b"<html>Sorry</html>"))
    noise = media.put("/noise", Film(300_000, head=b"\x00\x01"))
    pieces = media.url("/7.m3u8")
    (tmp_path / "list").write_text(f"{page}\ta.mkv\n{noise}\tb.mkv\n{pieces}\tc.mkv\n")

    ran = fetch(tmp_path, "--list", "list", "--media", "--parallel", "2")

    assert (ran.code, ran.out) == (1, "")
    assert "a.mkv: not complete. 127.0.0.1 sent an HTML page" in ran.err
    assert "b.mkv: not complete. 127.0.0.1 sent bytes of no known video format" in ran.err
    assert "c.mkv: not complete. 127.0.0.1 has a playlist (.m3u8) there" in ran.err
    assert "Run the same command again" not in ran.err
    assert names(tmp_path) == ["list"]


def test_another_file_of_the_name_is_kept(tmp_path: Path, media: MediaServer) -> None:
    (tmp_path / "film.mkv").write_text("my own film")

    ran = fetch(tmp_path, media.put(PATH, FILM), "film.mkv")

    assert ran.code == 1
    assert "film.mkv is there already" in ran.err
    assert (tmp_path / "film.mkv").read_text() == "my own film"


def test_of_a_list_the_bad_one_is_named_and_the_others_are_fetched(
    tmp_path: Path, media: MediaServer
) -> None:
    good, bad = media.put(PATH, FILM), media.url("/movie/joe/secret-pass/none.mkv")
    (tmp_path / "list").write_text(f"{good}\ta.mkv\n\n{bad}\tb.mkv\n{good}\tc.mkv\n")

    ran = fetch(tmp_path, "--list", "list", "--parallel", "2", "--json")

    a, b, c = ran.files()
    assert ran.code == 1
    assert [each["file"] for each in (a, b, c)] == ["a.mkv", "b.mkv", "c.mkv"]
    assert [each["status"] for each in (a, b, c)] == ["complete", "failed", "complete"]
    assert (a["bytes"], a["error"], a["length_verified"]) == (FILM.size, None, True)
    assert a["seconds"] > 0
    assert b["error"]["code"] == "link_gone"
    assert "1 of 3 files are not complete: b.mkv." in ran.err
    assert names(tmp_path) == ["a.mkv", "c.mkv", "list"]


def test_the_limit_is_one_over_all_files(tmp_path: Path, media: MediaServer) -> None:
    url = media.put(PATH, Film(1_500_000))
    (tmp_path / "list").write_text(f"{url}\ta.mkv\n{url}\tb.mkv\n")

    ran = fetch(tmp_path, "--list", "list", "--parallel", "2", "--limit-rate", "1.5M", "--json")

    seconds = max(each["seconds"] for each in ran.files())
    rate = 3_000_000 / seconds
    sys.stdout.write(f"measured / asked: {rate / 1_500_000:.3f}\n")
    assert ran.code == 0
    assert seconds > 1


def test_an_authority_of_ones_own_is_trusted_when_named(tmp_path: Path) -> None:
    authority().cert_pem.write_to_path(tmp_path / "authority.pem")

    with MediaServer(tls=True) as media:
        url = media.put(PATH, FILM)
        refused = fetch(tmp_path, url, "film.mkv")
        ran = fetch(tmp_path, url, "film.mkv", "--cacert", "authority.pem")

    assert refused.code == 1
    assert "certificate of 127.0.0.1 is not trusted" in refused.err
    assert ran.code == 0
    assert (tmp_path / "film.mkv").read_bytes() == FILM.read()


def test_a_person_at_a_terminal_sees_rate_and_time_left(tmp_path: Path, media: MediaServer) -> None:
    url = media.put(PATH, FILM, Reply(bytes_s=8_000_000))
    ours, theirs = pty.openpty()

    with (
        os.fdopen(ours, "rb", buffering=0) as terminal,
        subprocess.Popen(
            command(url, "[red]film.mkv"),
            cwd=tmp_path,
            env=dict(os.environ) | {"TERM": "xterm", "COLUMNS": "120"},
            stdout=subprocess.DEVNULL,
            stderr=theirs,
        ) as process,
    ):
        os.close(theirs)
        seen = read_all(terminal)

    assert process.returncode == 0
    assert "[red]film.mkv: complete, 20.0 MB" in seen
    assert "MB/s" in seen
    assert "of 20.0 MB" in seen


def read_all(terminal: Any) -> str:
    """Read a terminal until nobody writes to it any more."""
    seen = b""
    try:
        while piece := terminal.read(65536):
            seen += piece
    except OSError:
        # How Linux says that the other end was closed.
        return seen.decode()
    return seen.decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "Give an address and a name, or --list FILE.", id="nothing"),
        pytest.param(["http://x"], "Give an address and a name", id="no-name"),
        pytest.param(["http://x", "a", "--list", "list"], "Give an address", id="both"),
        pytest.param(["--list", "none"], "none cannot be read: No such file", id="no-list"),
        pytest.param(["--list", "binary"], "binary cannot be read: no UTF-8", id="binary-list"),
        pytest.param(["--list", "list"], "list, line 2: should be an address, a tab", id="no-tab"),
        pytest.param(["--list", "twice"], "twice, line 2: ./a stands there twice", id="twice"),
        pytest.param(
            ["http://x", "a", "--limit-rate", "fast"], "--limit-rate should be", id="rate"
        ),
        pytest.param(["http://x", "a", "--cacert", "list"], "list is no certificate", id="cacert"),
        pytest.param(["http://x", "a", "--cacert", "none"], "none is no certificate", id="no-file"),
        pytest.param(["http://x", "a", "--parallel", "0"], "--parallel", id="no-threads"),
    ],
)
def test_wrong_usage_exits_2_and_fetches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list").write_text("http://x\ta\nhttp://x/secret-pass\n")
    (tmp_path / "twice").write_text("http://x\ta\nhttp://y\t./a\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    # Not a process each: it ends before anything of the process is touched.
    ran = CliRunner().invoke(app, ["fetch", *arguments])

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert "secret-pass" not in ran.stderr
    assert names(tmp_path) == ["binary", "list", "twice"]


def test_it_loads_only_what_it_needs(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from stalkeer.__main__ import main\n"
        "sys.argv = ['stalkeer', 'fetch', '--list', '/dev/null']\n"
        "try:\n    main()\n"
        "finally:\n    print(*sys.modules, file=sys.stderr)\n"
    )

    started_at = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    sys.stdout.write(f"stalkeer fetch: {time.monotonic() - started_at:.2f} s\n")
    loaded = set(ran.stderr.split())
    spared = {"peewee", "starlette", "dramatiq", "psycopg2", "re2", "structlog", "apprise"}
    spared |= {"rich", "pygments", "pydantic_settings"}
    assert "stalkeer.downloader.http" in loaded
    assert loaded & spared == set()


def test_an_error_that_nobody_expected_shows_no_password(tmp_path: Path) -> None:
    program = (
        "from stalkeer.cli.starting import start_bare\n"
        "start_bare()\n"
        f"raise RuntimeError('http://tv.example.invalid{PATH}')\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 1
    assert "unexpected error" in ran.stderr
    assert "tv.example.invalid" in ran.stderr
    assert "secret-pass" not in ran.stderr

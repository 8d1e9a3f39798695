"""The commands as a person runs them: real processes in an empty folder."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from stalkeer import __version__
from stalkeer.cli.commands import app
from tests.servers import free_port

PROVIDER = "http://tv.example.invalid/movie/joe/provider-pass"
FILMS = f"""#EXTM3U
#EXTINF:-1 tvg-name="Heat (1995)" group-title="VOD | Action",Heat (1995)
{PROVIDER}/1.mkv
#EXTINF:-1 tvg-name="Alien (1979)" group-title="VOD | Action",Alien (1979)
{PROVIDER}/2.mkv
#EXTINF:-1 tvg-name="The Wire S01E02" group-title="Series",The Wire S01E02
http://tv.example.invalid/series/joe/provider-pass/3.mkv
#EXTINF:-1 tvg-id="news.example" group-title="News",News
http://tv.example.invalid/live/joe/provider-pass/4.ts
"""
COMMANDS = {
    *("up", "web", "worker", "migrate", "process", "dryrun", "match"),
    *("radarr", "sonarr", "resume-downloads", "missing", "matches", "downloads", "jobs"),
    *("doctor", "register", "cleanup", "config", "version"),
}
FIGURES = {
    "lines",
    "entries",
    "new",
    "changed",
    "gone",
    "filtered",
    "errors",
    "movies",
    "tvshows",
    "channels",
    "uncategorized",
    "seconds",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command that ended said, and how it ended."""

    code: int
    out: str
    err: str
    seconds: float

    def json(self) -> Any:
        """Read the one document that may be on stdout."""
        return json.loads(self.out)


def environment(**settings: str) -> dict[str, str]:
    return dict(os.environ) | {f"STALKEER_{name}": value for name, value in settings.items()}


def stalkeer(folder: Path, *arguments: str, **settings: str) -> Ran:
    return python(folder, "-m", "stalkeer", *arguments, **settings)


def python(folder: Path, *arguments: str, **settings: str) -> Ran:
    started_at = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr, time.monotonic() - started_at)


def tree(folder: Path) -> dict[str, int]:
    """Every file below a folder with its size."""
    return {str(path): path.stat().st_size for path in sorted(folder.rglob("*"))}


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A playlist in the folder the command runs in."""
    path = tmp_path / "films.m3u"
    path.write_text(FILMS)
    return path


# --- the small ones ---


def test_version_says_the_version(tmp_path: Path) -> None:
    ran = stalkeer(tmp_path, "version")
    show_time("version", ran)

    assert (ran.code, ran.out, ran.err) == (0, f"stalkeer {__version__}\n", "")


def test_version_as_json_is_one_document(tmp_path: Path) -> None:
    assert stalkeer(tmp_path, "version", "--json").json() == {"version": __version__}


def test_version_and_verbose_says_what_it_runs_on(tmp_path: Path) -> None:
    facts = stalkeer(tmp_path, "version", "--json", "-v").json()

    assert set(facts) == {"version", "python", "system"}


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        pytest.param(
            ["version"],
            {"peewee", "httpx", "starlette", "dramatiq", "psycopg2", "structlog", "re2"},
            id="version",
        ),
        pytest.param(
            ["dryrun", "films.m3u"],
            {"peewee", "starlette", "dramatiq", "psycopg2", "uvicorn", "apprise"},
            id="dryrun",
        ),
    ],
)
def test_a_small_command_loads_only_what_it_needs(
    films: Path, arguments: list[str], spared: set[str]
) -> None:
    program = (
        "import sys\n"
        "from stalkeer.__main__ import main\n"
        f"sys.argv = {['stalkeer', *arguments]!r}\n"
        "try:\n    main()\n"
        "finally:\n    print(*sys.modules, file=sys.stderr)\n"
    )

    ran = python(films.parent, "-c", program)

    loaded = set(ran.err.split())
    assert ran.code == 0
    assert "stalkeer.cli.commands" in loaded
    assert loaded & spared == set()


def test_the_help_of_a_command_is_its_options(tmp_path: Path) -> None:
    ran = stalkeer(tmp_path, "dryrun", "--help")
    show_time("dryrun --help", ran)

    assert ran.code == 0
    assert [name for name in ("--limit", "--json", "--verbose") if name not in ran.out] == []


def show_time(command: str, ran: Ran) -> None:
    """Show how long a command took: the machine decides, so it is not asserted."""
    sys.stdout.write(f"stalkeer {command}: {ran.seconds:.2f} s\n")


def test_without_a_command_it_prints_the_help(tmp_path: Path) -> None:
    ran = stalkeer(tmp_path)

    assert (ran.code, ran.err) == (0, "")
    assert "Usage:" in ran.out
    commands = {info.callback.__name__ for info in app.registered_commands if info.callback}
    commands = {name.replace("_", "-") for name in commands}
    commands |= {
        str(info.typer_instance.info.name) for info in app.registered_groups if info.typer_instance
    }
    assert commands >= COMMANDS
    assert [name for name in commands if f"\n  {name} " not in ran.out] == []


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["dance"], id="unknown-command"),
        pytest.param(["dryrun", "--limit", "-1"], id="negative-limit"),
        pytest.param(["worker", "--threads", "0"], id="no-threads"),
    ],
)
def test_wrong_usage_exits_2(tmp_path: Path, arguments: list[str]) -> None:
    ran = stalkeer(tmp_path, *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert arguments[-1] in ran.err or arguments[-2] in ran.err


def test_every_command_and_verb_may_be_verbose() -> None:
    groups = [info.typer_instance for info in app.registered_groups]
    commands = [info for each in (app, *groups) if each for info in each.registered_commands]

    quiet = [
        info.callback.__name__
        for info in commands
        if info.callback and "verbose" not in "".join(info.callback.__annotations__)
    ]

    assert len(commands) > len(COMMANDS)
    assert quiet == []


# --- settings ---


def test_config_hides_secrets_until_it_is_asked_for_them(tmp_path: Path) -> None:
    given = {
        "RADARR_URL": "http://radarr.lan:7878",
        "RADARR_API_KEY": "radarr-secret",
        "M3U_URL": "http://tv.example.invalid/get.php?password=provider-pass",
        "DATABASE_URL": "postgresql://joe:database-pass@db.lan/stalkeer",
    }
    secrets = ("radarr-secret", "provider-pass", "database-pass")

    hidden = stalkeer(tmp_path, "config", **given)
    shown = stalkeer(tmp_path, "config", "--show-secrets", **given)

    assert (hidden.code, shown.code) == (0, 0)
    assert [secret for secret in secrets if secret in hidden.out + hidden.err] == []
    assert [secret for secret in secrets if secret not in shown.out] == []
    assert "STALKEER_RADARR_URL=http://radarr.lan:7878" in hidden.out


def test_config_as_json_names_value_source_and_purpose_of_every_setting(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STALKEER_PORT=9999\n")

    rows = {
        row["variable"]: row
        for row in stalkeer(tmp_path, "config", "--json", HOST="127.0.0.2").json()
    }

    assert (rows["STALKEER_PORT"]["value"], rows["STALKEER_PORT"]["source"]) == ("9999", ".env")
    assert rows["STALKEER_HOST"]["source"] == "environment"
    assert rows["STALKEER_LOG_LEVEL"]["source"] == "default"
    assert all(set(row) == {"variable", "value", "source", "about"} for row in rows.values())


def test_config_shows_the_keys_that_were_made_to_who_asks_for_secrets(tmp_path: Path) -> None:
    key = "the-key-of-first-start"
    (tmp_path / "data/secrets").mkdir(parents=True)
    (tmp_path / "data/secrets/api_key").write_text(key)

    hidden, shown = stalkeer(tmp_path, "config"), stalkeer(tmp_path, "config", "--show-secrets")

    assert key not in hidden.out
    assert f"STALKEER_API_KEY={key}\n" in shown.out


def test_config_writes_nothing(tmp_path: Path) -> None:
    stalkeer(tmp_path, "config", "--show-secrets")

    assert tree(tmp_path) == {}


def test_a_variable_that_is_no_setting_is_named_and_does_not_stop(tmp_path: Path) -> None:
    ran = stalkeer(tmp_path, "config", "--json", RADAR_URL="http://radarr.lan")

    assert ran.code == 0
    assert "STALKEER_RADAR_URL is not a setting" in ran.err
    assert ran.json()


@pytest.mark.parametrize("command", ["up", "config"])
def test_faulty_settings_are_listed_all_at_once_by_variable(tmp_path: Path, command: str) -> None:
    ran = stalkeer(
        tmp_path, command, PORT="high", M3U_UPDATE_INTERVAL="soon", RADARR_URL="radarr.lan"
    )

    assert (ran.code, ran.out) == (2, "")
    for name in ("STALKEER_PORT", "STALKEER_M3U_UPDATE_INTERVAL", "STALKEER_RADARR_URL"):
        assert name in ran.err
    assert tree(tmp_path) == {}


def test_a_data_directory_that_cannot_be_made_exits_2(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    ran = stalkeer(tmp_path, "migrate", DATA_DIR="file/data")

    assert ran.code == 2
    assert "STALKEER_DATA_DIR" in ran.err


# --- unexpected errors ---


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("fail()", id="main-thread"),
        pytest.param(
            "import threading; t = threading.Thread(target=fail); t.start(); t.join()",
            id="other-thread",
        ),
    ],
)
def test_an_unexpected_error_goes_through_the_log_without_keys(tmp_path: Path, fault: str) -> None:
    program = (
        "from stalkeer.cli.starting import read_settings\n"
        "read_settings(False)\n"
        "def fail():\n"
        f"    raise RuntimeError('{PROVIDER}/1.mkv with radarr-secret')\n"
        f"{fault}\n"
    )

    ran = python(tmp_path, "-c", program, RADARR_URL="http://r.lan", RADARR_API_KEY="radarr-secret")

    [line] = ran.err.splitlines()
    assert "unexpected error" in line
    assert "RuntimeError" in line
    assert "provider-pass" not in line
    assert "radarr-secret" not in line


# --- the database ---


def test_migrate_brings_the_schema_up_to_date_once(tmp_path: Path) -> None:
    first, second = stalkeer(tmp_path, "migrate", "--json"), stalkeer(tmp_path, "migrate")

    assert (first.code, second.code) == (0, 0)
    assert first.json()["applied"][0].startswith("0001")
    assert second.out == "The database is up to date.\n"


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/stalkeer.db", "postgresql://joe:database-pass@127.0.0.1:9/x"]
)
def test_a_database_that_cannot_be_opened_exits_1_with_a_plain_sentence(
    tmp_path: Path, url: str
) -> None:
    ran = stalkeer(tmp_path, "migrate", DATABASE_URL=url)

    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert "database" in ran.err
    assert "database-pass" not in ran.err


# --- playlists ---


def test_dryrun_reports_what_is_in_a_playlist(films: Path) -> None:
    ran = stalkeer(films.parent, "dryrun", "films.m3u", "--json")

    report = ran.json()
    seconds = report.pop("seconds")
    assert (ran.code, ran.err) == (0, "")
    assert report == {
        "playlist": "films.m3u",
        "lines": 9,
        "entries": 4,
        "new": None,
        "changed": None,
        "gone": None,
        "filtered": 0,
        "errors": 0,
        "movies": 2,
        "tvshows": 1,
        "channels": 1,
        "uncategorized": 0,
    }
    assert seconds >= 0


def test_dryrun_reports_the_same_to_people(films: Path) -> None:
    ran = stalkeer(films.parent, "dryrun", "films.m3u")

    figures = dict(line.split() for line in ran.out.splitlines()[1:])
    assert ran.out.startswith("films.m3u:\n")
    assert set(figures) == FIGURES
    assert (figures["entries"], figures["movies"], figures["tvshows"]) == ("4", "2", "1")


def test_dryrun_writes_nothing(films: Path) -> None:
    before = tree(films.parent)

    ran = stalkeer(films.parent, "dryrun", M3U_FILE_PATH="films.m3u")

    assert ran.code == 0
    assert tree(films.parent) == before


def test_dryrun_reads_only_so_many_entries_as_asked_for(films: Path) -> None:
    ran = stalkeer(films.parent, "dryrun", "films.m3u", "--limit", "1", "--json")

    assert (ran.json()["entries"], ran.json()["movies"]) == (1, 1)


@pytest.mark.parametrize("command", ["dryrun", "process"])
def test_a_missing_file_exits_1_and_names_path_and_remedy(tmp_path: Path, command: str) -> None:
    ran = stalkeer(tmp_path, command, "nothing.m3u")

    assert (ran.code, ran.out) == (1, "")
    assert str(tmp_path / "nothing.m3u") in ran.err
    assert "STALKEER_M3U_FILE_PATH" in ran.err


@pytest.mark.parametrize("command", ["dryrun", "process"])
def test_without_any_playlist_it_says_what_to_set(tmp_path: Path, command: str) -> None:
    ran = stalkeer(tmp_path, command)

    assert ran.code == 2
    assert "STALKEER_M3U_URL" in ran.err


def test_a_playlist_that_cannot_be_read_does_not_keep_the_others_from_it(films: Path) -> None:
    ran = stalkeer(
        films.parent,
        "process",
        "--json",
        M3U_FILE_PATH="films.m3u",
        M3U_URL="http://127.0.0.1:9/get.php?password=provider-pass",
    )

    good, bad = ran.json()["playlists"]
    assert ran.code == 1
    assert (good["playlist"], good["entries"]) == ("films.m3u", 4)
    assert "cannot be reached" in bad["error"]
    assert "provider-pass" not in ran.out + ran.err


def test_a_playlist_that_could_never_be_read_leaves_nothing_behind(films: Path) -> None:
    typo = stalkeer(films.parent, "process", "http://127.0.0.1:9/typo")

    known = stalkeer(films.parent, "process", "films.m3u")
    films.unlink()
    gone = stalkeer(films.parent, "process", "films.m3u")

    assert (typo.code, known.code, gone.code) == (1, 0, 1)
    with sqlite3.connect(films.parent / "data/stalkeer.db") as database:
        assert database.execute("SELECT name FROM playlist").fetchall() == [("films.m3u",)]


def test_an_address_that_is_none_is_an_error_and_no_crash(tmp_path: Path) -> None:
    ran = stalkeer(tmp_path, "dryrun", "http://[broken/joe/provider-pass")

    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert "provider-pass" not in ran.err


def test_a_name_cannot_play_tricks_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m[red].m3u").write_text(FILMS)

    ran = stalkeer(tmp_path, "dryrun", "a\x1b[31m[red].m3u")

    assert ran.code == 0
    assert ran.out.startswith("a\\x1b[31m[red].m3u:\n")


def test_a_person_at_a_terminal_sees_it_read_whatever_the_name(tmp_path: Path) -> None:
    (tmp_path / "[red]films.m3u").write_text(FILMS)
    ours, theirs = pty.openpty()

    with os.fdopen(ours, "rb", buffering=0) as terminal:
        done = subprocess.run(
            [sys.executable, "-m", "stalkeer", "dryrun", "[red]films.m3u"],
            cwd=tmp_path,
            env=environment() | {"TERM": "xterm"},
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            timeout=30,
            check=False,
        )
        os.close(theirs)
        seen = terminal.read(65536)

    assert done.returncode == 0
    assert b"[red]films.m3u: reading" in seen


def test_process_imports_refuses_what_has_shrunk_and_takes_it_when_forced(films: Path) -> None:
    first = stalkeer(films.parent, "process", "films.m3u", "--json").json()
    again = stalkeer(films.parent, "process", M3U_FILE_PATH="films.m3u")
    films.write_text("\n".join(FILMS.splitlines()[:3]))
    shrunk = stalkeer(films.parent, "process", "films.m3u")
    forced = stalkeer(films.parent, "process", "films.m3u", "--force", "--json").json()

    assert set(first) == {"playlist", *FIGURES}
    assert (first["entries"], first["new"], first["changed"], first["gone"]) == (4, 4, 0, 0)
    assert (again.code, again.out) == (0, "films.m3u has not changed since the last time.\n")
    assert (shrunk.code, shrunk.out) == (1, "")
    assert "--force" in shrunk.err
    assert (forced["entries"], forced["new"], forced["gone"]) == (1, 0, 3)


def test_process_with_a_limit_does_not_hide_the_rest_from_the_next_time(films: Path) -> None:
    limited = stalkeer(films.parent, "process", "films.m3u", "--limit", "1", "--json").json()
    whole = stalkeer(films.parent, "process", "films.m3u", "--json").json()

    assert (limited["entries"], limited["new"]) == (1, 1)
    assert (whole["entries"], whole["new"]) == (4, 3)


def test_playlists_of_one_name_by_hand_or_by_setting_are_two(films: Path) -> None:
    other = films.parent / "other"
    other.mkdir()
    (other / "films.m3u").write_text("\n".join(FILMS.splitlines()[:3]))

    stalkeer(films.parent, "process", M3U_FILE_PATH="films.m3u")
    # As from a shell that does not have the settings of the service: they stay as they are.
    by_hand = stalkeer(films.parent, "process", "other/films.m3u", "--json").json()
    all_of_them = stalkeer(films.parent, "process", "--json").json()

    assert (by_hand["playlist"], by_hand["new"]) == ("films.m3u-2", 1)
    assert all_of_them["playlists"] == [
        {"playlist": "films.m3u", "unchanged": True},
        {"playlist": "films.m3u-2", "unchanged": True},
    ]
    with sqlite3.connect(films.parent / "data/stalkeer.db") as database:
        lists = "SELECT count(*), count(DISTINCT location_mark) FROM playlist"
        assert database.execute(lists).fetchall() == [(2, 2)]


# --- services ---


@pytest.mark.parametrize("command", ["web", "worker"])
def test_the_parts_apart_need_a_redis_and_name_up(tmp_path: Path, command: str) -> None:
    ran = stalkeer(tmp_path, command)

    assert ran.code == 2
    assert "STALKEER_REDIS_URL" in ran.err
    assert "`stalkeer up`" in ran.err
    assert tree(tmp_path) == {}


def test_a_worker_knows_its_queues(tmp_path: Path) -> None:
    ran = stalkeer(
        tmp_path, "worker", "--queues", "default, dreams", REDIS_URL="redis://127.0.0.1:9"
    )

    assert ran.code == 2
    assert "There is no queue dreams. The queues are control, default, download" in ran.err


@dataclass(slots=True)
class Up:
    """A `stalkeer up` that answers. `said` is what it wrote to a file on stderr."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def said(self) -> str:
        return self.log.read_text()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=8)


@contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Iterator[Up]:
    port = free_port()
    log = folder / "up.log"
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            [sys.executable, "-m", "stalkeer", *arguments, "--port", str(port)],
            cwd=folder,
            env=environment(**settings),
            stdout=subprocess.DEVNULL,
            stderr=stream,
        ) as process,
    ):
        try:
            up = Up(process, port, log)
            wait_until_it_answers(up)
            yield up
        finally:
            process.kill()


def wait_until_it_answers(up: Up) -> None:
    ends_at = time.monotonic() + 90
    while time.monotonic() < ends_at:
        assert up.process.poll() is None, up.said()
        try:
            # The port is taken before the service is built; the answer waits for it.
            assert httpx.get(f"http://127.0.0.1:{up.port}/ping", timeout=20).status_code == 200
        except httpx.ConnectError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(up.said())


def test_up_starts_with_nothing_configured_and_says_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "secrets"
    with running(tmp_path, "up") as up:
        said = up.said()
        code = up.stop()

    assert code == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert made == {"api_key": 0o600, "webhook_password": 0o600, "secret_key": 0o600}
    assert f"http://127.0.0.1:{up.port}" in said
    assert str(folder) in said
    assert "STALKEER_RADARR_URL" in said
    assert "STALKEER_M3U_URL" in said
    secrets = [path.read_text().strip() for path in folder.iterdir()]
    assert [secret for secret in secrets if secret in up.said()] == []


def test_up_ends_the_streams_it_sends_before_it_stops(tmp_path: Path) -> None:
    with running(tmp_path, "up") as up:
        key = (tmp_path / "data" / "secrets" / "api_key").read_text().strip()
        url = f"http://127.0.0.1:{up.port}/api/v1/downloads/events"
        with httpx.stream("GET", url, headers={"X-Api-Key": key}, timeout=20) as answer:
            stream = answer.iter_bytes()
            first = next(stream)
            code = up.stop()
            rest = list(stream)

    assert code == 0
    assert first.startswith(b"retry: ")
    assert rest == [b": still here\n\n"]
    assert not [word for word in (" error ", "Traceback", "Cancel") if word in up.said()]


def test_up_says_what_to_enter_in_the_arrs_and_warns_when_they_cannot_reach_it(
    films: Path,
) -> None:
    with running(
        films.parent,
        "up",
        RADARR_URL="http://radarr.example.invalid:7878",
        RADARR_API_KEY="radarr-secret",
        SONARR_URL="http://127.0.0.1:9",
        SONARR_API_KEY="sonarr-secret",
        WEBHOOK_PASSWORD="webhook-secret",
        URL_BASE="/films",
        M3U_FILE_PATH="films.m3u",
    ) as up:
        said = up.said()
        code = up.stop()

    assert code == 0
    address = f"http://127.0.0.1:{up.port}/films"
    assert f"Webhook for Radarr: {address}/webhooks/radarr, user stalkeer" in said
    assert f"Webhook for Sonarr: {address}/webhooks/sonarr, user stalkeer" in said
    assert "password STALKEER_WEBHOOK_PASSWORD" in said
    assert f"radarr.example.invalid cannot reach {address}" in said
    assert said.count("cannot reach") == 1
    assert "secret" not in said.replace("/secrets", "").replace("secret_key", "")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A service that is in the way of another one."""
    folder = tmp_path_factory.mktemp("busy")
    with running(folder, "up", DATABASE_URL=f"sqlite:///{folder / 'shared.db'}") as up:
        yield up


@pytest.mark.parametrize(
    ("data_dir", "database"), [("data", "own.db"), ("other", "shared.db"), ("data", "shared.db")]
)
def test_a_second_up_on_the_same_data_directory_or_database_is_refused(
    busy: Up, data_dir: str, database: str
) -> None:
    folder = busy.log.parent

    ran = stalkeer(
        folder,
        "up",
        "--data",
        data_dir,
        PORT=str(free_port()),
        DATABASE_URL=f"sqlite:///{folder / database}",
    )

    assert ran.code == 1
    assert "already runs" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert httpx.get(f"http://127.0.0.1:{busy.port}/ping").status_code == 200


def test_a_port_in_use_exits_1_with_a_plain_sentence_and_nothing_started(
    busy: Up, tmp_path: Path
) -> None:
    ran = stalkeer(tmp_path, "up", "--port", str(busy.port))

    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert f"Cannot listen on 127.0.0.1, port {busy.port}: Address already in use." in ran.err
    assert not (tmp_path / "data" / "stalkeer.db").exists()


def test_up_runs_on_postgresql_with_the_embedded_broker_until_ctrl_c(
    tmp_path: Path, postgres_url: str
) -> None:
    with running(tmp_path, "up", DATABASE_URL=postgres_url, API_KEY="cli-test-api-key") as up:
        status = httpx.get(
            f"http://127.0.0.1:{up.port}/api/v1/system/status",
            headers={"X-Api-Key": "cli-test-api-key"},
        ).json()
        code = up.stop(signal.SIGINT)

    assert status["database"]["kind"] == "postgresql"
    assert status["queue"]["kind"] == "embedded"
    assert code == 0
    assert not (tmp_path / "data" / "stalkeer.db").exists()


def test_web_and_worker_meet_in_redis(tmp_path: Path, redis_url: str) -> None:
    given = {"REDIS_URL": redis_url, "API_KEY": "cli-test-api-key"}
    with (
        running(tmp_path, "web", **given) as web,
        subprocess.Popen(
            [sys.executable, "-m", "stalkeer", "worker", "--queues", "control", "--threads", "1"],
            cwd=tmp_path,
            env=environment(**given),
            stderr=subprocess.DEVNULL,
        ) as worker,
    ):
        # The first beat of either makes a cleanup job, and only the worker runs it.
        ended = wait_for_cleanup(web.port)
        worker.terminate()
        codes = (web.stop(), worker.wait(timeout=8))

    assert ended["result"]["outcome"] == "cleaned"
    assert codes == (0, 0)


def wait_for_cleanup(port: int) -> dict[str, Any]:
    """Wait until the job that every start makes has run, and return it."""
    ends_at = time.monotonic() + 90
    while time.monotonic() < ends_at:
        rows = httpx.get(
            f"http://127.0.0.1:{port}/api/v1/admin/jobs?kind=cleanup&status=done",
            headers={"X-Api-Key": "cli-test-api-key"},
        ).json()["data"]
        if rows:
            row: dict[str, Any] = rows[0]
            return row
        time.sleep(0.05)
    raise AssertionError("no worker ran the cleanup")

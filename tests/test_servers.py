from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from tests.conftest import forget_settings
from tests.servers import ServerUnavailableError, fresh_database, fresh_redis, guarded, refuse

REPOSITORY = Path(__file__).parents[1]
HOLD_A_SERVER = """
import sys
from tests.servers import redis_server
with redis_server() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        connection.commit()
        return list(cursor.fetchall()) if cursor.description else []


def test_the_postgres_database_of_a_test_is_empty_and_its_own_to_fill(postgres_url: str) -> None:
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"

    before = ask(postgres_url, tables)
    ask(postgres_url, "CREATE TABLE movie (title text)")

    assert before == [(0,)]
    assert ask(postgres_url, tables) == [(1,)]


def test_postgres_speaks_utf_8_and_knows_the_case_of_every_letter(postgres_url: str) -> None:
    assert ask(postgres_url, "SELECT lower('ÉCLAIR Ш')") == [("éclair ш",)]


def test_two_fresh_databases_share_no_table(postgres_server: str) -> None:
    with fresh_database(postgres_server) as one, fresh_database(postgres_server) as other:
        ask(one, "CREATE TABLE movie (title text)")

        with pytest.raises(psycopg2.errors.UndefinedTable):
            ask(other, "SELECT * FROM movie")


def test_a_fresh_database_is_dropped_though_a_client_was_left_connected(
    postgres_server: str,
) -> None:
    with fresh_database(postgres_server) as url:
        forgotten = psycopg2.connect(url)

    with closing(forgotten), pytest.raises(psycopg2.OperationalError, match="does not exist"):
        psycopg2.connect(url)


def test_the_redis_database_of_a_test_is_empty_and_its_own_to_fill(redis_url: str) -> None:
    with closing(redis.Redis.from_url(redis_url)) as client:
        before = client.dbsize()
        client.set("doorbell", "7")

        assert (before, client.dbsize()) == (0, 1)


def test_a_fresh_redis_database_forgets_what_was_in_it(redis_server: str) -> None:
    with (
        fresh_redis(redis_server, number=9) as url,
        closing(redis.Redis.from_url(url)) as client,
    ):
        client.set("doorbell", "7")

    with fresh_redis(redis_server, number=9), closing(redis.Redis.from_url(url)) as client:
        assert client.dbsize() == 0


def test_a_server_ends_with_the_tests_even_when_they_are_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_A_SERVER],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        address = urlsplit(tests.stdout.readline())
        assert address.hostname is not None
        with socket.create_connection((address.hostname, address.port or 0)) as client:
            tests.send_signal(signal.SIGKILL)

            end_of_connection = client.recv(1)

    assert end_of_connection == b""


def test_the_folder_of_a_guarded_server_is_gone_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    wait_for_a_signal = [sys.executable, "-c", "import signal; signal.pause()"]

    with guarded(wait_for_a_signal, folder, is_ready=lambda: True):
        was_there = folder.exists()

    assert (was_there, folder.exists()) == (True, False)


def test_a_server_that_ends_at_once_is_reported_with_its_own_words(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    complain = [sys.executable, "-c", "import sys; sys.exit('no memory left')"]

    with (
        pytest.raises(ServerUnavailableError, match="no memory left"),
        guarded(complain, folder, is_ready=lambda: False),
    ):
        pass


@pytest.mark.parametrize("variable", ["CI", "REQUIRE_SERVERS"])
def test_a_missing_server_fails_the_gate(variable: str) -> None:
    with pytest.raises(pytest.fail.Exception, match="no wheel"):
        refuse("no wheel", {variable: "1"})


def test_a_missing_server_skips_with_its_reason_on_a_laptop() -> None:
    with pytest.raises(pytest.skip.Exception, match="no wheel"):
        refuse("no wheel", {"CI": ""})


def test_no_setting_of_the_person_who_runs_the_tests_reaches_them() -> None:
    environ = {
        "STALKEER_PORT": "1",
        "DATABASE_URL": "2",
        "REDIS_URL": "3",
        "API_PORT": "4",
        "LOGGING_LEVEL": "5",
        "PATH": "/bin",
        "TEST_REDIS_URL": "6",
    }

    forget_settings(environ)

    assert environ == {"PATH": "/bin", "TEST_REDIS_URL": "6"}

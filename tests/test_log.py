from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import quote

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.log import configure, context, escape, get_logger, redact, register_secret

HIDDEN = "hunter2"
Format = Literal["text", "json"]


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever another test registered is unknown here, and the other way round."""
    monkeypatch.setattr("stalkeer.log._secret_forms", ())


@pytest.fixture
def output() -> Iterator[Callable[[Format], io.StringIO]]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level

    def start(log_format: Format) -> io.StringIO:
        stream = io.StringIO()
        configure("info", log_format, stream=stream)
        return stream

    yield start
    root.handlers, root.level = before, level
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param(
            "GET http://joe:hunter2@host.example.invalid:80/x",
            "GET http://***@host.example.invalid:80/x",
            id="userinfo",
        ),
        pytest.param("http://joe:hun@ter2@h/x", "http://***@h/x", id="at-in-password"),
        pytest.param("redis://:hunter2@h:6379/0", "redis://***@h:6379/0", id="redis"),
        pytest.param("http://h/movie/joe/hunter2/7.mkv", "http://h/movie/***/***/7.mkv", id="film"),
        pytest.param("/series/joe/hunter2/7.mp4", "/series/***/***/7.mp4", id="path-alone"),
        pytest.param("http://h/live/joe/hunter2/7.ts", "http://h/live/***/***/7.ts", id="live"),
        pytest.param("http://h/joe/hunter2/7.ts", "http://h/***/***/7.ts", id="bare"),
        pytest.param("http://h:80/joe/hunter2/7", "http://h:80/***/***/7", id="bare-no-type"),
        pytest.param("http://h/joe/hunter2/7?x=1", "http://h/***/***/7?x=1", id="bare-query"),
        pytest.param("http://h/tv/joe/hunter2/7.ts", "http://h/tv/***/***/7.ts", id="below-path"),
        pytest.param("http://h/play/joe/hunter2/7/ts", "http://h/play/***/***/7/ts", id="play"),
        pytest.param("http://h/play/hunter2/m3u8", "http://h/play/***/m3u8", id="play-token"),
        pytest.param(
            "http://h/timeshift/joe/hunter2/60/2024-01-26:20-00/7.ts",
            "http://h/timeshift/***/***/***/***/7.ts",
            id="timeshift",
        ),
        pytest.param(
            "http://h/hlsr/tok/joe/hunter2/7/0/a.ts",
            "http://h/hlsr/***/***/***/7/0/a.ts",
            id="hlsr",
        ),
        pytest.param(
            "http://h/d/0123456789abcdef0123/film.mkv", "http://h/d/***/film.mkv", id="long-token"
        ),
        pytest.param(
            "http://h/get.php?username=joe&password=hun;ter2&type=m3u",
            "http://h/get.php?username=***&password=***&type=m3u",
            id="query",
        ),
        pytest.param("http://h/?a=1&amp;pass=hunter2", "http://h/?a=1&amp;pass=***", id="html"),
        pytest.param("http://h/?u=joe&p=hunter2#f", "http://h/?u=***&p=***#f", id="short-names"),
        pytest.param(
            r"http:\/\/h\/movie\/joe\/hunter2\/7.mkv",
            r"http:\/\/h\/movie/***/***\/7.mkv",
            id="slashes-escaped",
        ),
        pytest.param(
            "?url=http%3A%2F%2Fjoe%3Ahunter2%40h%2Fmovie%2Fjoe%2Fhunter2%2F7.mkv%3Fpass%3Dhunter2",
            "?url=http%3A%2F%2F***@h%2Fmovie/***/***%2F7.mkv%3Fpass%3D***",
            id="percent-encoded",
        ),
        pytest.param("Authorization: Basic am9lOng=", "Authorization: ***", id="header"),
        pytest.param("{'X-Api-Key': 'hunter2', 'a': 1}", "{'X-Api-Key': '***', 'a': 1}", id="dict"),
        pytest.param("[(b'Cookie', b'hunter2')]", "[(b'Cookie', b'***')]", id="pair-of-bytes"),
        pytest.param("sent Basic am9lOmh1bnRlcjI=", "sent Basic ***", id="basic"),
        pytest.param("sent Bearer abcdef.123-x", "sent Bearer ***", id="bearer"),
        pytest.param("host=pg password=hunter2 x=1", "host=pg password=*** x=1", id="dsn"),
        pytest.param(r'{"password": "hun\"ter2"}', '{"password": "***"}', id="json"),
        pytest.param("STALKEER_RADARR_API_KEY=hunter2", "STALKEER_RADARR_API_KEY=***", id="env"),
        pytest.param("refresh_token: hunter2", "refresh_token: ***", id="token"),
    ],
)
def test_credentials_are_replaced_and_host_and_number_stay(text: str, clean: str) -> None:
    assert redact(text) == clean
    assert redact(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "http://radarr:7878/api/v3/movie/12",
        "http://127.0.0.1:8790/api/v1/downloads/7/pause",
        "http://image.tmdb.org/t/p/original/1E5baAaEse26fej7uHcjOgEE2t2.jpg",
        "/data/downloads/movies/Heat (1995)/Heat (1995).mkv",
        "/data/downloads/tvshows/Dark/Season 01/Dark - S01E02.mkv",
        "Basic authentication failed",
        'password authentication failed for user "joe"',
        "no entry has the key you asked for: 7",
        "Radarr did not import 'Heat' (movie id 12): it cannot see /x.",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)

    assert redact(once) == once


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text",
    [
        "://" * 20_000,
        "http://" + "a" * 60_000,
        "http://h" + "/a" * 30_000,
        "http://h/" + "%2F" * 20_000,
        "&password" * 9_000,
        "password " + " " * 60_000,
        "token_" * 10_000,
        "/movie" * 10_000,
        "_" * 60_000,
        "Basic " * 10_000,
        'password:"' * 8_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_is_redacted_in_linear_time(text: str) -> None:
    assert len(redact(text)) <= len(text) * 2


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(lambda secret: secret, id="plain"),
        pytest.param(lambda secret: quote(secret, safe=""), id="percent"),
        pytest.param(lambda secret: quote(secret, safe="").lower(), id="percent-small-letters"),
        pytest.param(json.dumps, id="json"),
        pytest.param(lambda secret: base64.b64encode(b"me:" + secret.encode()).decode(), id="base"),
        pytest.param(
            lambda secret: base64.b64encode(b"joey:" + secret.encode("latin-1") + b"!").decode(),
            id="base64-inside-latin-1",
        ),
        pytest.param(
            lambda secret: base64.urlsafe_b64encode(b"four:" + secret.encode()).decode(),
            id="base64-urlsafe",
        ),
    ],
)
def test_a_registered_secret_is_found_in_every_encoding(encoded: Callable[[str], str]) -> None:
    secret = "zé/qüö~k?w+x y"  # small letters only, so that one case changes the escapes alone
    register_secret(secret)
    text = encoded(secret)

    clean = redact(f"it says {text} there")

    assert clean.startswith("it says ")
    assert clean.endswith(" there")
    assert "***" in clean
    assert text[6:-6] not in clean


def test_nothing_is_left_of_a_header_whose_password_is_registered() -> None:
    register_secret("hunter2")

    assert redact("sent Basic am9lOmh1bnRlcjI=") == "sent Basic ***"


def test_a_short_value_is_not_registered_because_it_would_blank_ordinary_words() -> None:
    register_secret("movie")

    assert redact("a movie") == "a movie"


def test_a_secret_that_holds_another_is_replaced_whole() -> None:
    register_secret("inner-secret")
    register_secret("inner-secret-and-more")

    assert redact("<inner-secret-and-more>") == "<***>"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_handler_writes_a_secret(
    output: Callable[[Format], io.StringIO], log_format: Format
) -> None:
    stream = output(log_format)
    log = get_logger("stalkeer.test")
    address = f"http://joe:{HIDDEN}@h.example.invalid/movie/joe/{HIDDEN}/7.mkv?token={HIDDEN}"

    log.info(f"got {address}", url=address, password=HIDDEN, radarr_api_key=HIDDEN)  # noqa: G004
    log.info("nested", request={"headers": [("Authorization", HIDDEN)], "url": httpx.URL(address)})
    log.info("pair %s", address, headers=[(b"x-api-key", HIDDEN.encode())])
    try:
        raise ValueError(address)
    except ValueError:
        log.exception("failed", stack_info=True)
        logging.getLogger("uvicorn.error").exception("failed for %s", address)
    logging.getLogger("uvicorn.access").info('%s - "%s %s"', "1.2.3.4", "GET", f"/?apikey={HIDDEN}")
    logging.getLogger("dramatiq").warning("sent %s", address, stack_info=True)

    assert len(stream.getvalue().splitlines()) == 7
    assert "7.mkv" in stream.getvalue()
    assert HIDDEN not in stream.getvalue()


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_every_event_is_one_line_without_control_characters(
    output: Callable[[Format], io.StringIO], log_format: Format
) -> None:
    stream = output(log_format)
    hostile = "a\n2026 info forged\r\x1b[31m\x9b\u202e\u2028\ud800"

    get_logger("stalkeer.test").info(hostile, title=hostile, titles=[hostile])
    logging.getLogger("uvicorn.error").info(hostile)

    text = stream.getvalue()
    assert text.count("\n") == 2
    assert text.replace("\n", "").isprintable()


def test_text_shows_time_level_event_fields_and_logger(
    output: Callable[[Format], io.StringIO],
) -> None:
    stream = output("text")

    with context(job_id=7):
        get_logger("stalkeer.jobs").info(
            "download finished", size_bytes=734003200, title="Élan vital", path="/a/b.mkv"
        )

    time, line = stream.getvalue().split(" ", 1)
    assert time.endswith("Z")
    assert line == (
        'info    download finished size_bytes=734003200 title="Élan vital" path=/a/b.mkv'
        " job_id=7 [stalkeer.jobs]\n"
    )


def test_json_holds_the_fields_as_they_are(output: Callable[[Format], io.StringIO]) -> None:
    stream = output("json")

    with context(job_id=7):
        get_logger("stalkeer.jobs").warning("odd", seconds=41.5, ok=True, none=None, ids=(1, 2))

    event = json.loads(stream.getvalue())
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "odd",
        "level": "warning",
        "logger": "stalkeer.jobs",
        "job_id": 7,
        "seconds": 41.5,
        "ok": True,
        "none": None,
        "ids": [1, 2],
    }


def test_the_context_ends_with_its_block(output: Callable[[Format], io.StringIO]) -> None:
    stream = output("text")

    with context(job_id=7):
        pass
    get_logger("stalkeer.jobs").info("idle")

    assert "job_id" not in stream.getvalue()


def test_debug_events_and_the_chatter_of_http_clients_are_left_out(
    output: Callable[[Format], io.StringIO],
) -> None:
    stream = output("text")

    get_logger("stalkeer.jobs").debug("detail")
    for name in ("httpx", "httpcore", "peewee"):
        logging.getLogger(name).info("GET http://h/")

    assert stream.getvalue() == ""


def test_configuring_again_replaces_the_stream(output: Callable[[Format], io.StringIO]) -> None:
    first, second = output("text"), output("text")

    get_logger("stalkeer.jobs").info("hello")

    assert first.getvalue() == ""
    assert second.getvalue().count("hello") == 1


def test_handlers_that_others_brought_are_removed(
    output: Callable[[Format], io.StringIO],
) -> None:
    own = io.StringIO()
    logging.getLogger("uvicorn.access").addHandler(logging.StreamHandler(own))

    output("text")
    logging.getLogger("uvicorn.access").warning("hello")

    assert own.getvalue() == ""


def test_a_stream_without_utf_8_loses_no_event(output: Callable[[Format], io.StringIO]) -> None:
    output("text")
    raw = io.BytesIO()
    configure("info", "text", stream=io.TextIOWrapper(raw, encoding="ascii", write_through=True))

    get_logger("stalkeer.jobs").info("Élan")

    assert b"\\xc9lan" in raw.getvalue()


def test_an_event_that_cannot_be_written_is_named_without_its_fields(
    output: Callable[[Format], io.StringIO],
) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError(HIDDEN)

    stream = output("text")

    get_logger("stalkeer.jobs").info("hello", it=Broken())

    assert stream.getvalue() == ("an event of stalkeer.jobs could not be written: RuntimeError\n")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        pytest.param("a\nb", r"a\nb", id="newline"),
        pytest.param("\x1b[0m", r"\x1b[0m", id="terminal"),
        pytest.param("a\u202eb\u2066", r"a\u202eb\u2066", id="direction"),
        pytest.param("\x85\x9b\x7f", r"\x85\x9b\x7f", id="c1"),
        pytest.param("Élan 電影 🎬", "Élan 電影 🎬", id="letters-stay"),
    ],
)
def test_what_a_terminal_would_act_on_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped

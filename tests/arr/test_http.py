from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from stalkeer.arr.answer import elements
from stalkeer.arr.breaker import BreakerState
from stalkeer.arr.errors import (
    ArrAnswerError,
    ArrPageError,
    ArrRefusedError,
    ArrUnauthorizedError,
    ArrUnreachableError,
    InstanceDownError,
)
from stalkeer.arr.http import ArrHttp
from stalkeer.errors import StalkeerError
from tests.arr.replay import KEY, NOT_FOUND, Clock, Replay, Reply, arr_http, recorded, said

ANY: TypeAdapter[Any] = TypeAdapter(Any)
NAMES = TypeAdapter(dict[str, str])
REFUSED = httpx.ConnectError("[Errno 111] Connection refused")
PAGE = httpx.Response(200, html="<!DOCTYPE html><title>Sign in</title>")
STARTING = recorded("radarr/error-503.starting.json", status=503)


def _redirect(to: str, *, status: int = 307) -> httpx.Response:
    return httpx.Response(status, headers={"Location": to})


@pytest.mark.parametrize(
    ("base_url", "asked"),
    [
        pytest.param("http://nas:7878", "http://nas:7878/api/v3/tag", id="bare"),
        pytest.param("http://nas:7878/", "http://nas:7878/api/v3/tag", id="slash"),
        pytest.param("https://nas/radarr", "https://nas/radarr/api/v3/tag", id="url-base"),
        pytest.param(" https://nas/radarr// ", "https://nas/radarr/api/v3/tag", id="untidy"),
    ],
)
def test_the_address_may_hold_a_url_base_and_end_with_a_slash(base_url: str, asked: str) -> None:
    replay = Replay({"GET tag": said([])})

    arr_http(replay, url=base_url).get("tag", ANY)

    assert str(replay.requests[0].url) == asked


def test_the_key_travels_in_a_header_and_nowhere_else() -> None:
    replay = Replay({"POST command": said({"id": 1}, status=201)})

    arr_http(replay).post("command", ANY, body={"name": "RescanMovie"})

    request = replay.requests[0]
    assert request.headers["X-Api-Key"] == KEY
    assert KEY not in str(request.url)
    assert json.loads(request.content) == {"name": "RescanMovie"}


def test_a_get_is_tried_three_times_when_nobody_answers() -> None:
    clock = Clock()
    replay = Replay({"GET tag": [REFUSED, STARTING, said(["iptv"])]})

    assert arr_http(replay, clock=clock).get("tag", ANY) == ["iptv"]
    assert clock.waits == [0.5, 1.5]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_changes_something_is_never_sent_twice(method: str) -> None:
    replay = Replay({f"{method} command": [REFUSED, said({})]})
    http = arr_http(replay)
    ask: dict[str, Callable[[], object]] = {
        "POST": lambda: http.post("command", ANY, body={}),
        "PUT": lambda: http.put("command", ANY, body={}),
        "DELETE": lambda: http.delete("command"),
    }

    with pytest.raises(ArrUnreachableError):
        ask[method]()

    assert len(replay.requests) == 1


def test_an_arr_that_is_silent_for_the_whole_time_out_is_not_asked_again_at_once() -> None:
    replay = Replay({"GET tag": [httpx.ReadTimeout("timed out"), said([])]})

    with pytest.raises(ArrUnreachableError, match="did not answer in time"):
        arr_http(replay).get("tag", ANY)

    assert len(replay.requests) == 1


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        pytest.param(REFUSED, ArrUnreachableError, "Connection refused", id="refused"),
        pytest.param(
            httpx.ConnectTimeout("timed out"), ArrUnreachableError, "accept a connection", id="slow"
        ),
        pytest.param(
            httpx.RemoteProtocolError(f"illegal header {KEY}"),
            ArrUnreachableError,
            "RemoteProtocolError",
            id="broken",
        ),
        pytest.param(STARTING, ArrUnreachableError, "is starting up", id="starting"),
        pytest.param(
            httpx.Response(502, html="<h1>Bad Gateway</h1>"),
            ArrUnreachableError,
            "status 502",
            id="gateway",
        ),
        pytest.param(httpx.Response(504), ArrUnreachableError, "status 504", id="gateway-slow"),
        pytest.param(httpx.Response(401), ArrUnauthorizedError, "RADARR_API_KEY", id="bad-key"),
        pytest.param(
            httpx.Response(401, html="<h1>401</h1>"), ArrPageError, "web page", id="proxy-login"
        ),
        pytest.param(PAGE, ArrPageError, "STALKEER_RADARR_URL", id="login-page"),
        pytest.param(
            httpx.Response(200, text="Hello"), ArrAnswerError, "Invalid JSON", id="garbage"
        ),
        pytest.param(httpx.Response(200), ArrAnswerError, "something unexpected: ", id="empty"),
        pytest.param(said({"a": {"b": 1}}), ArrAnswerError, "unexpected at a", id="odd-shape"),
        pytest.param(
            recorded("radarr/error-500.json", status=500),
            ArrAnswerError,
            "Sequence contains no matching element. Its own log",
            id="error-of-the-arr",
        ),
        pytest.param(httpx.Response(500), ArrAnswerError, "did not say why", id="bare-error"),
        pytest.param(NOT_FOUND, ArrAnswerError, "status 404: Not Found", id="no-such-path"),
        pytest.param(
            recorded("radarr/error-400.validation.json", status=400),
            ArrRefusedError,
            "401:Unauthorized",
            id="validation",
        ),
        pytest.param(
            recorded("radarr/error-400.bad-request.json", status=400),
            ArrRefusedError,
            "0 is not a valid ID",
            id="bad-request",
        ),
        pytest.param(
            recorded("radarr/error-409.cancel.json", status=409),
            ArrRefusedError,
            "Unable to cancel task",
            id="conflict",
        ),
        pytest.param(
            httpx.Response(400, html="<p>plain HTTP to an HTTPS port</p>"),
            ArrPageError,
            "web page",
            id="http-to-https-port",
        ),
        pytest.param(
            said([{"errorMessage": "no answer at [http://x/?apikey=hunter2]"}], status=400),
            ArrRefusedError,
            "no answer at",
            id="address-of-our-webhook",
        ),
        pytest.param(
            said({"message": f"key {KEY} is odd"}, status=500), ArrAnswerError, "key ", id="key"
        ),
    ],
)
def test_every_fault_is_one_of_ours_and_never_shows_a_key_or_password(
    reply: Reply, error: type[StalkeerError], words: str
) -> None:
    http = arr_http(Replay({"GET tag": reply}), url="http://me:hunter2@nas:7878/radarr")

    with pytest.raises(error, match=words) as raised:
        http.get("tag", NAMES)

    message = str(raised.value)
    assert type(raised.value) is error
    assert KEY not in message
    assert "hunter2" not in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("error", "code", "retryable", "costs_attempt"),
    [
        (ArrUnreachableError, "arr_unreachable", True, False),
        (InstanceDownError, "arr_unreachable", True, False),
        (ArrUnauthorizedError, "arr_unauthorized", True, False),
        (ArrAnswerError, "arr_bad_answer", True, True),
        (ArrRefusedError, "arr_refused", False, True),
    ],
)
def test_a_fault_of_the_instance_costs_no_attempt_of_the_item(
    error: type[StalkeerError], code: str, *, retryable: bool, costs_attempt: bool
) -> None:
    assert (error.code, error.retryable, error.costs_attempt) == (code, retryable, costs_attempt)


def test_a_further_instance_is_told_apart_from_those_of_the_environment() -> None:
    http = arr_http(Replay({"GET tag": httpx.Response(401)}), name="radarr-4k")

    with pytest.raises(ArrUnauthorizedError, match="the API key of instance radarr-4k"):
        http.get("tag", ANY)


def test_the_wait_that_a_starting_arr_asks_for_is_kept() -> None:
    busy = httpx.Response(503, headers={"Retry-After": "7"})

    with pytest.raises(ArrUnreachableError) as raised:
        arr_http(Replay({"GET tag": busy})).get("tag", ANY)

    assert raised.value.retry_in_s == 7


@pytest.mark.parametrize(
    "address", ["http://me:hunter2", "nas:7878", "http://" + "a" * 70, "http://xn--", ""]
)
def test_an_address_that_is_none_is_a_fault_that_names_the_setting(address: str) -> None:
    http = ArrHttp("radarr", address, KEY, wait=Clock().wait)

    with pytest.raises(ArrUnreachableError, match="STALKEER_RADARR_URL") as raised:
        http.get("tag", ANY)

    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "reply",
    [pytest.param(NOT_FOUND, id="document"), pytest.param(httpx.Response(404), id="empty")],
)
def test_a_404_of_the_arr_itself_means_that_the_item_is_gone(reply: httpx.Response) -> None:
    http = arr_http(Replay({"GET movie/9": reply}))

    assert http.find("movie/9", ANY) is None


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(httpx.Response(404, html="<h1>404</h1>"), id="page"),
        pytest.param(httpx.Response(404, text="404 page not found"), id="text"),
    ],
)
def test_a_404_of_a_proxy_never_means_that_an_item_is_gone(reply: httpx.Response) -> None:
    http = arr_http(Replay({"GET movie/9": reply}))

    with pytest.raises(ArrAnswerError):
        http.find("movie/9", ANY)


def test_a_redirect_to_the_url_base_is_followed_with_key_and_body() -> None:
    replay = Replay({"POST command": [_redirect("/radarr/api/v3/command"), said({"id": 1})]})

    answer = arr_http(replay).post("command", ANY, body={"name": "X"})

    first, second = replay.requests
    assert answer == {"id": 1}
    assert second.url.path == "/radarr/api/v3/command"
    assert second.headers["X-Api-Key"] == KEY
    assert second.content == first.content


@pytest.mark.parametrize(
    "redirect",
    [
        pytest.param(_redirect("http://thief.example.invalid/?t=hunter2"), id="other-host"),
        pytest.param(_redirect("https://arr.example.invalid:7878/?t=hunter2"), id="other-scheme"),
        pytest.param(_redirect("http://arr.example.invalid/?t=hunter2"), id="other-port"),
        pytest.param(_redirect("/login?t=hunter2", status=302), id="login"),
    ],
)
def test_a_redirect_elsewhere_is_not_followed(redirect: httpx.Response) -> None:
    replay = Replay({"GET tag": redirect})

    with pytest.raises(ArrAnswerError, match="redirects to") as raised:
        arr_http(replay).get("tag", ANY)

    assert len(replay.requests) == 1
    assert "hunter2" not in str(raised.value)


def test_redirects_in_a_circle_end() -> None:
    replay = Replay({"GET tag": _redirect("/api/v3/tag")})

    with pytest.raises(ArrAnswerError, match="redirects to /api/v3/tag"):
        arr_http(replay).get("tag", ANY)

    assert len(replay.requests) == 4


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    http = ArrHttp(
        "radarr",
        "http://nas",
        KEY,
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"[" * 200)),
        wait=Clock().wait,
        max_answer_bytes=199,
    )

    with pytest.raises(ArrAnswerError, match="more than 199 bytes"):
        http.get("movie", ANY)


def test_an_answer_that_trickles_in_for_minutes_is_given_up() -> None:
    clock = Clock()

    def trickle(request: httpx.Request) -> httpx.Response:
        def pieces() -> Any:
            while True:
                clock.time_s += 29
                yield b" "

        return httpx.Response(200, content=pieces())

    http = ArrHttp(
        "radarr",
        "http://nas",
        KEY,
        transport=httpx.MockTransport(trickle),
        monotonic=clock.monotonic,
        wait=clock.wait,
    )

    with pytest.raises(ArrUnreachableError, match="did not answer in time"):
        http.get("movie", ANY)


def test_after_five_calls_without_an_answer_the_arr_is_left_alone_for_30_seconds() -> None:
    clock = Clock()
    replay = Replay({"POST command": REFUSED})
    http = arr_http(replay, clock=clock)
    for _ in range(5):
        with pytest.raises(ArrUnreachableError):
            http.post("command", ANY, body={})

    with pytest.raises(InstanceDownError, match=r"another 30 s.*Connection refused") as raised:
        http.post("command", ANY, body={})

    assert raised.value.retry_in_s == 30
    assert len(replay.requests) == 5
    assert http.health().state is BreakerState.OPEN
    assert http.health().consecutive_failures == 5


def test_an_arr_that_is_back_is_asked_as_before() -> None:
    clock = Clock()
    http = arr_http(Replay({"POST command": [REFUSED] * 5 + [said({"id": 1})]}), clock=clock)
    for _ in range(5):
        with pytest.raises(ArrUnreachableError):
            http.post("command", ANY, body={})
    clock.wait(30)

    assert http.post("command", ANY, body={}) == {"id": 1}
    assert http.health().state is BreakerState.CLOSED
    assert http.health().last_error is None


def test_an_arr_that_answers_badly_is_still_asked() -> None:
    http = arr_http(Replay({"GET tag": httpx.Response(401)}))

    for _ in range(9):
        with pytest.raises(ArrUnauthorizedError):
            http.get("tag", ANY)

    assert http.health().state is BreakerState.CLOSED
    assert "STALKEER_RADARR_API_KEY" in str(http.health().last_error)


def test_a_probe_that_ends_in_a_fault_of_ours_does_not_block_the_next_one() -> None:
    clock = Clock()
    bug = ZeroDivisionError()
    http = arr_http(Replay({"POST x": [REFUSED] * 5 + [bug, said({})]}), clock=clock)
    for _ in range(5):
        with pytest.raises(ArrUnreachableError):
            http.post("x", ANY, body={})
    clock.wait(30)
    with pytest.raises(ZeroDivisionError):
        http.post("x", ANY, body={})

    assert http.post("x", ANY, body={}) == {}


def test_an_item_that_is_gone_is_a_good_answer_for_the_health() -> None:
    http = arr_http(Replay({"GET tag": httpx.Response(500)}))
    with pytest.raises(ArrAnswerError):
        http.get("tag", ANY)

    http.find("movie/9", ANY)

    assert http.health().last_error is None


def test_what_is_deleted_needs_no_answer() -> None:
    replay = Replay({"DELETE notification/3": httpx.Response(200)})

    arr_http(replay).delete("notification/3")

    assert replay.asked == ["DELETE notification/3"]


@pytest.mark.parametrize(
    ("body", "values"),
    [
        pytest.param(b"[]", [], id="empty"),
        pytest.param(b" [ ] \r\n", [], id="empty-with-spaces"),
        pytest.param(b"[1]", [1], id="one"),
        pytest.param(
            b'\n[ {"a": [1, 2]} ,\t"],["\n, null ]\n', [{"a": [1, 2]}, "],[", None], id="odd"
        ),
    ],
)
def test_a_long_list_is_read_one_by_one(body: bytes, values: list[object]) -> None:
    http = arr_http(Replay({"GET movie": httpx.Response(200, content=body)}))

    assert list(http.each("movie", ANY)) == values


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="object"),
        pytest.param(b"[", id="open"),
        pytest.param(b"[1", id="cut-after-a-value"),
        pytest.param(b"[1,", id="cut-after-a-comma"),
        pytest.param(b"[1,]", id="comma-too-many"),
        pytest.param(b"[1 2]", id="comma-missing"),
        pytest.param(b"[1] 2", id="more-after-it"),
        pytest.param(b"[,1]", id="comma-first"),
        pytest.param(b'["\xff"]', id="no-utf-8"),
        pytest.param(b"[" * 99999, id="abyss"),
    ],
)
def test_a_long_list_that_is_damaged_is_no_answer_of_an_arr(body: bytes) -> None:
    http = arr_http(Replay({"GET movie": httpx.Response(200, content=body)}))

    with pytest.raises(ArrAnswerError, match="no JSON"):
        list(http.each("movie", ANY))

    assert "no JSON" in str(http.health().last_error)


@given(st.lists(st.recursive(st.integers() | st.text(), st.lists, max_leaves=4)), st.booleans())
def test_a_list_read_one_by_one_is_the_list(values: list[object], is_indented: bool) -> None:
    body = json.dumps(values, indent=2 if is_indented else None).encode()

    assert list(elements(body)) == values


def test_a_page_before_the_arr_is_nobodys_fault_and_costs_no_attempt() -> None:
    assert ArrPageError.retryable
    assert not ArrPageError.costs_attempt

"""Recorded answers of Radarr and Sonarr, played back to the real client without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr

CONTRACT = Path(__file__).parents[1] / "contract"
KEY = "0123456789abcdef0123456789abcdef"
URL = "http://arr.example.invalid:7878"

Reply = httpx.Response | Exception
Script = Mapping[str, Reply | Sequence[Reply]]


def recorded(file: str, *, status: int = 200) -> httpx.Response:
    """Answer with a file of `tests/contract/api`, such as `radarr/movie-12.json`."""
    content = (CONTRACT / "api" / file).read_bytes()
    return httpx.Response(
        status, content=content, headers={"Content-Type": "application/json; charset=utf-8"}
    )


def said(value: object, *, status: int = 200) -> httpx.Response:
    """Answer with this value as JSON."""
    return httpx.Response(status, json=value)


NOT_FOUND = recorded("radarr/error-404.problem.json", status=404)


class Replay:
    """Answers by `"GET movie"`, the path after `/api/v3/`; of a sequence, the last one stays.

    Whatever is not in the script is a 404 of the arr itself. `asked` holds `"GET movie"` and
    `sent` the bodies of what was asked with one, in their order.
    """

    def __init__(self, script: Script) -> None:
        self._script = {
            key: list(replies) if isinstance(replies, Sequence) else [replies]
            for key, replies in script.items()
        }
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        replies = self._script.get(_key(request), [NOT_FOUND])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    @property
    def asked(self) -> list[str]:
        return [_key(request) for request in self.requests]

    @property
    def sent(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests if request.content]


class Clock:
    """A clock that only goes on while somebody waits. `waits` is how long each time."""

    def __init__(self) -> None:
        self.time_s = 1000.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.time_s

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time_s += seconds


def arr_http(
    replay: Replay, *, name: str = "radarr", clock: Clock | None = None, url: str = URL
) -> ArrHttp:
    clock = clock or Clock()
    return ArrHttp(
        name,
        url,
        KEY,
        transport=httpx.MockTransport(replay),
        monotonic=clock.monotonic,
        wait=clock.wait,
    )


def radarr(replay: Replay, *, clock: Clock | None = None) -> Radarr:
    return Radarr(arr_http(replay, clock=clock))


def sonarr(replay: Replay, *, clock: Clock | None = None) -> Sonarr:
    return Sonarr(arr_http(replay, name="sonarr", clock=clock))


def _key(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path.partition('/api/v3/')[2]}"

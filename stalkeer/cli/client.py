"""Speaks to the REST API: of the service that runs, or of an application in this process.

So every verb is written once, in the API, and a command works in both cases.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import httpx

from stalkeer.cli.running import find_running
from stalkeer.errors import StalkeerError

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from stalkeer.settings import Secrets, Settings

TIMEOUT_S = 150.0
"""Longer than the slowest question to an arr, which a request may wait for."""
PAGE = 500


class ApiError(StalkeerError):
    """The API refused a request; the message is its own sentence."""

    code: ClassVar[str] = "refused"


class ServiceGoneError(StalkeerError):
    """The running service does not answer any more."""

    code: ClassVar[str] = "service_gone"


@dataclass(frozen=True, slots=True)
class Client:
    """The API. `is_alone`: nobody else runs, and nothing happens once this process ends."""

    http: httpx.Client
    is_alone: bool

    def get(self, path: str, **query: Any) -> Any:
        """Ask for a document."""
        return self._send("GET", path, query, None)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """Ask for something to be done."""
        return self._send("POST", path, query, body)

    def put(self, path: str, body: Any = None) -> Any:
        """Change something."""
        return self._send("PUT", path, {}, body)

    def delete(self, path: str) -> Any:
        """Take something away."""
        return self._send("DELETE", path, {}, None)

    def page(self, path: str, *, limit: int = 0, **query: Any) -> dict[str, Any]:
        """Read the first `limit` rows of a list (0: all): `{"data": […], "total": N}`."""
        rows: list[Any] = []
        while True:
            size = min(limit - len(rows), PAGE) if limit else PAGE
            answer = self.get(path, limit=size, offset=len(rows), **query)
            rows += answer["data"]
            if not answer["data"] or len(rows) >= (limit or answer["total"]):
                return {"data": rows, "total": answer["total"]}

    def _send(self, method: str, path: str, query: dict[str, Any], body: Any) -> Any:
        asked = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self.http.request(method, f"/api/v1/{path}", params=asked, json=body)
        except httpx.TransportError as exc:
            raise ServiceGoneError(
                f"The service at {self.http.base_url} does not answer: {exc}. Is it being stopped?"
            ) from exc
        if answer.is_success:
            return answer.json()
        raise ApiError(_words(answer))


@contextmanager
def connected(settings: Settings) -> Iterator[Client]:
    """Speak to the service of the data directory, or without one to its database.

    Alone the database is brought up to date first, and nothing is started.
    """
    address = find_running(settings.general.data_dir)
    if address is not None:
        with client_at(address.url, address.api_key) as client:
            yield client
        return
    from stalkeer.cli.inside import prepared
    from stalkeer.cli.starting import make_keys

    keys = make_keys(settings)
    with (
        prepared(settings, keys) as service,
        client_of(
            service.app, service.current.keys, service.current.settings.general.url_base
        ) as client,
    ):
        yield client


@contextmanager
def client_at(url: str, api_key: str) -> Iterator[Client]:
    """Speak to a service over HTTP."""
    headers = {"X-Api-Key": api_key}
    # Without the environment: no proxy stands between this machine and itself.
    with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S, trust_env=False) as http:
        yield Client(http, is_alone=False)


@contextmanager
def client_of(app: Starlette, keys: Secrets, url_base: str = "") -> Iterator[Client]:
    """Speak to an application of this process."""
    headers = {"X-Api-Key": keys.api_key}
    with (
        InProcess(app) as transport,
        httpx.Client(
            base_url=f"http://stalkeer{url_base}", headers=headers, transport=transport
        ) as http,
    ):
        yield Client(http, is_alone=True)


class InProcess(httpx.BaseTransport):
    """Answers requests by calling an ASGI application, without a socket or a thread of its own."""

    def __init__(self, app: Starlette) -> None:
        """Call `app`."""
        self._asgi = httpx.ASGITransport(app)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None = None,
        _error: BaseException | None = None,
        _trace: TracebackType | None = None,
    ) -> None:
        """Close the loop."""
        self._runner.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, whole."""
        return self._runner.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asgi.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


def _words(answer: httpx.Response) -> str:
    """Give the sentence of an error; what is none of ours is named by its status."""
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"The service answered {answer.status_code} to {answer.request.url.path}."

"""The HTTP side of a stand-in: a server on a loopback port, its journal, and faults on demand.

What every request meets before an endpoint is here: the URL base, the key, a fault.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Event, RLock, Thread
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Json = dict[str, Any]
"""A JSON object: nulls are left out of it, as Radarr and Sonarr leave them out."""


class Fault(StrEnum):
    """What can go wrong with an answer."""

    DOWN = "down"
    """The connection is closed without an answer."""
    STARTING = "starting"
    """503, as in the first seconds after a start."""
    HTML = "html"
    """200 and a page: a login portal or a proxy stands in between."""
    UNAUTHORIZED = "unauthorized"
    """401 whatever the key is: somebody made a new one."""
    GARBAGE = "garbage"
    """200, `application/json`, and half a document."""
    SLOW = "slow"
    """The work is done at once and the answer comes late."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came. `path` includes the URL base; `status` is None for `Fault.DOWN`."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int | None


@dataclass(slots=True)
class _Planned:
    fault: Fault
    times: int | None
    path: str
    method: str | None
    seconds: float

    def fits(self, method: str, path: str) -> bool:
        return self.path in path and self.method in (None, method)


Watcher = Callable[[str, str, bool], None]
"""Hears of each request: its method, its path, and whether it is done and about to be answered."""


class Front:
    """What stands before the endpoints: journal, URL base, faults, key, in the order they act."""

    def __init__(self, app: ASGIApp, *, product: str, api_key: str, url_base: str) -> None:
        self.api_key = api_key
        self.url_base = url_base
        self.stopping = Event()
        self._app = app
        self._product = product
        self._lock = RLock()
        self._journal: list[Seen] = []
        self._planned: list[_Planned] = []
        self.watcher: Watcher | None = None

    @property
    def journal(self) -> list[Seen]:
        """Every request so far, in the order of the answers."""
        with self._lock:
            return list(self._journal)

    def plan(
        self,
        fault: Fault,
        *,
        times: int | None = None,
        path: str = "",
        method: str | None = None,
        seconds: float = 0,
    ) -> None:
        """Break the next `times` requests (None: all, until `clear`) whose path holds `path`."""
        with self._lock:
            self._planned.append(_Planned(fault, times, path, method, seconds))

    def clear(self) -> None:
        """Forget every planned fault."""
        with self._lock:
            self._planned.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        body = await request.body()
        planned = self._next_fault(request)
        await self._tell(request, is_done=False)
        if planned is not None and planned.fault is Fault.DOWN:
            self._note(request, body, None)
            await _hang_up(receive, send)
            return

        async def body_again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if planned is not None and planned.fault is Fault.SLOW:
                    await run_in_threadpool(self.stopping.wait, planned.seconds)
                self._note(request, body, message["status"])
                await self._tell(request, is_done=True)
            await send(message)

        answer = self._refusal(request, planned) or self._app
        inner = {**scope, "path": request.url.path.removeprefix(self.url_base)}
        await answer(inner, body_again, noted)

    async def _tell(self, request: Request, *, is_done: bool) -> None:
        if self.watcher is not None:
            await run_in_threadpool(self.watcher, request.method, request.url.path, is_done)

    def _refusal(self, request: Request, planned: _Planned | None) -> Response | None:
        path = request.url.path
        if self.url_base and not path.startswith(f"{self.url_base}/"):
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{self.url_base}{path}{query}", status_code=307)
        broken = self._faulty(planned)
        if broken is not None:
            return broken
        if path.removeprefix(self.url_base) == "/ping" or _key(request) == self.api_key:
            return None
        return Response(status_code=401)

    def _faulty(self, planned: _Planned | None) -> Response | None:
        match planned and planned.fault:
            case Fault.STARTING:
                words = f"{self._product} is starting up, please try again later"
                return JSONResponse({"errorMessage": words}, status_code=503)
            case Fault.HTML:
                return Response("<!doctype html><title>Log in</title>", media_type="text/html")
            case Fault.UNAUTHORIZED:
                return Response(status_code=401)
            case Fault.GARBAGE:
                return PlainTextResponse('{"id": 1, "title": "Ni', media_type="application/json")
            case _:
                return None

    def _next_fault(self, request: Request) -> _Planned | None:
        with self._lock:
            fitting = (p for p in self._planned if p.fits(request.method, request.url.path))
            planned = next(fitting, None)
            if planned is not None and planned.times is not None:
                planned.times -= 1
                if planned.times == 0:
                    self._planned.remove(planned)
            return planned

    def _note(self, request: Request, body: bytes, status: int | None) -> None:
        query = dict(request.query_params)
        seen = Seen(request.method, request.url.path, query, _parsed(body), status)
        with self._lock:
            self._journal.append(seen)


def _key(request: Request) -> str | None:
    authorization = request.headers.get("Authorization", "")
    bearer = authorization.removeprefix("Bearer ") if "Bearer " in authorization else None
    return request.query_params.get("apikey") or request.headers.get("X-Api-Key") or bearer


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body


async def _hang_up(receive: Receive, send: Send) -> None:
    # ASGI has no word for it: uvicorn hands out bound methods of what holds the connection.
    send.__self__.transport.abort()  # type: ignore[attr-defined]
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(frozen=True, slots=True)
class Call:
    """One request as an endpoint sees it: what stood in the path, the query and the body."""

    params: Mapping[str, Any]
    query: QueryParams
    body: Any

    def text(self, name: str) -> str:
        """One value of the query; empty when absent. Names are compared without case."""
        lowered = {key.lower(): value for key, value in self.query.items()}
        return lowered.get(name.lower(), "")

    def number(self, name: str, default: int = 0) -> int:
        """A whole number of the query."""
        return int(self.text(name) or default)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A true or false of the query."""
        return (self.text(name) or str(default)).lower() == "true"

    def numbers(self, name: str) -> list[int]:
        """Every number given under the name, repeated or separated by commas."""
        given = [v for k, v in self.query.multi_items() if k.lower() == name.lower()]
        return [int(number) for value in given for number in value.split(",")]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answers; a body of None is an empty one."""

    status: int
    body: Any = None


class AnswerError(Exception):
    """Leaves an endpoint with an answer that is an error."""

    def __init__(self, status: int, body: Any) -> None:
        """Keep the answer."""
        super().__init__(f"{status} {body}")
        self.answer = Answer(status, body)


Handler = Callable[[Call], Any]
Check = Callable[[str, str, Any], None]


def route(method: str, path: str, handler: Handler, *, check: Check) -> BaseRoute:
    """Serve a path with a function that returns a JSON value (200) or an `Answer`.

    It runs in a thread of its own. Every 2xx body goes through `check(method, path, body)` first.
    """

    def answer(call: Call) -> Answer:
        try:
            given = handler(call)
            result = given if isinstance(given, Answer) else Answer(200, given)
            if result.status < 300:
                check(method, path, result.body)
        except AnswerError as error:
            return error.answer
        except Exception as error:  # noqa: BLE001 - a fault of an endpoint is a 500 there too
            return Answer(500, {"message": str(error), "description": repr(error)})
        return result

    async def endpoint(request: Request) -> Response:
        call = Call(request.path_params, request.query_params, _parsed(await request.body()))
        result = await run_in_threadpool(answer, call)
        if result.body is None:
            return Response(status_code=result.status)
        return JSONResponse(result.body, status_code=result.status)

    return Route(path, endpoint, methods=[method])


class LoopbackServer:
    """A uvicorn server in a thread, on a port that stays the same when it is started again."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._server: _Server | None = None
        self._thread = Thread()

    def start(self) -> Self:
        """Listen; returns when connections are accepted. Does nothing when already started."""
        if self._server is not None:
            return self
        if self._listener.fileno() == -1:
            self._listener = socket.create_server(("127.0.0.1", self.port))
        self.front.stopping.clear()
        self._server = _Server(self.front)
        sockets = {"sockets": [self._listener]}
        self._thread = Thread(target=self._server.run, kwargs=sockets, daemon=True)
        self._thread.start()
        self._server.ready.wait()
        return self

    def stop(self) -> None:
        """Close every connection and refuse new ones, as a program that has ended does."""
        self.front.stopping.set()
        if self._server is not None:
            self._server.end()
            self._thread.join()
            self._server = None
        self._listener.close()


class _Server(uvicorn.Server):
    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
            )
        )
        self.ready = Event()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()

    async def main_loop(self) -> None:
        # uvicorn's own looks only ten times a second: hundreds of tests would wait for it.
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks)


def application(routes: list[BaseRoute]) -> ASGIApp:
    """Make the endpoints one application; any other path is a 404."""
    return Starlette(routes=routes)

"""The conversation with one Radarr or Sonarr: key, time-outs, redirects, retries and breaker.

Where an answer comes from and what is wrong with it is decided here; what it means is decided by
`base`, `radarr` and `sonarr`. Every error that leaves this room is one of the classes below.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from stalkeer.arr.answer import RawAnswer, elements, same_origin_redirect, server_date
from stalkeer.arr.breaker import BreakerState, CircuitBreaker
from stalkeer.arr.errors import (
    ArrAnswerError,
    ArrPageError,
    ArrRefusedError,
    ArrUnauthorizedError,
    ArrUnreachableError,
    InstanceDownError,
)
from stalkeer.log import redact
from stalkeer.outgoing.errors import AddressRefusedError
from stalkeer.outgoing.trust import REMEDY, certificate_fault

T = TypeVar("T")
Params = Mapping[str, str | int | bool | Sequence[int]]

RETRY_WAITS_S = (0.5, 1.5)
MAX_REDIRECTS = 3
MAX_ANSWER_BYTES = 512 * 1024 * 1024
# A whole answer may take this many times the longest silence, so that a trickle has an end too.
PATIENCE = 10
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


@dataclass(frozen=True, slots=True)
class InstanceHealth:
    """What the status page says of an instance. `last_error` is None after a good answer."""

    state: BreakerState
    consecutive_failures: int
    last_error: str | None


class ArrHttp:
    """One instance of Radarr or Sonarr, spoken to as JSON under `{base_url}/api/v3/`.

    `base_url` may end with a slash and hold a URL base (`http://nas:7878/radarr`). `wait` sleeps
    that many seconds, or less when the service stops. `timeout_s` is how long the arr may be
    silent. Answers are validated against the `shape` the caller expects. `on_call` hears how each
    call ended: `ok`, `error` or `unreachable`. Threads may share it; `close` it at the end.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        api_key: str,
        *,
        wait: Callable[[float], None],
        monotonic: Callable[[], float] = time.monotonic,
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = 30.0,
        connect_timeout_s: float = 5.0,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        on_call: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.wait = wait
        self.monotonic = monotonic
        self._base_url = base_url.strip().rstrip("/")
        self._shown_url = _shown(self._base_url)
        self._api_key = api_key.strip()
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._max_answer_bytes = max_answer_bytes
        self._on_call = on_call
        self._breaker = CircuitBreaker(monotonic=monotonic)
        self._last_error: str | None = None
        self.server_time: datetime | None = None
        self._client = httpx.Client(
            transport=transport,
            headers=[(b"X-Api-Key", self._api_key.encode()), (b"Accept", b"application/json")],
            # An instance stands next to us: proxies of the environment are for the internet.
            trust_env=False,
        )

    def get(
        self,
        path: str,
        shape: TypeAdapter[T],
        *,
        params: Params | None = None,
        timeout_s: float | None = None,
    ) -> T:
        """Read something; tried three times when the arr cannot be reached."""
        answer = self._ask("GET", path, params=params, timeout_s=timeout_s)
        return self._read(answer, path, shape)

    def each(
        self,
        path: str,
        shape: TypeAdapter[T],
        *,
        params: Params | None = None,
        timeout_s: float | None = None,
    ) -> Iterator[T]:
        """Read a long list; `shape` is that of one element, which are read one by one."""
        answer = self._ask("GET", path, params=params, timeout_s=timeout_s)
        with self._reading(path):
            self._judge(answer, path)
            for element in elements(answer.body or b""):
                yield shape.validate_python(element)

    def find(self, path: str, shape: TypeAdapter[T], *, params: Params | None = None) -> T | None:
        """Read something that may not exist: None when the arr itself says 404.

        A 404 page of a proxy is an `ArrAnswerError`: it says nothing about the item, and taking it
        for "deleted" would throw work away.
        """
        answer = self._ask("GET", path, params=params)
        if answer.is_own_404:
            self._last_error = None
            return None
        return self._read(answer, path, shape)

    def post(
        self,
        path: str,
        shape: TypeAdapter[T],
        *,
        body: object,
        params: Params | None = None,
        timeout_s: float | None = None,
    ) -> T:
        """Ask for something to be done; never repeated, for it may have been done."""
        answer = self._ask("POST", path, params=params, body=body, timeout_s=timeout_s)
        return self._read(answer, path, shape)

    def put(
        self, path: str, shape: TypeAdapter[T], *, body: object, params: Params | None = None
    ) -> T:
        """Replace something."""
        return self._read(self._ask("PUT", path, params=params, body=body), path, shape)

    def delete(self, path: str) -> None:
        """Remove something."""
        self._read(self._ask("DELETE", path), path, _ANYTHING)

    def health(self) -> InstanceHealth:
        """Say how the instance fares, without asking it."""
        return InstanceHealth(self._breaker.state, self._breaker.failures, self._last_error)

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self._client.close()

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: object = None,
        timeout_s: float | None = None,
    ) -> RawAnswer:
        closed_in_s = self._breaker.enter()
        if closed_in_s > 0:
            raise self._down(closed_in_s)
        try:
            request = self._request(method, path, params, body, timeout_s or self._timeout_s)
            answer = self._attempts(request)
        except ArrUnreachableError as exc:
            self._last_error = str(exc)
            self._breaker.failed()
            self._on_call("unreachable")
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        self._on_call("error" if answer.status >= 400 else "ok")
        return answer

    def _down(self, closed_in_s: float) -> InstanceDownError:
        return InstanceDownError(
            f"{self.name} is not asked for another {closed_in_s:.0f} s, because its last calls all "
            f"failed: {self._last_error}",
            retry_in_s=closed_in_s,
        )

    def _request(
        self, method: str, path: str, params: Params | None, body: object, timeout_s: float
    ) -> httpx.Request:
        try:
            return self._client.build_request(
                method,
                f"{self._base_url}/api/v3/{path}",
                params=params,
                json=body,
                timeout=httpx.Timeout(timeout_s, connect=self._connect_timeout_s),
            )
        except (httpx.InvalidURL, UnicodeError) as exc:
            raise ArrUnreachableError(
                f"The address of {self.name} cannot be read. Correct {self._setting('URL')}."
            ) from exc

    def _attempts(self, request: httpx.Request) -> RawAnswer:
        """Send a GET up to three times, anything else once."""
        for wait_s in RETRY_WAITS_S if request.method == "GET" else ():
            try:
                return self._exchange(request)
            except ArrUnreachableError as exc:
                # Who was silent for the whole time-out will not answer a second later.
                if isinstance(exc.__cause__, httpx.ReadTimeout | AddressRefusedError):
                    raise
            self.wait(wait_s)
        return self._exchange(request)

    def _exchange(self, request: httpx.Request) -> RawAnswer:
        """Send one request and follow what only adds the URL base (Radarr: UrlBaseMiddleware)."""
        for _ in range(MAX_REDIRECTS):
            answer, onward = self._send(request)
            if onward is None:
                return answer
            request = onward
        return self._send(request)[0]

    def _send(self, request: httpx.Request) -> tuple[RawAnswer, httpx.Request | None]:
        try:
            with closing(self._client.send(request, stream=True)) as response:
                answer = self._received(response)
        except AddressRefusedError as exc:
            raise ArrUnreachableError(
                f"{self.name} at {self._shown_url} is not asked. {exc}"
            ) from exc
        except (httpx.RequestError, UnicodeError) as exc:
            raise ArrUnreachableError(
                f"{self.name} at {self._shown_url} cannot be reached: {_trouble(exc)}. "
                f"Check that it runs and that {self._setting('URL')} is right."
            ) from exc
        if answer.status in (502, 503, 504):
            raise ArrUnreachableError(
                f"{self.name} at {self._shown_url} is not ready (status {answer.status}): "
                f"{self._clean(answer.words) or 'it did not say why'}.",
                retry_in_s=answer.retry_in_s,
            )
        return answer, same_origin_redirect(request, response)

    def _received(self, response: httpx.Response) -> RawAnswer:
        ends_at = self.monotonic() + PATIENCE * self._timeout_s
        self.server_time = server_date(response.headers.get("Date", ""))
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > self._max_answer_bytes:
                return RawAnswer(response.status_code, None)
            if self.monotonic() > ends_at:
                raise httpx.ReadTimeout("the answer came too slowly to wait for its end")
        return RawAnswer(
            response.status_code,
            bytes(body),
            response.headers.get("Location", ""),
            response.headers.get("Retry-After", ""),
        )

    def _read(self, answer: RawAnswer, path: str, shape: TypeAdapter[T]) -> T:
        with self._reading(path):
            self._judge(answer, path)
            return shape.validate_json(answer.body or b"null")

    @contextmanager
    def _reading(self, path: str) -> Iterator[None]:
        """Turn what cannot be read into an error of ours, and keep it for the status page."""
        try:
            yield
        except (ValueError, RecursionError) as exc:
            error = ArrAnswerError(
                f"{self.name} answered /api/v3/{path} with something unexpected"
                f"{_place(exc)}. {self._check_url}"
            )
            self._last_error = str(error)
            raise error from exc
        except (ArrAnswerError, ArrUnauthorizedError) as exc:
            self._last_error = str(exc)
            raise
        self._last_error = None

    def _judge(self, answer: RawAnswer, path: str) -> None:
        """Raise for whatever is no answer to the request."""
        if answer.is_page:
            raise ArrPageError(
                f"{self._shown_url} answered with a web page (status {answer.status}), not as "
                f"{self.name} does: a proxy or a login page stands before it. {self._check_url}"
            )
        if answer.status == 401:
            raise ArrUnauthorizedError(
                f"{self.name} refused our API key. Copy the one that its page shows under "
                f"Settings > General into {self._setting('API_KEY')}."
            )
        if answer.body is None:
            raise ArrAnswerError(
                f"{self.name} answered /api/v3/{path} with more than {self._max_answer_bytes} "
                f"bytes. {self._check_url}"
            )
        if 300 <= answer.status < 400:
            raise ArrAnswerError(
                f"{self.name} at {self._shown_url} redirects to {answer.redirects_to}. "
                f"{self._check_url}"
            )
        if answer.status >= 400:
            raise self._error(answer, path)

    def _error(self, answer: RawAnswer, path: str) -> ArrRefusedError | ArrAnswerError:
        words = self._clean(answer.words)
        if not words:
            return ArrAnswerError(
                f"{self.name} answered /api/v3/{path} with status {answer.status} and did not "
                f"say why. {self._check_url}"
            )
        if answer.status in (400, 409):
            return ArrRefusedError(f"{self.name} refused: {words}.")
        return ArrAnswerError(
            f"{self.name} answered /api/v3/{path} with status {answer.status}: {words}. "
            f"Its own log (System > Log Files) says more."
        )

    @property
    def _check_url(self) -> str:
        return f"Check that {self._setting('URL')} is the address of {self.name} itself."

    def _setting(self, key: str) -> str:
        """Name what the user has to set: only the first two instances live in the environment."""
        if self.name in ("radarr", "sonarr"):
            return f"STALKEER_{self.name.upper()}_{key}"
        return f"the {'address' if key == 'URL' else 'API key'} of instance {self.name}"

    def _clean(self, words: str) -> str:
        """Take out what the arr may repeat: our key, or the address of our webhook."""
        return redact(words.replace(self._api_key, "***") if self._api_key else words)


def _place(error: Exception) -> str:
    """Say where an answer is odd, in pydantic's words and without the value: it may be anything."""
    if not isinstance(error, ValidationError):
        return ": no JSON"
    fault = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(step) for step in fault["loc"])
    return f"{' at ' if place else ''}{place}: {fault['msg']}"


def _trouble(error: Exception) -> str:
    """Say in words what happened to the connection, without what may hold a header of ours."""
    if isinstance(error, httpx.ConnectTimeout):
        return "it did not accept a connection in time"
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    if isinstance(error, httpx.ConnectError):
        fault = certificate_fault(error)
        return f"its certificate is not trusted ({fault}). {REMEDY}" if fault else str(error)
    return f"the connection failed ({type(error).__name__})"


def _shown(base_url: str) -> str:
    """The address without user, password and query: it goes into messages."""
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, UnicodeError):
        return "its address"
    return str(url.copy_with(username=None, password=None, query=None)).rstrip("/")

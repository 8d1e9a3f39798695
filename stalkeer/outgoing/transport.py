"""How a connection is made: to an address that was judged, and never deaf while it waits."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpcore
import httpx

from stalkeer.outgoing.errors import DownloadStoppedError
from stalkeer.outgoing.trust import Trust

Resolve = Callable[[str, int], list[str]]
"""Finds the addresses of a host; raises OSError when it has none."""
KEEP_ALIVE_S = 5.0
CheckHost = Callable[[str, list[str]], None]
"""Raises `AddressRefusedError` for a host that must not be fetched from."""


def resolve(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host, in its order and each once."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@dataclass(slots=True)
class Patience:
    """How long a connection waits for bytes: in steps of `step_s`, asking `should_stop` between.

    `answer_until` is when the head of an answer must be complete; None while a body is read,
    which has its own watch. A limit on each read alone would let a server that sends one byte
    a second hold a worker for hours.
    """

    step_s: float
    should_stop: Callable[[], bool]
    monotonic: Callable[[], float]
    answer_until: float | None = None

    def check(self) -> None:
        """Raise `DownloadStoppedError` or `httpcore.ReadTimeout` when it is over."""
        if self.should_stop():
            raise DownloadStoppedError("The download was stopped; it goes on where it was.")
        if self.answer_until is not None and self.monotonic() >= self.answer_until:
            raise httpcore.ReadTimeout("no answer in time")


class PatientStream(httpcore.NetworkStream):
    """A connection that looks between short waits whether it should go on waiting."""

    def __init__(self, stream: httpcore.NetworkStream, patience: Patience) -> None:
        self._stream = stream
        self._patience = patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there; `timeout` is the longest silence in seconds."""
        left_s = float("inf") if timeout is None else timeout
        while True:
            self._patience.check()
            try:
                return self._stream.read(max_bytes, timeout=min(self._patience.step_s, left_s))
            except httpcore.ReadTimeout:
                left_s -= self._patience.step_s
                if left_s <= 0:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send the request."""
        self._stream.write(buffer, timeout=timeout)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Encrypt the connection; the certificate is held against the name, not the address."""
        stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return PatientStream(stream, self._patience)

    def get_extra_info(self, info: str) -> Any:
        """Hand out what the connection below knows, such as its `socket`."""
        return self._stream.get_extra_info(info)


class JudgedBackend(httpcore.NetworkBackend):
    """Connects to the very addresses that were judged: no name is resolved a second time."""

    def __init__(self, resolve: Resolve, check: CheckHost, patience: Patience) -> None:
        self._resolve = resolve
        self._check = check
        self._patience = patience
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers."""
        options = list(socket_options or ())
        failure: Exception = httpcore.ConnectError("its name has no address")
        for address in self._addresses(host, port):
            self._patience.check()
            try:
                stream = self._backend.connect_tcp(address, port, timeout, local_address, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
            else:
                return PatientStream(stream, self._patience)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as exc:
            raise httpcore.ConnectError("its name cannot be resolved") from exc
        self._check(host, addresses)
        return addresses


class JudgedTransport(httpx.BaseTransport):
    """httpx over connections of a `JudgedBackend`: HTTP/1.1, no proxy.

    Nothing is kept alive without `keep_alive`: a connection that stays open after the file counts
    against the provider's limit.
    """

    def __init__(self, backend: JudgedBackend, trust: Trust, *, keep_alive: int = 0) -> None:
        self._backend = backend
        self._trust = trust
        self._keep_alive = keep_alive
        self._pools: dict[ssl.SSLContext | None, httpcore.ConnectionPool] = {}
        self._lock = Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read the head of its answer; raises what httpx raises."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _errors_of_httpx():
            answer = self._pool(request.url).handle_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close whatever is still open."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, url: httpx.URL) -> httpcore.ConnectionPool:
        """Give the connections to hosts that are trusted alike; plain ones need no trust."""
        context = self._trust.context_of(url.host) if url.scheme == "https" else None
        with self._lock:
            if context not in self._pools:
                self._pools[context] = httpcore.ConnectionPool(
                    ssl_context=context,
                    network_backend=self._backend,
                    max_connections=None,
                    max_keepalive_connections=self._keep_alive,
                    keepalive_expiry=KEEP_ALIVE_S,
                )
            return self._pools[context]


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    # The two libraries name their errors alike; only httpx's are caught elsewhere.
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as exc:
        error: type[httpx.TransportError] = getattr(httpx, type(exc).__name__)
        raise error(str(exc)) from exc

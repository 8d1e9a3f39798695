"""Opens the playlists of the database and the settings, whatever kind each is.

What a playlist says of itself wins over what the rules say for all. Where its address leads is
judged as for films: after resolving, again at every redirect, and the connection goes to the
address that was judged.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

import httpx

from stalkeer.outgoing.address import check
from stalkeer.outgoing.transport import JudgedBackend, JudgedTransport, Patience, Resolve, resolve
from stalkeer.outgoing.trust import Trust
from stalkeer.playlist.source import is_address, open_source
from stalkeer.playlist.terms import (
    NotModified,
    OpenSource,
    Source,
    SourceInfo,
    SourceKind,
    SourceRules,
    Watch,
)
from stalkeer.playlist.web import parse_address
from stalkeer.playlist.xtream import account_of, open_panel

if TYPE_CHECKING:
    from stalkeer.db.playlists import PlaylistRow

_STEP_S = 1.0


def source_of(row: PlaylistRow) -> Source:
    """Say where a playlist of the database comes from."""
    return Source(
        name=row.name,
        location=row.location,
        kind=SourceKind(row.kind),
        username=row.username,
        password=row.password,
        user_agent=row.user_agent,
        is_typed=row.is_configured,
    )


@contextmanager
def open_playlist(
    source: Source,
    rules: SourceRules,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    wanted: frozenset[str] = frozenset(),
    watch: Watch = lambda _: None,
    resolve: Resolve = resolve,
) -> Iterator[OpenSource | NotModified]:
    """Open a list or a panel.

    `etag` and `last_modified` are those of the last `SourceInfo`. Of a panel, series with a key in
    `wanted` are asked for first, and `watch` is told what is done; it may raise to stop that.
    Raises a `PlaylistError`, or `AddressRefusedError`.
    """
    with _way(source, rules, resolve) as transport:
        opening: AbstractContextManager[OpenSource | NotModified]
        if source.kind is SourceKind.XTREAM:
            opening = open_panel(
                source, rules, etag=etag, wanted=wanted, watch=watch, transport=transport
            )
        else:
            opening = _list(source, rules, etag, last_modified, transport)
        with opening as opened:
            yield opened


def probe(source: Source, rules: SourceRules, *, etag: str | None = None) -> SourceInfo:
    """Ask whether a playlist can be had, and read none of it; raises like `open_playlist`."""
    with _way(source, rules, resolve) as transport:
        if source.kind is SourceKind.XTREAM:
            return account_of(source, rules, transport=transport)
        with _list(source, rules, etag, None, transport) as opened:
            return opened.info


def check_number(location: str, rules: SourceRules) -> None:
    """Judge an address whose host is a number, or this machine: nobody has to be asked for that.

    A name is judged when the playlist is opened, because what it leads to may change. Raises
    `AddressRefusedError`, and a `PlaylistError` for what is no address.
    """
    host = parse_address(location).raw_host.decode("ascii")
    number = _number(host)
    if number is not None:
        check(host, [number], allowed_hosts=rules.allowed_hosts, private_hosts={host})


def _list(
    source: Source,
    rules: SourceRules,
    etag: str | None,
    last_modified: str | None,
    transport: httpx.BaseTransport | None,
) -> AbstractContextManager[OpenSource | NotModified]:
    return open_source(
        source.location,
        user_agent=source.user_agent or rules.user_agent,
        auth=_auth(source, rules),
        etag=etag,
        last_modified=last_modified,
        limits=rules.limits,
        transport=transport,
    )


def _auth(source: Source, rules: SourceRules) -> tuple[str, str] | None:
    if source.username:
        return source.username, source.password
    # The password of the settings is for the playlists of the settings, and no other provider's.
    return rules.auth if source.is_typed else None


@contextmanager
def _way(
    source: Source, rules: SourceRules, resolve: Resolve
) -> Iterator[httpx.BaseTransport | None]:
    """Make the way to the network for one playlist; a file needs none."""
    if not is_address(source.location):
        yield None
        return
    host = parse_address(source.location).raw_host.decode("ascii")
    is_meant = source.is_typed and _is_loopback(host)
    judge = partial(
        check,
        allowed_hosts=rules.allowed_hosts | ({host} if is_meant else set()),
        private_hosts={host},
    )
    # Whoever stops a refresh is heard between two chunks.
    patience = Patience(_STEP_S, lambda: False, time.monotonic)
    backend = JudgedBackend(resolve, judge, patience)
    transport = JudgedTransport(backend, Trust(rules.unverified_hosts))
    try:
        yield _Bounded(transport, patience)
    finally:
        transport.close()


class _Bounded(httpx.BaseTransport):
    """Sees to it that the head of an answer is complete in time, however slowly it drips."""

    def __init__(self, transport: httpx.BaseTransport, patience: Patience) -> None:
        self._transport = transport
        self._patience = patience

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        timeout_s = request.extensions["timeout"]["read"]
        self._patience.answer_until = self._patience.monotonic() + timeout_s
        try:
            return self._transport.handle_request(request)
        finally:
            self._patience.answer_until = None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _number(host: str) -> str | None:
    """Give the address that a host is in itself; None for a name."""
    plain = host.strip("[]").rstrip(".").lower()
    if plain == "localhost" or plain.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ip_address(plain))
    except ValueError:
        pass
    try:
        # `127.1` and `2130706433`, as the resolver reads them.
        return socket.inet_ntoa(socket.inet_aton(plain))
    except OSError:
        return None

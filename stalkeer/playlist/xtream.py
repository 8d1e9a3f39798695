"""Opens an account on an Xtream Codes panel as if it were a list.

The films and the series come in one answer each, the episodes one series at a time; what is not
asked for in time is left for the next opening. The lines are written to a nameless file first: only
what a panel said to its end is a list, and its digest says whether anything changed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import httpx

from stalkeer.playlist.details import Details, open_details
from stalkeer.playlist.episodes import Pace, in_order, read_details
from stalkeer.playlist.errors import PlaylistEmptyError, PlaylistUnreachableError
from stalkeer.playlist.objects import read_document, read_objects
from stalkeer.playlist.panel import (
    Series,
    read_account,
    read_categories,
    read_films,
    read_series,
    refused,
)
from stalkeer.playlist.rendering import Rendering
from stalkeer.playlist.stream import MAX_CHUNK, Meter
from stalkeer.playlist.terms import (
    Account,
    NotModified,
    OpenSource,
    Source,
    SourceInfo,
    SourceRules,
    Watch,
)
from stalkeer.playlist.web import Question, answered, asking, content, parse_address

__all__ = ["Pace", "account_of", "open_panel", "panel_base"]

_SCRIPT = re.compile(r"/(?:player_api|panel_api|get|xmltv)\.php$")


def panel_base(location: str) -> str:
    """Give the address all others of a panel begin with: `http://host:8080`.

    The address of one of its scripts is understood as well. Raises `PlaylistNotFoundError`.
    """
    url = parse_address(location).copy_with(query=None, fragment=None, userinfo=b"")
    return _SCRIPT.sub("", str(url).rstrip("/"))


@contextmanager
def open_panel(
    source: Source,
    rules: SourceRules,
    *,
    etag: str | None = None,
    wanted: frozenset[str] = frozenset(),
    watch: Watch = lambda _: None,
    transport: httpx.BaseTransport | None = None,
    pace: Pace | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[OpenSource | NotModified]:
    """Log in, read what the panel has, and open it as a list.

    `etag` is that of the last `SourceInfo`. Series whose title has one of the keys in `wanted` are
    asked for first. Raises a `PlaylistError`.
    """
    base, pace = panel_base(source.location), pace or Pace()
    cache = open_details(
        rules.cache_dir, f"{base} {source.username}", read_only=rules.read_only, now=pace.now()
    )
    with asking(transport, rules.limits) as client, cache as details, _spool(rules) as spool:
        panel = _Panel(client, source, rules, base, clock)
        account = panel.account()
        reading = _Reading(panel, details, wanted, watch, pace)
        digest = _written(reading.lines(), spool, panel.name)
        info = SourceInfo(
            name=panel.name,
            etag=f'"{digest}"',
            last_modified=None,
            size_bytes=spool.tell(),
            account=account,
            unread_series=reading.unread,
        )
        yield NotModified(info) if info.etag == etag else OpenSource(info, _read_again(spool))


def account_of(
    source: Source, rules: SourceRules, *, transport: httpx.BaseTransport | None = None
) -> SourceInfo:
    """Log in and do no more; raises a `PlaylistError`."""
    base = panel_base(source.location)
    with asking(transport, rules.limits) as client:
        panel = _Panel(client, source, rules, base, time.monotonic)
        return SourceInfo(panel.name, None, None, None, account=panel.account())


@dataclass(frozen=True, slots=True)
class _Panel:
    """Asks the questions and bounds the answers."""

    client: httpx.Client
    source: Source
    rules: SourceRules
    base: str
    clock: Callable[[], float]

    @property
    def name(self) -> str:
        """Host and port."""
        return httpx.URL(self.base).netloc.decode("ascii")

    def account(self) -> Account:
        """Log in."""
        with self._asked() as response:
            if response.status_code in (401, 403):
                raise refused(self.source.name, self.name)
            answer = read_document(self._content(response), name=self.name)
        return read_account(answer, name=self.source.name, host=self.name)

    def objects(self, action: str) -> Iterator[dict[str, Any]]:
        """Ask for a long list."""
        with self._asked(action=action) as response:
            yield from read_objects(self._content(response), name=self.name)

    def details_of(self, series: Series) -> Any:
        """Ask for all that is known of a series."""
        with self._asked(action="get_series_info", series_id=series.id) as response:
            return read_document(self._content(response), name=self.name)

    def _asked(self, **fields: str) -> AbstractContextManager[httpx.Response]:
        account = {"username": self.source.username, "password": self.source.password}
        question = Question(
            url=httpx.URL(f"{self.base}/player_api.php", params=account | fields),
            auth=None,
            headers={
                "User-Agent": self.source.user_agent or self.rules.user_agent,
                "Accept": "application/json, */*",
                # A list of films packs to a tenth, and its end shows without a length.
                "Accept-Encoding": "gzip",
            },
        )
        return answered(self.client, question)

    def _content(self, response: httpx.Response) -> Iterator[bytes]:
        return content(response, self.name, Meter(self.rules.limits, self.clock))


@dataclass(slots=True)
class _Reading:
    """Turns all a panel has into lines; `unread` counts the series left for the next time."""

    panel: _Panel
    details: Details
    wanted: frozenset[str]
    watch: Watch
    pace: Pace
    unread: int = 0

    def lines(self) -> Iterator[bytes]:
        """Yield the entries, two lines each, in the order of the panel."""
        source = self.panel.source
        rendering = Rendering(self.panel.base, source.username, source.password)
        yield from self._films(rendering)
        yield from self._episodes(rendering)

    def _films(self, rendering: Rendering) -> Iterator[bytes]:
        self.watch("list of films")
        groups = read_categories(self.panel.objects("get_vod_categories"))
        for film in read_films(self.panel.objects("get_vod_streams")):
            yield rendering.film(film, groups.get(film.category_id, ""))

    def _episodes(self, rendering: Rendering) -> Iterator[bytes]:
        self.watch("list of series")
        groups = read_categories(self.panel.objects("get_series_categories"))
        listed = {each.id: each for each in read_series(self.panel.objects("get_series"))}
        series = list(listed.values())
        stale = self.details.stale(series, now=self.pace.now())
        self.unread = read_details(
            in_order(stale, self.wanted),
            self.details,
            self.panel.details_of,
            pace=self.pace,
            watch=self.watch,
        )
        self.details.forget_others(listed.keys())
        for each in series:
            for episode in self.details.episodes(each):
                yield rendering.episode(each, episode, groups.get(each.category_id, ""))


@contextmanager
def _spool(rules: SourceRules) -> Iterator[IO[bytes]]:
    """Open a file without a name, beside the cache where there is one: /tmp may be memory."""
    folder: Path | None = rules.cache_dir
    with TemporaryFile(dir=folder if folder and folder.is_dir() else None) as spool:
        yield spool


def _written(lines: Iterator[bytes], spool: IO[bytes], name: str) -> str:
    """Write a list and return its digest."""
    digest = blake2b(digest_size=16)
    spool.write(b"#EXTM3U\n")
    empty = spool.tell()
    try:
        for entry in lines:
            spool.write(entry)
            digest.update(entry)
    except OSError as error:
        raise PlaylistUnreachableError(
            f"What the panel at {name} has cannot be written down: {error.strerror}."
        ) from error
    if spool.tell() == empty:
        raise PlaylistEmptyError(f"The panel at {name} has neither films nor episodes.")
    return digest.hexdigest()


def _read_again(spool: IO[bytes]) -> Iterator[bytes]:
    spool.seek(0)
    while chunk := spool.read(MAX_CHUNK):
        yield chunk

"""Whether a file on disk is what an address holds: asked with one small range, written nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import httpx

from stalkeer.downloader.answers import Body, Finished, SetbackError, judge, read_head, refusal
from stalkeer.downloader.body import cut
from stalkeer.downloader.exchange import Caller, open_answer
from stalkeer.downloader.files import disk_errors
from stalkeer.downloader.resume import OVERLAP_BYTES, Ask, ResumeState
from stalkeer.downloader.terms import Chance
from stalkeer.outgoing.transport import Patience

_SAMPLE_BYTES = 1024 * 1024
"""How much of a whole body is compared when the server knows no ranges but says its length."""


class Comparison:
    """Compares files with one address."""

    def __init__(
        self,
        url: httpx.URL,
        transport: httpx.BaseTransport,
        caller: Caller,
        patience: Patience,
        rng: Chance,
    ) -> None:
        self._url = url
        self._transport = transport
        self._caller = caller
        self._patience = patience
        self._rng = rng

    def holds(self, path: Path) -> bool:
        """Say whether length and last bytes are the same; see `Engine.holds`."""
        with disk_errors(path), path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            try:
                # The whole is asked for where a range gets no answer that can be used.
                for ask in (Ask(max(size - OVERLAP_BYTES, 0)), Ask()):
                    is_same = self._ask(ask, file.fileno(), size)
                    if is_same is not None:
                        return is_same
            except SetbackError as setback:
                raise setback.error from setback
        return False

    def _ask(self, ask: Ask, descriptor: int, size: int) -> bool | None:
        """Compare with one answer; None when it says nothing."""
        with open_answer(self._transport, self._url, ask, self._caller, self._patience) as (
            response,
            host,
        ):
            head = read_head(response.status_code, response.headers, host=host)
            setback = refusal(head)
            if setback is not None:
                raise setback
            verdict = judge(head, ask, ResumeState(), size)
            if isinstance(verdict, Body):
                return _is_same(verdict, response, descriptor, size, host=host)
            return True if isinstance(verdict, Finished) else None


def _is_same(
    body: Body, response: httpx.Response, descriptor: int, size: int, *, host: str
) -> bool:
    total, position = body.state.total_bytes, body.start
    if total not in (None, size):
        return False
    try:
        for piece in response.iter_raw():
            if os.pread(descriptor, len(piece), position) != piece:
                return False
            position += len(piece)
            if total is not None and position - body.start >= _SAMPLE_BYTES:
                return True
    except httpx.HTTPError as exc:
        raise cut(host, str(exc) or type(exc).__name__) from exc
    return position == size

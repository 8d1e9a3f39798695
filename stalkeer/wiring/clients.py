"""The clients of the instances: kept as long as an instance is reached in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.items import Service
from stalkeer.jobs.instances import InstanceConfig, KnownInstance
from stalkeer.jobs.meters import ARR_CALLS, Meters
from stalkeer.log import register_secret
from stalkeer.outgoing.address import check
from stalkeer.outgoing.transport import JudgedBackend, JudgedTransport, Patience, Resolve, resolve
from stalkeer.outgoing.trust import Trust

Arr = Radarr | Sonarr

_STEP_S = 1.0
_KEEP_ALIVE = 20


@dataclass(frozen=True, slots=True)
class Leave:
    """The hosts that may be anywhere, and those whose certificates are taken as they are."""

    allowed_hosts: tuple[str, ...] = ()
    unverified_hosts: tuple[str, ...] = ()


class Clients:
    """Makes clients of instances, and closes them at the end."""

    def __init__(
        self, wait: Callable[[float], None], meters: Meters, *, resolve: Resolve = resolve
    ) -> None:
        """Begin with none; `meters` count the calls."""
        self._resolve = resolve
        self._wait = wait
        self._meters = meters
        self._leave = Leave()
        self._kept: dict[str, tuple[tuple[object, ...], Arr]] = {}
        self._retired: list[Arr] = []

    def of(self, known: Mapping[str, KnownInstance], leave: Leave) -> dict[str, Arr]:
        """Give the client of every instance: the same one as before when nothing changed."""
        self._leave = leave
        return {name: self._client(name, one.config) for name, one in known.items()}

    @contextmanager
    def fleeting(self, name: str, config: InstanceConfig) -> Iterator[Arr]:
        """Make a client for one look."""
        arr = self._made(name, config)
        try:
            yield arr
        finally:
            arr.close()

    def close(self) -> None:
        """Close every client there ever was."""
        for arr in (*(arr for _, arr in self._kept.values()), *self._retired):
            arr.close()

    def _client(self, name: str, config: InstanceConfig) -> Arr:
        kept, reached = self._kept.get(name), _reached(config, self._leave)
        if kept is not None and kept[0] == reached:
            return kept[1]
        if kept is not None:
            # Not closed before the end: a run under way may still hold it.
            self._retired.append(kept[1])
        made = self._made(name, config)
        self._kept[name] = (reached, made)
        return made

    def _made(self, name: str, config: InstanceConfig) -> Arr:
        register_secret(config.api_key)
        register_secret(config.webhook_password)

        def count(result: str) -> None:
            self._meters.count(ARR_CALLS, instance=name, result=result)

        http = ArrHttp(
            name,
            config.url,
            config.api_key,
            wait=self._wait,
            transport=_way(self._leave, self._resolve),
            on_call=count,
        )
        return Radarr(http) if config.service is Service.RADARR else Sonarr(http)


def _reached(config: InstanceConfig, leave: Leave) -> tuple[object, ...]:
    return config.service, config.url, config.api_key, leave


def _way(leave: Leave, resolve: Resolve) -> JudgedTransport:
    """Make the way to an instance, which may be next to us but not at a cloud's metadata."""

    def judge(host: str, addresses: list[str]) -> None:
        check(host, addresses, allowed_hosts=leave.allowed_hosts, near_hosts=(host,))

    patience = Patience(_STEP_S, lambda: False, time.monotonic)
    backend = JudgedBackend(resolve, judge, patience)
    return JudgedTransport(backend, Trust(leave.unverified_hosts), keep_alive=_KEEP_ALIVE)

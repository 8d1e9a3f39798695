"""The clients of the instances: kept as long as an instance is reached in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.items import Service
from stalkeer.jobs.instances import InstanceConfig, KnownInstance
from stalkeer.jobs.meters import ARR_CALLS, Meters
from stalkeer.log import register_secret

Arr = Radarr | Sonarr


class Clients:
    """Makes clients of instances, and closes them at the end."""

    def __init__(self, wait: Callable[[float], None], meters: Meters) -> None:
        """Begin with none; `meters` count the calls."""
        self._wait = wait
        self._meters = meters
        self._kept: dict[str, tuple[InstanceConfig, Arr]] = {}
        self._retired: list[Arr] = []

    def of(self, known: Mapping[str, KnownInstance]) -> dict[str, Arr]:
        """Give the client of every instance: the same one as before when nothing changed."""
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
        kept = self._kept.get(name)
        if kept is not None and _reached(kept[0]) == _reached(config):
            return kept[1]
        if kept is not None:
            # Not closed before the end: a run under way may still hold it.
            self._retired.append(kept[1])
        made = self._made(name, config)
        self._kept[name] = (config, made)
        return made

    def _made(self, name: str, config: InstanceConfig) -> Arr:
        register_secret(config.api_key)
        register_secret(config.webhook_password)

        def count(result: str) -> None:
            self._meters.count(ARR_CALLS, instance=name, result=result)

        http = ArrHttp(name, config.url, config.api_key, wait=self._wait, on_call=count)
        return Radarr(http) if config.service is Service.RADARR else Sonarr(http)


def _reached(config: InstanceConfig) -> tuple[str, str, str]:
    return config.service, config.url, config.api_key

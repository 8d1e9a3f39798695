"""Where the service of a data directory is reached from this machine.

`up` and `web` keep the file `service.json` there while they run, with an address and the key, so
that `docker exec … stalkeer …` needs no settings. It is for the owner of the directory alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

NAME = "service.json"
PING_TIMEOUT_S = 5.0
_LOCALLY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 # asked for, not listened on


@dataclass(frozen=True, slots=True)
class Address:
    """A running service: the address its API begins at, its key, and its process."""

    url: str
    api_key: str = field(repr=False)
    pid: int


def local_url(host: str, port: int, url_base: str) -> str:
    """Give the address of a service that listens on `host` as this machine reaches it."""
    name = _LOCALLY.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}{url_base}"


@contextmanager
def announced(data_dir: Path, address: Address) -> Iterator[Callable[[Address], None]]:
    """Keep the file while the block lasts; another process that wrote it since keeps its own.

    Yields what writes it anew, for a key that changes meanwhile.
    """
    path = data_dir / NAME

    def announce(current: Address) -> None:
        _write(path, json.dumps(asdict(current)))

    announce(address)
    try:
        yield announce
    finally:
        found = _read(path)
        if found is not None and found.pid == address.pid:
            path.unlink(missing_ok=True)


def find_running(data_dir: Path) -> Address | None:
    """Find the service of a data directory; None when none answers.

    A file that a killed process left behind names an address where nobody answers.
    """
    import httpx

    address = _read(data_dir / NAME)
    if address is None:
        return None
    try:
        with httpx.Client(timeout=PING_TIMEOUT_S, trust_env=False) as http:
            return address if http.get(f"{address.url}/ping").is_success else None
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        unfinished.unlink()
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
    unfinished.replace(path)


def _read(path: Path) -> Address | None:
    try:
        return Address(**json.loads(path.read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        return None

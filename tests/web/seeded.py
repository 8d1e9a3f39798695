"""A whole service with rows of every kind, and a Radarr that answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from stalkeer.settings import Secrets, Settings, load
from stalkeer.web.auth import Limits
from stalkeer.wiring.service import Service
from tests.standins.radarr import Radarr
from tests.standins.receiver import receiving
from tests.web.conftest import API_KEY, SETUP_CODE, WEBHOOK_PASSWORD, WEBHOOK_USER
from tests.web.examples import seed

SECRET_KEY = "c2VjcmV0LWtleS1vZi10aGUtdGVzdHMtMzItYnl0ZXM="


@dataclass(frozen=True, slots=True)
class Seeded:
    """A service, its application, its Radarr, and the ids of its rows by name."""

    service: Service
    app: Starlette
    radarr: Radarr
    ids: dict[str, int]


@contextmanager
def started(
    folder: Path,
    environ: dict[str, str],
    *,
    queues: tuple[str, ...] = (),
    is_scheduled: bool = False,
) -> Iterator[Service]:
    """Start a service in this process; without queues it runs no jobs."""

    def read(saved: dict[str, str]) -> Settings:
        return load(environ, folder=folder, saved=saved)

    keys = Secrets(API_KEY, WEBHOOK_USER, WEBHOOK_PASSWORD, SECRET_KEY, created=())
    service = Service(
        read({}),
        keys,
        queues=queues,
        is_scheduled=is_scheduled,
        reload=read,  # type: ignore[arg-type]
    )
    service.start()
    try:
        yield service
    finally:
        service.stop()


def environ_in(folder: Path, **given: str) -> dict[str, str]:
    """Give the environment of a service whose arrs answer nothing."""
    plain = {
        "DATA_DIR": str(folder),
        "API_KEY": API_KEY,
        "WEBHOOK_PASSWORD": WEBHOOK_PASSWORD,
        "SECRET_KEY": SECRET_KEY,
        "RADARR_URL": "http://127.0.0.1:9",
        "RADARR_API_KEY": "radarr-test-key",
        "SONARR_URL": "http://127.0.0.1:9",
        "SONARR_API_KEY": "sonarr-test-key",
        "DIRECTORIES_MOVIES": str(folder / "movies"),
        "DIRECTORIES_TVSHOWS": str(folder / "tvshows"),
        "DOWNLOADS_MIN_FREE_SPACE": "1MB",
        "M3U_FILE_PATH": str(folder / "list.m3u"),
    }
    return {f"STALKEER_{name}": value for name, value in (plain | given).items() if value}


@contextmanager
def seeded(
    folder: Path, migrated_file: Path, *, limits: Limits | None = None, **given: str
) -> Iterator[Seeded]:
    """Start a service with rows of every kind; its own webhooks go to a receiver."""
    (folder / "library").mkdir()
    (folder / "stalkeer.db").write_bytes(migrated_file.read_bytes())
    with ExitStack() as stack:
        radarr = stack.enter_context(Radarr(root=folder / "library"))
        receiver = stack.enter_context(receiving())
        named = {
            "RADARR_URL": radarr.url,
            "RADARR_API_KEY": radarr.api_key,
            "PUBLIC_URL": receiver.url,
        }
        service = stack.enter_context(started(folder, environ_in(folder, **named | given)))
        ids = seed(service.store, movie_id=radarr.seed_movie("Heat", 1995), folder=folder)
        service.setup_code = SETUP_CODE
        yield Seeded(service, service.application(stream_s=0.05, limits=limits), radarr, ids)

"""The web application on a real SQLite store and a real writer, and a server that speaks HTTP."""

from __future__ import annotations

import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from stalkeer.arr.http import ArrHttp
from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.db.connect import Database
from stalkeer.db.store import Store
from stalkeer.downloader.http import Engine
from stalkeer.jobs.folders import SeenFolders
from stalkeer.jobs.instances import InstanceConfig, KnownInstance, Trial
from stalkeer.jobs.libraries import Libraries
from stalkeer.jobs.meters import UNAVAILABLE
from stalkeer.jobs.receive import WebhookWriter
from stalkeer.jobs.services import InstanceRules, Running, Services
from stalkeer.jobs.status import Status
from stalkeer.settings import Settings, load
from stalkeer.web.app import make_app
from stalkeer.web.auth import Credentials, Doorman, Limits
from stalkeer.web.connections import guarded
from stalkeer.web.instances import Instances
from stalkeer.web.resources import resources
from stalkeer.web.sessions import Sessions
from stalkeer.web.throttle import Rate, Throttle
from stalkeer.web.webhooks import Webhooks
from stalkeer.wiring import rules
from stalkeer.wiring.instances import known_instances, rules_of, section_of
from stalkeer.wiring.matching import match_rules
from tests.builders import NOW, OWNER, sqlite_store
from tests.servers import free_port

API_KEY = "web-test-api-key"
WEBHOOK_USER = "stalkeer"
WEBHOOK_PASSWORD = "Schlüssel für die Tür"
ARR_KEYS = {"radarr": "radarr-test-key", "sonarr": "sonarr-test-key"}
KEY = {"X-Api-Key": API_KEY}
SETUP_CODE = "code-of-the-first-start"
_MANY = Rate(10**6, 10**6)
UNLIMITED = Limits(Throttle(_MANY, _MANY), Throttle(_MANY, _MANY))

CHANCE = random.Random(1)
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
NOWHERE = httpx.MockTransport(lambda _: httpx.Response(503))
"""The web asks no arr; and a transport of httpx's own reads the certificates of the machine."""

Write = Callable[[Sequence[tuple[str, str]]], list[int]]


@dataclass(frozen=True, slots=True)
class House:
    """The parts of a web application. `client` sends the API key, `stranger` sends nothing."""

    store: Store
    services: Services
    app: Starlette
    client: TestClient
    stranger: TestClient


def settings_in(folder: Path, **given: str) -> Settings:
    """Read settings with both instances; nothing of them answers."""
    environ = {
        "DATA_DIR": str(folder),
        "RADARR_URL": "http://127.0.0.1:9",
        "RADARR_API_KEY": ARR_KEYS["radarr"],
        "SONARR_URL": "http://127.0.0.1:9",
        "SONARR_API_KEY": ARR_KEYS["sonarr"],
        "DIRECTORIES_MOVIES": str(folder),
        "DIRECTORIES_TVSHOWS": str(folder),
        "DOWNLOADS_MIN_FREE_SPACE": "1MB",
    }
    named = {f"STALKEER_{name}": value for name, value in (environ | given).items()}
    return load(named, folder=folder)


@contextmanager
def services_of(store: Store, settings: Settings) -> Iterator[Services]:
    """Build what the status page looks at, as `wiring` does."""

    def http(name: str) -> ArrHttp:
        section = section_of(settings, instances[name].service)
        key = section.api_key.get_secret_value()
        return ArrHttp(name, section.url, key, wait=lambda _: None, transport=NOWHERE)

    known = known_instances(settings, {}, webhook_password="")
    instances = {name: rules_of(one, settings) for name, one in known.items()}
    arrs: dict[str, Radarr | Sonarr] = {
        name: Radarr(http(name)) if name == "radarr" else Sonarr(http(name)) for name in instances
    }
    with ExitStack() as stack:
        for name, arr in arrs.items():
            stack.callback(arr.close)
            store.instances.configure(name, instances[name].service)
        yield Services(
            store=store,
            arrs=arrs,
            instances=instances,
            engine=Engine(
                rules.engine_rules(settings, rules.bandwidth(settings).overall),
                rng=CHANCE,
                ssl_context=NO_CERTIFICATES,
            ),
            bandwidth=rules.bandwidth(settings),
            downloads=rules.download_rules(settings),
            playlists=rules.playlist_rules(settings),
            matching=match_rules(settings),
            limits=rules.slot_limits(settings),
            running=Running(),
            libraries=Libraries(),
            seen_folders=SeenFolders(),
            ring=lambda: None,
            now=lambda: NOW,
            new_id=lambda: "id",
            rng=CHANCE,
            owner=OWNER,
        )


@contextmanager
def writer_of(write: Write) -> Iterator[WebhookWriter]:
    """Run a writer; what waits is written before the block ends."""
    writer = WebhookWriter(write, lambda: None)
    writer.start()
    yield writer
    writer.stop()


@dataclass(frozen=True, slots=True)
class Kept:
    """The instances of the settings, for an application that keeps none of its own."""

    services: Services

    def known(self) -> dict[str, KnownInstance]:
        """Describe the instances, as far as these tests look."""
        return {
            name: KnownInstance(name=name, config=_config(rules), is_setting=True)
            for name, rules in self.services.instances.items()
        }

    def save_instance(self, name: str, config: InstanceConfig) -> None:
        """Keep nothing."""

    def remove_instance(self, name: str) -> None:
        """Keep nothing."""


def _config(rules: InstanceRules) -> InstanceConfig:
    return InstanceConfig(
        service=rules.service, url="http://127.0.0.1:9", api_key="key", webhook_password="word"
    )


def _no_trial(name: str, config: InstanceConfig) -> Trial:
    raise NotImplementedError


def app_of(
    services: Services,
    writer: WebhookWriter,
    *,
    url_base: str = "",
    deadline_s: float = 10.0,
    password: str = WEBHOOK_PASSWORD,
    queue_answers: bool = True,
    limits: Limits | None = None,
) -> Starlette:
    """Put an application together."""
    status = Status(
        services=services,
        queue_kind="embedded",
        queue_answers=lambda: queue_answers,
        started_at=NOW,
    )
    webhooks = Webhooks(writer, services, deadline_s=deadline_s)
    return make_app(
        (
            *resources(services, status, stream_s=0.05),
            Instances(services, Kept(services), _no_trial, lambda size: "x" * size),
            Sessions(services.store.accounts, SETUP_CODE, lambda: NOW, url_base),
            webhooks,
        ),
        Doorman(
            lambda: Credentials(
                API_KEY, dict.fromkeys(services.instances, (WEBHOOK_USER, password))
            ),
            services.store.accounts.is_open,
            limits or UNLIMITED,
        ),
        url_base=url_base,
        deadline_s=deadline_s,
        unavailable=lambda asked: services.meters.count(UNAVAILABLE, asked=asked),
    )


@contextmanager
def client_of(app: Starlette, **headers: str) -> Iterator[TestClient]:
    """Ask an application without a network; an unexpected error is an answer, as on a server."""
    options: dict[str, Any] = {"raise_server_exceptions": False, "follow_redirects": False}
    with TestClient(app, headers=headers, **options) as client:
        yield client


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing in it."""
    folder = tmp_path_factory.mktemp("schema")
    sqlite_store(folder).close()
    return folder / "stalkeer.db"


@pytest.fixture
def store(tmp_path: Path, migrated_file: Path) -> Iterator[Store]:
    """A store without rows."""
    path = tmp_path / "stalkeer.db"
    path.write_bytes(migrated_file.read_bytes())
    store = Store(Database(f"sqlite:///{path}"))
    yield store
    store.close()


@pytest.fixture
def services(store: Store, tmp_path: Path) -> Iterator[Services]:
    """Services with both instances."""
    with services_of(store, settings_in(tmp_path)) as services:
        yield services


@pytest.fixture
def writer(store: Store) -> Iterator[WebhookWriter]:
    """A writer that runs."""
    with writer_of(store.deliveries.add) as writer:
        yield writer


@pytest.fixture
def house(services: Services, writer: WebhookWriter) -> Iterator[House]:
    """An application and two who ask it."""
    app = app_of(services, writer)
    with client_of(app, **KEY) as client, client_of(app) as stranger:
        yield House(services.store, services, app, client, stranger)


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Serve an application on loopback, as `up` does, and yield its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=port,
            http=guarded(4096),
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    with closing(socket.create_server(("127.0.0.1", port))) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            httpx.get(f"http://127.0.0.1:{port}/ping", timeout=10)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()

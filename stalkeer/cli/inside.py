"""A service built in this process, for commands that do not need a running one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from stalkeer.cli.saying import FAILED, stop
from stalkeer.cli.starting import make_keys, reader, with_all_saved, with_saved
from stalkeer.errors import StalkeerError

if TYPE_CHECKING:
    from stalkeer.settings import Secrets, Settings
    from stalkeer.wiring.service import Service


@contextmanager
def prepared(settings: Settings, keys: Secrets | None = None) -> Iterator[Service]:
    """Build a service on a database that is up to date; nothing of it is started."""
    from stalkeer.wiring.service import Service

    keys = keys or make_keys(settings)
    service = Service(
        with_all_saved(settings),
        keys,
        queues=(),
        is_scheduled=False,
        reload=reader(data_dir=settings.general.data_dir),
    )
    try:
        service.prepare()
        yield service
    finally:
        service.close()


@contextmanager
def as_it_is(settings: Settings, keys: Secrets | None = None) -> Iterator[Service]:
    """Build a service on the database as it is, for a look that writes nothing at all.

    Exit 1 when there is no database.
    """
    from stalkeer.wiring.database import has_database, open_store
    from stalkeer.wiring.service import Service

    if not has_database(settings):
        url = urlsplit(settings.database_url.get_secret_value())
        stop(
            FAILED,
            f"There is no database yet at {unquote(url.path[1:])}: `stalkeer process` reads the "
            f"playlists and makes it.",
        )
    with closing(open_store(settings)) as store:
        settings = with_saved(settings, store)
    service = Service(settings, keys or fleeting_keys(), queues=(), is_scheduled=False)
    # An older schema knows no saved instances.
    with suppress(StalkeerError):
        service.current.heed()
    try:
        yield service
    finally:
        service.close()


def fleeting_keys() -> Secrets:
    """Make keys that are written nowhere, for an application nobody else speaks to."""
    from stalkeer.settings import Secrets

    key = secrets.token_urlsafe
    return Secrets(key(), "stalkeer", key(), key(), created=())

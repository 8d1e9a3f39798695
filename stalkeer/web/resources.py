"""The table of everything that is offered over HTTP: one resource each, one line each."""

from __future__ import annotations

from stalkeer.jobs.services import Services
from stalkeer.jobs.status import Status
from stalkeer.web.catalog import Catalog
from stalkeer.web.downloads import Downloads
from stalkeer.web.dryrun import DryRun
from stalkeer.web.entries import Entries
from stalkeer.web.events import DownloadEvents
from stalkeer.web.filters import Filters
from stalkeer.web.jobs import Jobs
from stalkeer.web.matches import Matches
from stalkeer.web.missing import Missing
from stalkeer.web.playlists import Playlists
from stalkeer.web.syncs import Syncs
from stalkeer.web.system import System
from stalkeer.web.widget import Widget

STREAM_S = 3600.0


def resources(
    services: Services, status: Status, *, stream_s: float = STREAM_S
) -> tuple[object, ...]:
    """Make every resource but the webhooks, which need a writer of their own.

    A stream of events ends after `stream_s`.
    """
    return (
        System(status),
        Widget(services),
        Missing(services, status),
        Syncs(services, status),
        Matches(services),
        Downloads(services),
        DownloadEvents(services, for_s=stream_s),
        Playlists(services),
        Entries(services),
        Filters(services),
        Catalog(services),
        DryRun(services),
        Jobs(services),
    )

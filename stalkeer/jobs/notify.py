"""Tells the user what happened, through the services set in STALKEER_NOTIFICATIONS_URLS."""

from __future__ import annotations

import json
from typing import ClassVar

from stalkeer.core.jobs import Ended, NewJob, done, skipped
from stalkeer.core.states import JobKind
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import Run, Services


class NotifyError(StalkeerError):
    """A notification service did not take the message."""

    code: ClassVar[str] = "notify_failed"
    retryable: ClassVar[bool] = True


def notify_job(services: Services, text: str) -> tuple[NewJob, ...]:
    """Describe the job that tells the user; none when no service is set."""
    if not services.notify_urls:
        return ()
    return (NewJob(kind=JobKind.NOTIFY, payload={"text": text}, title=text),)


def handle(run: Run, services: Services) -> Ended:
    """Send one message. A second run sends it twice, which does no harm."""
    if not services.notify_urls:
        return skipped("no notification service is set")
    # Imported here because it costs half a second and most people set none.
    import apprise

    sender = apprise.Apprise()
    for url in services.notify_urls:
        sender.add(url)
    if not sender.notify(title="stalkeer", body=json.loads(run.job.payload)["text"]):
        raise NotifyError(
            "A notification was not delivered. Check STALKEER_NOTIFICATIONS_URLS; the log of this "
            "moment names the service."
        )
    return done("sent")

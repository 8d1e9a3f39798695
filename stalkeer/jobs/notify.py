"""Tells the user what happened, through the services set in STALKEER_NOTIFICATIONS_URLS.

What happens is written down with the state it is about (`db.notices`); what has waited for a minute
goes out as one message, so that whoever adds forty films hears of them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from stalkeer.core.jobs import Ended, NewJob, done, skipped
from stalkeer.core.notices import Event, message
from stalkeer.core.states import JobKind
from stalkeer.downloader.files import free_bytes
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import Run, Services
from stalkeer.log import redact

BUNDLE_S = 60.0
KEPT_S = 2 * 86400.0


class NotifyError(StalkeerError):
    """A notification service did not take the message."""

    code: ClassVar[str] = "notify_failed"
    retryable: ClassVar[bool] = True


class NoServiceError(StalkeerError):
    """Nobody is to be told anything."""

    code: ClassVar[str] = "conflict"


def plan(services: Services) -> None:
    """Write the job that tells what has waited long enough. Any process may ask, at any time."""
    notices = services.store.notices
    notices.forget(older_than_s=KEPT_S)
    if not services.notify_urls:
        return
    _look(services)
    if notices.is_due(after_s=BUNDLE_S):
        job = NewJob(kind=JobKind.NOTIFY, dedup_key="notify", title="notifications")
        services.store.jobs.add(job)


def handle(_run: Run, services: Services) -> Ended:
    """Send one message. A second run may send it again, which does no harm."""
    if not services.notify_urls:
        return skipped("no notification service is set")
    waiting = services.store.notices.waiting()
    text = message([(one.event, one.text) for one in waiting], services.notify_events)
    if text:
        send(services.notify_urls, redact(text))
    services.store.notices.mark_sent([one.id for one in waiting])
    return done("sent", f"{len(waiting)} events") if text else skipped("nothing to tell")


def send_test(services: Services) -> int:
    """Send a message to every service that is set; return how many there are."""
    if not services.notify_urls:
        raise NoServiceError(
            "No notification service is set: save its address as `urls` in the section "
            "notifications, or set STALKEER_NOTIFICATIONS_URLS."
        )
    send(services.notify_urls, "This is a test: messages of stalkeer reach you.")
    return len(services.notify_urls)


def send(urls: Sequence[str], text: str) -> None:
    """Send a message to each of these services. Raises `NotifyError`."""
    # Imported here because it costs half a second and most people set none.
    import apprise

    sender = apprise.Apprise()
    unknown = [number for number, url in enumerate(urls, start=1) if not sender.add(url)]
    if unknown:
        raise NotifyError(
            f"Address {unknown[0]} of STALKEER_NOTIFICATIONS_URLS is none that Apprise knows. "
            f"Correct it: https://github.com/caronc/apprise/wiki lists them."
        )
    # Titles are data: without the format a service would read their < and * as markup.
    if not sender.notify(title="stalkeer", body=text, body_format=apprise.NotifyFormat.TEXT):
        raise NotifyError(
            "A notification was not delivered. Check STALKEER_NOTIFICATIONS_URLS; the log of this "
            "moment names the service."
        )


def _look(services: Services) -> None:
    """Write down what is wrong at this moment; of one thing once a day."""
    store, day = services.store, services.now().date().isoformat()
    for state in store.providers.all(services.limits):
        if state.paused_until is not None:
            text = f"{state.name}: {state.reason}"
            store.notices.add_once(Event.PROVIDER, text, key=f"provider:{state.name}:{day}"[:191])
    floor = services.downloads.min_free_bytes
    for rules in services.instances.values():
        try:
            free = free_bytes(rules.folder)
        except StalkeerError:
            # A folder that is not there yet has no room to speak of.
            continue
        if free < floor:
            text = f"{free / 1e9:.1f} GB free in {rules.folder}, {floor / 1e9:.1f} GB are needed"
            store.notices.add_once(Event.DISK, text, key=f"disk:{rules.folder}:{day}"[:191])

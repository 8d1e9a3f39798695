"""Tells the user what happened, through the services set in STALKEER_NOTIFICATIONS_URLS.

What happens is written down with the state it is about (`db.notices`); what has waited for a minute
becomes one message, so that whoever adds forty films hears of them once. Each service has a job of
its own for it: one that is away is asked again, and the others hear nothing twice.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


class UnknownServiceError(NotifyError):
    """An address is none that Apprise knows: somebody has to correct it."""

    retryable: ClassVar[bool] = False


class NoServiceError(StalkeerError):
    """Nobody is to be told anything."""

    code: ClassVar[str] = "conflict"


def plan(services: Services) -> None:
    """Write the jobs that tell what has waited long enough. Any process may ask, at any time."""
    notices = services.store.notices
    notices.forget(older_than_s=KEPT_S)
    if not services.notify_urls:
        return
    _look(services)
    if notices.is_due(after_s=BUNDLE_S):
        # One transaction: from then on the jobs hold the message, whatever becomes of them.
        services.store.db.write(lambda: _hand_over(services))


def _hand_over(services: Services) -> None:
    waiting = services.store.notices.waiting()
    services.store.notices.mark_sent([one.id for one in waiting])
    text = redact(message([(one.event, one.text) for one in waiting], services.notify_events))
    if not text:
        return
    for number, url in enumerate(dict.fromkeys(services.notify_urls), start=1):
        payload = {"service": _mark(services, url), "text": text}
        title = f"notification to service {number}"
        services.store.jobs.add(NewJob(kind=JobKind.NOTIFY, payload=payload, title=title))


def handle(run: Run, services: Services) -> Ended:
    """Send a message to one service. A second run may send it again, which does no harm."""
    order = json.loads(run.job.payload)
    for number, url in enumerate(services.notify_urls, start=1):
        if _mark(services, url) == order.get("service"):
            _deliver(number, url, order["text"])
            return done("sent")
    return skipped("its notification service is no longer set")


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
    """Send a message to each of these services, and then raise the first `NotifyError`."""
    faults = []
    for number, url in enumerate(urls, start=1):
        try:
            _deliver(number, url, text)
        except NotifyError as exc:
            faults.append(exc)
    if faults:
        raise faults[0]


def require_known(urls: Sequence[str]) -> None:
    """Raise `UnknownServiceError` for an address that Apprise does not know; sends nothing."""
    # Imported here because it costs half a second and most people set none.
    import apprise

    with _unheard():
        for number, url in enumerate(urls, start=1):
            if apprise.Apprise.instantiate(url) is None:
                raise _unknown(number)


def _deliver(number: int, url: str, text: str) -> None:
    import apprise

    sender = apprise.Apprise()
    with _unheard():
        is_known = sender.add(url)
    if not is_known:
        raise _unknown(number)
    # Titles are data: without the format a service would read their < and * as markup.
    if not sender.notify(title="stalkeer", body=text, body_format=apprise.NotifyFormat.TEXT):
        raise NotifyError(
            f"The service at address {number} of STALKEER_NOTIFICATIONS_URLS did not take the "
            f"message. Check the address; the log of this moment says more."
        )


def _unknown(number: int) -> UnknownServiceError:
    return UnknownServiceError(
        f"Address {number} of STALKEER_NOTIFICATIONS_URLS is none that Apprise knows. "
        f"Correct it: https://github.com/caronc/apprise/wiki lists them."
    )


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep Apprise from logging an address it cannot read: all of it may be a token."""
    log = logging.getLogger("apprise")
    log.addFilter(_nothing)
    try:
        yield
    finally:
        log.removeFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False


def _mark(services: Services, url: str) -> str:
    """Name a service in the payload of a job without its address, which is a secret."""
    return services.store.playlists.vault.mark(url)


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

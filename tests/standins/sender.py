"""Sends Connect webhooks on the wire as Radarr and Sonarr do.

A new TCP connection for every event, credentials at once, no redirect followed, and only a status
of 400 or more is a failure (Radarr: Core/Notifications/Webhook/WebhookProxy.cs). Nothing is sent
again. The back-off after failures is not simulated.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 100.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where one connection sends to, and what it says about itself."""

    url: str
    method: str = "POST"
    username: str = ""
    password: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it was sent. `status` is None when there was no answer."""

    event: str
    url: str
    status: int | None
    seconds: float
    body: Mapping[str, Any]


class WebhookError(Exception):
    """The receiver answered 400 or more; the message has the words the programs use."""

    def __init__(self, target: Target, status: int, reason: str) -> None:
        """Say it as HttpException does."""
        words = f"[{status}:{reason}] [{target.method}] at [{target.url}]"
        super().__init__(f"HTTP request failed: {words}")


class Sender:
    """Delivers events and remembers every delivery."""

    def __init__(self, user_agent: str) -> None:
        self._user_agent = user_agent
        self._lock = Lock()
        self._deliveries: list[Delivery] = []

    @property
    def deliveries(self) -> list[Delivery]:
        """Every delivery so far, in the order of their ends."""
        with self._lock:
            return list(self._deliveries)

    def send(self, target: Target, body: Mapping[str, Any]) -> None:
        """Deliver one event; returns on 2xx and 3xx.

        Raises `WebhookError` for an answer of 400 or more, `OSError` when there is none.
        """
        started = time.monotonic()
        status: int | None = None
        try:
            status, reason = self._exchange(target, body)
        except HTTPException as error:
            raise OSError(f"An error occurred while sending the request. {error!r}") from error
        finally:
            seconds = time.monotonic() - started
            delivery = Delivery(body["eventType"], target.url, status, seconds, body)
            with self._lock:
                self._deliveries.append(delivery)
        if status >= 400:
            raise WebhookError(target, status, reason)

    def _exchange(self, target: Target, body: Mapping[str, Any]) -> tuple[int, str]:
        address = urlsplit(target.url)
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        content = json.dumps(body, indent=2, ensure_ascii=False).encode()
        connection = HTTPConnection(address.hostname or "", address.port or 80, timeout=TIMEOUT_S)
        try:
            connection.request(target.method, path, body=content, headers=self._headers(target))
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.reason.replace(" ", "")
        finally:
            connection.close()

    def _headers(self, target: Target) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Connection": "close",
            "User-Agent": self._user_agent,
            **target.headers,
        }
        if target.username or target.password:
            # ISO-8859-1 as BasicNetworkCredential does it: a letter outside of it becomes "?".
            pair = f"{target.username}:{target.password}".encode("iso-8859-1", "replace")
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return headers

"""Notices every answer that says 503: a webhook that gets one may be lost for good."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNAVAILABLE = 503


class Unavailable:
    """ASGI middleware that tells `api`, `health` or `webhooks` for each such answer."""

    def __init__(self, app: ASGIApp, *, tell: Callable[[str], None]) -> None:
        """Wrap `app`."""
        self._app = app
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and look at the status of what comes back."""

        async def look(message: Message) -> None:
            if message.get("status") == UNAVAILABLE:
                self._tell(_asked(scope["path"]))
            await send(message)

        await self._app(scope, receive, look)


def _asked(path: str) -> str:
    """Say what was asked for; the path itself is the sender's to choose, and has no end."""
    return next((name for name in ("webhooks", "health") if f"/{name}" in path), "api")

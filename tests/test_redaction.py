"""Which settings the log keeps to itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalkeer import log
from stalkeer.settings import load
from stalkeer.wiring.redaction import register_settings


@pytest.mark.parametrize(
    ("variable", "value", "secret"),
    [
        ("API_KEY", "a-key-of-the-api", "a-key-of-the-api"),
        ("M3U_URL", "http://joe:list%20word@tv.example.invalid/x", "list word"),
        ("NOTIFICATIONS_URLS", "tgram://123456789abcdefTOKEN/chatroom", "123456789abcdefTOKEN"),
        ("NOTIFICATIONS_URLS", "json://me:notifyword@box.example.invalid/y", "notifyword"),
        ("NOTIFICATIONS_URLS", "json://me:notifyword@[/y", "json://me:notifyword@[/y"),
    ],
)
def test_a_secret_setting_is_never_logged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str, secret: str
) -> None:
    monkeypatch.setattr(log, "_secret_forms", ())

    register_settings(load({f"STALKEER_{variable}": value}, folder=tmp_path))

    assert secret not in log.redact(f"before {secret} after")


def test_the_host_of_a_notification_service_stays_readable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(log, "_secret_forms", ())
    url = "ntfy://ntfy.example.invalid/films"

    register_settings(load({"STALKEER_NOTIFICATIONS_URLS": url}, folder=tmp_path))

    assert "ntfy.example.invalid" in log.redact("ntfy.example.invalid answered 500")

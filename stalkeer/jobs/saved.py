"""Settings that people save: what the API needs of them, whoever keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from stalkeer.errors import StalkeerError


class InvalidSettingsError(StalkeerError):
    """A setting cannot be as it was asked for; the message names every fault."""

    code: ClassVar[str] = "invalid_settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One setting as it may be shown: `value` is None for a secret.

    `source` is who set it: environment, .env, saved or default. One that `is_pinned` cannot be saved:
    the environment or `.env` says it, or nobody else may, because it leads to the saved ones.
    """

    key: str
    variable: str
    value: str | None
    is_set: bool
    is_secret: bool
    source: str
    is_pinned: bool
    needs_restart: bool
    default: str
    about: str
    suggestion: str


class SavedSettings(Protocol):
    """Keeps saved settings; what it saves takes effect at once, in every process."""

    def sections(self) -> tuple[str, ...]:
        """Name the sections."""
        ...

    def section(self, name: str) -> tuple[SettingRow, ...]:
        """Show the settings of a section."""
        ...

    def save(self, section: str, values: Mapping[str, str | None]) -> None:
        """Save settings by their keys; None takes one back.

        Raises `PinnedError` and `InvalidSettingsError`; then nothing is saved.
        """
        ...

    def rotate(self, key: str, instance: str | None = None) -> str | None:
        """Make an `api_key`, a `webhook_password` or the `secret_key` anew and return it.

        With `instance` the password of that one alone. None for the `secret_key`, which nobody
        needs to know. Raises `PinnedError`, `UnknownInstanceError` and `InvalidSettingsError`.
        """
        ...

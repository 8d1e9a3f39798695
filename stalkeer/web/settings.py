"""Settings over HTTP: what is in force and who said so, saved values, keys, a test message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from stalkeer.core.states import JobKind
from stalkeer.db.control import NoSuchRowError
from stalkeer.jobs import by_hand, notify
from stalkeer.jobs.saved import SavedSettings
from stalkeer.jobs.services import Services
from stalkeer.web.operations import get, post, put
from stalkeer.web.shapes import Answer, Body, Name

_TAG = "settings"
_SECTION: dict[str, Any] = {
    "section": "downloads",
    "settings": [
        {
            "key": "concurrent_limit",
            "variable": "STALKEER_DOWNLOADS_CONCURRENT_LIMIT",
            "value": "3",
            "is_set": False,
            "is_secret": False,
            "source": "default",
            "is_pinned": False,
            "needs_restart": False,
            "default": "3",
            "about": "Files fetched at once.",
            "suggestion": "3",
        }
    ],
}
Section = Annotated[str, Field(pattern="^[a-z0-9]+$", max_length=32, examples=["downloads"])]
Value = Annotated[str, Field(max_length=10_000)]


class SettingAnswer(Answer):
    """One setting. The `value` of a secret never shows, only whether it `is_set`."""

    key: str
    variable: str
    value: str | None
    is_set: bool
    is_secret: bool
    source: Literal["environment", ".env", "saved", "default"]
    is_pinned: bool
    needs_restart: bool
    default: str
    about: str
    suggestion: str


class SectionAnswer(Answer):
    """The settings of a section."""

    example: ClassVar[Mapping[str, Any]] = _SECTION

    section: str
    settings: tuple[SettingAnswer, ...]


class SectionBody(Body):
    """Values by key, as they would stand in `.env`; null takes a saved one back."""

    example: ClassVar[Mapping[str, Any]] = {
        "values": {"concurrent_limit": 5, "verify": True, "window": "01:00-07:00"}
    }

    values: Annotated[
        dict[
            Annotated[str, Field(max_length=64)],
            Value | bool | Annotated[int, Field(ge=-(10**15), le=10**15)] | None,
        ],
        Field(max_length=100),
    ]


class SectionSavedAnswer(SectionAnswer):
    """The settings of a section as they are now; some saved ones may wait for a restart."""

    example: ClassVar[Mapping[str, Any]] = _SECTION | {"restart": []}

    restart: tuple[str, ...]


class RotateBody(Body):
    """Which key to make anew. `instance` is one beside the settings, with a password of its own."""

    example: ClassVar[Mapping[str, Any]] = {"key": "webhook_password", "instance": "radarr4k"}

    key: Literal["api_key", "webhook_password", "secret_key"]
    instance: Name | None = None


class RotatedAnswer(Answer):
    """The new key, this once: the old one opens nothing any more.

    A secret key has no `value`. The old one still opens older backups; a fresh one is made.
    """

    example: ClassVar[Mapping[str, Any]] = {
        "key": "webhook_password",
        "instance": "radarr4k",
        "value": "Zt7xkPqRw2Vn",
    }

    key: str
    instance: str | None
    value: str | None


class TestAnswer(Answer):
    """To how many services the message went."""

    example: ClassVar[Mapping[str, Any]] = {"sent": 1}

    sent: int


@dataclass(frozen=True, slots=True)
class SettingsOf:
    """The operations on settings."""

    services: Services
    saved: SavedSettings

    @get("/api/v1/settings/{section}", tag=_TAG)
    def show(self, section: Section) -> SectionAnswer:
        """Show the settings of a section, and who set each."""
        return SectionAnswer(section=section, settings=self._rows(section))

    @put("/api/v1/settings/{section}", tag=_TAG, errors=("pinned", "invalid_settings"))
    def save(self, section: Section, body: SectionBody) -> SectionSavedAnswer:
        """Save settings; all of them or none. They take effect at once, `restart` names the rest."""
        self._rows(section)
        self.saved.save(section, {key: _text(value) for key, value in body.values.items()})
        rows = self._rows(section)
        waiting = [one.variable for one in rows if one.needs_restart and one.key in body.values]
        return SectionSavedAnswer(section=section, settings=rows, restart=tuple(waiting))

    @post("/api/v1/settings/notifications/test", tag=_TAG, errors=("notify_failed", "conflict"))
    def notify(self) -> TestAnswer:
        """Send a message to every notification service."""
        return TestAnswer(sent=notify.send_test(self.services))

    @post(
        "/api/v1/keys/rotate", tag=_TAG, errors=("pinned", "unknown_instance", "invalid_settings")
    )
    def rotate(self, body: RotateBody) -> RotatedAnswer:
        """Make a key anew; register the webhooks again after a new webhook password."""
        new = self.saved.rotate(body.key, body.instance)
        if body.key == "secret_key":
            by_hand.start(self.services, JobKind.BACKUP)
        return RotatedAnswer(key=body.key, instance=body.instance, value=new)

    def _rows(self, section: str) -> tuple[SettingAnswer, ...]:
        if section not in self.saved.sections():
            raise NoSuchRowError(
                f"There is no section {section!r}. There are: {', '.join(self.saved.sections())}."
            )
        return tuple(SettingAnswer(**asdict(row)) for row in self.saved.section(section))


def _text(value: str | bool | int | None) -> str | None:
    """Write a value as it would stand in `.env`."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None or value == "" else str(value)

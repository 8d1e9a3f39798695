"""The settings in force: those of the start, and what was saved since then.

Every process asks once a second whether the saved rows are still the ones it knows, and takes
over what is new; so whoever saves does not have to know who is running.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import RLock

from stalkeer.core.items import Service
from stalkeer.db.store import Store
from stalkeer.jobs import notify
from stalkeer.jobs.instances import (
    InstanceConfig,
    InstanceError,
    KnownInstance,
    PinnedError,
    check_address,
)
from stalkeer.jobs.saved import InvalidSettingsError, SettingRow
from stalkeer.jobs.services import UnknownInstanceError
from stalkeer.log import get_logger, register_secret, set_format, set_level
from stalkeer.outgoing.address import origin
from stalkeer.settings import (
    VARIABLES,
    Secrets,
    Settings,
    SettingsError,
    Source,
    Variable,
    ensure_secrets,
    is_http_url,
)
from stalkeer.settings.variables import SECTIONS
from stalkeer.wiring.instances import as_settings, known_instances
from stalkeer.wiring.redaction import register_settings
from stalkeer.wiring.rotation import make_anew, new_password, seal_anew

log = get_logger(__name__)

Reload = Callable[[Mapping[str, str]], Settings]
"""Reads every setting again, with these saved ones below the environment and `.env`."""

_KEY_FILES = ("api_key", "webhook_password", "secret_key")
_NOT_SAVABLE = frozenset(one.name for one in VARIABLES if not one.is_savable)
_LOGINS = {
    "radarr": ("api_key",),
    "sonarr": ("api_key",),
    "xtream": ("username", "password"),
    "m3u": ("auth_username", "auth_password"),
}
"""The sections with an `url`, and what is sent there."""
_NOTIFIED = "STALKEER_NOTIFICATIONS_URLS"
_NAMES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class Current:
    """The settings, keys and instances of this moment. `apply` is told when they have changed."""

    def __init__(
        self,
        settings: Settings,
        keys: Secrets,
        store: Store,
        *,
        reload: Reload | None,
        apply: Callable[[], None],
    ) -> None:
        """Begin with the settings of the start; without `reload` they stay as they are.

        What needs a restart stays so in `settings` whatever is saved; only `given` says what was.
        """
        self.settings = settings
        self._started = settings
        self.keys = keys
        self._store = store
        self._reload = reload
        self._apply = apply
        self._lock = RLock()
        self._stamp: object = None
        self._hangups = 0
        self.on_new_key: Callable[[str], None] = lambda _: None
        self.kept: Mapping[str, str] = {}

    def hang_up(self) -> None:
        """Have `.env` read again at the next beat: what SIGHUP asks for."""
        self._hangups += 1

    def heed(self) -> None:
        """Take over what was saved since the last time. Raises `StoreError`."""
        with self._lock:
            stamp = self._look()
            if stamp != self._stamp:
                self._take_over()
                self._stamp = stamp
                self._apply()

    def known(self) -> dict[str, KnownInstance]:
        """Return every instance by name."""
        return known_instances(
            self.settings, self.kept, webhook_password=self.keys.webhook_password
        )

    def known_settings(self) -> frozenset[str]:
        """Name the instances that are settings, whether they have an address or not."""
        return frozenset(service.value for service in Service)

    # --- settings ---

    def sections(self) -> tuple[str, ...]:
        """Name the sections."""
        return tuple(SECTIONS)

    def section(self, name: str) -> tuple[SettingRow, ...]:
        """Show the settings of a section; of an address with a password only that it is set."""
        return tuple(self._row(one) for one in VARIABLES if one.section == name)

    def save(self, section: str, values: Mapping[str, str | None]) -> None:
        """Save settings by their keys; None takes one back."""
        by_key = {_key(one): one for one in VARIABLES if one.section == section}
        unknown = sorted(values.keys() - by_key)
        if unknown:
            raise InvalidSettingsError(
                f"The section {section} has no {', '.join(unknown)[:200]}. It has: "
                f"{', '.join(by_key)}."
            )
        if "url" in values and by_key["url"].name not in self.settings.pinned:
            self._check_url(section, values)
        self._save({by_key[key].name: value for key, value in values.items()})

    def _check_url(self, section: str, values: Mapping[str, str | None]) -> None:
        """Refuse an address where no arr is, and one that saved secrets are not for."""
        url, given = values["url"] or "", self.settings.given
        if section in self.known_settings() and is_http_url(url):
            try:
                check_address(url, self.settings.downloads.allowed_hosts)
            except InstanceError as exc:
                raise InvalidSettingsError(str(exc)) from None
        names = {_key(one): one.name for one in VARIABLES if one.section == section}
        known = given[names["url"]].text if names["url"] in given else ""
        kept = [
            key for key in _LOGINS.get(section, ()) if key not in values and names[key] in given
        ]
        if kept and _origins(url) - _origins(known):
            raise InvalidSettingsError(
                f"{names['url']} would lead to another address, and what was saved for one goes to "
                f"no other. Send {' and '.join(kept)} too."
            )

    def rotate(self, key: str, instance: str | None = None) -> str | None:
        """Make a key anew and return it; None for the `secret_key`, which nobody needs to know."""
        if instance is not None:
            return self._rotate_password(key, instance)
        name = f"STALKEER_{key.upper()}"
        if name in self.settings.given:
            raise PinnedError(
                f"{name} is set: change it there. Only a key of the data directory can be rotated."
            )
        new = make_anew(self.settings, key)
        if key == "secret_key":
            seal_anew(self._store)
        self.heed()
        return None if key == "secret_key" else new

    def _rotate_password(self, key: str, instance: str) -> str:
        known = self.known()
        if instance not in known:
            raise UnknownInstanceError(
                f"There is no instance {instance[:64]!r}. There are: {', '.join(known) or 'none'}."
            )
        if key != "webhook_password" or known[instance].is_setting:
            raise InvalidSettingsError(
                "Only a webhook_password can be that of one instance, and radarr and sonarr share "
                "theirs: leave `instance` out."
            )
        new = new_password(self._store, known[instance])
        self.heed()
        return new

    # --- instances ---

    def save_instance(self, name: str, config: InstanceConfig) -> None:
        """Add or replace an instance; those called as their service are settings."""
        if not is_http_url(config.url):
            raise InstanceError(
                f"The address of {name} cannot be read: it should start with http:// or https:// "
                f"and a host, for example http://radarr:7878."
            )
        check_address(config.url, self.settings.downloads.allowed_hosts)
        if name in self.known_settings():
            self._save_setting(Service(name), config)
            return
        if not name or not set(name) <= _NAMES or not name[0].isalnum():
            raise InstanceError(
                f"An instance cannot be called {name[:64]!r}: its name is part of an address. Use "
                f"small letters, digits, - and _."
            )
        self._store.instances.save(name, config.service, config.model_dump_json())
        self.heed()

    def remove_instance(self, name: str) -> None:
        """Remove an instance, with its keys; what it missed stays known."""
        known = self.known().get(name)
        if known is not None and known.is_setting:
            self._refuse_pinned(known.pinned, name)
            empty = as_settings(known.config.service, known.config)
            self._save(dict.fromkeys(empty))
        self._store.instances.forget(name)
        self.heed()

    def _save_setting(self, service: Service, config: InstanceConfig) -> None:
        if config.service is not service:
            raise InstanceError(f"The instance {service.value} is a {service.title()}.")
        known = self.known().get(service.value)
        new = as_settings(service, config)
        old = as_settings(service, known.config) if known else {}
        changed: dict[str, str | None] = {
            name: text for name, text in new.items() if text != old.get(name)
        }
        self._save(changed)

    def _refuse_pinned(self, pinned: frozenset[str], name: str) -> None:
        if pinned:
            raise PinnedError(
                f"The environment or .env says {', '.join(sorted(pinned))} of {name}: change it "
                f"there."
            )

    def _save(self, values: Mapping[str, str | None]) -> None:
        """Check values together with all the others, keep them, take them over."""
        nowhere = sorted(values.keys() & _NOT_SAVABLE)
        if nowhere:
            raise PinnedError(
                f"{', '.join(nowhere)} cannot be saved: it is needed to find and open what is. Set it "
                f"in the environment or .env, and start again."
            )
        pinned = sorted(values.keys() & self.settings.pinned)
        if pinned:
            raise PinnedError(
                f"{', '.join(pinned)} is set by the environment or .env: change it there."
            )
        if self._reload is None:
            raise InvalidSettingsError("This process cannot save settings.")
        secret = {one.name for one in VARIABLES if one.is_secret}
        with self._lock:
            saved = self._store.settings.all()
            wanted = {**saved, **values}
            try:
                new = self._reload({name: text for name, text in wanted.items() if text})
                if values.get(_NOTIFIED):
                    urls = new.notifications.urls
                    notify.require_known([url.get_secret_value() for url in urls])
            except SettingsError as exc:
                raise InvalidSettingsError("; ".join(exc.faults)) from None
            except notify.NotifyError as exc:
                raise InvalidSettingsError(str(exc)) from None
            self._store.settings.save(values, secret=secret)
        self.heed()

    def _look(self) -> object:
        """Describe what may change while the process runs."""
        store, folder = self._store, self.settings.general.data_dir / "secrets"
        files = tuple(_changed_at(folder / name) for name in _KEY_FILES)
        return (store.settings.sealed(), store.instances.sealed(), files, self._hangups)

    def _take_over(self) -> None:
        self._store.vault.look_again()
        self.kept = self._store.instances.configs()
        if self._reload is None:
            return
        before = self.settings.general
        try:
            self.settings = self._in_force(self._reload(self._store.settings.all()))
        except SettingsError as exc:
            # One of those saved no longer fits what the environment says.
            log.warning("saved settings are left out", faults=list(exc.faults))
            return
        register_settings(self.settings)
        now = self.settings.general
        if now.log_level != before.log_level:
            set_level(now.log_level)
        if now.log_format != before.log_format:
            set_format(now.log_format)
        data_dir, known = self.settings.general.data_dir, self.keys.api_key
        self.keys = ensure_secrets(data_dir, self.settings, token=secrets.token_urlsafe)
        for key in (self.keys.api_key, self.keys.webhook_password):
            register_secret(key)
        if self.keys.api_key != known:
            self.on_new_key(self.keys.api_key)

    def _in_force(self, wanted: Settings) -> Settings:
        """Keep what was built at the start: an address that is given out must be one we serve."""
        held: dict[str, dict[str, object]] = {}
        for one in VARIABLES:
            if one.needs_restart:
                begun = getattr(getattr(self._started, one.section), one.field)
                held.setdefault(one.section, {})[one.field] = begun
        return wanted.model_copy(
            update={
                section: getattr(wanted, section).model_copy(update=fields)
                for section, fields in held.items()
            }
        )

    def _row(self, variable: Variable) -> SettingRow:
        given = self.settings.given.get(variable.name)
        text = given.text if given else ""
        is_hidden = variable.is_secret or "@" in text
        return SettingRow(
            key=_key(variable),
            variable=variable.name,
            value=None if is_hidden else text or variable.default,
            is_set=given is not None,
            is_secret=variable.is_secret,
            source=(given.source if given else Source.DEFAULT).value,
            is_pinned=variable.name in self.settings.pinned or not variable.is_savable,
            needs_restart=variable.needs_restart,
            default=variable.default,
            about=variable.about,
            suggestion=variable.example,
        )


def _key(variable: Variable) -> str:
    """Give the name of a setting within its section: `concurrent_limit`."""
    return variable.field


def _origins(urls: str) -> set[object]:
    return {origin(url) for url in urls.split()}


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0

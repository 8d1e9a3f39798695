"""What most commands begin with: settings, keys, the log, and what happens to unexpected errors."""

from __future__ import annotations

import os
import secrets
import sys
import threading
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from stalkeer.cli.saying import WRONG_USAGE, say, stop

if TYPE_CHECKING:
    from stalkeer.db.store import Store
    from stalkeer.settings import Secrets, Settings
    from stalkeer.wiring.current import Reload


def read_settings(verbose: bool, *, is_quiet: bool = False, **options: object) -> Settings:
    """Read the settings and configure the log; exit 2 with every fault.

    A quiet command logs warnings only: what it has to say is its result. `options` are those of the
    command by the setting they stand for; None was not given.
    """
    from stalkeer import log
    from stalkeer.settings import SettingsError, load
    from stalkeer.wiring.redaction import register_settings

    try:
        settings = load(_environ(options), folder=Path.cwd())
    except SettingsError as exc:
        stop(WRONG_USAGE, str(exc))
    register_settings(settings)
    level = "debug" if verbose else "warning" if is_quiet else settings.general.log_level
    log.configure(level, settings.general.log_format, stream=sys.stderr)
    _log_unexpected_errors()
    for warning in settings.unknown:
        say(warning)
    return settings


def reader(**options: object) -> Reload:
    """Return what reads the settings again, with saved ones below those of the environment."""
    from stalkeer.settings import load

    environ, folder = _environ(options), Path.cwd()
    return lambda saved: load(environ, folder=folder, saved=saved)


def with_all_saved(settings: Settings, read: Reload | None = None) -> Settings:
    """Add what was saved through the API, for what is built once: addresses, connections.

    Nothing is made or changed where there is no database yet.
    """
    from stalkeer.wiring.database import has_database, open_store

    if not has_database(settings):
        return settings
    with closing(open_store(settings)) as store:
        return with_saved(settings, store, read)


def with_saved(settings: Settings, store: Store, read: Reload | None = None) -> Settings:
    """Add what was saved through the API; leave all as it is when that no longer fits.

    Writes nothing. A database that is older than saved settings has none.
    """
    from stalkeer.errors import StalkeerError
    from stalkeer.settings import SettingsError
    from stalkeer.wiring.redaction import register_settings

    try:
        read = read or reader(data_dir=settings.general.data_dir)
        saved = read(store.settings.all())
    except StalkeerError:
        return settings
    except SettingsError as exc:
        say(f"Saved settings are left out: {exc}")
        return settings
    register_settings(saved)
    return saved


def start_bare() -> None:
    """Begin a command that reads no settings and logs nothing.

    What nobody caught goes through the log all the same, which is loaded only then: that takes a
    third of the start.
    """

    def report(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        from stalkeer import log

        log.configure("warning", "text", stream=sys.stderr)
        log.get_logger("stalkeer").error("unexpected error", exc_info=(kind, error, trace))

    sys.excepthook = report


def read_settings_bare() -> Settings:
    """Read the settings for a command that logs nothing; exit 2 with every fault."""
    from stalkeer.settings import SettingsError, load

    start_bare()
    try:
        settings = load(_environ({}), folder=Path.cwd())
    except SettingsError as exc:
        stop(WRONG_USAGE, str(exc))
    for warning in settings.unknown:
        say(warning)
    return settings


def make_keys(settings: Settings) -> Secrets:
    """Make the data directory and the keys that are missing; exit 2 when that cannot be."""
    from stalkeer.settings import SettingsError, ensure_secrets

    try:
        return ensure_secrets(settings.general.data_dir, settings, token=secrets.token_urlsafe)
    except SettingsError as exc:
        stop(WRONG_USAGE, str(exc))


def _environ(options: dict[str, object]) -> dict[str, str]:
    environ = dict(os.environ)  # noqa: TID251 # the one place the environment enters
    for name, value in options.items():
        if value is not None:
            environ[f"STALKEER_{name.upper()}"] = str(value)
            # Both at once would be a fault, and an option beats every variable.
            environ.pop(f"STALKEER_{name.upper()}_FILE", None)
    return environ


def _log_unexpected_errors() -> None:
    """Send what nobody caught through the log: a bare traceback would show keys and addresses."""
    from stalkeer.log import get_logger

    log = get_logger("stalkeer")

    def report(
        kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        log.error("unexpected error", exc_info=(kind, error, trace))

    def report_thread(args: threading.ExceptHookArgs) -> None:
        report(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = report
    threading.excepthook = report_thread

"""The keys stalkeer makes for itself at first start, as files only its user can read."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stalkeer.settings.model import Settings, SettingsError

_KEY_BYTES = 24
_FERNET_BYTES = 32
_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Secrets:
    """The keys in use. `created` are the files that were made now, to tell the user once."""

    api_key: str = field(repr=False)
    webhook_username: str
    webhook_password: str = field(repr=False)
    secret_key: str = field(repr=False)
    created: tuple[Path, ...]


def ensure_secrets(data_dir: Path, settings: Settings, *, token: Callable[[int], str]) -> Secrets:
    """Read the keys from `data_dir/secrets`, and make those that neither exist nor are set.

    `token` makes urlsafe text out of that many random bytes (`secrets.token_urlsafe`). Two
    processes that start together end with the same keys. Raises `SettingsError` when the folder
    cannot be used.
    """
    folder = data_dir / "secrets"
    try:
        # Not private: Radarr and Sonarr read what we download below it.
        data_dir.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        _make_private(folder, _PRIVATE_FOLDER)
        with _locked(folder):
            return _secrets(folder, settings, token)
    except OSError as error:
        path = error.filename or data_dir
        raise SettingsError(
            [f"STALKEER_DATA_DIR: cannot keep keys in it: {path}: {error.strerror}"]
        ) from error


def secret_keys(settings: Settings) -> tuple[str, ...]:
    """Give the keys that seal secrets in the database, the newest first; none before there are any.

    A setting or a file may hold several, apart by spaces or line breaks: the first seals, all open.
    """
    given = settings.general.secret_key.get_secret_value()
    path = settings.general.data_dir / "secrets" / "secret_key"
    if not given and path.is_file():
        given = path.read_text(encoding="ascii")
    return tuple(given.split())


def new_secret(name: str, *, token: Callable[[int], str]) -> str:
    """Make the key that is kept in a file of that name."""
    # 32 bytes are 43 letters of base64; Fernet insists on the padding.
    return token(_FERNET_BYTES) + "=" if name == "secret_key" else token(_KEY_BYTES)


def write_secret(data_dir: Path, name: str, text: str) -> None:
    """Replace a key in `data_dir/secrets`, whole or not at all."""
    _write(data_dir / "secrets" / name, text)


def _secrets(folder: Path, settings: Settings, token: Callable[[int], str]) -> Secrets:
    general = settings.general
    created: list[Path] = []

    def key(name: str, given: str, make: Callable[[], str]) -> str:
        path = folder / name
        if given:
            return given
        if not _holds_text(path):
            _write(path, make())
            created.append(path)
        _make_private(path, _PRIVATE_FILE)
        return path.read_text(encoding="ascii").strip()

    return Secrets(
        api_key=key("api_key", general.api_key.get_secret_value(), lambda: token(_KEY_BYTES)),
        webhook_username=general.webhook_username,
        webhook_password=key(
            "webhook_password",
            general.webhook_password.get_secret_value(),
            lambda: token(_KEY_BYTES),
        ),
        # 32 bytes are 43 letters of base64; Fernet insists on the padding.
        secret_key=key(
            "secret_key",
            general.secret_key.get_secret_value(),
            lambda: token(_FERNET_BYTES) + "=",
        ),
        created=tuple(created),
    )


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _holds_text(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _write(path: Path, text: str) -> None:
    """Put the file in place whole: a crash leaves the old one or none, never half a key."""
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(unfinished, flags, _PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)


def _make_private(path: Path, mode: int) -> None:
    # Somebody else's mount may refuse; reading the key then still works.
    with contextlib.suppress(PermissionError):
        path.chmod(mode)

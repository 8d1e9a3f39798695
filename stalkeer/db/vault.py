"""Keeps secrets in the database sealed: what a provider was paid for is not to be read in a copy.

A sealed text says so by its beginning, so rows from before there was a key can be told apart.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import ClassVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from stalkeer.errors import StalkeerError

SEALED = "sealed:"
"""How every sealed text begins."""


class VaultError(StalkeerError):
    """What is sealed in the database cannot be opened with the keys at hand."""

    code: ClassVar[str] = "secret_key_wrong"


class Vault:
    """Seals with the first of its keys and opens with any.

    Without keys nothing is sealed, and what is sealed cannot be opened.
    """

    def __init__(
        self, keys: Iterable[str] = (), *, read: Callable[[], Iterable[str]] | None = None
    ) -> None:
        """Take keys of any form, the newest first; `read` gives those of this moment.

        It is asked when something does not open: another process may have made a new key.
        """
        self._read = read
        self._take(tuple(keys))

    def look_again(self) -> bool:
        """Take the keys of this moment; False when they are the ones that are known."""
        keys = self.keys if self._read is None else tuple(self._read())
        is_new = bool(keys) and keys != self.keys
        if is_new:
            self._take(keys)
        return is_new

    def _take(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        given = [hashlib.sha256(key.encode()).digest() for key in self.keys]
        self._mark_key = given[0] if given else b""
        fernets = [Fernet(urlsafe_b64encode(key)) for key in given]
        self._fernet = MultiFernet(fernets) if fernets else None

    def seal(self, text: str) -> str:
        """Seal a text; an empty one stays empty, and so does everything without a key."""
        if self._fernet is None or not text:
            return text
        return SEALED + self._fernet.encrypt(text.encode("utf-8", "surrogatepass")).decode()

    def open(self, text: str) -> str:
        """Open what was sealed; what never was is given as it is.

        Raises `VaultError` when it was sealed with another key.
        """
        if not text.startswith(SEALED):
            return text
        if self._fernet is None:
            raise VaultError(f"The database holds sealed addresses, and there is no key. {_REMEDY}")
        try:
            opened = self._fernet.decrypt(text.removeprefix(SEALED).encode())
        except InvalidToken:
            if self.look_again():
                return self.open(text)
            raise VaultError(
                f"The database holds addresses that were sealed with another key. {_REMEDY}"
            ) from None
        return opened.decode("utf-8", "surrogatepass")

    @property
    def can_seal(self) -> bool:
        """Say whether there is a key."""
        return self._fernet is not None

    def mark(self, text: str) -> str:
        """Give a digest, 32 hexadecimal digits, that only this key makes of this text."""
        value = text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._mark_key, value, "sha256")[:16].hex()


_REMEDY = (
    "Set STALKEER_SECRET_KEY to the key it was written with, or put that key back into the file "
    "secrets/secret_key of DATA_DIR. If it is lost, restore a backup that has its secrets, or "
    "start with an empty database."
)

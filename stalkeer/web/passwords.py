"""Passwords as they are kept: salted and slow to guess (scrypt, RFC 7914)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from threading import Lock

_COST, _BLOCK, _LANES = 2**15, 8, 1
_MEMORY = 64 * 1024 * 1024
_LENGTH = 32
_ALONE = Lock()
"""Each takes 32 MiB while it works: who sends many passwords at once waits his turn."""


def hashed(password: str, salt: bytes) -> str:
    """Give `scrypt$32768$8$1$salt$hash`, which holds all that is needed to check a password."""
    return _kept(salt, _key(password, salt, _COST, _BLOCK, _LANES))


def fits(password: str, kept: str) -> bool:
    """Say whether this is the password of a hash, in a time that tells nothing about it."""
    _, cost, block, lanes, salt, key = kept.split("$")
    found = _key(password, b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(found, b64decode(key))


def _kept(salt: bytes, key: bytes) -> str:
    parts = (b64encode(part).decode() for part in (salt, key))
    return "$".join(["scrypt", str(_COST), str(_BLOCK), str(_LANES), *parts])


def _key(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    with _ALONE:
        return hashlib.scrypt(
            password.encode(), salt=salt, n=cost, r=block, p=lanes, maxmem=_MEMORY, dklen=_LENGTH
        )


NOBODY = _kept(bytes(16), bytes(_LENGTH))
"""What is kept of no password: to compare with it takes as long as with any other."""

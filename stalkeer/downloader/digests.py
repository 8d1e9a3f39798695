"""Checksums of whole files: what a server says of one, and what the file on disk has."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import xxhash

from stalkeer.downloader.errors import DownloadStoppedError
from stalkeer.downloader.files import disk_errors

_READ_BYTES = 1024 * 1024
_HASHES = {"sha-256": "sha256", "sha-512": "sha512", "md5": "md5"}
"""Algorithms of the registry of RFC 9530 in the order they are wanted, and their names here."""
_MEMBER = re.compile(r"([a-z0-9-]+)=:([A-Za-z0-9+/=]{4,128}):")


def digest_of(headers: Mapping[str, str], *, is_whole: bool) -> str | None:
    """Find what an answer says of the whole file: `sha-256:9f86d0…`, or None.

    Repr-Digest is of the whole whatever part of it is sent (RFC 9530 section 3); Content-Digest
    and Content-MD5 (RFC 1864) are of what is sent, so they count only for a body that is all of it.
    """
    said = _members(headers.get("repr-digest", ""))
    if is_whole:
        said = {**_members(headers.get("content-digest", "")), **said}
        said.setdefault("md5", headers.get("content-md5", "").strip())
    for name in _HASHES:
        digest = _decoded(said.get(name, ""), hashlib.new(_HASHES[name]).digest_size)
        if digest is not None:
            return f"{name}:{digest.hex()}"
    return None


def has_digest(descriptor: int, digest: str, *, should_stop: Callable[[], bool]) -> bool:
    """Read a whole file and say whether it has a digest of `digest_of`."""
    name, _, wanted = digest.partition(":")
    if name not in _HASHES:
        return True
    found = hashlib.new(_HASHES[name], usedforsecurity=False)
    for piece in _pieces(descriptor, should_stop):
        found.update(piece)
    return found.hexdigest() == wanted


def xxh3_of(path: Path, *, should_stop: Callable[[], bool]) -> str:
    """Read a whole file and give its checksum: `xxh3:` and 16 hexadecimal digits.

    As `xxhsum -H3` shows it. Finds a file that changed by itself, not one that somebody forged.
    """
    found = xxhash.xxh3_64()
    with disk_errors(path), path.open("rb") as file:
        for piece in _pieces(file.fileno(), should_stop):
            found.update(piece)
    return f"xxh3:{found.hexdigest()}"


def _members(text: str) -> dict[str, str]:
    return dict(_MEMBER.findall(text))


def _decoded(text: str, size: int) -> bytes | None:
    try:
        digest = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return digest if len(digest) == size else None


def _pieces(descriptor: int, should_stop: Callable[[], bool]) -> Iterator[memoryview]:
    buffer, at = memoryview(bytearray(_READ_BYTES)), 0
    while count := os.preadv(descriptor, [buffer], at):
        if should_stop():
            raise DownloadStoppedError("The download was stopped; it goes on where it was.")
        yield buffer[:count]
        at += count

"""Reads long JSON answers an object at a time: a panel's list of films may have 200 MB.

The other way round than `json.load`, which would hold the text and everything it says at once.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from stalkeer.playlist.errors import (
    PlaylistIsHtmlError,
    PlaylistTooLargeError,
    PlaylistTruncatedError,
    PlaylistUnreachableError,
)

MAX_OBJECT = 1024**2
_STEP = 64 * 1024
_BETWEEN = re.compile(r"[\s,]*")
# Real panels write tabs and line breaks into their texts as they are.
_JSON = json.JSONDecoder(strict=False)


def read_objects(chunks: Iterable[bytes], *, name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON array; what else stands in it is passed over.

    An object of numbered objects is read alike: PHP writes an array with gaps so. `null`, `false`
    and `""` stand for nothing. Raises a `PlaylistError` for a web page, for another answer, and
    where the end is missing.
    """
    text = _Text(chunks, name)
    first = text.next_sign()
    if first == "<":
        raise PlaylistIsHtmlError(
            f"The panel at {name} answered with a web page: open its address in a browser."
        )
    if first == "[":
        values = _values(text)
    elif first == "{":
        values = _numbered(text)
    else:
        values = _nothing(text)
    for value in values:
        if isinstance(value, dict):
            yield value


def read_document(chunks: Iterable[bytes], *, name: str, max_bytes: int = 32 * 1024**2) -> Any:
    """Read a whole JSON answer; raises a `PlaylistError` when it is none, or too long."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > max_bytes:
            raise PlaylistTooLargeError(
                f"The panel at {name} answered more than {max_bytes} bytes."
            )
    if held.lstrip().startswith(b"<"):
        raise PlaylistIsHtmlError(
            f"The panel at {name} answered with a web page: open its address in a browser."
        )
    try:
        return _JSON.decode(held.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        # Nothing of the answer is shown: it may quote the name and the password.
        raise PlaylistTruncatedError(
            f"The panel at {name} answered with what is no whole JSON document."
        ) from None


class _Text:
    """A text that comes in pieces; only what was not read yet is held."""

    def __init__(self, chunks: Iterable[bytes], name: str) -> None:
        self.name = name
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._held = ""
        self._at = 0

    def next_sign(self) -> str:
        """Return the next character that is neither space nor comma; empty at the end."""
        while True:
            between = _BETWEEN.match(self._held, self._at)
            self._at = between.end() if between else self._at
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def skip(self, sign: str) -> None:
        """Pass over a sign that has to stand here."""
        if self.next_sign() != sign:
            raise self.broken()
        self._at += 1

    def value(self) -> Any:
        """Read one value; raises when it is too long or damaged."""
        self.next_sign()
        while True:
            try:
                value, self._at = _JSON.raw_decode(self._held, self._at)
                return value
            except (ValueError, RecursionError):
                if len(self._held) - self._at > MAX_OBJECT or not self._more():
                    raise self.broken() from None

    def broken(self) -> PlaylistTruncatedError:
        """Make the error that says where nothing can be read any more."""
        return PlaylistTruncatedError(
            f"A list of the panel at {self.name} is damaged or ended in the middle."
        )

    def _more(self) -> bool:
        pieces = [self._held[self._at :]]
        count = 0
        for chunk in self._chunks:
            pieces.append(self._decoder.decode(chunk))
            count += len(chunk)
            # Small pieces are gathered: each time one is added the value is read from its start.
            if count >= _STEP:
                break
        self._held, self._at = "".join(pieces), 0
        return count > 0


def _values(text: _Text) -> Iterator[Any]:
    text.skip("[")
    while text.next_sign() != "]":
        yield text.value()


def _numbered(text: _Text) -> Iterator[Any]:
    text.skip("{")
    while text.next_sign() != "}":
        key = text.value()
        text.skip(":")
        value = text.value()
        if not str(key).isdecimal():
            raise PlaylistUnreachableError(
                f"The panel at {text.name} answered with something else than a list: "
                "check its user name and password."
            )
        yield value


def _nothing(text: _Text) -> Iterator[Any]:
    if text.next_sign():
        yield text.value()

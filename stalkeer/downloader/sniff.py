"""Whether the first bytes of an answer are the file at all, or an error page in its place."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from stalkeer.downloader.answers import Head, SetbackError
from stalkeer.downloader.errors import NotMediaError, TransferCutError
from stalkeer.downloader.media import container_of, looks_like_page

_SHOWN_CHARACTERS = 200
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_PAGE_TRIES = 2
_UNSUPPORTED = "(HLS is not supported)"


def refuse_playlist_address(url: httpx.URL) -> None:
    """Raise `NotMediaError` for the address of a playlist: what it names are pieces of a film."""
    if PurePosixPath(url.path).suffix.lower() == ".m3u8":
        raise NotMediaError(
            f"{url.host} has a playlist (.m3u8) there instead of the film {_UNSUPPORTED}. "
            "Choose another entry."
        )


def refuse_page(
    first: bytes, head: Head, *, url: httpx.URL, expect_media: bool, is_resumed: bool
) -> SetbackError | None:
    """Say why the answer that starts with these bytes is not kept, None if it is.

    A page in place of the rest of a file that was there before (`is_resumed`) is a whim of the
    provider and may be tried again later; in place of a new file it is what the link leads to.
    """
    page = looks_like_page(first, head.content_type)
    if page is None and container_of(first) is None:
        page = _not_even_a_page(head, expect_media=expect_media)
    if page is None:
        return None
    sentence = f"{head.host} sent {page} instead of the film"
    shown = shown_text(first, url)
    message = f"{sentence}: {shown}" if shown else f"{sentence}."
    if page == "a playlist":
        return SetbackError(NotMediaError(f"{message} {_UNSUPPORTED}"), tries=0)
    error = TransferCutError(message) if is_resumed else NotMediaError(message)
    return SetbackError(error, tries=_PAGE_TRIES)


def _not_even_a_page(head: Head, *, expect_media: bool) -> str | None:
    if head.is_encoded:
        return "compressed data"
    return "bytes of no known video format" if expect_media else None


def shown_text(first: bytes, url: httpx.URL) -> str:
    """Make the first 200 characters fit to be shown: addresses and what was in ours are masked.

    Empty for bytes that are no text.
    """
    # The last character may be cut in the middle.
    text = first.decode(errors="replace").rstrip("\ufffd")
    if not all(char.isprintable() or char.isspace() for char in text) or "\ufffd" in text:
        return ""
    for secret in _secrets(url):
        text = text.replace(secret, "***")
    text = _URL.sub("***", " ".join(text.split()))
    return text[:_SHOWN_CHARACTERS]


def _secrets(url: httpx.URL) -> list[str]:
    """List what a page could echo of the address: user, password, tokens, longest first."""
    raw = f"{url.userinfo.decode()}/{url.raw_path.decode()}"
    parts = {part for text in (raw, unquote(raw)) for part in re.split(r"[/?&=:]", text)}
    return sorted((part for part in parts if len(part) > 2), key=len, reverse=True)

"""A playlist entry as it is stored: what was read, what it was read as, and who it is.

An entry keeps its identity when what changes daily changes (credentials, token, host, place in
the list, logo) and loses it when it becomes another film.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from stalkeer.core.m3u import RawEntry
from stalkeer.core.titles import EntryKey, ParsedName, entry_keys, parse_name, url_kind

_PANEL_FOLDERS = frozenset({"movie", "movies", "series", "live", "timeshift"})


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be written. `identity` is the same again at the next refresh of its list."""

    identity: str
    raw: RawEntry
    url_kind: str | None
    parsed: ParsedName
    keys: tuple[EntryKey, ...]


def read_entry(raw: RawEntry) -> NewEntry:
    """Read what an entry is from its name, its group and the form of its address."""
    kind = url_kind(raw.url)
    parsed = parse_name(raw.name, group=raw.group, url_kind=kind, tvg_type=raw.tvg_type)
    return NewEntry(
        identity(raw.name, raw.url), raw, kind, parsed, entry_keys(parsed, logo=raw.logo)
    )


def identity(name: str, url: str) -> str:
    """Give the identity of an entry: 40 hexadecimal digits.

    Name and file decide, so another file under the same name is another entry, and so is a file
    number that a provider gives to another film.
    """
    text = f"{name}\0{file_of(url)}"
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def provider_of(url: str) -> str:
    """Give the host, with its port, whose connection limit an address counts against."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def file_of(url: str) -> str:
    """Give the part of an address that stays: the path without the credentials panels put in it.

    `http://h/movie/user/word/12.mkv?token=x` gives `movie/12.mkv`, `http://h/user/word/12` gives
    `12`, `http://h/films/heat.mkv` gives `films/heat.mkv`.
    """
    parts = [part for part in urlsplit(url).path.split("/") if part]
    if len(parts) >= 4 and parts[0] in _PANEL_FOLDERS:
        return "/".join([parts[0], *parts[3:]])
    if len(parts) == 3 and parts[2].split(".")[0].isdigit():
        return parts[2]
    return "/".join(parts)

"""The columns of an entry, its keys and its address, as imports and overrides write them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from stalkeer.core.entries import Address, NewEntry, key_digest, provider_of
from stalkeer.core.titles import EntryKey

# As long as PostgreSQL lets the columns be.
_LONGEST_TYPE = _LONGEST_ID = 32


class ItemColumns(NamedTuple):
    """The columns of an entry that come from its list, in the order in which they are written."""

    identity: int
    content: int
    address_id: int
    path: str
    ordinal: int
    name: str
    group_title: str
    tvg_name: str
    tvg_id: str
    tvg_logo: str
    tvg_type: str
    url_kind: str | None
    user_agent: str
    referrer: str
    tmdb_id: int | None
    imdb_id: str
    duration_s: int | None
    content_type: str
    title: str
    year: int | None
    season: int | None
    episode: int | None
    resolution: str | None
    filtered_by: str | None
    keys: str


class KeyColumns(NamedTuple):
    """A row of `entry_key`."""

    key: int
    item_id: int
    content_type: str
    year: int | None
    season: int | None
    episode_from: int | None
    episode_to: int | None
    absolute: int | None
    air_date: str | None


class NewAddress(NamedTuple):
    """An address to be written: its host, and the JSON list of what is secret in it."""

    provider: str
    secret: str


def new_address(address: Address, url: str) -> NewAddress:
    """Give the address of an entry without its path."""
    secret = json.dumps([address.prefix, address.suffix], separators=(",", ":"))
    return NewAddress(provider_of(url), secret)


def item_columns(
    entry: NewEntry,
    *,
    address_id: int = 0,
    filtered_by: str | None = None,
    digests: Iterable[int] | None = None,
) -> ItemColumns:
    """Give the columns of an entry whose address is in that row.

    `digests` are those of its keys, for whoever knows them.
    """
    raw, parsed = entry.raw, entry.parsed
    keys = ",".join(map(str, by_digest(entry) if digests is None else digests))
    return ItemColumns(
        entry.identity,
        entry.content,
        address_id,
        entry.address.path,
        raw.index,
        raw.name,
        raw.group,
        raw.tvg_name,
        raw.tvg_id,
        raw.logo,
        raw.tvg_type[:_LONGEST_TYPE],
        entry.url_kind,
        raw.user_agent or "",
        raw.referrer or "",
        raw.tmdb_id,
        raw.imdb_id[:_LONGEST_ID],
        raw.duration_s,
        parsed.content_type.value,
        parsed.title,
        parsed.year,
        parsed.season,
        parsed.episodes[0] if parsed.episodes else None,
        parsed.resolution,
        filtered_by,
        f"[{keys}]",
    )


def key_columns(entry: NewEntry, item_id: int) -> list[KeyColumns]:
    """Give the rows under which an entry is found."""
    return [
        KeyColumns(
            digest,
            item_id,
            key.content_type.value,
            key.year,
            key.season,
            key.episode_from,
            key.episode_to,
            key.absolute,
            key.air_date.isoformat() if key.air_date else None,
        )
        for digest, key in by_digest(entry).items()
    ]


def by_digest(entry: NewEntry) -> dict[int, EntryKey]:
    """Give the keys of an entry by their digests, each once: a name may have several readings."""
    found: dict[int, EntryKey] = {}
    for key in entry.keys:
        found.setdefault(key_digest(key.key), key)
    return found

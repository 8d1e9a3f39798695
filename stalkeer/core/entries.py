"""A playlist entry as it is stored: what was read, what it was read as, and who it is.

An entry is who it is by its name and by the path of its address: the part that is left without
what changes daily. So this is one entry to us, which keeps its row:

- the address with another token, password, user, query, host, port or scheme
- another place in the list, another logo, group, user agent

and this is another one: another stream id (`12.mkv`, `13.mkv`) under the same name, and a stream
id that a provider gives to another film, whose name is another. Two lists never share an entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from xxhash import xxh3_64_intdigest

from stalkeer.core.ids import ids_of
from stalkeer.core.m3u import Lines, RawEntry
from stalkeer.core.overrides import Override, overridden
from stalkeer.core.titles import EntryKey, ParsedName, entry_keys, parse_name, url_kind

_PANEL = re.compile(
    r"([^/?#]+://[^/?#]*/)(movies?|series|live|timeshift)/([^/?#]+/[^/?#]+/)([^?#]+)(.*)", re.DOTALL
)
_BARE_PANEL = re.compile(
    r"([^/?#]+://[^/?#]*/[^/?#]+/[^/?#]+/)([0-9]+(?:\.[^/?#]*)?)((?:[?#].*)?)", re.DOTALL
)
_ANY = re.compile(r"([^/?#]+://[^/?#]*/?)([^?#]*)(.*)", re.DOTALL)
_TOKEN_FOLDER = re.compile(r".*/?(?<![^/])(?=[^/]*[0-9])[A-Za-z0-9_=-]{24,}/(?=[^/])")
# The number of a stream where no path says it; what follows it in the query may be a token.
_NUMBER_IN_QUERY = re.compile(r"\?(?:id|stream|stream_id|channel|ch|vid|video|movie|v|file)=[^&#]+")
_FOLDER = "\n"


@dataclass(frozen=True, slots=True)
class Address:
    """An address in its parts: what is secret or changes, and the path that stays.

    `http://h/movie/joe/word/12.mkv?token=x` is `http://h/⏎joe/word/`, `movie/12.mkv`, `?token=x`:
    a line break in the prefix is where the first folder of the path belongs.
    """

    prefix: str
    path: str
    suffix: str = ""

    @property
    def url(self) -> str:
        """The whole address."""
        if _FOLDER not in self.prefix:
            return f"{self.prefix}{self.path}{self.suffix}"
        folder, _, rest = self.path.partition("/")
        return f"{self.prefix.replace(_FOLDER, f'{folder}/', 1)}{rest}{self.suffix}"


# Not frozen, because a list has a million of them: writing into a frozen one takes five times as
# long.
@dataclass(slots=True)
class NewEntry:
    """An entry to be written; nobody writes into it.

    `identity` is the same again at the next refresh of its list.

    `content` is the digest of all it was read from but its address; 0 when nobody knows it.
    """

    identity: int
    raw: RawEntry
    address: Address
    url_kind: str | None
    parsed: ParsedName
    keys: tuple[EntryKey, ...]
    content: int = 0


def read_entry(raw: RawEntry, *, content: int = 0, override: Override | None = None) -> NewEntry:
    """Read what an entry is from its name, its group and the form of its address.

    What a person said of it counts before all of these.
    """
    address, kind = split_address(raw.url), url_kind(raw.url)
    parsed = parse_name(raw.name, group=raw.group, url_kind=kind, tvg_type=raw.tvg_type)
    if override is not None:
        parsed = overridden(parsed, override)
    ids: tuple[str, ...] = ()
    if raw.tvg_id or raw.tmdb_id or raw.imdb_id:
        ids = ids_of(tvg_id=raw.tvg_id, tmdb_id=raw.tmdb_id, imdb_id=raw.imdb_id)
    keys = entry_keys(parsed, logo=raw.logo, ids=ids)
    return NewEntry(identity(raw.name, address.path), raw, address, kind, parsed, keys, content)


def identity(name: str, path: str) -> int:
    """Give the identity of an entry within its list: a signed number of 64 bits."""
    return digest(f"{name}\0{path}")


def content_of(lines: Lines, path: str) -> int:
    """Give the digest of all a list says of an entry but where it stands and how it is reached."""
    said = (lines.extinf, lines.said, lines.address.partition(b"|")[2], path.encode())
    return _signed(xxh3_64_intdigest(b"\n".join(said)))


def key_digest(key: str) -> int:
    """Give the number under which the index holds a key."""
    return digest(key)


def digest(text: str) -> int:
    """Give a signed number of 64 bits that stands for a text."""
    return _signed(xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")))


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def split_address(url: str) -> Address:
    """Take an address apart into what changes or is secret and the path that stays.

    The folders of Xtream panels that hold user and password, folders that look like a token, the
    query and the host do not stay: `http://h/joe/word/12` has the path `12`, and
    `http://h/films/heat.mkv` has `films/heat.mkv`.
    """
    if panel := _PANEL.fullmatch(url):
        start, folder, secret, rest, query = panel.groups()
        return Address(f"{start}{_FOLDER}{secret}", f"{folder}/{rest}", query)
    found = _BARE_PANEL.fullmatch(url)
    if found:
        return Address(*found.groups())
    found = _ANY.fullmatch(url)
    if found is None:
        return Address("", url)
    prefix, path, query = found.groups()
    if token := _TOKEN_FOLDER.match(path):
        prefix, path = prefix + token[0], path[token.end() :]
    if number := _NUMBER_IN_QUERY.match(query):
        path, query = path + number[0], query[number.end() :]
    return Address(prefix, path, query)


def provider_of(url: str) -> str:
    """Give the host, with its port, whose connection limit an address counts against.

    That of `http://[/1.mkv`, which nobody can read, is empty as that of a bare path.
    """
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""

"""How the text of a setting becomes a value: times, sizes, lists, addresses, patterns.

Every parser raises ValueError with the rest of a sentence that starts with the setting's name:
"should be …".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from ipaddress import ip_network
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

import re2
from pydantic import AfterValidator, BeforeValidator, SecretStr

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.ASCII | re.IGNORECASE)

MAX_DURATION_S = 100 * 365 * 86400
MAX_SIZE_BYTES = 2**63 - 1
MAX_PATTERNS = 100
MAX_PATTERN_LENGTH = 500
MAX_PATTERN_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the day in local time. It runs past midnight when it ends before it starts."""

    start: time
    end: time


def parse_duration(text: str) -> float:
    """Read `90`, `60s`, `30m`, `1h` or `7d` as seconds."""
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else None
    if seconds is None or seconds > MAX_DURATION_S:
        raise ValueError("should be a time such as 90, 60s, 30m, 1h or 7d, at most 100 years")
    return seconds


def parse_size(text: str) -> int:
    """Read `500`, `50MB`, `2GB` (powers of 1000) or `2GiB` (powers of 1024) as bytes."""
    found = _SIZE.fullmatch(text.strip())
    base = 1024 if found and found[3] else 1000
    size = float(found[1]) * base ** _POWERS[found[2].lower()] if found else None
    if size is None or size > MAX_SIZE_BYTES:
        raise ValueError("should be a size such as 734003200, 50MB, 2GB or 2GiB")
    return int(size)


def _parse_path_map(text: str) -> tuple[str, str]:
    ours, arrow, theirs = (part.strip() for part in text.partition("=>"))
    is_absolute = PurePosixPath(theirs).is_absolute() or PureWindowsPath(theirs).is_absolute()
    if not arrow or not PurePosixPath(ours).is_absolute() or not is_absolute:
        raise ValueError("should be our absolute path, then =>, then theirs; several: ;")
    return ours, theirs


def _parse_window(text: str) -> Window:
    start, _, end = text.partition("-")
    try:
        window = Window(_parse_time_of_day(start), _parse_time_of_day(end))
    except ValueError:
        raise ValueError("should be two times of the day such as 01:00-07:00") from None
    if window.start == window.end:
        raise ValueError("should start and end at different times")
    return window


def _parse_time_of_day(text: str) -> time:
    # Not fromisoformat: it takes seconds and zones as well, which nobody means here.
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))


def _check_http_url(text: str) -> str:
    if text and not is_http_url(text):
        raise ValueError("should be an address that starts with http:// or https:// and a host")
    return text


def is_http_url(text: str) -> bool:
    """Say whether something can be asked at an address: http or https, a host, a port if any."""
    return _has_host(text, schemes=("http", "https")) and _has_name(text)


def _has_name(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        # What the resolver does first: it refuses an empty part, and one of more than 63 letters.
        host.encode("idna")
    except UnicodeError:
        return False
    return ":" in host or re.fullmatch(r"[\w.-]+", host) is not None


def _without_final_slash(text: str) -> str:
    return text.rstrip("/")


def _check_database_url(text: str) -> str:
    is_file = text.startswith("sqlite:///") and len(text) > len("sqlite:///")
    if text and not is_file and not _has_host(text, schemes=("postgresql", "postgres")):
        raise ValueError("should start with postgresql:// and a host, or with sqlite:///")
    return text


def _check_redis_url(text: str) -> str:
    if text and not _has_host(text, schemes=("redis", "rediss")):
        raise ValueError("should start with redis:// or rediss:// and a host")
    return text


def _has_host(url: str, *, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        # Reading the port is what makes urlsplit check it.
        is_port_good = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_one_word = not re.search(r"\s", url)
    return parts.scheme in schemes and bool(parts.hostname) and is_port_good and is_one_word


def _check_url_base(text: str) -> str:
    path = text.strip("/")
    if re.search(r"[^\w./~-]", path) or ".." in path:
        raise ValueError("should be a path such as /stalkeer")
    return f"/{path}" if path else ""


def _check_host(text: str) -> str:
    if "//" in text or "@" in text:
        raise ValueError("should be host names, addresses or networks, without http://")
    return text


def _check_network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError("should be addresses or networks such as 10.0.0.0/8") from None


def _check_pattern(text: str) -> str:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PATTERN_BYTES
    if len(text) > MAX_PATTERN_LENGTH:
        raise ValueError(f"should be patterns of at most {MAX_PATTERN_LENGTH} characters")
    try:
        re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0]
        said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"should be RE2 patterns, one a line: {said}") from None
    return text


def _check_pattern_count(patterns: tuple[str, ...]) -> tuple[str, ...]:
    if len(patterns) > MAX_PATTERNS:
        raise ValueError(f"should be at most {MAX_PATTERNS} patterns")
    return patterns


def _check_fernet_keys(text: str) -> str:
    """Check one key or several, apart by spaces: the first seals, all open."""
    return " ".join(_check_fernet_key(key) for key in text.split())


def _check_fernet_key(text: str) -> str:
    """Complete the padding of a urlsafe-base64 key of 32 bytes, or refuse it."""
    key = text.rstrip("=") + "="
    try:
        is_key = len(base64.b64decode(key, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        is_key = False
    if text and not is_key:
        raise ValueError("should be 32 bytes in urlsafe base64, 44 characters")
    return key if text else ""


def _secret(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda secret: SecretStr(check(secret.get_secret_value())))


def _split(separators: str) -> BeforeValidator:
    def split(text: str) -> tuple[str, ...]:
        parts = (part.strip() for part in re.split(separators, text))
        return tuple(part for part in parts if part)

    return BeforeValidator(split)


_WORDS = _split(r"[\s,;]+")
_LINES = _split(r"\n+")

Duration = Annotated[float, BeforeValidator(parse_duration)]
"""Seconds."""
Size = Annotated[int, BeforeValidator(parse_size)]
"""Bytes."""
Lowered = BeforeValidator(str.lower)
HttpUrl = Annotated[str, AfterValidator(_check_http_url), AfterValidator(_without_final_slash)]
UrlBase = Annotated[str, AfterValidator(_check_url_base)]
DatabaseUrl = Annotated[SecretStr, _secret(_check_database_url)]
RedisUrl = Annotated[SecretStr, _secret(_check_redis_url)]
FernetKey = Annotated[SecretStr, _secret(_check_fernet_keys)]
PlaylistUrls = Annotated[tuple[Annotated[SecretStr, _secret(_check_http_url)], ...], _split(r"\s+")]
Secrets = Annotated[tuple[SecretStr, ...], _split(r"\s+")]
Words = Annotated[tuple[str, ...], _WORDS]
Events = Annotated[
    tuple[Literal["imported", "failed", "to_confirm", "provider", "disk"], ...], _WORDS
]
Numbers = Annotated[tuple[int, ...], _WORDS]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_check_host)], ...], _WORDS]
Networks = Annotated[tuple[Annotated[str, AfterValidator(_check_network)], ...], _WORDS]
Patterns = Annotated[
    tuple[Annotated[str, AfterValidator(_check_pattern)], ...],
    _LINES,
    AfterValidator(_check_pattern_count),
]
PathMaps = Annotated[
    tuple[Annotated[tuple[str, str], BeforeValidator(_parse_path_map)], ...], _split(r"[;\n]+")
]
"""Pairs of one folder as we see it and as Radarr or Sonarr sees it."""
Windows = Annotated[tuple[Annotated[Window, BeforeValidator(_parse_window)], ...], _WORDS]

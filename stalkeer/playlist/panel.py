"""What an Xtream Codes panel says, read as it is: numbers as text, fields missing, empty or null.

There is no specification; panels differ. Seen in the wild: `episodes` as an object of lists by
season, as a list of lists, as a flat list; `info` as an empty list; `""` and `"0"` for unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stalkeer.playlist.errors import (
    AccountBannedError,
    AccountDisabledError,
    AccountExpiredError,
    AccountRefusedError,
    PlaylistError,
)
from stalkeer.playlist.terms import Account

_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_EXTENSION = re.compile(r"[a-z0-9]{2,5}")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d\d)")
_IMDB = re.compile(r"tt\d{5,12}")
DEFAULT_EXTENSION = "mp4"
_MAX_DURATION_S = 24 * 3600
# The last moment a database of ours can write down.
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """What is said of films and of series alike; what is not said is None or empty."""

    id: str
    name: str
    category_id: str = ""
    logo: str = ""
    year: int | None = None
    rating: float | None = None
    tmdb_id: int | None = None
    imdb_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Film(Title):
    """A film."""

    extension: str = DEFAULT_EXTENSION
    duration_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series(Title):
    """A series. `mark` is the panel's `last_modified`, empty when it has none."""

    mark: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode of a series."""

    id: str
    season: int
    number: int
    extension: str = DEFAULT_EXTENSION
    duration_s: int | None = None


def read_account(answer: Any, *, name: str, host: str) -> Account:
    """Read the answer to the login; raises a `PlaylistError` when the account cannot be used."""
    user = answer.get("user_info") if isinstance(answer, dict) else None
    status = _text(user.get("status")).lower() if isinstance(user, dict) else ""
    if status in _REFUSALS:
        raise _REFUSALS[status](name, host)
    if not isinstance(user, dict) or number(user.get("auth", 1)) == 0:
        raise refused(name, host)
    # Both 0 and null say that there is no limit, or no end.
    expires = number(user.get("exp_date")) or None
    return Account(
        max_connections=number(user.get("max_connections")) or None,
        active_connections=number(user.get("active_cons")),
        expires_at=datetime.fromtimestamp(min(expires, _LATEST), UTC) if expires else None,
    )


def refused(name: str, host: str) -> PlaylistError:
    """Make the error for a panel that does not know the account."""
    return AccountRefusedError(
        f"The panel at {host} does not accept the account of {name}: check the user name and the "
        "password of this playlist (STALKEER_XTREAM_USERNAME and STALKEER_XTREAM_PASSWORD)."
    )


def read_categories(objects: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Give the names of the categories by id."""
    return {_text(each.get("category_id")): _text(each.get("category_name")) for each in objects}


def read_films(objects: Iterable[dict[str, Any]]) -> Iterator[Film]:
    """Yield the films of `get_vod_streams`; what has no id or no name is no film."""
    for each in objects:
        if title := _title(each, "stream_id", "stream_icon"):
            yield Film(**title, extension=_extension(each), duration_s=_duration(each))


def read_series(objects: Iterable[dict[str, Any]]) -> Iterator[Series]:
    """Yield the series of `get_series`; what has no id or no name is no series."""
    for each in objects:
        if title := _title(each, "series_id", "cover"):
            mark = _text(each.get("last_modified"))
            yield Series(**title, mark="" if mark == "0" else mark)


def read_episodes(answer: Any) -> tuple[Episode, ...] | None:
    """Give the episodes of `get_series_info` in their order; None when it says nothing of them."""
    if not isinstance(answer, dict) or "episodes" not in answer:
        return None
    episodes: dict[str, Episode] = {}
    for season, each in _by_season(answer["episodes"]):
        if episode := _episode(each, season):
            episodes.setdefault(episode.id, episode)
    return tuple(sorted(episodes.values(), key=lambda one: (one.season, one.number)))


def number(value: Any) -> int | None:
    """Read a whole number that may be a text; None for everything else."""
    try:
        return int(float(value)) if not isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _title(each: dict[str, Any], id_field: str, logo_field: str) -> dict[str, Any] | None:
    id_, name = _text(each.get(id_field)), _text(each.get("name")) or _text(each.get("title"))
    if not name or not _ID.fullmatch(id_):
        return None
    imdb = _text(each.get("imdb_id")) or _text(each.get("imdb"))
    return {
        "id": id_,
        "name": name,
        "category_id": _category(each),
        "logo": _text(each.get(logo_field)),
        "year": _year(each),
        "rating": _rating(each.get("rating")),
        "tmdb_id": _positive(each.get("tmdb")) or _positive(each.get("tmdb_id")),
        "imdb_id": imdb if _IMDB.fullmatch(imdb) else "",
    }


def _category(each: dict[str, Any]) -> str:
    many = each.get("category_ids")
    first = many[0] if isinstance(many, list) and many else None
    return _text(each.get("category_id")) or _text(first)


def _year(each: dict[str, Any]) -> int | None:
    for field in ("year", "releaseDate", "release_date", "releasedate"):
        if found := _YEAR.match(_text(each.get(field))):
            return int(found[0])
    return None


def _rating(value: Any) -> float | None:
    try:
        rating = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return round(rating, 1) if 0 < rating <= 10 else None


def _positive(value: Any) -> int | None:
    found = number(value)
    return found if found is not None and 0 < found < 2**31 else None


def _extension(each: dict[str, Any]) -> str:
    extension = _text(each.get("container_extension")).lower().lstrip(".")
    return extension if _EXTENSION.fullmatch(extension) else DEFAULT_EXTENSION


def _duration(each: dict[str, Any]) -> int | None:
    seconds = number(each.get("duration_secs"))
    if not seconds and (clock := _CLOCK.fullmatch(_text(each.get("duration")))):
        hours, minutes, rest = (int(part or 0) for part in clock.groups())
        seconds = 3600 * hours + 60 * minutes + rest
    return seconds if seconds and 0 < seconds < _MAX_DURATION_S else None


def _by_season(episodes: Any) -> Iterator[tuple[int | None, Any]]:
    """Yield the number of the season, if it shows, with each of its episodes."""
    if isinstance(episodes, dict):
        seasons = [(number(season), each) for season, each in episodes.items()]
    else:
        # Of a list the places say nothing: each episode names its season, or has none.
        seasons = [(None, each) for each in episodes] if isinstance(episodes, list) else []
    for season, each in seasons:
        for one in each if isinstance(each, list) else [each]:
            yield season, one


def _episode(each: Any, season: int | None) -> Episode | None:
    if not isinstance(each, dict) or not _ID.fullmatch(_text(each.get("id"))):
        return None
    named = number(each.get("season"))
    season = season if named is None else named
    number_ = number(each.get("episode_num"))
    if season is None or number_ is None or season < 0 or number_ < 0:
        return None
    info = each.get("info")
    return Episode(
        _text(each.get("id")),
        season,
        number_,
        _extension(each),
        _duration(info if isinstance(info, dict) else {}),
    )


def _expired(name: str, host: str) -> PlaylistError:
    return AccountExpiredError(
        f"The account of {name} at {host} has expired: renew it with the provider, or remove the "
        "playlist."
    )


def _banned(name: str, host: str) -> PlaylistError:
    return AccountBannedError(
        f"The account of {name} at {host} is banned: ask the provider why, or remove the playlist."
    )


def _disabled(name: str, host: str) -> PlaylistError:
    return AccountDisabledError(
        f"The account of {name} at {host} is switched off: ask the provider, or remove the "
        "playlist."
    )


_REFUSALS: dict[str, Callable[[str, str], PlaylistError]] = {
    "expired": _expired,
    "banned": _banned,
    "disabled": _disabled,
}

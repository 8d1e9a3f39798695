"""What a person said an entry is, where its name says it wrongly or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from stalkeer.core.items import ContentType
from stalkeer.core.titles import ParsedName, Reading, parse_name, title_key

_NOTHING: Mapping[str, Any] = {}
_ADDRESS_OF = {ContentType.MOVIE: "movie", ContentType.TVSHOW: "series"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a person said of one entry; None where the name stays right.

    `resolution` is one of `2160p`, `1080p`, `720p`, `480p`.
    """

    content_type: ContentType | None = None
    title: str | None = None
    year: int | None = None
    season: int | None = None
    episode: int | None = None
    resolution: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give only what was said: `{"title": "Heat", "year": 1995}`; empty for nothing."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, said: Mapping[str, Any] | None) -> Override:
        """Read what `to_json` gave; None and unknown names count as nothing said."""
        known = {name: value for name, value in (said or _NOTHING).items() if name in _FIELDS}
        kind = known.pop("content_type", None)
        return cls(content_type=ContentType(kind) if kind else None, **known)


_FIELDS = frozenset(field.name for field in fields(Override))


def overridden(parsed: ParsedName, override: Override) -> ParsedName:
    """Give what a name says with a person's words in place of its own.

    A title that was said is the only reading that stays. A season or an episode that was said
    takes the place of an absolute number and an air date.
    """
    if override == Override():
        return parsed
    read = _with_title(parsed, override)
    if override.season is not None or override.episode is not None:
        episodes = parsed.episodes if override.episode is None else (override.episode,)
        read = replace(read, episodes=episodes, absolute=None, air_date=None)
    return replace(
        read,
        content_type=override.content_type or parsed.content_type,
        season=read.season if override.season is None else override.season,
        resolution=override.resolution or read.resolution,
    )


def _with_title(parsed: ParsedName, override: Override) -> ParsedName:
    if override.title is not None:
        year = override.year or parsed.year
        return replace(parsed, readings=(Reading(title_key(override.title), override.title, year),))
    if parsed.content_type is ContentType.CHANNEL and override.content_type in _ADDRESS_OF:
        # The name of a channel is kept as it stands; now there is a title to look for in it.
        parsed = parse_name(parsed.title, url_kind=_ADDRESS_OF[override.content_type])
    if override.year is None:
        return parsed
    return replace(parsed, readings=_of_year(parsed.readings, override.year))


def _of_year(readings: Iterable[Reading], year: int) -> tuple[Reading, ...]:
    dated: dict[str, Reading] = {}
    for reading in readings:
        dated.setdefault(reading.key, replace(reading, year=year, year_is_bare=False))
    return tuple(dated.values())

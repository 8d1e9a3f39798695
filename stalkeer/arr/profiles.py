"""Reads which resolutions a quality profile accepts, out of the qualities it lists."""

from __future__ import annotations

from collections.abc import Iterator

from stalkeer.arr.shapes import ProfileAnswer, ProfileItemAnswer, QualityAnswer
from stalkeer.core.quality import QualityProfile, resolution_of


def quality_profile(said: ProfileAnswer) -> QualityProfile:
    """Read one quality profile; its lines stand from the worst quality to the best."""
    places: dict[str, int] = {}
    cutoff: str | None = None
    for place, item in enumerate(said.items):
        shown = [name for name in map(quality_resolution, _qualities(item)) if name]
        if item.allowed:
            places |= dict.fromkeys(shown, place)
        if _stops_at(item, said.cutoff):
            cutoff = max(shown, key=_height, default=None)
    return QualityProfile(
        id=said.id,
        name=said.name,
        resolutions=tuple(sorted(places, key=lambda name: (places[name], _height(name)))),
        cutoff=cutoff,
        upgrade_allowed=said.upgrade_allowed,
    )


def quality_resolution(quality: QualityAnswer) -> str | None:
    """Give the resolution of a quality; None when it has none (`Unknown`, `CAM`)."""
    # A DVD says 0 lines in some versions, and always means 480 or 576.
    return "480p" if quality.source == "dvd" else resolution_of(quality.resolution)


def _qualities(item: ProfileItemAnswer) -> Iterator[QualityAnswer]:
    yield item.quality
    for inside in item.items:
        yield from _qualities(inside)


def _stops_at(item: ProfileItemAnswer, cutoff: int) -> bool:
    # The id of a group stands on the group, that of a quality on the quality, where 0 is `Unknown`.
    if item.items:
        return item.id == cutoff
    return item.quality.id == cutoff


def _height(resolution: str) -> int:
    return int(resolution.removesuffix("p"))

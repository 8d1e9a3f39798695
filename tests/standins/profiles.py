"""Quality profiles of a stand-in: which qualities they accept, and which files fall short.

Shapes: tests/contract/api/*/qualityprofile.json. A file falls short when its profile allows
upgrades and ranks its quality below the cutoff (QualityUpgradableSpecification.QualityCutoffNotMet).
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.standins.names import QUALITY_NAMES, quality_json, quality_rank
from tests.standins.server import Json


class Profiles:
    """The one profile of a stand-in: it accepts everything until `set` says otherwise."""

    def __init__(self, product: str) -> None:
        """Accept everything, and be content with anything."""
        self._product = product
        self.set(*QUALITY_NAMES, cutoff=QUALITY_NAMES[0], upgrade_allowed=False)

    def set(self, *allowed: str, cutoff: str, upgrade_allowed: bool = True) -> None:
        """Accept only these qualities (`WEBDL-1080p`); replace files below `cutoff`."""
        self._allowed, self._cutoff, self._upgrade_allowed = allowed, cutoff, upgrade_allowed

    def get(self, _call: object = None) -> list[Json]:
        """Answer `GET qualityprofile`."""
        return [
            {
                "id": 1,
                "name": "the only one",
                "upgradeAllowed": self._upgrade_allowed,
                "cutoff": self._quality(self._cutoff)["id"],
                "items": [self._item(name) for name in QUALITY_NAMES],
                "minFormatScore": 0,
                "cutoffFormatScore": 0,
                "formatItems": [],
            }
        ]

    def falls_short(self, quality: Mapping[str, Json]) -> bool:
        """Say whether a file of this quality is to be replaced."""
        cutoff = quality_json(self._cutoff, self._product)
        return self._upgrade_allowed and quality_rank(dict(quality)) < quality_rank(cutoff)

    def _item(self, name: str) -> Json:
        return {"quality": self._quality(name), "items": [], "allowed": name in self._allowed}

    def _quality(self, name: str) -> Json:
        quality: Json = quality_json(name, self._product)["quality"]
        return quality

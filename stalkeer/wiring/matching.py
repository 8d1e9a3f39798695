"""What the settings mean for matching. Loads neither database nor web, for `match`."""

from __future__ import annotations

from stalkeer.core.matching import MatchRules
from stalkeer.settings import Settings


def match_rules(settings: Settings) -> MatchRules:
    """Say when an entry is taken for an item."""
    given = settings.matching
    return MatchRules(
        auto=given.auto,
        ask=given.ask,
        languages=given.languages,
        resolutions=given.resolutions,
        upgrade=given.upgrade,
    )

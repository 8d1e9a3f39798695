"""Whether an arr wants an item from us now. The webhook and the reconcile ask the same question."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stalkeer.core.items import Episode, Movie, Series
from stalkeer.core.quality import QualityProfile


class Want(StrEnum):
    """What an arr says about an item."""

    YES = "yes"
    """Monitored, available and without a file, or with one that a better one is to replace."""
    UNRELEASED = "unreleased"
    """Monitored and without a file, but not available yet."""
    NO = "no"
    """Has a file, is not monitored, or is left to others by the settings."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A want with the reason, which is empty for `YES`."""

    want: Want
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which items of an instance are ours: those with one of the tags and quality profiles.

    None leaves nothing out. `upgrades` are the quality profiles by id when files that fall short of
    theirs are to be replaced by better ones; None leaves every file alone.
    """

    tag_ids: frozenset[int] | None = None
    quality_profile_ids: frozenset[int] | None = None
    upgrades: Mapping[int, QualityProfile] | None = None

    def has_enough(self, resolution: str | None, quality_profile_id: int) -> bool:
        """Say whether an item whose file has this resolution needs no other one."""
        profile = (self.upgrades or {}).get(quality_profile_id)
        if profile is None or resolution is None:
            return True
        return not profile.wants_better_than(resolution)

    def leaves_out(self, tags: AbstractSet[int], quality_profile_id: int) -> str:
        """Say why an item is not ours; an empty text when it is."""
        if self.tag_ids is not None and not self.tag_ids & tags:
            return "it has none of the tags in the settings"
        profiles = self.quality_profile_ids
        if profiles is not None and quality_profile_id not in profiles:
            return "it has none of the quality profiles in the settings"
        return ""


def judge_movie(movie: Movie, scope: Scope) -> Verdict:
    """Say whether Radarr wants this movie from us now."""
    if movie.has_file and scope.has_enough(movie.file_resolution, movie.quality_profile_id):
        return Verdict(Want.NO, "it is in the library already")
    if not movie.monitored:
        return Verdict(Want.NO, "it is not monitored")
    left_out = scope.leaves_out(movie.tags, movie.quality_profile_id)
    if left_out:
        return Verdict(Want.NO, left_out)
    if not movie.is_available:
        return Verdict(Want.UNRELEASED, "Radarr says it is not available yet")
    return Verdict(Want.YES)


def judge_episode(series: Series, episode: Episode, scope: Scope, now: datetime) -> Verdict:
    """Say whether Sonarr wants this episode from us now."""
    if episode.has_file and scope.has_enough(episode.file_resolution, series.quality_profile_id):
        return Verdict(Want.NO, "it is in the library already")
    if not (series.monitored and episode.monitored):
        return Verdict(Want.NO, "it is not monitored")
    left_out = scope.leaves_out(series.tags, series.quality_profile_id)
    if left_out:
        return Verdict(Want.NO, left_out)
    if episode.aired_at is None or episode.aired_at > now:
        return Verdict(Want.UNRELEASED, "it has not aired yet")
    return Verdict(Want.YES)

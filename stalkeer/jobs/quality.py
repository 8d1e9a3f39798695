"""Which resolutions may be fetched for an item: its quality profile in the arr decides."""

from __future__ import annotations

import json
from typing import Any

from stalkeer.core.items import Wanted
from stalkeer.core.jobs import Job
from stalkeer.core.quality import ANY_QUALITY, Quality
from stalkeer.jobs.services import Services


def quality_for(services: Services, instance: str, wanted: Wanted) -> Quality:
    """Say which resolutions an item may have; with a file already, only better ones.

    Raises what the arr's client raises when its quality profiles cannot be read.
    """
    arr, _ = services.instance(instance)
    profile = arr.quality_profiles().get(wanted.quality_profile_id)
    if profile is None:
        return ANY_QUALITY
    return Quality(
        profile.accepts(better_than=wanted.file_resolution),
        # A file whose resolution nobody reads cannot be known to be better.
        must_show=wanted.file_resolution is not None and not services.downloads.verify,
    )


def quality_payload(quality: Quality) -> dict[str, Any]:
    """Give what a download job carries, so that the file itself is held against the profile."""
    return {} if quality.allowed is None else {"resolutions": sorted(quality.allowed)}


def allowed_resolutions(job: Job) -> frozenset[str] | None:
    """Read which resolutions the file of a download job may have; None when every one may."""
    said = json.loads(job.payload).get("resolutions")
    return None if said is None else frozenset(said)

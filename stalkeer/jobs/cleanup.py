"""Removes the part files and the old rows that nobody needs any more. Harmless at any time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stalkeer.core.jobs import Ended, done
from stalkeer.downloader.files import part_path, remove_part
from stalkeer.jobs.services import Run, Services

KEEP_JOBS_S = 30 * 86400.0


def handle(_run: Run, services: Services) -> Ended:
    """Clean up once."""
    parts = list(_useless_parts(services))
    for part in parts:
        remove_part(part)
    jobs = services.store.jobs.prune(older_than_s=KEEP_JOBS_S)
    return done("cleaned", f"{len(parts)} part files and {jobs} old jobs removed")


def _useless_parts(services: Services) -> Iterator[Path]:
    """Find the part files that no download can go on with, once they are old."""
    resumable = services.store.downloads.resumable_ids()
    for root in {rules.parts for rules in services.instances.values()}:
        for part in part_path(root, 0).parent.glob("*.part"):
            is_known = part.stem.isdigit() and int(part.stem) in resumable
            if not is_known and _is_old(part, services):
                yield part


def _is_old(part: Path, services: Services) -> bool:
    age_s = services.now().timestamp() - part.stat().st_mtime
    return age_s >= services.downloads.part_retention_s

"""Removes the part files and the old rows that nobody needs any more. Harmless at any time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stalkeer.core.jobs import Ended, done
from stalkeer.downloader.files import part_path, remove_part
from stalkeer.downloader.placing import COPIES
from stalkeer.jobs.logged import logged
from stalkeer.jobs.services import Run, Services

KEEP_JOBS_S = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class Useless:
    """What nobody needs: part files with their sizes in bytes, and how many ended jobs."""

    parts: tuple[tuple[Path, int], ...]
    jobs: int

    def counts(self) -> dict[str, int]:
        """Give the figures by the names the user sees."""
        size_bytes = sum(size for _, size in self.parts)
        return {"part_files": len(self.parts), "part_bytes": size_bytes, "jobs": self.jobs}


def handle(_run: Run, services: Services) -> Ended:
    """Clean up once."""
    removed = clean(services, older_than_s=services.downloads.part_retention_s)
    return done("cleaned", f"{len(removed.parts)} part files and {removed.jobs} old jobs removed")


def clean(services: Services, *, older_than_s: float) -> Useless:
    """Remove the part files that nobody touched for so long, and old jobs; say what it was.

    The processing log says it too.
    """
    with logged(services.store, "cleanup", "part files and old jobs") as log:
        parts = tuple(_useless_parts(services, older_than_s))
        for part, _ in parts:
            remove_part(part)
        removed = Useless(parts, services.store.jobs.prune(older_than_s=KEEP_JOBS_S))
        log.item_count, log.counts = len(parts) + removed.jobs, removed.counts()
    return removed


def find_useless(services: Services, *, older_than_s: float) -> Useless:
    """Say what `clean` would remove, and remove nothing."""
    parts = tuple(_useless_parts(services, older_than_s))
    return Useless(parts, services.store.jobs.count_ended(older_than_s=KEEP_JOBS_S))


def _useless_parts(services: Services, older_than_s: float) -> Iterator[tuple[Path, int]]:
    """Find the part files that no download can go on with, once they are old.

    A copy that a kill left behind on its way to another disk is one too.
    """
    rules, by_hand = services.instances.values(), services.downloads.folders.values()
    roots = {each.parts for each in rules} | {each.parts for each in by_hand}
    found = [part for root in roots for part in part_path(root, 0).parent.glob("*.part")]
    folders = {each.folder for each in rules} | {each.folder for each in by_hand}
    found += [copy for folder in folders for copy in folder.rglob(COPIES)]
    # Asked after the look at the disk: a download has its row before it has a part.
    resumable = services.store.downloads.resumable_ids()
    for part in sorted(found):
        is_known = part.stem.isdigit() and int(part.stem) in resumable
        facts = part.stat()
        if not is_known and services.now().timestamp() - facts.st_mtime >= older_than_s:
            yield part, facts.st_size

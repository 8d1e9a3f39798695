"""All that one download is about, and the ways its file can turn out to be the wrong one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.db.downloads import Download
from stalkeer.db.items import Item
from stalkeer.db.playlists import Entry
from stalkeer.downloader.files import part_path
from stalkeer.downloader.limiter import TokenBucket
from stalkeer.errors import StalkeerError
from stalkeer.jobs.services import InstanceRules, Run, Services


class EntryGoneError(StalkeerError):
    """The entry is no longer in its playlist."""

    code: ClassVar[str] = "entry_gone"


class NotTheItemError(StalkeerError):
    """The file is not the film or episode it was taken for."""

    code: ClassVar[str] = "not_the_item"


class WrongResolutionError(NotTheItemError):
    """The file has a resolution that its item's quality profile leaves out."""

    code: ClassVar[str] = "wrong_resolution"


class DoubtfulFileError(StalkeerError):
    """The file may be the item or something else: a person decides."""

    code: ClassVar[str] = "to_confirm"


@dataclass(frozen=True, slots=True)
class Task:
    """All that one download is about; without an arr and items a person wants the entry itself."""

    run: Run
    services: Services
    download: Download
    entry: Entry
    items: tuple[Item, ...]
    arr: Radarr | Sonarr | None
    rules: InstanceRules

    @property
    def part(self) -> Path:
        """The unfinished file."""
        return part_path(self.rules.parts, self.download.id)

    def limit_bandwidth(self) -> TokenBucket:
        """Return the limit of its provider, as it is set at this moment."""
        provider = self.download.provider
        rate_bytes_s = self.services.store.providers.bandwidth(provider)
        return self.services.bandwidth.of(provider, rate_bytes_s)

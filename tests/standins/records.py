"""What a stand-in keeps beside its library: tags, the download queue, the history."""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tests.standins.commands import utc
from tests.standins.files import ENGLISH, NO_FORMATS, Incoming, LibraryFile
from tests.standins.names import read_quality
from tests.standins.paging import page
from tests.standins.server import Answer, Call, Json

_EVENT_NUMBERS = {"1": "grabbed", "3": "downloadFolderImported"}


class Tags:
    """Labels with ids."""

    def __init__(self) -> None:
        self._labels: list[str] = []

    def add(self, label: str) -> int:
        """Make a tag, or find the one of that label; labels are lower case."""
        if label.lower() not in self._labels:
            self._labels.append(label.lower())
        return self._labels.index(label.lower()) + 1

    def labels(self, ids: Iterable[int]) -> list[str]:
        """Name the tags, as webhooks do; unknown ids are left out."""
        wanted = set(ids)
        return [label for number, label in enumerate(self._labels, 1) if number in wanted]

    def get(self, _: Call) -> Any:
        """GET tag."""
        return [{"id": number, "label": label} for number, label in enumerate(self._labels, 1)]

    def post(self, call: Call) -> Answer:
        """POST tag."""
        number = self.add(call.body["label"])
        return Answer(201, {"id": number, "label": self._labels[number - 1]})


class Queue:
    """What other download clients are at."""

    def __init__(self, product: str, now: Callable[[], datetime]) -> None:
        self._product = product
        self._now = now
        self._records: list[Json] = []

    def add(self, item: Json, title: str) -> Json:
        """Put a release into the queue as downloading; `item` holds the ids it is for."""
        number = zlib.crc32(title.encode()) & 0x7FFFFFFF
        record: Json = {
            "id": number,
            **item,
            "languages": [ENGLISH],
            "quality": read_quality(title, self._product),
            **NO_FORMATS,
            "size": 2_147_483_648,
            "title": title,
            "added": utc(self._now()),
            "status": "downloading",
            "trackedDownloadStatus": "ok",
            "trackedDownloadState": "downloading",
            "statusMessages": [],
            "downloadId": f"SABnzbd_nzo_{number:08x}",
            "protocol": "usenet",
            "downloadClient": "SABnzbd",
            "downloadClientHasPostImportCategory": False,
            "indexer": "Other",
            "outputPath": "",
            "sizeleft": 1_073_741_824,
            "timeleft": "00:24:30",
        }
        self._records.append(record)
        return record

    def clear(self) -> None:
        """Empty the queue, as when everything is done."""
        self._records.clear()

    def get(self, call: Call) -> Any:
        """GET queue; what belongs to no item is shown only when asked for."""
        unknown = call.flag("includeUnknownMovieItems") or call.flag("includeUnknownSeriesItems")
        rows = [r for r in self._records if unknown or "movieId" in r or "seriesId" in r]
        keys: dict[str, Callable[[Json], Any]] = {
            "timeleft": lambda record: record["timeleft"],
            "title": lambda record: record["title"],
        }
        return page(call, rows, keys=keys, default="timeleft")


class History:
    """What was imported. Scans of files that were there already leave no trace."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._records: list[Json] = []

    def add_import(self, item: Json, source: Incoming, file: LibraryFile) -> None:
        """Remember an import; `item` holds the ids of what it was for."""
        data = {"fileId": str(file.id), "droppedPath": source.path, "importedPath": file.path}
        record: Json = {
            "id": 901 + len(self._records),
            **item,
            "sourceTitle": posixpath.splitext(posixpath.basename(source.path))[0],
            "languages": source.languages,
            "quality": source.quality,
            **NO_FORMATS,
            "qualityCutoffNotMet": False,
            "date": utc(self._now()),
            "eventType": "downloadFolderImported",
            "data": data,
        }
        self._records.append(record)

    def of(self, key: str, item_id: int) -> list[Json]:
        """List the records of one item, newest first: GET history/movie, history/series."""
        return [record for record in reversed(self._records) if record[key] == item_id]

    def count_imports(self, key: str, item_id: int) -> int:
        """Count the imports for one item; scans of its folder are not among them."""
        return len(self.of(key, item_id))

    def get(self, call: Call) -> Any:
        """GET history; `eventType` is a number."""
        event, download = call.text("eventType"), call.text("downloadId")
        rows = [
            record
            for record in self._records
            if (not event or record["eventType"] == _EVENT_NUMBERS.get(event))
            and (not download or record.get("downloadId") == download)
        ]
        # Whole seconds are not enough to keep the order of what happened.
        keys = {"date": lambda record: (record["date"], record["id"])}
        return page(call, rows, keys=keys, default="date")

"""What Sonarr's commands do to the library: refreshes, scans of the disk, imports of files."""

from __future__ import annotations

import posixpath
import zlib
from typing import Any

from tests.standins.arr import Arr, found
from tests.standins.commands import CommandFailedError, Executor
from tests.standins.disk import basename, is_inside
from tests.standins.files import NO_FORMATS, Incoming, LibraryFile, webhook_file
from tests.standins.judge import rejection
from tests.standins.names import clean_title, read_episodes
from tests.standins.server import Call, Json
from tests.standins.sonarr_shapes import (
    Episode,
    Series,
    episode_json,
    release_type,
    series_json,
    webhook_episode,
    webhook_series,
)


class SonarrImports(Arr[Series]):
    """The series with their episodes, and how files get to them."""

    _last_episode_id = 1000

    @property
    def _series(self) -> dict[int, Series]:
        return self._items

    def _executors(self) -> dict[str, Executor]:
        return {
            "ManualImport": self._manual_import,
            "DownloadedEpisodesScan": self._downloaded_episodes_scan,
            "RefreshSeries": self._refresh,
            "RescanSeries": lambda body: self._rescan(self._one_series(body["seriesId"])),
            "RefreshMonitoredDownloads": lambda _: True,
        }

    def _library_file_paths(self) -> set[str]:
        return {e.file.path for s in self._series.values() for e in s.episodes if e.file}

    def _one_series(self, series_id: int | None) -> Series:
        if series_id is None or series_id not in self._series:
            words = f"Series with ID {series_id or 0} does not exist"
            raise CommandFailedError(f"NzbDrone.Core.Datastore.ModelNotFoundException: {words}")
        return self._series[series_id]

    # Refreshes and scans.

    def _refresh(self, body: Json) -> bool:
        with self.lock:
            wanted = body.get("seriesIds") or list(self._series)
            chosen = [self._series[number] for number in wanted if number in self._series]
        for series in chosen:
            with self.lock:
                self._learn_episodes(series)
            self._rescan(series)
            if series.add_options is not None:
                event = self._series_event("SeriesAdd", series)
                self.connect.send("onSeriesAdd", event, series.facts.tags)
                series.add_options = None
        return True

    def _learn_episodes(self, series: Series) -> None:
        known = {(e.facts.season, e.facts.number) for e in series.episodes}
        for facts in () if series.facts.refresh_fails else series.facts.episodes:
            if (facts.season, facts.number) not in known:
                self._last_episode_id += 1
                series.episodes.append(Episode(self._last_episode_id, series.id, facts))

    def _rescan(self, series: Series) -> bool:
        with self.lock:
            vanished = self._scan(series)
        for file, episodes in vanished:
            self._send_file_delete(series, episodes, file, "missingFromDisk")
        return True

    def _scan(self, series: Series) -> list[tuple[LibraryFile, list[Episode]]]:
        """Look into the folder of a series; returns the files that are no longer there."""
        gone = {e.file.id: e.file for e in series.episodes if e.file}
        gone = {i: file for i, file in gone.items() if not self.disk.is_file(file.path)}
        vanished = [(file, detach(series, file)) for file in gone.values()]
        known = self._library_file_paths()
        for path in self.disk.videos(series.path):
            episodes = self._episodes_named(series, path)
            if path not in known and episodes and not any(e.file for e in episodes):
                file = self.files.take(self.files.read(path), series.path, "", copy=False)
                for episode in episodes:
                    episode.file = file
        return vanished

    # Imports.

    def _manual_import(self, body: Json) -> bool:
        for file in body["files"]:
            with self.lock:
                series = self._one_series(file.get("seriesId"))
                wanted = set(file.get("episodeIds") or [])
                episodes = [e for e in series.episodes if e.id in wanted]
                incoming = self.files.ordered(file)
                if not episodes:
                    words = "Sequence contains no elements"
                    raise CommandFailedError(f"System.InvalidOperationException: {words}")
            if not self.judge.loses_this_import():
                self._import(series, episodes, incoming, body.get("importMode", "auto"))
        return True

    def _downloaded_episodes_scan(self, body: Json) -> bool:
        path = body.get("path") or ""
        if not path:
            words = "A path must be provided (Parameter 'path')"
            raise CommandFailedError(f"System.ArgumentException: {words}")
        with self.lock:
            candidates = [path] if self.disk.is_file(path) else self.disk.videos(path)
            series = self._named(path)
            if series is None or path.rstrip("/") in self._known_folders():
                return False
            read = [(self._episodes_named(series, p), self.files.read(p)) for p in candidates]
            approved = [(e, file) for e, file in read if not self._rejections(file, series, e)]
        for episodes, incoming in approved:
            self._import(series, episodes, incoming, body.get("importMode", "auto"))
        if approved and self.disk.is_folder(path) and not self.disk.videos(path):
            self.disk.remove(path)
        return bool(approved)

    def _named(self, path: str) -> Series | None:
        """Find the series a folder or file is named after."""
        name = posixpath.splitext(basename(path))[0] if self.disk.is_file(path) else basename(path)
        read = read_episodes(name)
        title = clean_title(read.title if read else name)
        for series in self._series.values():
            names = {series.facts.title, *series.facts.alternate_titles}
            names |= {f"{series.facts.title} {series.facts.year}"}
            if title in {clean_title(known) for known in names}:
                return series
        return None

    def _episodes_named(self, series: Series, path: str) -> list[Episode]:
        """Find the episodes a file is named after; numbers count, or the day of a daily show."""
        read = read_episodes(posixpath.splitext(basename(path))[0])
        if read is None:
            return []
        if read.air_date is not None:
            return [
                e
                for e in series.episodes
                if e.facts.aired_at and e.facts.aired_at.date() == read.air_date
            ]
        return [
            e
            for e in series.episodes
            if e.facts.season == read.season and e.facts.number in read.episodes
        ]

    def _import(
        self, series: Series, episodes: list[Episode], incoming: Incoming, mode: str
    ) -> None:
        season = episodes[0].facts.season
        with self.lock:
            old = {e.file.id: e.file for e in episodes if e.file}
            for file in old.values():
                detach(series, file)
            place = f"Season {season}" if season else "Specials"
            taken = self.files.take(incoming, series.path, place, copy=mode == "copy")
            for episode in episodes:
                episode.file = taken
            for file in old.values():
                if file.path != taken.path:
                    self.disk.remove(file.path)
            if is_inside(incoming.path, series.path):
                return
            for episode in episodes:
                item = {"episodeId": episode.id, "seriesId": series.id}
                self.history.add_import(item, incoming, taken)
            event = self._download_event(series, episodes, incoming, list(old.values()))
        for file in old.values():
            self._send_file_delete(series, episodes, file, "upgrade")
        upgrade = "onUpgrade" if old else None
        self.connect.send("onDownload", event, series.facts.tags, also=upgrade)

    # Verdicts.

    def _rejections(
        self, incoming: Incoming, series: Series, episodes: list[Episode]
    ) -> list[Json]:
        if not episodes:
            return [rejection("Invalid season or episode")]
        return self.judge.rejections(
            incoming,
            minutes=series.minutes(episodes[0]),
            existing=episodes[0].file,
            kind="episode file(s)",
        )

    def _own_folder(self, call: Call) -> str:
        series_id = call.number("seriesId")
        return found(self._series.get(series_id)).path if series_id else ""

    def _candidate(self, path: str, folder: str, folder_name: str | None) -> Json:
        inside = next((s for s in self._series.values() if is_inside(path, s.path)), None)
        series = inside or self._named(path) or self._named(posixpath.dirname(path))
        incoming = self.files.read(path)
        episodes = self._episodes_named(series, path) if series else []
        rejected = [rejection("Unknown Series")]
        if series is not None:
            rejected = self._rejections(incoming, series, episodes)
        shown: Json = {
            "id": zlib.crc32(path.encode()) & 0x7FFFFFFF,
            "path": path,
            "relativePath": posixpath.relpath(path, folder),
            "folderName": folder_name,
            "name": posixpath.splitext(basename(path))[0],
            "size": self.disk.size(path),
            "series": series and series_json(series, now=self.now(), bare=True),
            "seasonNumber": episodes[0].facts.season if episodes else None,
            "episodes": [episode_json(episode) for episode in episodes],
            "quality": incoming.quality,
            "languages": incoming.languages,
            "qualityWeight": 601,
            **NO_FORMATS,
            "indexerFlags": 0,
            "releaseType": release_type(episodes),
            "rejections": rejected,
        }
        return {name: value for name, value in shown.items() if value is not None}

    # Events.

    def _series_event(self, event: str, series: Series, **payload: Any) -> Json:
        shown = webhook_series(series, self.tags.labels(series.facts.tags))
        return self._event(event, {"series": shown, **payload})

    def _download_event(
        self, series: Series, episodes: list[Episode], incoming: Incoming, old: list[LibraryFile]
    ) -> Json:
        file = episodes[0].file
        return self._series_event(
            "Download",
            series,
            episodes=[webhook_episode(episode) for episode in episodes],
            episodeFile=file and webhook_file(file, source_path=incoming.path),
            isUpgrade=bool(old),
            deletedFiles=[webhook_file(file) for file in old] or None,
            customFormatInfo=NO_FORMATS,
            release={"releaseType": "unknown"},
        )

    def _send_file_delete(
        self, series: Series, episodes: list[Episode], file: LibraryFile, reason: str
    ) -> None:
        event = self._series_event(
            "EpisodeFileDelete",
            series,
            episodes=[webhook_episode(episode) for episode in episodes],
            episodeFile=webhook_file(file),
            deleteReason=reason,
        )
        upgrade = "onEpisodeFileDeleteForUpgrade" if reason == "upgrade" else None
        self.connect.send("onEpisodeFileDelete", event, series.facts.tags, also=upgrade)


def detach(series: Series, file: LibraryFile) -> list[Episode]:
    """Take a file from every episode in it; returns them."""
    episodes = [e for e in series.episodes if e.file and e.file.id == file.id]
    for episode in episodes:
        episode.file = None
    return episodes

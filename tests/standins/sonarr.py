"""A stand-in for Sonarr: series with episodes, what happens when one is added, and imports.

with Sonarr(root=tv, path_map={"/downloads": downloads}) as sonarr:
    sonarr.connect.add("http://127.0.0.1:8790/webhooks/sonarr", username="u", password="p")
    wire = sonarr.add_series("The Wire", 2002, episodes=season(1, 13))
    sonarr.settle()
    first = sonarr.episode_id(wire, 1, 1)
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.standins.arr import Served, found
from tests.standins.files import ENGLISH, NO_FORMATS
from tests.standins.paging import page
from tests.standins.server import AnswerError, Call, Json
from tests.standins.sonarr_imports import SonarrImports, detach
from tests.standins.sonarr_shapes import (
    Episode,
    NewEpisode,
    NewSeries,
    Series,
    episode_file_json,
    episode_json,
    release_type,
    series_json,
    webhook_episode,
)
from tests.standins.sonarr_shapes import season as season


class Sonarr(SonarrImports):
    """Sonarr with an empty library. See `Arr` for the constructor."""

    product = "sonarr"
    version = "4.0.19.2979"
    root_path = "/tv"
    first_command_id = 8001

    # What a user does.

    def add_series(self, title: str, year: int, *, with_options: bool = True, **facts: Any) -> int:
        """Add a series in the page; `facts` are fields of `NewSeries`. Returns its id.

        It has no episodes yet. A RefreshSeries command reads them and scans the disk, and only
        then sends SeriesAdd: `settle` waits for it. Without options, as a script adds it through
        the API, there is no event at all.
        """
        with self.lock:
            series = self._insert(NewSeries(title, year, **facts))
            series.add_options = _add_options() if with_options else None
        self.commands.push("RefreshSeries", {"seriesIds": [series.id], "isNewSeries": True})
        return series.id

    def seed_series(self, title: str, year: int, **facts: Any) -> int:
        """Put a series into the library that was there before us: scanned, and no event."""
        with self.lock:
            series = self._insert(NewSeries(title, year, **facts))
            self._learn_episodes(series)
            self._scan(series)
            return series.id

    def edit_series(self, series_id: int, **facts: Any) -> None:
        """Change fields of `NewSeries` (monitored, tags…); no event tells of it."""
        with self.lock:
            series = self._series[series_id]
            series.facts = replace(series.facts, **facts)

    def edit_episode(self, episode_id: int, **facts: Any) -> None:
        """Change fields of `NewEpisode` (monitored, aired_at…); no event tells of it."""
        with self.lock:
            episode = self._episode(episode_id)
            episode.facts = replace(episode.facts, **facts)

    def announce_episode(self, series_id: int, episode: NewEpisode) -> int:
        """Let an episode appear in the metadata, as a daily refresh finds it; no event."""
        with self.lock:
            series = self._series[series_id]
            series.facts = replace(series.facts, episodes=(*series.facts.episodes, episode))
            self._learn_episodes(series)
            return self.episode_id(series_id, episode.season, episode.number)

    def delete_series(self, series_id: int, *, delete_files: bool = False) -> None:
        """Remove a series; SeriesDelete is sent."""
        with self.lock:
            series = self._series.pop(series_id)
            if delete_files:
                self.disk.remove(series.path)
            event = self._series_event("SeriesDelete", series, deletedFiles=delete_files)
        self.connect.send("onSeriesDelete", event, series.facts.tags)

    def delete_episode_file(self, episode_id: int) -> None:
        """Delete the file of an episode by hand, with all in it; EpisodeFileDelete is sent."""
        with self.lock:
            episode = self._episode(episode_id)
            series, file = self._series[episode.series_id], found(episode.file)
            episodes = detach(series, file)
            self.disk.remove(file.path)
        self._send_file_delete(series, episodes, file, "manual")

    def grab(self, episode_id: int, title: str) -> None:
        """Have another download client start this release: Grab is sent, the queue shows it."""
        with self.lock:
            episode = self._episode(episode_id)
            series = self._series[episode.series_id]
            item = {"seriesId": series.id, "episodeId": episode_id}
            item |= {"seasonNumber": episode.facts.season, "episodeHasFile": bool(episode.file)}
            record = self.queue.add(item, title)
            release = {"releaseTitle": title, "indexer": "Other", "size": record["size"]}
            release |= {"quality": record["quality"]["quality"]["name"], "qualityVersion": 1}
            release |= {"customFormatScore": 0, "customFormats": [], "languages": [ENGLISH]}
            event = self._series_event(
                "Grab",
                series,
                episodes=[webhook_episode(episode)],
                release=release,
                downloadClient="SABnzbd",
                downloadClientType="SABnzbd",
                downloadId=record["downloadId"],
                customFormatInfo=NO_FORMATS,
            )
        self.connect.send("onGrab", event, series.facts.tags)

    # What a test asks.

    def episode_id(self, series_id: int, season: int, number: int) -> int:
        """Find the id of an episode; it has one after the first refresh."""
        with self.lock:
            for episode in self._series[series_id].episodes:
                if (episode.facts.season, episode.facts.number) == (season, number):
                    return episode.id
        raise KeyError(f"series {series_id} has no S{season:02}E{number:02} yet")

    def series_folder(self, series_id: int) -> Path:
        """The real folder of a series, whether or not it exists."""
        return found(self.disk.real(self._series[series_id].path))

    def episode_file(self, episode_id: int) -> Path | None:
        """The real file of an episode; None when it has none."""
        with self.lock:
            file = self._episode(episode_id).file
            return self.disk.real(file.path) if file else None

    def count_imports(self, episode_id: int) -> int:
        """Count how often a file was imported for the episode; scans do not count."""
        return self.history.count_imports("episodeId", episode_id)

    # Inside.

    def _insert(self, facts: NewSeries) -> Series:
        number = self._next_item_id()
        path = f"{self.root_path}/{facts.title.replace(':', ' -').replace('/', '+')}"
        self._series[number] = Series(number, facts, path, self.now(), None)
        return self._series[number]

    def _all_episodes(self) -> list[Episode]:
        return [episode for series in self._series.values() for episode in series.episodes]

    def _episode(self, episode_id: int) -> Episode:
        return found(next((e for e in self._all_episodes() if e.id == episode_id), None))

    # Endpoints.

    def _served(self) -> Served:
        return [
            ("GET", "/api/v3/series", self._get_all_series),
            ("GET", "/api/v3/series/{id:int}", self._get_series),
            ("GET", "/api/v3/episode", self._get_episodes),
            ("GET", "/api/v3/episode/{id:int}", self._get_episode),
            ("GET", "/api/v3/episodefile", self._get_episode_files),
            ("GET", "/api/v3/wanted/missing", self._get_missing),
            ("GET", "/api/v3/wanted/cutoff", self._get_cutoff_unmet),
            ("GET", "/api/v3/history/series", self._get_series_history),
            ("POST", "/api/v3/manualimport", self._post_manual_import),
        ]

    def _get_all_series(self, call: Call) -> Any:
        tvdb_id = call.number("tvdbId")
        chosen = [s for s in self._series.values() if tvdb_id in (0, s.tvdb_id)]
        return [series_json(series, now=self.now()) for series in chosen]

    def _get_series(self, call: Call) -> Any:
        return series_json(found(self._series.get(call.params["id"])), now=self.now())

    def _get_episodes(self, call: Call) -> Any:
        chosen = self._asked_episodes(call)
        ordered = sorted(chosen, key=lambda e: (e.facts.season, e.facts.number))
        include = call.flag("includeSeries")
        return [self._episode_in_series(e) if include else episode_json(e) for e in ordered]

    def _asked_episodes(self, call: Call) -> list[Episode]:
        series_id, ids = call.number("seriesId"), call.numbers("episodeIds")
        if series_id:
            series = self._series.get(series_id)
            inside = series.episodes if series else []
            season = call.text("seasonNumber")
            return [e for e in inside if not season or e.facts.season == int(season)]
        if ids:
            return [e for e in self._all_episodes() if e.id in ids]
        if call.number("episodeFileId"):
            file_id = call.number("episodeFileId")
            return [e for e in self._all_episodes() if e.file and e.file.id == file_id]
        raise _bad_request("seriesId or episodeIds must be provided")

    def _get_episode(self, call: Call) -> Any:
        return self._episode_in_series(self._episode(call.params["id"]))

    def _episode_in_series(self, episode: Episode) -> Json:
        series = self._series[episode.series_id]
        return {**episode_json(episode), "series": series_json(series, now=self.now(), bare=True)}

    def _get_episode_files(self, call: Call) -> Any:
        series_id, ids = call.number("seriesId"), call.numbers("episodeFileIds")
        if not series_id and not ids:
            raise _bad_request("seriesId or episodeFileIds must be provided")
        with_file = [e for e in self._all_episodes() if e.file]
        files = {e.file.id: e.file for e in with_file if e.file}
        shown = []
        for file_id, file in files.items():
            inside = [e for e in with_file if e.file and e.file.id == file_id]
            if file_id in ids or inside[0].series_id == series_id:
                shown.append(episode_file_json(self._series[inside[0].series_id], inside, file))
        return shown

    def _get_missing(self, call: Call) -> Any:
        monitored = call.flag("monitored", default=True)
        rows = [e for e in self._all_episodes() if self._is_missing(e, monitored=monitored)]
        return self._wanted_page(call, rows)

    def _get_cutoff_unmet(self, call: Call) -> Any:
        monitored = call.flag("monitored", default=True)
        rows = [
            e
            for e in self._all_episodes()
            if e.file
            and self.profiles.falls_short(e.file.quality)
            and (e.facts.monitored and self._series[e.series_id].facts.monitored) is monitored
        ]
        return self._wanted_page(call, rows)

    def _wanted_page(self, call: Call, rows: list[Episode]) -> Json:
        keys = {
            "episodes.airDateUtc": lambda e: e.facts.aired_at,
            "series.sortTitle": lambda e: self._series[e.series_id].facts.title,
        }
        return page(
            call,
            rows,
            keys=keys,
            default="episodes.airDateUtc",
            show=lambda e: self._wanted(call, e),
        )

    def _wanted(self, call: Call, episode: Episode) -> Json:
        show = self._episode_in_series if call.flag("includeSeries") else episode_json
        shown = show(episode)
        if episode.file and call.flag("includeEpisodeFile"):
            series = self._series[episode.series_id]
            shown["episodeFile"] = episode_file_json(series, [episode], episode.file)
        return shown

    def _is_missing(self, episode: Episode, *, monitored: bool) -> bool:
        series, aired_at = self._series[episode.series_id], episode.facts.aired_at
        if episode.file is not None or aired_at is None:
            return False
        is_over = aired_at + timedelta(minutes=series.facts.runtime) <= self.now()
        return is_over and (episode.facts.monitored and series.facts.monitored) is monitored

    def _get_series_history(self, call: Call) -> Any:
        return self.history.of("seriesId", call.number("seriesId"))

    def _post_manual_import(self, call: Call) -> Any:
        return [self._reprocessed(item) for item in call.body]

    def _reprocessed(self, item: Json) -> Json:
        series = found(self._series.get(item["seriesId"]))
        if item.get("languages") is None:
            words = "Object reference not set to an instance of an object."
            exception = f"System.NullReferenceException: {words}"
            raise AnswerError(500, {"message": words, "description": exception})
        wanted, offered = set(item.get("episodeIds") or []), self.files.offered(item)
        episodes = [e for e in series.episodes if e.id in wanted]
        return {
            "id": 0,
            "path": offered.path,
            "seriesId": series.id,
            "seasonNumber": episodes[0].facts.season if episodes else 0,
            "episodes": [episode_json(episode) for episode in episodes],
            "quality": offered.quality,
            "languages": offered.languages,
            "releaseGroup": offered.release_group,
            "downloadId": item.get("downloadId") or "",
            **NO_FORMATS,
            "indexerFlags": item.get("indexerFlags") or 0,
            "releaseType": release_type(episodes),
            "rejections": self._rejections(offered, series, episodes),
        }


def _add_options() -> Json:
    options: Json = {"ignoreEpisodesWithFiles": False, "ignoreEpisodesWithoutFiles": False}
    options |= {"monitor": "all", "searchForMissingEpisodes": False}
    return {**options, "searchForCutoffUnmetEpisodes": False}


def _bad_request(words: str) -> AnswerError:
    return AnswerError(400, {"message": f"BadRequest: {words}", "content": words})

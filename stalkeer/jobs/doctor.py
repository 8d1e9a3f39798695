"""Looks at everything a download needs, and says for each fault what to do about it.

It asks the arrs and writes one small file into each download folder, which it removes again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath

from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.arr.tmdb import TmdbError
from stalkeer.db.connect import StoreError
from stalkeer.db.playlists import PlaylistRow
from stalkeer.downloader.files import free_bytes
from stalkeer.errors import StalkeerError
from stalkeer.jobs.accounts import RENEW, expiry_warning
from stalkeer.jobs.folders import FolderNotWritableError, sees, sees_as
from stalkeer.jobs.notify import NotifyError, require_known
from stalkeer.jobs.register import MISSING, Webhook, check_reach, fault_of, is_let_in
from stalkeer.jobs.services import InstanceRules, Services

CLOCK_TOLERANCE = timedelta(minutes=2)
OLD_AFTER = 3
"""A playlist is too old when it missed so many of its refreshes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` is empty when all is well."""

    subject: str
    message: str
    remedy: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done."""
        return not self.remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """Examines a service. `webhooks` are what the arrs should hold, by instance.

    `reach` asks for a playlist and reads none of it.
    """

    services: Services
    warnings: tuple[str, ...]
    queue_kind: str
    queue_answers: Callable[[], bool]
    webhooks: Mapping[str, Webhook]
    playlist_every_s: float
    reach: Callable[[PlaylistRow], object]

    def examine(self) -> Iterator[Finding]:
        """Look at one thing after another."""
        yield from self._settings()
        yield from self._database()
        yield self._queue()
        for name, rules in self.services.instances.items():
            yield from self._instance(self.services.arrs[name], rules)
        yield from self._notifications()
        yield from self._tmdb()

    def _settings(self) -> Iterator[Finding]:
        for warning in self.warnings:
            yield Finding("settings", warning, "Correct or remove the variable.")
        if not self.warnings:
            yield Finding("settings", "all of them can be used")
        if not self.services.instances:
            yield Finding(
                "settings",
                "neither Radarr nor Sonarr is set",
                "Set STALKEER_RADARR_URL and STALKEER_RADARR_API_KEY, or the same for SONARR.",
            )

    def _database(self) -> Iterator[Finding]:
        store = self.services.store
        kind = "SQLite" if store.db.is_sqlite else "PostgreSQL"
        try:
            store.ping()
        except StoreError as exc:
            yield Finding("database", str(exc), "Start it, or correct STALKEER_DATABASE_URL.")
            return
        yield Finding("database", f"{kind} answers")
        skew = abs(store.clock() - self.services.now())
        if skew > CLOCK_TOLERANCE:
            yield Finding(
                "clock",
                f"this machine and the database differ by {skew.total_seconds():.0f} s",
                "Set both clocks by NTP.",
            )
        yield from self._playlists()

    def _queue(self) -> Finding:
        if self.queue_answers():
            return Finding("queue", f"{self.queue_kind} answers")
        return Finding(
            "queue",
            "Redis does not answer",
            "Start it, or correct STALKEER_REDIS_URL. Nothing is lost meanwhile.",
        )

    def _playlists(self) -> Iterator[Finding]:
        playlists = self.services.store.playlists.all()
        if not playlists:
            yield Finding(
                "playlist",
                "none is set",
                "Set STALKEER_M3U_URL or STALKEER_M3U_FILE_PATH.",
            )
        for playlist in playlists:
            yield self._playlist(playlist)

    def _playlist(self, playlist: PlaylistRow) -> Finding:
        subject, now = f"playlist {playlist.name}", self.services.now()
        try:
            self.reach(playlist)
        except StalkeerError as exc:
            return Finding(
                subject, str(exc), "Correct its address or its login, or wait for the provider."
            )
        if playlist.last_error:
            return Finding(
                subject, playlist.last_error, "Run `stalkeer process` when it is mended."
            )
        if playlist.refreshed_at is None:
            return Finding(subject, "was never read", "Run `stalkeer process`.")
        age = now - playlist.refreshed_at
        if age.total_seconds() > OLD_AFTER * (playlist.refresh_s or self.playlist_every_s):
            return Finding(
                subject,
                f"was last read {age.total_seconds() / 3600:.0f} hours ago",
                "Is `stalkeer up` running? Its log says why the refresh does not work.",
            )
        if warning := expiry_warning(playlist, now):
            return Finding(subject, warning, RENEW)
        until = f", account until {playlist.expires_at:%Y-%m-%d}" if playlist.expires_at else ""
        return Finding(
            subject, f"is there, {playlist.entry_count} entries, read {_ago(age)} ago{until}"
        )

    def _instance(self, arr: Radarr | Sonarr, rules: InstanceRules) -> Iterator[Finding]:
        try:
            status = arr.check_product()
            yield Finding(
                rules.name, f"{status.app_name} {status.version} answers, the key is right"
            )
            yield from self._clock(arr, rules)
            yield from _root_folders(arr, rules)
            yield _folder(arr, rules)
            yield self._space(rules)
            yield from self._webhook(arr, rules)
        except StalkeerError as exc:
            yield Finding(
                rules.name,
                str(exc),
                f"Correct {rules.named('URL')} or {rules.named('API_KEY')}, or start it.",
            )

    def _clock(self, arr: Radarr | Sonarr, rules: InstanceRules) -> Iterator[Finding]:
        theirs = arr.server_time()
        if theirs is None:
            return
        skew = abs(theirs - self.services.now())
        if skew > CLOCK_TOLERANCE:
            yield Finding(
                f"{rules.name} clock",
                f"its clock and ours differ by {skew.total_seconds():.0f} s",
                "Set both clocks by NTP: air dates are compared with our time.",
            )

    def _space(self, rules: InstanceRules) -> Finding:
        subject, floor = f"{rules.name} disk", self.services.downloads.min_free_bytes
        free = free_bytes(rules.folder)
        shown = f"{free / 1e9:.1f} GB free in {rules.folder}"
        if free < floor:
            return Finding(subject, shown, f"Make room: {floor / 1e9:.1f} GB must stay free.")
        return Finding(subject, shown)

    def _webhook(self, arr: Radarr | Sonarr, rules: InstanceRules) -> Iterator[Finding]:
        subject, webhook = f"{rules.name} webhook", self.webhooks[rules.name]
        try:
            check_reach(arr, webhook)
        # Radarr and Sonarr answer 500 where nobody listens, and 400 where somebody said no.
        except StalkeerError as exc:
            yield Finding(
                subject,
                f"{rules.name.title()} does not reach us at {webhook.url}: {exc}",
                "Set STALKEER_PUBLIC_URL to an address of this machine that its container can "
                "reach, and start `stalkeer up` if it does not run.",
            )
            return
        fault = fault_of(arr, webhook)
        if not fault and not is_let_in(arr, webhook):
            fault = "is turned away: it holds another user or password"
        if fault:
            said = "no Connect webhook sends to it" if fault == MISSING else f"ours there {fault}"
            yield Finding(
                subject,
                f"{webhook.url} is reached, but {said}",
                f"Run `stalkeer register {rules.name}`.",
            )
        else:
            yield Finding(subject, f"registered, and {webhook.url} is reached")

    def _notifications(self) -> Iterator[Finding]:
        urls = self.services.notify_urls
        if not urls:
            return
        try:
            require_known(urls)
        except NotifyError as exc:
            yield Finding("notifications", str(exc), "Correct STALKEER_NOTIFICATIONS_URLS.")
            return
        # Nothing is sent: `POST /api/v1/settings/notifications/test` does that.
        yield Finding("notifications", f"{len(urls)} addresses that Apprise knows")

    def _tmdb(self) -> Iterator[Finding]:
        if self.services.tmdb is None:
            return
        try:
            self.services.tmdb.check_key()
        except TmdbError as exc:
            remedy = "Correct STALKEER_TMDB_API_KEY, or wait: nothing depends on it."
            yield Finding("tmdb", str(exc), remedy)
            return
        yield Finding("tmdb", "it answers, the key is right")


def _root_folders(arr: Radarr | Sonarr, rules: InstanceRules) -> Iterator[Finding]:
    folders = arr.root_folders()
    for folder in folders:
        if not folder.accessible:
            yield Finding(
                f"{rules.name} library",
                f"{rules.name.title()} cannot use its own root folder {folder.path}",
                "Mount it, or give its user the right to write there.",
            )
    if folders and all(folder.accessible for folder in folders):
        shown = ", ".join(folder.path for folder in folders)
        yield Finding(f"{rules.name} library", f"root folders {shown}")
    if not folders:
        yield Finding(
            f"{rules.name} library",
            "it has no root folder",
            "Add one in Settings, Media Management.",
        )


def _folder(arr: Radarr | Sonarr, rules: InstanceRules) -> Finding:
    subject = f"{rules.name} downloads"
    try:
        if sees(arr, rules.folder, rules.path_map):
            return Finding(subject, f"we may write to {rules.folder}, and {rules.name} sees it")
    except FolderNotWritableError as exc:
        return Finding(subject, str(exc), "Change the owner or the mode of the folder.")
    pair = suggest_path_map(arr, rules.folder)
    if pair is None:
        remedy = "Mount the same folder in both containers."
    else:
        remedy = f"Set {rules.named('PATH_MAP')}={pair[0]}=>{pair[1]}"
    return Finding(subject, f"{rules.name.title()} does not see {rules.folder}", remedy)


def suggest_path_map(arr: Radarr | Sonarr, folder: Path) -> tuple[str, str] | None:
    """Look for our folder in the arr's file system under another name; (ours, theirs) or None.

    Of `/data/downloads/movies`, the ends `downloads/movies` and `movies` are looked for below each
    folder at the top of the arr's file system.
    """
    ends = [PurePosixPath(*folder.parts[start:]) for start in range(1, len(folder.parts))]
    for top in arr.folders("/"):
        for end in ends:
            theirs = PurePosixPath(top) / end
            if sees_as(arr, folder, str(theirs)):
                ours = folder.parents[len(end.parts) - 1]
                return str(ours), str(PurePosixPath(top))
        if sees_as(arr, folder, top):
            return str(folder), top
    return None


def _ago(age: timedelta) -> str:
    minutes = age.total_seconds() / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"

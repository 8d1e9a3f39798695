"""How the service fares: what works, what is missing, and what to do about it."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stalkeer import __version__
from stalkeer.core.items import Service
from stalkeer.core.states import ItemState, JobKind
from stalkeer.core.times import stamp
from stalkeer.db.connect import StoreError
from stalkeer.db.playlists import PlaylistRow
from stalkeer.downloader.files import free_bytes
from stalkeer.errors import StalkeerError
from stalkeer.jobs.accounts import RENEW, expiry_warning
from stalkeer.jobs.folders import FolderNotSeenError, FolderNotWritableError
from stalkeer.jobs.services import Services

SHOWN_RUNS = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps work from being done, and its remedy."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Status:
    """Answers how the service fares. `queue_answers` pings the broker."""

    services: Services
    queue_kind: str
    queue_answers: Callable[[], bool]
    started_at: datetime

    def checks(self) -> dict[str, bool]:
        """Say for each part whether work can be done."""
        return {
            "database": self._database_answers(),
            "queue": self.queue_answers(),
            "disk": not self._full_folders(),
        }

    def report(self) -> dict[str, Any]:
        """Give everything about the service as one document."""
        store = self.services.store
        return {
            "app_name": "stalkeer",
            "version": __version__,
            "python": platform.python_version(),
            "uptime_s": int((self.services.now() - self.started_at).total_seconds()),
            "database": {"kind": "sqlite" if store.db.is_sqlite else "postgresql"},
            "queue": {"kind": self.queue_kind, "answers": self.queue_answers()},
            "jobs": store.jobs.counts(),
            "items": store.items.counts(),
            "instances": self._instances(),
            "playlists": self._playlists(),
            "folders": self._folders(),
            "providers": self._providers(),
            "runs": self._runs(),
            "problems": [asdict(problem) for problem in self.problems()],
        }

    def synced_at(self) -> dict[str, datetime | None]:
        """Say when each instance was last asked what it misses."""
        return {row.name: row.last_sync_at for row in self.services.store.instances.all()}

    def instances_of(self, service: Service) -> list[str]:
        """Name the instances of a kind."""
        rules = self.services.instances.values()
        return [each.name for each in rules if each.service is service]

    def syncs(self) -> list[dict[str, Any]]:
        """Give for each instance its last sync, its counts, and how it fares."""
        return [
            {
                "instance": row.name,
                "service": row.service,
                "last_sync_at": stamp(row.last_sync_at),
                "counts": row.last_sync,
                "error": row.last_error or None,
                "connection": self.services.arrs[row.name].health().state,
                "library_age_s": self.services.arrs[row.name].library_age_s(),
            }
            for row in self.services.store.instances.all()
            if row.name in self.services.instances
        ]

    def problems(self) -> list[Problem]:
        """List what keeps work from being done, as far as it is known without asking anybody."""
        return [
            *self._not_set(),
            *self._instance_problems(),
            *self._webhook_problems(),
            *self._folder_problems(),
            *self._disk_problems(),
            *self._playlist_problems(),
            *self._provider_problems(),
        ]

    def lines(self) -> list[str]:
        """Give the state and the next step in a few lines for a person."""
        items = self.services.store.items.counts()
        missing = sum(
            count
            for state, count in items.items()
            if state not in (ItemState.IMPORTED, ItemState.GONE)
        )
        problems = [f"{problem.message} {problem.remedy}" for problem in self.problems()]
        shown = ", ".join(f"{count} {state}" for state, count in sorted(items.items()))
        return [
            f"stalkeer {__version__} is running.",
            f"{missing} missing in Radarr and Sonarr as far as known ({shown or 'nothing yet'}).",
            *(
                problems
                or ["Everything is set up. Add a film in Radarr and watch /api/v1/downloads."]
            ),
        ]

    def _not_set(self) -> list[Problem]:
        found = []
        if not self.services.instances:
            found.append(
                Problem(
                    "no_instance",
                    "No Radarr or Sonarr is set.",
                    "Set STALKEER_RADARR_URL and STALKEER_RADARR_API_KEY, or the same for SONARR, "
                    "or add one with POST /api/v1/instances.",
                )
            )
        if not self.services.store.playlists.all():
            found.append(
                Problem(
                    "no_playlist",
                    "No playlist is set.",
                    "Set STALKEER_M3U_URL or STALKEER_M3U_FILE_PATH, or add one with POST "
                    "/api/v1/playlists.",
                )
            )
        return found

    def _instance_problems(self) -> list[Problem]:
        rows = self.services.store.instances.all()
        return [
            Problem("instance", f"{row.name}: {row.last_error}", "Run `stalkeer doctor`.")
            for row in rows
            if row.last_error and row.name in self.services.instances
        ]

    def _webhook_problems(self) -> list[Problem]:
        said = {"failed": "could not be registered", "": "was never registered"}
        return [
            Problem(
                "webhook",
                f"{row.name}: no webhook came from there yet, and ours {said[row.webhook]}: what is "
                f"added is found by the next reconcile only.",
                f"Run `stalkeer register {row.name}`.",
            )
            for row in self.services.store.instances.all()
            if row.webhook in said
            and row.name in self.services.instances
            # One that was entered by hand is known by what it sends.
            and not self.services.store.jobs.has_any_of(row.name, JobKind.WEBHOOK)
        ]

    def _folder_problems(self) -> list[Problem]:
        codes = (FolderNotSeenError.code, FolderNotWritableError.code)
        held_up = self.services.store.jobs.held_up(JobKind.DOWNLOAD, codes)
        return [
            Problem("folder", f"{name}: {reason}", "It goes on by itself when that is done.")
            for name, reason in sorted(held_up.items())
            if name in self.services.instances
        ]

    def _disk_problems(self) -> list[Problem]:
        floor = self.services.downloads.min_free_bytes
        remedy = "Make room, or lower STALKEER_DOWNLOADS_MIN_FREE_SPACE."
        found = []
        for folder in self._full_folders():
            free = _free(folder)
            shown = "It cannot be said how much is" if free is None else f"{free / 1e9:.1f} GB are"
            needed = f"{floor / 1e9:.1f} GB must stay free"
            found.append(Problem("disk", f"{shown} free in {folder}; {needed}.", remedy))
        return found

    def _provider_problems(self) -> list[Problem]:
        return [
            Problem(
                "provider",
                f"{state.name} is left alone until {state.paused_until:%H:%M} UTC: {state.reason}.",
                "It is asked again by itself; look after the account if it goes on.",
            )
            for state in self.services.store.providers.all(self.services.limits)
            if state.paused_until is not None
        ]

    def _playlist_problems(self) -> list[Problem]:
        rows = self.services.store.playlists.all()
        failed = [
            Problem("playlist", f"{row.name}: {row.last_error}", "It is tried again by itself.")
            for row in rows
            if row.last_error
        ]
        now = self.services.now()
        warnings = [(row.name, expiry_warning(row, now)) for row in rows]
        ending = [
            Problem("account_expires", f"{name}: {warning}.", RENEW)
            for name, warning in warnings
            if warning is not None
        ]
        return failed + ending

    def _instances(self) -> list[dict[str, Any]]:
        return [
            {
                "name": row.name,
                "service": row.service,
                "last_sync_at": stamp(row.last_sync_at),
                "last_sync": row.last_sync,
                "last_error": row.last_error or None,
                "connection": self.services.arrs[row.name].health().state,
                "webhook": row.webhook or None,
            }
            for row in self.services.store.instances.all()
            if row.name in self.services.instances
        ]

    def _runs(self) -> list[dict[str, Any]]:
        return [
            {
                "action": run.action,
                "subject": run.subject,
                "status": run.status,
                "item_count": run.item_count,
                "started_at": stamp(run.started_at),
                "completed_at": stamp(run.completed_at),
                "error_message": run.error_message or None,
            }
            for run in self.services.store.runs.last(SHOWN_RUNS)
        ]

    def _playlists(self) -> list[dict[str, Any]]:
        return [
            {
                "name": row.name,
                "kind": row.kind,
                "entries": row.entry_count,
                "refreshed_at": stamp(row.refreshed_at),
                "age_s": self._age_s(row.refreshed_at),
                "is_reachable": _is_reachable(row),
                "last_error": row.last_error or None,
                "last_error_code": row.last_error_code or None,
                "max_connections": row.max_connections,
                "expires_at": stamp(row.expires_at),
            }
            for row in self.services.store.playlists.all()
        ]

    def _age_s(self, at: datetime | None) -> int | None:
        return None if at is None else int((self.services.now() - at).total_seconds())

    def _folders(self) -> list[dict[str, Any]]:
        return [
            {"path": str(rules.folder), "instance": rules.name, "free_bytes": _free(rules.folder)}
            for rules in self.services.instances.values()
        ]

    def _providers(self) -> list[dict[str, Any]]:
        return [
            asdict(state) | {"paused_until": stamp(state.paused_until)}
            for state in self.services.store.providers.all(self.services.limits)
        ]

    def _full_folders(self) -> list[Path]:
        floor = self.services.downloads.min_free_bytes
        folders = {rules.folder for rules in self.services.instances.values()}
        return [folder for folder in sorted(folders) if (_free(folder) or 0) < floor]

    def _database_answers(self) -> bool:
        try:
            self.services.store.ping()
        except StoreError:
            return False
        return True


def _is_reachable(playlist: PlaylistRow) -> bool | None:
    """Say how the last read ended; None when there was none."""
    if playlist.last_error:
        return False
    return None if playlist.refreshed_at is None else True


def free_space(services: Services) -> dict[Path, int | None]:
    """Say how many bytes are free where finished files go; None where nobody can tell."""
    folders = {rules.folder for rules in services.instances.values()}
    folders |= {places.folder for places in services.downloads.folders.values()}
    return {folder: _free(folder) for folder in sorted(folders)}


def _free(folder: Path) -> int | None:
    try:
        return free_bytes(folder)
    except StalkeerError:
        return None

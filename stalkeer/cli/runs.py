"""One run in the foreground: what it asks for, what came of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from stalkeer.cli.client import ApiError, Client
from stalkeer.cli.following import Follower, Key, Row, jobs_after, key_of, keys_of, newest
from stalkeer.cli.progress import Display
from stalkeer.cli.saying import say
from stalkeer.errors import StalkeerError

_LISTS = {"radarr": "movies", "sonarr": "tvshows"}
_INTERRUPTED = ("pending", "downloading", "retrying")
_FAILED = ("failed", "import_failed")


class SyncFailedError(StalkeerError):
    """Radarr or Sonarr could not be asked what it misses."""

    code = "sync_failed"


@dataclass(frozen=True, slots=True)
class Run:
    """A run that a person watches; `started_at` is on the monotonic clock.

    `begin` starts the work: what was interrupted is looked up before it goes on.
    """

    client: Client
    display: Display
    stopped: threading.Event
    started_at: float
    begin: Callable[[], None] = lambda: None

    @property
    def follower(self) -> Follower:
        """Somebody who waits for its work."""
        return Follower(client=self.client, display=self.display, stopped=self.stopped)

    def figures(self, keys: Collection[Key]) -> dict[str, Any]:
        """Count what became of these items."""
        downloads = newest(self.client, keys)
        states = states_of(self.client, {name for name, _ in keys})
        mine = Counter(states[key] for key in keys if key in states)
        failed = sum(mine[state] for state in _FAILED)
        imported = sum(row["import_status"] == "imported" for row in downloads)
        waiting = sum(mine[state] for state in ("waiting", "searching", "downloading", "paused"))
        return {
            "found": len(downloads),
            "downloaded": sum(row["status"] == "completed" for row in downloads),
            "imported": imported,
            "failed": failed,
            "waiting": waiting,
            "seconds": round(time.monotonic() - self.started_at, 1),
        }


def sync(run: Run, name: str, wish: dict[str, Any], resumed: set[Key]) -> dict[str, Any]:
    """Ask an instance what it misses, wait for the work that follows, and count.

    Raises `SyncFailedError`.
    """
    body = {key: value for key, value in wish.items() if value not in (None, False)}
    [job_id] = run.client.post(f"{name}-sync", body, instance=name)["job_ids"]
    job = run.follower.job(job_id, name.title(), "is asked what it misses")
    keys = resumed
    if job["status"] == "done":
        keys = resumed | keys_of(jobs_after(run.client, name, job_id))
        run.follower.items(keys)
    elif not run.stopped.is_set():
        raise SyncFailedError(_reason(name, job))
    [synced] = run.client.get(f"{name}-sync", instance=name)["data"]
    states = Counter(states_of(run.client, {name}).values())
    return {
        "missing": (synced["counts"] or {}).get("missing", 0),
        "to_confirm": states["to_confirm"],
        "not_in_list": states["no_match"],
        **run.figures(keys),
    }


def resume(run: Run, keys: set[Key]) -> None:
    """Wait for downloads that go on."""
    if not keys:
        say("Nothing was interrupted or failed.")
    run.follower.items(keys)


def resumable(
    client: Client, instances: Sequence[str], *, limit: int = 0, max_retries: int = 0
) -> list[Row]:
    """List the downloads that were interrupted or failed and whose item is still missing.

    Newest first, one for each item, of these instances (none: of all). `max_retries` leaves out
    what was tried again more often (0: nothing).
    """
    rows: dict[Key, Row] = {}
    states = states_of(client, instances)
    for status in (*_INTERRUPTED, "failed"):
        for row in client.page("downloads", status=status)["data"]:
            key = (row["instance"], row["target_item_id"])
            is_meant = key in states and (not max_retries or row["retry_count"] <= max_retries)
            # One that is under way comes before one that failed before it.
            if is_meant and key not in rows:
                rows[key] = row
    newest_first = sorted(rows.values(), key=lambda row: -row["id"])
    return newest_first[:limit] if limit else newest_first


def take_up(client: Client, rows: Sequence[Row]) -> set[Key]:
    """Replay what failed; what was interrupted goes on by itself. Return the items of both."""
    failed = {(row["instance"], row["target_item_id"]) for row in rows if row["status"] == "failed"}
    jobs: dict[Key, Row] = {}
    if failed:
        for job in client.page("admin/jobs", kind="download", status="failed")["data"]:
            jobs.setdefault(key_of(job), job)
    for key in failed & set(jobs):
        try:
            client.post(f"admin/jobs/{jobs[key]['id']}/replay")
        except ApiError as exc:
            say(str(exc))
    return {(row["instance"], row["target_item_id"]) for row in rows}


def states_of(client: Client, instances: Collection[str]) -> dict[Key, str]:
    """Give the state of everything that is missing in these instances (none: in all)."""
    return {
        (row["instance"], row["arr_id"]): row["state"]
        for kind in _LISTS.values()
        for row in client.page(f"missing/{kind}")["data"]
        if not instances or row["instance"] in instances
    }


def _reason(name: str, job: Row) -> str:
    if job["error"]:
        return str(job["error"]["message"])
    reason = (job["result"] or {}).get("reason")
    return str(reason or f"{name.title()} was not asked: the job was {job['status']}.")

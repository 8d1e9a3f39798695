"""An import that the running service does, watched from a command."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from stalkeer.cli.client import Client
from stalkeer.cli.following import ENDED, TICK_S, Row
from stalkeer.cli.progress import Display, Line
from stalkeer.errors import StalkeerError

Report = dict[str, Any]


class InterruptedImportError(StalkeerError):
    """A person ended the command."""

    code = "interrupted"


def playlists_to_read(client: Client, location: str | None, name: str) -> Sequence[Row]:
    """Return the playlist with a location, added if there is none; without one all in use."""
    if location is None:
        rows: list[Row] = client.page("playlists", sort="id", order="asc")["data"]
        return [row for row in rows if row["is_enabled"]]
    body = {"name": name, "location": location, "or_existing": True}
    return [client.post("playlists", body)]


def drop_unread(client: Client, playlist_id: int) -> None:
    """Remove a playlist that a person gave and that was never read: most often a typo."""
    row = client.get(f"playlists/{playlist_id}")
    if not row["version"] and not row["is_configured"]:
        client.delete(f"playlists/{playlist_id}")


def read_beside(
    client: Client,
    playlist: Row,
    how: Mapping[str, Any],
    *,
    display: Display,
    stopped: threading.Event,
) -> Report:
    """Have the service read a playlist and wait for it; give its figures.

    Once `stopped` is set the job is cancelled. Raises `InterruptedImportError` then, and
    `StalkeerError` when the list could not be read.
    """
    job_id = client.post(f"playlists/{playlist['id']}/refresh", dict(how))["job_id"]
    while True:
        job: Row = client.get(f"admin/jobs/{job_id}")
        if job["status"] in ENDED or (job["error"] and job["status"] == "ready"):
            return _report(client, playlist, job)
        if stopped.is_set():
            client.post(f"admin/jobs/{job_id}/cancel")
            raise InterruptedImportError(
                f"{playlist['name']}: the import was cancelled, and the list of before stays."
            )
        words = (job["result"] or {}).get("reason") or f"waits ({job['status']})"
        display.show([Line(title=playlist["name"], words=words)])
        stopped.wait(TICK_S)


def _report(client: Client, playlist: Row, job: Row) -> Report:
    if job["error"]:
        raise StalkeerError(str(job["error"]["message"]))
    if job["status"] != "done":
        raise StalkeerError(f"{playlist['name']}: the job was {job['status']}.")
    if job["result"]["outcome"] != "imported":
        return {"unchanged": True}
    runs = client.page("runs", action="refresh_playlist", status="completed", limit=50)["data"]
    counts = [run["counts"] for run in runs if run["subject"] == playlist["name"]]
    return dict(counts[0]) if counts else {}

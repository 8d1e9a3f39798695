"""What rows look like from outside. Addresses of entries never leave the house."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from stalkeer.core.jobs import Attempt, Job
from stalkeer.db.downloads import Download, Move
from stalkeer.db.items import Item


def stamp(moment: datetime | None) -> str | None:
    """Write a time as `2026-01-31T12:00:00Z`."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def job_view(job: Job, item: Item | None) -> dict[str, Any]:
    """Show a job."""
    return {
        "id": job.id,
        "kind": job.kind,
        "queue": job.kind.queue,
        "status": job.status,
        "dedup_key": job.dedup_key,
        "item": {
            "instance": job.instance,
            "kind": item.wanted.kind if item else None,
            "arr_id": item.wanted.arr_id if item else None,
            "title": job.title or None,
        },
        "attempts": job.attempts,
        "crashes": job.crashes,
        "replays": job.replays,
        "run_at": stamp(job.run_at),
        "error": {"code": job.error_code, "message": job.last_error} if job.last_error else None,
        "result": job.result,
        "created_at": stamp(job.created_at),
        "started_at": stamp(job.started_at),
        "finished_at": stamp(job.finished_at),
    }


def attempt_view(attempt: Attempt) -> dict[str, Any]:
    """Show one run of a job."""
    return _stamped(asdict(attempt))


def download_view(download: Download, moves: Iterable[Move] | None = None) -> dict[str, Any]:
    """Show a download: the columns of its row, how far it is, and its moves if given."""
    view = _stamped(asdict(download))
    view["progress_pct"] = _percent(download)
    if moves is not None:
        view["events"] = [_move_view(move) for move in moves]
    return view


def _move_view(move: Move) -> dict[str, Any]:
    return {
        "from": move.from_status,
        "to": move.to_status,
        "at": stamp(move.at),
        "reason": move.reason,
    }


def _percent(download: Download) -> float | None:
    if not download.total_bytes:
        return None
    return round(100 * download.bytes_downloaded / download.total_bytes, 1)


def _stamped(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: stamp(value) if isinstance(value, datetime) else value
        for name, value in fields.items()
    }

"""What rows look like from outside. Addresses of entries never leave the house."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from stalkeer.core.jobs import Attempt, Job
from stalkeer.core.states import WHY_NOT, MatchState
from stalkeer.core.times import stamp
from stalkeer.db.downloads import Download, Move
from stalkeer.db.items import Item
from stalkeer.db.matches import MatchRow


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


def missing_view(item: Item, as_of: dict[str, datetime | None]) -> dict[str, Any]:
    """Show a missing item with its state and one reason.

    `as_of` is when each instance was last asked.
    """
    wanted = item.wanted
    return {
        "id": item.id,
        "instance": item.instance,
        "kind": wanted.kind,
        "arr_id": wanted.arr_id,
        "title": wanted.title,
        "year": wanted.year or None,
        "series_id": wanted.series_id,
        "season": wanted.season,
        "episode": wanted.episode,
        "episode_title": wanted.episode_title or None,
        "state": item.state,
        "reason": item.reason or WHY_NOT[item.state],
        "added_at": stamp(item.added_at),
        "updated_at": stamp(item.updated_at),
        "as_of": stamp(as_of.get(item.instance)),
    }


def match_view(match: MatchRow, item: Item | None, others: Iterable[MatchRow]) -> dict[str, Any]:
    """Show a match; `others` are all that were judged for its item."""
    return {
        "id": match.id,
        "playlist_item_id": match.playlist_item_id,
        "target_service": item.service if item else None,
        "target_item_id": item.wanted.arr_id if item else None,
        "target_title": item.wanted.label if item else None,
        "match_score": match.score,
        "is_confirmed": match.state is MatchState.CONFIRMED,
        "state": match.state,
        "method": match.method,
        "reasons": match.reasons,
        "alternatives": [
            {
                "id": other.id,
                "playlist_item_id": other.playlist_item_id,
                "match_score": other.score,
                "state": other.state,
            }
            for other in others
            if other.id != match.id
        ],
        "created_at": stamp(match.created_at),
        "updated_at": stamp(match.updated_at),
    }


def attempt_view(attempt: Attempt) -> dict[str, Any]:
    """Show one run of a job."""
    return _stamped(asdict(attempt))


def download_view(download: Download, moves: Iterable[Move] | None = None) -> dict[str, Any]:
    """Show a download: the columns of its row, how far it is, and its moves if given."""
    view = _stamped(asdict(download))
    view["progress_pct"] = _percent(download)
    view["eta_s"] = _eta_s(download)
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


def _eta_s(download: Download) -> int | None:
    """Guess how many seconds are left at the present speed."""
    if not download.total_bytes or not download.speed_bytes_per_s:
        return None
    return round((download.total_bytes - download.bytes_downloaded) / download.speed_bytes_per_s)


def _stamped(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: stamp(value) if isinstance(value, datetime) else value
        for name, value in fields.items()
    }

"""Playlists as a person sets them up: checked, written, read at once, removed.

Called by the API and, through it, by the commands.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar

from stalkeer.core.filters import FilterRule
from stalkeer.core.jobs import URGENT, NewJob
from stalkeer.core.states import JobKind
from stalkeer.db.playlists import PlaylistRow
from stalkeer.db.sources import PlaylistSpec
from stalkeer.downloader.errors import AddressRefusedError
from stalkeer.errors import StalkeerError
from stalkeer.jobs import filtering, removal
from stalkeer.jobs.refresh import How
from stalkeer.jobs.services import Services
from stalkeer.jobs.sources import check_number
from stalkeer.jobs.timetable import refresh_key, schedule_playlists
from stalkeer.outgoing.address import origin
from stalkeer.playlist.errors import PlaylistError
from stalkeer.playlist.source import is_address
from stalkeer.playlist.terms import SourceKind, SourceRules

AS_EVER = How()
Filters = Iterable[FilterRule] | None
"""The filters of one list; None leaves them as they are."""


class LocationError(StalkeerError):
    """What is given as the place of a playlist cannot be one."""

    code: ClassVar[str] = "invalid_location"


def add(services: Services, spec: PlaylistSpec, filters: Filters = None) -> PlaylistRow:
    """Write a new playlist and have it read.

    Raises `LocationError`, `FilterError` and `ConflictError`.
    """
    spec = replace(spec, location=checked(services, SourceKind(spec.kind), spec.location))
    playlist_id = services.store.sources.add(spec)
    if filters is not None:
        filtering.replace_of(services, playlist_id, filters)
    return _settled(services, playlist_id, is_new=True)


def find(services: Services, location: str) -> PlaylistRow | None:
    """Return the playlist that has a location, and switch it on; None when none has."""
    place = location if is_address(location) else str(Path(location).absolute())
    row = services.store.sources.find(place)
    if row is not None and not row.is_enabled:
        return change(services, row.id, {"is_enabled": True})
    return row


def change(
    services: Services, playlist_id: int, said: Mapping[str, Any], filters: Filters = None
) -> PlaylistRow:
    """Write what is new of a playlist; one whose place changed is read at once.

    Raises what `add` does, and `NoSuchRowError`. A login is for the address it was saved for.
    """
    before = services.store.sources.get(playlist_id)
    if "location" in said or "kind" in said:
        kind = SourceKind(said.get("kind", before.kind))
        place = said.get("location", before.location)
        said = dict(said) | {"location": checked(services, kind, place)}
        _require_login(before, said)
    services.store.sources.change(playlist_id, said)
    if filters is not None:
        filtering.replace_of(services, playlist_id, filters)
    after = services.store.sources.get(playlist_id)
    decisive = ("kind", "location", "username", "password")
    is_new = any(getattr(before, name) != getattr(after, name) for name in decisive)
    return _settled(services, playlist_id, is_new=is_new or not before.is_enabled)


def refresh(services: Services, playlist_id: int, how: How = AS_EVER) -> int:
    """Have a playlist read now; return the job's id. Raises `NoSuchRowError`.

    A reading that waits for a server that was down, or asked for a pause, waits no longer.
    """
    row = services.store.sources.get(playlist_id)
    job_id = services.store.jobs.add_or_find(refresh_job(row.id, how))
    services.store.jobs.hasten(job_id)
    services.ring()
    return job_id


def remove(services: Services, playlist_id: int) -> int:
    """Remove a playlist with its entries; return the job's id, as `removal.remove` does."""
    job_id = removal.remove(services, playlist_id)
    schedule_playlists(services.store, every_s=services.playlists.every_s)
    return job_id


def refresh_job(playlist_id: int, how: How = AS_EVER) -> NewJob:
    """Describe a reading that a person asked for."""
    wishes = {} if how == AS_EVER else asdict(how)
    # What is under way without the wishes is no substitute.
    suffix = f":{json.dumps(wishes, sort_keys=True)}" if wishes else ""
    return NewJob(
        kind=JobKind.REFRESH_PLAYLIST,
        payload={"playlist_id": playlist_id, **wishes},
        dedup_key=f"{refresh_key(playlist_id)}{suffix}",
        priority=URGENT,
        title=refresh_key(playlist_id),
    )


def checked(services: Services, kind: SourceKind, location: str) -> str:
    """Return the place of a playlist as it is kept; raises `LocationError` when it cannot be one.

    Of an address that names no host but a number, it is known at once whether it may be asked.
    A path must lead to a regular file that we may read: a pipe would never end, and a device is
    no playlist.
    """
    if is_address(location):
        _check_address(location, services.playlists)
        return location
    if kind is SourceKind.XTREAM:
        raise LocationError(
            "The location of an Xtream account is the http(s) address of its panel."
        )
    path = Path(location).absolute()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LocationError(f"{path} is no regular file.")
        path.open("rb").close()
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "that is no path"
        raise LocationError(f"{path} cannot be read: {reason}.") from None
    return str(path)


def _check_address(location: str, rules: SourceRules) -> None:
    try:
        check_number(location, rules)
    except PlaylistError:
        raise LocationError(
            "The location is no address of a playlist: it begins with http:// or https://, and "
            "has a host."
        ) from None
    except AddressRefusedError as exc:
        raise LocationError(str(exc)) from None


def _require_login(before: PlaylistRow, said: Mapping[str, Any]) -> None:
    """Raise `LocationError` when a saved login would go where it was not saved for."""
    kept = [name for name in ("username", "password") if getattr(before, name) and name not in said]
    is_elsewhere = origin(said["location"]) != origin(before.location)
    if kept and is_elsewhere and not before.is_configured:
        raise LocationError(
            f"{before.name} would be at another address, and its saved login goes to the one it "
            f"was saved for. Send {' and '.join(kept)} too, empty for none (on the command line: "
            f"--username and --password-stdin)."
        )


def _settled(services: Services, playlist_id: int, *, is_new: bool) -> PlaylistRow:
    """Put a playlist under its schedule, and have it read at once when it `is_new`."""
    schedule_playlists(services.store, every_s=services.playlists.every_s)
    row = services.store.sources.get(playlist_id)
    if is_new and row.is_enabled:
        refresh(services, playlist_id)
    return row

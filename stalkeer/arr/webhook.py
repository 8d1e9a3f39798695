"""Reading the webhooks that Radarr and Sonarr send (Settings > Connect > Webhook).

A delivery is a hint: it names items, and the work reads them again from the arr. So only what
names them is read, and whatever is odd in the rest is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WrapValidator
from pydantic_core import from_json

from stalkeer.arr.shapes import Answer, or_none
from stalkeer.errors import StalkeerError

MAX_DEPTH = 64


class WebhookError(StalkeerError):
    """The body is no webhook of Radarr or Sonarr."""

    code = "webhook_unreadable"


class WebhookType(StrEnum):
    """What happened; the values are those of `eventType`, which may change its case."""

    TEST = "Test"
    """A person pressed the Test button. The item in it is made up."""
    GRAB = "Grab"
    """The arr started a download of its own."""
    DOWNLOAD = "Download"
    """A file was imported; Sonarr sends it for every file and once more for the whole release."""
    RENAME = "Rename"
    """Library files were renamed."""
    MOVIE_ADDED = "MovieAdded"
    """A movie was added; its disk has not been looked at yet."""
    MOVIE_DELETE = "MovieDelete"
    """A movie was removed from the library."""
    MOVIE_FILE_DELETE = "MovieFileDelete"
    """The file of a movie was removed; the movie stays."""
    SERIES_ADD = "SeriesAdd"
    """A series was added and its disk looked at."""
    SERIES_DELETE = "SeriesDelete"
    """A series was removed from the library."""
    EPISODE_FILE_DELETE = "EpisodeFileDelete"
    """The file of one or more episodes was removed; they stay."""
    HEALTH = "Health"
    """The arr has a problem."""
    HEALTH_RESTORED = "HealthRestored"
    """A problem of the arr is over."""
    APPLICATION_UPDATE = "ApplicationUpdate"
    """The arr has a new version."""
    MANUAL_INTERACTION_REQUIRED = "ManualInteractionRequired"
    """The arr cannot import a download of its own."""
    UNKNOWN = "unknown"
    """An event that came after this was written."""


_TYPES = {each.value.casefold(): each for each in WebhookType}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """What a delivery says, as far as it names items.

    `event_text` is `eventType` as it was sent. `title` is for messages: `Heat (1995)`, or the name
    of the series. `episode_ids` is empty in SeriesAdd and SeriesDelete. `deleted_files` says that
    files went with a deleted item, or that a Download replaced some. `delete_reason` is one of
    `missingFromDisk`, `manual`, `upgrade`, `noLinkedEpisodes`, `manualOverride`. `source_path` is
    where a Download came from, `file_paths` where the files are in the library.
    """

    event_type: WebhookType
    event_text: str
    movie_id: int | None = None
    series_id: int | None = None
    episode_ids: tuple[int, ...] = ()
    title: str = ""
    is_upgrade: bool = False
    deleted_files: bool = False
    delete_reason: str | None = None
    download_id: str | None = None
    source_path: str | None = None
    file_paths: tuple[str, ...] = ()


def _without_nul(text: str | None) -> str | None:
    # PostgreSQL stores no NUL, and no title holds one.
    return None if text is None else text.replace("\0", "")


_Text = Annotated[str | None, AfterValidator(_without_nul), WrapValidator(or_none)]
_Id = Annotated[int | None, Field(gt=0, lt=2**31, strict=True), WrapValidator(or_none)]


class _Item(Answer):
    """A movie, a series or an episode."""

    id: _Id = None
    title: _Text = None
    year: _Id = None


class _File(Answer):
    """A file of the library; `sourcePath` is where a download was imported from."""

    path: _Text = None
    source_path: _Text = None


_AnItem = Annotated[_Item | None, WrapValidator(or_none)]
_AFile = Annotated[_File | None, WrapValidator(or_none)]


class _Delivery(Answer):
    """The body of a webhook. `deletedFiles` is a list in Download and a boolean elsewhere."""

    event_type: _Text = None
    movie: _AnItem = None
    series: _AnItem = None
    episodes: Annotated[tuple[_AnItem, ...] | None, WrapValidator(or_none)] = None
    movie_file: _AFile = None
    episode_file: _AFile = None
    episode_files: Annotated[tuple[_AFile, ...] | None, WrapValidator(or_none)] = None
    is_upgrade: Annotated[bool | None, WrapValidator(or_none)] = None
    deleted_files: Any = None
    delete_reason: _Text = None
    download_id: _Text = None
    source_path: _Text = None


def parse_webhook(body: bytes) -> WebhookEvent:
    """Read a delivery; WebhookError when it is no JSON object with an `eventType`.

    Both shapes of Sonarr's Download are read: `episodeFile` for one file, `episodeFiles` for a
    whole release (Sonarr: Core/Notifications/Webhook/WebhookBase.cs).
    """
    said = _Delivery.model_validate(_json_object(body))
    if not said.event_type:
        raise WebhookError("The body has no eventType: it is no webhook of Radarr or Sonarr.")
    return WebhookEvent(
        event_type=_TYPES.get(said.event_type.casefold(), WebhookType.UNKNOWN),
        event_text=said.event_type,
        movie_id=said.movie.id if said.movie else None,
        series_id=said.series.id if said.series else None,
        episode_ids=tuple(each.id for each in said.episodes or () if each and each.id),
        title=_title(said.movie or said.series),
        is_upgrade=bool(said.is_upgrade),
        deleted_files=bool(said.deleted_files),
        delete_reason=said.delete_reason,
        download_id=said.download_id,
        source_path=_source(said),
        file_paths=tuple(file.path for file in _files(said) if file.path),
    )


def type_of(body: bytes) -> WebhookType:
    """Say what a delivery is of, and read nothing else: the sender waits for the answer.

    WebhookError for the same bodies as `parse_webhook`.
    """
    said = _json_object(body)
    text = said.get("eventType")
    if not isinstance(text, str) or not text.replace("\0", ""):
        return parse_webhook(body).event_type
    return _TYPES.get(text.replace("\0", "").casefold(), WebhookType.UNKNOWN)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        # Strict UTF-8 and strict JSON: no NaN, no lone surrogates, nothing after the end.
        value = from_json(body, allow_inf_nan=False)
    except ValueError as exc:
        raise WebhookError(f"The body is no JSON: {exc}.") from exc
    if not isinstance(value, dict) or _is_deeper(body, value, MAX_DEPTH):
        raise WebhookError("The body is no JSON object as Radarr and Sonarr send it.")
    return value


def _is_deeper(body: bytes, value: object, limit: int) -> bool:
    # Nothing is deeper than it has brackets, and most deliveries have few.
    if body.count(b"{") + body.count(b"[") < limit:
        return False
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _title(item: _Item | None) -> str:
    if item is None or not item.title:
        return ""
    year = f"({item.year})"
    # Sonarr's own titles end with the year where two series share a name.
    return item.title if item.year is None or year in item.title else f"{item.title} {year}"


def _files(said: _Delivery) -> list[_File]:
    """List the library files, whichever of the three fields holds them."""
    files = (said.movie_file, said.episode_file, *(said.episode_files or ()))
    return [file for file in files if file is not None]


def _source(said: _Delivery) -> str | None:
    """A release says where it came from itself, a single file says it in the file."""
    sources = (said.source_path, *(file.source_path for file in _files(said)))
    return next(filter(None, sources), None)

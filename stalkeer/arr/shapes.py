"""The shapes of what Radarr and Sonarr answer alike: only the fields we use, all others ignored.

Both leave out what is null, versions differ in what they send, and one odd row must not cost the
whole library: so nearly every field has a default, and a date that cannot be read is None.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic.alias_generators import to_camel

RowT = TypeVar("RowT")
Json = dict[str, Any]


def or_none(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Read a field that may be of any type: None when it is not of ours (a `WrapValidator`)."""
    try:
        return read(value)
    except ValidationError:
        return None


def _in_utc(moment: datetime | None) -> datetime | None:
    # .NET writes year 1 for "never"; other time zones than UTC may not hold it.
    if moment is None or moment.year == 1:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Moment = Annotated[datetime | None, AfterValidator(_in_utc), WrapValidator(or_none)]
Day = Annotated[date | None, WrapValidator(or_none)]


class Answer(BaseModel):
    """The base of every shape: camelCase names, and a null counts as left out."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        return {name: value for name, value in fields.items() if value is not None}


class PageAnswer(Answer, Generic[RowT]):
    """One page of a paged list. An arr without a limit on the size answers the size we asked."""

    page_size: int = 0
    total_records: int = 0
    records: tuple[RowT, ...] = ()


class StatusAnswer(Answer):
    """`GET system/status`."""

    app_name: str
    version: str
    url_base: str = ""
    is_docker: bool = False
    start_time: Moment = None


class RootFolderAnswer(Answer):
    """One element of `GET rootfolder`. `accessible` and `freeSpace` are the arr's own view."""

    path: str
    accessible: bool = True
    free_space: int | None = None


class TagAnswer(Answer):
    """One element of `GET tag`."""

    id: int
    label: str


class QualityAnswer(Answer):
    """One quality. `resolution` is a number of lines, 0 for the unknown and for DVDs."""

    id: int = 0
    source: str = ""
    resolution: int = 0


class ProfileItemAnswer(Answer):
    """One line of a quality profile: a quality, or a group of them with an id of its own."""

    id: int = 0
    quality: QualityAnswer = QualityAnswer()
    items: tuple[ProfileItemAnswer, ...] = ()
    allowed: bool = False


class ProfileAnswer(Answer):
    """One element of `GET qualityprofile`. `cutoff` is the id of a quality or of a group."""

    id: int
    name: str
    upgrade_allowed: bool = False
    cutoff: int = 0
    items: tuple[ProfileItemAnswer, ...] = ()


class TitleAnswer(Answer):
    """One alternate title of a movie or a series."""

    title: str = ""


class ImageAnswer(Answer):
    """One picture. `remoteUrl` is where the arr got it from."""

    cover_type: str = ""
    remote_url: str = ""


class QueueAnswer(Answer):
    """One element of `GET queue`; Sonarr 5 lists several episodes in one."""

    movie_id: int = 0
    episode_id: int = 0
    episode_ids: tuple[int, ...] = ()

    @property
    def item_ids(self) -> set[int]:
        """The movie or the episodes it fetches; empty when the arr does not know them."""
        return {self.movie_id, self.episode_id, *self.episode_ids} - {0}


class FileAnswer(Answer):
    """A file of the library, or one of the file system."""

    id: int = 0
    path: str = ""


class FileQualityAnswer(Answer):
    """The quality of a file, with its revision, which we do not use."""

    quality: QualityAnswer = QualityAnswer()


class MediaFileAnswer(FileAnswer):
    """A film or episode of the library."""

    quality: FileQualityAnswer = FileQualityAnswer()


class FolderAnswer(Answer):
    """`GET filesystem`. A folder that is not there has no files and is no error."""

    files: tuple[FileAnswer, ...] = ()
    directories: tuple[FileAnswer, ...] = ()


class CommandBody(Answer):
    """What a command was told. `files` is that of a ManualImport; RenameFiles has numbers there."""

    files: Annotated[tuple[FileAnswer, ...] | None, WrapValidator(or_none)] = None


class CommandAnswer(Answer):
    """A command that waits, runs or ended. Versions before 2022 have no `result`."""

    id: int
    name: str = ""
    status: str = ""
    result: str = ""
    message: str = ""
    exception: str = ""
    body: CommandBody = CommandBody()


class RejectionAnswer(Answer):
    """Why a file is not taken. Sonarr 5 has the sentence in `message` and a code in `reason`."""

    reason: str = ""
    message: str = ""
    type: str = "permanent"


class ImportAnswer(Answer):
    """What `manualimport` says of one file. Sonarr 3 has one `language` instead of several."""

    path: str = ""
    quality: Json = {}
    languages: tuple[Json, ...] = ()
    language: Json = {}
    release_group: str = ""
    indexer_flags: int = 0
    release_type: str = "unknown"
    rejections: tuple[RejectionAnswer, ...] = ()


def other_titles(title: str, alternates: Iterable[TitleAnswer]) -> tuple[str, ...]:
    """Give the alternate titles once each, in their order, without the title itself."""
    names = dict.fromkeys(each.title for each in alternates)
    return tuple(name for name in names if name not in ("", title))


def picture_urls(images: Iterable[ImageAnswer]) -> tuple[str, ...]:
    """Give the places that pictures of any kind came from."""
    return tuple(image.remote_url for image in images if image.remote_url)


def poster_urls(images: Iterable[ImageAnswer]) -> tuple[str, ...]:
    """Give the places that posters came from."""
    posters = (image for image in images if image.cover_type == "poster")
    return tuple(image.remote_url for image in posters if image.remote_url)

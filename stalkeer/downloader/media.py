"""What the bytes are: which container, how long it runs, and whether that fits what was wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pymediainfo import MediaInfo

HEAD_BYTES = 4096
"""How many first bytes `container_of` and `looks_like_page` need at most."""


def container_of(head: bytes) -> str | None:
    """Name the container as a file extension (`mkv`, `mp4`, `ts`…); None if it is no film."""
    for at, magic, name in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return _refine(name, head)
    return _transport_stream(head)


_MAGIC = (
    (0, b"\x1a\x45\xdf\xa3", "mkv"),
    (4, b"ftyp", "mp4"),
    (4, b"moov", "mp4"),
    (4, b"mdat", "mp4"),
    (0, b"RIFF", "avi"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wmv"),
    (0, b"\x00\x00\x01\xba", "mpg"),
    (0, b"\x00\x00\x01\xb3", "mpg"),
)


def _refine(name: str, head: bytes) -> str | None:
    if name == "mkv" and b"webm" in head[:64]:
        return "webm"
    if name == "mp4" and head[4:12] == b"ftypqt  ":
        return "mov"
    # RIFF also holds sounds and pictures.
    return None if name == "avi" and head[8:12] != b"AVI " else name


def _transport_stream(head: bytes) -> str | None:
    # One sync byte proves nothing: three at the distance of a packet do.
    for first, packet, name in ((0, 188, "ts"), (4, 192, "m2ts")):
        if head[first::packet][:3] == b"GGG":
            return name
    return None


_PLAYLIST_TYPES = ("mpegurl", "dash+xml")
_PAGE = re.compile(rb"<(!doctype|html|head|body|\?xml|!--|script|title|h1|p|div)", re.IGNORECASE)


def looks_like_page(head: bytes, content_type: str) -> str | None:
    """Say what an answer that is no film looks like; None if it may be one.

    Bytes count before the type: panels send films as text/html and pages as video/mp4.
    """
    if container_of(head) is not None:
        return None
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"#EXTM3U") or any(name in content_type for name in _PLAYLIST_TYPES):
        return "a playlist"
    if _PAGE.match(text):
        return "an HTML page"
    if head.startswith(b"\x1f\x8b"):
        return "compressed data"
    if head.startswith(b"PK\x03\x04"):
        return "an archive"
    if text[:1] in (b"{", b"[") and _is_text(head):
        return "a JSON answer"
    return "text" if _is_text(head) or content_type == "text/html" else None


def _is_text(head: bytes) -> bool:
    # The last character may be cut in the middle.
    text = head.decode(errors="replace").rstrip("\ufffd")
    return bool(text) and all(char.isprintable() or char in "\t\r\n\f" for char in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What MediaInfo reads in a file; None is "does not say".

    `container` is MediaInfo's name (`Matroska`), `extension` ours (`mkv`). `is_truncated` is also
    True while a file is still being fetched. `judged` is False when nothing could be read: then no
    other field says anything about the film.
    """

    container: str | None = None
    extension: str | None = None
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    resolution: str | None = None
    video_tracks: int = 0
    audio_tracks: int = 0
    is_truncated: bool | None = None
    judged: bool = False


def inspect(path: Path) -> MediaFacts:
    """Read the header of a file, complete or not; takes about 10 ms and never raises.

    `judged` is False for bytes that are no film, for an mp4 whose index has not arrived yet, and
    where MediaInfo is not installed.
    """
    try:
        with path.open("rb") as file:
            extension = container_of(file.read(HEAD_BYTES))
            if extension is None:
                return MediaFacts()
            # Handing over the open file keeps MediaInfo from following references to others.
            parsed = MediaInfo.parse(file)
    except (OSError, RuntimeError, ValueError, SyntaxError):
        return MediaFacts()
    return _facts(parsed, extension)


def _facts(parsed: MediaInfo, extension: str) -> MediaFacts:
    general = parsed.general_tracks[0].to_data() if parsed.general_tracks else {}
    video = parsed.video_tracks[0].to_data() if parsed.video_tracks else {}
    duration_ms = _positive(general.get("duration")) or _positive(video.get("duration"))
    width, height = _positive(video.get("width")), _positive(video.get("height"))
    return MediaFacts(
        container=general.get("format"),
        extension=extension,
        duration_s=duration_ms / 1000 if duration_ms else None,
        width=int(width) if width else None,
        height=int(height) if height else None,
        resolution=resolution_of(int(width or 0), int(height or 0)),
        video_tracks=len(parsed.video_tracks),
        audio_tracks=len(parsed.audio_tracks),
        is_truncated=general.get("istruncated") == "Yes",
        judged=bool(parsed.video_tracks),
    )


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 1e15 else None


def resolution_of(width: int, height: int) -> str | None:
    """Name the resolution as Radarr and Sonarr do; None without a picture.

    Either side is enough, because films are cropped (Sonarr:
    Aggregation/Aggregators/Augmenters/Quality/AugmentQualityFromMediaInfo.cs).
    """
    if width <= 0 or height <= 0:
        return None
    for name, least_width, least_height in _RESOLUTIONS:
        if width >= least_width or height >= least_height:
            return name
    return "480p"


_RESOLUTIONS = (
    ("2160p", 3200, 2100),
    ("1080p", 1800, 1000),
    ("720p", 1200, 700),
)


class RuntimeDecision(StrEnum):
    """What the running time says about a file."""

    OK = "ok"
    """It fits."""
    UNKNOWN = "unknown"
    """Nothing can be said: one of the two times is not known."""
    ASK = "ask"
    """It may be another film or a special cut: a person decides."""
    REFUSE = "refuse"
    """It is something else: a trailer, a short film, an endless loop."""


@dataclass(frozen=True, slots=True)
class RuntimeVerdict:
    """A decision with a sentence that holds both times."""

    decision: RuntimeDecision
    sentence: str


def judge_runtime(
    duration_s: float | None,
    runtime_minutes: int,
    *,
    low: float = 0.5,
    high: float = 1.75,
    episodes: int = 1,
) -> RuntimeVerdict:
    """Compare the running time of a file with what the arr expects of its item.

    `runtime_minutes` is of one item, 0 unknown; the file holds `episodes` of them. From `low` to
    `high` times it fits: Sonarr gives the slot of a broadcast (60 min for 42), PAL runs 4 % faster,
    extended cuts 25 % longer. Under a quarter or over three times it is refused.
    """
    if not duration_s or runtime_minutes <= 0:
        return RuntimeVerdict(
            RuntimeDecision.UNKNOWN,
            f"It runs {_minutes(duration_s)}, expected {_minutes(runtime_minutes * 60)}: "
            "nothing to compare.",
        )
    expected_s = runtime_minutes * 60 * max(episodes, 1)
    ratio = duration_s / expected_s
    decision = _decide(ratio, low=low, high=high)
    words = {
        RuntimeDecision.OK: "that fits",
        RuntimeDecision.ASK: "it may be another film or cut",
        RuntimeDecision.REFUSE: "it is something else",
    }[decision]
    return RuntimeVerdict(
        decision,
        f"It runs {_minutes(duration_s)}, expected {_minutes(expected_s)}: {words}.",
    )


def _decide(ratio: float, *, low: float, high: float) -> RuntimeDecision:
    if low <= ratio <= high:
        return RuntimeDecision.OK
    if ratio < min(0.25, low) or ratio > max(3.0, high):
        return RuntimeDecision.REFUSE
    return RuntimeDecision.ASK


def _minutes(seconds: float | None) -> str:
    if not seconds:
        return "an unknown time"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"

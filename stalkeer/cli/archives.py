"""The commands about copies of playlists: `m3u-download`, `m3u-list-archives`,
`m3u-cleanup-archives`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stalkeer.cli.options import Json, Verbose
from stalkeer.cli.progress import Line, display
from stalkeer.cli.saying import FAILED, WRONG_USAGE, out, out_json, say, stop, told
from stalkeer.cli.showing import as_size, as_time_left, show_table
from stalkeer.cli.starting import make_keys, read_settings

if TYPE_CHECKING:
    from stalkeer.playlist.archive import Copy
    from stalkeer.playlist.terms import OpenSource, Source, SourceRules
    from stalkeer.settings import Settings

DRAW_EVERY_S = 0.25

Report = dict[str, Any]
Show = Callable[[Line], None]


def m3u_download(
    url: Annotated[
        str | None, typer.Option("--url", help="This list; default: the configured ones.")
    ] = None,
    no_archive: Annotated[
        bool, typer.Option("--no-archive", help="Only the newest copy, none with a date.")
    ] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Download playlists into the archive folder; nothing is imported."""
    from stalkeer.playlist.archive import rotate
    from stalkeer.wiring.sources import archive_folder, source_rules

    settings = read_settings(verbose, is_quiet=True)
    folder, keep = archive_folder(settings), settings.m3u.retention_count
    with told():
        sources = _sources(settings, url)
        if not sources:
            stop(
                WRONG_USAGE,
                "No playlist is set: give one with --url, or set STALKEER_M3U_URL or "
                "STALKEER_M3U_FILE_PATH.",
            )
        is_dated = not no_archive and keep > 0
        rules = source_rules(settings)
        reports = [_download(source, rules, folder, is_dated=is_dated) for source in sources]
        removed = rotate(folder, keep=keep) if is_dated else []
    _end(reports, removed, as_json=as_json)


def m3u_list_archives(as_json: Json = False, verbose: Verbose = False) -> None:
    """Show the dated copies of playlists."""
    from stalkeer.playlist.archive import copies
    from stalkeer.wiring.sources import archive_folder

    folder = archive_folder(read_settings(verbose, is_quiet=True))
    with told():
        found = copies(folder)
    if as_json:
        rows = [_row(copy) for copy in found]
        out_json({"folder": str(folder), "data": rows, "total": len(rows)})
        return
    show_table(
        ("PLAYLIST", "MADE (UTC)", "SIZE", "FILE"),
        [
            (
                copy.playlist,
                f"{copy.made_at:%Y-%m-%d %H:%M:%S}",
                as_size(copy.size_bytes),
                copy.path.name,
            )
            for copy in found
        ],
    )
    out(f"{len(found)} copies in {folder}.")


def m3u_cleanup_archives(
    retention: Annotated[
        int | None,
        typer.Option(
            min=0, help="Copies kept of each playlist; default: STALKEER_M3U_RETENTION_COUNT."
        ),
    ] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Remove the oldest dated copies of each playlist."""
    from stalkeer.playlist.archive import copies, rotate
    from stalkeer.wiring.sources import archive_folder

    settings = read_settings(verbose, is_quiet=True)
    folder = archive_folder(settings)
    keep = settings.m3u.retention_count if retention is None else retention
    with told():
        removed = rotate(folder, keep=keep)
        left = len(copies(folder))
    freed_bytes = sum(copy.size_bytes for copy in removed)
    if as_json:
        rows = [_row(copy) for copy in removed]
        out_json({"removed": rows, "kept": left, "freed_bytes": freed_bytes})
        return
    for copy in removed:
        out(f"removed {copy.path}")
    out(f"{len(removed)} removed, {as_size(freed_bytes)} freed, {left} kept.")


def _sources(settings: Settings, url: str | None) -> Sequence[Source]:
    from stalkeer.jobs.sources import source_of
    from stalkeer.wiring.database import open_store
    from stalkeer.wiring.sources import (
        configure_playlists,
        location_of,
        name_sources,
        playlist_sources,
    )

    if url is not None:
        return name_sources([location_of(url)])
    make_keys(settings)
    with closing(open_store(settings)) as store:
        store.migrate()
        if configured := playlist_sources(settings):
            configure_playlists(store, configured)
        return [source_of(row) for row in store.playlists.all()]


def _download(source: Source, rules: SourceRules, folder: Path, *, is_dated: bool) -> Report:
    """Download one playlist; a fault of it is said and does not keep the others from coming."""
    from stalkeer.errors import StalkeerError
    from stalkeer.jobs.sources import open_playlist
    from stalkeer.playlist.archive import save
    from stalkeer.playlist.terms import OpenSource

    started_at = time.monotonic()
    at = datetime.now(UTC) if is_dated else None  # noqa: TID251 # the date of the copies
    try:
        with _progress() as show, open_playlist(source, rules, watch=_told(source, show)) as opened:
            # Nothing was asked for on condition, so it is never "not modified".
            assert isinstance(opened, OpenSource)  # noqa: S101
            watched = _Watched(source.name, opened, show)
            newest, copy = save(folder, source.name, watched, dated=at)
    except StalkeerError as exc:
        say(f"{source.name}: {exc}")
        return {"playlist": source.name, "error": {"code": exc.code, "message": str(exc)}}
    return {
        "playlist": source.name,
        "file": str(newest),
        "archive": copy and str(copy),
        "bytes": watched.size_bytes,
        "seconds": round(time.monotonic() - started_at, 2),
    }


@contextmanager
def _progress() -> Iterator[Show]:
    """Draw a moving line for a person; elsewhere nothing moves."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with display() as shown:
        yield lambda line: shown.show([line])


def _told(source: Source, show: Show) -> Callable[[str], None]:
    return lambda words: show(Line(title=source.name, words=words))


class _Watched:
    """The chunks of a playlist, drawing how far they are while they are taken."""

    def __init__(self, name: str, opened: OpenSource, show: Show) -> None:
        self.size_bytes = 0
        self._name = name
        self._opened = opened
        self._show = show
        self._started_at = time.monotonic()
        self._drawn_at = 0.0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._opened:
            self.size_bytes += len(chunk)
            now = time.monotonic()
            if now - self._drawn_at >= DRAW_EVERY_S:
                self._drawn_at = now
                self._show(self._line(now - self._started_at))
            yield chunk

    def _line(self, seconds: float) -> Line:
        total, read_bytes = self._opened.info.size_bytes, self._opened.read_bytes
        # A packed list has more bytes than were sent, and only those say how many are to come.
        done = self.size_bytes if read_bytes is None else read_bytes()
        rate = done / seconds if seconds else None
        is_known = total is not None and done <= total
        return Line(
            title=self._name,
            words=f"{as_size(done)} of {as_size(total)}" if is_known else as_size(done),
            percent=100 * done / total if total and is_known else None,
            rate=rate,
            left_s=(total - done) / rate if total and is_known and rate else None,
        )


def _end(reports: Sequence[Report], removed: Sequence[Copy], *, as_json: bool) -> None:
    """Print the reports; exit 1 when a playlist did not come."""
    if as_json:
        out_json({"playlists": list(reports), "removed": [str(copy.path) for copy in removed]})
    else:
        for report in reports:
            _print(report)
        if removed:
            out(f"{len(removed)} older copies removed.")
    if any("error" in report for report in reports):
        raise typer.Exit(FAILED)


def _print(report: Report) -> None:
    from stalkeer.log import escape

    if "error" in report:
        return
    spent = as_time_left(report["seconds"])
    out(f"{escape(report['playlist'])}: {as_size(report['bytes'])} in {spent}")
    for path in filter(None, (report["file"], report["archive"])):
        out(f"  {escape(path)}")


def _row(copy: Copy) -> Report:
    return {
        "playlist": copy.playlist,
        "file": str(copy.path),
        "size_bytes": copy.size_bytes,
        "made_at": copy.made_at.isoformat(),
    }

"""What bytes are: container, running time, and whether that is the film."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.downloader.media import (
    MediaFacts,
    RuntimeDecision,
    container_of,
    inspect,
    judge_runtime,
    looks_like_page,
    resolution_of,
)
from tests.standins.media import Film
from tests.standins.mediafiles import mkv_film, mp4_film, write_film

MIB = 1024 * 1024
TS = (b"G" + bytes(187)) * 3
M2TS = (bytes(4) + b"G" + bytes(187)) * 3


@pytest.mark.parametrize(
    ("head", "name"),
    [
        pytest.param(b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "mkv", id="mkv"),
        pytest.param(b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", "webm", id="webm"),
        pytest.param(b"\x00\x00\x00\x20ftypisom", "mp4", id="mp4"),
        pytest.param(b"\x00\x00\x00\x14ftypqt  ", "mov", id="mov"),
        pytest.param(b"\x00\x00\x00\x14moov", "mp4", id="old-mp4"),
        pytest.param(b"RIFF\x00\x00\x00\x00AVI LIST", "avi", id="avi"),
        pytest.param(b"RIFF\x00\x00\x00\x00WAVEfmt ", None, id="wav"),
        pytest.param(b"FLV\x01\x05", "flv", id="flv"),
        pytest.param(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "wmv", id="asf"),
        pytest.param(b"\x00\x00\x01\xba\x44", "mpg", id="program-stream"),
        pytest.param(b"\x00\x00\x01\xb3\x14", "mpg", id="mpeg-video"),
        pytest.param(TS, "ts", id="ts"),
        pytest.param(M2TS, "m2ts", id="m2ts"),
        pytest.param(b"G" + bytes(600), None, id="one-sync-byte"),
        pytest.param(b"GGG", None, id="short-text-of-sync-bytes"),
        pytest.param(b"<!DOCTYPE html>", None, id="html"),
        pytest.param(b"\x1f\x8b\x08", None, id="gzip"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_container_is_known_by_its_first_bytes(head: bytes, name: str | None) -> None:
    assert container_of(head) == name


@pytest.mark.parametrize(
    ("head", "content_type", "page"),
    [
        pytest.param(b"\n<!DOCTYPE html>", "video/mp4", "an HTML page", id="html-as-video"),
        pytest.param(b"<HTML><body>", "", "an HTML page", id="html"),
        pytest.param(b"\xef\xbb\xbf<?xml version", "", "an HTML page", id="xml-with-bom"),
        pytest.param(b'{"user_info":{"auth":0}}', "", "a JSON answer", id="json"),
        pytest.param(b"[1, 2]", "", "a JSON answer", id="json-list"),
        pytest.param(b"Too many connections", "video/mp4", "text", id="text"),
        pytest.param("Übertragung é".encode()[:-1], "", "text", id="text-cut-in-a-character"),
        pytest.param(b"#EXTM3U\n#EXTINF", "video/mp4", "a playlist", id="playlist"),
        pytest.param(b"\x00\x01", "application/vnd.apple.mpegurl", "a playlist", id="hls-by-type"),
        pytest.param(b"\x1f\x8b\x08\x00", "", "compressed data", id="gzip"),
        pytest.param(b"PK\x03\x04\x00", "", "an archive", id="zip"),
        pytest.param(b"\x00\x01\x02", "text/html", "text", id="odd-bytes-called-html"),
        pytest.param(b"\x00\x01\x02", "video/mp4", None, id="unknown-bytes"),
        pytest.param(b"[\x00\x01\x02", "video/mp4", None, id="unknown-bytes-after-a-bracket"),
        pytest.param(b"\x1a\x45\xdf\xa3", "text/html", None, id="film-as-html"),
        pytest.param(b"", "", None, id="nothing"),
    ],
)
def test_pages_are_told_from_films_by_their_bytes(
    head: bytes, content_type: str, page: str | None
) -> None:
    assert looks_like_page(head, content_type) == page


@given(st.binary(max_size=600), st.text(max_size=20))
def test_looking_at_any_bytes_never_raises(head: bytes, content_type: str) -> None:
    container_of(head)
    looks_like_page(head, content_type)


@pytest.mark.parametrize(
    ("film", "container", "extension"),
    [
        pytest.param(mkv_film(6 * MIB, minutes=95.5), "Matroska", "mkv", id="mkv"),
        pytest.param(mp4_film(6 * MIB, minutes=95.5), "MPEG-4", "mp4", id="mp4"),
    ],
)
def test_a_film_is_read_whole_and_from_its_first_megabytes(
    tmp_path: Path, film: Film, container: str, extension: str
) -> None:
    whole = inspect(write_film(tmp_path / "whole", film))
    first = inspect(write_film(tmp_path / "first", film, size=4 * MIB))

    assert whole == MediaFacts(
        container=container,
        extension=extension,
        duration_s=5730.0,
        width=1920,
        height=1080,
        resolution="1080p",
        video_tracks=1,
        audio_tracks=1,
        is_truncated=False,
        judged=True,
    )
    assert (first.duration_s, first.is_truncated, first.judged) == (5730.0, True, True)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="page"),
        pytest.param(b"\x1a\x45\xdf\xa3" + bytes(9999), id="matroska-without-anything"),
        pytest.param(b"\x00\x00\x00\x20ftypisom" + b"\xff" * 9999, id="mp4-of-noise"),
    ],
)
def test_what_cannot_be_read_is_not_judged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)

    assert not inspect(tmp_path / "x").judged


def test_an_mp4_with_its_index_still_to_come_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(
        b"\x00\x00\x00\x10ftypisom\x00\x00\x02\x00" + b"\x7f\x00\x00\x00mdat" + b"\x55" * MIB
    )

    assert not inspect(tmp_path / "x").judged


def test_a_file_that_is_gone_is_not_judged(tmp_path: Path) -> None:
    assert inspect(tmp_path / "gone") == MediaFacts()


def test_without_mediainfo_nothing_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_library(*_: object) -> None:
        raise OSError("Failed to load library from libmediainfo.so.0")

    monkeypatch.setattr("pymediainfo.MediaInfo.parse", no_library)

    assert not inspect(write_film(tmp_path / "x", mkv_film(MIB, minutes=5))).judged


@pytest.mark.parametrize(
    ("width", "height", "name"),
    [
        (3840, 2160, "2160p"),
        (3840, 1608, "2160p"),
        (1920, 1080, "1080p"),
        (1920, 800, "1080p"),
        (1440, 1080, "1080p"),
        (1280, 536, "720p"),
        (960, 720, "720p"),
        (720, 576, "480p"),
        (0, 1080, None),
        (1920, 0, None),
    ],
)
def test_a_resolution_is_named_as_radarr_names_it(
    width: int, height: int, name: str | None
) -> None:
    assert resolution_of(width, height) == name


@pytest.mark.parametrize(
    ("duration_min", "runtime", "episodes", "decision"),
    [
        pytest.param(42, 60, 1, RuntimeDecision.OK, id="broadcast-slot"),
        pytest.param(21, 30, 1, RuntimeDecision.OK, id="half-hour-slot"),
        pytest.param(115, 120, 1, RuntimeDecision.OK, id="pal"),
        pytest.param(150, 120, 1, RuntimeDecision.OK, id="extended-cut"),
        pytest.param(90, 45, 2, RuntimeDecision.OK, id="double-episode-as-two"),
        pytest.param(90, 45, 1, RuntimeDecision.ASK, id="double-episode-as-one"),
        pytest.param(60, 120, 1, RuntimeDecision.OK, id="half"),
        pytest.param(59, 120, 1, RuntimeDecision.ASK, id="under-half"),
        pytest.param(30, 120, 1, RuntimeDecision.ASK, id="a-quarter"),
        pytest.param(29, 120, 1, RuntimeDecision.REFUSE, id="under-a-quarter"),
        pytest.param(210, 120, 1, RuntimeDecision.OK, id="seven-quarters"),
        pytest.param(211, 120, 1, RuntimeDecision.ASK, id="over-seven-quarters"),
        pytest.param(360, 120, 1, RuntimeDecision.ASK, id="three-times"),
        pytest.param(361, 120, 1, RuntimeDecision.REFUSE, id="over-three-times"),
        pytest.param(2.5, 110, 1, RuntimeDecision.REFUSE, id="trailer"),
        pytest.param(24 * 60, 95, 1, RuntimeDecision.REFUSE, id="endless-loop"),
        pytest.param(12, 120, 1, RuntimeDecision.REFUSE, id="short-film-for-a-long-one"),
        pytest.param(100, 0, 1, RuntimeDecision.UNKNOWN, id="runtime-not-known"),
        pytest.param(0, 100, 1, RuntimeDecision.UNKNOWN, id="duration-not-known"),
    ],
)
def test_the_running_time_decides_within_its_bounds(
    duration_min: float, runtime: int, episodes: int, decision: RuntimeDecision
) -> None:
    verdict = judge_runtime(duration_min * 60 or None, runtime, episodes=episodes)

    assert verdict.decision is decision


@pytest.mark.parametrize(
    ("duration_s", "runtime", "sentence"),
    [
        (150, 110, "It runs 2 min, expected 110 min: it is something else."),
        (42 * 60, 60, "It runs 42 min, expected 60 min: that fits."),
        (50, 4, "It runs 50 s, expected 4 min: it is something else."),
        (None, 60, "It runs an unknown time, expected 60 min: nothing to compare."),
        (60 * 60, 0, "It runs 60 min, expected an unknown time: nothing to compare."),
    ],
)
def test_the_sentence_holds_both_times(
    duration_s: float | None, runtime: int, sentence: str
) -> None:
    assert judge_runtime(duration_s, runtime).sentence == sentence


def test_wider_bounds_than_the_refusal_win() -> None:
    assert judge_runtime(60, 10, low=0.05).decision is RuntimeDecision.OK
    assert judge_runtime(50 * 60, 10, high=6).decision is RuntimeDecision.OK
    assert judge_runtime(20, 10, low=0.05).decision is RuntimeDecision.REFUSE

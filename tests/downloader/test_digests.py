"""Checksums that a server says of a file, and the one that is kept of it."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import httpx
import pytest
import xxhash

from stalkeer.downloader.digests import digest_of, has_digest, xxh3_of
from stalkeer.downloader.errors import (
    DownloadStoppedError,
    FolderUnavailableError,
    WrongFileError,
)
from tests.downloader.conftest import Bench
from tests.standins.media import Film, MediaServer, Reply

PATH = "/movie/user/word/1.mkv"
FILM = Film(3 * 1024 * 1024)
BYTES = FILM.read()


def coded(name: str, content: bytes = BYTES) -> str:
    return base64.b64encode(hashlib.new(name, content).digest()).decode()


SHA256 = hashlib.sha256(BYTES).hexdigest()
MD5 = hashlib.md5(BYTES, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("headers", "is_whole", "expected"),
    [
        pytest.param({}, True, None, id="none"),
        pytest.param(
            {"repr-digest": f"sha-256=:{coded('sha256')}:"}, False, f"sha-256:{SHA256}", id="repr"
        ),
        pytest.param(
            {"repr-digest": f"md5=:{coded('md5')}:, sha-256=:{coded('sha256')}:"},
            True,
            f"sha-256:{SHA256}",
            id="the-strongest",
        ),
        pytest.param({"content-md5": coded("md5")}, True, f"md5:{MD5}", id="content-md5"),
        pytest.param({"content-md5": coded("md5")}, False, None, id="content-md5-of-a-range"),
        pytest.param(
            {"content-digest": f"sha-256=:{coded('sha256')}:"},
            True,
            f"sha-256:{SHA256}",
            id="content-digest-of-the-whole",
        ),
        pytest.param(
            {"content-digest": f"sha-256=:{coded('sha256')}:"}, False, None, id="of-a-range"
        ),
        pytest.param({"repr-digest": "sha-256=:AAAA:"}, True, None, id="too-short"),
        pytest.param({"content-md5": "no base64!"}, True, None, id="no-base64"),
        pytest.param({"repr-digest": f"crc32c=:{coded('md5')}:"}, True, None, id="unknown"),
    ],
)
def test_only_a_checksum_of_the_whole_file_counts(
    headers: dict[str, str], is_whole: bool, expected: str | None
) -> None:
    assert digest_of(httpx.Headers(headers), is_whole=is_whole) == expected


def test_a_file_with_the_checksum_of_its_server_is_whole(bench: Bench, media: MediaServer) -> None:
    reply = Reply(headers={"Repr-Digest": f"sha-256=:{coded('sha256')}:"})

    fetched = bench.fetch(media.put(PATH, FILM, reply))

    assert fetched.digest_verified
    assert bench.part.read_bytes() == BYTES


def test_a_file_with_another_checksum_is_fetched_again_once(
    bench: Bench, media: MediaServer
) -> None:
    spoiled = Film(FILM.size, seed=2)
    headers: dict[str, str | None] = {"Repr-Digest": f"sha-256=:{coded('sha256')}:"}
    url = media.put(PATH, FILM, Reply(film=spoiled, headers=headers), Reply(headers=headers))

    fetched = bench.fetch(url)

    assert fetched.digest_verified
    assert bench.part.read_bytes() == BYTES


def test_a_server_whose_checksum_never_fits_is_refused(bench: Bench, media: MediaServer) -> None:
    reply = Reply(headers={"Content-MD5": coded("md5", b"another file")})

    with pytest.raises(WrongFileError, match="has not the checksum"):
        bench.fetch(media.put(PATH, FILM, reply))

    assert len(media.requests(PATH)) == 2


def test_the_checksum_of_the_first_answer_holds_for_what_is_resumed(
    bench: Bench, media: MediaServer
) -> None:
    headers: dict[str, str | None] = {"Content-MD5": coded("md5")}
    url = media.put(PATH, FILM, Reply(headers=headers, cut_after=2 * 1024 * 1024), Reply())

    fetched = bench.fetch(url)

    assert fetched.digest_verified


def test_a_kept_checksum_is_the_one_of_xxhsum(tmp_path: Path) -> None:
    file = tmp_path / "film.mkv"
    file.write_bytes(BYTES)

    assert xxh3_of(file, should_stop=lambda: False) == f"xxh3:{xxhash.xxh3_64(BYTES).hexdigest()}"


def test_a_checksum_in_the_making_hears_a_stop(tmp_path: Path) -> None:
    file = tmp_path / "film.mkv"
    file.write_bytes(BYTES)

    with pytest.raises(DownloadStoppedError), file.open("rb") as opened:
        has_digest(opened.fileno(), f"sha-256:{SHA256}", should_stop=lambda: True)


def test_a_checksum_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)

    assert has_digest(descriptor, "sha-999:00", should_stop=lambda: False)
    os.close(descriptor)


def test_a_file_that_cannot_be_read_has_no_checksum(tmp_path: Path) -> None:
    with pytest.raises(FolderUnavailableError, match=r"gone\.mkv"):
        xxh3_of(tmp_path / "gone.mkv", should_stop=lambda: False)

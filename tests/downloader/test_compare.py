"""Whether a file that is there is what an address holds, told by a few of its bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stalkeer.downloader.errors import (
    DownloadStoppedError,
    FolderUnavailableError,
    LinkGoneError,
    ProviderBusyError,
    TransferCutError,
)
from stalkeer.downloader.http import FetchRequest
from tests.downloader.conftest import Bench
from tests.standins.media import Film, MediaServer, Reply

PATH = "/movie/joe/secret/7.mkv"
FILM = Film(3_000_000)
OVERLAP = 64 * 1024


def holds(bench: Bench, url: str, content: bytes) -> bool:
    path = bench.folder / "film.mkv"
    path.write_bytes(content)
    request = FetchRequest(url=url, part=bench.part, user_agent="VLC/3.0.21", max_bytes=1)
    try:
        return bench.engine().holds(path, request, should_stop=bench.should_stop)
    finally:
        assert path.read_bytes() == content
        assert [each.name for each in bench.folder.iterdir()] == ["film.mkv"]


def test_the_whole_file_is_known_by_its_length_and_last_bytes(
    bench: Bench, media: MediaServer
) -> None:
    url = media.put(PATH, FILM)

    assert holds(bench, url, FILM.read())
    assert media.bytes_served(PATH) == OVERLAP


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(ignore_range=True), id="no-ranges"),
        pytest.param(Reply(framing="chunked"), id="no-length"),
        pytest.param(Reply(ignore_range=True, framing="close"), id="no-length-and-no-ranges"),
        pytest.param(Reply(total="*"), id="range-without-total"),
    ],
)
def test_the_whole_file_is_known_whatever_the_server_can(
    bench: Bench, media: MediaServer, reply: Reply
) -> None:
    url = media.put(PATH, FILM, reply)

    assert holds(bench, url, FILM.read())


def test_a_file_smaller_than_a_range_is_compared_as_a_whole(
    bench: Bench, media: MediaServer
) -> None:
    small = Film(500)

    assert holds(bench, media.put(PATH, small), small.read())
    assert media.requests(PATH)[0].range is None


def test_a_server_that_says_the_file_ends_there_is_believed(
    bench: Bench, media: MediaServer
) -> None:
    said = {"Content-Range": f"bytes */{FILM.size}"}
    url = media.put(PATH, FILM, Reply(status=416, body=b"", headers=dict(said)))

    assert holds(bench, url, FILM.read())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda film: film[:-1], id="shorter"),
        pytest.param(lambda film: film + b"x", id="longer"),
        pytest.param(lambda film: film[:-1] + b"x", id="other-end"),
        pytest.param(lambda film: film[:500], id="cut"),
    ],
)
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(), id="good"),
        pytest.param(Reply(framing="chunked"), id="no-length"),
    ],
)
def test_any_other_file_is_another(
    bench: Bench, media: MediaServer, reply: Reply, change: Callable[[bytes], bytes]
) -> None:
    url = media.put(PATH, FILM, reply)

    assert not holds(bench, url, change(FILM.read()))


def test_a_server_that_never_gives_a_usable_answer_proves_nothing(
    bench: Bench, media: MediaServer
) -> None:
    url = media.put(PATH, FILM, Reply(status=416, body=b""))

    assert not holds(bench, url, FILM.read())
    assert len(media.requests(PATH)) == 2


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(Reply(status=404, body=b""), LinkGoneError, id="gone"),
        pytest.param(Reply(status=458, body=b""), ProviderBusyError, id="busy"),
        pytest.param(Reply(cut_after=1000), TransferCutError, id="cut"),
    ],
)
def test_what_cannot_be_asked_is_an_error_and_no_answer(
    bench: Bench, media: MediaServer, reply: Reply, error: type[Exception]
) -> None:
    url = media.put(PATH, FILM, reply)

    with pytest.raises(error):
        holds(bench, url, FILM.read())


def test_a_stop_is_heard_while_it_is_asked(bench: Bench, media: MediaServer) -> None:
    bench.should_stop = lambda: True
    url = media.put(PATH, FILM)

    with pytest.raises(DownloadStoppedError):
        holds(bench, url, FILM.read())


def test_a_file_that_cannot_be_read_is_a_fault_of_the_disk(
    bench: Bench, media: MediaServer, tmp_path: Path
) -> None:
    request = FetchRequest(url=media.put(PATH, FILM), part=bench.part, user_agent="x", max_bytes=1)

    with pytest.raises(FolderUnavailableError):
        bench.engine().holds(tmp_path / "nothing.mkv", request, should_stop=lambda: False)

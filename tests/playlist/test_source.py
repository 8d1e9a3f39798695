from __future__ import annotations

import base64
import gzip
import os
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from stalkeer.errors import StalkeerError
from stalkeer.playlist import errors
from stalkeer.playlist.errors import (
    PlaylistEmptyError,
    PlaylistError,
    PlaylistIsHtmlError,
    PlaylistNotFoundError,
    PlaylistTooLargeError,
    PlaylistTruncatedError,
    PlaylistUnreachableError,
)
from stalkeer.playlist.source import (
    DEFAULT_LIMITS,
    NotModified,
    OpenSource,
    Source,
    SourceInfo,
    SourceLimits,
    open_source,
)
from tests.playlist.conftest import Site

LIST = b"#EXTM3U\n#EXTINF:-1,Heat (1995)\nhttp://host.example.invalid/movie/u/p/7.mkv\n"
HIDDEN = "hunter2"
MIB = 1024**2


def read(location: str | Path, **options: Any) -> bytes:
    with open_source(str(location), user_agent="stalkeer/1", **options) as source:
        assert isinstance(source, OpenSource)
        return b"".join(source)


def info(location: str | Path, **options: Any) -> SourceInfo:
    with open_source(str(location), user_agent="stalkeer/1", **options) as source:
        return source.info


def is_known(location: str | Path, **options: Any) -> bool:
    with open_source(str(location), user_agent="stalkeer/1", **options) as source:
        return isinstance(source, NotModified)


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "films.m3u"
    path.write_bytes(LIST)

    assert read(path) == LIST
    assert info(path).name == "films.m3u"
    assert info(path).size_bytes == len(LIST)


def test_a_file_is_known_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "films.m3u"
    path.write_bytes(LIST)
    etag = info(path).etag

    before = is_known(path, etag=etag)
    path.write_bytes(LIST + LIST)

    assert (before, is_known(path, etag=etag)) == (True, False)


def test_a_missing_file_is_named_with_its_setting(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.m3u"

    with pytest.raises(PlaylistNotFoundError) as caught:
        read(path)

    assert str(caught.value) == (
        f"The playlist {path} cannot be opened: No such file or directory. "
        "Mount its folder, or correct STALKEER_M3U_FILE_PATH."
    )


def test_a_pipe_or_a_folder_is_no_playlist_and_nobody_waits_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (pipe, tmp_path):
        with pytest.raises(PlaylistNotFoundError, match="is no file"):
            read(path)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs the /proc of Linux")
def test_a_disk_that_fails_while_reading_is_unreachable() -> None:
    # Reading the memory of a process at offset 0 opens well and then fails.
    with pytest.raises(PlaylistUnreachableError, match="cannot be read: Input/output error"):
        read("/proc/self/mem")


def test_an_address_gives_its_body_and_what_is_known_of_it(site: Site) -> None:
    url = site.gives("/x", LIST, ETag='"a"', Last_Modified="Fri, 26 Jan 2024 10:00:00 GMT")

    assert read(url) == LIST
    assert info(url) == SourceInfo(
        name=url.removeprefix("http://").removesuffix("/x"),
        etag='"a"',
        last_modified="Fri, 26 Jan 2024 10:00:00 GMT",
        size_bytes=len(LIST),
    )


def test_the_request_says_who_asks_and_wants_nothing_packed(site: Site) -> None:
    read(site.gives("/x", LIST))

    ((_, headers),) = site.asked
    assert headers["User-Agent"] == "stalkeer/1"
    assert headers["Accept-Encoding"] == "identity"
    assert not headers.keys() & {"Authorization", "If-None-Match", "If-Modified-Since", "Cookie"}


def test_what_is_known_is_asked_for_conditionally(site: Site) -> None:
    url = site.gives("/x", b"", status=304)

    assert is_known(url, etag='W/"a"', last_modified="Fri, 26 Jan 2024 10:00:00 GMT")
    ((_, headers),) = site.asked
    assert headers["If-None-Match"] == 'W/"a"'
    assert headers["If-Modified-Since"] == "Fri, 26 Jan 2024 10:00:00 GMT"


def test_the_same_etag_in_a_full_answer_is_the_same_list(site: Site) -> None:
    url = site.gives("/x", LIST, ETag='"a"')

    assert is_known(url, etag='"a"')
    assert not is_known(url, etag='"b"')
    assert not is_known(url, last_modified="Fri, 26 Jan 2024 10:00:00 GMT")


def test_not_modified_without_having_asked_is_refused(site: Site) -> None:
    with pytest.raises(PlaylistUnreachableError, match="answered 304"):
        read(site.gives("/x", b"", status=304))


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(gzip.compress(LIST), id="one-member"),
        pytest.param(gzip.compress(LIST[:9]) + gzip.compress(LIST[9:]), id="two-members"),
        pytest.param(gzip.compress(LIST) + bytes(512), id="padded-with-zeros"),
    ],
)
def test_gzip_is_seen_by_its_first_bytes(site: Site, tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "films.m3u.gz"
    path.write_bytes(packed)

    assert read(path) == LIST
    assert read(site.gives("/x", packed)) == LIST
    assert read(site.gives("/x", packed, Content_Encoding="gzip")) == LIST


def test_gzip_may_come_one_byte_at_a_time() -> None:
    packed = gzip.compress(LIST[:9]) + gzip.compress(LIST[9:]) + bytes(5)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=(packed[i : i + 1] for i in range(len(packed))))

    assert read("http://h.example.invalid/", transport=httpx.MockTransport(answer)) == LIST


def test_a_packed_answer_is_unpacked_only_when_it_is_packed(site: Site) -> None:
    assert read(site.gives("/x", LIST, Content_Encoding="gzip")) == LIST
    assert read(site.gives("/y", zlib.compress(LIST), Content_Encoding="deflate")) == LIST


def test_an_encoding_we_cannot_bound_is_refused(site: Site) -> None:
    with pytest.raises(PlaylistUnreachableError, match="packed as 'br'"):
        read(site.gives("/x", LIST, Content_Encoding="br"))


def test_no_chunk_is_longer_than_promised(tmp_path: Path) -> None:
    body = LIST * 20_000
    path = tmp_path / "big.m3u.gz"
    path.write_bytes(gzip.compress(body))

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=iter([body]))

    for location in (str(path), "http://h.example.invalid/"):
        with open_source(location, user_agent="x", transport=httpx.MockTransport(answer)) as source:
            assert isinstance(source, OpenSource)
            sizes = [len(chunk) for chunk in source]

        assert sum(sizes) == len(body)
        assert max(sizes) <= 256 * 1024


def test_a_gzip_bomb_is_stopped_soon_after_it_showed(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(LIST + bytes(80 * MIB)))
    sizes: list[int] = []

    with open_source(str(path), user_agent="x") as source:
        assert isinstance(source, OpenSource)
        with pytest.raises(PlaylistTooLargeError, match="unpack to 200 times"):
            sizes.extend(len(chunk) for chunk in source)

    assert sum(sizes) <= 64 * MIB


def test_a_well_packed_list_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "films.m3u.gz"
    path.write_bytes(gzip.compress(LIST * 3000))

    assert len(read(path)) == len(LIST) * 3000


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(SourceLimits(raw_bytes=50), id="sent"),
        pytest.param(SourceLimits(decoded_bytes=50), id="unpacked"),
    ],
)
def test_a_list_over_a_limit_is_refused(site: Site, tmp_path: Path, limits: SourceLimits) -> None:
    path = tmp_path / "films.m3u"
    path.write_bytes(LIST)

    for location in (str(path), site.gives("/x", LIST)):
        with pytest.raises(PlaylistTooLargeError, match="STALKEER_M3U_MAX_FILE_SIZE_MB"):
            read(location, limits=limits)


def test_too_many_parts_of_a_packed_list_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "parts.gz"
    path.write_bytes(gzip.compress(b"") * 100_001)

    with pytest.raises(PlaylistTooLargeError, match="too many parts"):
        read(path)


def coming(*pieces: tuple[float, bytes]) -> tuple[httpx.BaseTransport, Callable[[], float]]:
    """A server that waits so many seconds before each piece, and the clock that shows it."""
    now = 0.0

    def body() -> Iterator[bytes]:
        nonlocal now
        for seconds, piece in pieces:
            now += seconds
            yield piece

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body())

    return httpx.MockTransport(answer), lambda: now


def read_slowly(*pieces: tuple[float, bytes], limits: SourceLimits = DEFAULT_LIMITS) -> bytes:
    transport, clock = coming(*pieces)
    return read("http://h.example.invalid/", limits=limits, transport=transport, clock=clock)


def test_a_list_without_end_is_given_up_in_time() -> None:
    with pytest.raises(PlaylistTooLargeError, match="take 60 s"):
        read_slowly(*[(1.0, LIST * 20)] * 100, limits=SourceLimits(seconds=60))


def test_a_list_that_drips_is_given_up_after_a_minute() -> None:
    with pytest.raises(PlaylistTruncatedError, match="came too slowly to be read"):
        read_slowly(*[(1.0, b"#" * 1000)] * 100)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([(100.0, LIST), (1.0, LIST)], id="long-thought-before-the-first-byte"),
        pytest.param([(1.0, b"#" * 1100)] * 200, id="slow-but-above-the-floor"),
        pytest.param([(30.0, LIST)], id="short-and-late"),
    ],
)
def test_a_slow_server_is_waited_for(pieces: list[tuple[float, bytes]]) -> None:
    assert read_slowly(*pieces) == b"".join(piece for _, piece in pieces)


def test_the_time_that_is_spent_on_what_came_is_not_the_server_s() -> None:
    now = 0.0

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=iter([LIST] * 10))

    with open_source(
        "http://h.example.invalid/",
        user_agent="x",
        limits=SourceLimits(seconds=60),
        transport=httpx.MockTransport(answer),
        clock=lambda: now,
    ) as source:
        assert isinstance(source, OpenSource)
        for _ in source:
            now += 1000.0

    assert now == 10_000.0


def test_a_list_whose_connection_is_reset_is_refused(site: Site) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "100000")
        request.end_headers()
        request.wfile.write(LIST)
        linger = struct.pack("ii", 1, 0)
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        request.connection.close()

    site.answers["/x"] = answer

    with pytest.raises(PlaylistTruncatedError, match="broke off"):
        read(site.url + "/x")


def test_a_redirect_that_leads_back_is_given_up(site: Site) -> None:
    site.gives("/a", b"", status=302, Location="/b")
    site.gives("/b", b"", status=302, Location="/a")

    with pytest.raises(PlaylistUnreachableError, match="redirected too often"):
        read(site.url + "/a")

    assert len(site.asked) == 6


def test_a_path_that_no_system_takes_is_no_playlist() -> None:
    with pytest.raises(PlaylistNotFoundError, match="cannot be opened: embedded null byte"):
        read("/list\0.m3u")


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        pytest.param(b"<!DOCTYPE html><html>", "text/html", id="page"),
        pytest.param(b"\xef\xbb\xbf\r\n <html>", "application/octet-stream", id="typed-as-file"),
        pytest.param(b'{"user_info":{"auth":0}}', "application/json", id="panel-says-no"),
        pytest.param(b"Invalid credentials", "text/html; charset=utf-8", id="words"),
        pytest.param(gzip.compress(b"<html>"), "audio/x-mpegurl", id="packed-page"),
    ],
)
def test_a_page_in_place_of_a_list_is_refused(site: Site, body: bytes, media_type: str) -> None:
    with pytest.raises(PlaylistIsHtmlError, match="came as a web page or an error"):
        read(site.gives("/x", body, Content_Type=media_type))


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        pytest.param(LIST, "text/html", id="list-typed-as-page"),
        pytest.param(b"\xef\xbb\xbf" + LIST, "text/html", id="mark-before-it"),
        pytest.param(b"http://h/1.mkv\n", "text/plain", id="bare-addresses"),
        pytest.param(LIST + b"<html>", "audio/x-mpegurl", id="page-as-last-line"),
    ],
)
def test_a_list_is_a_list_whatever_its_type(site: Site, body: bytes, media_type: str) -> None:
    assert read(site.gives("/x", body, Content_Type=media_type)) == body


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xef\xbb\xbf\r\n \n", id="blank"),
        pytest.param(gzip.compress(b""), id="packed-nothing"),
        pytest.param(b"\n" * 600_000, id="many-blank-lines"),
    ],
)
def test_an_empty_list_is_refused(site: Site, body: bytes) -> None:
    with pytest.raises(PlaylistEmptyError, match=r"127\.0\.0\.1:\d+ is empty"):
        read(site.gives("/x", body))


def test_a_list_cut_by_the_server_is_refused(site: Site) -> None:
    url = site.gives("/x", LIST, Content_Length=str(len(LIST) + 1))

    with pytest.raises(PlaylistTruncatedError, match="broke off"):
        read(url)


def test_a_list_shorter_than_announced_is_refused_whatever_the_transport_says() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Length": "900"}, content=iter([LIST]))

    with pytest.raises(PlaylistTruncatedError, match=f"after {len(LIST)} of 900 bytes"):
        read("http://h.example.invalid/", transport=httpx.MockTransport(answer))


def test_a_list_that_stops_coming_is_refused() -> None:
    def body() -> Iterator[bytes]:
        yield LIST
        raise httpx.ReadTimeout("")

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body())

    with pytest.raises(PlaylistTruncatedError, match="stopped coming"):
        read("http://h.example.invalid/", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        pytest.param(gzip.compress(LIST)[:-4], "ended in the middle", id="cut"),
        pytest.param(gzip.compress(LIST)[:20] + b"\xff" * 40, "is damaged", id="damaged"),
    ],
)
def test_a_packed_list_without_its_end_is_refused(tmp_path: Path, packed: bytes, said: str) -> None:
    path = tmp_path / "films.m3u.gz"
    path.write_bytes(packed)

    with pytest.raises(PlaylistTruncatedError, match=said):
        read(path)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param(401, "answered 401: check its user name and password.", id="login"),
        pytest.param(403, "answered 403: check its user name and password.", id="forbidden"),
        pytest.param(404, "answered 404.", id="gone"),
        pytest.param(206, "answered 206.", id="part"),
        pytest.param(302, "answered 302.", id="redirect-to-nowhere"),
    ],
)
def test_any_other_answer_is_refused_with_its_number(site: Site, status: int, said: str) -> None:
    with pytest.raises(PlaylistUnreachableError) as caught:
        read(site.gives("/x", LIST, status=status))

    assert str(caught.value).endswith(said)


@pytest.mark.parametrize(
    ("header", "wait"),
    [("120", 120.0), ("99999999999", 21600.0), ("Fri, 26 Jan 2024 10:00:00 GMT", None)],
)
def test_the_wait_a_server_asks_for_is_passed_on(
    site: Site, header: str, wait: float | None
) -> None:
    with pytest.raises(PlaylistUnreachableError) as caught:
        read(site.gives("/x", b"", status=503, Retry_After=header))

    assert caught.value.retry_in_s == wait


def test_a_server_that_does_not_listen_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(PlaylistUnreachableError, match=f"127.0.0.1:{port} cannot be reached"):
        read(f"http://127.0.0.1:{port}/")


def test_a_server_that_does_not_answer_is_unreachable() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("")

    with pytest.raises(PlaylistUnreachableError, match="did not answer in time"):
        read("http://h.example.invalid/", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("location", ["ftp://h/x", "file:///etc/passwd", "http:///x"])
def test_what_is_neither_file_nor_http_is_refused(location: str) -> None:
    with pytest.raises(PlaylistNotFoundError, match="STALKEER_M3U_URL"):
        read(location)


def test_credentials_are_sent_and_shown_nowhere(site: Site) -> None:
    site.gives("/x", b"", status=500)
    url = site.url.replace("http://", f"http://joe:{HIDDEN}@") + "/x"

    with pytest.raises(PlaylistUnreachableError) as caught:
        read(url)

    ((_, headers),) = site.asked
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"joe:hunter2"
    assert HIDDEN not in str(caught.value)
    assert HIDDEN not in repr(Source(name="films", location=url, password=HIDDEN))


def test_given_credentials_win_over_those_in_the_address(site: Site) -> None:
    url = site.gives("/x", LIST).replace("http://", "http://joe:old@")

    read(url, auth=("joe", "new"))

    ((_, headers),) = site.asked
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"joe:new"


def test_a_redirect_keeps_credentials_on_its_host_and_drops_them_elsewhere(
    make_site: Callable[[], Site],
) -> None:
    first, other = make_site(), make_site()
    url = first.gives("/a", b"", status=302, Location="/b")
    first.gives("/b", b"", status=307, Location=other.url + "/c")
    other.gives("/c", LIST)

    body = read(url, auth=("joe", HIDDEN))

    assert body == LIST
    assert ["Authorization" in headers for _, headers in first.asked] == [True, True]
    assert ["Authorization" in headers for _, headers in other.asked] == [False]


def test_five_redirects_are_followed_and_six_are_not(site: Site) -> None:
    for hop in range(6):
        site.gives(f"/{hop}", b"", status=301, Location=f"/{hop + 1}")
    site.gives("/6", LIST)

    assert read(site.url + "/1") == LIST
    with pytest.raises(PlaylistUnreachableError, match="redirected too often"):
        read(site.url + "/0")


@pytest.mark.parametrize(
    ("start", "target"),
    [
        pytest.param("https://h.example.invalid/", "http://h.example.invalid/", id="downgrade"),
        pytest.param("http://h.example.invalid/", "file:///etc/passwd", id="file"),
    ],
)
def test_a_redirect_that_is_not_safe_is_not_followed(start: str, target: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": target})

    with pytest.raises(PlaylistUnreachableError, match="not followed"):
        read(start, transport=httpx.MockTransport(answer))


def test_a_redirect_to_what_is_no_address_is_refused(site: Site) -> None:
    with pytest.raises(PlaylistUnreachableError, match="Invalid URL in location header"):
        read(site.gives("/x", b"", status=302, Location="http://h:port/"))


def test_a_redirect_to_a_host_that_cannot_be_one_is_refused(site: Site) -> None:
    with pytest.raises(PlaylistUnreachableError, match="cannot be reached"):
        read(site.gives("/x", b"", status=302, Location="http://xn--/"))


def test_every_hop_is_judged_before_it_is_asked(make_site: Callable[[], Site]) -> None:
    first, other = make_site(), make_site()
    url = first.gives("/a", b"", status=302, Location=other.url + "/b")
    judged: list[str] = []

    def check_address(address: str) -> None:
        judged.append(address)
        if address.startswith(other.url):
            raise PlaylistUnreachableError("refused")

    with pytest.raises(PlaylistUnreachableError, match="refused"):
        read(url.replace("http://", f"http://joe:{HIDDEN}@"), check_address=check_address)

    assert judged == [first.url + "/a", other.url + "/b"]
    assert other.asked == []


def test_an_address_that_cannot_be_read_is_refused_without_showing_it() -> None:
    with pytest.raises(PlaylistNotFoundError) as caught:
        read(f"http://joe:{HIDDEN}/pass@host:80/x")

    assert HIDDEN not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_connection_ends_when_the_reader_stops_early(site: Site) -> None:
    has_ended = threading.Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(LIST)
        request.connection.recv(1)
        has_ended.set()

    site.answers["/x"] = answer

    with open_source(site.url + "/x", user_agent="x") as source:
        assert isinstance(source, OpenSource)
        first = next(iter(source))

    assert first == LIST
    assert has_ended.wait(10)


def test_every_kind_of_refusal_has_its_own_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    refusals = [kind for kind in kinds if issubclass(kind, PlaylistError)]

    codes = {kind.code for kind in refusals} - {StalkeerError.code}

    assert codes == {
        "playlist_unreachable",
        "playlist_busy",
        "playlist_not_found",
        "playlist_is_html",
        "playlist_empty",
        "playlist_truncated",
        "playlist_too_large",
        "account_refused",
        "account_expired",
        "account_banned",
        "account_disabled",
    }

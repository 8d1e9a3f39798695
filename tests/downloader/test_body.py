"""The bytes of an answer: which way they take, and when a body must end."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Timer

import httpx
import pytest

from stalkeer.downloader.answers import SetbackError
from stalkeer.downloader.body import (
    BodyReader,
    HttpxSource,
    OtherBytesError,
    Sink,
    SocketSource,
    Source,
    Watch,
    open_source,
)
from stalkeer.downloader.errors import DownloadStoppedError, TransferCutError
from stalkeer.downloader.exchange import Caller, open_answer
from stalkeer.downloader.limiter import Limits, TokenBucket
from stalkeer.downloader.resume import Ask
from stalkeer.outgoing.address import check
from stalkeer.outgoing.transport import JudgedBackend, JudgedTransport, Patience, resolve
from stalkeer.outgoing.trust import Trust
from tests.standins.media import Film, MediaServer, Reply, trusting

MIB = 1024 * 1024


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make_watch(clock: Clock, **options: float) -> Watch:
    return Watch(
        host="film.example.invalid",
        should_stop=lambda: bool(options.get("stop")),
        monotonic=clock,
        stall_timeout_s=options.get("stall_timeout_s", 60),
        low_speed_bytes_s=options.get("low_speed_bytes_s", 10),
        deadline=options.get("deadline"),
    )


@contextmanager
def answer(url: str) -> Iterator[httpx.Response]:
    patience = Patience(0.02, lambda: False, Clock())
    judge = partial(check, allowed_hosts={"127.0.0.1"})
    context = trusting()
    transport = JudgedTransport(JudgedBackend(resolve, judge, patience), Trust(own=context))
    caller = Caller(user_agent="x", referrer=None, connect_timeout_s=5, answer_timeout_s=5)
    with open_answer(transport, httpx.URL(url), Ask(), caller, patience) as (response, _):
        yield response
    transport.close()


def read_all(source: Source, length: int) -> bytes:
    buffer = memoryview(bytearray(MIB))
    read = b""
    while len(read) < length:
        count = source.read_into(buffer)
        if count == 0:
            break
        read += bytes(buffer[: count or 0])
    return read


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_body_of_known_length_is_read_straight_from_the_socket(tls: bool) -> None:
    film = Film(3 * MIB)
    with MediaServer(tls=tls) as media, answer(media.put("/1.mkv", film)) as response:
        source = open_source(response, step_s=0.02)

        assert isinstance(source, SocketSource)
        assert read_all(source, film.size) == film.read()
        # httpx saw one item of at most 64 KiB and none of the rest.
        assert response.num_bytes_downloaded <= 65536


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_any_other_body_is_left_to_httpx(framing: str) -> None:
    film = Film(MIB)
    with MediaServer() as media:
        url = media.put("/1.mkv", film, Reply(framing=framing))
        with answer(url) as response:
            source = open_source(response, step_s=0.02)

            assert isinstance(source, HttpxSource)
            assert read_all(source, film.size) == film.read()
            assert source.read_into(memoryview(bytearray(9))) == 0


@pytest.mark.parametrize(
    "extensions",
    [
        pytest.param({}, id="no-connection"),
        pytest.param({"http_version": b"HTTP/2"}, id="http-2"),
        pytest.param({"http_version": b"HTTP/1.1"}, id="no-socket"),
    ],
)
def test_without_a_plain_socket_httpx_reads(extensions: dict[str, bytes]) -> None:
    response = httpx.Response(
        200, headers={"content-length": "3"}, content=iter([b"abc"]), extensions=dict(extensions)
    )

    source = open_source(response, step_s=1)

    assert isinstance(source, HttpxSource)
    assert read_all(source, 3) == b"abc"


def test_a_socket_that_is_silent_for_a_step_has_brought_nothing_yet() -> None:
    film = Film(MIB)
    with MediaServer() as media:
        url = media.put("/1.mkv", film, Reply(stall_after=100))
        with answer(url) as response:
            source = open_source(response, step_s=0.02)

            assert read_all(source, 100) == film.read(0, 100)
            assert source.read_into(memoryview(bytearray(9))) is None


def read_two_halves(near: socket.socket, far: socket.socket) -> int | None:
    """Send half a buffer, begin to read, send the other half; say how much the read brought."""
    source = SocketSource(iter([b""]), near, step_s=5)
    far.sendall(bytes(MIB // 2))
    later = Timer(0.02, far.sendall, [bytes(MIB // 2)])
    later.start()
    count = source.read_into(memoryview(bytearray(MIB)))
    later.join()
    return count


def test_what_comes_in_pieces_fills_the_buffer_before_anybody_wakes() -> None:
    give_up_at = time.monotonic() + 90
    counts: list[int | None] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # A machine under load may be late with the second half, but not every time.
        while MIB not in counts and time.monotonic() < give_up_at:
            with socket.create_connection(listener.getsockname()) as near:
                far, _ = listener.accept()
                with far:
                    counts.append(read_two_halves(near, far))

    assert MIB in counts


class Script:
    """A source that brings what it is told to: bytes, None for nothing yet, or an error."""

    def __init__(self, clock: Clock, *steps: bytes | Exception | None, step_s: float = 0.5) -> None:
        self._clock = clock
        self._step_s = step_s
        self._steps = list(steps)

    def read_into(self, view: memoryview) -> int | None:
        self._clock.now += self._step_s
        step = self._steps.pop(0) if self._steps else b""
        if isinstance(step, Exception):
            raise step
        if step is None:
            return None
        view[: len(step)] = step
        return len(step)


def read(clock: Clock, source: Source, length: int | None, **options: float) -> Iterator[bytes]:
    reader = BodyReader(
        source,
        memoryview(bytearray(2000)),
        host="film.example.invalid",
        watch=make_watch(clock, **options),
        limiter=Limits(TokenBucket()),
        pause=lambda _: None,
        monotonic=clock,
    )
    return (bytes(view) for view in reader.views(length))


def test_views_are_as_large_as_the_buffer_while_bytes_come_fast() -> None:
    clock = Clock()
    source = Script(clock, *[b"x" * 500] * 8, step_s=0.0)

    assert [len(view) for view in read(clock, source, 4000)] == [2000, 2000]


def test_slow_bytes_are_kept_after_a_second() -> None:
    clock = Clock()
    source = Script(clock, *[b"x" * 300] * 4)

    assert [len(view) for view in read(clock, source, 1200)] == [600, 600]


def test_the_first_512_bytes_come_together_however_slow() -> None:
    clock = Clock()
    source = Script(clock, *[b"x" * 100] * 6, step_s=2)

    assert [len(view) for view in read(clock, source, 600)] == [600]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(b"", id="closed"),
        pytest.param(ConnectionResetError(104, "Connection reset by peer"), id="reset"),
        pytest.param(httpx.RemoteProtocolError("incomplete chunked read"), id="protocol"),
        pytest.param(httpx.ReadTimeout(""), id="timeout"),
    ],
)
def test_what_came_before_a_cut_is_given_out_first(failure: bytes | Exception) -> None:
    clock = Clock()
    views = read(clock, Script(clock, b"x" * 300, failure), 1200)

    assert len(next(views)) == 300
    with pytest.raises(SetbackError) as raised:
        next(views)
    assert isinstance(raised.value.error, TransferCutError)


def test_what_came_before_a_stop_is_given_out_first() -> None:
    clock = Clock()
    views = read(clock, Script(clock, b"x" * 300, None, b"y"), 1200, stop=1)

    assert len(next(views)) == 300
    with pytest.raises(DownloadStoppedError):
        next(views)


def test_a_body_without_length_ends_where_it_ends() -> None:
    clock = Clock()

    assert b"".join(read(clock, Script(clock, b"abc", b"def"), None)) == b"abcdef"


def test_silence_for_the_stall_timeout_is_a_cut() -> None:
    clock = Clock()
    source = Script(clock, b"x" * 900, *[None] * 200, step_s=5)

    with pytest.raises(SetbackError, match="next to nothing"):
        list(read(clock, source, 5000))

    assert 60 <= clock.now <= 125


@pytest.mark.parametrize(("size", "is_cut"), [(2, True), (30, False)])
def test_a_trickle_counts_as_silence(size: int, is_cut: bool) -> None:
    clock = Clock()
    views = read(clock, Script(clock, *[b"x" * size] * 300, step_s=1), size * 300)

    if is_cut:
        with pytest.raises(SetbackError, match="next to nothing"):
            list(views)
    else:
        assert len(b"".join(views)) == size * 300


def test_time_in_which_we_did_not_read_is_no_silence() -> None:
    clock = Clock()
    watch = make_watch(clock)

    for _ in range(100):
        clock.now += 30
        watch.forgive(29)
        watch.count(100)

        assert watch.fault() is None


def test_speed_is_that_of_the_last_ten_seconds() -> None:
    clock = Clock()
    watch = make_watch(clock)
    assert watch.speed_bytes_s() is None

    for second in range(60):
        clock.now += 1
        watch.count(1000 if second < 40 else 50)
        watch.fault()

    assert watch.speed_bytes_s() == pytest.approx(50)


def test_speed_of_a_silent_server_falls() -> None:
    clock = Clock()
    watch = make_watch(clock)
    clock.now += 1
    watch.count(1000)
    watch.fault()

    clock.now += 19

    assert watch.speed_bytes_s() == 0


def test_a_deadline_ends_a_body_for_good() -> None:
    clock = Clock()
    views = read(clock, Script(clock, *[b"x"] * 99), 99, deadline=10)

    with pytest.raises(SetbackError, match="took too long") as raised:
        list(views)
    assert raised.value.tries == 0


@pytest.fixture(name="descriptor")
def _descriptor(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "part").write_bytes(bytes(range(100)))
    descriptor = os.open(tmp_path / "part", os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def content(descriptor: int) -> bytes:
    return os.pread(descriptor, 10_000_000, 0)


def test_bytes_on_disk_are_compared_and_the_rest_is_written(descriptor: int) -> None:
    sink = Sink(descriptor, start=90, have=100)

    sink.put(memoryview(bytes(range(90, 95))))
    assert sink.position == 95
    sink.put(memoryview(bytes(range(95, 110))))

    assert sink.is_compared
    assert (sink.position, sink.differed) == (110, False)
    assert content(descriptor) == bytes(range(110))


def test_a_range_that_differs_leaves_the_disk_as_it_is(descriptor: int) -> None:
    sink = Sink(descriptor, start=90, have=100)

    with pytest.raises(OtherBytesError):
        sink.put(memoryview(bytes(20)))

    assert content(descriptor) == bytes(range(100))


def test_a_whole_that_differs_replaces_the_disk_from_there_on(descriptor: int) -> None:
    sink = Sink(descriptor, start=0, have=100)

    sink.put(memoryview(bytes(range(40)) + b"new"))

    assert (sink.is_compared, sink.differed) == (True, True)
    assert content(descriptor) == bytes(range(40)) + b"new"


def test_a_disk_that_holds_less_than_thought_differs_there(descriptor: int) -> None:
    os.ftruncate(descriptor, 50)
    sink = Sink(descriptor, start=0, have=100)

    sink.put(memoryview(bytes(range(120))))

    assert content(descriptor) == bytes(range(120))


def test_a_difference_far_into_a_view_is_found(tmp_path: Path) -> None:
    film = Film(3 * MIB)
    (tmp_path / "part").write_bytes(film.read(0, 2 * MIB))
    descriptor = os.open(tmp_path / "part", os.O_RDWR)
    changed = bytearray(film.read())
    changed[MIB + 7] ^= 1

    Sink(descriptor, start=0, have=2 * MIB).put(memoryview(changed))

    assert (tmp_path / "part").read_bytes() == changed
    os.close(descriptor)

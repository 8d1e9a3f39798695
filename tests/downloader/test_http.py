"""What a fetch promises apart from single answers: stops, retries, hosts, limits, the disk."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
import xxhash

from stalkeer.downloader import http
from stalkeer.downloader.errors import (
    AddressRefusedError,
    DiskFullError,
    DownloadStoppedError,
    FolderUnavailableError,
    LinkGoneError,
    NotMediaError,
    PartInUseError,
    ProviderDownError,
    TlsError,
    TransferCutError,
    WrongFileError,
)
from stalkeer.downloader.files import open_part
from stalkeer.downloader.http import Engine, FetchRequest, Progress
from stalkeer.downloader.limiter import TokenBucket
from stalkeer.downloader.resume import OVERLAP_BYTES, ResumeState
from tests.downloader.conftest import HASTY, RULES, Bench, Middling
from tests.servers import free_port
from tests.standins.media import Film, MediaServer, Reply, redirect

MIB = 1024 * 1024
PATH = "/movie/joe/secret/1.mkv"
FILM = Film(6 * MIB)


@pytest.fixture
def tls_media() -> Iterator[MediaServer]:
    with MediaServer(tls=True) as server:
        yield server


def asks(media: MediaServer) -> list[str | None]:
    return [seen.range for seen in media.requests()]


# What is sent


def test_a_request_says_what_it_must_and_nothing_more(bench: Bench, media: MediaServer) -> None:
    bench.fetch(media.put(PATH, FILM), referrer="http://portal.example.invalid/")

    (seen,) = media.requests()
    assert seen.method == "GET"
    assert seen.headers == {
        "host": media.host,
        "user-agent": "VLC/3.0.21",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
        "referer": "http://portal.example.invalid/",
    }


def test_a_password_in_the_link_is_sent_to_its_own_origin_only(
    bench: Bench, media: MediaServer
) -> None:
    with MediaServer() as other:
        far = other.put("/far.mkv", FILM)
        media.put("/near.mkv", FILM, redirect(far))
        url = media.put(PATH, FILM, redirect("/near.mkv"))

        bench.fetch(url.replace("http://", "http://joe:p%40ss@"))

    near = [seen.headers.get("authorization") for seen in media.requests()]
    assert near == ["Basic am9lOnBAc3M="] * 2
    assert [seen.headers.get("authorization") for seen in other.requests()] == [None]


def test_cookies_are_not_kept(bench: Bench, media: MediaServer) -> None:
    media.put("/next.mkv", FILM)
    url = media.put(
        PATH,
        FILM,
        Reply(status=302, headers={"Location": "/next.mkv", "Set-Cookie": "a=b"}, body=b""),
    )

    bench.fetch(url)

    assert all("cookie" not in seen.headers for seen in media.requests())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_resume_starts_at_the_first_address_again(
    bench: Bench, media: MediaServer, status: int
) -> None:
    media.put("/token-1.mkv", FILM, Reply(cut_after=2 * MIB))
    media.put("/token-2.mkv", FILM)
    url = media.put(PATH, FILM, redirect("/token-1.mkv", status), redirect("/token-2.mkv", status))

    bench.fetch(url)

    assert bench.part.read_bytes() == FILM.read()
    assert [seen.path for seen in media.requests()] == [PATH, "/token-1.mkv", PATH, "/token-2.mkv"]
    assert asks(media)[2:] == [f"bytes={2 * MIB - OVERLAP_BYTES}-"] * 2


# Resume


def test_a_reset_connection_is_a_cut(bench: Bench, media: MediaServer) -> None:
    url = media.put(PATH, FILM, Reply(cut_after=3 * MIB, reset=True), Reply())

    bench.fetch(url)

    assert bench.part.read_bytes() == FILM.read()
    assert len(media.requests()) == 2


def test_a_complete_part_is_not_fetched_again(bench: Bench, media: MediaServer) -> None:
    url = media.put(PATH, FILM)
    first = bench.fetch(url)

    again = bench.fetch(url, resume=first.resume)

    assert len(media.requests()) == 1
    assert again.size_bytes == first.size_bytes


def test_the_state_told_last_is_enough_to_go_on(bench: Bench, media: MediaServer) -> None:
    url = media.put(PATH, FILM, *[Reply(cut_after=2 * MIB)], *[Reply(cut_after=0)] * 6, Reply())
    with pytest.raises(TransferCutError):
        bench.fetch(url)

    token = bench.resume.to_token()
    bench.fetch(url, resume=ResumeState.from_token(token))

    assert bench.part.read_bytes() == FILM.read()
    assert media.requests()[-1].headers["if-range"] == '"v1"'
    assert media.bytes_served(PATH) == FILM.size + OVERLAP_BYTES
    assert "secret" not in token


def test_without_resume_a_fetch_starts_at_zero(bench: Bench, media: MediaServer) -> None:
    bench.rules = replace(RULES, resume_enabled=False)
    bench.part.write_bytes(b"old" * MIB)

    bench.fetch(media.put(PATH, FILM, Reply(cut_after=MIB), Reply()))

    assert bench.part.read_bytes() == FILM.read()
    assert asks(media) == [None, None]


def test_validators_of_another_host_are_not_sent(bench: Bench, media: MediaServer) -> None:
    bench.part.write_bytes(FILM.read(0, 2 * MIB))
    state = ResumeState(
        total_bytes=FILM.size, etag='"of-the-old-host"', origin="old.example.invalid"
    )

    fetched = bench.fetch(media.put(PATH, FILM), resume=state)

    assert bench.part.read_bytes() == FILM.read()
    assert "if-range" not in media.requests()[0].headers
    assert fetched.resume.origin == "127.0.0.1"


def test_after_a_power_loss_only_flushed_bytes_are_kept(bench: Bench, media: MediaServer) -> None:
    bench.part.write_bytes(FILM.read(0, 2 * MIB) + bytes(MIB))
    state = ResumeState(total_bytes=FILM.size, durable_bytes=2 * MIB, boot="boot-0")

    bench.fetch(media.put(PATH, FILM), resume=state)

    assert bench.part.read_bytes() == FILM.read()
    assert asks(media) == [f"bytes={2 * MIB - OVERLAP_BYTES}-"]


def test_a_file_that_keeps_changing_is_given_up(bench: Bench, media: MediaServer) -> None:
    films = [Film(FILM.size, seed=seed, etag=f'"{seed}"') for seed in range(2, 9)]
    replies = [Reply(film=film, cut_after=2 * MIB) for film in films]

    with pytest.raises(WrongFileError, match="keeps changing"):
        bench.fetch(media.put(PATH, FILM, *replies))

    assert len(media.requests()) == 5


def test_a_part_that_somebody_shortened_is_fetched_again(bench: Bench, media: MediaServer) -> None:
    class Shorten(list[Progress]):
        def append(self, told: Progress) -> None:
            if told.bytes_done == FILM.size and not self:
                super().append(told)
                os.truncate(bench.part, 10)

    bench.told = Shorten()

    bench.fetch(media.put(PATH, FILM))

    assert bench.part.read_bytes() == FILM.read()
    assert asks(media) == [None, None]


_FETCH = """
import random, sys
from pathlib import Path
from stalkeer.downloader.http import Engine, EngineRules, FetchRequest
from stalkeer.downloader.resume import ResumeState
url, part, token = sys.argv[1:]
engine = Engine(EngineRules(allowed_hosts=frozenset({"127.0.0.1"})), rng=random.Random(1))
engine.fetch(
    FetchRequest(
        url=url, part=Path(part), resume=ResumeState.from_token(token), user_agent="x",
        max_bytes=10**9,
    ),
    on_progress=lambda told: print(told.resume.to_token(), flush=True),
    should_stop=lambda: False,
)
"""


def test_a_kill_costs_at_most_a_hundredth_of_the_file(bench: Bench, media: MediaServer) -> None:
    film = Film(256 * MIB)
    url = media.put(PATH, film, Reply(stall_after=100 * MIB), Reply())
    process = subprocess.Popen(
        [sys.executable, "-c", _FETCH, url, str(bench.part), ""], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        token = next(line for line in process.stdout if bench.part.stat().st_size >= 99 * MIB)
        process.send_signal(signal.SIGKILL)

    bench.fetch(url, resume=replace(ResumeState.from_token(token), boot=bench.boot))

    assert bench.part.stat().st_size == film.size
    assert media.bytes_served(PATH) <= film.size * 1.01
    with bench.part.open("rb") as file:
        assert all(file.read(len(piece)) == piece for piece in film.pieces(0, film.size))


# Trying again


def test_tries_wait_longer_each_time_and_never_ten_seconds(bench: Bench) -> None:
    port = free_port()

    with pytest.raises(ProviderDownError, match=r"127\.0\.0\.1 cannot be reached"):
        bench.fetch(f"http://127.0.0.1:{port}{PATH}")

    assert sum(bench.waits) == 1 + 2 + 4 + 8 + 9
    assert max(bench.waits) == 1.0


def test_a_new_mebibyte_gives_all_tries_back(bench: Bench, media: MediaServer) -> None:
    step = MIB + OVERLAP_BYTES
    bench.rules = replace(RULES, in_attempt_tries=1)

    bench.fetch(media.put(PATH, FILM, Reply(cut_after=step)))

    assert bench.part.read_bytes() == FILM.read()
    assert bench.waits == [1.0] * len(bench.waits)


def test_a_server_that_is_silent_before_its_answer_is_a_cut(
    bench: Bench, media: MediaServer
) -> None:
    bench.rules = replace(HASTY, in_attempt_tries=0)

    with pytest.raises(TransferCutError):
        bench.fetch(media.put(PATH, FILM, Reply(hold=Event())))


def test_a_whole_fetch_can_be_given_a_limit(bench: Bench, media: MediaServer) -> None:
    bench.rules = replace(RULES, timeout_s=0.2, low_speed_bytes_s=0)

    with pytest.raises(TransferCutError, match="too long"):
        bench.fetch(media.put(PATH, FILM, Reply(bytes_s=100_000)))

    assert len(media.requests()) == 1


def test_without_a_stall_timeout_a_slow_server_is_waited_for(
    bench: Bench, media: MediaServer
) -> None:
    bench.rules = replace(RULES, stall_timeout_s=0)
    film = Film(30_000)

    bench.fetch(media.put(PATH, film, Reply(bytes_s=60_000)))

    assert bench.part.read_bytes() == film.read()


def test_a_short_wait_that_was_asked_for_is_kept_exactly(bench: Bench, media: MediaServer) -> None:
    busy = Reply(status=503, body=b"", headers={"Retry-After": "7"})

    bench.fetch(media.put(PATH, FILM, busy, Reply()))

    assert sum(bench.waits) == 7


def test_one_file_has_one_connection_at_a_time(bench: Bench, media: MediaServer) -> None:
    bench.fetch(media.put(PATH, FILM, Reply(cut_after=MIB), Reply(cut_after=MIB), Reply()))

    assert media.most_at_once(PATH) == 1


# Stopping


def stop_after(calls: int) -> Callable[[], bool]:
    left = [calls]

    def should_stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return should_stop


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(hold=Event()), id="before-the-answer"),
        pytest.param(Reply(stall_after=0), id="before-the-body"),
        pytest.param(Reply(stall_after=MIB), id="in-the-body"),
        pytest.param(Reply(stall_after=MIB, framing="chunked"), id="in-a-chunked-body"),
        pytest.param(Reply(stall_after=MIB, framing="close"), id="in-a-body-without-length"),
        pytest.param(Reply(status=500, body=b""), id="while-it-waits-to-try-again"),
    ],
)
def test_a_stop_is_heard_and_keeps_what_came(
    bench: Bench, media: MediaServer, reply: Reply
) -> None:
    bench.should_stop = stop_after(3)

    with pytest.raises(DownloadStoppedError):
        bench.fetch(media.put(PATH, FILM, reply))

    assert bench.part.read_bytes() == FILM.read(0, bench.part.stat().st_size)
    assert bench.part.stat().st_size <= (reply.stall_after or 0)


def test_a_stop_is_heard_while_a_limit_holds_the_download_back(
    bench: Bench, media: MediaServer
) -> None:
    bench.rules = replace(RULES, limiter=TokenBucket(1000))
    bench.should_stop = stop_after(5)

    with pytest.raises(DownloadStoppedError):
        bench.fetch(media.put(PATH, FILM))

    assert 0 < bench.part.stat().st_size < 200_000


def test_what_progress_raises_ends_the_fetch_as_it_is(bench: Bench, media: MediaServer) -> None:
    class Cancel(list[Progress]):
        def append(self, told: Progress) -> None:
            raise OSError("the caller's own affair")

    bench.told = Cancel()

    with pytest.raises(OSError, match="own affair"):
        bench.fetch(media.put(PATH, FILM))


# Telling


def test_progress_grows_to_the_whole_and_knows_the_total(bench: Bench, media: MediaServer) -> None:
    bench.fetch(media.put(PATH, FILM))

    done = [told.bytes_done for told in bench.told]
    assert done == sorted(done)
    assert done[-1] == FILM.size
    assert {told.total_bytes for told in bench.told} == {FILM.size}


def test_the_first_look_comes_once_at_four_mebibytes(bench: Bench, media: MediaServer) -> None:
    sizes = []

    bench.fetch(
        media.put(PATH, FILM, Reply(cut_after=5 * MIB), Reply()),
        on_head=lambda part, count: sizes.append((part.stat().st_size >= count, count)),
    )

    assert len(sizes) == 1
    assert sizes[0][0]
    assert sizes[0][1] >= 4 * MIB


def test_what_is_on_disk_is_looked_at_before_anything_new_comes(
    bench: Bench, media: MediaServer
) -> None:
    url = media.put(PATH, FILM, Reply(cut_after=5 * MIB), Reply(status=404))
    with pytest.raises(LinkGoneError):
        bench.fetch(url)
    held, asked, told = bench.part.stat().st_size, len(media.requests()), len(bench.told)

    def look(*_: object) -> None:
        raise WrongFileError("It kills whoever looks into it.")

    with pytest.raises(WrongFileError, match="kills"):
        bench.fetch(url, resume=bench.resume, on_head=look)

    assert held >= 4 * MIB
    assert bench.part.stat().st_size == held
    assert (len(media.requests()), len(bench.told)) == (asked, told)


def test_a_file_that_became_another_is_looked_at_again(bench: Bench, media: MediaServer) -> None:
    url = media.put(PATH, FILM, Reply(cut_after=5 * MIB), Reply(status=404))
    with pytest.raises(LinkGoneError):
        bench.fetch(url)
    media.put(PATH, Film(FILM.size, seed=2, etag='"v2"'))
    looks: list[bytes] = []

    bench.fetch(
        url,
        resume=bench.resume,
        on_head=lambda part, _: looks.append(xxhash.xxh3_64_digest(part.read_bytes()[: 4 * MIB])),
    )

    assert len(set(looks)) == len(looks) == 2


def test_a_refusal_at_the_first_look_spares_the_rest(bench: Bench, media: MediaServer) -> None:
    def refuse(*_: object) -> None:
        raise WrongFileError("It is a trailer.")

    film = Film(200 * MIB)
    with pytest.raises(WrongFileError, match="trailer"):
        bench.fetch(media.put(PATH, film), on_head=refuse)

    assert media.bytes_served(PATH) < 50 * MIB


# Disks that break


@pytest.mark.parametrize("call", ["fstat", "ftruncate", "pwrite", "pread"])
def test_a_disk_that_breaks_is_a_folder_that_cannot_be_used(
    bench: Bench, media: MediaServer, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    bench.part.write_bytes(bytes(FILM.size + 1))
    works: Callable[..., object] = getattr(os, call)
    media_url = media.put(PATH, FILM)

    def broken(descriptor: int, *rest: object) -> object:
        if Path(f"/proc/self/fd/{descriptor}").readlink() == bench.part:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return works(descriptor, *rest)

    monkeypatch.setattr(os, call, broken)
    with pytest.raises(FolderUnavailableError):
        bench.fetch(media_url)


def test_a_part_that_cannot_be_cut_at_the_start_is_a_folder_that_cannot_be_used(
    bench: Bench, media: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.rules = replace(RULES, resume_enabled=False)
    bench.part.write_bytes(b"half")

    def broken(*_: object) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(os, "ftruncate", broken)
    with pytest.raises(FolderUnavailableError):
        bench.fetch(media.put(PATH, FILM))


# Leave to write


class NotOursError(Exception):
    """The part file is somebody else's by now."""


def refuse_to_write() -> None:
    raise NotOursError


def test_leave_is_asked_for_before_every_few_kibibytes(bench: Bench, media: MediaServer) -> None:
    sizes = [0]

    bench.fetch(
        media.put(PATH, FILM),
        before_write=lambda: sizes.append(bench.part.stat().st_size),
    )

    steps = [after - before for before, after in itertools.pairwise([*sizes, FILM.size])]
    assert max(steps) <= 64 * 1024


def test_who_may_not_write_any_more_leaves_the_part_as_it_is(
    bench: Bench, media: MediaServer
) -> None:
    def refuse_after_a_mebibyte() -> None:
        if bench.part.stat().st_size >= MIB:
            raise NotOursError

    with pytest.raises(NotOursError):
        bench.fetch(media.put(PATH, FILM), before_write=refuse_after_a_mebibyte)

    assert MIB <= bench.part.stat().st_size < MIB + 64 * 1024


def test_a_part_is_not_cut_without_leave(bench: Bench, media: MediaServer) -> None:
    bench.part.write_bytes(bytes(FILM.size + 1))

    with pytest.raises(NotOursError):
        bench.fetch(media.put(PATH, FILM), before_write=refuse_to_write)

    assert bench.part.stat().st_size == FILM.size + 1
    assert media.requests() == []


def test_speed_is_told_after_a_second(bench: Bench, media: MediaServer) -> None:
    film = Film(120_000)
    bench.fetch(media.put(PATH, film, Reply(bytes_s=80_000)))

    speeds = [told.speed_bytes_s for told in bench.told if told.speed_bytes_s is not None]
    assert speeds
    assert all(20_000 < speed < 120_000 for speed in speeds)


# Hosts


def fetch_with(engine: Engine, bench: Bench, url: str) -> None:
    engine.fetch(
        FetchRequest(url=url, part=bench.part, user_agent="x", max_bytes=10**9),
        on_progress=bench.told.append,
        should_stop=bench.should_stop,
    )


def test_a_redirect_into_our_own_network_is_refused_before_it_is_asked(
    bench: Bench, media: MediaServer
) -> None:
    with MediaServer() as canary:
        target = canary.put("/x", FILM).replace("127.0.0.1", "localhost")

        with pytest.raises(AddressRefusedError, match="localhost"):
            bench.fetch(media.put(PATH, FILM, redirect(target)))

    assert canary.requests() == []


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "0"])
def test_no_notation_of_loopback_is_let_through(bench: Bench, host: str) -> None:
    with pytest.raises(AddressRefusedError):
        bench.fetch(f"http://{host}:{free_port()}/x.mkv")


def test_a_name_is_resolved_once_and_that_address_is_used(
    bench: Bench, tls_media: MediaServer
) -> None:
    answers = [["127.0.0.1"], ["192.0.2.1"]]
    bench.rules = replace(RULES, allowed_hosts=frozenset({"film.example.invalid"}))
    engine = bench.engine(resolve=lambda *_: answers.pop(0))
    url = tls_media.put(PATH, FILM).replace("127.0.0.1", "film.example.invalid")

    fetch_with(engine, bench, url)

    assert bench.part.read_bytes() == FILM.read()
    assert len(answers) == 1
    assert tls_media.requests()[0].headers["host"].startswith("film.example.invalid:")


def test_the_next_address_of_a_host_is_tried(bench: Bench, media: MediaServer) -> None:
    bench.rules = replace(RULES, allowed_hosts=frozenset({"film.example.invalid"}))
    engine = bench.engine(resolve=lambda *_: ["::1", "127.0.0.1"])

    fetch_with(engine, bench, media.put(PATH, FILM).replace("127.0.0.1", "film.example.invalid"))

    assert bench.waits == []


@pytest.mark.parametrize("addresses", [None, []])
def test_a_name_without_address_is_a_provider_that_is_down(
    bench: Bench, addresses: list[str] | None
) -> None:
    def resolve(*_: object) -> list[str]:
        if addresses is None:
            raise OSError(-2, "Name or service not known")
        return addresses

    engine = bench.engine(resolve=resolve)

    with pytest.raises(
        ProviderDownError, match=r"film\.example\.invalid cannot be reached: its name"
    ):
        fetch_with(engine, bench, f"http://film.example.invalid{PATH}")


def test_a_certificate_nobody_signed_is_refused_with_its_reason(
    bench: Bench, tls_media: MediaServer
) -> None:
    engine = Engine(RULES, rng=Middling(), wait=bench.waits.append)

    with pytest.raises(TlsError, match=r"127\.0\.0\.1 is not trusted: unable to get local issuer"):
        fetch_with(engine, bench, tls_media.put(PATH, FILM))

    assert bench.waits == []
    assert tls_media.requests() == []


def test_https_is_fetched_and_resumed_like_http(bench: Bench, tls_media: MediaServer) -> None:
    bench.fetch(tls_media.put(PATH, FILM, Reply(cut_after=3 * MIB), Reply()))

    assert bench.part.read_bytes() == FILM.read()
    assert len(tls_media.requests()) == 2


def test_plain_http_on_an_https_link_is_a_provider_that_is_down(
    bench: Bench, media: MediaServer
) -> None:
    with pytest.raises(ProviderDownError):
        bench.fetch(media.put(PATH, FILM).replace("http://", "https://"))


@pytest.mark.parametrize(
    "url", ["http://h:port/x", "http://\x00/", "http://xn--/", "http://" + "a" * 70000]
)
def test_a_link_that_is_no_address_is_gone(bench: Bench, url: str) -> None:
    with pytest.raises(LinkGoneError, match="no address"):
        bench.fetch(url)


# Pages


def test_what_a_page_says_is_shown_without_our_secrets(bench: Bench, media: MediaServer) -> None:
    page = (
        b"<html>User joe of http://panel.example.invalid/x with secret and t0ken has expired</html>"
    )
    url = media.put(PATH, FILM, Reply(body=page))

    with pytest.raises(NotMediaError) as raised:
        bench.fetch(f"{url}?token=t0ken")

    assert str(raised.value) == (
        "127.0.0.1 sent an HTML page instead of the film: "
        "<html>User *** of *** with *** and *** has expired</html>"
    )


def test_a_long_page_is_cut_at_200_characters(bench: Bench, media: MediaServer) -> None:
    with pytest.raises(NotMediaError) as raised:
        bench.fetch(media.put(PATH, FILM, Reply(body=b"too many words " * 999)))

    assert len(str(raised.value).partition(": ")[2]) == 200


def test_a_file_that_is_no_film_is_fetched_when_no_film_is_expected(
    bench: Bench, media: MediaServer
) -> None:
    film = Film(2 * MIB, head=b"")

    fetched = bench.fetch(media.put("/noise", film), expect_media=False)

    assert bench.part.read_bytes() == film.read()
    assert fetched.container is None


def test_a_page_is_refused_even_when_no_film_is_expected(bench: Bench, media: MediaServer) -> None:
    with pytest.raises(NotMediaError):
        bench.fetch(media.put("/x", FILM, Reply(body=b"<html>")), expect_media=False)


@pytest.mark.parametrize("path", ["/movie/1.m3u8", "/hls/INDEX.M3U8?token=secret"])
def test_the_address_of_a_playlist_is_refused_before_anybody_is_asked(
    bench: Bench, media: MediaServer, path: str
) -> None:
    with pytest.raises(NotMediaError, match=r"a playlist \(\.m3u8\).*HLS is not supported") as no:
        bench.fetch(media.url(path), expect_media=False)

    assert "secret" not in str(no.value)
    assert media.requests() == []
    assert not bench.part.exists()


def test_a_part_that_is_no_film_is_not_called_complete(bench: Bench, media: MediaServer) -> None:
    noise = Film(MIB, head=b"")
    bench.part.write_bytes(noise.read())

    with pytest.raises(NotMediaError, match="no known video format"):
        bench.fetch(media.put(PATH, noise), resume=ResumeState(total_bytes=MIB))


# Limits and the disk


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_file_over_the_limit_is_refused(bench: Bench, media: MediaServer, framing: str) -> None:
    with pytest.raises(WrongFileError, match="larger than 1000000 bytes"):
        bench.fetch(media.put(PATH, FILM, Reply(framing=framing)), max_bytes=1_000_000)


def test_downloads_keep_to_the_bandwidth_they_share(bench: Bench, media: MediaServer) -> None:
    bench.rules = replace(RULES, limiter=TokenBucket(MIB, monotonic=lambda: 0.0))

    bench.fetch(media.put(PATH, Film(MIB), Reply()))

    # The clock stands still, so every byte is waited for again with each later one.
    assert max(bench.waits) > 0.9
    assert bench.part.read_bytes() == Film(MIB).read()


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_keeps_the_part_and_costs_no_attempt(bench: Bench, media: MediaServer) -> None:
    url = media.put(PATH, FILM)
    with file_size_limit(2 * MIB), pytest.raises(DiskFullError) as raised:
        bench.fetch(url)
    assert not raised.value.costs_attempt

    bench.fetch(url, resume=bench.resume)

    assert bench.part.read_bytes() == FILM.read()


def test_a_part_in_use_is_left_alone(bench: Bench, media: MediaServer) -> None:
    with open_part(bench.part), pytest.raises(PartInUseError):
        bench.fetch(media.put(PATH, FILM))

    assert media.requests() == []


def test_threads_share_an_engine(bench: Bench, media: MediaServer, tmp_path: Path) -> None:
    engine = bench.engine()
    films = {number: Film(3 * MIB, seed=number) for number in range(4)}

    def fetch(number: int) -> None:
        url = media.put(f"/{number}", films[number], Reply(cut_after=MIB), Reply())
        part = tmp_path / f"{number}.part"
        engine.fetch(
            FetchRequest(url=url, part=part, user_agent="x", max_bytes=10**9),
            on_progress=lambda _: None,
            should_stop=lambda: False,
        )

    threads = [Thread(target=fetch, args=(number,)) for number in films]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for number, film in films.items():
        assert (tmp_path / f"{number}.part").read_bytes() == film.read()


def test_a_recorded_answer_can_stand_in_for_the_network(bench: Bench) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, headers={"Content-Length": str(FILM.size)}, content=iter([FILM.read()])
        )

    engine = Engine(RULES, rng=Middling(), transport=httpx.MockTransport(answer))

    fetch_with(engine, bench, "http://film.example.invalid/1.mkv")

    assert bench.part.read_bytes() == FILM.read()


def test_without_a_wish_to_look_nobody_is_shown_the_start(bench: Bench, media: MediaServer) -> None:
    fetch_with(bench.engine(), bench, media.put(PATH, FILM))

    assert bench.part.read_bytes() == FILM.read()


def test_the_start_of_the_machine_is_read_from_the_system(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(http, "_BOOT_ID", tmp_path / "boot_id")
    assert http._boot_id() is None

    (tmp_path / "boot_id").write_text("abc\n")

    assert http._boot_id() == "abc"

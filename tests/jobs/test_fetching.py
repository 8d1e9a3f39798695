"""Files fetched without a service: what is on disk after each way it can go."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, Event

import pytest

from stalkeer.downloader.errors import (
    DiskFullError,
    LinkGoneError,
    ProviderBusyError,
    ProviderDownError,
    TransferCutError,
)
from stalkeer.downloader.files import open_part
from stalkeer.downloader.http import EngineRules, Progress
from stalkeer.errors import StalkeerError
from stalkeer.jobs.fetching import (
    LONGEST_WAIT_S,
    TRIES,
    Order,
    Outcome,
    Status,
    Terms,
    fetch_all,
    next_wait_s,
)
from tests.standins.media import Film, MediaServer, Reply, redirect

PATH = "/movie/joe/secret/7.mkv"
FILM = Film(5_000_000)
CUT = Reply(cut_after=2_000_000)


@dataclass
class Fetching:
    """A folder, and the audience that notes everything that was told and waited for."""

    folder: Path
    slept: list[float] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    announced: list[tuple[str, float]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    stopped: Event = field(default_factory=Event)
    stop_at: int | None = None
    meeting: Barrier = field(default_factory=lambda: Barrier(1))

    @property
    def film(self) -> Path:
        return self.folder / "film.mkv"

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def begins(self, order: Order, held_bytes: int) -> None:
        self.begun.append(held_bytes)
        self.meeting.wait(10)

    def moved(self, order: Order, progress: Progress) -> None:
        if self.stop_at is not None and progress.bytes_done >= self.stop_at:
            self.stopped.set()

    def waits(self, order: Order, error: StalkeerError, wait_s: float) -> None:
        self.announced.append((error.code, wait_s))
        if self.stop_at == 0:
            self.stopped.set()

    def ended(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def all(self, *orders: Order, parallel: int = 1, expect_media: bool = False) -> list[Outcome]:
        terms = Terms(
            rules=EngineRules(read_step_s=0.05),
            audience=self,
            user_agent="stalkeer",
            rng=random.Random(1),
            expect_media=expect_media,
            stopped=self.stopped,
            wait=self.slept.append,
        )
        return fetch_all(orders, terms, parallel=parallel)

    def one(self, url: str, *, expect_media: bool = False) -> Outcome:
        [outcome] = self.all(Order(url, self.film), expect_media=expect_media)
        assert self.outcomes[-1] == outcome
        return outcome


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    return Fetching(tmp_path)


@pytest.fixture
def media() -> Iterator[MediaServer]:
    with MediaServer() as server:
        yield server


def test_a_file_gets_its_name_and_nothing_stays_beside_it(
    fetching: Fetching, media: MediaServer
) -> None:
    outcome = fetching.one(media.put(PATH, FILM))

    assert (outcome.status, outcome.size_bytes, outcome.error) == ("complete", FILM.size, None)
    assert (outcome.was_there, outcome.is_length_verified) == (False, True)
    assert fetching.film.read_bytes() == FILM.read()
    assert fetching.names == ["film.mkv"]


def test_a_complete_file_is_left_alone_and_counts_as_done(
    fetching: Fetching, media: MediaServer
) -> None:
    url = media.put(PATH, FILM)
    fetching.one(url)
    before = fetching.film.stat()

    outcome = fetching.one(url)

    assert (outcome.status, outcome.was_there) == (Status.COMPLETE, True)
    after = fetching.film.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert media.bytes_served(PATH) == FILM.size + 64 * 1024


def test_what_a_kill_left_beside_a_complete_file_goes(
    fetching: Fetching, media: MediaServer
) -> None:
    order = Order(media.put(PATH, FILM), fetching.film)
    fetching.film.write_bytes(FILM.read())
    order.side.write_text("{}\n")

    fetching.all(order)

    assert fetching.names == ["film.mkv"]


def test_another_file_of_the_name_is_never_touched_and_named(
    fetching: Fetching, media: MediaServer
) -> None:
    fetching.film.write_bytes(b"my own film")

    outcome = fetching.one(media.put(PATH, FILM))

    assert outcome.status is Status.FAILED
    assert outcome.error is not None
    assert (outcome.error.code, str(fetching.film) in str(outcome.error)) == ("name_taken", True)
    assert fetching.film.read_bytes() == b"my own film"
    assert fetching.names == ["film.mkv"]


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_a_folder_or_link_to_nowhere_with_the_name_is_left_alone(
    fetching: Fetching, media: MediaServer, kind: str
) -> None:
    if kind == "folder":
        fetching.film.mkdir()
    else:
        fetching.film.symlink_to(fetching.folder / "nowhere")

    outcome = fetching.one(media.put(PATH, FILM))

    assert outcome.error is not None
    assert outcome.error.code == "name_taken"
    assert fetching.names == ["film.mkv"]
    assert media.requests() == []


def test_an_empty_file_is_a_reserved_name(fetching: Fetching, media: MediaServer) -> None:
    fetching.film.touch()

    outcome = fetching.one(media.put(PATH, FILM))

    assert outcome.status is Status.COMPLETE
    assert fetching.film.read_bytes() == FILM.read()


def test_a_stop_keeps_what_arrived_and_the_next_run_fetches_the_rest(
    fetching: Fetching, media: MediaServer
) -> None:
    url = media.put(PATH, FILM, Reply(stall_after=3_000_000), Reply())
    fetching.stop_at = 3_000_000

    first = fetching.one(url)
    again = Fetching(fetching.folder)
    second = again.one(url)

    assert (first.status, first.error, first.size_bytes) == (Status.STOPPED, None, 3_000_000)
    assert again.begun == [3_000_000]
    assert second.status is Status.COMPLETE
    assert again.film.read_bytes() == FILM.read()
    assert media.requests(PATH)[1].range == f"bytes={3_000_000 - 64 * 1024}-"


def test_a_stop_before_the_start_asks_nobody(fetching: Fetching, media: MediaServer) -> None:
    fetching.stopped.set()

    outcome = fetching.one(media.put(PATH, FILM))

    assert outcome.status is Status.STOPPED
    assert (media.requests(), fetching.names) == ([], [])


def test_the_side_file_is_one_line_of_json_without_the_address(
    fetching: Fetching, media: MediaServer
) -> None:
    url = media.put(PATH, FILM, Reply(stall_after=3_000_000))
    fetching.stop_at = 3_000_000

    fetching.one(url)

    side = fetching.folder / ".film.mkv.part.json"
    text = side.read_text()
    assert fetching.names == [".film.mkv.part", ".film.mkv.part.json"]
    assert (text.count("\n"), json.loads(text)["total_bytes"]) == (1, FILM.size)
    assert "secret" not in text
    assert "joe" not in text
    assert side.stat().st_mode & 0o077 == 0


def test_a_part_about_which_nothing_is_known_is_not_relied_on(
    fetching: Fetching, media: MediaServer
) -> None:
    order = Order(media.put(PATH, FILM), fetching.film)
    order.part.write_bytes(bytes(1_000_000) + FILM.read(1_000_000, 2_000_000))

    fetching.all(order)

    assert fetching.film.read_bytes() == FILM.read()


def test_a_broken_side_file_costs_no_right_byte(fetching: Fetching, media: MediaServer) -> None:
    order = Order(media.put(PATH, FILM), fetching.film)
    order.part.write_bytes(FILM.read(0, 2_000_000))
    order.side.write_bytes(b"\xff\xfe{")

    fetching.all(order)

    assert fetching.film.read_bytes() == FILM.read()


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        pytest.param(Reply(status=404, body=b""), "link_gone", id="gone"),
        pytest.param(Reply(body=b"<html>no</html>"), "not_media", id="html"),
        pytest.param(Reply(body=b'{"error": "no"}'), "not_media", id="json"),
        pytest.param(Reply(body=b"#EXTM3U\nhttp://x"), "not_media", id="playlist"),
        pytest.param(Reply(body=b"Sorry."), "not_media", id="text"),
    ],
)
def test_what_is_no_file_is_refused_and_leaves_nothing(
    fetching: Fetching, media: MediaServer, reply: Reply, code: str
) -> None:
    outcome = fetching.one(media.put(PATH, FILM, reply))

    assert outcome.error is not None
    assert outcome.error.code == code
    assert fetching.names == []


def test_any_bytes_are_a_file_unless_a_video_is_expected(
    fetching: Fetching, media: MediaServer
) -> None:
    url = media.put(PATH, Film(300_000, head=b"\x00\x01"))

    refused = fetching.one(url, expect_media=True)
    taken = fetching.one(url)

    assert (refused.error and refused.error.code, taken.status) == ("not_media", "complete")


def test_a_typed_host_is_allowed_and_its_redirect_into_the_house_is_not(
    fetching: Fetching, media: MediaServer
) -> None:
    inside = media.put("/inside", FILM).replace("127.0.0.1", "localhost")
    url = media.put(PATH, FILM, redirect(inside))

    outcome = fetching.one(url)

    assert outcome.error is not None
    assert outcome.error.code == "address_refused"


def test_an_address_that_is_none_fails_that_file_alone(
    fetching: Fetching, media: MediaServer
) -> None:
    bad = Order("http://[joe/secret", fetching.folder / "bad.mkv")
    good = Order(media.put(PATH, FILM), fetching.film)

    outcomes = fetching.all(bad, good, parallel=2)

    assert [outcome.status for outcome in outcomes] == ["failed", "complete"]
    assert "secret" not in repr(outcomes)


def test_a_busy_provider_is_waited_for_as_long_as_it_says(
    fetching: Fetching, media: MediaServer
) -> None:
    busy = Reply(status=429, body=b"", headers={"Retry-After": "77"})

    outcome = fetching.one(media.put(PATH, FILM, busy, busy, Reply()))

    assert outcome.status is Status.COMPLETE
    assert fetching.announced == [("provider_busy", 77), ("provider_busy", 77)]
    assert fetching.slept == [77, 77]


def test_a_provider_that_never_has_room_is_given_up_in_the_end(
    fetching: Fetching, media: MediaServer
) -> None:
    outcome = fetching.one(media.put(PATH, FILM, Reply(status=458, body=b"")))

    assert outcome.error is not None
    assert outcome.error.code == "provider_busy"
    assert len(media.requests()) == TRIES
    assert fetching.names == []


def test_new_bytes_make_the_failures_before_them_forgotten(
    fetching: Fetching, media: MediaServer
) -> None:
    busy = [Reply(status=458, body=b"")] * (TRIES - 1)

    outcome = fetching.one(media.put(PATH, FILM, *busy, CUT, *busy, Reply()))

    assert outcome.status is Status.COMPLETE
    assert len(fetching.announced) == 2 * (TRIES - 1)
    assert fetching.film.read_bytes() == FILM.read()


def test_a_stop_is_heard_in_a_wait(fetching: Fetching, media: MediaServer) -> None:
    url = media.put(PATH, FILM, Reply(status=458, body=b""))
    fetching.stop_at = 0

    outcome = fetching.one(url)

    assert outcome.status is Status.STOPPED
    assert len(media.requests()) == 1


def test_a_part_that_another_command_writes_is_left_to_it(
    fetching: Fetching, media: MediaServer
) -> None:
    order = Order(media.put(PATH, FILM), fetching.film)

    with open_part(order.part):
        [outcome] = fetching.all(order)

    assert outcome.error is not None
    assert outcome.error.code == "part_in_use"
    assert order.part.exists()


def test_a_folder_that_is_missing_is_said(fetching: Fetching, media: MediaServer) -> None:
    [outcome] = fetching.all(Order(media.put(PATH, FILM), fetching.folder / "no" / "film.mkv"))

    assert outcome.error is not None
    assert outcome.error.code == "folder_unavailable"
    assert fetching.names == []


def test_a_length_that_nothing_proved_is_said(fetching: Fetching, media: MediaServer) -> None:
    outcome = fetching.one(media.put(PATH, FILM, Reply(framing="close", ignore_range=True)))

    assert (outcome.status, outcome.is_length_verified) == (Status.COMPLETE, False)


@pytest.mark.parametrize("parallel", [1, 3])
def test_so_many_files_are_fetched_at_once_and_no_more(
    fetching: Fetching, media: MediaServer, parallel: int
) -> None:
    url = media.put(PATH, FILM)
    fetching.meeting = Barrier(parallel)

    outcomes = fetching.all(
        *(Order(url, fetching.folder / f"{number}.mkv") for number in range(3)), parallel=parallel
    )

    assert [outcome.status for outcome in outcomes] == ["complete"] * 3
    assert media.most_at_once(PATH) <= parallel


BUSY = ProviderBusyError("busy", status=458, retry_in_s=90)


@pytest.mark.parametrize(
    ("error", "failures", "wait_s"),
    [
        pytest.param(BUSY, 1, 90, id="as-it-says"),
        pytest.param(BUSY, TRIES - 1, 90, id="as-it-says-every-time"),
        pytest.param(BUSY, TRIES, None, id="often-enough"),
        pytest.param(
            ProviderBusyError("busy", status=429, retry_in_s=LONGEST_WAIT_S + 1),
            1,
            None,
            id="too-long-for-a-person",
        ),
        pytest.param(ProviderDownError("down"), 1, 5, id="outage"),
        pytest.param(ProviderDownError("down"), 2, 10, id="outage-again"),
        pytest.param(TransferCutError("cut"), 3, 20, id="cut"),
        pytest.param(LinkGoneError("gone"), 1, None, id="gone"),
        pytest.param(DiskFullError("full"), 1, None, id="somebody-must-make-room"),
    ],
)
def test_what_passes_is_waited_for_and_nothing_else(
    error: StalkeerError, failures: int, wait_s: float | None
) -> None:
    assert next_wait_s(error, failures, jitter=0) == wait_s


def test_an_order_does_not_show_its_address() -> None:
    assert "secret" not in repr(Order("http://tv.example.invalid/joe/secret/1", Path("film.mkv")))


def test_the_service_is_not_loaded() -> None:
    program = "import sys, stalkeer.jobs.fetching; print(*sys.modules)"

    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = set(ran.stdout.split())
    spared = {"peewee", "starlette", "dramatiq", "pydantic", "structlog", "stalkeer.db"}
    assert "stalkeer.jobs.fetching" in loaded
    assert loaded & spared == set()

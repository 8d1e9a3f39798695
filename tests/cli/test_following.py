"""How work is waited for: what is shown, and when the waiting ends."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from rich.console import Console
from rich.live import Live

from stalkeer.cli.client import ApiError, Client, ServiceGoneError
from stalkeer.cli.following import Follower, jobs_after, keys_of, newest
from stalkeer.cli.progress import Line, Moving, Plain
from stalkeer.cli.runs import resumable
from stalkeer.cli.showing import as_size, as_time_left

Answer = Callable[[httpx.Request], Any]
KEY = ("radarr", 12)


@dataclass
class Shown:
    """Remembers what it was shown."""

    lines: list[list[Line]] = field(default_factory=list)

    def show(self, lines: Sequence[Line]) -> None:
        self.lines.append(list(lines))


@dataclass
class Api:
    """An API of canned lists, newest first; `asked` counts what it was asked for."""

    jobs: list[dict[str, Any]] = field(default_factory=list)
    downloads: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    on_tick: Callable[[], None] = lambda: None

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix("/api/v1/"), request.url.params
        self.asked.append(path)
        if path == "downloads":
            self.on_tick()
        known = {
            "admin/jobs": self.jobs,
            "downloads": self.downloads,
            "missing/movies": self.missing,
            "missing/tvshows": [],
        }
        if path in known:
            rows = [
                row
                for row in known[path]
                if all(str(row.get(n)) == query[n] for n in ("status", "kind") if n in query)
            ]
            begin = int(query["offset"])
            page = rows[begin : begin + int(query["limit"])]
            return httpx.Response(200, json={"data": page, "total": len(rows)})
        job = next((job for job in self.jobs if path == f"admin/jobs/{job['id']}"), None)
        return httpx.Response(200 if job else 404, json=job or {"no": "error"})


def job(number: int, status: str = "running", kind: str = "download", **facts: Any) -> Any:
    item = {"instance": KEY[0], "arr_id": KEY[1], "title": "Heat (1995)"}
    unset = {"started_at": None, "result": None, "error": None}
    return {"id": number, "kind": kind, "status": status, "item": item} | unset | facts


def download(number: int = 1, **facts: Any) -> Any:
    row = {
        "id": number,
        "instance": KEY[0],
        "target_item_id": KEY[1],
        "title": "Heat (1995)",
        "status": "downloading",
        "import_status": None,
        "error_message": None,
        "bytes_downloaded": 0,
        "total_bytes": 1000,
        "progress_pct": 0.0,
        "retry_count": 0,
    }
    return row | facts


@contextmanager
def client_of(answer: Answer) -> Iterator[Client]:
    transport = httpx.MockTransport(answer)
    with httpx.Client(base_url="http://stalkeer", transport=transport) as http:
        yield Client(http, is_alone=False)


@dataclass
class Watch:
    """A clock that goes on by itself, and an event nobody waits for."""

    now: float = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


class NoWait(threading.Event):
    """An event whose waits are over at once."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def follow(api: Api, **options: Any) -> Shown:
    shown = Shown()
    with client_of(api.answer) as client:
        follower = Follower(
            client=client, display=shown, stopped=NoWait(), monotonic=Watch(), **options
        )
        follower.items({KEY})
    return shown


def test_the_wait_ends_when_nothing_works_on_the_items() -> None:
    api = Api(jobs=[job(7)], downloads=[download()])

    def finish() -> None:
        if len(api.asked) > 20:
            api.jobs[0]["status"] = "done"
            api.downloads[0] |= {"status": "completed", "import_status": "imported"}

    api.on_tick = finish

    assert follow(api).lines[-1][0].words == "imported"


def test_what_waits_for_something_outside_is_not_waited_for_for_ever() -> None:
    api = Api(
        jobs=[job(7, "ready")],
        downloads=[download(status="pending", error_message="Radarr does not see the folder")],
    )

    shown = follow(api, patience_s=20)

    assert shown.lines[-1][0].words == "pending: Radarr does not see the folder"


def test_what_will_be_tried_again_is_waited_for() -> None:
    api = Api(jobs=[job(7, "ready")], downloads=[download(status="retrying")])

    def give_up() -> None:
        if len(api.asked) > 300:
            api.jobs[0]["status"] = "failed"

    api.on_tick = give_up
    follow(api, patience_s=20)

    assert len(api.asked) > 300


def test_rate_and_time_left_follow_from_what_arrived() -> None:
    api = Api(jobs=[job(7)], downloads=[download()])

    def arrive() -> None:
        row = api.downloads[0]
        if row["bytes_downloaded"] < 900:
            row["bytes_downloaded"] += 100
        else:
            api.jobs[0]["status"] = "done"

    api.on_tick = arrive

    rates = [line.rate for lines in follow(api).lines for line in lines]
    assert rates[0] is None
    assert all(rate and rate > 0 for rate in rates[2:-1])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param(download(status="pending"), "pending", id="waits"),
        pytest.param(
            download(status="completed", import_status="pending"), "import pending", id="to-import"
        ),
        pytest.param(
            download(status="completed", import_status="failed", error_message="Sample"),
            "not imported: Sample",
            id="refused",
        ),
        pytest.param(download(status="failed", error_message="404"), "failed: 404", id="failed"),
    ],
)
def test_each_state_has_its_words(row: Any, words: str) -> None:
    assert follow(Api(downloads=[row])).lines[-1][0].words == words


@pytest.mark.parametrize(
    ("row", "is_returned"),
    [
        pytest.param(job(7, "done"), True, id="ended"),
        pytest.param(
            job(7, "ready", started_at="now", result={"reason": "Radarr is away"}),
            True,
            id="put-back",
        ),
    ],
)
def test_a_job_is_waited_for_until_it_ends_or_is_put_back(row: Any, is_returned: bool) -> None:
    with client_of(Api(jobs=[row]).answer) as client:
        follower = Follower(client=client, display=Shown(), stopped=NoWait())

        assert (follower.job(7, "Radarr", "is asked") == row) is is_returned


def test_jobs_after_one_are_found_over_pages() -> None:
    api = Api(jobs=[job(number, "done", "search") for number in range(600, 0, -1)])

    with client_of(api.answer) as client:
        found = jobs_after(client, "radarr", 150)

    assert [found[0]["id"], found[-1]["id"], len(found)] == [600, 151, 450]
    assert keys_of(found) == {KEY}


def test_of_several_downloads_of_an_item_the_newest_counts() -> None:
    api = Api(downloads=[download(2), download(1), download(3, target_item_id=99)])

    with client_of(api.answer) as client:
        assert [row["id"] for row in newest(client, {KEY})] == [2]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        pytest.param({}, [5, 3], id="all"),
        pytest.param({"limit": 1}, [5], id="limit"),
        pytest.param({"max_retries": 2}, [3], id="retries"),
    ],
)
def test_what_can_be_resumed_is_one_download_for_each_missing_item(
    options: dict[str, int], ids: list[int]
) -> None:
    api = Api(
        downloads=[
            download(5, status="failed", retry_count=3),
            download(4, status="failed", target_item_id=13, retry_count=1),
            download(3, status="pending", target_item_id=13),
            download(2, status="failed", target_item_id=99),
        ],
        missing=[
            {"instance": "radarr", "arr_id": number, "state": "failed"} for number in (12, 13)
        ],
    )

    with client_of(api.answer) as client:
        assert [row["id"] for row in resumable(client, [], **options)] == ids


# --- the API ---


def test_a_service_that_went_away_is_said_plainly() -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with client_of(gone) as client, pytest.raises(ServiceGoneError, match="does not answer"):
        client.get("downloads")


def test_an_answer_that_is_none_of_ours_is_named_by_its_status() -> None:
    with client_of(Api().answer) as client, pytest.raises(ApiError, match="404"):
        client.get("admin/jobs/7")


# --- displays ---


def test_plain_lines_are_said_once_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    plain = Plain()
    for words in ("pending", "downloading", "downloading", "imported"):
        plain.show([Line(title="Heat", words=words)])

    assert capsys.readouterr().err == "Heat: pending\nHeat: downloading\nHeat: imported\n"


def test_a_terminal_shows_name_share_rate_and_time_left() -> None:
    drawn = io.StringIO()
    lines = [
        Line(title="[red]Heat", words="downloading", percent=25, rate=2e6, left_s=3723),
        Line(title="Alien", words="waits"),
    ]

    with Live(console=Console(file=drawn, width=100), auto_refresh=False) as live:
        Moving(live).show(lines)

    assert "[red]Heat  25 %  2.0 MB/s  1:02:03  downloading" in drawn.getvalue()
    assert "Alien" in drawn.getvalue()


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (734_003_200, "734.0 MB"), (2e16, "20000.0 TB")],
)
def test_sizes_are_read_at_a_glance(size_bytes: float | None, text: str) -> None:
    assert as_size(size_bytes) == text


@pytest.mark.parametrize(("seconds", "text"), [(None, "-"), (59.9, "0:59"), (3723, "1:02:03")])
def test_times_are_read_at_a_glance(seconds: float | None, text: str) -> None:
    assert as_time_left(seconds) == text

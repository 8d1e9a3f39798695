"""The SQL that the README tells people to type, run as it stands there, on both databases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stalkeer.core.jobs import DownloadChange, Ended, Lease, done
from stalkeer.core.states import DownloadStatus, ImportStatus, JobStatus
from stalkeer.db.store import Store
from tests.builders import LIMITS, OWNER, entry, learn, movie, publish, start_download, take

README = Path(__file__).parents[2] / "README.md"
SIZE = 800_000_000
PATH = "/movies/Heat (1995)/Heat (1995).mkv"
REASON = "the file is cut off, its own header says"

Row = dict[str, Any]


def examples() -> list[str]:
    """Take every block of SQL that stands under a heading about SQL."""
    sections = re.split(r"^(?=#+ )", README.read_text(), flags=re.MULTILINE)
    about_sql = [section for section in sections if "SQL" in section.partition("\n")[0]]
    return [block for one in about_sql for block in re.findall(r"```sql\n(.*?)```", one, re.DOTALL)]


def begin(store: Store, number: int, title: str) -> tuple[int, Lease]:
    """Start the download of a film; return its id and the lease."""
    item_id = learn(store, movie(number, title))
    film = entry(title, f"http://h{number}.example.invalid/{number}.mkv")
    [entry_id] = publish(store, film, name=f"list-{number}")
    job, lease = take(store, start_download(store, [item_id], entry_id).id)
    return job.download_id or 0, lease


@pytest.fixture
def three(store: Store) -> dict[str, int]:
    """One download that is complete, one that runs and one that failed; their ids."""
    complete, lease = begin(store, 1, "Heat")
    change = DownloadChange(
        download_id=complete,
        status=DownloadStatus.COMPLETED,
        import_status=ImportStatus.PENDING,
        download_path=PATH,
        file_size=SIZE,
    )
    store.leases.end(lease, done("downloaded", download=change), LIMITS)
    running, lease = begin(store, 2, "Ronin")
    store.leases.progress(lease, done=SIZE // 4, total=SIZE, resume_token="{}")
    failed, lease = begin(store, 3, "Alien")
    store.leases.end(
        lease, Ended(status=JobStatus.FAILED, error_code="truncated", error=REASON), LIMITS
    )
    return {"complete": complete, "running": running, "failed": failed}


def ask(store: Store, sql: str) -> list[Row]:
    def rows() -> list[Row]:
        cursor = store.db.execute(sql.strip().rstrip(";"))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return store.db.read(rows)


def answers(store: Store) -> Sequence[list[Row]]:
    found = examples()
    assert found, "the README has no SQL under a heading that says SQL"
    return [ask(store, sql) for sql in found]


def about(store: Store, download_id: int) -> list[Row]:
    """Give the rows of the examples that are about this one download alone."""
    return [
        rows[0] for rows in answers(store) if len(rows) == 1 and rows[0].get("id") == download_id
    ]


def test_every_example_finds_something(store: Store, three: dict[str, int]) -> None:
    assert [len(rows) > 0 for rows in answers(store)] == [True] * len(examples())


def test_an_example_lists_all_downloads_with_their_states(
    store: Store, three: dict[str, int]
) -> None:
    listed = [
        rows for rows in answers(store) if {row.get("id") for row in rows} == {*three.values()}
    ]

    assert listed, "no example lists all downloads"
    states = {row["id"]: row["status"] for row in listed[0]}
    assert states == {
        three["complete"]: "completed",
        three["running"]: "downloading",
        three["failed"]: "failed",
    }
    assert any(PATH in row.values() for row in listed[0])


def test_an_example_shows_what_runs_with_its_per_cent(store: Store, three: dict[str, int]) -> None:
    shown = about(store, three["running"])

    assert shown, "no example shows what runs"
    numbers = [float(value) for row in shown for name, value in row.items() if "percent" in name]
    assert numbers == [25.0]
    assert any(OWNER in row.values() for row in shown)


def test_an_example_shows_what_failed_with_the_reason(store: Store, three: dict[str, int]) -> None:
    shown = about(store, three["failed"])

    assert shown, "no example shows what failed"
    assert any(REASON in row.values() for row in shown)

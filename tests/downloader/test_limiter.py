"""The bandwidth limit that downloads share."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from stalkeer.downloader.limiter import MIN_READ_BYTES, Bandwidth, Limits, TokenBucket

MIB = 1024 * 1024


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_a_limit_nobody_waits_and_reads_are_whole() -> None:
    bucket = TokenBucket()

    assert bucket.take(10**9) == 0
    assert bucket.read_limit(MIB) == MIB


def test_bytes_are_paid_for_by_waiting_after_them() -> None:
    clock = Clock()
    bucket = TokenBucket(1000, monotonic=clock)

    assert bucket.take(500) == pytest.approx(0.5)
    assert bucket.take(500) == pytest.approx(1.0)
    clock.now += 1.0
    assert bucket.take(100) == pytest.approx(0.1)


def test_what_was_not_used_is_saved_for_a_tenth_of_a_second_only() -> None:
    clock = Clock()
    bucket = TokenBucket(1000, monotonic=clock)
    clock.now += 3600

    assert bucket.take(100) == 0
    assert bucket.take(100) == pytest.approx(0.1)


@pytest.mark.parametrize("streams", [1, 8])
@pytest.mark.parametrize("rate", [200_000, 5_000_000, 100_000_000])
def test_the_rate_over_a_minute_is_the_one_asked_for(rate: int, streams: int) -> None:
    clock = Clock()
    bucket = TokenBucket(rate, monotonic=clock)
    ready = [clock.now] * streams
    count = 0

    while min(ready) < 160:
        each = ready.index(min(ready))
        clock.now = ready[each]
        read = bucket.read_limit(MIB)
        count += read
        ready[each] = clock.now + bucket.take(read)

    assert count / 60 == pytest.approx(rate, rel=0.05)


def test_the_limit_can_be_changed_and_lifted_at_run_time() -> None:
    clock = Clock()
    bucket = TokenBucket(1000, monotonic=clock)
    bucket.take(1_000_000)

    bucket.rate_bytes_s = 2000

    assert bucket.rate_bytes_s == 2000
    assert bucket.take(2000) == pytest.approx(1.0)
    bucket.rate_bytes_s = 0
    assert bucket.take(10**9) == 0


def test_reads_under_a_limit_are_a_twentieth_of_a_second_of_a_fair_share() -> None:
    bucket = TokenBucket(20 * MIB)

    with bucket.stream(), bucket.stream():
        shared = bucket.read_limit(MIB)
    with bucket.stream():
        alone = bucket.read_limit(4 * MIB)

    assert shared == MIB // 2
    assert alone == MIB
    assert TokenBucket(1000).read_limit(MIB) == MIN_READ_BYTES
    assert TokenBucket(10**12).read_limit(MIB) == MIB


def test_threads_may_share_a_bucket() -> None:
    clock = Clock()
    bucket = TokenBucket(1000, monotonic=clock)
    threads = [Thread(target=lambda: [bucket.take(1) for _ in range(1000)]) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert bucket.take(0) == pytest.approx(8.0)


def test_processes_that_name_one_file_share_one_limit(tmp_path: Path) -> None:
    clock = Clock()
    ours = TokenBucket(1000, file=tmp_path / "limits" / "all", monotonic=clock)
    theirs = TokenBucket(1000, file=tmp_path / "limits" / "all", monotonic=clock)

    assert ours.take(500) == pytest.approx(0.5)
    assert theirs.take(500) == pytest.approx(1.0)


def test_a_limit_that_one_process_changes_holds_for_all(tmp_path: Path) -> None:
    ours = TokenBucket(1000, file=tmp_path / "all")
    theirs = TokenBucket(1000, file=tmp_path / "all")

    theirs.rate_bytes_s = 0

    assert ours.rate_bytes_s == 0
    assert ours.take(10**9) == 0


def test_a_file_of_before_a_restart_of_the_machine_grants_and_owes_nothing(tmp_path: Path) -> None:
    clock = Clock()
    TokenBucket(1000, file=tmp_path / "all", monotonic=clock).take(10)
    clock.now = 5.0

    assert TokenBucket(1000, file=tmp_path / "all", monotonic=clock).take(500) <= 0.51


def test_of_two_limits_the_stricter_decides() -> None:
    clock = Clock()
    limits = Limits(TokenBucket(1000, monotonic=clock), TokenBucket(100_000, monotonic=clock))

    with limits.stream():
        assert limits.read_limit(MIB) == MIN_READ_BYTES
        assert limits.take(500) == pytest.approx(0.5)


def test_each_provider_has_a_limit_of_its_own_that_may_change(tmp_path: Path) -> None:
    bandwidth = Bandwidth(0, folder=tmp_path)

    first = bandwidth.of("tv.example.invalid:8080/../x", 1000)

    assert first.rate_bytes_s == 1000
    assert bandwidth.of("other.example.invalid", 0).rate_bytes_s == 0
    assert bandwidth.of("tv.example.invalid:8080/../x", 500) is first
    assert first.rate_bytes_s == 500
    assert bandwidth.overall.rate_bytes_s == 0

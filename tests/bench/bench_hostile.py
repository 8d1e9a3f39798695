"""Press the web part with what nobody sends who means well, and measure what it costs.

    python -m tests.bench.bench_hostile [--seconds 5]

Printed for each kind of press: the answers by status, the peak of memory over idle (bar 50 MiB)
and how many answers were 5xx (bar 0). At last how long `/ping` takes to answer again while 300
connections say nothing to a process of 256 descriptors (bar 15 s).
"""

from __future__ import annotations

import argparse
import resource
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psutil

from tests.bench.load import KEY, MIB, line, stalkeer
from tests.web.test_hostile import BODIES, TARGETS, statuses

AT_ONCE = 16
IDLE = 300
DESCRIPTORS = 256
Press = Callable[[int, float], Counter[int]]
"""Presses a port for so many seconds and counts the answers; 0 is a connection without any."""


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name, stalkeer(Path(name), "up") as (port, pid):
        # What is loaded with the first answers is no cost of a press.
        broken_json(port, 1)
        idle = psutil.Process(pid).memory_info().rss
        line("idle", "none", idle / MIB, unit="MiB", digits=0)
        for what, press in PRESSES.items():
            with watched(pid) as peak:
                answers = press(port, seconds)
            failed = sum(count for status, count in answers.items() if status >= 500)
            over = (max(peak) - idle) / MIB
            line(f"{what}, answers {dict(sorted(answers.items()))}: 5xx", "0", failed, digits=0)
            line(f"{what}: peak over idle", "at most 50", over, unit="MiB", digits=0)
    what = f"{IDLE} idle connections, {DESCRIPTORS} descriptors: /ping again after"
    line(what, "at most 15", silent(), unit="s", digits=1)


def broken_json(port: int, seconds: float) -> Counter[int]:
    """Send every kind of JSON that is none to everything that takes a body."""
    bodies = [request(method, path, body) for method, path in TARGETS for body in BODIES.values()]
    return pressed(port, seconds, bodies)


def oversized(port: int, seconds: float) -> Counter[int]:
    """Send bodies of 8 MiB, whole and in chunks that do not end."""
    method, path = TARGETS[0]
    body = b'{"a": "' + b"x" * 8 * MIB
    chunked = f"{method} {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n"
    chunks = f"{chunked}Transfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"%x\r\n%s\r\n" % (MIB, b"x" * MIB)
    bombs = [request(method, path, body), chunks + chunk * 8]
    return pressed(port, seconds, bombs)


def pipelined(port: int, seconds: float) -> Counter[int]:
    """Send a thousand requests without waiting for an answer."""
    ping = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
    end = b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    listed = ping.replace(b"/ping", b"/api/v1/admin/jobs?limit=500&apikey=" + KEY.encode())
    return pressed(port, seconds, [ping * 999 + end, listed * 999 + end])


def headers(port: int, seconds: float) -> Counter[int]:
    """Send one header of 4 MiB, 20,000 small ones, and a path of 1 MiB."""
    start = b"GET /ping HTTP/1.1\r\nHost: x\r\n"
    bombs = [
        start + b"X-Long: " + b"x" * 4 * MIB + b"\r\n\r\n",
        start + b"".join(b"X-%d: y\r\n" % number for number in range(20_000)) + b"\r\n",
        b"GET /" + b"x" * MIB + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    return pressed(port, seconds, bombs)


def slow(port: int, seconds: float) -> Counter[int]:
    """Send 200 heads and 200 bodies a byte at a time, and hang up."""
    heads = [b"GET /ping HTTP/1.1\r\nX-Slow: "] * 200
    bodies = [request(*TARGETS[0], b"x" * MIB)[: -MIB + 10]] * 200
    ends_at, answers = time.monotonic() + seconds, Counter[int]()
    with ExitStack() as stack:
        open_ones = []
        for start in (*heads, *bodies):
            each = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
            each.sendall(start)
            open_ones.append(each)
        while time.monotonic() < ends_at:
            for each in open_ones:
                with suppress(OSError):
                    each.sendall(b"x")
            time.sleep(0.2)
        answers[0] = len(open_ones)
        answers.update(talk(port, b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    return answers


PRESSES: dict[str, Press] = {
    "broken JSON of every kind": broken_json,
    "bodies of 8 MiB": oversized,
    "1000 requests at once": pipelined,
    "header bombs": headers,
    "400 that drip": slow,
}


def request(method: str, path: str, body: bytes) -> bytes:
    """Make the bytes of a request after which the connection ends."""
    head = [f"{method} {path} HTTP/1.1", "Host: x", f"X-Api-Key: {KEY}", "Connection: close"]
    head += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


def pressed(port: int, seconds: float, requests: list[bytes]) -> Counter[int]:
    """Send them in turn over many connections, until the time is over and each was sent once."""
    ends_at, answers, lock = time.monotonic() + seconds, Counter[int](), threading.Lock()

    def send(first: int) -> None:
        for at in range(first, 10**9, AT_ONCE):
            if at >= len(requests) and time.monotonic() > ends_at:
                return
            heard = talk(port, requests[at % len(requests)])
            with lock:
                answers.update(heard or [0])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, range(AT_ONCE)))
    return answers


def talk(port: int, said: bytes) -> list[int]:
    """Send bytes, and hear the statuses of all answers until the server hangs up."""
    received = b""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        with suppress(OSError):
            connection.sendall(said)
        with suppress(OSError):
            while chunk := connection.recv(65536):
                received += chunk
    return statuses(received)


@contextmanager
def watched(pid: int) -> Iterator[list[int]]:
    """Note the memory of a process a hundred times a second while the block lasts."""
    process, seen, over = psutil.Process(pid), [0], threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            seen.append(process.memory_info().rss)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def silent() -> float:
    """Open connections that say nothing, and measure until somebody else is answered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 1024), hard), hard))
    through = ("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}")
    ping = b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with (
        tempfile.TemporaryDirectory() as name,
        stalkeer(Path(name), "up", through=through) as (port, _),
        ExitStack() as stack,
    ):
        for _ in range(IDLE):
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
        started = time.monotonic()
        while talk(port, ping) != [200]:
            time.sleep(0.1)
        return time.monotonic() - started


if __name__ == "__main__":
    main()

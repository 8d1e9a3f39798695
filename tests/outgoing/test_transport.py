"""How a connection is made and waited for."""

from __future__ import annotations

import socket
from functools import partial

import httpcore
import httpx
import pytest

from stalkeer.outgoing.address import check
from stalkeer.outgoing.errors import DownloadStoppedError
from stalkeer.outgoing.transport import (
    JudgedBackend,
    JudgedTransport,
    Patience,
    PatientStream,
    resolve,
)
from stalkeer.outgoing.trust import Trust


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Dripping(httpcore.NetworkStream):
    """Brings one byte a second, or nothing at all; counts the waits."""

    def __init__(self, clock: Clock, *, silent: bool = False) -> None:
        self._clock = clock
        self._silent = silent
        self.waits: list[float | None] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.waits.append(timeout)
        self._clock.now += timeout or 1 if self._silent else 1
        if self._silent:
            raise httpcore.ReadTimeout
        return b"x"

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.waits.append(timeout)


def test_silence_is_waited_for_in_steps_up_to_the_timeout() -> None:
    clock = Clock()
    stream = Dripping(clock, silent=True)
    patient = PatientStream(stream, Patience(5, lambda: False, clock))

    with pytest.raises(httpcore.ReadTimeout):
        patient.read(10, timeout=12)

    assert stream.waits == [5, 5, 2]


def test_silence_without_a_timeout_ends_with_a_stop() -> None:
    clock = Clock()
    patient = PatientStream(
        Dripping(clock, silent=True), Patience(5, lambda: clock.now > 100, clock)
    )

    with pytest.raises(DownloadStoppedError):
        patient.read(10)

    assert 100 < clock.now <= 110


def test_an_answer_that_drips_is_given_up_when_its_time_is_over() -> None:
    clock = Clock()
    patience = Patience(5, lambda: False, clock, answer_until=60)
    patient = PatientStream(Dripping(clock), patience)

    read = b"".join(patient.read(10, timeout=60) for _ in range(60))

    with pytest.raises(httpcore.ReadTimeout):
        patient.read(10, timeout=60)
    assert len(read) == 60


def test_the_names_of_this_machine_resolve_to_addresses() -> None:
    assert set(resolve("localhost", 80)) <= {"127.0.0.1", "::1"}
    assert resolve("127.1", 80) == ["127.0.0.1"]


def test_a_name_that_is_no_name_cannot_be_resolved() -> None:
    patience = Patience(1, lambda: False, Clock())
    backend = JudgedBackend(resolve, partial(check, allowed_hosts=()), patience)

    with pytest.raises(httpcore.ConnectError, match="cannot be resolved"):
        backend.connect_tcp("a" * 70 + ".example.invalid", 80)


def test_a_stop_is_heard_between_two_addresses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        backend = JudgedBackend(
            lambda *_: ["127.0.0.1"], lambda *_: None, Patience(1, lambda: True, Clock())
        )

        with pytest.raises(DownloadStoppedError):
            backend.connect_tcp("film.example.invalid", port)


def test_errors_of_the_network_are_those_of_httpx() -> None:
    def refuse(*_: object) -> list[str]:
        raise OSError(-2, "Name or service not known")

    patience = Patience(1, lambda: False, Clock())
    transport = JudgedTransport(JudgedBackend(refuse, lambda *_: None, patience), Trust())

    with pytest.raises(httpx.ConnectError):
        transport.handle_request(httpx.Request("GET", "http://film.example.invalid/"))

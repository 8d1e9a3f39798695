"""Whose certificates are believed: those of the system, or nobody's for a host that says so."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stalkeer.outgoing import trust
from stalkeer.outgoing.transport import JudgedBackend, JudgedTransport, Patience, resolve
from stalkeer.outgoing.trust import Trust, certificate_fault, new_trust
from tests.standins.media import Film, MediaServer, authority

FILM = Film(1000)


@pytest.fixture
def unread() -> Iterator[None]:
    """Have the authorities of the system read again."""
    trust._system_trust.cache_clear()
    yield
    trust._system_trust.cache_clear()


@pytest.fixture
def server() -> Iterator[str]:
    """Serve over TLS, with a certificate whose authority the system does not know."""
    with MediaServer(tls=True) as media:
        yield media.put("/film.mkv", FILM)


def status(url: str, trust: Trust) -> int:
    patience = Patience(1, lambda: False, time.monotonic)
    way = JudgedTransport(JudgedBackend(resolve, lambda *_: None, patience), trust)
    with httpx.Client(transport=way) as client:
        return client.get(url).status_code


def test_an_authority_that_the_system_names_is_believed(
    server: str, tmp_path: Path, unread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority().cert_pem.write_to_path(tmp_path / "ours.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ours.pem"))

    assert status(server, Trust()) == 200


def test_a_certificate_of_nobody_is_refused(server: str) -> None:
    with pytest.raises(httpx.ConnectError) as caught:
        status(server, Trust())

    assert "unable to get local issuer" in (certificate_fault(caught.value) or "")


def test_a_host_that_needs_no_certificate_is_asked_all_the_same(server: str) -> None:
    assert status(server, Trust(unverified_hosts={"127.0.0.1"})) == 200


def test_one_host_without_a_certificate_speaks_for_no_other(server: str) -> None:
    with pytest.raises(httpx.ConnectError):
        status(server, Trust(unverified_hosts={"nas.lan"}))


def test_the_authorities_are_read_once_and_not_before_they_are_needed(unread: None) -> None:
    with MediaServer() as media:
        assert status(media.put("/film.mkv", FILM), Trust()) == 200
    assert trust._system_trust.cache_info().currsize == 0

    assert Trust().context_of("one.example") is Trust().context_of("other.example")


def test_a_system_without_authorities_is_helped_out_and_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "empty"))

    context = new_trust()

    assert context.cert_store_stats()["x509_ca"] > 50
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert "no certificates of authorities" in "".join(capsys.readouterr())


def test_a_folder_of_authorities_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0a1b2c3d.0").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    assert new_trust().cert_store_stats()["x509_ca"] == 0

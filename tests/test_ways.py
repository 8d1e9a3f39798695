"""What the settings mean for the way out: to instances, playlists and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stalkeer.arr.errors import ArrAnswerError, ArrUnreachableError
from stalkeer.downloader.errors import TlsError
from stalkeer.downloader.http import Engine, FetchRequest
from stalkeer.downloader.limiter import TokenBucket
from stalkeer.jobs.meters import Meters
from stalkeer.jobs.sources import probe
from stalkeer.outgoing.transport import Resolve, resolve
from stalkeer.playlist.errors import PlaylistUnreachableError
from stalkeer.playlist.terms import Source
from stalkeer.settings import Settings, load
from stalkeer.wiring.clients import Clients, Leave
from stalkeer.wiring.instances import known_instances
from stalkeer.wiring.rules import engine_rules
from stalkeer.wiring.sources import source_rules
from tests.downloader.conftest import Middling
from tests.standins.media import Film, MediaServer, Reply
from tests.standins.radarr import Radarr

FILM = Film(3_000_000)
LIST = b"#EXTM3U\n#EXTINF:-1,Heat (1995)\nhttp://h.example.invalid/1.mkv\n"
UNVERIFIED = {"DOWNLOADS_UNVERIFIED_HOSTS": "nas.lan, 127.0.0.1"}
REMEDY = "STALKEER_DOWNLOADS_UNVERIFIED_HOSTS"


@pytest.fixture
def radarr(tmp_path: Path) -> Iterator[Radarr]:
    (tmp_path / "movies").mkdir()
    with Radarr(root=tmp_path / "movies") as stand_in:
        yield stand_in


@pytest.fixture
def tls() -> Iterator[MediaServer]:
    """A server whose authority nobody knows."""
    with MediaServer(tls=True) as media:
        yield media


def settings(**given: str) -> Settings:
    named = {f"STALKEER_{name}": value for name, value in given.items()}
    return load(named, folder=Path("/nowhere"))


def ask_radarr(
    url: str,
    *,
    key: str = "key",
    resolve: Resolve = resolve,
    wait: Callable[[float], None] = lambda _: None,
    unverified: str = "",
) -> str:
    """Ask the Radarr of such settings what it is."""
    read = settings(RADARR_URL=url, RADARR_API_KEY=key, DOWNLOADS_UNVERIFIED_HOSTS=unverified)
    leave = Leave(read.downloads.allowed_hosts, read.downloads.unverified_hosts)
    with closing(Clients(wait, Meters(), resolve=resolve)) as clients:
        known = known_instances(read, {}, webhook_password="")
        return clients.of(known, leave)["radarr"].status().app_name


def test_an_instance_may_be_on_this_machine(radarr: Radarr) -> None:
    assert ask_radarr(radarr.url, key=radarr.api_key) == "Radarr"


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "0.0.0.0", "[ff02::1]"])
def test_no_instance_is_asked_at_the_address_of_a_cloud_s_metadata(host: str) -> None:
    waits: list[float] = []

    with pytest.raises(ArrUnreachableError, match=r"is not asked.*_ALLOWED_HOSTS"):
        ask_radarr(f"http://{host}:7878", wait=waits.append)

    assert waits == [], "it is no better a second later"


def test_the_name_of_an_instance_is_judged_by_where_it_leads_when_it_is_asked() -> None:
    with pytest.raises(ArrUnreachableError, match=r"link-local address \(169\.254\.169\.254\)"):
        ask_radarr("http://radarr.example.invalid", resolve=lambda *_: ["169.254.169.254"])


def test_an_instance_is_verified_unless_its_host_is_left_out(tls: MediaServer) -> None:
    url = tls.put("/api/v3/system/status", FILM, Reply(status=200, body=b"{}")).partition("/api")[0]

    with pytest.raises(ArrUnreachableError, match=rf"certificate is not trusted.*{REMEDY}"):
        ask_radarr(url)
    with pytest.raises(ArrAnswerError):
        ask_radarr(url, unverified="127.0.0.1")


def test_a_playlist_is_verified_unless_its_host_is_left_out(tls: MediaServer) -> None:
    source = Source(
        name="tv", location=tls.put("/l.m3u", FILM, Reply(status=200, body=LIST)), is_typed=True
    )

    with pytest.raises(PlaylistUnreachableError, match=rf"certificate is not trusted.*{REMEDY}"):
        probe(source, source_rules(settings()))
    assert probe(source, source_rules(settings(**UNVERIFIED))).size_bytes == len(LIST)


def test_a_file_is_verified_unless_its_host_is_left_out(tls: MediaServer, tmp_path: Path) -> None:
    request = FetchRequest(
        url=tls.put("/film.mkv", FILM),
        part=tmp_path / "part",
        user_agent="tests",
        max_bytes=10**9,
    )

    def fetch(**given: str) -> int:
        rules = engine_rules(settings(DOWNLOADS_ALLOWED_HOSTS="127.0.0.1", **given), TokenBucket())
        engine = Engine(rules, rng=Middling())
        fetched = engine.fetch(request, on_progress=lambda _: None, should_stop=lambda: False)
        return fetched.size_bytes

    with pytest.raises(TlsError, match=REMEDY):
        fetch()
    assert fetch(**UNVERIFIED) == FILM.size

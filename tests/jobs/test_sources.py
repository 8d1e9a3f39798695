"""How playlists of every kind are opened, and where their addresses may lead."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stalkeer.db.playlists import PanelAccount
from stalkeer.db.store import Store
from stalkeer.downloader.errors import AddressRefusedError
from stalkeer.jobs.sources import open_playlist, probe, source_of
from stalkeer.playlist.errors import (
    AccountExpiredError,
    PlaylistNotFoundError,
    PlaylistUnreachableError,
)
from stalkeer.playlist.stream import SourceLimits
from stalkeer.playlist.terms import NotModified, OpenSource, Source, SourceKind, SourceRules
from tests.playlist.conftest import Site
from tests.playlist.conftest import make_site as make_site
from tests.playlist.conftest import site as site
from tests.standins.xtream import PASSWORD, USERNAME, Panel, film

LIST = b"#EXTM3U\n#EXTINF:-1,Heat (1995)\nhttp://host.example.invalid/movie/u/p/7.mkv\n"
RULES = SourceRules(user_agent="stalkeer/1")


def typed(location: str, **fields: Any) -> Source:
    return Source(name="films", location=location, is_typed=True, **fields)


def read(source: Source, rules: SourceRules = RULES, **options: Any) -> bytes:
    with open_playlist(source, rules, **options) as opened:
        assert isinstance(opened, OpenSource)
        return b"".join(opened)


def login_of(site: Site) -> list[bytes | None]:
    found = [headers.get("Authorization") for _, headers in site.asked]
    return [
        None if text is None else base64.b64decode(text.removeprefix("Basic ")) for text in found
    ]


# --- what a playlist says of itself ---


def test_a_row_of_the_database_says_all_of_its_source(store: Store) -> None:
    account = PanelAccount(name="p", location="http://panel.lan", username="joe", password="word")
    store.playlists.configure([("films", "/lists/films.m3u")], [account])
    store.playlists.add("by-hand", "http://host.example.invalid/x.m3u")

    found = [source_of(row) for row in store.playlists.all()]

    assert found == [
        Source(name="films", location="/lists/films.m3u", is_typed=True),
        Source(
            name="p",
            location="http://panel.lan",
            kind=SourceKind.XTREAM,
            username="joe",
            password="word",
            is_typed=True,
        ),
        Source(name="by-hand", location="http://host.example.invalid/x.m3u"),
    ]


def test_its_own_name_password_and_user_agent_win_over_those_of_all(site: Site) -> None:
    url = site.gives("/x", LIST)
    rules = SourceRules(user_agent="stalkeer/1", auth=("all", "general"))

    read(typed(url), rules)
    read(typed(url, username="joe", password="word", user_agent="VLC/3"), rules)

    assert login_of(site) == [b"all:general", b"joe:word"]
    assert [headers["User-Agent"] for _, headers in site.asked] == ["stalkeer/1", "VLC/3"]


def test_the_password_of_the_settings_is_sent_to_no_playlist_that_was_added_later(
    site: Site,
) -> None:
    rules = SourceRules(auth=("all", "general"), allowed_hosts=frozenset({"127.0.0.1"}))

    read(Source(name="other", location=site.gives("/x", LIST)), rules)

    assert login_of(site) == [None]


def test_a_file_needs_no_network(tmp_path: Path) -> None:
    path = tmp_path / "films.m3u"
    path.write_bytes(LIST)

    assert read(Source(name="films", location=str(path))) == LIST


def test_an_unchanged_list_costs_one_request_and_no_body(site: Site) -> None:
    url = site.gives("/x", b"", status=304)

    with open_playlist(typed(url), RULES, etag='"a"', last_modified="Fri") as opened:
        assert isinstance(opened, NotModified)

    assert len(site.asked) == 1


def test_a_panel_is_opened_as_a_list(tmp_path: Path) -> None:
    with Panel() as panel:
        panel.films = [film(7, "Heat (1995)")]
        source = typed(panel.url, kind=SourceKind.XTREAM, username=USERNAME, password=PASSWORD)

        text = read(source, SourceRules(cache_dir=tmp_path)).decode()

    assert f"{panel.url}/movie/{USERNAME}/{PASSWORD}/7.mkv" in text


# --- a look without reading ---


def test_a_probe_reads_nothing_of_a_list(site: Site) -> None:
    def answer(request: Any) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000000000")
        request.send_header("ETag", '"a"')
        request.end_headers()

    site.answers["/x"] = answer

    assert probe(typed(site.url + "/x"), RULES).etag == '"a"'


def test_a_probe_of_a_panel_only_logs_in() -> None:
    with Panel() as panel:
        source = typed(panel.url, kind=SourceKind.XTREAM, username=USERNAME, password=PASSWORD)

        account = probe(source, RULES).account
        panel.user["status"] = "Expired"
        with pytest.raises(AccountExpiredError):
            probe(source, RULES)

    assert account is not None
    assert panel.asked == ["login", "login"]


# --- where an address may lead ---


class Names(dict[str, list[str]]):
    """What names resolve to."""

    def resolve(self, host: str, port: int) -> list[str]:
        return self.get(host) or [host]


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("0.0.0.0", id="unspecified"),
        pytest.param("169.254.169.254", id="metadata"),
        pytest.param("169.254.7.7", id="link-local"),
        pytest.param("::1", id="loopback-6"),
        pytest.param("::ffff:127.0.0.1", id="loopback-inside-6"),
        pytest.param("fe80::1", id="link-local-6"),
        pytest.param("224.0.0.1", id="multicast"),
    ],
)
@pytest.mark.parametrize("is_typed", [True, False])
def test_a_name_that_leads_to_an_address_of_our_own_is_refused_whoever_wrote_it(
    names: Names, address: str, is_typed: bool
) -> None:
    names["host.example.invalid"] = [address]
    source = Source(name="films", location="http://host.example.invalid/x", is_typed=is_typed)

    with pytest.raises(AddressRefusedError, match="STALKEER_DOWNLOADS_ALLOWED_HOSTS"):
        read(source, resolve=names.resolve)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_in_the_settings_is_meant_and_elsewhere_refused(
    site: Site, names: Names, host: str
) -> None:
    names["localhost"] = ["127.0.0.1"]
    url = site.gives("/x", LIST).replace("127.0.0.1", host)

    assert read(typed(url), resolve=names.resolve) == LIST
    with pytest.raises(AddressRefusedError, match="loopback"):
        read(Source(name="films", location=url), resolve=names.resolve)
    assert len(site.asked) == 1


def test_a_typed_address_of_the_machine_s_metadata_is_refused_all_the_same() -> None:
    with pytest.raises(AddressRefusedError, match=r"169\.254\.169\.254"):
        read(typed("http://169.254.169.254/latest"))


def test_an_allowed_host_may_be_anywhere(site: Site, names: Names) -> None:
    names["nas.lan"] = ["127.0.0.1"]
    url = site.gives("/x", LIST).replace("127.0.0.1", "nas.lan")
    rules = SourceRules(allowed_hosts=frozenset({"nas.lan"}))

    assert read(Source(name="films", location=url), rules, resolve=names.resolve) == LIST


def test_a_playlist_may_be_in_a_private_network_and_may_not_lead_into_one(
    site: Site, names: Names
) -> None:
    names["nas.lan"] = ["10.255.255.1"]
    names["other.lan"] = ["10.255.255.2"]
    site.gives("/a", b"", status=302, Location="http://other.lan/x")

    with pytest.raises(AddressRefusedError, match=r"other\.lan is at a private address"):
        read(typed(site.url + "/a"), resolve=names.resolve)
    # No test may reach that address; what matters is that it would be asked.
    with pytest.raises(UserWarning, match=r"10\.255\.255\.1"):
        read(Source(name="films", location="http://nas.lan/x"), resolve=names.resolve)


def test_each_redirect_is_judged_again(make_site: Callable[[], Site], names: Names) -> None:
    first, other = make_site(), make_site()
    names["inside.example.invalid"] = ["127.0.0.1"]
    target = other.gives("/b", LIST).replace("127.0.0.1", "inside.example.invalid")
    first.gives("/a", b"", status=302, Location=target)

    with pytest.raises(AddressRefusedError, match=r"inside\.example\.invalid"):
        read(typed(first.url + "/a"), resolve=names.resolve)

    assert other.asked == []


def test_the_connection_goes_to_the_address_that_was_judged(site: Site) -> None:
    # A name that changes as soon as it was asked for.
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    rules = SourceRules(allowed_hosts=frozenset({"host.example.invalid"}))
    url = site.gives("/x", LIST).replace("127.0.0.1", "host.example.invalid")

    body = read(Source(name="films", location=url), rules, resolve=lambda host, port: next(answers))

    assert body == LIST
    assert next(answers) == ["169.254.169.254"]


@pytest.mark.parametrize("location", ["ftp://h/x", "file:///etc/passwd", "gopher://h/"])
def test_only_http_and_https_are_asked(location: str) -> None:
    with pytest.raises(PlaylistNotFoundError):
        read(typed(location))


def test_the_head_of_an_answer_that_drips_is_given_up() -> None:
    rules = SourceRules(limits=SourceLimits(silence_s=0.05))
    done = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            for letter in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
                if done.wait(0.01):
                    return
                connection.sendall(bytes([letter]))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()

        with pytest.raises(PlaylistUnreachableError, match="did not answer in time"):
            read(typed(f"http://127.0.0.1:{listener.getsockname()[1]}/x"), rules)

        done.set()
        thread.join()

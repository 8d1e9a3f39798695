"""Which addresses are never fetched from, under whatever name or notation they come."""

from __future__ import annotations

import httpx
import pytest

from stalkeer.outgoing.address import check, check_url, judge, origin, same_origin
from stalkeer.outgoing.errors import AddressRefusedError

HOST = "film.example.invalid"


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]
)
def test_public_addresses_are_fetched_from(address: str) -> None:
    assert judge(HOST, [address]) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("::ffff:0:127.0.0.1", "loopback"),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("::169.254.169.254", "link-local"),
        ("::ffff:0:169.254.169.254", "link-local"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("0.0.0.0", "reserved"),
        ("0.1.2.3", "reserved"),
        ("::", "reserved"),
        ("255.255.255.255", "reserved"),
        ("100.100.100.200", "reserved"),
        ("168.63.129.16", "reserved"),
        ("fd00:ec2::254", "reserved"),
        ("64:ff9b:1::a00:1", "reserved"),
        ("fec0::1", "reserved"),
        ("::5db8:d822", "reserved"),
        ("::ffff:0:5db8:d822", "reserved"),
    ],
)
def test_addresses_that_are_never_a_film_need_leave_by_name(address: str, kind: str) -> None:
    reason = judge(HOST, [address], private_hosts={HOST})

    assert reason is not None
    assert f"{kind} address" in reason
    assert judge(HOST, [address], allowed_hosts={HOST}) is None


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.9",
        "100.64.0.1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "2002:a00:1::",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
    ],
)
def test_private_addresses_are_for_hosts_the_operator_named(address: str) -> None:
    assert "private address" in (judge(HOST, [address]) or "")
    assert judge(HOST, [address], private_hosts={HOST}) is None
    assert judge(HOST, [address], allowed_hosts={HOST}) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "fc00::1", "93.184.216.34"])
def test_what_is_near_may_be_on_this_machine_and_in_our_networks(address: str) -> None:
    assert judge(HOST, [address], near_hosts={HOST}) is None


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "ff02::1", "fd00:ec2::254"])
def test_what_is_near_is_never_a_cloud_s_metadata_without_leave(address: str) -> None:
    assert judge(HOST, [address], near_hosts={HOST}) is not None
    assert judge(HOST, [address], near_hosts={HOST}, allowed_hosts={HOST}) is None


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("http://nas:7878/radarr", "http://NAS:7878", True),
        ("http://nas", "http://nas:80/", True),
        ("http://nas:7878", "https://nas:7878", False),
        ("http://nas:7878", "http://nas:7879", False),
        ("http://nas", "/lists/films.m3u", False),
        ("http://nas", "http://[", False),
    ],
)
def test_addresses_are_compared_by_their_origin(one: str, other: str, *, is_same: bool) -> None:
    assert (origin(one) == origin(other)) is is_same


def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    assert judge(HOST, ["93.184.216.34", "127.0.0.1"]) is not None


@pytest.mark.parametrize(
    ("host", "entry"), [("NAS.lan.", "nas.lan"), ("[::1]", "::1"), ("127.0.0.1", "127.0.0.1")]
)
def test_hosts_are_compared_without_case_dot_and_brackets(host: str, entry: str) -> None:
    assert judge(host, ["127.0.0.1"], allowed_hosts={entry}) is None


def test_a_refusal_names_the_host_and_the_setting_that_allows_it() -> None:
    with pytest.raises(AddressRefusedError, match=rf"{HOST}.*STALKEER_DOWNLOADS_ALLOWED_HOSTS"):
        check(HOST, ["127.0.0.1"])


def test_an_allowed_host_passes_the_check() -> None:
    check(HOST, ["127.0.0.1"], allowed_hosts=[HOST])


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://h/", "ftp://h/x", "http:///x", "x"]
)
def test_only_http_and_https_are_fetched(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        check_url(httpx.URL(url))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("http://h/a", "http://h:80/b", True),
        ("https://h/a", "https://h:443/b", True),
        ("http://h/a", "https://h/a", False),
        ("http://h/a", "http://h:8080/a", False),
        ("http://h/a", "http://i/a", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, is_same: bool) -> None:
    assert same_origin(httpx.URL(one), httpx.URL(other)) == is_same

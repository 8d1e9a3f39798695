"""Which addresses may be fetched from, so that a playlist cannot reach into our own network.

Names are judged after they were resolved: `127.1`, `0x7f000001` and `2130706433` are all
loopback, and only the resolver knows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from stalkeer.outgoing.errors import AddressRefusedError

_NAT64 = ip_network("64:ff9b::/96")
_OLD_NOTATIONS = (ip_network("::/96"), ip_network("::ffff:0:0:0/96"))
"""An IPv4 address in ways that the internet gave up: some machines still take them for it."""
_NEVER = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "240.0.0.0/4",
        "fec0::/10",  # site-local, what fc00::/7 replaced
        "64:ff9b:1::/48",  # becomes an IPv4 address by rules that only its own network knows
        "100.100.100.200/32",  # metadata of Alibaba Cloud
        "168.63.129.16/32",  # wire server of Azure
        "192.0.0.192/32",  # metadata of Oracle Cloud
        "fd00:ec2::254/128",  # metadata of AWS
        "fd20:ce::254/128",  # metadata of Google Cloud
    )
)
"""Never a film, and not caught by the flags of `ipaddress` alone."""


def check_url(url: httpx.URL) -> None:
    """Refuse whatever is not http or https to a named host."""
    if url.scheme not in ("http", "https") or not url.host:
        raise AddressRefusedError(
            f"The link is of the kind {url.scheme or 'unknown'!r}; only http and https are fetched."
        )


def check(
    host: str,
    addresses: Iterable[str],
    *,
    allowed_hosts: Collection[str] = (),
    private_hosts: Collection[str] = (),
    near_hosts: Collection[str] = (),
) -> None:
    """Raise `AddressRefusedError` if `judge` refuses the host."""
    reason = judge(
        host,
        addresses,
        allowed_hosts=allowed_hosts,
        private_hosts=private_hosts,
        near_hosts=near_hosts,
    )
    if reason is not None:
        raise AddressRefusedError(reason)


def judge(
    host: str,
    addresses: Iterable[str],
    *,
    allowed_hosts: Collection[str] = (),
    private_hosts: Collection[str] = (),
    near_hosts: Collection[str] = (),
) -> str | None:
    """Say why nothing may be fetched from a host that has these addresses; None if it may.

    A host in `allowed_hosts` may have any address, one in `private_hosts` also private ones, one in
    `near_hosts` those and loopback.
    One bad address among several refuses the host, because the next connection may use it.
    """
    if stands_in(host, allowed_hosts):
        return None
    leave = {"private"} if stands_in(host, private_hosts) else set()
    if stands_in(host, near_hosts):
        leave = {"private", "loopback"}
    for address in addresses:
        kind = _kind(address)
        if kind is None or kind in leave:
            continue
        return (
            f"The host {host} is at a {kind} address ({address}), from which nothing is fetched. "
            f"If that is right, add {host} to STALKEER_DOWNLOADS_ALLOWED_HOSTS."
        )
    return None


def origin(text: str) -> tuple[str, str, int] | None:
    """Give scheme, host and port of an address; None for a file and for what is no address."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError):
        return None
    is_address = url.scheme in ("http", "https") and url.host
    return (url.scheme, _plain(url.host), _port(url)) if is_address else None


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Say whether credentials for one address may be sent to the other."""
    return (one.scheme, one.host, _port(one)) == (other.scheme, other.host, _port(other))


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def stands_in(host: str, hosts: Collection[str]) -> bool:
    """Say whether a host is one of these, whatever its case, brackets and last dot."""
    return _plain(host) in {_plain(other) for other in hosts}


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _kind(text: str) -> str | None:
    """Name the kind of an address that needs leave: `loopback`, `private`…; None for public."""
    given = ip_address(text.partition("%")[0])
    address = _unwrap(given)
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast:
        return "multicast"
    if address.is_unspecified or any(_within(address, network) for network in _NEVER):
        return "reserved"
    if not address.is_global:
        return "private"
    return "reserved" if _is_old_notation(given) else None


def _is_old_notation(address: IPv4Address | IPv6Address) -> bool:
    return any(_within(address, network) for network in _OLD_NOTATIONS)


def _within(address: IPv4Address | IPv6Address, network: IPv4Network | IPv6Network) -> bool:
    return address.version == network.version and address in network


def _unwrap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Find the IPv4 address that an IPv6 one stands for, since that is what gets connected."""
    if isinstance(address, IPv4Address) or address.is_loopback:
        return address
    if address in _NAT64 or _is_old_notation(address):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or address

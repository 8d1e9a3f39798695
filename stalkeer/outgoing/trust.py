"""Whose certificates are believed: the authorities of this machine, unless a host needs none.

OpenSSL finds them where the system keeps them, or where SSL_CERT_FILE and SSL_CERT_DIR say.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx

from stalkeer.outgoing.address import stands_in

REMEDY = (
    "If the certificate is your own, add its authority to those of the system, or name its file "
    "in SSL_CERT_FILE; a host in STALKEER_DOWNLOADS_UNVERIFIED_HOSTS is not verified at all"
)


@dataclass(frozen=True, slots=True)
class Trust:
    """Says for each host how its certificate is judged.

    That of a host in `unverified_hosts` is not. `own` stands in for the authorities of the
    system. Nothing is read before the first host is asked over TLS.
    """

    unverified_hosts: Collection[str] = frozenset()
    own: ssl.SSLContext | None = None

    def context_of(self, host: str) -> ssl.SSLContext:
        """Give the TLS settings for a host."""
        if stands_in(host, self.unverified_hosts):
            return _unverified()
        return self.own or system_trust()


SYSTEM = Trust()


def system_trust() -> ssl.SSLContext:
    """Give the one context with the authorities of the system: it takes time and megabytes."""
    return _system_trust()


def new_trust() -> ssl.SSLContext:
    """Read the authorities of the system into a context of one's own, to add others to it."""
    context = ssl.create_default_context()
    if _has_authorities(context):
        return context
    # Late, because `fetch` keeps no log and starts sooner without one.
    from stalkeer.log import get_logger

    get_logger(__name__).warning(
        "this system has no certificates of authorities: those of httpx are believed"
    )
    return httpx.create_ssl_context(trust_env=False)


def certificate_fault(error: BaseException | None) -> str | None:
    """Say what is wrong with the certificate that ended a connection; None when nothing was."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return None if error is None else str(error.verify_message)


@cache
def _system_trust() -> ssl.SSLContext:
    return new_trust()


@cache
def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _has_authorities(context: ssl.SSLContext) -> bool:
    """Say whether anybody is believed: a file is read at once, a folder only when it is needed."""
    if context.cert_store_stats()["x509_ca"]:
        return True
    folder = ssl.get_default_verify_paths().capath
    return bool(folder) and any(Path(folder).glob("*.0"))

"""What ends a call before anybody answered it."""

from __future__ import annotations

from stalkeer.errors import StalkeerError


class AddressRefusedError(StalkeerError):
    """The host, or one it redirects to, is at an address nothing may be asked of."""

    code = "address_refused"


class DownloadStoppedError(StalkeerError):
    """The caller asked to stop; what arrived is in the part file and the next fetch goes on."""

    code = "download_stopped"
    retryable = True
    costs_attempt = False

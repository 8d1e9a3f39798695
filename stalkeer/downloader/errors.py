"""Every way a download ends other than well.

They stand together because the exchange, the body and the files raise the same ones. A message
names the host and never the address: addresses of films hold the user's name and password.
Those of the connection itself are `stalkeer.outgoing`'s, and may be had from here.
"""

from __future__ import annotations

from stalkeer.errors import StalkeerError
from stalkeer.outgoing.errors import AddressRefusedError as AddressRefusedError
from stalkeer.outgoing.errors import DownloadStoppedError as DownloadStoppedError


class TransferCutError(StalkeerError):
    """The transfer broke more often than one attempt allows; the part file is kept."""

    code = "transfer_cut"
    retryable = True


class ProviderDownError(StalkeerError):
    """The provider cannot be reached or fails for everybody."""

    code = "provider_down"
    retryable = True
    costs_attempt = False


class ProviderBusyError(StalkeerError):
    """The provider turns us away for now: too many connections or requests.

    `status` is its answer. A 403 may also mean an expired account: whoever sees it again and
    again with no other download running should ask a person.
    """

    code = "provider_busy"
    retryable = True
    costs_attempt = False

    def __init__(self, message: str, *, status: int, retry_in_s: float | None = None) -> None:
        """Keep the status beside what every error keeps."""
        super().__init__(message, retry_in_s=retry_in_s)
        self.status = status


class LinkGoneError(StalkeerError):
    """The link leads nowhere: 404, 410, 451, or redirects that never end."""

    code = "link_gone"


class LinkForbiddenError(StalkeerError):
    """The provider refuses the credentials in the link (401)."""

    code = "link_forbidden"


class NotMediaError(StalkeerError):
    """What came is an error page, a playlist or nothing, instead of a film."""

    code = "not_media"


class WrongFileError(StalkeerError):
    """The file is larger than allowed, or keeps changing while it is fetched."""

    code = "wrong_file"


class TlsError(StalkeerError):
    """The certificate of the host cannot be trusted; the message says why."""

    code = "tls_refused"


class DiskFullError(StalkeerError):
    """The filesystem is full, or would be."""

    code = "disk_full"
    retryable = True
    costs_attempt = False


class FolderUnavailableError(StalkeerError):
    """A folder is missing, read-only or broken; usually a disk that is not mounted."""

    code = "folder_unavailable"
    retryable = True
    costs_attempt = False


class PartInUseError(StalkeerError):
    """Another process or thread is writing this part file."""

    code = "part_in_use"
    retryable = True
    costs_attempt = False


class UnsafePathError(StalkeerError):
    """A path leaves its folder or runs over a symbolic link."""

    code = "unsafe_path"


class NameTakenError(StalkeerError):
    """Another file has the name that this one was to get; it stays as it is."""

    code = "name_taken"

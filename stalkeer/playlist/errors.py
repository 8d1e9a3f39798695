"""What can be wrong with a playlist as a whole. In every case the list of before stays."""

from __future__ import annotations

from stalkeer.errors import StalkeerError


class PlaylistError(StalkeerError):
    """A playlist that cannot be used now. The list of before stays."""


class PlaylistUnreachableError(PlaylistError):
    """The server did not give it, or the disk could not be read."""

    code = "playlist_unreachable"
    retryable = True


class PlaylistBusyError(PlaylistUnreachableError):
    """The server wants fewer questions: who goes on asking is locked out."""

    code = "playlist_busy"


class PlaylistNotFoundError(PlaylistError):
    """There is no such file."""

    code = "playlist_not_found"


class PlaylistIsHtmlError(PlaylistError):
    """A web page or another answer came in its place."""

    code = "playlist_is_html"


class PlaylistEmptyError(PlaylistError):
    """Nothing came."""

    code = "playlist_empty"


class PlaylistTruncatedError(PlaylistError):
    """Its end is missing."""

    code = "playlist_truncated"
    retryable = True


class PlaylistTooLargeError(PlaylistError):
    """It goes past a limit, or has no end."""

    code = "playlist_too_large"


class AccountRefusedError(PlaylistError):
    """The panel does not know the name or the password."""

    code = "account_refused"


class AccountExpiredError(PlaylistError):
    """The account has run out."""

    code = "account_expired"


class AccountBannedError(PlaylistError):
    """The provider has locked the account out."""

    code = "account_banned"


class AccountDisabledError(PlaylistError):
    """The provider has switched the account off."""

    code = "account_disabled"

"""Which status each fault answers: the codes of our errors, and those of the web itself."""

from __future__ import annotations

CONFLICT = 409
LATER = 503
_MAY_PASS = (
    "arr_bad_answer",
    "arr_unauthorized",
    "arr_unreachable",
    "busy",
    "database_unavailable",
    "disk_full",
    "download_stopped",
    "folder_not_seen",
    "folder_not_writable",
    "folder_unavailable",
    "import_crashed",
    "import_unproven",
    "notify_failed",
    "part_in_use",
    "playlist_busy",
    "playlist_truncated",
    "playlist_unreachable",
    "provider_busy",
    "provider_down",
    "stopped",
    "tmdb_unavailable",
    "transfer_cut",
    "waiting_window",
)
"""The codes of errors that may be gone at the next try."""
STATUSES = {
    "invalid_query": 422,
    "invalid_body": 422,
    "invalid_settings": 422,
    "invalid_instance": 422,
    "not_found": 404,
    "unknown_instance": 404,
    "method_not_allowed": 405,
    "unauthorized": 401,
    "forbidden": 403,
    "too_slow": 408,
    "too_large": 413,
    "not_json": 415,
    "too_many": 429,
    "unexpected": 500,
    "playlist_is_html": 422,
    "playlist_empty": 422,
    "playlist_too_large": 422,
    "invalid_filter": 422,
    "invalid_location": 422,
    "wrong_password": 403,
    "webhook_unreadable": 400,
    **dict.fromkeys(_MAY_PASS, LATER),
}
"""The others of ours are conflicts with how things stand."""

FROM_ARR = (
    "unknown_instance",
    "arr_refused",
    "arr_unauthorized",
    "arr_bad_answer",
    "arr_unreachable",
)
"""What every operation that asks an arr may answer."""
FROM_PLAYLIST = (
    "playlist_unreachable",
    "playlist_busy",
    "playlist_not_found",
    "playlist_is_html",
    "playlist_empty",
    "playlist_truncated",
    "playlist_too_large",
    "account_refused",
    "account_expired",
    "account_banned",
    "account_disabled",
    "address_refused",
)
"""What every operation that opens a playlist may answer."""
ANONYMOUS = ("forbidden", "too_many")
"""What every operation before the guard may answer."""
GUARDED = ("unauthorized", "forbidden", "too_many")
"""What every operation behind the guard may answer."""
WITH_BODY = ("invalid_body", "too_large", "too_slow", "not_json")
"""What every operation that takes a body may answer."""


def status_of(code: str) -> int:
    """Return the status that answers an error of this code."""
    return STATUSES.get(code, CONFLICT)

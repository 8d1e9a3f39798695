"""How long a failed job waits before it is tried again, by our own reckoning or a server's."""

from __future__ import annotations

LONGEST_S = 6 * 3600.0


def retry_delay_s(attempt: int, *, base_s: float, jitter: float) -> float:
    """Say how many seconds to wait after the attempt with this number, 1 for the first.

    `min(base x 2^(attempt-1), 6 h)`, of which up to a fifth is taken off by `jitter` (0 to 1, from
    the caller's random source), so that jobs that failed together do not return together.
    """
    # The exponent is capped because 2**2000 is no float; 2**20 times any base is over the cap.
    full = min(base_s * 2.0 ** min(attempt - 1, 20), LONGEST_S)
    return full * (1 - 0.2 * jitter)


def told_wait_s(text: str) -> float | None:
    """Read the seconds of a Retry-After (RFC 9110 §10.2.3), at most 6 h.

    None for its other form, a date, which is not used by what is asked here, and for anything odd.
    A server that asks for years would otherwise put off a job for years.
    """
    is_number = text.isascii() and text.isdigit()
    return min(float(text), LONGEST_S) if is_number else None

"""How long a failed job waits before it is tried again."""

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

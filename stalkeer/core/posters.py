"""Tell which poster a picture address is: the same poster is the same film, whatever its name."""

from __future__ import annotations

import re

_TMDB_POSTER = re.compile(r"//image\.tmdb\.org/[^?#]*/([\w-]+)\.\w+$")


def poster_of(url: str) -> str | None:
    """Give the file of a TMDB poster (`…/w600_and_h900_bestv2/abc.jpg` gives `abc`), else None.

    TMDB serves one picture in many sizes: the file alone names it.
    """
    match = _TMDB_POSTER.search(url)
    return match[1] if match else None
